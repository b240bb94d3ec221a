/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/palette.h"

#include "base/error.h"
#include "canvas/pixel.h"

CwPalette *
cw_palette_new (const uint32_t *entries, uint32_t n)
{
  CwPalette *self = g_new0 (CwPalette, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->n = MIN (n, CW_PALETTE_MAX);
  if (self->n > 0)
    memcpy (self->entries, entries, self->n * sizeof entries[0]);
  return self;
}

CwPalette *
cw_palette_ref (CwPalette *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_palette_unref (CwPalette *self)
{
  if (g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

CwPalette *
cw_palette_widen_555 (const CwPalette *self)
{
  CwPalette *wide = cw_palette_new (self->entries, self->n);

  for (uint32_t i = 0; i < wide->n; i++)
    wide->entries[i] = cw_rgb_of_555 (wide->entries[i]);
  return wide;
}

CwPaletteCache *
cw_palette_cache_new (void)
{
  return cw_id_map_new ((GDestroyNotify) cw_palette_unref);
}

void
cw_palette_cache_free (CwPaletteCache *self)
{
  cw_id_map_free (self);
}

bool
cw_palette_cache_resolve (CwPaletteCache *self, uint8_t flags, uint64_t id, const CwWirePalette *wire,
                          CwPalette **palette, GError **error)
{
  CwPalette *found;

  if (flags & CW_BITMAP_FLAG_PAL_FROM_CACHE) {
    found = cw_id_map_get (self, id);
    *palette = found ? cw_palette_ref (found) : NULL;
    return true;
  }
  if (!wire) {
    *palette = NULL;
    return true;
  }
  found = cw_palette_new (wire->ents, wire->n_ents);
  if (flags & CW_BITMAP_FLAG_PAL_CACHE_ME) {
    if (cw_id_map_size (self) >= CW_PALETTE_CACHE_MAX) {
      cw_palette_unref (found);
      g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "more than %d cached palettes", CW_PALETTE_CACHE_MAX);
      return false;
    }
    cw_id_map_put (self, wire->unique, cw_palette_ref (found));
  }
  *palette = found;
  return true;
}

void
cw_palette_cache_remove (CwPaletteCache *self, uint64_t id)
{
  cw_id_map_remove (self, id);
}

void
cw_palette_cache_clear (CwPaletteCache *self)
{
  cw_id_map_clear (self);
}
