/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"
#include "canvas/pixel.h"

/* The region hands out boxes and rows so that nothing is overwritten before it has been read; rows in place need
 * memmove. */
static void
paint_copy_bits (CwDraw *self, const CwRect *piece)
{
  size_t size = (size_t) (piece->right - piece->left) * cw_pixel_size (self->target->format);
  int32_t height = piece->bottom - piece->top;

  for (int32_t i = 0; i < height; i++) {
    int32_t y = self->dy > 0 ? piece->bottom - 1 - i : piece->top + i;

    memmove (cw_draw_target (self, piece->left, y), cw_draw_target (self, piece->left - self->dx, y - self->dy), size);
  }
}

void
cw_draw_copy_bits (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box, const CwPoint *from)
{
  *self = (CwDraw){
    .paint = paint_copy_bits,
    .target = target,
    .dx = (int64_t) box->left - from->x,
    .dy = (int64_t) box->top - from->y,
  };
  if (self->dx == 0 && self->dy == 0)
    cw_region_intersect (region, 0, 0, 0, 0);
  else
    cw_region_intersect (region, self->dx, self->dy, target->width, target->height);
  cw_region_order_for_move (region, self->dx, self->dy);
}
