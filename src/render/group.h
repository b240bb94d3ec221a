/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the display channels of a session share. Only workers, pixels, producers and the reference count are for any
 * thread. */
#pragma once

#include "render/cache.h"
#include "render/producers.h"
#include "render/render.h"
#include "render/surfaces.h"
#include "render/video.h"

/* Servers have a handful of displays. */
#define CW_RENDER_MAX_CHANNELS 16

struct CwRenderGroup {
  gatomicrefcount ref_count;
  CwWorkerPool *pool;
  CwWorkerGroup *workers; /* NULL until there is something to decode */
  CwRenderLimits limits;
  CwImageCache *cache;
  CwPixelPool *pixels; /* the pool's: where decoded images get their memory */
  CwGlzWindow *window; /* NULL until a GLZ image comes */
  CwProducers *producers;
  const CwVideoDecoder *const *decoders; /* beside what is built in; up to NULL, or is it */
  uint32_t video_remembered;             /* by the decoders */
  CwSurfaceBudget surfaces;
  uint64_t queue_bytes, in_flight_bytes; /* of all channels */
};

/* Whether a channel that has so much of something should have no more of it: more than all may have together, or all
 * have that much and it has its share. A small one it always has: it may be the one the others wait for. */
static inline bool
cw_render_group_is_enough (uint64_t own, uint64_t all, uint64_t most)
{
  return own >= most || (all >= most && own >= most / CW_RENDER_MAX_CHANNELS);
}

/* NULL: there is none. */
const CwVideoDecoder *cw_render_group_find_decoder (CwRenderGroup *self, uint8_t codec);

/* These are made on first use. */
CwWorkerGroup *cw_render_group_get_workers (CwRenderGroup *self);
CwGlzWindow *cw_render_group_get_window (CwRenderGroup *self);

/* Cache and window; what else is known of the server stays. */
void cw_render_group_forget_images (CwRenderGroup *self);
