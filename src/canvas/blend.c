/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Premultiplied OVER. The four channels of a pixel are worked on together, each in 16 bits of a word. */
#include "canvas/draw.h"
#include "canvas/pixel.h"

#ifdef __SSE2__
#  include <emmintrin.h>
#endif

typedef struct {
  CwPixelReader source;
  uint8_t alpha;
  uint32_t opaque; /* bits set in the destination's 8888 before, to make it opaque */
} Blend;

#define LANES 0x00ff00ff00ff00ff

/* Blue, red, green, alpha from the lowest lane to the highest. */
static inline uint64_t
spread (uint32_t pixel)
{
  return (pixel & 0x00ff00ff) | (uint64_t) (pixel >> 8 & 0x00ff00ff) << 32;
}

static inline uint32_t
gather (uint64_t lanes)
{
  return (uint32_t) lanes | (uint32_t) (lanes >> 32) << 8;
}

/* a * b / 255, rounded exactly, for each channel. */
static inline uint64_t
multiply (uint64_t lanes, uint32_t factor)
{
  uint64_t t = lanes * factor + 0x0080008000800080;

  return ((t + (t >> 8 & LANES)) >> 8) & LANES;
}

/* Colours may be brighter than their alpha allows, so sums need the limit. */
static inline uint64_t
add (uint64_t a, uint64_t b)
{
  uint64_t t = a + b;

  return (t | (0x0100010001000100 - (t >> 8 & LANES))) & LANES;
}

static inline uint32_t
over (uint64_t s, uint32_t d)
{
  return gather (add (s, multiply (spread (d), 255 - (s >> 48))));
}

#ifdef __SSE2__
/* Two pixels, a byte in 16 bits each. */
static inline __m128i
multiply_sse2 (__m128i lanes, __m128i factors)
{
  __m128i t = _mm_add_epi16 (_mm_mullo_epi16 (lanes, factors), _mm_set1_epi16 (128));

  return _mm_srli_epi16 (_mm_add_epi16 (t, _mm_srli_epi16 (t, 8)), 8);
}

static inline __m128i
rest_sse2 (__m128i lanes)
{
  __m128i alpha = _mm_shufflehi_epi16 (_mm_shufflelo_epi16 (lanes, 0xff), 0xff);

  return _mm_sub_epi16 (_mm_set1_epi16 (255), alpha);
}

/* Four pixels at a time; returns how many. */
static uint32_t
blend_sse2 (const Blend *self, uint8_t *dst, const uint8_t *src, uint32_t n)
{
  const __m128i zero = _mm_setzero_si128 (), opaque = _mm_set1_epi32 (self->opaque);
  const __m128i fade = _mm_set1_epi16 (self->alpha);
  uint32_t i = 0;

  for (; i + 4 <= n; i += 4) {
    __m128i s = _mm_loadu_si128 ((const __m128i *) (const void *) (src + 4 * i));
    __m128i d = _mm_or_si128 (_mm_loadu_si128 ((const __m128i *) (const void *) (dst + 4 * i)), opaque);
    __m128i low = _mm_unpacklo_epi8 (s, zero), high = _mm_unpackhi_epi8 (s, zero);

    /* A fade of 255 changes nothing. */
    low = multiply_sse2 (low, fade);
    high = multiply_sse2 (high, fade);
    d = _mm_packus_epi16 (multiply_sse2 (_mm_unpacklo_epi8 (d, zero), rest_sse2 (low)),
                          multiply_sse2 (_mm_unpackhi_epi8 (d, zero), rest_sse2 (high)));
    _mm_storeu_si128 ((__m128i *) (void *) (dst + 4 * i), _mm_adds_epu8 (_mm_packus_epi16 (low, high), d));
  }
  return i;
}
#endif

static void
blend_run (const Blend *self, uint8_t *dst, const uint8_t *src, uint32_t n)
{
  uint32_t i = 0;

#ifdef __SSE2__
  i = blend_sse2 (self, dst, src, n);
#endif
  for (; i < n; i++)
    cw_store32 (dst + 4 * i, over (multiply (spread (cw_load32 (src + 4 * i)), self->alpha),
                                   cw_load32 (dst + 4 * i) | self->opaque));
}

static void
paint (CwDraw *draw, const CwRect *piece)
{
  Blend *self = cw_draw_state (draw);
  CwConvertRow narrow = cw_convert_from_argb (draw->target->pixels->format);
  CwConvertRow widen = cw_convert_to_argb (draw->target->pixels->format);
  uint32_t source[CW_CANVAS_RUN], wide[CW_CANVAS_RUN];

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    for (int32_t x = piece->left; x < piece->right; x += CW_CANVAS_RUN) {
      uint32_t n = MIN (CW_CANVAS_RUN, (uint32_t) (piece->right - x));
      const uint8_t *s = cw_pixel_reader_row (&self->source, x, y, n, (uint8_t *) source);
      uint8_t *d = cw_draw_at (draw, x, y);

      if (!narrow) {
        blend_run (self, d, s, n);
      } else {
        widen ((uint8_t *) wide, d, n);
        blend_run (self, (uint8_t *) wide, s, n);
        narrow (d, (const uint8_t *) wide, n);
      }
    }
  }
}

static void
clear (gpointer state)
{
  cw_pixel_reader_clear (&((Blend *) state)->source);
}

static const CwDrawKind kind = { sizeof (Blend), paint, clear };

bool
cw_draw_blend (CwDraw *draw, CwDrawTarget *target, const CwBlendParams *params, GError **error)
{
  Blend *self = cw_draw_begin (draw, target, &kind);
  CwImageOperand nearest = params->source;

  self->alpha = params->alpha;
  self->opaque = target->pixels->format == CW_PIXELS_BGRX && !params->target_has_alpha ? 0xff000000 : 0;
  nearest.mode = CW_SCALE_NEAREST;
  return cw_draw_read (draw, &self->source, &nearest, CW_READ_ARGB, error);
}
