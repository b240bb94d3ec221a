/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scaling in 16.16 fixed point as the existing rasteriser (pixman) does it, per target pixel, so that the result does
 * not depend on clipping. */
#include "base/error.h"
#include "canvas/pixel.h"
#include "canvas/pixel-reader.h"

#ifdef __SSE2__
#  include <emmintrin.h>
#endif

/* Pixels of nothing on both sides of a line, so that a tap and its right neighbour may lie outside. */
#define PAD 2

/* A larger area would overflow 64 bits on the way. */
#define MAX_AREA_SIDE ((int64_t) 1 << 30)

typedef struct {
  int64_t row;      /* source row the line holds, INT64_MIN: none yet */
  uint32_t *pixels; /* PAD + width + PAD */
} Line;

struct CwScaler {
  const CwPixels *pixels;
  CwScaleMode mode;
  CwConvertRow to_target, target_to_argb; /* a source row to 8888, in one step or two */
  CwConvertRow narrow;                    /* 8888 to the rows handed out; NULL: they are 8888 */
  size_t target_size;                     /* bytes per pixel between the two steps */
  int64_t top, step_y, area_top;
  int32_t columns_left;
  int32_t *tap;     /* per column: index into a line */
  uint16_t *weight; /* per column: of the right neighbour, 0 … 254 */
  Line lines[2];
  uint8_t *row; /* between the two steps */
};

/* Position i pixels into the target as a source coordinate, 16.16. */
static int64_t
source_position (int64_t i, int64_t step, int64_t origin)
{
  return ((step * (i * 65536 + 32768) + 32768) >> 16) + origin * 65536;
}

static void
set_columns (CwScaler *self, const CwRect *box, const CwRect *area, const CwRect *columns)
{
  int64_t step = cw_rect_width (area) * 65536 / cw_rect_width (box);
  int64_t last = (int64_t) self->pixels->width;

  for (int32_t x = columns->left; x < columns->right; x++) {
    int64_t v = source_position ((int64_t) x - box->left, step, area->left);
    int64_t u = self->mode == CW_SCALE_NEAREST ? v - 1 : v - 32768;

    self->tap[x - columns->left] = PAD + CLAMP (u >> 16, -PAD, last);
    self->weight[x - columns->left] = (u & 0xffff) >> 9 << 1;
  }
}

static void
set_conversions (CwScaler *self, const CwImageOperand *operand, CwReadKind kind, CwPixelFormat target)
{
  CwPixelFormat format = self->pixels->format;

  self->target_size = cw_pixel_size (target);
  if (kind != CW_READ_ARGB && self->target_size != 4) {
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
  const CwRect *box = &target->box, *area = &operand->area, *columns = &target->columns;
  const CwPixels *pixels = operand->pixels;
  CwScaler *self;
  uint32_t n = MAX (columns->right - columns->left, 1); /* asking for none must not look like no memory */
  size_t line = pixels->width + 2 * PAD;

  if (cw_rect_is_empty (box) || cw_rect_is_empty (area) || cw_rect_width (area) > MAX_AREA_SIDE
      || cw_rect_height (area) > MAX_AREA_SIDE) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED,
                 "scaling of %" G_GINT64_FORMAT "×%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "×%" G_GINT64_FORMAT
                 " pixels",
                 cw_rect_width (area), cw_rect_height (area), cw_rect_width (box), cw_rect_height (box));
    return NULL;
  }
  self = g_new0 (CwScaler, 1);
  self->pixels = pixels;
  self->mode = operand->mode;
  self->top = box->top;
  self->area_top = area->top;
  self->step_y = cw_rect_height (area) * 65536 / cw_rect_height (box);
  self->columns_left = columns->left;
  set_conversions (self, operand, kind, target->format);
  self->tap = g_try_new (int32_t, n);
  self->weight = g_try_new (uint16_t, n);
  self->lines[0] = (Line){ INT64_MIN, g_try_new0 (uint32_t, line) };
  self->lines[1] = (Line){ INT64_MIN, g_try_new0 (uint32_t, line) };
  self->row = g_try_malloc (line * 4);
  if (!self->tap || !self->weight || !self->lines[0].pixels || !self->lines[1].pixels || !self->row) {
    cw_scaler_free (self);
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for scaling to %u columns", n);
    return NULL;
  }
  set_columns (self, box, area, columns);
  return self;
}

void
cw_scaler_free (CwScaler *self)
{
  g_free (self->tap);
  g_free (self->weight);
  g_free (self->lines[0].pixels);
  g_free (self->lines[1].pixels);
  g_free (self->row);
  g_free (self);
}

/* The source's row as 8888 with nothing around it; rows outside are nothing too. */
static const uint32_t *
get_line (CwScaler *self, int64_t row)
{
  Line *line = &self->lines[row & 1]; /* neighbours never share a line */
  uint8_t *out = (uint8_t *) (line->pixels + PAD);
  uint32_t width = self->pixels->width;

  if (line->row == row)
    return line->pixels;
  line->row = row;
  if (row < 0 || row >= self->pixels->height) {
    memset (out, 0, width * 4);
  } else {
    const uint8_t *from = cw_pixels_row (self->pixels, row);

    if (self->to_target) {
      self->to_target (self->row, from, width);
      from = self->row;
    }
    if (self->target_to_argb)
      self->target_to_argb (out, from, width);
    else
      memcpy (out, from, width * 4);
  }
  return line->pixels;
}

/* A pixel from two neighbours in each of two lines: horizontally by a of 256, vertically by b. */
#ifdef __SSE2__
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

void
cw_scaler_row (CwScaler *self, int32_t x, int32_t y, uint32_t n, uint8_t *out)
{
  const int32_t *tap = self->tap + (x - self->columns_left);
  const uint16_t *weight = self->weight + (x - self->columns_left);
  int64_t v = source_position ((int64_t) y - self->top, self->step_y, self->area_top);
  uint32_t buffer[CW_CANVAS_RUN];
  uint32_t *pixels = self->narrow ? buffer : (uint32_t *) (void *) out;

  if (self->mode == CW_SCALE_NEAREST) {
    const uint32_t *line = get_line (self, (v - 1) >> 16);

    for (uint32_t i = 0; i < n; i++)
      pixels[i] = line[tap[i]];
  } else {
    int64_t u = v - 32768;
    uint32_t b = (u & 0xffff) >> 9 << 1;
    const uint32_t *upper = get_line (self, u >> 16), *lower = get_line (self, (u >> 16) + 1);

    for (uint32_t i = 0; i < n; i++)
      pixels[i] = interpolate (upper + tap[i], lower + tap[i], weight[i], b);
  }
  if (self->narrow)
    self->narrow (out, (const uint8_t *) buffer, n);
}
