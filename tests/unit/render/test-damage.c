/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of the primary's changes, and when. */
#include "pair.h"

static void
test_merged (void)
{
  Pair f;
  CwWireRect nothing = { 0 };
  CwMsgDisplayDrawFill clipped = {
    .base = { .box = { .left = -10, .top = 5, .right = 20, .bottom = 2000 },
              .clip = { .type = CW_CLIP_TYPE_RECTS, .n_rects = 1, .rects = &nothing } },
    .brush = { .type = CW_BRUSH_TYPE_SOLID },
    .rop_descriptor = CW_ROPD_OP_PUT,
  };

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, surface_create (0, 64, 48, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  pair_push (&f, 0, surface_create (1, 64, 48, CW_SURFACE_FMT_32_XRGB, 0));
  pair_push (&f, 0, draw_fill (1, 0, 0, 9, 9, 1));
  pair_finish (&f);
  g_assert_cmpuint (f.recorder[0].n_invalidates, ==, 0); /* off-screen */
  pair_push (&f, 0, draw_fill (0, 0, 0, 10, 10, 1));
  pair_push (&f, 0, draw_fill (0, 0, 10, 10, 20, 2));
  pair_push (&f, 0, draw_fill (0, 0, 20, 10, 30, 2));
  pair_finish (&f);
  g_assert_cmpuint (f.recorder[0].n_invalidates, ==, 2); /* the first of a primary at once, others merged */
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_FILL, &clipped));
  pair_finish (&f);
  g_assert_cmpuint (f.recorder[0].n_invalidates, ==, 3); /* also if nothing was left of it; clamped */
  pair_push (&f, 0, draw_fill (0, 100, 100, 200, 200, 2));
  pair_finish (&f);
  g_assert_cmpuint (f.recorder[0].n_invalidates, ==, 3); /* nothing of it on the surface */
  for (int i = 0; i < 64; i += 2)
    pair_push (&f, 0, draw_fill (0, i, i % 48, i + 1, i % 48 + 1, 3));
  pair_finish (&f);
  g_assert_cmpuint (f.recorder[0].n_invalidates, <=, 3 + 32);
  g_assert_true (recorder_shadow_is_current (&f.recorder[0]));
  pair_teardown (&f);
}

/* How much has been told when another event comes. */
static void
count_told (gpointer pair)
{
  Pair *f = pair;

  g_string_append_printf (f->recorder[0].log, "(%u)", f->recorder[0].n_invalidates);
}

/* Whatever else is told comes after what was drawn before it. */
static void
test_first (void)
{
  const CwMsgDisplayMonitorsConfig monitors = { 0 };
  const CwMsgDisplayGlDraw gl = { 1, 2, 3, 4 };
  Pair f;

  pair_setup (&f, 1, NULL);
  f.recorder[0].hook = count_told;
  f.recorder[0].hook_data = &f;
  pair_push (&f, 0, surface_create (1, 8, 8, CW_SURFACE_FMT_1_A, 0));
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 1)); /* at once */
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 2));
  pair_push (&f, 0, empty_message (CW_MSG_DISPLAY_MARK));
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 3));
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_MONITORS_CONFIG, &monitors));
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 4));
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_GL_DRAW, &gl));
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 5));
  pair_push (&f, 0, empty_message (CW_MSG_DISPLAY_RESET));
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 6));
  pair_push (&f, 0, surface_destroy (0));
  pair_push (&f, 0, surface_create (0, 8, 8, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 7)); /* at once */
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 8));
  pair_push (&f, 0, draw_copy (0, 0, 0, image_surface (&f.arena, 1), 4, 4)); /* which cannot be drawn from */
  pair_finish (&f);
  g_assert_cmpstr (f.recorder[0].log->str, ==,
                   "create:16x16/32(0) mark(2) monitors:0(3) gl-draw(4) reset(5) destroy(6) "
                   "create:8x8/32(6) failed(8)");
  pair_teardown (&f);
}

/* Who is told of damage may drop all that there is: then he is told of no more of it. */
static void
on_invalidate (gpointer recorder, const CwRect *box)
{
  Recorder *self = recorder;

  self->n_invalidates++;
  self->hook (self->hook_data);
}

static void
do_nothing (gpointer render)
{
}

static void
reset_render (gpointer render)
{
  cw_render_reset (render);
}

static void
close_render (gpointer render)
{
  cw_render_close (render);
}

static void
test_last (void)
{
  void (*const hooks[]) (gpointer) = { do_nothing, reset_render, close_render };

  for (unsigned i = 0; i < G_N_ELEMENTS (hooks); i++) {
    CwRenderObserver observer = recorder_observer;
    Pair f;

    pair_setup (&f, 1, NULL);
    observer.invalidate = on_invalidate;
    f.recorder[0].blind = true;
    cw_render_unref (f.render[0]);
    f.render[0] = cw_render_new (f.group, &observer, &f.recorder[0], recorder_wake, &f.recorder[0]);
    pair_push (&f, 0, surface_create (0, 16, 16, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
    f.recorder[0].hook = do_nothing;
    pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 1)); /* at once */
    pair_finish (&f);
    g_assert_cmpuint (f.recorder[0].n_invalidates, ==, 1);
    f.recorder[0].hook = hooks[i];
    f.recorder[0].hook_data = f.render[0];
    pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 1));
    pair_push (&f, 0, draw_fill (0, 8, 8, 12, 12, 1));
    pair_finish (&f);
    g_assert_cmpuint (f.recorder[0].n_invalidates, ==, i == 0 ? 3 : 2);
    pair_teardown (&f);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/damage/D11-merged", test_merged);
  g_test_add_func ("/render/damage/first", test_first);
  g_test_add_func ("/render/damage/last", test_last);
  return g_test_run ();
}
