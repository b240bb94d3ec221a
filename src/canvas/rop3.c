/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"
#include "canvas/pixel.h"

typedef struct {
  CwPixelReader source;
  CwBrushReader brush;
  uint8_t rop3;
} Rop3;

static void
paint (CwDraw *draw, const CwRect *piece)
{
  Rop3 *self = cw_draw_state (draw);
  uint32_t source[CW_CANVAS_RUN], brush[CW_CANVAS_RUN];

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    for (int32_t x = piece->left; x < piece->right; x += CW_CANVAS_RUN) {
      uint32_t n = MIN (CW_CANVAS_RUN, (uint32_t) (piece->right - x));
      const uint8_t *row = cw_pixel_reader_row (&self->source, x, y, n, (uint8_t *) source);

      cw_brush_reader_row (&self->brush, x, y, n, (uint8_t *) brush);
      cw_rop3_row (self->rop3, cw_draw_at (draw, x, y), row, (const uint8_t *) brush, n * self->source.pixel_size);
    }
  }
}

static void
clear (gpointer state)
{
  cw_pixel_reader_clear (&((Rop3 *) state)->source);
}

static const CwDrawKind kind = { sizeof (Rop3), paint, clear };

bool
cw_draw_rop3 (CwDraw *draw, CwDrawTarget *target, const CwRop3Params *params, GError **error)
{
  CwReadKind read = params->source.raw ? CW_READ_RAW : CW_READ_CONVERTED;
  Rop3 *self = cw_draw_begin (draw, target, &kind);
  CwImageOperand source = params->source;

  source.whole = true;
  self->rop3 = params->rop3;
  return cw_brush_reader_init (&self->brush, &params->brush, target->pixels->format, error)
         && cw_draw_read (draw, &self->source, &source, read, error);
}
