/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pages of a large surface's memory. They come huge, and one at its first touch takes up to milliseconds: where
 * memory is in pieces the system puts it together, and a virtual machine's host has to find some. So a worker touches
 * them before they are drawn on, as many as are drawn on. */
#pragma once

#include "base/pixels.h"
#include "base/worker-pool.h"
#include "render/waker.h"

typedef struct CwSurfacePages CwSurfacePages;

/* Of fresh pixels; borrows them. NULL if they are too few for this. */
CwSurfacePages *cw_surface_pages_new (CwPixels *pixels);
void cw_surface_pages_free (CwSurfacePages *self);

/* Pages that were there may have gone. */
void cw_surface_pages_reset (CwSurfacePages *self);

/* FALSE: not all pages of the rows from top to before bottom are there; a worker sees to it and wakes the waker. self
 * may be NULL. */
bool cw_surface_pages_ready (CwSurfacePages *self, CwWorkerGroup *workers, CwWaker *waker, uint32_t top,
                             uint32_t bottom);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwSurfacePages, cw_surface_pages_free)
