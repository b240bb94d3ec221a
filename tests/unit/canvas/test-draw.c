/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every drawing operation against a per-pixel calculation written from the equations, on random input. */
#include "canvas/draw.h"
#include "canvas/surface.h"

#include <string.h>

#define MAX_CLIPS 4

/* One random operation and all it reads. */
typedef struct {
  GRand *rand;
  CwPixels *target, *before, *source, *pattern, *mask;
  CwRect box, area, clips[MAX_CLIPS];
  int n_clips; /* -1: no clip */
  bool invers, raw;
  CwPoint mask_position;
  CwScaleMode mode;
  CwBrush brush;
  uint16_t descriptor;
} Case;

static int
between (GRand *rand, int low, int high)
{
  return g_rand_int_range (rand, low, high + 1);
}

static unsigned
depth (const CwPixels *pixels)
{
  return cw_pixel_format_bits (pixels->format);
}

static uint32_t
get (const CwPixels *pixels, int x, int y)
{
  const uint8_t *row = cw_pixels_row (pixels, y);
  uint32_t word = 0;

  if (pixels->format == CW_PIXELS_A1)
    return row[x / 8] >> x % 8 & 1;
  for (unsigned i = 0; i < depth (pixels) / 8; i++)
    word |= (uint32_t) row[x * (depth (pixels) / 8) + i] << 8 * i;
  return word;
}

static void
fill_random (GRand *rand, CwPixels *pixels)
{
  for (uint32_t y = 0; y < pixels->height; y++) {
    size_t size = (pixels->width * depth (pixels) + 7) / 8;

    for (size_t i = 0; i < size; i++)
      cw_pixels_row (pixels, y)[i] = g_rand_int (rand) >> 5;
  }
}

static CwPixels *
random_pixels (GRand *rand, CwPixelFormat format, int max)
{
  CwPixels *pixels
      = cw_pixels_new (format, between (rand, 1, max), between (rand, 1, max), g_rand_boolean (rand), NULL);

  fill_random (rand, pixels);
  return pixels;
}

/* Most masks are of one bit; the pixels of others are often 0. */
static CwPixels *
random_mask (GRand *rand)
{
  static const CwPixelFormat formats[]
      = { CW_PIXELS_A1, CW_PIXELS_A1, CW_PIXELS_A8, CW_PIXELS_X1R5G5B5, CW_PIXELS_BGRX };
  CwPixels *mask = random_pixels (rand, formats[between (rand, 0, 4)], 60);

  for (int i = 0; mask->format != CW_PIXELS_A1 && i < 2000; i++)
    memset (cw_pixels_row (mask, between (rand, 0, mask->height - 1))
                + between (rand, 0, mask->width - 1) * (depth (mask) / 8),
            0, depth (mask) / 8);
  return mask;
}

static CwPixels *
copy_of (const CwPixels *pixels)
{
  CwPixels *copy = cw_surface_new (pixels->format, pixels->width, pixels->height, NULL);

  for (uint32_t y = 0; y < pixels->height; y++)
    memcpy (cw_pixels_row (copy, y), cw_pixels_row (pixels, y), pixels->width * depth (pixels) / 8);
  return copy;
}

static CwPixels *
random_surface (GRand *rand, CwPixelFormat format)
{
  CwPixels *surface = cw_surface_new (format, between (rand, 1, 40), between (rand, 1, 30), NULL);

  fill_random (rand, surface);
  return surface;
}

static CwRect
random_rect (GRand *rand, int max)
{
  int left = between (rand, -max / 4, max), top = between (rand, -max / 4, max);

  return (CwRect){ left, top, left + between (rand, -2, max), top + between (rand, -2, max) };
}

