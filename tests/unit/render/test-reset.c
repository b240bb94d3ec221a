/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection ends, and maybe another one begins: what stays, what goes, and what the next one begins with. And the
 * server's own RESET. */
#include "pair.h"

#include "codec/glz-window.h"

#include <string.h>

#define CACHE_ME CW_IMAGE_FLAG_CACHE_ME

static CwMessage *
primary (uint32_t w, uint32_t h)
{
  return surface_create (0, w, h, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY);
}

/* A lost connection leaves the picture; the next one may go on with it. */
static void
test_picture (void)
{
  Pair f;
  CwSurfaceInfo info;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_32_ARGB, 0));
  pair_push (&f, 0, surface_create (2, 64, 64, CW_SURFACE_FMT_32_ARGB, 0));
  pair_push (&f, 0, surface_destroy (2));
  pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0x99));
  pair_finish (&f);
  pair_push (&f, 0, surface_destroy (0));
  pair_push (&f, 0, primary (20, 20));
  cw_render_reset (f.render[0]);
  pair_finish (&f);
  g_assert_true (cw_render_get_surface (f.render[0], 0, &info));
  g_assert_true (info.data == f.recorder[0].primary.data);
  g_assert_cmphex (pair_word (&f, 0, 4, 4), ==, 0x99);
  g_assert_false (cw_render_get_surface (f.render[0], 1, &info));
  pair_push (&f, 0, primary (16, 16));
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0x11));
  pair_push (&f, 0, surface_create (3, 4, 4, CW_SURFACE_FMT_32_ARGB, 0)); /* there is room for it */
  pair_finish (&f);
  g_assert_cmpstr (f.recorder[0].log->str, ==, "create:16x16/32");
  g_assert_cmphex (pair_word (&f, 0, 2, 2), ==, 0x11);
  g_assert_cmphex (pair_word (&f, 0, 4, 4), ==, 0x99);
  pair_teardown (&f);
}

static CwMessage *
off_screen (uint32_t id)
{
  return surface_create (id, 8, 8, CW_SURFACE_FMT_32_ARGB, 0);
}

/* The primary goes on counting, nothing else does, neither by its bytes nor by its number, however often it happens. */
static void
test_room (void)
{
  const CwRenderLimits rows[] = { { .n_surfaces = 3 }, { .surface_bytes = (16 * 16 + 2 * 8 * 8) * 4 } };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    Pair f;

    pair_setup (&f, 1, &rows[i]);
    pair_finish (&f);
    for (unsigned n = 0; n < 3; n++) {
      pair_push (&f, 0, off_screen (1));
      pair_push (&f, 0, off_screen (2));
      pair_push_refused (&f, off_screen (3), CW_ERROR_LIMIT);
      cw_render_reset (f.render[0]);
    }
    /* Without a primary all goes. */
    pair_push (&f, 0, surface_destroy (0));
    pair_push (&f, 0, off_screen (1));
    pair_finish (&f);
    cw_render_reset (f.render[0]);
    pair_push (&f, 0, primary (16, 16));
    pair_push (&f, 0, off_screen (1));
    pair_push (&f, 0, off_screen (2));
    pair_push_refused (&f, off_screen (3), CW_ERROR_LIMIT);
    pair_teardown (&f);
  }
}

static void
reset_render (gpointer render)
{
  cw_render_reset (render);
}

/* The message that is just being seen to takes no room in the queue afterwards, neither its own nor the siblings'. */
static void
test_running (void)
{
  const CwRenderLimits limits = { .queue_bytes = 2000 };
  CwWireHead heads[100] = { { 0 } };
  const CwMsgDisplayMonitorsConfig monitors = { 100, 100, heads };
  Pair f;

  pair_setup (&f, 2, &limits);
  pair_finish (&f);
  f.recorder[0].hook = reset_render;
  f.recorder[0].hook_data = f.render[0];
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_MONITORS_CONFIG, &monitors));
  pair_push (&f, 1, draw_fill (0, 0, 0, 16, 16, 0x1));
  g_assert_true (cw_render_is_full (f.render[0]));
  g_assert_true (cw_render_is_full (f.render[1]));
  cw_render_step (f.render[0], g_get_monotonic_time (), 100000);
  g_assert_cmpstr (f.recorder[0].log->str, ==, "create:16x16/32 monitors:100");
  g_assert_false (cw_render_is_full (f.render[0]));
  g_assert_false (cw_render_is_full (f.render[1]));
  pair_teardown (&f);
}

