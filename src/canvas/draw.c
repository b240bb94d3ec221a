/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"

#include "base/error.h"
#include "canvas/pixel.h"

/* What a piece costs beside its pixels, in pixels: masks make many small ones. */
#define PIECE_COST 8

/* Pieces are kept this small, so that a time limit can be honoured between them. */
#define MAX_PIECE 65536

gpointer
cw_draw_begin (CwDraw *self, CwDrawTarget *target, const CwDrawKind *kind)
{
  g_assert (kind->state_size <= sizeof self->state);
  self->kind = kind;
  self->target = target;
  memset (&self->state, 0, kind->state_size);
  return &self->state;
}

void
cw_draw_clear (CwDraw *self)
{
  if (self->kind && self->kind->clear)
    self->kind->clear (&self->state);
  self->kind = NULL;
}

bool
cw_draw_paint (CwDraw *self, uint32_t max_pixels)
{
  int64_t left = max_pixels;
  CwRect piece;

  if (!self->kind)
    return true;
  while (left > 0) {
    if (!cw_region_next (&self->target->region, MIN (max_pixels, MAX_PIECE), &piece))
      return true;
    self->kind->paint (self, &piece);
    left -= cw_rect_width (&piece) * cw_rect_height (&piece) + PIECE_COST;
  }
  return false;
}

bool
cw_draw_read (CwDraw *self, CwPixelReader *reader, const CwImageOperand *source, CwReadKind kind, GError **error)
{
  CwDrawTarget *target = self->target;
  CwReadTarget read = { target->pixels->format, target->box, cw_region_extents (&target->region) };

  if (!cw_pixel_reader_init (reader, source, kind, &read, error))
    return false;
  /* Unscaled, there is nothing where the source has no pixels. */
  if (!reader->scaler)
    cw_region_intersect (&target->region, -reader->dx, -reader->dy, source->pixels->width, source->pixels->height);
  return true;
}

void
cw_draw_paint_read (CwDraw *self, CwPixelReader *reader, const CwRect *piece, CwRop rop)
{
  uint32_t buffer[CW_CANVAS_RUN];
  bool direct = !reader->scaler && !reader->convert;
  uint32_t run = direct ? piece->right - piece->left : CW_CANVAS_RUN;

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    for (int32_t x = piece->left; x < piece->right; x += run) {
      uint32_t n = MIN (run, (uint32_t) (piece->right - x));
      const uint8_t *row = cw_pixel_reader_row (reader, x, y, n, (uint8_t *) buffer);

      cw_rop_row (rop, cw_draw_at (self, x, y), row, n * reader->pixel_size);
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
