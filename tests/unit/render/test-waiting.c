/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Display channels that wait for images of others, in the cache and in the GLZ dictionary. */
#include "pair.h"

#define CACHE_ME CW_IMAGE_FLAG_CACHE_ME
#define REPLACE CW_IMAGE_FLAG_CACHE_REPLACE_ME
#define HIGH CW_IMAGE_FLAG_HIGH_BITS_SET

static void
test_parking (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0x1));
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), ==, 0);
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, true)));
  pair_push (&f, 0, draw_fill (0, 8, 8, 16, 16, 0x2));
  pair_push (&f, 0, pair_copy (pair_plain (&f, 8, CACHE_ME, 0x88)));
  pair_push (&f, 0, inval_image (7));
  pair_finish (&f);
  g_assert_false (cw_render_is_idle (f.render[0]));
  /* Reading goes on: the end of the stream may be what comes next. */
  g_assert_false (cw_render_is_full (f.render[0]));
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), !=, 0);
  /* Lossy does not do. What the other stores behind its own wait is not there either. */
  pair_push (&f, 1, pair_copy (image_jpeg (&f.arena, 7, CACHE_ME, 4, 4)));
  pair_finish (&f);
  g_assert_false (cw_render_is_idle (f.render[0]));
  f.recorder[0].n_wakes = 0;
  pair_push (&f, 1, pair_copy (pair_plain (&f, 7, REPLACE, 0x77)));
  g_assert_cmpuint (f.recorder[0].n_wakes, ==, 1);
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), ==, 0);
  g_assert_cmphex (pair_pixel (&f, 0, 9, 9), ==, 0x2);
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0x88);
  /* The invalidation behind it came after, so 7 is gone; 8 is there for both. */
  pair_push (&f, 1, pair_copy (image_from_cache (&f.arena, 8, true)));
  g_assert_cmphex (pair_pixel (&f, 1, 0, 0), ==, 0x88);
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, true)));
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), !=, 0);
  /* Nobody is left to bring it: an error, after what was before. */
  pair_push (&f, 1, empty_message (CW_MSG_DISPLAY_MARK));
  g_clear_pointer (&f.render[1], cw_render_unref);
  pair_finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_STATE);
  pair_teardown (&f);
}

/* A sibling whose connection has ended brings nothing any more, though its picture stays. */
static void
test_parking_alone (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, true)));
  pair_finish (&f);
  g_assert_no_error (f.recorder[0].failure);
  f.recorder[0].n_wakes = 0;
  cw_render_reset (f.render[1]);
  g_assert_cmpuint (f.recorder[0].n_wakes, ==, 1);
  pair_finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_STATE);
  g_clear_error (&f.recorder[0].failure);
  cw_render_reset (f.render[0]);
  cw_render_begin (f.render[1]);
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, true)));
  pair_push (&f, 1, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x77)));
  pair_finish (&f);
  g_assert_no_error (f.recorder[0].failure);
  g_assert_true (cw_render_is_idle (f.render[0]));
  pair_teardown (&f);
}

/* What was found wrong while another step ran is told after all that came before; a queue that is dropped meanwhile
 * takes it along. */
static void
test_error_dropped (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 0, pair_copy_glz (&f, 0, 0, 0)); /* no worker decodes it yet */
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, true)));
  cw_render_reset (f.render[1]);
  cw_render_step (f.render[0], g_get_monotonic_time (), G_USEC_PER_SEC);
  g_assert_no_error (f.recorder[0].failure);
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), ==, 0);
  g_assert_false (cw_render_is_idle (f.render[0]));
  cw_render_reset (f.render[0]);
  g_assert_true (cw_render_is_idle (f.render[0]));
  pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0x2));
  g_assert_cmphex (pair_pixel (&f, 0, 9, 9), ==, 0x2);
  pair_teardown (&f);
}

/* Each would wait for what the other has behind its own wait: no honest server can cause that, so it is an error. */
static void
test_deadlock (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 1, pair_copy (image_from_cache (&f.arena, 10, false)));
  pair_push (&f, 1, pair_copy (pair_plain (&f, 11, CACHE_ME, 1)));
  pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, 11, false)), CW_ERROR_STATE);
  pair_finish (&f);
  g_assert_false (cw_render_is_idle (f.render[1]));
  g_assert_no_error (f.recorder[1].failure);
  /* The channel of the error ends, and there is nobody left to wait for. */
  cw_render_reset (f.render[0]);
  pair_finish (&f);
  g_assert_error (f.recorder[1].failure, CW_ERROR, CW_ERROR_STATE);
  pair_teardown (&f);
}

