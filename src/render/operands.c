/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/operands.h"

#include "base/error.h"

static CwPixelFormat
target_format (const CwOp *op)
{
  return op->target ? cw_render_surface_pixel_format (op->target) : CW_PIXELS_BGRX;
}

static CwResolve
resolve_surface (const CwResolver *self, CwOp *op, unsigned number, const CwWireImage *wire, GError **error)
{
  CwRenderSurface *surface = cw_surface_table_get_pending (&self->state->surfaces, wire->surface.surface_id);

  if (!surface) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "image of surface %u, which does not exist",
                 wire->surface.surface_id);
    return CW_RESOLVE_FAILED;
  }
  op->operands[number].surface = cw_render_surface_ref (surface);
  return CW_RESOLVE_DONE;
}

/* Takes the job; NULL: there is nothing to do. */
static void
start (const CwResolver *self, CwOp *op, CwDecodeJob *job)
{
  if (!job)
    return;
  op->flight_bytes += job->bytes;
  cw_decode_queue_push (self->decodes, job, op);
}

static CwResolve
resolve_from_cache (const CwResolver *self, CwOp *op, unsigned number, const CwWireImage *wire, GError **error)
{
  bool lossless = wire->type == CW_IMAGE_TYPE_FROM_CACHE_LOSSLESS;
  CwImage *image = cw_image_cache_get (self->state->cache, wire->id, lossless);

  if (image) {
    op->operands[number].image = cw_image_use (image);
    cw_image_unref (image);
    start (self, op, cw_image_restore (image));
    return CW_RESOLVE_DONE;
  }
  if (cw_producer_wait (self->decodes->producer, CW_WAIT_CACHE, self->retry, self->retry_data))
    return CW_RESOLVE_LATER;
  g_set_error (error, CW_ERROR, CW_ERROR_STATE, "image %" G_GINT64_MODIFIER "x is not in the cache%s", wire->id,
               lossless ? " without loss" : "");
  return CW_RESOLVE_FAILED;
}

static bool
resolve_palette (CwPaletteCache *palettes, const CwWireImage *wire, CwPalette **palette, GError **error)
{
  *palette = NULL;
  if (wire->type == CW_IMAGE_TYPE_BITMAP)
    return cw_palette_cache_resolve (palettes, wire->bitmap.flags, wire->bitmap.palette_id, wire->bitmap.palette,
                                     palette, error);
  if (wire->type == CW_IMAGE_TYPE_LZ_PLT)
    return cw_palette_cache_resolve (palettes, wire->lz_plt.flags, wire->lz_plt.palette_id, wire->lz_plt.palette,
                                     palette, error);
  return true;
}

static bool
enter_cache (CwRenderState *state, const CwWireImage *wire, CwImage *image, GError **error)
{
  uint64_t area = cw_wire_image_area (wire);

  if (wire->flags & CW_IMAGE_FLAG_CACHE_ME)
    return cw_image_cache_store (state->cache, wire->id, image, area, cw_wire_image_is_lossy (wire), error);
  if (!(wire->flags & CW_IMAGE_FLAG_CACHE_REPLACE_ME))
    return true;
  if (cw_wire_image_is_lossy (wire)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "image.flags: a lossy image replaces a cached one");
    return false;
  }
  return cw_image_cache_replace (state->cache, wire->id, image, area, error);
}

static CwDecodeJob *
new_job (const CwResolver *self, const CwOp *op, unsigned number, const CwWireImage *wire, GError **error)
{
  CwRenderGroup *group = self->decodes->group;
  CwGlzWindow *window = cw_wire_image_is_glz (wire) ? cw_render_group_get_window (group) : NULL;
  CwPalette *palette;
  CwDecodeJob *job;

  if (!resolve_palette (self->state->palettes, wire, &palette, error))
    return NULL;
  job = cw_decode_job_new (op->message, wire, palette, target_format (op), number == CW_OPERAND_MASK, window,
                           group->pixels, error);
  g_clear_pointer (&palette, cw_palette_unref);
  return job;
}

/* Whether a cached image takes much less memory as it came. An image of the dictionary cannot be decoded twice. */
static bool
is_worth_a_recipe (const CwResolver *self, const CwDecodeJob *job)
{
  const unsigned cached = CW_IMAGE_FLAG_CACHE_ME | CW_IMAGE_FLAG_CACHE_REPLACE_ME;
  CwCodecInput in;

  return (job->wire->flags & cached) && !job->window && job->bytes > self->decodes->group->limits.decoded_bytes
         && cw_decode_job_input (job, &in) && in.data.size <= job->bytes / 2;
}

/* The image, and when its pixels are going to be made. */
static CwResolve
resolve_new (const CwResolver *self, CwOp *op, unsigned number, const CwWireImage *wire, GError **error)
{
  CwDecodeJob *job = new_job (self, op, number, wire, error);
  CwPixels *view = job ? cw_decode_job_view (job) : NULL;
  CwImage **image = &op->operands[number].image;

  if (!job)
    return CW_RESOLVE_FAILED;
  if (view) {
    *image = cw_image_new_ready (view, op->message);
    cw_decode_job_free (job);
  } else if (!job->window && job->bytes <= self->decodes->group->limits.here_bytes) {
    op->decoded_here += job->bytes / 4;
    *image = cw_image_new_deferred (job);
  } else {
    *image = cw_image_new_for (job);
    if (is_worth_a_recipe (self, job))
      cw_image_set_recipe (*image, job);
    start (self, op, job);
  }
  (*image)->n_users++;
  return enter_cache (self->state, wire, *image, error) ? CW_RESOLVE_DONE : CW_RESOLVE_FAILED;
}

static CwResolve
resolve (const CwResolver *self, CwOp *op, unsigned number, const CwWireImage *wire, GError **error)
{
  if (!wire)
    return CW_RESOLVE_DONE;
  if (wire->type == CW_IMAGE_TYPE_SURFACE)
    return resolve_surface (self, op, number, wire, error);
  if (cw_wire_image_is_from_cache (wire))
    return resolve_from_cache (self, op, number, wire, error);
  return resolve_new (self, op, number, wire, error);
}

CwResolve
cw_resolve_operands (const CwResolver *self, CwOp *op, GError **error)
{
  const CwWireImage *images[CW_N_OPERANDS] = { 0 };
  const CwWireQMask *mask = cw_op_mask (op);
  CwResolve result = CW_RESOLVE_DONE;

  if (op->info->images)
    op->info->images (op->message->data, images);
  if (mask)
    images[CW_OPERAND_MASK] = mask->bitmap;
  for (; op->n_resolved < CW_N_OPERANDS && result == CW_RESOLVE_DONE; op->n_resolved++)
    result = resolve (self, op, op->n_resolved, images[op->n_resolved], error);
  if (result != CW_RESOLVE_DONE)
    op->n_resolved--;
  return result;
}
