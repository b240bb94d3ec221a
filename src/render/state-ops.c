/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages that do not draw: surfaces, caches, notices. */
#include "base/error.h"
#include "render/op.h"

static bool
apply_create (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  CwRenderSurface *surface = op->target;
  CwSurfaceInfo info;

  if (!cw_surface_table_realize (&self->surfaces, surface, error))
    return false;
  if (surface->primary) { /* the one before has been destroyed, and all of it told */
    self->unseen = true;
    cw_render_surface_get_info (surface, &info);
    self->observer->primary_create (self->observer_data, &info);
  }
  return true;
}

/* FALSE if a callback has dropped the queue. The pixels stay readable whatever the callback does. */
static bool
announce_destruction (CwRenderState *self, CwRenderSurface *surface)
{
  CwPixels *pixels;

  if (!cw_render_state_flush_damage (self))
    return false;
  pixels = cw_pixels_ref (surface->pixels);
  self->surfaces.current_primary = NULL;
  self->observer->primary_destroy (self->observer_data);
  cw_pixels_unref (pixels);
  return true;
}

static bool
apply_destroy (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  if (op->target != self->surfaces.current_primary || announce_destruction (self, op->target))
    cw_surface_table_unrealize (&self->surfaces, op->target);
  return true;
}

/* Operations of our own: one message may destroy and create several surfaces. */
static const CwOpInfo create_row = { 0, CW_OP_ORDERED, .apply = apply_create };
static const CwOpInfo destroy_row = { 0, CW_OP_ORDERED, .apply = apply_destroy };

static void
queue (CwRenderState *self, GQueue *follow_ups, const CwOpInfo *row, CwRenderSurface *surface)
{
  CwOp *op = cw_op_new (&self->memory, row, NULL);

  op->target = cw_render_surface_ref (surface);
  cw_op_queue_push (follow_ups, op);
}

static void
destroy_surface (CwRenderState *self, CwRenderSurface *surface, GQueue *follow_ups)
{
  queue (self, follow_ups, &destroy_row, surface);
  cw_surface_table_remove (&self->surfaces, surface);
}

static bool
create_surface (CwRenderState *self, const CwMsgDisplaySurfaceCreate *create, GQueue *follow_ups, GError **error)
{
  CwRenderSurface *surface = cw_surface_table_prepare (&self->surfaces, create, error);
  CwRenderSurface *primary = self->surfaces.pending_primary, *same_id;
  bool added;

  if (!surface)
    return false;
  if (surface->primary && primary) {
    /* The very same primary again: it stays, with its content. */
    if (cw_render_surface_is_like (surface, primary)) {
      cw_render_surface_unref (surface);
      return true;
    }
    destroy_surface (self, primary, follow_ups);
  }
  same_id = cw_surface_table_get_pending (&self->surfaces, surface->id);
  if (same_id)
    destroy_surface (self, same_id, follow_ups);
  added = cw_surface_table_add (&self->surfaces, surface, error);
  if (added)
    queue (self, follow_ups, &create_row, surface);
  cw_render_surface_unref (surface);
  return added;
}

static bool
accept_surface_create (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  return create_surface (self, data, follow_ups, error);
}

static bool
accept_mode (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  const CwMsgDisplayMode *mode = data;
  const CwMsgDisplaySurfaceCreate create = {
    .width = mode->x_res,
    .height = mode->y_res,
    .format = mode->bits == 32 ? CW_SURFACE_FMT_32_XRGB : CW_SURFACE_FMT_16_555,
    .flags = CW_SURFACE_FLAG_PRIMARY,
  };

  return create_surface (self, &create, follow_ups, error);
}

static bool
accept_surface_destroy (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  const CwMsgDisplaySurfaceDestroy *destroy = data;
  CwRenderSurface *surface = cw_surface_table_get_pending (&self->surfaces, destroy->surface_id);

  if (surface)
    destroy_surface (self, surface, follow_ups);
  return true;
}

