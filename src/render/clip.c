/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/clip.h"

#include "base/error.h"

bool
cw_clip_target (CwDrawTarget *on, const CwWireClip *clip, GError **error)
{
  CwRect bounds = { .right = on->pixels->width, .bottom = on->pixels->height }, *clips;

  cw_region_init (&on->region, &bounds, &on->box);
  if (clip->type != CW_CLIP_TYPE_RECTS || cw_region_is_empty (&on->region))
    return true;
  clips = g_try_new (CwRect, clip->n_rects + 1);
  if (!clips) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for %u clip rectangles", clip->n_rects);
    return false;
  }
  for (uint32_t i = 0; i < clip->n_rects; i++)
    clips[i] = cw_rect_from_wire (&clip->rects[i]);
  return cw_region_clip (&on->region, clips, clip->n_rects, error);
}