static void
case_init (Case *self, guint32 seed)
{
  static const CwPixelFormat surfaces[]
      = { CW_PIXELS_BGRX, CW_PIXELS_BGRA, CW_PIXELS_X1R5G5B5, CW_PIXELS_R5G6B5, CW_PIXELS_A8 };
  static const CwPixelFormat images[] = { CW_PIXELS_BGRX, CW_PIXELS_BGRA, CW_PIXELS_X1R5G5B5, CW_PIXELS_A8 };
  GRand *rand = g_rand_new_with_seed (seed);

  *self = (Case){ .rand = rand, .n_clips = between (rand, -2, MAX_CLIPS) };
  self->target = random_surface (rand, surfaces[between (rand, 0, 4)]);
  self->before = copy_of (self->target);
  self->raw = between (rand, 0, 3) == 0;
  self->source = random_pixels (rand, self->raw ? self->target->format : images[between (rand, 0, 3)], 40);
  self->pattern = random_pixels (rand, images[between (rand, 0, 3)], 9);
  self->box = random_rect (rand, 30);
  self->area = random_rect (rand, 30);
  if (g_rand_boolean (rand)) {
    self->area.right = self->area.left + (self->box.right - self->box.left);
    self->area.bottom = self->area.top + (self->box.bottom - self->box.top);
  }
  for (int i = 0; i < MAX_CLIPS; i++)
    self->clips[i] = random_rect (rand, 25);
  if (between (rand, 0, 2) == 0)
    self->mask = random_mask (rand);
  self->invers = g_rand_boolean (rand);
  self->mask_position = (CwPoint){ between (rand, -5, 20), between (rand, -5, 20) };
  self->mode = g_rand_boolean (rand) ? CW_SCALE_NEAREST : CW_SCALE_INTERPOLATE;
  self->brush = (CwBrush){ .kind = between (rand, 0, 2),
                           .color = g_rand_int (rand),
                           .pixels = self->pattern,
                           .origin = { between (rand, -50, 50), between (rand, -50, 50) } };
  self->descriptor = 1 << between (rand, 3, 11) | (g_rand_int (rand) & 0x407);
}

static void
case_clear (Case *self)
{
  cw_pixels_unref (self->target);
  cw_pixels_unref (self->before);
  cw_pixels_unref (self->source);
  cw_pixels_unref (self->pattern);
  g_clear_pointer (&self->mask, cw_pixels_unref);
  g_rand_free (self->rand);
}

static CwDrawTarget
case_target (const Case *self)
{
  CwRect bounds = { .right = self->target->width, .bottom = self->target->height };
  CwDrawTarget on = { .pixels = self->target, .box = self->box };

  g_assert_true (cw_region_init (&on.region, &bounds, &self->box, self->n_clips < 0 ? NULL : self->clips,
                                 MAX (self->n_clips, 0), NULL));
  if (self->mask)
    cw_region_set_mask (&on.region, self->mask, self->invers, &self->box, &self->mask_position);
  return on;
}

static bool
contains (const CwRect *rect, int x, int y)
{
  return x >= rect->left && x < rect->right && y >= rect->top && y < rect->bottom;
}

static bool
in_region (const Case *self, int x, int y)
{
  bool clipped = self->n_clips >= 0;
  int mx = x - self->box.left + self->mask_position.x, my = y - self->box.top + self->mask_position.y;

  for (int i = 0; i < self->n_clips; i++)
    clipped = clipped && !contains (&self->clips[i], x, y);
  if (clipped || !contains (&self->box, x, y))
    return false;
  if (!self->mask)
    return true;
  return mx >= 0 && my >= 0 && mx < (int) self->mask->width && my < (int) self->mask->height
         && (get (self->mask, mx, my) != 0) != self->invers;
}

static uint32_t
widen (uint32_t value, int bits)
{
  return bits == 5 ? value * 8 + value / 4 : value * 4 + value / 16;
}

