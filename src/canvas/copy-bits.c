/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"
#include "canvas/pixel.h"

typedef struct {
  int64_t dx, dy; /* how far pixels move */
} CopyBits;

/* The region hands out boxes and rows so that nothing is overwritten before it has been read; rows in place need
 * memmove. */
static void
paint (CwDraw *draw, const CwRect *piece)
{
  const CopyBits *self = cw_draw_state (draw);
  size_t size = (size_t) (piece->right - piece->left) * cw_pixel_size (draw->target->pixels->format);
  int32_t height = piece->bottom - piece->top;

  for (int32_t i = 0; i < height; i++) {
    int32_t y = self->dy > 0 ? piece->bottom - 1 - i : piece->top + i;

    memmove (cw_draw_at (draw, piece->left, y), cw_draw_at (draw, piece->left - self->dx, y - self->dy), size);
  }
}

static const CwDrawKind kind = { sizeof (CopyBits), paint };

void
cw_draw_copy_bits (CwDraw *draw, CwDrawTarget *target, const CwPoint *from)
{
  CopyBits *self = cw_draw_begin (draw, target, &kind);
  CwRegion *region = &target->region;

  self->dx = (int64_t) target->box.left - from->x;
  self->dy = (int64_t) target->box.top - from->y;
  if (self->dx == 0 && self->dy == 0)
    cw_region_intersect (region, 0, 0, 0, 0);
  else
    cw_region_intersect (region, self->dx, self->dy, target->pixels->width, target->pixels->height);
  cw_region_order_for_move (region, self->dx, self->dy);
}
