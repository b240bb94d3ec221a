/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages that do not draw: surfaces, caches, notices. */
#include "base/error.h"
#include "render/internal.h"

#include <string.h>

static bool
apply_create (CwRender *self, CwOp *op, const void *data, GError **error)
{
  CwRenderSurface *surface = op->target;
  CwSurfaceInfo info;

  if (!cw_surface_table_bring_to_life (&self->surfaces, surface, error))
    return false;
  if (surface->primary && cw_render_flush_damage (self)) {
    cw_render_surface_get_info (surface, &info);
    self->events->primary_create (self->events_data, &info);
  }
  return true;
}

/* FALSE if a callback has dropped the queue. The pixels stay readable whatever the callback does. */
static bool
announce_destruction (CwRender *self, CwRenderSurface *surface)
{
  CwPixels *pixels;

  if (!cw_render_flush_damage (self))
    return false;
  pixels = cw_pixels_ref (surface->pixels);
  self->surfaces.live_primary = NULL;
  self->events->primary_destroy (self->events_data);
  cw_pixels_unref (pixels);
  return true;
}

static bool
apply_destroy (CwRender *self, CwOp *op, const void *data, GError **error)
{
  if (op->target != self->surfaces.live_primary || announce_destruction (self, op->target))
    cw_surface_table_bury (&self->surfaces, op->target);
  return true;
}

/* Operations of our own: one message may destroy and create several surfaces. */
static const CwOpInfo create_info = { 0, CW_OP_EVENT, .apply = apply_create };
static const CwOpInfo destroy_info = { 0, CW_OP_EVENT, .apply = apply_destroy };

static void
unbook_surface (CwRender *self, CwRenderSurface *surface)
{
  cw_render_queue_event (self, &destroy_info, surface);
  cw_surface_table_unbook (&self->surfaces, surface);
}

static bool
book_create (CwRender *self, uint32_t id, uint32_t width, uint32_t height, uint32_t format, uint32_t flags,
             GError **error)
{
  CwRenderSurface *surface = cw_surface_table_prepare (&self->surfaces, id, width, height, format, flags, error);
  CwRenderSurface *primary = self->surfaces.booked_primary;
  bool booked;

  if (!surface)
    return false;
  if (surface->primary && primary) {
    /* The very same primary again: it stays, with its content. */
    if (primary->id == id && primary->width == width && primary->height == height && primary->format == format) {
      cw_render_surface_unref (surface);
      return true;
    }
    unbook_surface (self, primary);
  }
  if (cw_surface_table_get_booked (&self->surfaces, id))
    unbook_surface (self, cw_surface_table_get_booked (&self->surfaces, id));
  booked = cw_surface_table_book (&self->surfaces, surface, error);
  if (booked)
    cw_render_queue_event (self, &create_info, surface);
  cw_render_surface_unref (surface);
  return booked;
}

static bool
book_surface_create (CwRender *self, CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplaySurfaceCreate *create = data;

  return book_create (self, create->surface_id, create->width, create->height, create->format, create->flags, error);
}

static bool
book_mode (CwRender *self, CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayMode *mode = data;

  return book_create (self, 0, mode->x_res, mode->y_res,
                      mode->bits == 32 ? CW_SURFACE_FMT_32_XRGB : CW_SURFACE_FMT_16_555, CW_SURFACE_FLAG_PRIMARY,
                      error);
}

static bool
book_surface_destroy (CwRender *self, CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplaySurfaceDestroy *destroy = data;
  CwRenderSurface *surface = cw_surface_table_get_booked (&self->surfaces, destroy->surface_id);

  if (surface)
    unbook_surface (self, surface);
  return true;
}

static bool
apply_mark (CwRender *self, CwOp *op, const void *data, GError **error)
{
  if (self->surfaces.live_primary && cw_render_flush_damage (self))
    self->events->mark (self->events_data);
  return true;
}

static bool
book_reset (CwRender *self, CwOp *op, const void *data, GError **error)
{
  cw_palette_cache_clear (self->palettes);
  return true;
}

