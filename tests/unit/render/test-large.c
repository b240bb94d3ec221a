/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one small message asks of a large surface is done in pieces, between looks at the clock, or elsewhere. */
#include "pair.h"

#define SIDE 4096 /* 64 MiB */

/* Steps that have no time, until nothing is left to do: how often the clock was looked at. */
static unsigned
count_steps (Pair *self)
{
  unsigned n = 1;

  while (cw_render_step (self->render[0], g_get_monotonic_time (), 0) == 0)
    n++;
  return n;
}

static void
setup (Pair *self)
{
  pair_setup (self, 1, NULL);
  pair_push (self, 0, surface_destroy (0));
  pair_push (self, 0, surface_create (0, SIDE, SIDE, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  pair_push (self, 0, draw_fill (0, 0, 0, SIDE, SIDE, 0xabcdef));
  pair_finish (self);
  g_string_truncate (self->recorder[0].log, 0);
}

static void
test_reset (void)
{
  Pair f;

  setup (&f);
  pair_push (&f, 0, empty_message (CW_MSG_DISPLAY_RESET));
  pair_push (&f, 0, draw_fill (0, 5, 5, 6, 6, 0x123456));
  g_assert_cmpint (cw_render_step (f.render[0], g_get_monotonic_time (), 0), ==, 0);
  g_assert_cmpstr (f.recorder[0].log->str, ==, ""); /* not yet */
  g_assert_cmpuint (count_steps (&f), >=, 64 - 1);
  g_assert_cmpstr (f.recorder[0].log->str, ==, "reset");
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0);
  g_assert_cmphex (pair_color (&f, SIDE - 1, SIDE - 1), ==, 0);
  g_assert_cmphex (pair_color (&f, 5, 5), ==, 0x123456);
  pair_teardown (&f);
}

/* Each row is on a page of its own. */
static void
test_column (void)
{
  Pair f;

  setup (&f);
  pair_push (&f, 0, draw_fill (0, 7, 0, 8, SIDE, 0x123456));
  g_assert_cmpuint (count_steps (&f), >=, SIDE / 1024);
  for (unsigned i = 0; i < 4; i++)
    pair_push (&f, 0, draw_fill (0, 8 + i, 0, 9 + i, 1000, 0x123456));
  g_assert_cmpuint (count_steps (&f), >=, 4); /* many shorter ones neither */
  pair_teardown (&f);
}

/* Its memory is given back on a worker, also when all ends. */
static void
test_destroy (void)
{
  Pair f;

  setup (&f);
  pair_push (&f, 0, surface_create (1, 512, 512, CW_SURFACE_FMT_32_XRGB, 0));
  pair_push (&f, 0, surface_destroy (1));
  pair_push (&f, 0, surface_create (2, 2048, 2048, CW_SURFACE_FMT_32_XRGB, 0));
  count_steps (&f);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 0);
  pair_push (&f, 0, surface_destroy (0));
  count_steps (&f);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
  g_clear_pointer (&f.render[0], cw_render_unref);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1 + 1);
  pair_teardown (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/large/reset", test_reset);
  g_test_add_func ("/large/column", test_column);
  g_test_add_func ("/large/destroy", test_destroy);
  return g_test_run ();
}
