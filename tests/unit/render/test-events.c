/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Surfaces, the order of events, limits, and callbacks that do surprising things. */
#include "stream.h"

#include <string.h>

typedef struct {
  CwWorkerPool *pool;
  CwRenderGroup *group;
  CwRender *render;
  Recorder recorder;
  Arena arena;
} Fixture;

static void
setup_limited (Fixture *self, const CwRenderLimits *limits)
{
  self->pool = cw_worker_pool_new_manual ();
  self->group = cw_render_group_new (self->pool, limits);
  recorder_init (&self->recorder);
  self->render = cw_render_new (self->group, &recorder_observer, &self->recorder, recorder_wake, &self->recorder);
  arena_init (&self->arena, 1);
}

static void
setup (Fixture *self)
{
  setup_limited (self, &(CwRenderLimits){ .here_bytes = 1 });
}

static void
teardown (Fixture *self)
{
  if (self->render)
    cw_render_unref (self->render);
  while (cw_worker_pool_n_queued (self->pool) > 0)
    cw_worker_pool_run_queued (self->pool, 0);
  cw_render_group_unref (self->group);
  cw_worker_pool_unref (self->pool);
  recorder_clear (&self->recorder);
  arena_clear (&self->arena);
}

static void
push (Fixture *self, CwMessage *message)
{
  g_autoptr (CwMessage) owned = message;
  g_autoptr (GError) error = NULL;

  cw_render_push (self->render, owned, &error);
  g_assert_no_error (error);
}

static void
push_refused (Fixture *self, CwMessage *message, int code)
{
  g_autoptr (CwMessage) owned = message;
  g_autoptr (GError) error = NULL;

  g_assert_false (cw_render_push (self->render, owned, &error));
  g_assert_error (error, CW_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, "display: "));
}

static void
finish (Fixture *self)
{
  drain (&self->render, 1, self->pool, NULL, 100000);
}

static void
assert_log (Fixture *self, const char *expected)
{
  finish (self);
  g_assert_cmpstr (self->recorder.log->str, ==, expected);
  g_string_truncate (self->recorder.log, 0);
}

static CwMessage *
primary (uint32_t w, uint32_t h)
{
  return surface_create (0, w, h, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY);
}

static CwMessage *
mode (uint32_t w, uint32_t h, uint32_t bits)
{
  CwMsgDisplayMode data = { w, h, bits };

  return stream_message (CW_MSG_DISPLAY_MODE, &data);
}

static uint32_t
pixel (Fixture *self, uint32_t surface, int x, int y)
{
  CwSurfaceInfo info;
  uint32_t word = 0;

  g_assert_true (cw_render_get_surface (self->render, surface, &info));
  memcpy (&word, info.data + (gsize) y * info.stride + x * ((info.format & 0x3f) / 8), (info.format & 0x3f) / 8);
  return word;
}

