/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to an operation's images in wire order, when it is pushed: look-ups and entries in the caches, and a
 * decode job for each image that is new. */
#include "base/error.h"
#include "render/internal.h"

static CwPixelFormat
target_format (const CwOp *op)
{
  return op->target ? cw_render_surface_pixel_format (op->target) : CW_PIXELS_BGRX;
}

static bool
book_surface (CwRender *self, CwOp *op, unsigned number, const CwWireImage *wire, GError **error)
{
  CwRenderSurface *surface = cw_surface_table_get_booked (&self->surfaces, wire->surface.surface_id);

  if (!surface) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "image of surface %u, which does not exist",
                 wire->surface.surface_id);
    return false;
  }
  op->operands[number].surface = cw_render_surface_ref (surface);
  return true;
}

static bool
book_from_cache (CwRender *self, CwOp *op, unsigned number, const CwWireImage *wire, bool *parked, GError **error)
{
  bool lossless = wire->type == CW_IMAGE_TYPE_FROM_CACHE_LOSSLESS;
  CwImage *image = cw_image_cache_get (self->shared->cache, wire->id, lossless);

  if (!image && cw_render_shared_may_bring (self->shared, self)) {
    *parked = true;
    return false;
  }
  if (!image) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "image %" G_GINT64_MODIFIER "x is not in the cache%s", wire->id,
                 lossless ? " without loss" : "");
    return false;
  }
  op->operands[number].image = image;
  return true;
}

static bool
resolve_palette (CwRender *self, const CwWireImage *wire, CwPalette **palette, GError **error)
{
  *palette = NULL;
  if (wire->type == CW_IMAGE_TYPE_BITMAP)
    return cw_palette_cache_resolve (self->palettes, wire->bitmap.flags, wire->bitmap.palette_id, wire->bitmap.palette,
                                     palette, error);
  if (wire->type == CW_IMAGE_TYPE_LZ_PLT)
    return cw_palette_cache_resolve (self->palettes, wire->lz_plt.flags, wire->lz_plt.palette_id, wire->lz_plt.palette,
                                     palette, error);
  return true;
}

static bool
enter_cache (CwRender *self, const CwWireImage *wire, CwImage *image, GError **error)
{
  uint64_t area = cw_wire_image_area (wire);

  if (wire->flags & CW_IMAGE_FLAG_CACHE_ME)
    return cw_image_cache_store (self->shared->cache, wire->id, image, area, cw_wire_image_is_lossy (wire), error);
  if (!(wire->flags & CW_IMAGE_FLAG_CACHE_REPLACE_ME))
    return true;
  if (cw_wire_image_is_lossy (wire)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "image.flags: a lossy image replaces a cached one");
    return false;
  }
  return cw_image_cache_replace (self->shared->cache, wire->id, image, area, error);
}

static bool
book_new (CwRender *self, CwOp *op, unsigned number, const CwWireImage *wire, GError **error)
{
  CwGlzWindow *window = cw_wire_image_is_glz (wire) ? cw_render_shared_get_window (self->shared) : NULL;
  CwPalette *palette;
  CwDecodeJob *job;
  CwPixels *view;
  CwImage *image;

  if (!resolve_palette (self, wire, &palette, error))
    return false;
  job = cw_decode_job_new (op->message, wire, palette, target_format (op), number == CW_OPERAND_MASK, window,
                           self->shared->pixels, error);
  g_clear_pointer (&palette, cw_palette_unref);
  if (!job)
    return false;
  view = cw_decode_job_view (job);
  if (view) {
    op->operands[number].image = cw_image_new_ready (view, op->message);
    cw_decode_job_free (job);
    return true;
  }
  image = op->operands[number].image = cw_image_ref (job->image);
  if (!enter_cache (self, wire, image, error)) {
    cw_decode_job_free (job);
    return false;
  }
  job->owner = op;
  op->flight_bytes += job->bytes;
  self->unstarted_bytes += job->bytes;
  g_queue_push_tail (&self->unstarted, job);
  return true;
}

static bool
book_image (CwRender *self, CwOp *op, unsigned number, const CwImageField *field, bool *parked, GError **error)
{
  if (!field->wire) {
    if (!field->needed)
      return true;
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "image: 0, where one is needed");
    return false;
  }
  if (field->wire->type == CW_IMAGE_TYPE_SURFACE)
    return book_surface (self, op, number, field->wire, error);
  if (cw_wire_image_is_from_cache (field->wire))
    return book_from_cache (self, op, number, field->wire, parked, error);
  return book_new (self, op, number, field->wire, error);
}

bool
cw_render_book_images (CwRender *self, CwOp *op, bool *parked, GError **error)
{
  CwImageField fields[CW_N_OPERANDS] = { 0 };
  const CwWireQMask *mask = cw_op_mask (op);

  *parked = false;
  if (op->info->images)
    op->info->images (op->message->data, fields);
  if (mask)
    fields[CW_OPERAND_MASK].wire = mask->bitmap;
  for (; op->n_booked < CW_N_OPERANDS; op->n_booked++) {
    if (!book_image (self, op, op->n_booked, &fields[op->n_booked], parked, error))
      return false;
  }
  return true;
}

static void
start_job (CwRender *self, CwDecodeJob *job)
{
  if (job->window)
    cw_strand_push (self->strand, job);
  else
    cw_worker_pool_push (self->shared->pool, cw_decode_job_run, job);
}

void
cw_render_start_jobs (CwRender *self)
{
  CwDecodeJob *job;

  /* What the next operation needs is let through, however large; so is one where nothing else is under way. */
  while ((job = g_queue_peek_head (&self->unstarted))
         && (job->owner == g_queue_peek_head (&self->queue) || self->in_flight_bytes == 0
             || self->in_flight_bytes + job->bytes <= self->shared->limits.in_flight_bytes)) {
    g_queue_pop_head (&self->unstarted);
    self->unstarted_bytes -= job->bytes;
    self->in_flight_bytes += job->bytes;
    start_job (self, job);
  }
}

void
cw_render_abandon_jobs (CwRender *self)
{
  CwDecodeJob *job;

  /* A sibling may refer to an image of the cache or the window, so these are decoded nevertheless. */
  while ((job = g_queue_pop_head (&self->unstarted))) {
    if (job->window || !g_atomic_ref_count_compare (&job->image->ref_count, 1))
      start_job (self, job);
    else
      cw_decode_job_free (job);
  }
  self->unstarted_bytes = self->in_flight_bytes = 0;
}
