/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/clip.h"

#include "base/error.h"

bool
cw_clip_target (CwDrawTarget *on, const CwWireClip *clip, GError **error)
{
  CwRect bounds = { .right = on->pixels->width, .bottom = on->pixels->height };
  g_autofree CwRect *clips = NULL;

  if (clip->type != CW_CLIP_TYPE_RECTS)
    return cw_region_init (&on->region, &bounds, &on->box, NULL, 0, error);
  /* Refused by number before memory is taken for them. */
  clips = g_try_new (CwRect, MIN (clip->n_rects, CW_REGION_MAX_CLIPS) + 1);
  if (!clips) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for %u clip rectangles", clip->n_rects);
    return false;
  }
  for (uint32_t i = 0; i < MIN (clip->n_rects, CW_REGION_MAX_CLIPS); i++)
    clips[i] = cw_rect_from_wire (&clip->rects[i]);
  return cw_region_init (&on->region, &bounds, &on->box, clips, clip->n_rects, error);
}
