/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"

typedef struct {
  CwBrushReader brush;
  CwRop rop;
} Fill;

static void
paint (CwDraw *draw, const CwRect *piece)
{
  const Fill *self = cw_draw_state (draw);

  for (int32_t y = piece->top; y < piece->bottom; y++)
    cw_brush_reader_rop (&self->brush, self->rop, (CwPoint){ piece->left, y }, piece->right - piece->left,
                         cw_draw_at (draw, piece->left, y));
}

static const CwDrawKind kind = { sizeof (Fill), paint };

bool
cw_draw_fill (CwDraw *draw, CwDrawTarget *target, const CwBrush *brush, CwRop rop, GError **error)
{
  Fill *self = cw_draw_begin (draw, target, &kind);

  self->rop = rop;
  return cw_brush_reader_init (&self->brush, brush, target->pixels->format, error);
}
