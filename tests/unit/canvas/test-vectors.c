/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results recorded from the existing rasteriser, conversions of bitmaps, and far-away coordinates. */
#include "base/error.h"
#include "canvas/bitmap.h"
#include "canvas/draw.h"
#include "canvas/pixel.h"
#include "canvas/surface.h"

#include <string.h>

static const uint32_t *
words (const CwPixels *pixels, uint32_t y)
{
  return (const uint32_t *) (const void *) cw_pixels_row (pixels, y);
}

static CwPixels *
two_columns (void)
{
  static const uint32_t row[] = { 0xff0000, 0x0000ff };
  CwPixels *image = cw_pixels_new (CW_PIXELS_BGRX, 2, 2, false, NULL);

  memcpy (cw_pixels_row (image, 0), row, sizeof row);
  memcpy (cw_pixels_row (image, 1), row, sizeof row);
  return image;
}

static CwPixels *
scaled (int width, int height, CwScaleMode mode)
{
  g_autoptr (CwPixels) image = two_columns ();
  CwPixels *target = cw_surface_new (CW_PIXELS_BGRX, width, height, NULL);
  CwRect box = { .right = width, .bottom = height };
  CwImageOperand source = { .pixels = image, .area = { .right = 2, .bottom = 2 }, .mode = mode };
  CwDrawTarget on = { .pixels = target, .box = box };
  CwDraw draw;

  cw_region_init (&on.region, &box, &box);
  g_assert_true (cw_draw_copy (&draw, &on, &source, CW_ROP_S, NULL));
  g_assert_true (cw_draw_paint (&draw, G_MAXUINT32));
  cw_draw_clear (&draw);
  cw_region_clear (&on.region);
  return target;
}

static void
test_scaling (void)
{
  static const uint32_t outer[] = { 0x8f0000, 0x8f002f, 0x2f008f, 0x00008f };
  static const uint32_t inner[] = { 0xbf0000, 0xbf003f, 0x3f00bf, 0x0000bf };
  static const uint32_t nearest[] = { 0xff0000, 0xff0000, 0xff0000, 0x0000ff, 0x0000ff };
  g_autoptr (CwPixels) smooth = scaled (4, 4, CW_SCALE_INTERPOLATE), hard = scaled (5, 3, CW_SCALE_NEAREST);

  for (int y = 0; y < 4; y++) {
    for (int x = 0; x < 4; x++)
      g_assert_cmphex (words (smooth, y)[x] & 0xffffff, ==, (y == 0 || y == 3 ? outer : inner)[x]);
  }
  for (int y = 0; y < 3; y++) {
    for (int x = 0; x < 5; x++)
      g_assert_cmphex (words (hard, y)[x] & 0xffffff, ==, nearest[x]);
  }
}

static void
test_blending (void)
{
  static const struct {
    uint32_t source;
    uint8_t alpha;
    uint32_t result;
  } vectors[] = { { 0x80402010, 0x80, 0x384050 },
                  { 0x80402010, 0xff, 0x504040 },
                  { 0xffffffff, 0x80, 0x90a0b0 },
                  { 0xffffffff, 0xff, 0xffffff } };
  CwRect box = { .right = 1, .bottom = 1 };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++) {
    g_autoptr (CwPixels) image = cw_pixels_new (CW_PIXELS_BGRA, 1, 1, false, NULL);
    g_autoptr (CwPixels) target = cw_surface_new (CW_PIXELS_BGRX, 1, 1, NULL);
    CwBlendParams params = { .source = { .pixels = image, .area = box }, .alpha = vectors[i].alpha };
    CwDrawTarget on = { .pixels = target, .box = box };
    CwDraw draw;

    cw_store32 (image->rows, vectors[i].source);
    cw_store32 (target->rows, 0x204060);
    cw_region_init (&on.region, &box, &box);
    g_assert_true (cw_draw_blend (&draw, &on, &params, NULL));
    g_assert_true (cw_draw_paint (&draw, 100));
    g_assert_cmphex (words (target, 0)[0] & 0xffffff, ==, vectors[i].result);
    cw_draw_clear (&draw);
    cw_region_clear (&on.region);
  }
}

static void
test_surface_stride (void)
{
  g_autoptr (CwPixels) surface = cw_surface_new (CW_PIXELS_X1R5G5B5, 7, 3, NULL);

  g_assert_cmpint (surface->stride, ==, 28);
  g_assert_cmpint (surface->format, ==, CW_PIXELS_X1R5G5B5);
  for (int i = 0; i < 28 * 3; i++)
    g_assert_cmpint (surface->rows[i], ==, 0);
}

static CwBitmap
make_bitmap (unsigned format, uint32_t width, uint32_t height, uint32_t stride, const void *data, size_t size)
{
  return (CwBitmap){ .format = format,
                     .top_down = true,
                     .width = width,
                     .height = height,
                     .stride = stride,
                     .data = { data, size },
                     .palette_as = CW_PIXELS_BGRX };
}