/* 8888 with alpha 255 where the format has none. */
static uint32_t
to_argb (uint32_t word, CwPixelFormat format)
{
  switch (format) {
  case CW_PIXELS_BGRX:
    return word | 0xff000000;
  case CW_PIXELS_X1R5G5B5:
    return 0xff000000 | widen (word >> 10 & 31, 5) << 16 | widen (word >> 5 & 31, 5) << 8 | widen (word & 31, 5);
  case CW_PIXELS_R5G6B5:
    return 0xff000000 | widen (word >> 11, 5) << 16 | widen (word >> 5 & 63, 6) << 8 | widen (word & 31, 5);
  case CW_PIXELS_A8:
    return word << 24;
  default:
    return word;
  }
}

static uint32_t
from_argb (uint32_t argb, CwPixelFormat format)
{
  uint32_t r = argb >> 16 & 255, g = argb >> 8 & 255, b = argb & 255;

  switch (format) {
  case CW_PIXELS_X1R5G5B5:
    return r / 8 << 10 | g / 8 << 5 | b / 8;
  case CW_PIXELS_R5G6B5:
    return r / 8 << 11 | g / 4 << 5 | b / 8;
  case CW_PIXELS_A8:
    return argb >> 24;
  default:
    return argb;
  }
}

/* The table of conversions for drawing. */
static uint32_t
convert (uint32_t word, CwPixelFormat from, CwPixelFormat to)
{
  bool from32 = from == CW_PIXELS_BGRX || from == CW_PIXELS_BGRA, to32 = to == CW_PIXELS_BGRX || to == CW_PIXELS_BGRA;

  if (from == to || (from32 && to32))
    return word;
  if (to32)
    return from == CW_PIXELS_A8 ? word << 24 : to_argb (word, from);
  if (from == CW_PIXELS_A8)
    return 0;
  return from_argb (to_argb (word, from), to);
}

static uint32_t
tap (const Case *self, int64_t x, int64_t y, bool argb)
{
  uint32_t word;

  if (x < 0 || y < 0 || x >= self->source->width || y >= self->source->height)
    return 0;
  word = get (self->source, x, y);
  if (argb)
    return to_argb (word, self->source->format);
  if (depth (self->target) == 32)
    return to_argb (word, self->source->format);
  if (!self->raw)
    word = convert (word, self->source->format, self->target->format);
  return to_argb (word, self->target->format);
}

static int64_t
position (int64_t i, int64_t from, int64_t to, int64_t origin)
{
  return (((from * 65536 / to) * (i * 65536 + 32768) + 32768) >> 16) + origin * 65536;
}

/* The source pixel for a target pixel, as a word of the target or as 8888; FALSE if there is none. */
static bool
sample (const Case *self, CwScaleMode mode, bool argb, int x, int y, uint32_t *word)
{
  int sw = self->area.right - self->area.left, sh = self->area.bottom - self->area.top;
  int dw = self->box.right - self->box.left, dh = self->box.bottom - self->box.top;
  int64_t vx, vy, ux, uy, x0, y0;
  uint32_t a, b, result = 0;

  if (sw == dw && sh == dh) {
    x += self->area.left - self->box.left;
    y += self->area.top - self->box.top;
    if (x < 0 || y < 0 || x >= (int) self->source->width || y >= (int) self->source->height)
      return false;
    *word = get (self->source, x, y);
    if (argb)
      *word = to_argb (*word, self->source->format);
    else if (!self->raw)
      *word = convert (*word, self->source->format, self->target->format);
    return true;
  }
  vx = position (x - self->box.left, sw, dw, self->area.left);
  vy = position (y - self->box.top, sh, dh, self->area.top);
  if (mode == CW_SCALE_NEAREST) {
    result = tap (self, (vx - 1) >> 16, (vy - 1) >> 16, argb);
  } else {
    ux = vx - 32768;
    uy = vy - 32768;
    x0 = ux >> 16;
    y0 = uy >> 16;
    a = ((ux & 0xffff) >> 9) << 1;
    b = ((uy & 0xffff) >> 9) << 1;
    for (int shift = 0; shift < 32; shift += 8) {
      uint64_t c00 = tap (self, x0, y0, argb) >> shift & 255, c10 = tap (self, x0 + 1, y0, argb) >> shift & 255;
      uint64_t c01 = tap (self, x0, y0 + 1, argb) >> shift & 255, c11 = tap (self, x0 + 1, y0 + 1, argb) >> shift & 255;

      result
          |= (uint32_t) ((c00 * (256 - a) * (256 - b) + c10 * a * (256 - b) + c01 * (256 - a) * b + c11 * a * b) >> 16)
             << shift;
    }
  }
  *word = argb ? result : from_argb (result, self->target->format);
  return true;
}

