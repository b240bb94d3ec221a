/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/cache.h"

#include "base/error.h"
#include "base/id-map.h"

/* What an entry costs beside its pixels, in pixels, so that tiny images are limited too. */
#define ENTRY_COST 100

typedef struct {
  CwImage *image;
  uint64_t pixels;
  /* Two channels may store the same id while the invalidation of the first is still on its way. */
  uint32_t n_refs;
  bool lossy;
} Entry;

struct CwImageCache {
  CwIdMap *entries;
  uint64_t pixels, max_pixels;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  cw_image_unref (entry->image);
  g_free (entry);
}

CwImageCache *
cw_image_cache_new (uint64_t max_pixels)
{
  CwImageCache *self = g_new0 (CwImageCache, 1);

  self->entries = cw_id_map_new (entry_free);
  self->max_pixels = max_pixels;
  return self;
}

void
cw_image_cache_free (CwImageCache *self)
{
  cw_id_map_free (self->entries);
  g_free (self);
}

void
cw_image_cache_set_limit (CwImageCache *self, uint64_t max_pixels)
{
  self->max_pixels = max_pixels;
}

void
cw_image_cache_clear (CwImageCache *self)
{
  cw_id_map_clear (self->entries);
  self->pixels = 0;
}

static Entry *
put (CwImageCache *self, uint64_t id, CwImage *image, uint64_t pixels, bool lossy, GError **error)
{
  Entry *entry = cw_id_map_get (self->entries, id);
  uint64_t total = self->pixels + pixels + (entry ? 0 : ENTRY_COST) - (entry != NULL ? entry->pixels : 0);

  if (total > self->max_pixels) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "image cache: %" G_GUINT64_FORMAT " > %" G_GUINT64_FORMAT " pixels",
                 total, self->max_pixels);
    return NULL;
  }
  if (!entry) {
    entry = g_new0 (Entry, 1);
    cw_id_map_put (self->entries, id, entry);
  } else {
    cw_image_unref (entry->image);
  }
  self->pixels = total;
  entry->image = cw_image_ref (image);
  entry->pixels = pixels;
  entry->lossy = lossy;
  return entry;
}

bool
cw_image_cache_store (CwImageCache *self, uint64_t id, CwImage *image, uint64_t pixels, bool lossy, GError **error)
{
  Entry *entry = put (self, id, image, pixels, lossy, error);

  if (!entry)
    return false;
  entry->n_refs++;
  return true;
}

bool
cw_image_cache_replace (CwImageCache *self, uint64_t id, CwImage *image, uint64_t pixels, GError **error)
{
  Entry *entry = put (self, id, image, pixels, false, error);

  if (!entry)
    return false;
  entry->n_refs = MAX (entry->n_refs, 1);
  return true;
}

CwImage *
cw_image_cache_get (CwImageCache *self, uint64_t id, bool lossless)
{
  Entry *entry = cw_id_map_get (self->entries, id);

  return !entry || (lossless && entry->lossy) ? NULL : cw_image_ref (entry->image);
}

void
cw_image_cache_invalidate (CwImageCache *self, uint64_t id)
{
  Entry *entry = cw_id_map_get (self->entries, id);

  if (!entry || --entry->n_refs > 0)
    return;
  self->pixels -= entry->pixels + ENTRY_COST;
  cw_id_map_remove (self->entries, id);
}