static void
test_indexed (void)
{
  static const uint8_t bits[] = { 0x31, 0xff, 0x0e };
  static const uint32_t palette[] = { 0xa0112233, 0xb0445566, 0xc0778899, 0xd0aabbcc };
  static const struct {
    unsigned format;
    uint8_t index[3];
  } formats[] = { { CW_BITMAP_FMT_1BIT_LE, { 1, 0, 0 } },
                  { CW_BITMAP_FMT_1BIT_BE, { 0, 0, 1 } },
                  { CW_BITMAP_FMT_4BIT_LE, { 1, 3, 15 } },
                  { CW_BITMAP_FMT_4BIT_BE, { 3, 1, 15 } },
                  { CW_BITMAP_FMT_8BIT, { 0x31, 0xff, 0x0e } } };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    CwBitmap bitmap = make_bitmap (formats[i].format, 3, 1, 3, bits, sizeof bits);
    g_autoptr (CwPixels) wide = NULL, narrow = NULL;

    bitmap.palette = palette;
    bitmap.n_palette = G_N_ELEMENTS (palette);
    g_assert_true (cw_bitmap_check (&bitmap, NULL));
    g_assert_null (cw_bitmap_view (&bitmap));
    wide = cw_bitmap_decode (&bitmap, NULL, NULL);
    bitmap.palette_as = CW_PIXELS_X1R5G5B5;
    narrow = cw_bitmap_decode (&bitmap, NULL, NULL);
    g_assert_cmpint (narrow->format, ==, CW_PIXELS_X1R5G5B5);
    for (int x = 0; x < 3; x++) {
      uint32_t entry = formats[i].index[x] < 4 ? palette[formats[i].index[x]] : 0;

      g_assert_cmphex (words (wide, 0)[x], ==, entry);
      g_assert_cmphex (cw_load16 (narrow->rows + 2 * x), ==, entry & 0xffff);
    }
  }
}

static void
test_direct (void)
{
  static const uint8_t bytes[] = { 0x30, 0x20, 0x10, 0x99, 0x33, 0x22, 0x11, 0x88 };
  static const struct {
    unsigned format;
    CwPixelFormat pixels;
    uint32_t word;
  } formats[] = { { CW_BITMAP_FMT_16BIT, CW_PIXELS_X1R5G5B5, 0x2030 },
                  { CW_BITMAP_FMT_24BIT, CW_PIXELS_BGRX, 0x102030 },
                  { CW_BITMAP_FMT_32BIT, CW_PIXELS_BGRX, 0x99102030 },
                  { CW_BITMAP_FMT_RGBA, CW_PIXELS_BGRA, 0x99102030 },
                  { CW_BITMAP_FMT_8BIT_A, CW_PIXELS_A8, 0x30 } };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    CwBitmap bitmap = make_bitmap (formats[i].format, 1, 2, 4, bytes, sizeof bytes);
    g_autoptr (CwPixels) down = NULL, up = NULL, view = NULL;
    uint32_t word = 0;

    g_assert_true (cw_bitmap_check (&bitmap, NULL));
    down = cw_bitmap_decode (&bitmap, NULL, NULL);
    bitmap.top_down = false;
    up = cw_bitmap_decode (&bitmap, NULL, NULL);
    view = cw_bitmap_view (&bitmap);
    g_assert_cmpint (down->format, ==, formats[i].pixels);
    memcpy (&word, down->rows, cw_pixel_size (down->format));
    g_assert_cmphex (word, ==, formats[i].word);
    word = 0;
    memcpy (&word, cw_pixels_row (up, 1), cw_pixel_size (up->format));
    g_assert_cmphex (word, ==, formats[i].word);
    if (formats[i].format == CW_BITMAP_FMT_24BIT) {
      g_assert_null (view);
    } else if (G_BYTE_ORDER == G_LITTLE_ENDIAN) {
      g_assert_true (cw_pixels_row (view, 1) == bytes);
      g_assert_true (cw_pixels_row (view, 0) == bytes + 4);
      g_assert_cmpint (view->format, ==, formats[i].pixels);
    }
  }
}