static bool
apply_reset (CwRender *self, CwOp *op, const void *data, GError **error)
{
  CwRenderSurface *primary = self->surfaces.live_primary;

  if (!cw_render_flush_damage (self))
    return true;
  if (primary)
    memset (primary->pixels->rows, 0, (size_t) primary->pixels->stride * primary->pixels->height);
  self->events->reset (self->events_data);
  return true;
}

static bool
apply_monitors (CwRender *self, CwOp *op, const void *data, GError **error)
{
  if (cw_render_flush_damage (self))
    self->events->monitors (self->events_data, data);
  return true;
}

static bool
book_inval_list (CwRender *self, CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayInvalList *list = data;

  for (uint32_t i = 0; i < list->n_resources; i++) {
    if (list->resources[i].type == CW_RESOURCE_TYPE_PIXMAP)
      cw_image_cache_invalidate (self->shared->cache, list->resources[i].id);
  }
  return true;
}

static bool
book_inval_all_pixmaps (CwRender *self, CwOp *op, const void *data, GError **error)
{
  cw_image_cache_clear (self->shared->cache);
  return true;
}

static bool
book_inval_palette (CwRender *self, CwOp *op, const void *data, GError **error)
{
  cw_palette_cache_remove (self->palettes, ((const CwMsgDisplayInvalPalette *) data)->id);
  return true;
}

static bool
book_inval_all_palettes (CwRender *self, CwOp *op, const void *data, GError **error)
{
  cw_palette_cache_clear (self->palettes);
  return true;
}

static bool
book_nothing (CwRender *self, CwOp *op, const void *data, GError **error)
{
  return true;
}

const CwOpInfo cw_event_ops[] = {
  { CW_MSG_DISPLAY_MODE, CW_OP_BOOKED, .book = book_mode },
  { CW_MSG_DISPLAY_MARK, CW_OP_EVENT, .apply = apply_mark },
  { CW_MSG_DISPLAY_RESET, CW_OP_EVENT, .book = book_reset, .apply = apply_reset },
  { CW_MSG_DISPLAY_INVAL_LIST, CW_OP_BOOKED, .book = book_inval_list },
  { CW_MSG_DISPLAY_INVAL_ALL_PIXMAPS, CW_OP_BOOKED, .book = book_inval_all_pixmaps },
  { CW_MSG_DISPLAY_INVAL_PALETTE, CW_OP_BOOKED, .book = book_inval_palette },
  { CW_MSG_DISPLAY_INVAL_ALL_PALETTES, CW_OP_BOOKED, .book = book_inval_all_palettes },
  { CW_MSG_DISPLAY_SURFACE_CREATE, CW_OP_BOOKED, .book = book_surface_create },
  { CW_MSG_DISPLAY_SURFACE_DESTROY, CW_OP_BOOKED, .book = book_surface_destroy },
  { CW_MSG_DISPLAY_MONITORS_CONFIG, CW_OP_EVENT, .apply = apply_monitors },
  { CW_MSG_DISPLAY_QUALITY_INDICATOR, CW_OP_BOOKED, .book = book_nothing },
  { CW_MSG_DISPLAY_STREAM_CREATE, CW_OP_UNSUPPORTED },
  { CW_MSG_DISPLAY_STREAM_DATA, CW_OP_UNSUPPORTED },
  { CW_MSG_DISPLAY_STREAM_DATA_SIZED, CW_OP_UNSUPPORTED },
  { CW_MSG_DISPLAY_STREAM_CLIP, CW_OP_UNSUPPORTED },
  { CW_MSG_DISPLAY_STREAM_DESTROY, CW_OP_UNSUPPORTED },
  { CW_MSG_DISPLAY_STREAM_DESTROY_ALL, CW_OP_UNSUPPORTED },
  { CW_MSG_DISPLAY_STREAM_ACTIVATE_REPORT, CW_OP_UNSUPPORTED },
  { CW_MSG_DISPLAY_GL_SCANOUT_UNIX, CW_OP_UNSUPPORTED },
  { CW_MSG_DISPLAY_GL_DRAW, CW_OP_UNSUPPORTED },
};
const unsigned cw_n_event_ops = G_N_ELEMENTS (cw_event_ops);
