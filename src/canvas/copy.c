/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"

typedef struct {
  CwPixelReader source;
  CwRop rop;
} Copy;

static void
paint (CwDraw *draw, const CwRect *piece)
{
  Copy *self = cw_draw_state (draw);

  cw_draw_paint_read (draw, &self->source, piece, self->rop);
}

static void
clear (gpointer state)
{
  cw_pixel_reader_clear (&((Copy *) state)->source);
}

static const CwDrawKind kind = { sizeof (Copy), paint, clear };

bool
cw_draw_copy (CwDraw *draw, CwDrawTarget *target, const CwImageOperand *source, CwRop rop, GError **error)
{
  Copy *self = cw_draw_begin (draw, target, &kind);

  self->rop = rop;
  return cw_draw_read (draw, &self->source, source, source->raw ? CW_READ_RAW : CW_READ_CONVERTED, error);
}
