/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images the server told us to keep, by id. Nothing is ever dropped unless the server says so. */
#pragma once

#include "render/image.h"

typedef struct CwImageCache CwImageCache;

/* max_pixels: far more than what was announced to the server. */
CwImageCache *cw_image_cache_new (uint64_t max_pixels);
void cw_image_cache_free (CwImageCache *self);
void cw_image_cache_set_limit (CwImageCache *self, uint64_t max_pixels);
void cw_image_cache_clear (CwImageCache *self);

/* Adds a reference to the entry of this id, whose image is from now on the given one. Fails with CW_ERROR_LIMIT. */
bool cw_image_cache_store (CwImageCache *self, uint64_t id, CwImage *image, uint64_t pixels, bool lossy,
                           GError **error);

/* Puts a lossless image into the entry of this id; its number of references stays (a new entry has one). */
bool cw_image_cache_replace (CwImageCache *self, uint64_t id, CwImage *image, uint64_t pixels, GError **error);

/* A new reference to the image, NULL if there is none (that is lossless, if it must be). */
CwImage *cw_image_cache_get (CwImageCache *self, uint64_t id, bool lossless);

/* Takes one reference from the entry, which goes with the last one. Unknown ids are normal. */
void cw_image_cache_invalidate (CwImageCache *self, uint64_t id);
