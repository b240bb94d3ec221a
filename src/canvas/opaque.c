/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"

typedef struct {
  CwPixelReader source;
  CwBrushReader brush;
  CwRop rop;
} Opaque;

/* Where the source has pixels. Its offset may be far away, so nothing is narrowed before it is limited. */
static CwRect
covered_part (const CwPixelReader *source, const CwRect *piece)
{
  int64_t left = -source->dx, top = -source->dy;

  return (CwRect){
    .left = CLAMP (left, piece->left, piece->right),
    .top = CLAMP (top, piece->top, piece->bottom),
    .right = CLAMP (left + source->pixels->width, piece->left, piece->right),
    .bottom = CLAMP (top + source->pixels->height, piece->top, piece->bottom),
  };
}

/* The brush works on what has just been copied, while that is still in the processor's cache. */
static void
paint (CwDraw *draw, const CwRect *piece)
{
  Opaque *self = cw_draw_state (draw);
  CwRect covered = !self->source.scaler ? covered_part (&self->source, piece) : *piece;

  if (!cw_rect_is_empty (&covered))
    cw_draw_paint_read (draw, &self->source, &covered, CW_ROP_S);
  for (int32_t y = piece->top; y < piece->bottom; y++)
    cw_brush_reader_rop (&self->brush, self->rop, (CwPoint){ piece->left, y }, piece->right - piece->left,
                         cw_draw_at (draw, piece->left, y));
}

static void
clear (gpointer state)
{
  cw_pixel_reader_clear (&((Opaque *) state)->source);
}

static const CwDrawKind kind = { sizeof (Opaque), paint, clear };

bool
cw_draw_opaque (CwDraw *draw, CwDrawTarget *target, const CwOpaqueParams *params, GError **error)
{
  CwReadTarget on = { target->pixels->format, target->box };
  CwReadKind read = params->source.raw ? CW_READ_RAW : CW_READ_CONVERTED;
  Opaque *self = cw_draw_begin (draw, target, &kind);

  self->rop = params->rop;
  /* Unlike a copy, the brush also paints where the source has no pixels, so the region stays as it is. */
  return cw_brush_reader_init (&self->brush, &params->brush, target->pixels->format, error)
         && cw_pixel_reader_init (&self->source, &params->source, read, &on, error);
}
