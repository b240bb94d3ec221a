/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages as recorded from a server, and drawing between surfaces. */
#include "stream.h"

#include <string.h>

typedef struct {
  CwWorkerPool *pool;
  CwRender *render;
  Recorder recorder;
  Arena arena;
} Fixture;

static void
setup (Fixture *self, uint32_t format)
{
  g_autoptr (CwRenderGroup) group = NULL;
  g_autoptr (CwMessage) create = surface_create (0, 64, 48, format, CW_SURFACE_FLAG_PRIMARY);

  self->pool = cw_worker_pool_new_manual ();
  group = cw_render_group_new (self->pool, NULL);
  recorder_init (&self->recorder);
  self->render = cw_render_new (group, &recorder_observer, &self->recorder, recorder_wake, &self->recorder);
  arena_init (&self->arena, 1);
  g_assert_true (cw_render_push (self->render, create, NULL));
}

static void
teardown (Fixture *self)
{
  cw_render_unref (self->render);
  while (cw_worker_pool_n_queued (self->pool) > 0)
    cw_worker_pool_run_queued (self->pool, 0);
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
  drain (&self->render, 1, self->pool, NULL, 100000);
  g_assert_no_error (self->recorder.failure);
}

static void
push_hex (Fixture *self, uint16_t type, const char *hex)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();

  for (; *hex != '\0'; hex++) {
    guint8 byte;

    if (*hex == ' ')
      continue;
    byte = g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);
    g_byte_array_append (body, &byte, 1);
    hex++;
  }
  push (self, stream_message_raw (type, body->data, body->len));
}

static uint32_t
pixel (Fixture *self, uint32_t surface, int x, int y)
{
  CwSurfaceInfo info;
  uint32_t word = 0;
  size_t size;

  g_assert_true (cw_render_get_surface (self->render, surface, &info));
  size = (info.format & 0x3f) / 8;
  memcpy (&word, info.data + (gsize) y * info.stride + x * size, size);
  return word;
}

#define BASE_NO_CLIP(top, left, bottom, right)                                                                         \
  "00000000" top "000000" left "000000" bottom "000000" right "000000"                                                 \
  "00"
#define NO_MASK "00 00000000 00000000 00000000"

static void
test_recorded_fill (void)
{
  Fixture f;

  setup (&f, CW_SURFACE_FMT_32_XRGB);
  push_hex (&f, CW_MSG_DISPLAY_DRAW_FILL, BASE_NO_CLIP ("03", "02", "09", "0a") "014080ff00 0800" NO_MASK);
  g_assert_cmphex (pixel (&f, 0, 2, 3), ==, 0x00ff8040);
  g_assert_cmphex (pixel (&f, 0, 9, 8), ==, 0x00ff8040);
  g_assert_cmphex (pixel (&f, 0, 10, 8), ==, 0);
  g_assert_cmphex (pixel (&f, 0, 9, 9), ==, 0);
  /* Two clip rectangles, XOR. */
  push_hex (&f, CW_MSG_DISPLAY_DRAW_FILL,
            "00000000 00000000 00000000 14000000 14000000 01 02000000 01000000 01000000 05000000 05000000"
            "07000000 07000000 0c000000 09000000 01ff000000 4000" NO_MASK);
  g_assert_cmphex (pixel (&f, 0, 1, 1), ==, 0xff);
  g_assert_cmphex (pixel (&f, 0, 4, 4), ==, 0x00ff80bf);
  g_assert_cmphex (pixel (&f, 0, 5, 4), ==, 0x00ff8040);
  g_assert_cmphex (pixel (&f, 0, 8, 8), ==, 0x00ff80bf);
  g_assert_cmphex (pixel (&f, 0, 8, 11), ==, 0xff);
  teardown (&f);
}

static void
test_recorded_pattern (void)
{
  static const uint32_t pattern[2][2] = { { 0x102030, 0x112233 }, { 0x122436, 0x132639 } };
  static const uint8_t mask[2][2] = { { 0xa5, 0x0f }, { 0x3c, 0xff } };
  Fixture f;

  setup (&f, CW_SURFACE_FMT_32_XRGB);
  push_hex (&f, CW_MSG_DISPLAY_DRAW_FILL,
            BASE_NO_CLIP (
                "00", "14", "08",
                "24") "02 31000000 15000000 01000000 0800 01 00000000 00000000 65000000"
                      "0100000000010000 00 00 02000000 02000000 08 04 02000000 02000000 08000000 00000000"
                      "30201000 33221100 36241200 39261300"
                      "0100000001010000 00 00 10000000 02000000 02 04 10000000 02000000 02000000 00000000 a50f3cff");
  for (int y = 0; y < 8; y++) {
    for (int x = 20; x < 36; x++) {
      /* Drawn where the mask's bit is 0, as it is inverted; nothing below its two rows. Pattern from (21, 1). */
      bool drawn = y < 2 && !(mask[y][(x - 20) / 8] >> (7 - (x - 20) % 8) & 1);

      g_assert_cmphex (pixel (&f, 0, x, y), ==, drawn ? pattern[(y + 1) % 2][(x + 1) % 2] : 0);
    }
  }
  teardown (&f);
}