/* The other channel is there, says nothing and does not go away either. */
static void
assert_gives_up (Pair *self)
{
  const int64_t now = g_get_monotonic_time ();
  int64_t due;

  pair_finish (self);
  due = cw_render_step (self->render[1], now, 1000);
  g_assert_cmpint (due, >, now);
  g_assert_cmpint (cw_render_step (self->render[1], due - 1, 1000), ==, due);
  g_assert_no_error (self->recorder[1].failure);
  g_assert_cmpint (cw_render_step (self->render[1], due, 1000), ==, CW_RENDER_NEVER);
  g_assert_error (self->recorder[1].failure, CW_ERROR, CW_ERROR_STATE);
  g_test_message ("%s", self->recorder[1].failure->message);
}

static void
test_never_brought (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 1, pair_copy (image_from_cache (&f.arena, 7, false)));
  assert_gives_up (&f);
  pair_teardown (&f);
}

/* Time that its own workers take is none that others have let pass. */
static void
test_slow_itself (void)
{
  const int64_t now = g_get_monotonic_time ();
  int64_t due;
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_finish (&f);
  pair_push (&f, 1, pair_copy (image_lz4 (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 4, 4)));
  due = cw_render_step (f.render[1], now, 1000);
  g_assert_cmpint (due, >, now);
  g_assert_cmpint (cw_render_step (f.render[1], due, 1000), ==, due + (due - now));
  pair_push (&f, 1, pair_copy (image_from_cache (&f.arena, 7, false)));
  g_assert_cmpint (cw_render_step (f.render[1], due + 1, 1000), ==, due + (due - now));
  g_assert_no_error (f.recorder[1].failure);
  g_assert_cmpint (cw_render_step (f.render[1], due + (due - now), 1000), ==, CW_RENDER_NEVER);
  g_assert_error (f.recorder[1].failure, CW_ERROR, CW_ERROR_STATE);
  pair_teardown (&f);
}

static void
test_glz_across_channels (void)
{
  Pair f;
  uint32_t first;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 1, pair_copy_glz (&f, 1, 1, 0)); /* refers to 0, which comes by the other channel */
  pair_push (&f, 1, pair_copy_glz (&f, 2, 1, 4));
  pair_finish (&f);
  g_assert_false (cw_render_is_idle (f.render[1]));
  pair_push (&f, 0, pair_copy_glz (&f, 0, 0, 0));
  first = pair_pixel (&f, 0, 0, 0);
  g_assert_cmphex (pair_pixel (&f, 1, 0, 2), ==, first); /* the second half begins as image 0 does */
  g_assert_cmphex (pair_pixel (&f, 1, 4, 2), ==, pair_pixel (&f, 1, 0, 0));
  pair_teardown (&f);
}

static void
test_glz_never_brought (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 1, pair_copy_glz (&f, 1, 1, 0));
  assert_gives_up (&f);
  pair_teardown (&f);
}

/* Each channel stands at an image that only the other can bring. */
static void
test_all_wait (void)
{
  for (unsigned first = 0; first < 2; first++) {
    Pair f;

    pair_setup (&f, 2, NULL);
    pair_push (&f, first, pair_copy_glz (&f, 5, 1, 0));
    pair_finish (&f);
    g_assert_no_error (f.recorder[first].failure);
    pair_push (&f, 1 - first, pair_copy_glz (&f, 7, 1, 0));
    pair_finish (&f);
    g_assert_error (f.recorder[1 - first].failure, CW_ERROR, CW_ERROR_STATE);
    /* Then the other has nobody left. */
    g_assert_error (f.recorder[first].failure, CW_ERROR, CW_ERROR_STATE);
    pair_teardown (&f);
  }
}

/* One takes no more messages, the other decodes no more images. */
static void
test_mixed_waits (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 1, pair_copy_glz (&f, 1, 1, 0));
  pair_finish (&f);
  pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  pair_teardown (&f);
  /* What is decoded before it is still to come. */
  pair_setup (&f, 2, NULL);
  pair_push (&f, 1, pair_copy_glz (&f, 1, 1, 0));
  pair_push (&f, 0, pair_copy_glz (&f, 0, 0, 0));
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, false)));
  cw_worker_pool_run_queued (f.pool, 0); /* the other one's, which waits now */
  pair_push (&f, 1, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x7)));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0x7);
  g_assert_cmphex (pair_pixel (&f, 1, 0, 0), ==, 0x7);
  pair_teardown (&f);
}

