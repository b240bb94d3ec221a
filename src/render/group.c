/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/group.h"

/* Decoded, an image of here_bytes takes some tens of microseconds, the slowest two hundred: as much as it costs to wake
 * a thread and to be woken by it. */
static const CwRenderLimits defaults = {
  .glz_window_pixels = (uint64_t) 1 << 24,
  .image_cache_pixels = 20971520,
  .queue_bytes = (uint64_t) 4 << 20,
  .queue_ops = 2048,
  .in_flight_bytes = (uint64_t) 96 << 20,
  .ahead_bytes = (uint64_t) 16 << 20,
  .here_bytes = 65536,
  .decoded_bytes = 256 << 10,
  .surface_bytes = (uint64_t) 1 << 30,
  .n_surfaces = 10000,
  .wait_us = 30 * G_TIME_SPAN_SECOND,
};

/* Servers keep to the budget but for races; far beyond it the peer is hostile. */
#define CACHE_FACTOR 4

#define DEFAULT(field)                                                                                                 \
  if (limits.field == 0)                                                                                               \
  limits.field = defaults.field

CwRenderGroup *
cw_render_group_new (CwWorkerPool *pool, const CwRenderLimits *given)
{
  CwRenderGroup *self = g_new0 (CwRenderGroup, 1);
  CwRenderLimits limits = given ? *given : defaults;

  DEFAULT (glz_window_pixels);
  DEFAULT (image_cache_pixels);
  DEFAULT (queue_bytes);
  DEFAULT (queue_ops);
  DEFAULT (in_flight_bytes);
  DEFAULT (ahead_bytes);
  DEFAULT (here_bytes);
  DEFAULT (decoded_bytes);
  DEFAULT (surface_bytes);
  DEFAULT (n_surfaces);
  DEFAULT (wait_us);
  g_atomic_ref_count_init (&self->ref_count);
  self->pool = pool ? cw_worker_pool_ref (pool) : cw_worker_pool_get ();
  self->limits = limits;
  self->cache = cw_image_cache_new (limits.image_cache_pixels * CACHE_FACTOR);
  self->pixels = cw_pixel_pool_ref (cw_worker_pool_pixels (self->pool));
  self->producers = cw_producers_new ();
  self->surfaces = (CwSurfaceBudget){ .max_bytes = limits.surface_bytes, .max_n = limits.n_surfaces };
  return self;
}

CwRenderGroup *
cw_render_group_ref (CwRenderGroup *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_render_group_unref (CwRenderGroup *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->window, cw_glz_window_unref);
  cw_image_cache_free (self->cache);
  cw_pixel_pool_unref (self->pixels);
  cw_producers_unref (self->producers);
  g_clear_pointer (&self->workers, cw_worker_group_unref);
  cw_worker_pool_unref (self->pool);
  g_free (self);
}

void
cw_render_group_set_decoders (CwRenderGroup *self, const CwVideoDecoder *const *decoders)
{
  self->decoders = decoders;
}

const CwVideoDecoder *
cw_render_group_find_decoder (CwRenderGroup *self, uint8_t codec)
{
  if (codec == cw_mjpeg_decoder.codec)
    return &cw_mjpeg_decoder;
  for (const CwVideoDecoder *const *i = self->decoders; i && *i; i++) {
    if ((*i)->codec == codec && (!(*i)->is_available || (*i)->is_available ()))
      return *i;
  }
  return NULL;
}

bool
cw_render_group_can_decode (CwRenderGroup *self, uint8_t codec)
{
  return cw_render_group_find_decoder (self, codec) != NULL;
}

void
cw_render_group_set_budgets (CwRenderGroup *self, uint64_t glz_window_pixels, uint64_t image_cache_pixels)
{
  if (glz_window_pixels != 0)
    self->limits.glz_window_pixels = glz_window_pixels;
  if (image_cache_pixels != 0)
    self->limits.image_cache_pixels = image_cache_pixels;
  cw_image_cache_set_limit (self->cache, self->limits.image_cache_pixels * CACHE_FACTOR);
}

void
cw_render_group_forget_images (CwRenderGroup *self)
{
  cw_image_cache_clear (self->cache);
  /* Jobs of the old connection may still run; they keep the old window to themselves. */
  if (self->window)
    cw_glz_window_clear (self->window);
  g_clear_pointer (&self->window, cw_glz_window_unref);
}

void
cw_render_group_clear (CwRenderGroup *self)
{
  cw_render_group_forget_images (self);
  cw_pixel_pool_trim (self->pixels, 0);
  self->video_remembered = 0; /* the next server encodes as it likes */
}

CwWorkerGroup *
cw_render_group_get_workers (CwRenderGroup *self)
{
  if (!self->workers)
    self->workers = cw_worker_group_new (self->pool);
  return self->workers;
}

CwGlzWindow *
cw_render_group_get_window (CwRenderGroup *self)
{
  if (!self->window)
    self->window = cw_glz_window_new (self->limits.glz_window_pixels);
  return self->window;
}