#define COPY_HEAD(top, bottom, right, h, w)                                                                            \
  BASE_NO_CLIP (top, "00", bottom, right)                                                                              \
  "39000000 00000000 00000000" h "000000" w "000000"                                                                   \
  "0800 00" NO_MASK

static void
test_recorded_copy (void)
{
  Fixture f;

  setup (&f, CW_SURFACE_FMT_32_XRGB);
  push_hex (&f, CW_MSG_DISPLAY_DRAW_COPY,
            COPY_HEAD ("0a", "0c", "02", "02",
                       "02") "0100000002010000 00 00 02000000 02000000"
                             "08 04 02000000 02000000 08000000 00000000 30201000 33221100 36241200 39261300");
  g_assert_cmphex (pixel (&f, 0, 0, 10), ==, 0x102030);
  g_assert_cmphex (pixel (&f, 0, 1, 10), ==, 0x112233);
  g_assert_cmphex (pixel (&f, 0, 0, 11), ==, 0x122436);
  g_assert_cmphex (pixel (&f, 0, 1, 11), ==, 0x132639);
  g_assert_cmphex (pixel (&f, 0, 2, 10), ==, 0);
  /* A palette to be cached, bottom-up; then one from the cache. */
  for (int i = 0; i < 2; i++) {
    push (&f, draw_fill (0, 0, 0, 64, 48, 0));
    push_hex (&f, CW_MSG_DISPLAY_DRAW_COPY,
              i == 0 ? COPY_HEAD ("0a", "0c", "08", "02", "08") "0100000003010000 00 00 08000000 02000000"
                                                                "02 01 08000000 02000000 02000000 61000000 aa005500"
                                                                "7700000000000000 0200 33221100 66554400"
                     : COPY_HEAD ("0a", "0c", "08", "02",
                                  "08") "0100000003010000 00 00 08000000 02000000"
                                        "02 02 08000000 02000000 02000000 7700000000000000 aa005500");
    for (int x = 0; x < 8; x++) {
      g_assert_cmphex (pixel (&f, 0, x, 10), ==, 0x55 >> (7 - x) & 1 ? 0x445566 : 0x112233);
      g_assert_cmphex (pixel (&f, 0, x, 11), ==, 0xaa >> (7 - x) & 1 ? 0x445566 : 0x112233);
    }
  }
  teardown (&f);
}

/* A surface as an image: from another one, from itself, as a pattern, with alpha. */
static void
test_surfaces (void)
{
  CwMsgDisplayDrawCopy shift = { .base.box = { .left = 1, .top = 1, .right = 41, .bottom = 31 },
                                 .src_area = { .right = 40, .bottom = 30 },
                                 .rop_descriptor = CW_ROPD_OP_PUT };
  CwMsgDisplayDrawFill fill = { .base.box = { .right = 20, .bottom = 20 },
                                .brush = { .type = CW_BRUSH_TYPE_PATTERN, .pattern.origin = { 3, 3 } },
                                .rop_descriptor = CW_ROPD_OP_PUT };
  CwMsgDisplayDrawAlphaBlend blend
      = { .base.box = { .right = 4, .bottom = 4 }, .alpha = 255, .src_area = { .right = 4, .bottom = 4 } };
  Fixture f;

  setup (&f, CW_SURFACE_FMT_32_XRGB);
  for (int i = 0; i < 48; i++)
    push (&f, draw_fill (0, i, i, 64, 48, 0x10101 * i));
  shift.src_bitmap = image_surface (&f.arena, 0);
  push (&f, stream_message (CW_MSG_DISPLAY_DRAW_COPY, &shift));
  for (int y = 1; y < 31; y++) {
    for (int x = 1; x < 41; x++)
      g_assert_cmphex (pixel (&f, 0, x, y), ==, 0x10101 * (MIN (x, y) - 1));
  }
  push (&f, surface_create (1, 4, 4, CW_SURFACE_FMT_32_XRGB, 0));
  push (&f, draw_fill (1, 0, 0, 4, 4, 0x80402010));
  push (&f, draw_fill (1, 0, 0, 1, 1, 0x80112233));
  fill.brush.pattern.image = image_surface (&f.arena, 1);
  push (&f, stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill));
  g_assert_cmphex (pixel (&f, 0, 3, 3), ==, 0x80112233);
  g_assert_cmphex (pixel (&f, 0, 19, 15), ==, 0x80112233);
  g_assert_cmphex (pixel (&f, 0, 18, 15), ==, 0x80402010);
  /* The surface's fourth byte is alpha only if the message says so. */
  blend.src_bitmap = image_surface (&f.arena, 1);
  for (int flags = 0; flags <= 2; flags += 2) {
    blend.alpha_flags = flags;
    push (&f, draw_fill (0, 0, 0, 4, 4, 0x204060));
    push (&f, stream_message (CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend));
    g_assert_cmphex (pixel (&f, 0, 2, 2) & 0xffffff, ==, flags ? 0x504040 : 0x402010);
  }
  teardown (&f);
}