static uint32_t
brush_at (const Case *self, int x, int y)
{
  int w = self->pattern->width, h = self->pattern->height;

  if (self->brush.kind == CW_BRUSH_NOTHING)
    return 0;
  if (self->brush.kind == CW_BRUSH_SOLID)
    return self->brush.color;
  x = ((x - self->brush.origin.x) % w + w) % w;
  y = ((y - self->brush.origin.y) % h + h) % h;
  return convert (get (self->pattern, x, y), self->pattern->format, self->target->format);
}

static uint32_t
rop (uint16_t descriptor, uint32_t s, bool invert_s, uint32_t d, bool invert_d)
{
  uint32_t s1 = invert_s ? ~s : s, d1 = invert_d ? ~d : d, result;

  if (descriptor & 0x008)
    result = s1;
  else if (descriptor & 0x010)
    result = s1 | d1;
  else if (descriptor & 0x020)
    result = s1 & d1;
  else if (descriptor & 0x040)
    result = s1 ^ d1;
  else if (descriptor & 0x080)
    return 0;
  else if (descriptor & 0x100)
    return 0xffffffff;
  else if (descriptor & 0x200)
    return ~d;
  else
    return s;
  return descriptor & 0x400 ? ~result : result;
}

static uint32_t
fill_reference (const Case *self, int x, int y, uint32_t d)
{
  return rop (self->descriptor, brush_at (self, x, y), self->descriptor & 2, d, self->descriptor & 4);
}

static uint32_t
copy_reference (const Case *self, int x, int y, uint32_t d)
{
  uint32_t s;

  if (!sample (self, self->mode, false, x, y, &s))
    return d;
  return rop (self->descriptor, s, self->descriptor & 1, d, self->descriptor & 4);
}

static uint32_t
opaque_reference (const Case *self, int x, int y, uint32_t d)
{
  uint32_t copied = d;

  sample (self, self->mode, false, x, y, &copied);
  return rop (self->descriptor, brush_at (self, x, y), self->descriptor & 2, copied, self->descriptor & 1);
}

static uint32_t
transparent_reference (const Case *self, int x, int y, uint32_t d)
{
  uint32_t s, key = from_argb (self->brush.color, self->target->format), bits = 0xffff;

  if (depth (self->target) == 32)
    key &= bits = 0xffffff;
  if (self->target->format == CW_PIXELS_A8)
    key = 0;
  if (!sample (self, CW_SCALE_NEAREST, false, x, y, &s) || (s & bits) == key)
    return d;
  return s;
}

static uint32_t
mul (uint32_t a, uint32_t b)
{
  uint32_t t = a * b + 128;

  return (t + (t >> 8)) >> 8;
}

static uint32_t
blend_reference (const Case *self, int x, int y, uint32_t d)
{
  uint32_t s, wide = to_argb (d, self->target->format), alpha = self->descriptor & 255, result = 0, rest;

  if (self->target->format == CW_PIXELS_BGRX && self->invers)
    wide = d; /* target_has_alpha */
  if (!sample (self, CW_SCALE_NEAREST, true, x, y, &s))
    return d;
  rest = 255 - (alpha == 255 ? s >> 24 : mul (s >> 24, alpha));
  for (int shift = 0; shift < 32; shift += 8) {
    uint32_t c = s >> shift & 255;

    c = (alpha == 255 ? c : mul (c, alpha)) + mul (wide >> shift & 255, rest);
    result |= MIN (c, 255) << shift;
  }
  return from_argb (result, self->target->format);
}

