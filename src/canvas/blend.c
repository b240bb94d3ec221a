/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"
#include "canvas/pixel.h"
#include "canvas/pixman-image.h"

typedef struct {
  CwPixelReader source;
  pixman_image_t *fade;  /* NULL: none */
  pixman_image_t *image; /* the source, where pixman can read it as it is */
  pixman_image_t *target;
  CwPixelFormat target_as;
} Blend;

static void
composite (CwDraw *draw, pixman_image_t *source, CwPoint from, const CwRect *piece)
{
  const Blend *self = cw_draw_state (draw);

  pixman_image_composite32 (PIXMAN_OP_OVER, source, self->fade, self->target, from.x, from.y, 0, 0,
                            piece->left - draw->buffer_at.x, piece->top - draw->buffer_at.y, piece->right - piece->left,
                            piece->bottom - piece->top);
}

static void
paint_rows (CwDraw *draw, const CwRect *piece)
{
  Blend *self = cw_draw_state (draw);
  uint32_t buffer[CW_CANVAS_RUN];
  pixman_image_t *row = pixman_image_create_bits_no_clear (PIXMAN_a8r8g8b8, CW_CANVAS_RUN, 1, buffer, sizeof buffer);

  for (int32_t y = piece->top; row && y < piece->bottom; y++) {
    for (int32_t x = piece->left; x < piece->right; x += CW_CANVAS_RUN) {
      uint32_t n = MIN (CW_CANVAS_RUN, (uint32_t) (piece->right - x));
      const uint8_t *s = cw_pixel_reader_row (&self->source, x, y, n, (uint8_t *) buffer);

      if (s != (const uint8_t *) buffer)
        memcpy (buffer, s, n * 4);
      composite (draw, row, (CwPoint){ 0, 0 }, &(CwRect){ .left = x, .top = y, .right = x + n, .bottom = y + 1 });
    }
  }
  g_clear_pointer (&row, pixman_image_unref);
}

static void
paint (CwDraw *draw, const CwRect *piece)
{
  Blend *self = cw_draw_state (draw);

  if (!self->target)
    self->target = cw_draw_pixman_target (draw, self->target_as);
  if (!self->target)
    return;
  if (self->image)
    composite (draw, self->image, (CwPoint){ piece->left + self->source.dx, piece->top + self->source.dy }, piece);
  else
    paint_rows (draw, piece);
}

static void
clear (gpointer state)
{
  Blend *self = state;

  cw_pixel_reader_clear (&self->source);
  g_clear_pointer (&self->fade, pixman_image_unref);
  g_clear_pointer (&self->image, pixman_image_unref);
  g_clear_pointer (&self->target, pixman_image_unref);
}

static const CwDrawKind kind = { sizeof (Blend), paint, clear };

bool
cw_draw_blend (CwDraw *draw, CwDrawTarget *target, const CwBlendParams *params, GError **error)
{
  Blend *self = cw_draw_begin (draw, target, &kind);
  CwImageOperand nearest = params->source;
  pixman_color_t fade = { .alpha = params->alpha * 0x101 };

  nearest.mode = CW_SCALE_NEAREST;
  if (!cw_draw_read (draw, &self->source, &nearest, CW_READ_ARGB, error))
    return false;
  if (params->alpha != 255)
    self->fade = pixman_image_create_solid_fill (&fade);
  self->target_as = target->pixels->format;
  if (params->target_has_alpha && self->target_as == CW_PIXELS_BGRX)
    self->target_as = CW_PIXELS_BGRA;
  if (!self->source.scaler && MAX (nearest.pixels->width, nearest.pixels->height) <= CW_PIXMAN_MAX_SIDE)
    self->image
        = cw_pixman_image_new (nearest.pixels, nearest.has_alpha ? CW_PIXELS_BGRA : nearest.pixels->format, NULL);
  return true;
}