static void
test_mask (void)
{
  static const uint8_t bits[] = { 0xa5, 0x0f, 0x3c, 0xff };
  CwBitmap bitmap = make_bitmap (CW_BITMAP_FMT_1BIT_BE, 16, 2, 2, bits, sizeof bits);
  g_autoptr (CwPixels) be = cw_bitmap_decode_mask (&bitmap, NULL), up = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (be->format, ==, CW_PIXELS_A1);
  g_assert_cmphex (be->rows[0], ==, 0xa5);
  g_assert_cmphex (be->rows[1], ==, 0xf0);
  bitmap.format = CW_BITMAP_FMT_1BIT_LE;
  bitmap.top_down = false;
  up = cw_bitmap_decode_mask (&bitmap, NULL);
  g_assert_cmphex (cw_pixels_row (up, 0)[0], ==, 0x3c);
  g_assert_cmphex (cw_pixels_row (up, 1)[1], ==, 0x0f);
  bitmap.format = CW_BITMAP_FMT_8BIT;
  bitmap.width = 2;
  g_assert_null (cw_bitmap_decode_mask (&bitmap, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
}

static void
test_bad_bitmaps (void)
{
  static const uint8_t data[64];
  static const struct {
    unsigned format;
    uint32_t width, height, stride;
  } bad[] = { { 0, 1, 1, 4 },
              { 11, 1, 1, 4 },
              { CW_BITMAP_FMT_32BIT, 0, 1, 4 },
              { CW_BITMAP_FMT_32BIT, 1, 0, 4 },
              { CW_BITMAP_FMT_32BIT, 2, 1, 7 },
              { CW_BITMAP_FMT_1BIT_BE, 9, 1, 1 },
              { CW_BITMAP_FMT_4BIT_LE, 3, 1, 1 },
              { CW_BITMAP_FMT_24BIT, 2, 1, 5 },
              { CW_BITMAP_FMT_32BIT, 1, 17, 4 },
              { CW_BITMAP_FMT_32BIT, 0x40000001, 1, 4 },
              { CW_BITMAP_FMT_8BIT, 1, 2, 0x80000000 },
              { CW_BITMAP_FMT_8BIT, 65536, 1, 0x20000 } };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    CwBitmap bitmap = make_bitmap (bad[i].format, bad[i].width, bad[i].height, bad[i].stride, data, sizeof data);

    g_assert_false (cw_bitmap_check (&bitmap, &error));
    g_assert_nonnull (error);
  }
}

/* Coordinates at the ends of 32 bits: nothing may be touched that does not exist, nothing may overflow. */
static void
test_extremes (void)
{
  static const int32_t ends[] = { INT32_MIN, -1, 0, 3, INT32_MAX };
  g_autoptr (CwPixels) target = cw_surface_new (CW_PIXELS_BGRX, 8, 8, NULL);
  g_autoptr (CwPixels) image = cw_pixels_new (CW_PIXELS_BGRX, 4, 4, false, NULL);
  g_autoptr (CwPixels) mask = cw_pixels_new (CW_PIXELS_A1, 20, 20, false, NULL);
  CwRect bounds = { .right = 8, .bottom = 8 };
  CwBrush brush = { .kind = CW_BRUSH_PATTERN, .pixels = image, .origin = { INT32_MIN, INT32_MAX } };

  memset (image->rows, 1, 64);
  memset (mask->rows, 0xff, (size_t) mask->stride * 20);
  for (guint i = 0; i < 5 * 5 * 5 * 5 * 4; i++) {
    int32_t a = ends[i % 5], b = ends[i / 5 % 5], c = ends[i / 25 % 5], d = ends[i / 125 % 5];
    CwDrawTarget on = { .pixels = target, .box = { a, a, b, b } };
    CwOpaqueParams params = { { .pixels = image, .area = { c, d, d, c }, .mode = i & 1 }, brush, CW_ROP_S };
    CwPoint position = { c, d };
    CwDraw draw = { 0 };
    bool prepared = true;

    cw_region_init (&on.region, &bounds, &on.box);
    if (i & 2)
      cw_region_set_mask (&on.region, mask, false, &on.box, &position);
    switch (i / 625) {
    case 0:
      prepared = cw_draw_copy (&draw, &on, &params.source, CW_ROP_S, NULL);
      break;
    case 1:
      prepared = cw_draw_opaque (&draw, &on, &params, NULL);
      break;
    case 2:
      prepared = cw_draw_fill (&draw, &on, &brush, CW_ROP_NOT_D, NULL);
      break;
    default:
      g_clear_pointer (&on.region.mask, cw_pixels_unref);
      cw_draw_copy_bits (&draw, &on, &position);
    }
    if (prepared)
      g_assert_true (cw_draw_paint (&draw, 100000));
    cw_draw_clear (&draw);
    cw_region_clear (&on.region);
  }
}

static bool
clip (CwRegion *region, const CwRect *clips, unsigned n, GError **error)
{
  CwRect bounds = { .right = 100, .bottom = 4096 };

  cw_region_init (region, &bounds, &bounds);
  return cw_region_clip (region, g_memdup2 (clips, n * sizeof *clips), n, error);
}

static void
assert_too_many (const CwRect *clips, unsigned n)
{
  g_autoptr (GError) error = NULL;
  CwRegion region;

  g_assert_false (clip (&region, clips, n, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  cw_region_clear (&region);
}

static void
test_clip_limit (void)
{
  g_autofree CwRect *clips = g_new0 (CwRect, 65537);
  CwRegion region;

  /* In order: two columns of separate boxes. Then the last one comes first. */
  for (int i = 0; i < 5000; i++)
    clips[i + 1] = (CwRect){ .left = i % 2 * 50, .top = i / 2, .right = i % 2 * 50 + 20, .bottom = i / 2 + 1 };
  g_assert_true (clip (&region, clips + 1, 5000, NULL));
  g_assert_cmpuint (region.n_boxes, ==, 5000);
  cw_region_clear (&region);
  assert_too_many (clips, 65537);
  clips[0] = (CwRect){ .left = 0, .top = 4000, .right = 1, .bottom = 4001 };
  g_assert_true (clip (&region, clips, 4096, NULL));
  g_assert_cmpuint (region.n_boxes, ==, 4096);
  g_assert_cmpint (region.boxes[4095].top, ==, 4000);
  cw_region_clear (&region);
  assert_too_many (clips, 4097);

  clips[400] = (CwRect){ .right = 100, .bottom = 4096 };
  g_assert_true (clip (&region, clips, 512, NULL));
  g_assert_cmpuint (region.n_boxes, ==, 1);
  g_assert_cmpint (region.extents.bottom, ==, 4096);
  cw_region_clear (&region);
  assert_too_many (clips, 513);
}

/* What a region is cut to has its extents, and what is left of it is walked. */
static void
test_cut (void)
{
  const CwRect clips[] = { { 0, 0, 10, 10 }, { 20, 0, 30, 10 }, { 0, 20, 10, 30 }, { 20, 20, 30, 30 } };
  const CwRect part = { 5, 5, 25, 25 };
  CwRegion region, copy;
  CwRect piece;
  uint32_t cost, n = 0;

  g_assert_true (clip (&region, clips, 4, NULL));
  g_assert_true (cw_region_init_part (&copy, &region, &part, NULL));
  g_assert_cmpuint (copy.n_boxes, ==, 4);
  g_assert_cmpmem (&copy.extents, sizeof part, &part, sizeof part);
  while (cw_region_next (&copy, 1000, &piece, &cost))
    n += cw_rect_width (&piece) * cw_rect_height (&piece);
  g_assert_cmpuint (n, ==, 4 * 25);
  cw_region_clear (&copy);
  cw_region_intersect (&region, 15, 15, 7, 100);
  g_assert_cmpuint (region.n_boxes, ==, 1);
  g_assert_cmpint (region.extents.left, ==, 20);
  g_assert_cmpint (region.extents.right, ==, 22);
  cw_region_intersect (&region, INT32_MIN, 0, 2 * (int64_t) INT32_MIN, 5);
  g_assert_true (cw_region_is_empty (&region));
  g_assert_false (cw_region_next (&region, 1000, &piece, &cost));
  cw_region_clear (&region);
}

static void
test_refused (void)
{
  static const CwPixelFormat formats[] = { CW_PIXELS_A1, CW_PIXELS_GRAY8, CW_PIXELS_X1R5G5B5 };
  g_autoptr (CwPixels) target = cw_surface_new (CW_PIXELS_BGRX, 8, 8, NULL);
  CwRect box = { .right = 8, .bottom = 8 };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autoptr (CwPixels) image = cw_pixels_new (formats[i], 8, 8, false, NULL);
    g_autoptr (GError) error = NULL;
    CwImageOperand source = { .pixels = image, .raw = true, .area = box };
    CwBrush brush = { .kind = CW_BRUSH_PATTERN, .pixels = image, .raw = true };
    CwDrawTarget on = { .pixels = target, .box = box };
    CwDraw draw;

    cw_region_init (&on.region, &box, &box);
    g_assert_false (cw_draw_copy (&draw, &on, &source, CW_ROP_S, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    g_assert_false (cw_draw_fill (&draw, &on, &brush, CW_ROP_S, NULL));
    cw_region_clear (&on.region);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/vectors/scaling", test_scaling);
  g_test_add_func ("/canvas/vectors/blending", test_blending);
  g_test_add_func ("/canvas/surface/stride", test_surface_stride);
  g_test_add_func ("/canvas/bitmap/indexed", test_indexed);
  g_test_add_func ("/canvas/bitmap/direct", test_direct);
  g_test_add_func ("/canvas/bitmap/mask", test_mask);
  g_test_add_func ("/canvas/bitmap/bad", test_bad_bitmaps);
  g_test_add_func ("/canvas/draw/extremes", test_extremes);
  g_test_add_func ("/canvas/draw/refused", test_refused);
  g_test_add_func ("/canvas/region/clip-limit", test_clip_limit);
  g_test_add_func ("/canvas/vectors/region-cut", test_cut);
  return g_test_run ();
}
