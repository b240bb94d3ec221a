/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/shared.h"

static const CwRenderLimits defaults = {
  .glz_window_pixels = (uint64_t) 1 << 24,
  .image_cache_pixels = 20971520,
  .queue_bytes = (uint64_t) 32 << 20,
  .in_flight_bytes = (uint64_t) 256 << 20,
  .surface_bytes = (uint64_t) 1 << 30,
  .n_surfaces = 10000,
};

/* Servers keep to the budget but for races; far beyond it the peer is hostile. */
#define CACHE_FACTOR 4

/* Bytes of unused memory for pictures: two of 3840×2160. */
#define POOL_BYTES ((size_t) 64 << 20)

#define DEFAULT(field)                                                                                                 \
  if (limits.field == 0)                                                                                               \
  limits.field = defaults.field

CwRenderShared *
cw_render_shared_new (CwWorkerPool *pool, const CwRenderLimits *given)
{
  CwRenderShared *self = g_new0 (CwRenderShared, 1);
  CwRenderLimits limits = given ? *given : defaults;

  DEFAULT (glz_window_pixels);
  DEFAULT (image_cache_pixels);
  DEFAULT (queue_bytes);
  DEFAULT (in_flight_bytes);
  DEFAULT (surface_bytes);
  DEFAULT (n_surfaces);
  g_atomic_ref_count_init (&self->ref_count);
  self->pool = cw_worker_pool_ref (pool);
  self->limits = limits;
  self->cache = cw_image_cache_new (limits.image_cache_pixels * CACHE_FACTOR);
  self->pixels = cw_pixel_pool_new (POOL_BYTES);
  self->renders = g_ptr_array_new ();
  return self;
}

CwRenderShared *
cw_render_shared_ref (CwRenderShared *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_render_shared_unref (CwRenderShared *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->window, cw_glz_window_unref);
  cw_image_cache_free (self->cache);
  cw_pixel_pool_unref (self->pixels);
  g_ptr_array_unref (self->renders);
  cw_worker_pool_unref (self->pool);
  g_free (self);
}

void
cw_render_shared_set_budgets (CwRenderShared *self, uint64_t glz_window_pixels, uint64_t image_cache_pixels)
{
  if (glz_window_pixels != 0)
    self->limits.glz_window_pixels = glz_window_pixels;
  if (image_cache_pixels != 0)
    self->limits.image_cache_pixels = image_cache_pixels;
  cw_image_cache_set_limit (self->cache, self->limits.image_cache_pixels * CACHE_FACTOR);
}

void
cw_render_shared_clear (CwRenderShared *self)
{
  cw_image_cache_clear (self->cache);
  /* Jobs of the old connection may still run; they keep the old window to themselves. */
  if (self->window)
    cw_glz_window_clear (self->window);
  g_clear_pointer (&self->window, cw_glz_window_unref);
  cw_pixel_pool_trim (self->pixels);
}

CwGlzWindow *
cw_render_shared_get_window (CwRenderShared *self)
{
  if (!self->window)
    self->window = cw_glz_window_new (self->limits.glz_window_pixels);
  return self->window;
}

void
cw_render_shared_add (CwRenderShared *self, CwRender *render)
{
  if (g_ptr_array_find (self->renders, render, NULL))
    return;
  g_ptr_array_add (self->renders, render);
  g_atomic_int_inc (&self->n_channels);
}

void
cw_render_shared_remove (CwRenderShared *self, CwRender *render)
{
  if (!g_ptr_array_remove (self->renders, render))
    return;
  g_atomic_int_add (&self->n_channels, -1);
  /* A channel left alone waits for nobody. */
  for (guint i = 0; i < self->renders->len; i++)
    cw_render_retry_strand (self->renders->pdata[i]);
  cw_render_shared_retry (self);
}

bool
cw_render_shared_may_bring (CwRenderShared *self, const CwRender *to)
{
  for (guint i = 0; i < self->renders->len; i++) {
    if (self->renders->pdata[i] != to && !cw_render_is_parked (self->renders->pdata[i]))
      return true;
  }
  return false;
}

void
cw_render_shared_retry (CwRenderShared *self)
{
  bool progress;

  do {
    progress = false;
    for (guint i = 0; i < self->renders->len; i++)
      progress = cw_render_admit (self->renders->pdata[i]) || progress;
  } while (progress);
}