static void
test_primary (void)
{
  Fixture f;
  CwSurfaceInfo info;

  setup (&f);
  push (&f, empty_message (CW_MSG_DISPLAY_MARK)); /* no primary: nothing */
  push (&f, primary (64, 48));
  push (&f, draw_fill (0, 0, 0, 64, 48, 0x123456));
  push (&f, empty_message (CW_MSG_DISPLAY_MARK));
  push (&f, empty_message (CW_MSG_DISPLAY_MARK));
  assert_log (&f, "create:64x48/32 mark mark");
  g_assert_true (cw_render_get_surface (f.render, 0, &info));
  g_assert_true (info.primary && info.stride == 256 && info.data == f.recorder.primary.data);
  push (&f, primary (64, 48)); /* the same again stays */
  assert_log (&f, "");
  g_assert_cmphex (pixel (&f, 0, 5, 5) & 0xffffff, ==, 0x123456);
  push (&f, mode (64, 48, 16)); /* same size, other format */
  assert_log (&f, "destroy create:64x48/16");
  g_assert_true (cw_render_get_surface (f.render, 0, &info));
  g_assert_cmpuint (info.stride, ==, 256);
  push (&f, mode (64, 48, 32));
  push (&f, surface_destroy (7)); /* unknown: ignored */
  push (&f, surface_destroy (0));
  assert_log (&f, "destroy create:64x48/32 destroy");
  g_assert_false (cw_render_get_surface (f.render, 0, &info));
  /* A primary of another id replaces the old one; an off-screen surface with the primary's id too. */
  push (&f, primary (8, 8));
  push (&f, surface_create (3, 9, 9, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  push (&f, surface_create (3, 5, 5, CW_SURFACE_FMT_8_A, 0));
  assert_log (&f, "create:8x8/32 destroy create:9x9/32 destroy");
  g_assert_true (cw_render_get_surface (f.render, 3, &info));
  g_assert_false (info.primary);
  teardown (&f);
}

static void
test_surface_limits (void)
{
  static const uint32_t sizes[][2]
      = { { 0, 5 },          { 5, 0 },       { 32768, 1 },   { 1, 32768 }, { 32767, 32767 }, { 0xffffffff, 0xffffffff },
          { 0x40000001, 4 }, { 8192, 8193 }, { 16384, 4097 } };
  CwRenderLimits limits = { .surface_bytes = 100000, .n_surfaces = 20 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    Fixture f;

    setup (&f);
    push_refused (&f, primary (sizes[i][0], sizes[i][1]), CW_ERROR_LIMIT);
    teardown (&f);
  }
  for (int i = 0; i < 3; i++) {
    Fixture f;

    setup_limited (&f, &limits);
    for (int k = 0; i == 0 && k < 20; k++)
      push (&f, surface_create (k, 2, 2, CW_SURFACE_FMT_32_ARGB, 0));
    if (i == 0) {
      /* What is destroyed makes room, also before anything has been drawn. */
      push (&f, surface_destroy (4));
      push (&f, surface_create (50, 2, 2, CW_SURFACE_FMT_32_ARGB, 0));
      push_refused (&f, surface_create (51, 2, 2, CW_SURFACE_FMT_32_ARGB, 0), CW_ERROR_LIMIT);
    } else if (i == 1) {
      push (&f, primary (100, 200));
      push (&f, primary (100, 249)); /* replaces it */
      push_refused (&f, surface_create (1, 100, 2, CW_SURFACE_FMT_16_555, 0), CW_ERROR_LIMIT);
    } else {
      push_refused (&f, surface_create (1, 8, 8, 33, 0), CW_ERROR_MALFORMED);
    }
    teardown (&f);
  }
}

static void
test_events (void)
{
  CwWireHead heads[2] = { { .width = 4 }, { .width = 5 } };
  CwMsgDisplayMonitorsConfig monitors = { 4, 2, heads };
  Fixture f;

  setup (&f);
  push (&f, stream_message (CW_MSG_DISPLAY_MONITORS_CONFIG, &monitors));
  push (&f, empty_message (CW_MSG_DISPLAY_RESET)); /* tolerated without a primary */
  push (&f, primary (16, 16));
  push (&f, draw_fill (0, 0, 0, 16, 16, 0xabcdef));
  push (&f, empty_message (CW_MSG_DISPLAY_RESET));
  push (&f, stream_message_raw (CW_MSG_DISPLAY_QUALITY_INDICATOR, "junk", 4));
  assert_log (&f, "monitors:2 reset create:16x16/32 reset");
  g_assert_cmphex (pixel (&f, 0, 3, 3), ==, 0);
  teardown (&f);
}

static void
test_unsupported (void)
{
  Fixture f;

  setup (&f);
  push (&f, surface_create (1, 8, 8, CW_SURFACE_FMT_1_A, 0));
  push (&f, draw_fill (1, 0, 0, 4, 4, 1));
  push (&f, draw_fill (1, 0, 0, 4, 4, 1));
  assert_log (&f, "unsupported:drawing on a 1-bit surface");
  teardown (&f);
}

static void
test_bad_values (void)
{
  Fixture f;
  CwMsgDisplayDrawCopy copy = { .rop_descriptor = CW_ROPD_OP_PUT };

  setup (&f);
  push (&f, primary (16, 16));
  copy.src_bitmap = image_bitmap (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 4, 4);
  copy.scale_mode = 2;
  push_refused (&f, stream_message (CW_MSG_DISPLAY_DRAW_COPY, &copy), CW_ERROR_MALFORMED);
  copy.scale_mode = 0;
  copy.src_bitmap = image_surface (&f.arena, 9);
  push_refused (&f, stream_message (CW_MSG_DISPLAY_DRAW_COPY, &copy), CW_ERROR_STATE);
  copy.src_bitmap = image_bitmap (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 4, 4);
  copy.mask.bitmap = image_bitmap (&f.arena, 1, 0, CW_BITMAP_FMT_8BIT, 4, 4);
  push_refused (&f, stream_message (CW_MSG_DISPLAY_DRAW_COPY, &copy), CW_ERROR_MALFORMED);
  copy.mask.bitmap = image_lz4 (&f.arena, 1, 0, CW_BITMAP_FMT_8BIT_A, 4, 4);
  push_refused (&f, stream_message (CW_MSG_DISPLAY_DRAW_COPY, &copy), CW_ERROR_MALFORMED);
  teardown (&f);
}

/* What only shows when its turn comes ends the channel, after what was before. */
static void
test_failures (void)
{
  Fixture f;
  CwMsgDisplayDrawCopy copy = { .base.box = { .right = 4, .bottom = 4 }, .rop_descriptor = CW_ROPD_OP_PUT };
  CwWireRect *many;
  CwWireImage *image;

  setup (&f);
  push (&f, primary (16, 16));
  push (&f, surface_create (2, 8, 8, CW_SURFACE_FMT_16_555, 0));
  push (&f, empty_message (CW_MSG_DISPLAY_MARK));
  copy.src_bitmap = image_surface (&f.arena, 2);
  push (&f, stream_message (CW_MSG_DISPLAY_DRAW_COPY, &copy));
  push (&f, empty_message (CW_MSG_DISPLAY_MARK));
  assert_log (&f, "create:16x16/32 mark failed");
  g_assert_error (f.recorder.failure, CW_ERROR, CW_ERROR_MALFORMED);
  g_assert_true (g_str_has_prefix (f.recorder.failure->message, "display: draw-copy: "));
  push_refused (&f, empty_message (CW_MSG_DISPLAY_MARK), CW_ERROR_STATE);
  g_clear_error (&f.recorder.failure);

  cw_render_reset (f.render);
  image = image_lz4 (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 4, 4);
  image->lz4.data.size -= 3;
  push (&f, draw_fill (0, 0, 0, 4, 4, 0x77));
  push (&f, draw_copy (0, 4, 4, image, 4, 4));
  assert_log (&f, "failed");
  g_assert_cmphex (pixel (&f, 0, 1, 1), ==, 0x77);
  g_clear_error (&f.recorder.failure);

  cw_render_reset (f.render);
  many = arena_alloc (&f.arena, 5000 * sizeof *many);
  for (int i = 0; i < 5000; i++)
    many[i].right = many[i].bottom = 16;
  copy.src_bitmap = image_bitmap (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 4, 4);
  copy.base.clip = (CwWireClip){ .type = CW_CLIP_TYPE_RECTS, .n_rects = 5000, .rects = many };
  push (&f, stream_message (CW_MSG_DISPLAY_DRAW_COPY, &copy));
  assert_log (&f, "failed");
  g_assert_error (f.recorder.failure, CW_ERROR, CW_ERROR_LIMIT);
  teardown (&f);
}

static void
test_unknown_surface (void)
{
  Fixture f;
  CwWireImage *image;

  setup (&f);
  push (&f, primary (16, 16));
  image = image_bitmap (&f.arena, 5, CW_IMAGE_FLAG_CACHE_ME, CW_BITMAP_FMT_32BIT, 4, 4);
  image->bitmap.flags = CW_BITMAP_FLAG_TOP_DOWN;
  push (&f, draw_copy (77, 0, 0, image, 4, 4));
  push (&f, draw_copy (0, 0, 0, image_from_cache (&f.arena, 5, true), 4, 4));
  assert_log (&f, "create:16x16/32");
  g_assert_cmpmem (f.recorder.primary.data, 16, image->bitmap.data.data, 16);
  teardown (&f);
}

/* A long operation is cut, and goes on where it was. */
static void
test_budget (void)
{
  Fixture f;
  unsigned steps = 1;

  setup (&f);
  push (&f, primary (2000, 1000));
  push (&f, draw_fill (0, 0, 0, 2000, 1000, 0x44)); /* then its memory is there */
  finish (&f);
  f.recorder.n_invalidates = 0;
  push (&f, draw_fill (0, 0, 0, 2000, 1000, 0x55));
  push (&f, empty_message (CW_MSG_DISPLAY_MARK));
  while (cw_render_step (f.render, g_get_monotonic_time (), 0) == 0)
    steps++;
  g_assert_cmpuint (steps, >, 10);
  g_assert_cmpuint (f.recorder.n_invalidates, ==, 1);
  assert_log (&f, "create:2000x1000/32 mark");
  teardown (&f);
}

static void
test_back_pressure (void)
{
  CwRenderLimits limits = { .here_bytes = 1, .queue_bytes = 20000, .in_flight_bytes = 3 * 64 * 64 * 4 };
  Fixture f;
  unsigned n = 0;

  setup_limited (&f, &limits);
  push (&f, primary (64, 64));
  finish (&f);
  while (!cw_render_is_full (f.render)) {
    push (&f, draw_fill (0, 0, 0, 5, 5, n));
    n++;
  }
  g_assert_cmpuint (n, >, 3);
  finish (&f);
  g_assert_false (cw_render_is_full (f.render));
  for (int i = 0; i < 10; i++)
    push (&f, draw_copy (0, 0, 0, image_lz4 (&f.arena, i, 0, CW_BITMAP_FMT_32BIT, 64, 64), 64, 64));
  g_assert_true (cw_render_is_full (f.render));
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 3);
  cw_render_reset (f.render); /* nobody waits for any of them now */
  g_assert_false (cw_render_is_full (f.render));
  for (int i = 0; i < 10; i++)
    push (&f, draw_copy (0, 0, 0, image_lz4 (&f.arena, i, 0, CW_BITMAP_FMT_32BIT, 64, 64), 64, 64));
  g_assert_true (cw_render_is_full (f.render));
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 3 + 3);
  finish (&f);
  g_assert_false (cw_render_is_full (f.render));
  g_assert_no_error (f.recorder.failure);
  teardown (&f);
}

