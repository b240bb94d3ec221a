/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Premultiplied OVER. Channels are worked on in pairs, each in 16 bits of a word. */
#include "canvas/draw.h"
#include "canvas/pixel.h"

#define PAIR 0x00ff00ff

/* a * b / 255, rounded exactly, for both channels. */
static inline uint32_t
multiply (uint32_t pair, uint32_t factor)
{
  uint32_t t = pair * factor + 0x00800080;

  return ((t + (t >> 8 & PAIR)) >> 8) & PAIR;
}

/* Colours may be brighter than their alpha allows, so sums need the limit. */
static inline uint32_t
add (uint32_t a, uint32_t b)
{
  uint32_t t = a + b;

  return (t | (0x01000100 - (t >> 8 & PAIR))) & PAIR;
}

static inline uint32_t
over (uint32_t s, uint32_t d, uint32_t alpha)
{
  uint32_t low = s & PAIR, high = s >> 8 & PAIR, rest;

  if (alpha != 255) {
    low = multiply (low, alpha);
    high = multiply (high, alpha);
  }
  rest = 255 - (high >> 16);
  return add (low, multiply (d & PAIR, rest)) | add (high, multiply (d >> 8 & PAIR, rest)) << 8;
}

static void
blend_run (const CwDraw *self, uint8_t *dst, const uint8_t *src, uint32_t n)
{
  uint32_t alpha = self->alpha, opaque = self->opaque;

  for (uint32_t i = 0; i < n; i++)
    cw_store32 (dst + 4 * i, over (cw_load32 (src + 4 * i), cw_load32 (dst + 4 * i) | opaque, alpha));
}

static void
paint_blend (CwDraw *self, const CwRect *piece)
{
  CwConvertRow narrow = cw_convert_from_argb (self->target->format);
  CwConvertRow widen = cw_convert_to_argb (self->target->format);
  uint32_t source[CW_CANVAS_RUN], wide[CW_CANVAS_RUN];

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    for (int32_t x = piece->left; x < piece->right; x += CW_CANVAS_RUN) {
      uint32_t n = MIN (CW_CANVAS_RUN, (uint32_t) (piece->right - x));
      const uint8_t *s = cw_source_row (&self->source, x, y, n, (uint8_t *) source);
      uint8_t *d = cw_draw_target (self, x, y);

      if (narrow == NULL) {
        blend_run (self, d, s, n);
      } else {
        widen ((uint8_t *) wide, d, n);
        blend_run (self, (uint8_t *) wide, s, n);
        narrow (d, (const uint8_t *) wide, n);
      }
    }
  }
}

bool
cw_draw_blend (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box, const CwDrawSource *source,
               uint8_t alpha, bool target_has_alpha, GError **error)
{
  CwDrawSource nearest = *source;

  *self = (CwDraw){
    .paint = paint_blend,
    .target = target,
    .alpha = alpha,
    .opaque = target->format == CW_PIXELS_BGRX && !target_has_alpha ? 0xff000000 : 0,
  };
  nearest.mode = CW_SCALE_NEAREST;
  return cw_draw_set_source (self, region, box, &nearest, CW_SOURCE_ARGB, error);
}
