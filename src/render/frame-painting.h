/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A video's picture on its way onto a surface, some pixels at a time. */
#pragma once

#include "canvas/draw.h"
#include "render/state.h"

/* Zeroed: nothing is being painted. */
typedef struct {
  CwRenderSurface *surface; /* NULL: nothing */
  CwPixels *frame;
  CwDrawTarget on;
  CwDraw draw;
} CwFramePainting;

/* Takes the picture. A surface that has gone, or that cannot be drawn on, shows nothing. */
void cw_frame_painting_begin (CwFramePainting *self, CwRenderState *state, uint32_t surface_id, CwPixels *picture,
                              const CwRect *dest, const CwWireClip *clip);

/* TRUE when nothing is being painted any more. */
bool cw_frame_painting_run (CwFramePainting *self, CwRenderState *state, uint32_t max_pixels);
void cw_frame_painting_stop (CwFramePainting *self);
