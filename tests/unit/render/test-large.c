/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one small message asks of a large surface is done in pieces, between looks at the clock, or elsewhere. */
#include "large.h"

#include "base/pages.h"

#include <sys/mman.h>
#include <unistd.h>

#define SIDE LARGE_SIDE /* 64 MiB */

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
test_reset (void)
{
  Pair f;

  large_setup (&f);
  pair_push (&f, 0, empty_message (CW_MSG_DISPLAY_RESET));
  pair_push (&f, 0, draw_fill (0, 5, 5, 6, 6, 0x123456));
  g_assert_cmpint (cw_render_step (f.render[0], g_get_monotonic_time (), 0), ==, 0);
  g_assert_cmpstr (f.recorder[0].log->str, ==, ""); /* not yet */
  g_assert_cmpuint (count_steps (&f), >=, 32 - 1);
  g_assert_cmpstr (f.recorder[0].log->str, ==, "reset");
  g_assert_false (cw_render_is_idle (f.render[0])); /* its memory has gone, a worker has to bring it again */
  pair_finish (&f);
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

  large_setup (&f);
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

  large_setup (&f);
  pair_push (&f, 0, surface_create (3, 512, 512, CW_SURFACE_FMT_32_XRGB, 0));
  pair_push (&f, 0, surface_destroy (3));
  pair_push (&f, 0, surface_create (4, 2048, 2048, CW_SURFACE_FMT_32_XRGB, 0));
  count_steps (&f);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 0);
  pair_push (&f, 0, surface_destroy (0));
  count_steps (&f);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
  g_clear_pointer (&f.render[0], cw_render_unref);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1 + 2);
  pair_teardown (&f);
}

/* A job brings memory that an operation waits for, and the queue is dropped meanwhile, or the render goes. */
static void
test_interrupted (void)
{
  Pair f;

  large_setup (&f);
  pair_push (&f, 0, surface_destroy (0));
  pair_push (&f, 0, surface_create (0, SIDE, SIDE, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  pair_finish (&f);
  large_run_jobs (&f);
  pair_push (&f, 0, draw_fill (0, 5, 5, 6, 6, 0x123456));
  count_steps (&f);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
  cw_render_reset (f.render[0]);
  pair_push (&f, 0, draw_fill (0, 5, SIDE - 6, 6, SIDE - 5, 0x654321));
  count_steps (&f);
  g_assert_false (cw_render_is_idle (f.render[0]));
  g_assert_cmphex (pair_color (&f, 5, 5), ==, 0);
  g_assert_cmphex (pair_color (&f, 5, SIDE - 6), ==, 0x654321);
  pair_push (&f, 0, draw_fill (0, 5, SIDE / 2, 6, SIDE / 2 + 1, 0x654321));
  count_steps (&f);
  g_assert_false (cw_render_is_idle (f.render[0]));
  g_clear_pointer (&f.render[0], cw_render_unref);
  pair_teardown (&f);
}

/* Time is looked at as often as the pixels, points and boxes ask for that a message names. */
static void
test_looks (gconstpointer data)
{
  const LargeCase *c = data;
  unsigned n;
  Pair f;

  large_setup (&f);
  pair_push (&f, 0, c->make (&f));
  large_run_jobs (&f);
  n = count_steps (&f);
  g_test_message ("%u", n);
  g_assert_no_error (f.recorder[0].failure);
  g_assert_cmpuint (n, >=, c->min_looks);
  pair_teardown (&f);
}

static unsigned
resident_pages (Pair *self, uint32_t surface)
{
  CwSurfaceInfo info;
  const size_t page = sysconf (_SC_PAGESIZE);
  uintptr_t first;
  size_t n;
  g_autofree unsigned char *resident = NULL;
  unsigned used = 0;

  g_assert_true (cw_render_get_surface (self->render[0], surface, &info));
  first = (uintptr_t) info.data / page * page;
  n = ((size_t) info.stride * info.height + page - 1) / page;
  resident = g_malloc (n);
  g_assert_cmpint (mincore ((void *) first, n * page, resident), ==, 0);
  for (size_t i = 0; i < n; i++)
    used += resident[i] & 1;
  return used;
}

/* Neither making a surface nor saying that all of it has been drawn touches its pixels, and drawing only its own, or a
 * huge page about them, which a worker does. */
static void
test_create (void)
{
  Pair f;

  large_setup (&f);
  pair_push (&f, 0, surface_create (2, SIDE, SIDE, CW_SURFACE_FMT_32_XRGB, 0));
  pair_push (&f, 0, empty_message (CW_MSG_DISPLAY_MARK));
  g_assert_cmpuint (count_steps (&f), <=, 2);
  g_assert_cmpuint (resident_pages (&f, 2), <=, 1);
  pair_push (&f, 0, draw_fill (2, SIDE - 1, SIDE - 1, SIDE, SIDE, 1));
  count_steps (&f);
  g_assert_cmpuint (resident_pages (&f, 2), <=, 1);
  pair_finish (&f);
  g_assert_cmpuint (resident_pages (&f, 2), >=, 1);
  g_assert_cmpuint (resident_pages (&f, 2), <=, CW_HUGE_PAGE / sysconf (_SC_PAGESIZE) + 1);
  g_assert_cmpuint (resident_pages (&f, 0), >=, 1000); /* it can be seen */
  pair_teardown (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/large/reset", test_reset);
  g_test_add_func ("/large/column", test_column);
  g_test_add_func ("/large/destroy", test_destroy);
  g_test_add_func ("/large/interrupted", test_interrupted);
  g_test_add_func ("/large/create", test_create);
  for (unsigned i = 0; i < n_large_cases; i++) {
    g_autofree char *path = g_strconcat ("/large/looks/", large_cases[i].name, NULL);

    g_test_add_data_func (path, &large_cases[i], test_looks);
  }
  return g_test_run ();
}
