/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scaling in 16.16 fixed point as the existing rasteriser (pixman) does it, per target pixel, so that the result does
 * not depend on clipping. Of the source no more is converted than a run of target pixels needs. */
#include "base/error.h"
#include "canvas/pixel.h"
#include "canvas/pixel-reader.h"

#include <math.h>

/* 0 gives the code of machines without vectors, which tests run everywhere. */
#ifndef CW_SCALE_VECTORS
#  ifdef __SSE2__
#    define CW_SCALE_VECTORS 1
#  else
#    define CW_SCALE_VECTORS 0
#  endif
#endif

#if CW_SCALE_VECTORS
#  include <emmintrin.h>
#endif

/* A larger area would overflow 64 bits on the way. */
#define MAX_AREA_SIDE ((int64_t) 1 << 30)

/* Two neighbours for each pixel of a run; where neighbours overlap, the row between the first and the last of them. */
#define LINE_PIXELS (2 * CW_CANVAS_RUN + 2)

/* One direction: where the target's box begins, the source coordinate there and the step for a pixel of the
 * target, 16.16. */
typedef struct {
  int64_t box, start, step;
} Axis;

/* A part of a source row as 8888, or a pair of neighbours for each pixel of a run; nothing where the image ends. */
typedef struct {
  int64_t row, first; /* what it holds; row INT64_MIN: nothing yet */
  uint32_t length;
  bool pairs;
  uint32_t pixels[LINE_PIXELS];
} Line;

struct CwScaler {
  const CwPixels *pixels;
  CwScaleMode mode;
  CwConvertRow to_target, target_to_argb; /* source pixels to 8888, in one step or two */
  CwConvertRow narrow;                    /* 8888 to the rows handed out; NULL: they are 8888 */
  Axis x, y;
  Line lines[2];
  uint32_t row[LINE_PIXELS]; /* between the two steps */
};

/* A coordinate of the target as one of the source. */
static int64_t
source_position (const Axis *self, int32_t at)
{
  return self->start + self->step * ((int64_t) at - self->box);
}

static Axis
make_axis (int32_t box, int64_t box_size, int32_t area, int64_t area_size)
{
  int64_t step = area_size * 65536 / box_size;

  return (Axis){ box, ((step * 32768 + 32768) >> 16) + area * (int64_t) 65536, step };
}

/* As if the whole image were scaled and the box showed a part of that, which begins at a whole pixel. */
static Axis
make_whole_axis (int32_t box, int64_t box_size, int32_t area, int64_t area_size)
{
  double ratio = (double) area_size / box_size;
  int64_t step = ratio * 65536, first = step > 0 ? floor (area / ratio + 0.5) : 0;

  return (Axis){ box, ((step * 32768 + 32768) >> 16) + step * first, step };
}

static void
set_conversions (CwScaler *self, const CwImageOperand *operand, CwReadKind kind, CwPixelFormat target)
{
  CwPixelFormat format = self->pixels->format;

  if (kind != CW_READ_ARGB && cw_pixel_size (target) != 4) {
    if (kind == CW_READ_CONVERTED)
      self->to_target = cw_convert_to_format (format, target);
    format = target; /* raw words count as the target's */
    self->narrow = cw_convert_from_argb (target);
  }
  if (!operand->has_alpha)
    self->target_to_argb = cw_convert_to_argb (format);
}

CwScaler *
cw_scaler_new (const CwImageOperand *operand, CwReadKind kind, const CwReadTarget *target, GError **error)
{
  const CwRect *box = &target->box, *area = &operand->area;
  Axis (*make) (int32_t, int64_t, int32_t, int64_t);
  CwScaler *self;

  if (cw_rect_is_empty (box) || cw_rect_is_empty (area) || cw_rect_width (area) > MAX_AREA_SIDE
      || cw_rect_height (area) > MAX_AREA_SIDE) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED,
                 "scaling of %" G_GINT64_FORMAT "×%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "×%" G_GINT64_FORMAT
                 " pixels",
                 cw_rect_width (area), cw_rect_height (area), cw_rect_width (box), cw_rect_height (box));
    return NULL;
  }
  self = g_new (CwScaler, 1);
  self->pixels = operand->pixels;
  self->mode = operand->mode;
  self->to_target = self->target_to_argb = self->narrow = NULL;
  make = operand->whole ? make_whole_axis : make_axis;
  self->x = make (box->left, cw_rect_width (box), area->left, cw_rect_width (area));
  self->y = make (box->top, cw_rect_height (box), area->top, cw_rect_height (area));
  self->lines[0].row = self->lines[1].row = INT64_MIN;
  set_conversions (self, operand, kind, target->format);
  return self;
}

