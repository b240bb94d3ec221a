/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"

/* Where the source has pixels. Its offset may be far away, so nothing is narrowed before it is limited. */
static CwRect
covered_part (const CwSource *source, const CwRect *piece)
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
paint_opaque (CwDraw *self, const CwRect *piece)
{
  CwRect covered = !self->source.scaler ? covered_part (&self->source, piece) : *piece;

  if (!cw_rect_is_empty (&covered))
    cw_draw_paint_source (self, &covered, CW_ROP_S);
  cw_draw_paint_brush (self, piece);
}

bool
cw_draw_opaque (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box, const CwDrawSource *source,
                const CwBrush *brush, CwRop rop, GError **error)
{
  CwRect columns = cw_region_extents (region);

  *self = (CwDraw){ .paint = paint_opaque, .target = target, .rop = rop };
  /* Unlike a copy, the brush also paints where the source has no pixels, so the region stays as it is. */
  return cw_draw_set_brush (self, brush, error)
         && cw_source_init (&self->source, source->pixels, source->raw ? CW_SOURCE_RAW : CW_SOURCE_CONVERTED,
                            target->format, box, &source->area, source->mode, &columns, error);
}
