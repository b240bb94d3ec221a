/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Palettes, and those a display channel was told to keep. */
#pragma once

#include "base/id-map.h"
#include "wire/messages.h"

#include <glib.h>
#include <stdbool.h>

#define CW_PALETTE_MAX 256 /* no index is larger */

typedef struct {
  gatomicrefcount ref_count;
  uint32_t n;
  uint32_t entries[CW_PALETTE_MAX];
} CwPalette;

CwPalette *cw_palette_new (const uint32_t *entries, uint32_t n);
CwPalette *cw_palette_ref (CwPalette *self);
void cw_palette_unref (CwPalette *self); /* any thread */

/* A copy whose 15-bit entries have become 0x00RRGGBB. */
CwPalette *cw_palette_widen_555 (const CwPalette *self);

/* Servers keep 128. */
#define CW_PALETTE_CACHE_MAX 4096

typedef CwIdMap CwPaletteCache; /* by unique number */

CwPaletteCache *cw_palette_cache_new (void);
void cw_palette_cache_free (CwPaletteCache *self);

/* The palette an image refers to; stores it if the flags say so. One that is not there is empty: *palette NULL. Fails
 * with CW_ERROR_LIMIT when too many are stored. */
bool cw_palette_cache_resolve (CwPaletteCache *self, uint8_t flags, uint64_t id, const CwWirePalette *wire,
                               CwPalette **palette, GError **error);
void cw_palette_cache_remove (CwPaletteCache *self, uint64_t id);
void cw_palette_cache_clear (CwPaletteCache *self);
