/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/frame-painting.h"

#include "render/clip.h"

void
cw_frame_painting_stop (CwFramePainting *self)
{
  if (!self->surface)
    return;
  cw_draw_clear (&self->draw);
  cw_region_clear (&self->on.region);
  g_clear_pointer (&self->frame, cw_pixels_unref);
  g_clear_pointer (&self->surface, cw_render_surface_unref);
}

void
cw_frame_painting_begin (CwFramePainting *self, CwRenderState *state, uint32_t surface_id, CwPixels *picture,
                         const CwRect *dest, const CwWireClip *clip)
{
  CwRenderSurface *surface = cw_surface_table_get_current (&state->surfaces, surface_id);
  const CwImageOperand source
      = { .pixels = picture, .area = { .right = picture->width, .bottom = picture->height }, .mode = CW_SCALE_NEAREST };

  if (!surface || surface->pixels->format == CW_PIXELS_A1) {
    cw_pixels_unref (picture);
    return;
  }
  *self = (CwFramePainting){ .surface = cw_render_surface_ref (surface), .frame = picture };
  self->on = (CwDrawTarget){ .pixels = surface->pixels, .box = *dest };
  /* Preparing needs somewhere to draw. */
  if (!cw_clip_target (&self->on, clip, NULL) || cw_region_is_empty (&self->on.region)
      || !cw_draw_copy (&self->draw, &self->on, &source, CW_ROP_S, NULL))
    cw_frame_painting_stop (self);
}

bool
cw_frame_painting_run (CwFramePainting *self, CwRenderState *state, uint32_t max_pixels)
{
  if (!self->surface)
    return true;
  if (self->surface->pixels) { /* it may have been destroyed meanwhile */
    if (!cw_draw_paint (&self->draw, max_pixels))
      return false;
    if (self->surface == state->surfaces.current_primary)
      cw_damage_add (&state->damage, &self->on.box, self->surface->width, self->surface->height);
  }
  cw_frame_painting_stop (self);
  return true;
}