static void
test_move (void)
{
  CwMsgDisplayCopyBits move = { .base.box = { .left = 2, .top = 3, .right = 64, .bottom = 48 }, .src_pos = { 0, 0 } };
  Fixture f;

  setup (&f, CW_SURFACE_FMT_16_565);
  for (int i = 0; i < 48; i++)
    push (&f, draw_fill (0, 0, i, 64, i + 1, i * 3));
  push (&f, stream_message (CW_MSG_DISPLAY_COPY_BITS, &move));
  for (int y = 0; y < 48; y++) {
    g_assert_cmphex (pixel (&f, 0, 1, y), ==, y * 3);
    g_assert_cmphex (pixel (&f, 0, 2, y), ==, y < 3 ? y * 3 : (y - 3) * 3);
  }
  teardown (&f);
}

/* Dashes as recorded, and the same message whose style is nowhere: a solid line. */
static void
test_recorded_stroke (void)
{
  Fixture f;

#define STROKE(style)                                                                                                  \
  "00000000 19000000 00000000 23000000 14000000 00 28000000 08 02" style "0100ff0000 0800 0800"                        \
  "01000000 03 03000000 20000000 a0010000 c0000000 d0010000 60000000 10020000 30000000 20000000"
  setup (&f, CW_SURFACE_FMT_32_XRGB);
  push_hex (&f, CW_MSG_DISPLAY_DRAW_STROKE, STROKE ("49000000"));
  g_assert_cmphex (pixel (&f, 0, 2, 26), ==, 0x00ff00);
  g_assert_cmphex (pixel (&f, 0, 5, 27), ==, 0);
  g_assert_cmphex (pixel (&f, 0, 6, 33), ==, 0);
  push_hex (&f, CW_MSG_DISPLAY_DRAW_STROKE, STROKE ("00000000"));
  g_assert_cmphex (pixel (&f, 0, 5, 27), ==, 0x00ff00);
  g_assert_cmphex (pixel (&f, 0, 6, 33), ==, 0);
#undef STROKE
  teardown (&f);
}

static void
test_recorded_text (void)
{
  Fixture f;

  setup (&f, CW_SURFACE_FMT_32_XRGB);
  push_hex (&f, CW_MSG_DISPLAY_DRAW_TEXT,
            "00000000 04000000 30000000 0c000000 40000000 00 37000000 04000000 30000000 0c000000 40000000"
            "01ffffff00 0180000000 0800 0800 0200 01"
            "32000000 0a000000 00000000 fcffffff 0500 0300 88a850"
            "38000000 0a000000 00000000 fcffffff 0500 0300 88a850");
  for (int k = 0; k < 2; k++) {
    /* Rows are stored from the lowest up. */
    static const uint8_t rows[] = { 0x50, 0xa8, 0x88 };

    for (int y = 0; y < 3; y++) {
      for (int x = 0; x < 5; x++)
        g_assert_cmphex (pixel (&f, 0, 50 + 6 * k + x, 6 + y) & 0xffffff, ==,
                         rows[y] & 0x80 >> x ? 0xffffff : 0x000080);
    }
  }
  g_assert_cmphex (pixel (&f, 0, 48, 4) & 0xffffff, ==, 0x000080);
  g_assert_cmphex (pixel (&f, 0, 47, 4), ==, 0);
  teardown (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/draw/recorded-fill", test_recorded_fill);
  g_test_add_func ("/render/draw/recorded-pattern", test_recorded_pattern);
  g_test_add_func ("/render/draw/recorded-stroke", test_recorded_stroke);
  g_test_add_func ("/render/draw/recorded-text", test_recorded_text);
  g_test_add_func ("/render/draw/recorded-copy", test_recorded_copy);
  g_test_add_func ("/render/draw/surfaces", test_surfaces);
  g_test_add_func ("/render/draw/copy-bits", test_move);
  return g_test_run ();
}
