/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"

#include "base/error.h"
#include "canvas/pixel.h"
#include "canvas/pixman-image.h"

/* Pieces are kept this small, so that a time limit can be honoured between them. */
#define MAX_PIECE 65536

/* A target that is read is drawn in three walks over its region: into the buffer, in the buffer, and back. */
enum { STAGE_FETCH, STAGE_PAINT, STAGE_STORE };

gpointer
cw_draw_begin (CwDraw *self, CwDrawTarget *target, const CwDrawKind *kind)
{
  self->kind = kind;
  self->target = target;
  self->pixel_cost = 1;
  self->stage = STAGE_PAINT;
  self->buffer = NULL;
  self->buffer_at = (CwPoint){ 0, 0 };
  self->error = NULL;
  self->large_state = NULL;
  if (kind->state_size > sizeof self->state)
    self->large_state = g_malloc0 (kind->state_size);
  else
    memset (&self->state, 0, kind->state_size);
  return cw_draw_state (self);
}

void
cw_draw_clear (CwDraw *self)
{
  if (!self->kind)
    return;
  if (self->kind->clear)
    self->kind->clear (cw_draw_state (self));
  g_clear_pointer (&self->large_state, g_free);
  g_clear_pointer (&self->buffer, cw_pixels_unref);
  g_clear_error (&self->error);
  self->kind = NULL;
}

bool
cw_draw_make_buffer (CwDraw *self, GError **error)
{
  CwRect extents;

  if (!self->kind || !self->target->is_read || cw_region_is_empty (&self->target->region))
    return true;
  extents = self->target->region.extents;
  /* Its pages come as it is filled. */
  self->buffer = cw_pixels_new_zeroed (self->target->pixels->format, extents.right - extents.left,
                                       extents.bottom - extents.top, error);
  self->buffer_at = (CwPoint){ extents.left, extents.top };
  self->stage = STAGE_FETCH;
  return self->buffer != NULL;
}

static void
move_piece (CwDraw *self, const CwRect *piece)
{
  const CwPixels *pixels = self->target->pixels;
  size_t size = cw_pixel_size (pixels->format), n = (piece->right - piece->left) * size;

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    uint8_t *there = cw_pixels_row (pixels, y) + piece->left * size, *here = cw_draw_at (self, piece->left, y);

    if (self->stage == STAGE_FETCH)
      memcpy (here, there, n);
    else
      memcpy (there, here, n);
  }
}

/* TRUE when there is no other stage. */
static bool
end_stage (CwDraw *self)
{
  if (!self->buffer || self->stage == STAGE_STORE)
    return true;
  self->stage++;
  cw_region_rewind (&self->target->region);
  return false;
}

static void
expect_write (CwDraw *self, const CwRect *piece)
{
  CwRect there = *piece;

  if (self->stage == STAGE_FETCH)
    there = (CwRect){ piece->left - self->buffer_at.x, piece->top - self->buffer_at.y, piece->right - self->buffer_at.x,
                      piece->bottom - self->buffer_at.y };
  cw_pixels_expect_write (self->stage == STAGE_FETCH ? self->buffer : self->target->pixels, &there);
}

bool
cw_draw_walk (CwDraw *self, uint32_t max_pixels, int64_t *left)
{
  unsigned pixel_cost = self->stage == STAGE_PAINT ? self->pixel_cost : 1;
  uint32_t cost, most = MIN (max_pixels, MAX_PIECE) / pixel_cost;
  CwRect piece;

  while (*left > 0) {
    if (!cw_region_next (&self->target->region, most, &piece, &cost))
      return true;
    *left -= (int64_t) cost * pixel_cost;
    if (cw_rect_is_empty (&piece))
      continue;
    expect_write (self, &piece);
    if (self->stage == STAGE_PAINT)
      self->kind->paint (self, &piece);
    else
      move_piece (self, &piece);
  }
  return false;
}

bool
cw_draw_paint (CwDraw *self, uint32_t max_pixels)
{
  int64_t left = max_pixels;

  if (!self->kind)
    return true;
  for (;;) {
    bool (*step) (CwDraw *, uint32_t, int64_t *) = self->stage == STAGE_PAINT ? self->kind->step : NULL;

    if (!(step ? step : cw_draw_walk) (self, max_pixels, &left))
      return false;
    if (self->error || end_stage (self))
      return true;
  }
}

bool
cw_draw_read (CwDraw *self, CwPixelReader *reader, const CwImageOperand *source, CwReadKind kind, GError **error)
{
  CwDrawTarget *target = self->target;
  CwReadTarget read = { target->pixels->format, target->box };

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

pixman_image_t *
cw_draw_pixman_target (const CwDraw *self, CwPixelFormat as)
{
  return cw_pixman_image_new (self->buffer ? self->buffer : self->target->pixels, as, NULL);
}
