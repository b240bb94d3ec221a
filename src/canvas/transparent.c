/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"
#include "canvas/pixel.h"

typedef struct {
  CwPixelReader source;
  uint32_t key, key_mask;
} Transparent;

static void
paint_run (const Transparent *self, uint8_t *dst, const uint8_t *src, uint32_t n)
{
  switch (self->source.pixel_size) {
  case 4:
    for (uint32_t i = 0; i < n; i++) {
      uint32_t s = cw_load32 (src + 4 * i);

      if ((s & self->key_mask) != self->key)
        cw_store32 (dst + 4 * i, s);
    }
    break;
  case 2:
    for (uint32_t i = 0; i < n; i++) {
      uint16_t s = cw_load16 (src + 2 * i);

      if ((s & self->key_mask) != self->key)
        cw_store16 (dst + 2 * i, s);
    }
    break;
  default:
    for (uint32_t i = 0; i < n; i++) {
      if (src[i] != self->key)
        dst[i] = src[i];
    }
  }
}

static void
paint (CwDraw *draw, const CwRect *piece)
{
  Transparent *self = cw_draw_state (draw);
  uint32_t buffer[CW_CANVAS_RUN];

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    for (int32_t x = piece->left; x < piece->right; x += CW_CANVAS_RUN) {
      uint32_t n = MIN (CW_CANVAS_RUN, (uint32_t) (piece->right - x));

      paint_run (self, cw_draw_at (draw, x, y), cw_pixel_reader_row (&self->source, x, y, n, (uint8_t *) buffer), n);
    }
  }
}

static void
clear (gpointer state)
{
  cw_pixel_reader_clear (&((Transparent *) state)->source);
}

static const CwDrawKind kind = { sizeof (Transparent), paint, clear };

bool
cw_draw_transparent (CwDraw *draw, CwDrawTarget *target, const CwImageOperand *source, uint32_t key, GError **error)
{
  Transparent *self = cw_draw_begin (draw, target, &kind);
  CwImageOperand nearest = *source;

  self->key_mask = 0xffff;
  switch (target->pixels->format) {
  case CW_PIXELS_X1R5G5B5:
    self->key = cw_555_of_rgb (key);
    break;
  case CW_PIXELS_R5G6B5:
    self->key = cw_565_of_rgb (key);
    break;
  case CW_PIXELS_A8:
    self->key = 0;
    break;
  default:
    self->key_mask = 0xffffff;
    self->key = key & 0xffffff;
  }
  nearest.mode = CW_SCALE_NEAREST;
  return cw_draw_read (draw, &self->source, &nearest, source->raw ? CW_READ_RAW : CW_READ_CONVERTED, error);
}