static uint32_t
significant_bits (const CwPixels *pixels)
{
  return depth (pixels) == 32 ? 0xffffffff : (1u << depth (pixels)) - 1;
}

static void
compare (const Case *self, guint32 seed, uint32_t (*reference) (const Case *, int, int, uint32_t), uint32_t ignore)
{
  for (int y = 0; y < (int) self->target->height; y++) {
    for (int x = 0; x < (int) self->target->width; x++) {
      uint32_t before = get (self->before, x, y), now = get (self->target, x, y);
      uint32_t expected
          = in_region (self, x, y) ? reference (self, x, y, before) & significant_bits (self->target) : before;

      if ((now ^ expected) & ~ignore)
        g_error ("seed %u, format %d from %d, pixel %d,%d: %x, expected %x, was %x", seed, self->target->format,
                 self->source->format, x, y, now, expected, before);
    }
  }
}

static bool
case_is_scaled (const Case *self)
{
  return self->box.right - self->box.left != self->area.right - self->area.left
         || self->box.bottom - self->box.top != self->area.bottom - self->area.top;
}

/* A scaled operation from or to nothing must be refused, and only that. */
static bool
expect_prepared (const Case *self, bool prepared)
{
  bool possible = !case_is_scaled (self) || (!cw_rect_is_empty (&self->box) && !cw_rect_is_empty (&self->area));

  g_assert_cmpint (prepared, ==, possible);
  return prepared;
}

typedef bool (*Prepare) (Case *self, CwDraw *draw, CwDrawTarget *on);

static bool prepare_blend (Case *self, CwDraw *draw, CwDrawTarget *on);

/* What no channel uses means nothing after a blend. */
static uint32_t
ignored_bits (const Case *self, Prepare prepare)
{
  if (prepare != prepare_blend)
    return 0;
  if (self->target->format == CW_PIXELS_X1R5G5B5)
    return 0x8000;
  return self->target->format == CW_PIXELS_BGRX && !self->invers ? 0xff000000 : 0;
}

static void
run_cases (Prepare prepare, uint32_t (*reference) (const Case *, int, int, uint32_t), int n)
{
  for (guint32 seed = 1; (int) seed <= n; seed++) {
    Case c;
    CwDrawTarget on;
    CwDraw draw = { 0 };

    case_init (&c, seed);
    on = case_target (&c);
    if (prepare (&c, &draw, &on)) {
      /* In small portions, as a time limit would cut it. */
      while (!cw_draw_paint (&draw, 1 + seed % 300))
        ;
      compare (&c, seed, reference, ignored_bits (&c, prepare));
    }
    cw_draw_clear (&draw);
    cw_region_clear (&on.region);
    case_clear (&c);
  }
}

static CwImageOperand
case_source (const Case *self)
{
  return (CwImageOperand){ .pixels = self->source, .raw = self->raw, .area = self->area, .mode = self->mode };
}

static bool
prepare_fill (Case *self, CwDraw *draw, CwDrawTarget *on)
{
  g_assert_true (cw_draw_fill (draw, on, &self->brush, cw_rop_from_descriptor (self->descriptor, 2, 4), NULL));
  return true;
}

static bool
prepare_copy (Case *self, CwDraw *draw, CwDrawTarget *on)
{
  CwImageOperand source = case_source (self);

  return expect_prepared (self,
                          cw_draw_copy (draw, on, &source, cw_rop_from_descriptor (self->descriptor, 1, 4), NULL));
}

static bool
prepare_opaque (Case *self, CwDraw *draw, CwDrawTarget *on)
{
  CwOpaqueParams params = { case_source (self), self->brush, cw_rop_from_descriptor (self->descriptor, 2, 1) };

  return expect_prepared (self, cw_draw_opaque (draw, on, &params, NULL));
}