static void
test_glz_missing (void)
{
  Pair f;

  /* Alone: an error at once. */
  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, pair_copy_glz (&f, 3, 1, 0));
  pair_finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_STATE);
  pair_teardown (&f);

  /* With another channel: when that has gone. */
  pair_setup (&f, 2, NULL);
  pair_push (&f, 0, pair_copy_glz (&f, 3, 1, 0));
  pair_finish (&f);
  g_assert_no_error (f.recorder[0].failure);
  g_assert_false (cw_render_is_idle (f.render[0]));
  g_clear_pointer (&f.render[1], cw_render_unref);
  pair_finish (&f);
  g_assert_nonnull (f.recorder[0].failure);
  pair_teardown (&f);

  /* The channel that was to bring it has closed before decoding it: it still does. */
  pair_setup (&f, 2, NULL);
  pair_push (&f, 1, pair_copy_glz (&f, 0, 0, 0));
  pair_push (&f, 0, pair_copy_glz (&f, 1, 1, 0));
  g_clear_pointer (&f.render[1], cw_render_unref);
  g_assert_cmphex (pair_pixel (&f, 0, 0, 2), !=, 0);
  pair_teardown (&f);
}

/* A channel ends with images that nobody has begun to decode: those that a sibling waits for still come, and those of
 * the dictionary; all others are let go. Without siblings all are. */
static void
test_unstarted (void)
{
  const CwRenderLimits limits = { .here_bytes = 1, .in_flight_bytes = 1 };

  for (unsigned n_channels = 1; n_channels <= 2; n_channels++) {
    CwWireImage *mine, *shared;
    Pair f;

    pair_setup (&f, n_channels, &limits);
    mine = image_lz4 (&f.arena, 7, 0, CW_BITMAP_FMT_32BIT, 4, 4);
    shared = image_lz4 (&f.arena, 8, CACHE_ME, CW_BITMAP_FMT_32BIT, 4, 4);
    pair_push (&f, 0, pair_copy (mine)); /* begins, and fills what may be in flight */
    pair_push (&f, 0, pair_copy (shared));
    pair_push (&f, 0, pair_copy (mine));
    pair_push (&f, 0, pair_copy_glz (&f, 0, 0, 0));
    g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
    if (n_channels == 2)
      pair_push (&f, 1, draw_copy (0, 4, 4, image_from_cache (&f.arena, 8, true), 4, 4));
    cw_render_close (f.render[0]);
    g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, n_channels == 2 ? 3 : 1);
    if (n_channels == 2) {
      pair_push (&f, 1, pair_copy_glz (&f, 1, 1, 8));
      /* Noise of the arena: all of it is not black. */
      g_assert_cmphex (pair_pixel (&f, 1, 4, 4) | pair_pixel (&f, 1, 7, 7) | pair_pixel (&f, 1, 5, 6), !=, 0);
      g_assert_true (cw_render_is_idle (f.render[1]));
    }
    pair_teardown (&f);
  }
}

/* What one that gets further brings is looked at afterwards: a chain of such takes no stack, however long. */
typedef struct {
  CwProducers *all;
  CwProducer *members[3]; /* the last one waits for nothing */
  unsigned n, depth;
} Chain;

static void
look (gpointer data)
{
  Chain *self = data;

  g_assert_cmpuint (++self->depth, ==, 1);
  if (self->n++ < 10) {
    g_assert_true (cw_producer_wait (self->members[self->n % 2], CW_WAIT_CACHE, look, self));
    cw_producers_cache_changed (self->all);
  }
  self->depth--;
}

static void
test_chain (void)
{
  Chain chain = { .all = cw_producers_new () };

  for (unsigned i = 0; i < 3; i++) {
    chain.members[i] = cw_producer_new (chain.all);
    cw_producer_join (chain.members[i]);
  }
  g_assert_true (cw_producer_wait (chain.members[0], CW_WAIT_CACHE, look, &chain));
  cw_producers_cache_changed (chain.all);
  g_assert_cmpuint (chain.n, ==, 11);
  for (unsigned i = 0; i < 3; i++) {
    cw_producer_leave (chain.members[i]);
    cw_producer_unref (chain.members[i]);
  }
  cw_producers_unref (chain.all);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/caches/parking", test_parking);
  g_test_add_func ("/render/caches/parking-alone", test_parking_alone);
  g_test_add_func ("/render/caches/error-dropped", test_error_dropped);
  g_test_add_func ("/render/caches/deadlock", test_deadlock);
  g_test_add_func ("/render/caches/never-brought", test_never_brought);
  g_test_add_func ("/render/caches/slow-itself", test_slow_itself);
  g_test_add_func ("/render/caches/chain", test_chain);
  g_test_add_func ("/render/caches/unstarted", test_unstarted);
  g_test_add_func ("/render/glz/across-channels", test_glz_across_channels);
  g_test_add_func ("/render/glz/missing", test_glz_missing);
  g_test_add_func ("/render/glz/never-brought", test_glz_never_brought);
  g_test_add_func ("/render/glz/all-wait", test_all_wait);
  g_test_add_func ("/render/glz/mixed-waits", test_mixed_waits);
  return g_test_run ();
}
