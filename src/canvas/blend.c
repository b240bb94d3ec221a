/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Premultiplied OVER. The four channels of a pixel are worked on together, each in 16 bits of a word. */
#include "canvas/draw.h"
#include "canvas/pixel.h"

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

static void
blend_run (const CwDraw *self, uint8_t *dst, const uint8_t *src, uint32_t n)
{
  uint32_t opaque = self->opaque;

  for (uint32_t i = 0; i < n; i++) {
    uint32_t s = cw_load32 (src + 4 * i), d = cw_load32 (dst + 4 * i) | opaque;

    /* Most pixels of real pictures cover all or nothing. */
    if (s >= 0xff000000)
      d = s;
    else if (s != 0)
      d = over (spread (s), d);
    cw_store32 (dst + 4 * i, d);
  }
}

static void
blend_run_faded (const CwDraw *self, uint8_t *dst, const uint8_t *src, uint32_t n)
{
  uint32_t alpha = self->alpha, opaque = self->opaque;

  for (uint32_t i = 0; i < n; i++)
    cw_store32 (dst + 4 * i, over (multiply (spread (cw_load32 (src + 4 * i)), alpha),
                                   cw_load32 (dst + 4 * i) | opaque));
}

static void
paint_blend (CwDraw *self, const CwRect *piece)
{
  CwConvertRow narrow = cw_convert_from_argb (self->target->format);
  CwConvertRow widen = cw_convert_to_argb (self->target->format);
  void (*blend) (const CwDraw *, uint8_t *, const uint8_t *, uint32_t) =
    self->alpha == 255 ? blend_run : blend_run_faded;
  uint32_t source[CW_CANVAS_RUN], wide[CW_CANVAS_RUN];

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    for (int32_t x = piece->left; x < piece->right; x += CW_CANVAS_RUN) {
      uint32_t n = MIN (CW_CANVAS_RUN, (uint32_t) (piece->right - x));
      const uint8_t *s = cw_source_row (&self->source, x, y, n, (uint8_t *) source);
      uint8_t *d = cw_draw_target (self, x, y);

      if (narrow == NULL) {
        blend (self, d, s, n);
      } else {
        widen ((uint8_t *) wide, d, n);
        blend (self, (uint8_t *) wide, s, n);
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
