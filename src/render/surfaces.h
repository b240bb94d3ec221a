/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A display channel's surfaces, as they are after the messages taken so far ("pending") and after those drawn so
 * far ("current"). Pixels exist only while a surface is current, so the limit on the pending ones holds for memory too.
 */
#pragma once

#include "base/id-map.h"
#include "base/pixels.h"
#include "base/worker-pool.h"
#include "render/render.h"
#include "render/surface-pages.h"

typedef struct {
  unsigned ref_count; /* the owner's thread only */
  uint32_t id, format, width, height;
  bool primary, streaming;
  CwPixels *pixels;       /* NULL unless current */
  CwSurfacePages *pages;  /* of large ones; or NULL */
  CwWorkerGroup *workers; /* likewise */
} CwRenderSurface;

CwRenderSurface *cw_render_surface_ref (CwRenderSurface *self);
void cw_render_surface_unref (CwRenderSurface *self);

/* Frees pixels, which are about as many as its own. */
void cw_render_surface_dispose (CwRenderSurface *self, CwPixels *pixels);

/* FALSE: the memory of these rows is being seen to; the waker is woken then. */
bool cw_render_surface_has_memory (CwRenderSurface *self, CwWaker *waker, const CwRect *rows);

/* Some more of the pixels become zero; cw_pixels_zero_some(). */
bool cw_render_surface_zero_some (CwRenderSurface *self, size_t *done);

bool cw_render_surface_is_like (const CwRenderSurface *self, const CwRenderSurface *other); /* but for its content */
CwPixelFormat cw_render_surface_pixel_format (const CwRenderSurface *self);
void cw_render_surface_get_info (const CwRenderSurface *self, CwSurfaceInfo *info);

/* What all display channels of a session may have together. */
typedef struct {
  uint64_t bytes, max_bytes;
  uint32_t n, max_n;
} CwSurfaceBudget;

typedef struct {
  CwIdMap *pending, *current;       /* CwRenderSurface, referenced, by id */
  CwRenderSurface *pending_primary; /* in the maps too, or NULL */
  CwRenderSurface *current_primary;
  CwRenderGroup *group;    /* borrowed */
  CwSurfaceBudget *budget; /* the group's */
  uint64_t bytes;          /* of the pending ones, which have been taken from the budget */
} CwSurfaceTable;

void cw_surface_table_init (CwSurfaceTable *self, CwRenderGroup *group);
void cw_surface_table_clear (CwSurfaceTable *self);

/* Checks a creation; NULL and CW_ERROR_MALFORMED or CW_ERROR_LIMIT if it is refused. The surface is not in the table
 * yet. */
CwRenderSurface *cw_surface_table_prepare (CwSurfaceTable *self, const CwMsgDisplaySurfaceCreate *create,
                                           GError **error);

CwRenderSurface *cw_surface_table_get_pending (CwSurfaceTable *self, uint32_t id);
CwRenderSurface *cw_surface_table_get_current (CwSurfaceTable *self, uint32_t id);
bool cw_surface_table_add (CwSurfaceTable *self, CwRenderSurface *surface, GError **error);
void cw_surface_table_remove (CwSurfaceTable *self, CwRenderSurface *surface);

bool cw_surface_table_realize (CwSurfaceTable *self, CwRenderSurface *surface, GError **error);

/* Of a primary the destruction has been announced. */
void cw_surface_table_unrealize (CwSurfaceTable *self, CwRenderSurface *surface);

/* Leaves the current primary, current and pending, and nothing else. */
void cw_surface_table_reset (CwSurfaceTable *self);
