/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"

#include "base/error.h"
#include "canvas/pixel.h"

/* What a piece costs beside its pixels, in pixels: masks make many small ones. */
#define PIECE_COST 8

/* Pieces are kept this small, so that a time limit can be honoured between them. */
#define MAX_PIECE 65536

void
cw_draw_clear (CwDraw *self)
{
  cw_source_clear (&self->source);
  *self = (CwDraw){ 0 };
}

bool
cw_draw_paint (CwDraw *self, CwRegion *region, uint32_t max_pixels)
{
  int64_t left = max_pixels;
  CwRect piece;

  while (left > 0) {
    if (!cw_region_next (region, MIN (max_pixels, MAX_PIECE), &piece))
      return true;
    self->paint (self, &piece);
    left -= cw_rect_width (&piece) * cw_rect_height (&piece) + PIECE_COST;
  }
  return false;
}

bool
cw_draw_set_source (CwDraw *self, CwRegion *region, const CwRect *box, const CwDrawSource *source, CwSourceKind kind,
                    GError **error)
{
  CwRect columns = cw_region_extents (region);

  if (!cw_source_init (&self->source, source->pixels, kind, self->target->format, box, &source->area, source->mode,
                       &columns, error))
    return false;
  /* Unscaled, there is nothing where the source has no pixels. */
  if (!self->source.scaler)
    cw_region_intersect (region, -self->source.dx, -self->source.dy, source->pixels->width, source->pixels->height);
  return true;
}

void
cw_draw_paint_source (CwDraw *self, const CwRect *piece, CwRop rop)
{
  size_t size = self->source.pixel_size;
  uint32_t buffer[CW_CANVAS_RUN];
  bool direct = !self->source.scaler && !self->source.convert;
  uint32_t run = direct ? piece->right - piece->left : CW_CANVAS_RUN;

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    for (int32_t x = piece->left; x < piece->right; x += run) {
      uint32_t n = MIN (run, (uint32_t) (piece->right - x));
      const uint8_t *row = cw_source_row (&self->source, x, y, n, (uint8_t *) buffer);

      cw_rop_row (rop, cw_draw_target (self, x, y), row, n * size);
    }
  }
}

CwPixels *
cw_draw_snapshot (const CwPixels *surface, CwRect *area, GError **error)
{
  CwRect whole = { .right = surface->width, .bottom = surface->height };
  CwRect used = cw_rect_intersect (&whole, area);
  size_t size = cw_pixel_size (surface->format);
  CwPixels *copy;

  if (cw_rect_is_empty (&used))
    used = (CwRect){ .right = 1, .bottom = 1 };
  /* The copy keeps the surface's origin at hand when the area lies partly outside; neighbours of the area are sampled
   * too, so all rows and columns next to it come along. */
  used = (CwRect){ .left = MAX (used.left - 1, 0),
                   .top = MAX (used.top - 1, 0),
                   .right = MIN (used.right + 1, whole.right),
                   .bottom = MIN (used.bottom + 1, whole.bottom) };
  copy = cw_pixels_new (surface->format, used.right - used.left, used.bottom - used.top, false, error);
  if (!copy)
    return NULL;
  for (uint32_t y = 0; y < copy->height; y++)
    memcpy (cw_pixels_row (copy, y), cw_pixels_row (surface, used.top + y) + used.left * size, copy->width * size);
  *area = (CwRect){ .left = area->left - used.left,
                    .top = area->top - used.top,
                    .right = area->right - used.left,
                    .bottom = area->bottom - used.top };
  return copy;
}
