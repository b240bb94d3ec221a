/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decoder's side of the GLZ window; internal to GLZ. Any thread. */
#pragma once

#include "codec/glz-window.h"

typedef enum {
  CW_GLZ_LOOKUP_FOUND,
  CW_GLZ_LOOKUP_PENDING, /* not there yet */
  CW_GLZ_LOOKUP_GONE,    /* released, failed, or of an earlier dictionary: will never be there */
} CwGlzLookup;

/* Pixels an image may have at most: those of the window. */
uint64_t cw_glz_window_max_pixels (CwGlzWindow *self);

/* Checks that the image id can be new in the window and tells the dictionary's generation, which the calls below
 * need. */
bool cw_glz_window_begin (CwGlzWindow *self, uint64_t id, uint64_t *generation, GError **error);

/* With CW_GLZ_LOOKUP_FOUND gives a reference to the image. */
CwGlzLookup cw_glz_window_lookup (CwGlzWindow *self, uint64_t id, uint64_t generation, CwPixels **pixels);

/* Adds a decoded image, releases what it and its predecessors make obsolete and notifies the waiters. The window
 * takes a reference of its own. win_head_dist ≤ id. */
bool cw_glz_window_store (CwGlzWindow *self, uint64_t id, uint32_t win_head_dist, uint64_t generation, CwPixels *pixels,
                          GError **error);

/* Remembers that the image id will not come, and notifies the waiters. Releases nothing: a failed image's word about
 * the window does not count. */
void cw_glz_window_fail (CwGlzWindow *self, uint64_t id, uint64_t generation);
