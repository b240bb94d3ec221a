/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An operation reads and writes no more than the pixels it touches need: of huge images, surfaces and masks in memory
 * that nobody has used yet, only a few pages come into being when two pixels far apart are drawn. */
#include "cases.h"

#include "base/protocol.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WIDTH 8192
#define HEIGHT 4096
#define MOST_PAGES 48

typedef struct {
  CwPixels *target, *source, *mask;
  CwDrawTarget on;
  CwDraw draw;
} Fixture;

static size_t
mapped_size (const CwPixels *pixels)
{
  return (size_t) ABS (pixels->stride) * pixels->height;
}

static CwPixels *
map_pixels (CwPixelFormat format)
{
  CwPixels *self = g_new0 (CwPixels, 1);

  *self = (CwPixels){ .format = format, .width = WIDTH, .height = HEIGHT };
  g_atomic_ref_count_init (&self->ref_count);
  self->stride = format == CW_PIXELS_A1 ? WIDTH / 8 : WIDTH * 4;
  self->rows
      = mmap (NULL, mapped_size (self), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  g_assert_true (self->rows != MAP_FAILED);
  /* A page at a time, so that they can be counted. */
  madvise (self->rows, mapped_size (self), MADV_NOHUGEPAGE);
  return self;
}

static void
unmap_pixels (CwPixels *self)
{
  munmap (self->rows, mapped_size (self));
  g_free (self);
}

static unsigned
used_pages (const CwPixels *pixels)
{
  size_t n = mapped_size (pixels) / sysconf (_SC_PAGESIZE);
  g_autofree unsigned char *resident = g_malloc (n);
  unsigned used = 0;

  g_assert_cmpint (mincore (pixels->rows, mapped_size (pixels), resident), ==, 0);
  for (size_t i = 0; i < n; i++)
    used += resident[i] & 1;
  return used;
}

static void
setup (Fixture *self, gconstpointer data)
{
  const CwRect bounds = { .right = WIDTH, .bottom = HEIGHT };
  const CwRect clips[] = { { 1, 1, 2, 2 }, { WIDTH - 2, HEIGHT - 2, WIDTH - 1, HEIGHT - 1 } };

  self->target = map_pixels (CW_PIXELS_BGRX);
  self->source = map_pixels (CW_PIXELS_BGRA);
  self->mask = map_pixels (CW_PIXELS_A8);
  self->on = (CwDrawTarget){ .pixels = self->target, .box = bounds };
  cw_region_init (&self->on.region, &bounds, &bounds);
  g_assert_true (cw_region_clip (&self->on.region, g_memdup2 (clips, sizeof clips), G_N_ELEMENTS (clips), NULL));
}

static void
teardown (Fixture *self, gconstpointer data)
{
  unsigned used;

  g_assert_true (cw_draw_make_buffer (&self->draw, NULL));
  while (!cw_draw_paint (&self->draw, 1000))
    ;
  used = used_pages (self->target) + used_pages (self->source) + used_pages (self->mask);
  g_test_message ("%u pages", used);
  g_assert_cmpuint (used, >, 0);
  g_assert_cmpuint (used, <=, MOST_PAGES);
  cw_draw_clear (&self->draw);
  cw_region_clear (&self->on.region);
  unmap_pixels (self->target);
  unmap_pixels (self->source);
  unmap_pixels (self->mask);
}

/* Twice the size or a third of it. */
static CwImageOperand
scaled (const Fixture *self, bool larger, CwScaleMode mode)
{
  CwImageOperand operand = { .pixels = self->source, .mode = mode };

  operand.area = larger ? (CwRect){ .right = WIDTH / 2, .bottom = HEIGHT / 2 }
                        : (CwRect){ .left = -WIDTH, .top = -HEIGHT, .right = 2 * WIDTH, .bottom = 2 * HEIGHT };
  return operand;
}

static void
test_copy (Fixture *self, gconstpointer data)
{
  int number = GPOINTER_TO_INT (data);
  CwImageOperand source = scaled (self, number & 1, number & 2 ? CW_SCALE_NEAREST : CW_SCALE_INTERPOLATE);

  if (number & 4)
    source.area = self->on.box;
  g_assert_true (cw_draw_copy (&self->draw, &self->on, &source, CW_ROP_S, NULL));
}

static void
test_masked (Fixture *self, gconstpointer data)
{
  CwBrush brush = { .kind = CW_BRUSH_PATTERN, .pixels = self->source, .origin = { 17, 5 } };

  cw_region_set_mask (&self->on.region, self->mask, true, &self->on.box, &(CwPoint){ 0, 0 });
  g_assert_true (cw_draw_fill (&self->draw, &self->on, &brush, CW_ROP_S, NULL));
}

static void
test_itself (Fixture *self, gconstpointer data)
{
  CwOpaqueParams params = { .source = scaled (self, data != NULL, CW_SCALE_INTERPOLATE), .rop = CW_ROP_NOT_D };

  self->on.is_read = true;
  params.source.pixels = self->target;
  params.source.raw = true;
  params.brush = (CwBrush){ .kind = CW_BRUSH_PATTERN, .pixels = self->target, .raw = true, .origin = { 9, 9 } };
  g_assert_true (cw_draw_opaque (&self->draw, &self->on, &params, NULL));
}

static void
test_rop3 (Fixture *self, gconstpointer data)
{
  CwRop3Params params = { .source = scaled (self, true, CW_SCALE_INTERPOLATE), .rop3 = 0x96 };

  params.brush = (CwBrush){ .kind = CW_BRUSH_PATTERN, .pixels = self->mask };
  g_assert_true (cw_draw_rop3 (&self->draw, &self->on, &params, NULL));
}

static void
test_transparent (Fixture *self, gconstpointer data)
{
  CwImageOperand source = scaled (self, false, CW_SCALE_NEAREST);

  g_assert_true (cw_draw_transparent (&self->draw, &self->on, &source, 1, NULL));
}

static void
test_blend (Fixture *self, gconstpointer data)
{
  CwBlendParams params = { .source = scaled (self, true, CW_SCALE_NEAREST), .alpha = 100 };

  if (data)
    params.source.area = self->on.box;
  g_assert_true (cw_draw_blend (&self->draw, &self->on, &params, NULL));
}

static void
test_composite (Fixture *self, gconstpointer data)
{
  CwCompositeParams params = { .op = 3 };

  params.source = (CwCompositeImage){ .pixels = self->source,
                                      .filter = 4,
                                      .repeat = 1,
                                      .transform = { { 70000, 3000, 1 << 16 }, { -2000, 60000, 5 << 16 } } };
  params.mask = (CwCompositeImage){ .pixels = self->mask, .transform = { { 65536, 0, 0 }, { 0, 65536, 0 } } };
  g_assert_true (cw_draw_composite (&self->draw, &self->on, &params, NULL));
}

static void
test_stroke (Fixture *self, gconstpointer data)
{
  static const int32_t xy[] = { -8000000, -4000000, 8000000 * 3, 4000000 * 3, 16, 16 }, style[] = { 16, 16 };
  static const CwPathSegment segment = { 3, 3, xy };
  CwStrokeParams params = { .path = path_of_segments (&segment, 1), .rop = CW_ROP_NOT_D };

  if (data)
    cw_dash_style_init (&params.style, style, 2, false);
  params.brush = (CwBrush){ .kind = CW_BRUSH_PATTERN, .pixels = self->source };
  g_assert_true (cw_draw_stroke (&self->draw, &self->on, &params, NULL));
}

static void
test_text (Fixture *self, gconstpointer data)
{
  static const uint8_t rows[] = { 0xff, 0xff, 0xff, 0xff };
  CwTextParams params = { .n_glyphs = 2, .bits = 8, .back_area = self->on.box };

  params.glyphs = g_new (CwGlyph, 2);
  params.glyphs[0] = (CwGlyph){ 0, 0, 2, 2, rows };
  params.glyphs[1] = (CwGlyph){ WIDTH - 2, HEIGHT - 2, 2, 2, rows };
  params.fore = (CwBrush){ .kind = CW_BRUSH_PATTERN, .pixels = self->source };
  params.back = (CwBrush){ .kind = CW_BRUSH_SOLID, .color = 7 };
  g_assert_true (cw_draw_text (&self->draw, &self->on, &params, NULL));
}

/* How many portions of 1000 it takes to draw 500 dots, somewhere in a row, at once or collected before. */
static unsigned
count_portions (int32_t x, bool collected)
{
  const int32_t xy[] = { x * 16, 16, (x + 1000) * 16, 16, (x + 1000) * 16, 16 }, style[] = { 16, 16 };
  const CwRect bounds = { .right = WIDTH, .bottom = 3 };
  g_autoptr (CwPixels) target = cw_pixels_new_zeroed (CW_PIXELS_BGRX, WIDTH, 3, NULL);
  CwDrawTarget on = { .pixels = target, .box = bounds };
  const CwPathSegment segment = { CW_PATH_BEGIN | CW_PATH_END, collected ? 3 : 2, xy };
  CwStrokeParams params = { .path = path_of_segments (&segment, 1), .rop = CW_ROP_NOT_D };
  CwDraw draw = { 0 };
  unsigned n = 1;

  cw_region_init (&on.region, &bounds, &bounds);
  cw_dash_style_init (&params.style, style, 2, false);
  g_assert_true (cw_draw_stroke (&draw, &on, &params, NULL));
  g_assert_true (cw_draw_make_buffer (&draw, NULL));
  while (!cw_draw_paint (&draw, 1000))
    n++;
  cw_draw_clear (&draw);
  cw_region_clear (&on.region);
  return n;
}

/* What is charged for a line follows its dashes and pixels, wherever they are. */
static void
test_dots (void)
{
  for (int collected = 0; collected < 2; collected++) {
    unsigned left = count_portions (0, collected), right = count_portions (WIDTH - 1000, collected);

    g_test_message ("%u, %u", left, right);
    g_assert_cmpuint (left, >, 10);
    g_assert_cmpuint (left, <, 50);
    g_assert_cmpuint (right, ==, left);
  }
}

/* Points that are no line take some work each, too. */
static void
test_points (void)
{
  const CwRect bounds = { .right = 8, .bottom = 3 };
  g_autoptr (CwPixels) target = cw_pixels_new_zeroed (CW_PIXELS_BGRX, 8, 3, NULL);
  g_autofree int32_t *xy = g_new0 (int32_t, 2 * 5000);
  CwDrawTarget on = { .pixels = target, .box = bounds };
  const CwPathSegment segment = { CW_PATH_BEGIN | CW_PATH_END, 5000, xy };
  CwStrokeParams params = { .path = path_of_segments (&segment, 1), .rop = CW_ROP_NOT_D };
  CwDraw draw = { 0 };
  unsigned n = 1;

  cw_region_init (&on.region, &bounds, &bounds);
  g_assert_true (cw_draw_stroke (&draw, &on, &params, NULL));
  g_assert_true (cw_draw_make_buffer (&draw, NULL));
  while (!cw_draw_paint (&draw, 1000))
    n++;
  g_assert_cmpuint (n, >, 40);
  g_assert_cmpuint (n, <, 400);
  cw_draw_clear (&draw);
  cw_region_clear (&on.region);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*test) (Fixture *, gconstpointer);
    int n;
  } tests[] = { { "copy", test_copy, 5 },
                { "masked", test_masked, 1 },
                { "itself", test_itself, 2 },
                { "rop3", test_rop3, 1 },
                { "transparent", test_transparent, 1 },
                { "blend", test_blend, 2 },
                { "stroke", test_stroke, 2 },
                { "text", test_text, 1 },
                { "composite", test_composite, 1 } };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++) {
    for (int k = 0; k < tests[i].n; k++) {
      g_autofree char *path = g_strdup_printf ("/canvas/cost/%s-%d", tests[i].name, k);

      g_test_add (path, Fixture, GINT_TO_POINTER (k), setup, tests[i].test, teardown);
    }
  }
  g_test_add_func ("/canvas/cost/dots", test_dots);
  g_test_add_func ("/canvas/cost/points", test_points);
  return g_test_run ();
}
