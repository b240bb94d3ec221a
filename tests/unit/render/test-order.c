/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same messages give the same pixels and events, whatever the number of workers, the order in which decoding
 * finishes and the time limit of a step. */
#include "stream.h"

#include <string.h>

#define N_CHANNELS 2
#define N_SURFACES 4

typedef struct {
  char *hash[N_CHANNELS][N_SURFACES];
  char *log[N_CHANNELS];
} Result;

static void
result_clear (Result *self)
{
  for (unsigned c = 0; c < N_CHANNELS; c++) {
    for (unsigned s = 0; s < N_SURFACES; s++)
      g_free (self->hash[c][s]);
    g_free (self->log[c]);
  }
}

/* rand: shuffles completion (manual pool) and mixes pushing with stepping. */
static Result
play (GPtrArray **stream, CwWorkerPool *pool, bool manual, guint32 seed, int64_t budget_us,
      const CwRenderLimits *limits)
{
  g_autoptr (CwRenderGroup) group = cw_render_group_new (pool, limits);
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  Recorder recorders[N_CHANNELS];
  CwRender *renders[N_CHANNELS];
  Result result;

  for (unsigned c = 0; c < N_CHANNELS; c++) {
    recorder_init (&recorders[c]);
    renders[c] = cw_render_new (group, &recorder_observer, &recorders[c], recorder_wake, &recorders[c]);
  }
  for (guint i = 0; i < stream[0]->len; i++) {
    for (unsigned c = 0; c < N_CHANNELS; c++) {
      g_autoptr (GError) error = NULL;

      cw_render_push (renders[c], stream[c]->pdata[i], &error);
      g_assert_no_error (error);
      if (g_rand_int (rand) % 8 == 0)
        cw_render_step (renders[c], g_get_monotonic_time (), budget_us);
      if (manual && g_rand_int (rand) % 4 == 0 && cw_worker_pool_n_queued (pool) > 0)
        cw_worker_pool_run_queued (pool, g_rand_int (rand) % cw_worker_pool_n_queued (pool));
    }
  }
  drain (renders, N_CHANNELS, manual ? pool : NULL, rand, budget_us);
  for (unsigned c = 0; c < N_CHANNELS; c++) {
    g_assert_no_error (recorders[c].failure);
    g_assert_true (cw_render_is_idle (renders[c]));
    g_assert_true (recorder_shadow_is_current (&recorders[c]));
    for (unsigned s = 0; s < N_SURFACES; s++)
      result.hash[c][s] = surface_hash (renders[c], s);
    result.log[c] = g_strdup (recorders[c].log->str);
    cw_render_unref (renders[c]);
    recorder_clear (&recorders[c]);
  }
  return result;
}

static void
assert_equal (const Result *a, const Result *b)
{
  for (unsigned c = 0; c < N_CHANNELS; c++) {
    g_assert_cmpstr (a->log[c], ==, b->log[c]);
    for (unsigned s = 0; s < N_SURFACES; s++)
      g_assert_cmpstr (a->hash[c][s], ==, b->hash[c][s]);
  }
}

static void
play_threads (GPtrArray **stream, unsigned n, const Result *expected)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new (n);
  const CwRenderLimits limits = { .here_bytes = n == 1 ? 8000 : 1, .decoded_bytes = n == 8 ? 1 : 0 };
  Result result = play (stream, pool, false, n, n == 2 ? 50 : 100000, &limits);

  assert_equal (&result, expected);
  result_clear (&result);
}

static void
play_shuffled (GPtrArray **stream, guint32 seed, const Result *expected)
{
  /* Some with so little memory for decoded images that they are started one by one; some with all jobs given to
   * workers, some with only the larger ones. */
  CwRenderLimits limits = { .in_flight_bytes = seed % 3 == 0 ? 20000 : 0,
                            .here_bytes = seed % 2 == 0 ? 1 : 8000,
                            .decoded_bytes = seed % 3 == 1 ? 1 : 0 };
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
  Result result = play (stream, pool, true, seed, seed % 4 < 2 ? 0 : 100000, &limits);

  assert_equal (&result, expected);
  result_clear (&result);
}

static void
test_order (void)
{
  for (guint32 seed = 1; seed <= 6; seed++) {
    GPtrArray **stream = stream_random (seed, N_CHANNELS, 250, false);
    g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
    Result expected = play (stream, pool, true, seed, 1000000, NULL);

    g_assert_cmpstr (expected.log[0], ==, "create:200x150/32 mark");
    /* Something has been drawn everywhere. */
    for (unsigned s = 1; s < N_SURFACES; s++)
      g_assert_cmpstr (expected.hash[0][0], !=, expected.hash[1][s]);
    for (guint32 shuffle = 1; shuffle <= 8; shuffle++)
      play_shuffled (stream, shuffle, &expected);
    play_threads (stream, 1, &expected);
    play_threads (stream, 2, &expected);
    play_threads (stream, 4, &expected);
    play_threads (stream, 8, &expected);
    result_clear (&expected);
    stream_free (stream, N_CHANNELS);
  }
}

/* Ending in the middle: whatever is queued, decoding or parked just goes away. */
static void
test_close_anytime (void)
{
  GPtrArray **stream = stream_random (9, N_CHANNELS, 60, false);

  for (guint end = 1; end < stream[0]->len; end += 3) {
    g_autoptr (CwWorkerPool) pool = end % 2 ? cw_worker_pool_new_manual () : cw_worker_pool_new (2);
    g_autoptr (CwRenderGroup) group = cw_render_group_new (pool, NULL);
    Recorder recorder;
    CwRender *renders[N_CHANNELS];

    recorder_init (&recorder);
    for (unsigned c = 0; c < N_CHANNELS; c++)
      renders[c] = cw_render_new (group, &recorder_observer, &recorder, recorder_wake, &recorder);
    for (guint i = 0; i < end; i++) {
      for (unsigned c = 0; c < N_CHANNELS; c++)
        g_assert_true (cw_render_push (renders[c], stream[c]->pdata[i], NULL));
    }
    cw_render_close (renders[0]);
    g_assert_false (cw_render_push (renders[0], stream[0]->pdata[0], NULL));
    g_assert_cmpint (cw_render_step (renders[0], 0, 1000), ==, CW_RENDER_NEVER);
    cw_render_reset (renders[1]);
    g_assert_true (cw_render_is_idle (renders[1]));
    cw_render_unref (renders[0]);
    cw_render_unref (renders[1]);
    while (end % 2 && cw_worker_pool_n_queued (pool) > 0)
      cw_worker_pool_run_queued (pool, 0);
    recorder_clear (&recorder);
  }
  stream_free (stream, N_CHANNELS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/order/same-pixels", test_order);
  g_test_add_func ("/render/order/close-anytime", test_close_anytime);
  return g_test_run ();
}