/* Only so many images are decoded ahead, though more are read; of large ones always two, for two workers. */
static void
test_ahead (void)
{
  const uint64_t image = 64 * 64 * 4;
  const struct {
    uint64_t ahead;
    unsigned n;
  } rows[] = { { 3 * image, 3 }, { 4 * image - 1, 3 }, { image, 2 }, { 1, 2 } };

  for (unsigned r = 0; r < G_N_ELEMENTS (rows); r++) {
    CwRenderLimits limits = { .here_bytes = 1, .ahead_bytes = rows[r].ahead };
    Fixture f;

    setup_limited (&f, &limits);
    push (&f, primary (64, 64));
    for (int i = 0; i < 10; i++)
      push (&f, draw_copy (0, 0, 0, image_lz4 (&f.arena, i, 0, CW_BITMAP_FMT_32BIT, 64, 64), 64, 64));
    g_assert_false (cw_render_is_full (f.render));
    g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, rows[r].n);
    finish (&f);
    g_assert_no_error (f.recorder.failure);
    teardown (&f);
  }
}

/* Small operations take more memory than their bytes: they are counted too. */
static void
test_many_small_ones (void)
{
  CwRenderLimits limits = { .queue_ops = 50 };
  Fixture f;

  setup_limited (&f, &limits);
  push (&f, primary (64, 64));
  finish (&f);
  for (unsigned i = 0; i < 50; i++) {
    g_assert_false (cw_render_is_full (f.render));
    push (&f, draw_fill (0, 0, 0, 5, 5, i));
  }
  g_assert_true (cw_render_is_full (f.render));
  push (&f, draw_fill (0, 0, 0, 5, 5, 0)); /* what has been read already is still taken */
  finish (&f);
  g_assert_false (cw_render_is_full (f.render));
  g_assert_no_error (f.recorder.failure);
  teardown (&f);
}

