/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the display channels of a session share. Only workers, pixels, producers and the reference count are for any
 * thread. */
#pragma once

#include "render/cache.h"
#include "render/producers.h"
#include "render/render.h"

struct CwRenderGroup {
  gatomicrefcount ref_count;
  CwWorkerPool *pool;     /* NULL: the process's, once there is something to decode */
  CwWorkerGroup *workers; /* NULL until then */
  CwRenderLimits limits;
  CwImageCache *cache;
  CwPixelPool *pixels; /* where decoded images get their memory */
  CwGlzWindow *window; /* NULL until a GLZ image comes */
  CwProducers *producers;
};

/* These are made on first use. */
CwWorkerGroup *cw_render_group_get_workers (CwRenderGroup *self);
CwGlzWindow *cw_render_group_get_window (CwRenderGroup *self);