void
cw_scaler_free (CwScaler *self)
{
  g_free (self);
}

/* n source pixels to 8888. */
static void
convert (CwScaler *self, uint32_t *out, const uint8_t *from, uint32_t n)
{
  if (self->to_target) {
    self->to_target ((uint8_t *) self->row, from, n);
    from = (const uint8_t *) self->row;
  }
  if (self->target_to_argb)
    self->target_to_argb ((uint8_t *) out, from, n);
  else
    memcpy (out, from, n * 4);
}

/* Pixels first … first + n - 1 of a row of the image, which may reach beyond it. */
static void
read_span (CwScaler *self, uint32_t *out, int64_t row, int64_t first, uint32_t n)
{
  int64_t width = self->pixels->width, from = CLAMP (first, 0, width), to = CLAMP (first + n, 0, width);
  size_t size = cw_pixel_size (self->pixels->format);

  if (row < 0 || row >= self->pixels->height)
    from = to = 0;
  if (to - from < n)
    memset (out, 0, n * 4);
  if (from < to)
    convert (self, out + (from - first), cw_pixels_row (self->pixels, row) + from * size, to - from);
}

/* The neighbours of n taps from u on: the row between the first and the last, or a pair for each if that is less. */
static const uint32_t *
get_line (CwScaler *self, int64_t row, int64_t u, uint32_t n, bool pairs)
{
  int64_t first = u >> 16, last = (u + (n - 1) * self->x.step) >> 16;
  uint32_t length = pairs ? 2 * n : last - first + 2;
  Line *line = &self->lines[row & 1]; /* rows next to each other never share one */

  if (line->row == row && line->first == first && line->length == length && line->pairs == pairs)
    return line->pixels;
  line->row = row;
  line->first = first;
  line->length = length;
  line->pairs = pairs;
  if (!pairs) {
    read_span (self, line->pixels, row, first, length);
    return line->pixels;
  }
  for (uint32_t i = 0; i < n; i++)
    read_span (self, line->pixels + 2 * i, row, (u + i * self->x.step) >> 16, 2);
  return line->pixels;
}

/* A pixel from two neighbours in each of two lines: horizontally by a of 256, vertically by b. */
#if CW_SCALE_VECTORS
/* left * (256 - a) + right * a for the four channels: 16 bits suffice. */
static inline __m128i
blend_neighbours (const uint32_t *pixels, __m128i weights)
{
  __m128i both = _mm_loadl_epi64 ((const __m128i *) (const void *) pixels);
  __m128i products = _mm_mullo_epi16 (_mm_unpacklo_epi8 (both, _mm_setzero_si128 ()), weights);

  return _mm_add_epi16 (products, _mm_srli_si128 (products, 8));
}

static inline uint32_t
interpolate (const uint32_t *upper, const uint32_t *lower, uint32_t a, uint32_t b)
{
  /* The multiplication that adds pairs is signed: both sides are moved by 2^15, which as the weights' sum is 256 moves
   * the result by 2^23. */
  const __m128i bias = _mm_set1_epi16 (INT16_MIN);
  __m128i weights = _mm_unpacklo_epi64 (_mm_set1_epi16 (256 - a), _mm_set1_epi16 (a));
  __m128i above = _mm_xor_si128 (blend_neighbours (upper, weights), bias);
  __m128i below = _mm_xor_si128 (blend_neighbours (lower, weights), bias);
  __m128i sum = _mm_madd_epi16 (_mm_unpacklo_epi16 (above, below), _mm_set1_epi32 (b << 16 | (256 - b)));

  sum = _mm_srli_epi32 (_mm_add_epi32 (sum, _mm_set1_epi32 (1 << 23)), 16);
  sum = _mm_packs_epi32 (sum, sum);
  return _mm_cvtsi128_si32 (_mm_packus_epi16 (sum, sum));
}
#else
static inline uint64_t
unpack (uint32_t channels)
{
  return (uint64_t) (channels & 0xff00) << 24 | (channels & 0xff);
}