static bool
apply_mark (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  if (self->surfaces.current_primary && cw_render_state_flush_damage (self))
    self->observer->mark (self->observer_data);
  return true;
}

static bool
accept_reset (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  cw_palette_cache_clear (self->palettes);
  return true;
}

static bool
reset_piece (CwRenderState *self, CwOp *op)
{
  CwRenderSurface *primary = self->surfaces.current_primary;

  if (!cw_render_state_flush_damage (self))
    return true;
  if (primary && !cw_render_surface_zero_some (primary, &op->done))
    return false;
  self->observer->reset (self->observer_data);
  return true;
}

static bool
apply_monitors (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  if (cw_render_state_flush_damage (self))
    self->observer->monitors (self->observer_data, data);
  return true;
}

static bool
apply_video_memory (CwRenderState *self, const CwOp *op, const void *data, GError **error)
{
  if (cw_render_state_flush_damage (self))
    self->observer->video_memory (self->observer_data, op->message);
  return true;
}

static bool
accept_inval_list (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  const CwMsgDisplayInvalList *list = data;

  for (uint32_t i = 0; i < list->n_resources; i++) {
    if (list->resources[i].type == CW_RESOURCE_TYPE_PIXMAP)
      cw_image_cache_invalidate (self->cache, list->resources[i].id);
  }
  return true;
}

static bool
accept_inval_all_pixmaps (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  cw_image_cache_clear (self->cache);
  return true;
}

static bool
accept_inval_palette (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  cw_palette_cache_remove (self->palettes, ((const CwMsgDisplayInvalPalette *) data)->id);
  return true;
}

static bool
accept_inval_all_palettes (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  cw_palette_cache_clear (self->palettes);
  return true;
}

static bool
accept_nothing (CwRenderState *self, CwOp *op, const void *data, GQueue *follow_ups, GError **error)
{
  return true;
}

const CwOpInfo cw_state_ops[] = {
  { CW_MSG_DISPLAY_MODE, CW_OP_IMMEDIATE, .accept = accept_mode },
  { CW_MSG_DISPLAY_MARK, CW_OP_ORDERED, .apply = apply_mark },
  { CW_MSG_DISPLAY_RESET, CW_OP_PIECEWISE, .accept = accept_reset, .piece = reset_piece },
  { CW_MSG_DISPLAY_INVAL_LIST, CW_OP_IMMEDIATE, .accept = accept_inval_list },
  { CW_MSG_DISPLAY_INVAL_ALL_PIXMAPS, CW_OP_IMMEDIATE, .accept = accept_inval_all_pixmaps },
  { CW_MSG_DISPLAY_INVAL_PALETTE, CW_OP_IMMEDIATE, .accept = accept_inval_palette },
  { CW_MSG_DISPLAY_INVAL_ALL_PALETTES, CW_OP_IMMEDIATE, .accept = accept_inval_all_palettes },
  { CW_MSG_DISPLAY_SURFACE_CREATE, CW_OP_IMMEDIATE, .accept = accept_surface_create },
  { CW_MSG_DISPLAY_SURFACE_DESTROY, CW_OP_IMMEDIATE, .accept = accept_surface_destroy },
  { CW_MSG_DISPLAY_MONITORS_CONFIG, CW_OP_ORDERED, .apply = apply_monitors },
  { CW_MSG_DISPLAY_QUALITY_INDICATOR, CW_OP_IMMEDIATE, .accept = accept_nothing },
  { CW_MSG_DISPLAY_GL_SCANOUT_UNIX, CW_OP_ORDERED, .apply = apply_video_memory },
  { CW_MSG_DISPLAY_GL_SCANOUT2_UNIX, CW_OP_ORDERED, .apply = apply_video_memory },
  { CW_MSG_DISPLAY_GL_DRAW, CW_OP_ORDERED, .apply = apply_video_memory },
};
const unsigned cw_n_state_ops = G_N_ELEMENTS (cw_state_ops);
