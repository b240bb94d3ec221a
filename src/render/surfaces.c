/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/surfaces.h"

#include "base/error.h"
#include "canvas/surface.h"
#include "render/group.h"

/* What drawing libraries of applications can address (16.16 fixed point). */
#define MAX_SIDE 32767

/* To give back the memory of larger ones takes milliseconds; a worker does that. */
#define LARGE_BYTES ((uint64_t) 16 << 20)

CwRenderSurface *
cw_render_surface_ref (CwRenderSurface *self)
{
  self->ref_count++;
  return self;
}

static void
dispose (gpointer pixels)
{
  cw_pixels_unref (pixels);
}

void
cw_render_surface_dispose (CwRenderSurface *self, CwPixels *pixels)
{
  if (cw_pixels_size (pixels) >= LARGE_BYTES && self->workers)
    cw_worker_group_push (self->workers, CW_JOB_COPIES, dispose, pixels);
  else
    cw_pixels_unref (pixels);
}

static void
drop_pixels (CwRenderSurface *self)
{
  g_clear_pointer (&self->pages, cw_surface_pages_free);
  if (self->pixels)
    cw_render_surface_dispose (self, g_steal_pointer (&self->pixels));
  g_clear_pointer (&self->workers, cw_worker_group_unref);
}

void
cw_render_surface_unref (CwRenderSurface *self)
{
  if (--self->ref_count > 0)
    return;
  drop_pixels (self);
  g_free (self);
}

bool
cw_render_surface_has_memory (CwRenderSurface *self, CwWaker *waker, const CwRect *rows)
{
  int32_t height = (int32_t) self->height;

  return cw_surface_pages_ready (self->pages, self->workers, waker, (uint32_t) CLAMP (rows->top, 0, height),
                                 (uint32_t) CLAMP (rows->bottom, 0, height));
}

bool
cw_render_surface_zero_some (CwRenderSurface *self, size_t *done)
{
  if (self->pages)
    cw_surface_pages_reset (self->pages);
  return cw_pixels_zero_some (self->pixels, done);
}

static bool
pixel_format (uint32_t format, CwPixelFormat *pixels)
{
  switch (format) {
  case CW_SURFACE_FMT_1_A:
    *pixels = CW_PIXELS_A1;
    return true;
  case CW_SURFACE_FMT_8_A:
    *pixels = CW_PIXELS_A8;
    return true;
  case CW_SURFACE_FMT_16_555:
    *pixels = CW_PIXELS_X1R5G5B5;
    return true;
  case CW_SURFACE_FMT_16_565:
    *pixels = CW_PIXELS_R5G6B5;
    return true;
  case CW_SURFACE_FMT_32_XRGB:
    *pixels = CW_PIXELS_BGRX;
    return true;
  case CW_SURFACE_FMT_32_ARGB:
    *pixels = CW_PIXELS_BGRA;
    return true;
  default:
    return false;
  }
}

bool
cw_render_surface_is_like (const CwRenderSurface *self, const CwRenderSurface *other)
{
  return self->id == other->id && self->width == other->width && self->height == other->height
         && self->format == other->format;
}

CwPixelFormat
cw_render_surface_pixel_format (const CwRenderSurface *self)
{
  CwPixelFormat format = CW_PIXELS_BGRX;

  pixel_format (self->format, &format);
  return format;
}

void
cw_render_surface_get_info (const CwRenderSurface *self, CwSurfaceInfo *info)
{
  *info = (CwSurfaceInfo){
    .surface_id = self->id,
    .format = self->format,
    .width = self->width,
    .height = self->height,
    .stride = self->width * 4,
    .data = self->pixels->rows,
    .primary = self->primary,
    .streaming = self->streaming,
  };
}

static uint64_t
surface_bytes (const CwRenderSurface *surface)
{
  return (uint64_t) surface->width * surface->height * 4;
}

static void
unrealize (gpointer data)
{
  CwRenderSurface *surface = data;

  drop_pixels (surface);
  cw_render_surface_unref (surface);
}

void
cw_surface_table_init (CwSurfaceTable *self, CwRenderGroup *group)
{
  *self = (CwSurfaceTable){ .pending = cw_id_map_new ((GDestroyNotify) cw_render_surface_unref),
                            .current = cw_id_map_new (unrealize),
                            .group = group,
                            .budget = &group->surfaces };
}

static void
take_from_budget (CwSurfaceTable *self, const CwRenderSurface *surface)
{
  self->bytes += surface_bytes (surface);
  self->budget->bytes += surface_bytes (surface);
  self->budget->n++;
}