/* The next connection has as much time for an image of another channel as the first. */
static void
test_patience (void)
{
  const int64_t now = g_get_monotonic_time ();
  int64_t due, wait;
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_finish (&f);
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, false)));
  due = cw_render_step (f.render[0], now, 1000);
  wait = due - now;
  g_assert_cmpint (wait, >, 1);
  cw_render_reset (f.render[0]);
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, false)));
  g_assert_cmpint (cw_render_step (f.render[0], due - 1, 1000), ==, due - 1 + wait);
  g_assert_cmpint (cw_render_step (f.render[0], due, 1000), ==, due - 1 + wait);
  g_assert_no_error (f.recorder[0].failure);
  pair_push (&f, 1, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x77)));
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0x77);
  pair_teardown (&f);
}

/* Whoever is to be woken may be gone with the channel, while a worker is still at an image that has been waited for. */
static void
test_wakes_nobody (void)
{
  for (unsigned closed = 0; closed < 2; closed++) {
    Pair f;

    pair_setup (&f, 1, NULL);
    pair_push (&f, 0, pair_copy (image_lz4 (&f.arena, 1, CACHE_ME, CW_BITMAP_FMT_32BIT, 4, 4)));
    cw_render_step (f.render[0], g_get_monotonic_time (), 1000);
    g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
    if (closed)
      cw_render_close (f.render[0]);
    cw_worker_pool_run_queued (f.pool, 0);
    g_assert_cmpuint (f.recorder[0].n_wakes, ==, closed ? 0 : 1);
    pair_teardown (&f);
  }
}

/* A large primary becomes black piece by piece, all of it before anybody is told. */
static void
look_at_primary (gpointer recorder)
{
  const CwSurfaceInfo *info = &((Recorder *) recorder)->primary;

  for (size_t i = 0; i < (size_t) info->stride * info->height; i++)
    g_assert_cmphex (info->data[i], ==, 0);
}

static void
test_message (void)
{
  unsigned steps = 1;
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, primary (2000, 1000));
  pair_push (&f, 0, draw_fill (0, 0, 0, 2000, 1000, 0x44));
  pair_finish (&f);
  f.recorder[0].hook = look_at_primary;
  f.recorder[0].hook_data = &f.recorder[0];
  pair_push (&f, 0, empty_message (CW_MSG_DISPLAY_RESET));
  while (cw_render_step (f.render[0], g_get_monotonic_time (), 0) == 0)
    steps++;
  g_assert_cmpuint (steps, >, 2);
  g_assert_true (g_str_has_suffix (f.recorder[0].log->str, "create:2000x1000/32 reset"));
  /* Its memory has been given back, and comes on a worker again. */
  pair_push (&f, 0, draw_fill (0, 0, 0, 2000, 1000, 0x55));
  cw_render_step (f.render[0], g_get_monotonic_time (), 100000);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
  g_assert_cmphex (pair_word (&f, 0, 1999, 999), ==, 0x55);
  pair_teardown (&f);
}

/* A server that has lost its last display channel begins anew with what they share. */
static void
test_shared (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  for (unsigned i = 0; i < 3; i++) {
    pair_push (&f, 0, pair_copy_glz (&f, 0, 0, 0));
    pair_push (&f, 0, pair_copy_glz (&f, 1, 1, 0));
    pair_push (&f, 1, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x77)));
    pair_finish (&f);
    /* A sibling is there, which goes on with it. */
    cw_render_end_connection (f.render[i % 2]);
    pair_push (&f, i % 2, primary (16, 16));
    pair_push (&f, i % 2, pair_copy_glz (&f, 2, 1, 0));
    pair_push (&f, i % 2, pair_copy (image_from_cache (&f.arena, 7, false)));
    pair_finish (&f);
    for (unsigned k = 0; k < 2; k++) {
      g_assert_no_error (f.recorder[k].failure);
      cw_render_end_connection (f.render[k]);
    }
    pair_push (&f, 0, primary (16, 16));
    g_assert_cmpuint (cw_glz_window_n_images (cw_render_group_get_window (f.group)), ==, 0);
    pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
    cw_render_end_connection (f.render[0]);
    for (unsigned k = 0; k < 2; k++)
      cw_render_begin (f.render[k]);
  }
  pair_teardown (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/reset/picture", test_picture);
  g_test_add_func ("/render/reset/room", test_room);
  g_test_add_func ("/render/reset/running", test_running);
  g_test_add_func ("/render/reset/patience", test_patience);
  g_test_add_func ("/render/reset/wakes-nobody", test_wakes_nobody);
  g_test_add_func ("/render/reset/message", test_message);
  g_test_add_func ("/render/reset/shared", test_shared);
  return g_test_run ();
}
