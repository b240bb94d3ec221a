/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the display channels of a session share. Only pool, pixels, n_channels and the reference count are for
 * any thread. */
#pragma once

#include "render/cache.h"
#include "render/render.h"

struct CwRenderShared {
  gatomicrefcount ref_count;
  CwWorkerPool *pool;
  int n_channels; /* atomic: renders that are at work */
  CwRenderLimits limits;
  CwImageCache *cache;
  CwPixelPool *pixels; /* where decoded images get their memory */
  CwGlzWindow *window; /* NULL until a GLZ image comes */
  GPtrArray *renders;  /* CwRender, not referenced; those at work: neither reset nor closed */
};

/* The current window, created on first use. */
CwGlzWindow *cw_render_shared_get_window (CwRenderShared *self);

void cw_render_shared_add (CwRenderShared *self, CwRender *render);
void cw_render_shared_remove (CwRenderShared *self, CwRender *render);

/* Whether another channel may still bring an image for the cache: one that does not wait for such an image itself. */
bool cw_render_shared_may_bring (CwRenderShared *self, const CwRender *to);

/* Lets channels that wait for an image of the cache look again, as long as that helps any. */
void cw_render_shared_retry (CwRenderShared *self);

/* Of render.c: goes on with messages whose bookkeeping had to wait. TRUE if it got any further. */
bool cw_render_admit (CwRender *self);
bool cw_render_is_parked (const CwRender *self);
void cw_render_retry_strand (CwRender *self);
