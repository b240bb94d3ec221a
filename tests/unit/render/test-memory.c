/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of all kinds of operations with each of its larger allocations failing in turn: the display ends with an
 * error that says so, or does without. */
#include "refuse.h"
#include "large.h"

#include <stdio.h>

/* What is not small whatever the server says. */
#define LARGE 512

/* TRUE: it ended with an error. */
static bool
play (GPtrArray *messages, unsigned refused)
{
  g_autoptr (CwWorkerPool) pool = cw_worker_pool_new_manual ();
  g_autoptr (CwRenderGroup) group = cw_render_group_new (pool, NULL);
  Recorder recorder;
  CwRender *render;
  bool failed;

  recorder_init (&recorder);
  recorder.blind = true;
  render = cw_render_new (group, &recorder_observer, &recorder, recorder_wake, &recorder);
  refuse_next (refused, LARGE);
  for (guint i = 0; i < messages->len && !recorder.failure; i++) {
    g_autoptr (GError) error = NULL;

    if (!cw_render_push (render, messages->pdata[i], &error)) {
      g_assert_error (error, CW_ERROR, CW_ERROR_MEMORY);
      recorder.failure = g_steal_pointer (&error);
      break;
    }
    if (i % 3 == 0)
      drain (&render, 1, pool, NULL, 100000);
  }
  if (!recorder.failure)
    drain (&render, 1, pool, NULL, 100000);
  failed = recorder.failure != NULL;
  if (failed)
    g_assert_error (recorder.failure, CW_ERROR, CW_ERROR_MEMORY);
  g_assert_true (refuse_has () || !failed);
  cw_render_unref (render);
  recorder_clear (&recorder);
  return failed;
}

static void
test_stream (gconstpointer seed)
{
  GPtrArray **stream = stream_random (GPOINTER_TO_UINT (seed), 1, 60, false);
  unsigned n = 0, n_failed = 0;

  do
    n_failed += play (stream[0], n++);
  while (refuse_has ());
  refuse_none ();
  g_test_message ("%u allocations, %u of them fatal for the channel", n - 1, n_failed);
  g_assert_cmpuint (n, >, 20);
  g_assert_cmpuint (n_failed, >, 10);
  stream_free (stream, 1);
}

/* The longest lists. */
static void
test_large (gconstpointer data)
{
  const LargeCase *c = data;
  unsigned n = 0, n_failed = 0;

  do {
    CwMessage *message;
    Pair f;

    large_setup (&f);
    f.recorder[0].blind = true;
    message = c->make (&f);
    refuse_next (n++, LARGE);
    pair_push (&f, 0, message);
    pair_finish (&f);
    if (f.recorder[0].failure)
      g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_MEMORY);
    n_failed += f.recorder[0].failure != NULL;
    pair_teardown (&f);
  } while (refuse_has ());
  refuse_none ();
  g_test_message ("%u allocations, %u of them fatal for the channel", n - 1, n_failed);
  g_assert_cmpuint (n, >, 1);
  g_assert_cmpuint (n_failed, >, 0);
}

int
main (int argc, char **argv)
{
  static const char *const large[] = { "clips", "crossing-clips", "dashes", "text", "on-itself", NULL };

  g_test_init (&argc, &argv, NULL);
  for (unsigned seed = 1; seed <= 3; seed++) {
    g_autofree char *path = g_strdup_printf ("/render/memory/stream-%u", seed);

    g_test_add_data_func (path, GUINT_TO_POINTER (seed), test_stream);
  }
  for (unsigned i = 0; i < n_large_cases; i++) {
    g_autofree char *path = g_strconcat ("/render/memory/", large_cases[i].name, NULL);

    if (g_strv_contains (large, large_cases[i].name))
      g_test_add_data_func (path, &large_cases[i], test_large);
  }
  return g_test_run ();
}