static bool
prepare_transparent (Case *self, CwDraw *draw, CwDrawTarget *on)
{
  CwImageOperand source = case_source (self);

  /* Random pixels rarely meet the key: take it from the source half of the time. */
  if (self->invers)
    self->brush.color = to_argb (get (self->source, 0, 0), self->source->format);
  return expect_prepared (self, cw_draw_transparent (draw, on, &source, self->brush.color, NULL));
}

static bool
prepare_blend (Case *self, CwDraw *draw, CwDrawTarget *on)
{
  CwBlendParams params = { .source = case_source (self), .target_has_alpha = self->invers };

  self->descriptor |= g_rand_boolean (self->rand) ? 255 : g_rand_int (self->rand);
  params.alpha = self->descriptor & 255;
  return expect_prepared (self, cw_draw_blend (draw, on, &params, NULL));
}

static void
test_fill (void)
{
  run_cases (prepare_fill, fill_reference, 3000);
}

static void
test_copy (void)
{
  run_cases (prepare_copy, copy_reference, 4000);
}

static void
test_opaque (void)
{
  run_cases (prepare_opaque, opaque_reference, 4000);
}

static void
test_transparent (void)
{
  run_cases (prepare_transparent, transparent_reference, 3000);
}

static void
test_blend (void)
{
  run_cases (prepare_blend, blend_reference, 4000);
}

/* Compares with a move through a copy. */
static void
test_copy_bits (void)
{
  for (guint32 seed = 1; seed <= 3000; seed++) {
    Case c;
    CwDrawTarget on;
    CwDraw draw;
    CwPoint from;
    int dx, dy;

    case_init (&c, seed);
    g_clear_pointer (&c.mask, cw_pixels_unref);
    from = (CwPoint){ c.box.left + between (c.rand, -12, 12), c.box.top + between (c.rand, -12, 12) };
    dx = c.box.left - from.x;
    dy = c.box.top - from.y;
    on = case_target (&c);
    cw_draw_copy_bits (&draw, &on, &from);
    while (!cw_draw_paint (&draw, 1 + seed % 60))
      ;
    for (int y = 0; y < (int) c.target->height; y++) {
      for (int x = 0; x < (int) c.target->width; x++) {
        bool moved = in_region (&c, x, y) && x - dx >= 0 && y - dy >= 0 && x - dx < (int) c.target->width
                     && y - dy < (int) c.target->height;

        g_assert_cmphex (get (c.target, x, y), ==, moved ? get (c.before, x - dx, y - dy) : get (c.before, x, y));
      }
    }
    cw_draw_clear (&draw);
    cw_region_clear (&on.region);
    case_clear (&c);
  }
}

/* A surface drawn on itself gives what a copy of the whole surface gives. */
static void
test_itself (void)
{
  for (guint32 seed = 1; seed <= 3000; seed++) {
    Case c;
    CwDrawTarget on;
    CwDraw draw = { 0 };
    CwImageOperand source;

    case_init (&c, seed);
    cw_pixels_unref (c.source);
    c.source = copy_of (c.target);
    c.raw = true;
    source = case_source (&c);
    source.pixels = c.target;
    on = case_target (&c);
    on.is_read = true;
    if (expect_prepared (&c, cw_draw_copy (&draw, &on, &source, cw_rop_from_descriptor (c.descriptor, 1, 4), NULL))) {
      g_assert_true (cw_draw_make_buffer (&draw, NULL));
      while (!cw_draw_paint (&draw, 1 + seed % 200))
        ;
      compare (&c, seed, copy_reference, 0);
    }
    cw_draw_clear (&draw);
    cw_region_clear (&on.region);
    case_clear (&c);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/draw/fill", test_fill);
  g_test_add_func ("/canvas/draw/copy", test_copy);
  g_test_add_func ("/canvas/draw/opaque", test_opaque);
  g_test_add_func ("/canvas/draw/transparent", test_transparent);
  g_test_add_func ("/canvas/draw/blend", test_blend);
  g_test_add_func ("/canvas/draw/copy-bits", test_copy_bits);
  g_test_add_func ("/canvas/draw/itself", test_itself);
  return g_test_run ();
}