static void
test_wake (void)
{
  Fixture f;

  setup (&f);
  push (&f, primary (16, 16));
  push (&f, draw_copy (0, 0, 0, image_lz4 (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 4, 4), 4, 4));
  push (&f, draw_copy (0, 0, 0, image_lz4 (&f.arena, 2, 0, CW_BITMAP_FMT_32BIT, 4, 4), 4, 4));
  g_assert_cmpint (cw_render_step (f.render, g_get_monotonic_time (), 1000), !=, 0);
  g_assert_cmpuint (f.recorder.n_wakes, ==, 0);
  cw_worker_pool_run_queued (f.pool, 1); /* not the one that is waited for */
  g_assert_cmpuint (f.recorder.n_wakes, ==, 0);
  cw_worker_pool_run_queued (f.pool, 0);
  g_assert_cmpuint (f.recorder.n_wakes, ==, 1);
  g_assert_cmpint (cw_render_step (f.render, g_get_monotonic_time (), 100000), !=, 0);
  g_assert_true (cw_render_is_idle (f.render));
  push (&f, draw_copy (0, 0, 0, image_lz4 (&f.arena, 2, 0, CW_BITMAP_FMT_32BIT, 4, 4), 4, 4));
  g_assert_cmpint (cw_render_step (f.render, g_get_monotonic_time (), 1000), !=, 0);
  cw_render_close (f.render);
  cw_worker_pool_run_queued (f.pool, 0);
  g_assert_cmpuint (f.recorder.n_wakes, ==, 1);
  teardown (&f);
}