/* Two channels at a time, in 32 bits each; the weights' sum is 2^16. */
static inline uint32_t
interpolate (const uint32_t *upper, const uint32_t *lower, uint32_t a, uint32_t b)
{
  uint32_t c00 = upper[0], c10 = upper[1], c01 = lower[0], c11 = lower[1];
  uint32_t w00 = (256 - a) * (256 - b), w10 = a * (256 - b), w01 = (256 - a) * b, w11 = a * b;
  uint64_t low = unpack (c00) * w00 + unpack (c10) * w10 + unpack (c01) * w01 + unpack (c11) * w11;
  uint64_t high
      = unpack (c00 >> 16) * w00 + unpack (c10 >> 16) * w10 + unpack (c01 >> 16) * w01 + unpack (c11 >> 16) * w11;

  return (high >> 24 & 0xff000000) | (high & 0x00ff0000) | (low >> 40 & 0xff00) | (low >> 16 & 0xff);
}
#endif

static void
interpolate_row (CwScaler *self, int64_t v, int64_t w, uint32_t n, uint32_t *out)
{
  int64_t u = v - 32768, step = self->x.step, row = (w - 32768) >> 16, first = u >> 16;
  bool pairs = ((u + (n - 1) * step) >> 16) - first + 2 > 2 * n;
  const uint32_t *upper = get_line (self, row, u, n, pairs), *lower = get_line (self, row + 1, u, n, pairs);
  uint32_t b = ((w - 32768) & 0xffff) >> 9 << 1;

  for (uint32_t i = 0; i < n; i++, u += step) {
    size_t tap = pairs ? 2 * i : (u >> 16) - first;

    out[i] = interpolate (upper + tap, lower + tap, (u & 0xffff) >> 9 << 1, b);
  }
}

/* Where the image ends, pixels of nothing. */
static void
nearest_row (CwScaler *self, int64_t v, int64_t w, uint32_t n, uint32_t *out)
{
  int64_t u = v - 1, step = self->x.step, row = (w - 1) >> 16, width = self->pixels->width;
  size_t size = cw_pixel_size (self->pixels->format);
  uint32_t taken[CW_CANVAS_RUN], begin = 0, end = 0;
  const uint8_t *from;

  if (row >= 0 && row < self->pixels->height && step == 0) {
    end = u >= 0 && u < width << 16 ? n : 0; /* a box 65,536 times as wide: all the same pixel */
  } else if (row >= 0 && row < self->pixels->height) {
    /* Positions only grow, so those inside the image follow each other. */
    begin = u >= 0 ? 0 : MIN (n, (-u + step - 1) / step);
    end = u >= width << 16 ? 0 : MIN (n, ((width << 16) - 1 - u) / step + 1);
  }
  if (begin >= end) {
    memset (out, 0, n * 4);
    return;
  }
  from = cw_pixels_row (self->pixels, row);
  for (uint32_t i = begin; i < end; i++) {
    const uint8_t *pixel = from + ((u + i * step) >> 16) * size;

    if (size == 4)
      taken[i] = cw_load32 (pixel);
    else if (size == 2)
      cw_store16 ((uint8_t *) taken + 2 * i, cw_load16 (pixel));
    else
      ((uint8_t *) taken)[i] = *pixel;
  }
  memset (out, 0, begin * 4);
  convert (self, out + begin, (const uint8_t *) taken + begin * size, end - begin);
  memset (out + end, 0, (n - end) * 4);
}

void
cw_scaler_row (CwScaler *self, int32_t x, int32_t y, uint32_t n, uint8_t *out)
{
  int64_t v = source_position (&self->x, x);
  int64_t w = source_position (&self->y, y);
  uint32_t buffer[CW_CANVAS_RUN];
  uint32_t *pixels = self->narrow ? buffer : (uint32_t *) (void *) out;

  if (self->mode == CW_SCALE_NEAREST)
    nearest_row (self, v, w, n, pixels);
  else
    interpolate_row (self, v, w, n, pixels);
  if (self->narrow)
    self->narrow (out, (const uint8_t *) buffer, n);
}
