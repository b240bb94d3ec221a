/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A display channel's surfaces, as they are after the messages taken so far ("booked") and after those drawn so far
 * ("live"). Pixels exist only while a surface is live, so the limit on the booked ones holds for memory too. */
#pragma once

#include "base/pixels.h"
#include "render/render.h"

typedef struct {
  unsigned ref_count; /* the owner's thread only */
  uint32_t id, format, width, height;
  bool primary, streaming;
  CwPixels *pixels; /* NULL unless live */
} CwRenderSurface;

CwRenderSurface *cw_render_surface_ref (CwRenderSurface *self);
void cw_render_surface_unref (CwRenderSurface *self);
CwPixelFormat cw_render_surface_pixel_format (const CwRenderSurface *self);
void cw_render_surface_get_info (const CwRenderSurface *self, CwSurfaceInfo *info);

typedef struct {
  GHashTable *booked, *live;       /* id → CwRenderSurface, referenced */
  CwRenderSurface *booked_primary; /* in the tables too, or NULL */
  CwRenderSurface *live_primary;
  uint64_t bytes, max_bytes;
  uint32_t max_surfaces;
} CwSurfaceTable;

void cw_surface_table_init (CwSurfaceTable *self, uint64_t max_bytes, uint32_t max_surfaces);
void cw_surface_table_clear (CwSurfaceTable *self);

/* Checks a creation; NULL and CW_ERROR_MALFORMED or CW_ERROR_LIMIT if it is refused. The surface is not booked yet. */
CwRenderSurface *cw_surface_table_prepare (CwSurfaceTable *self, uint32_t id, uint32_t width, uint32_t height,
                                           uint32_t format, uint32_t flags, GError **error);

CwRenderSurface *cw_surface_table_get_booked (CwSurfaceTable *self, uint32_t id);
bool cw_surface_table_book (CwSurfaceTable *self, CwRenderSurface *surface, GError **error);
void cw_surface_table_unbook (CwSurfaceTable *self, CwRenderSurface *surface);

bool cw_surface_table_bring_to_life (CwSurfaceTable *self, CwRenderSurface *surface, GError **error);
void cw_surface_table_bury (CwSurfaceTable *self, CwRenderSurface *surface);

/* Leaves the live primary, live and booked, and nothing else. */
void cw_surface_table_reset (CwSurfaceTable *self);