static void
hook_step (gpointer data)
{
  Fixture *f = data;
  gsize before = f->recorder.log->len;

  g_assert_cmpint (cw_render_step (f->render, g_get_monotonic_time (), 1000), ==, CW_RENDER_NEVER);
  g_assert_cmpuint (f->recorder.log->len, ==, before);
}

static void
hook_unref (gpointer data)
{
  Fixture *f = data;

  if (f->render)
    cw_render_unref (g_steal_pointer (&f->render));
}

static void
hook_close (gpointer data)
{
  cw_render_close (((Fixture *) data)->render);
}

static void
hook_reset (gpointer data)
{
  cw_render_reset (((Fixture *) data)->render);
}

/* Callbacks may do anything at any event. */
static void
test_reentrancy (void)
{
  void (*const hooks[]) (gpointer) = { hook_step, hook_unref, hook_close, hook_reset };

  for (gsize hook = 0; hook < G_N_ELEMENTS (hooks); hook++) {
    for (int delay = 0; delay < 6; delay++) {
      uint32_t zero = 0;
      CwMessage *messages[] = { primary (16, 16),
                                empty_message (CW_MSG_DISPLAY_MARK),
                                draw_fill (0, 0, 0, 9, 9, 5),
                                empty_message (CW_MSG_DISPLAY_RESET),
                                stream_message (CW_MSG_DISPLAY_STREAM_DESTROY, &zero),
                                surface_destroy (0),
                                mode (7, 7, 32),
                                empty_message (CW_MSG_DISPLAY_MARK) };
      Fixture f;

      setup (&f);
      for (int i = 0; i < delay; i++)
        push (&f, cw_message_ref (messages[i]));
      finish (&f);
      f.recorder.hook = hooks[hook];
      f.recorder.hook_data = &f;
      for (gsize i = delay; i < G_N_ELEMENTS (messages); i++)
        push (&f, cw_message_ref (messages[i]));
      while (f.render && cw_render_step (f.render, g_get_monotonic_time (), 1000) == 0)
        ;
      if (hook == 0)
        g_assert_true (g_str_has_suffix (f.recorder.log->str, "create:7x7/32 mark"));
      teardown (&f);
      for (gsize i = 0; i < G_N_ELEMENTS (messages); i++)
        cw_message_unref (messages[i]);
    }
  }
}

/* The last event of a step drops the queue, and something new comes in its place. */
static void
reset_and_push (gpointer recorder, const CwRect *box)
{
  Fixture *f = ((Recorder *) recorder)->hook_data;

  if (f->recorder.n_invalidates++ != 1) /* the first of all is told at once */
    return;
  cw_render_reset (f->render);
  push (f, draw_fill (0, 0, 0, 4, 4, 0x2));
}

static void
test_new_queue (void)
{
  CwRenderObserver observer = recorder_observer;
  Fixture f;

  setup (&f);
  observer.invalidate = reset_and_push;
  f.recorder.hook_data = &f;
  cw_render_unref (f.render);
  f.render = cw_render_new (f.group, &observer, &f.recorder, recorder_wake, &f.recorder);
  push (&f, primary (16, 16));
  push (&f, draw_fill (0, 0, 0, 4, 4, 0x3));
  finish (&f);
  push (&f, draw_fill (0, 0, 0, 4, 4, 0x1));
  g_assert_cmpint (cw_render_step (f.render, g_get_monotonic_time (), G_USEC_PER_SEC), ==, 0);
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0x1);
  finish (&f);
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0x2);
  teardown (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/events/primary", test_primary);
  g_test_add_func ("/render/events/surface-limits", test_surface_limits);
  g_test_add_func ("/render/events/monitors-reset", test_events);
  g_test_add_func ("/render/events/unsupported", test_unsupported);
  g_test_add_func ("/render/events/bad-values", test_bad_values);
  g_test_add_func ("/render/events/failures", test_failures);
  g_test_add_func ("/render/events/unknown-surface", test_unknown_surface);
  g_test_add_func ("/render/events/budget", test_budget);
  g_test_add_func ("/render/events/back-pressure", test_back_pressure);
  g_test_add_func ("/render/events/ahead", test_ahead);
  g_test_add_func ("/render/events/many-small-ones", test_many_small_ones);
  g_test_add_func ("/render/events/wake", test_wake);
  g_test_add_func ("/render/events/reentrancy", test_reentrancy);
  g_test_add_func ("/render/events/new-queue", test_new_queue);
  return g_test_run ();
}