static void
give_all_back (CwSurfaceTable *self)
{
  self->budget->bytes -= self->bytes;
  self->budget->n -= cw_id_map_size (self->pending);
  self->bytes = 0;
}

void
cw_surface_table_clear (CwSurfaceTable *self)
{
  give_all_back (self);
  cw_id_map_free (self->pending);
  cw_id_map_free (self->current);
}

CwRenderSurface *
cw_surface_table_prepare (CwSurfaceTable *self, const CwMsgDisplaySurfaceCreate *create, GError **error)
{
  CwRenderSurface *surface;
  CwPixelFormat pixels;

  if (!pixel_format (create->format, &pixels)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "surface format %u is unknown", create->format);
    return NULL;
  }
  if (create->width == 0 || create->height == 0 || create->width > MAX_SIDE || create->height > MAX_SIDE
      || (uint64_t) create->width * create->height > CW_PIXELS_MAX_AREA) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT,
                 "surface of %u×%u pixels is outside 1×1 … %d per side, %" G_GUINT64_FORMAT " in all", create->width,
                 create->height, MAX_SIDE, CW_PIXELS_MAX_AREA);
    return NULL;
  }
  surface = g_new (CwRenderSurface, 1);
  *surface = (CwRenderSurface){
    .ref_count = 1,
    .id = create->surface_id,
    .format = create->format,
    .width = create->width,
    .height = create->height,
    .primary = create->flags & CW_SURFACE_FLAG_PRIMARY,
    .streaming = create->flags & CW_SURFACE_FLAG_STREAMING_MODE,
  };
  return surface;
}

CwRenderSurface *
cw_surface_table_get_pending (CwSurfaceTable *self, uint32_t id)
{
  return cw_id_map_get (self->pending, id);
}

CwRenderSurface *
cw_surface_table_get_current (CwSurfaceTable *self, uint32_t id)
{
  return cw_id_map_get (self->current, id);
}

bool
cw_surface_table_add (CwSurfaceTable *self, CwRenderSurface *surface, GError **error)
{
  const CwSurfaceBudget *budget = self->budget;
  uint64_t bytes = budget->bytes + surface_bytes (surface);

  if (bytes > budget->max_bytes || budget->n >= budget->max_n) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT,
                 "%u surfaces of %" G_GUINT64_FORMAT " bytes; at most %u of %" G_GUINT64_FORMAT, budget->n + 1, bytes,
                 budget->max_n, budget->max_bytes);
    return false;
  }
  take_from_budget (self, surface);
  cw_id_map_put (self->pending, surface->id, cw_render_surface_ref (surface));
  if (surface->primary)
    self->pending_primary = surface;
  return true;
}

void
cw_surface_table_remove (CwSurfaceTable *self, CwRenderSurface *surface)
{
  self->bytes -= surface_bytes (surface);
  self->budget->bytes -= surface_bytes (surface);
  self->budget->n--;
  if (self->pending_primary == surface)
    self->pending_primary = NULL;
  cw_id_map_remove (self->pending, surface->id);
}

bool
cw_surface_table_realize (CwSurfaceTable *self, CwRenderSurface *surface, GError **error)
{
  surface->pixels = cw_surface_new (cw_render_surface_pixel_format (surface), surface->width, surface->height, error);
  if (!surface->pixels)
    return false;
  surface->pages = cw_surface_pages_new (surface->pixels);
  if (surface->pages)
    surface->workers = cw_worker_group_ref (cw_render_group_get_workers (self->group));
  cw_id_map_put (self->current, surface->id, cw_render_surface_ref (surface));
  if (surface->primary)
    self->current_primary = surface;
  return true;
}

void
cw_surface_table_unrealize (CwSurfaceTable *self, CwRenderSurface *surface)
{
  g_assert (self->current_primary != surface);
  drop_pixels (surface);
  if (cw_id_map_get (self->current, surface->id) == surface)
    cw_id_map_remove (self->current, surface->id);
}

void
cw_surface_table_reset (CwSurfaceTable *self)
{
  CwRenderSurface *primary = self->current_primary;

  if (primary)
    cw_id_map_steal (self->current, primary->id);
  cw_id_map_clear (self->current);
  give_all_back (self);
  cw_id_map_clear (self->pending);
  self->pending_primary = primary;
  if (!primary)
    return;
  cw_id_map_put (self->current, primary->id, primary);
  cw_id_map_put (self->pending, primary->id, cw_render_surface_ref (primary));
  take_from_budget (self, primary);
}
