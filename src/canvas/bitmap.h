/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Uncompressed bitmaps of the protocol as pixels. */
#pragma once

#include "base/pixels.h"
#include "base/protocol.h"
#include "base/slice.h"

typedef struct {
  unsigned format; /* CwBitmapFmt, unchecked */
  bool top_down;
  uint32_t width, height, stride;
  CwSlice data;
  const uint32_t *palette; /* indexed formats; missing entries count as 0 */
  uint32_t n_palette;
  CwPixelFormat palette_as; /* indexed formats: X1R5G5B5 takes entries' low 16 bits as pixels, others make 32 bits */
} CwBitmap;

/* Sizes, stride and length against each other and against the limits; nothing else here checks them. */
bool cw_bitmap_check (const CwBitmap *self, GError **error);

bool cw_bitmap_is_indexed (const CwBitmap *self);

/* The format that decoding gives. */
CwPixelFormat cw_bitmap_pixel_format (const CwBitmap *self);

/* A copy as pixels, with memory from pool, which may be NULL. */
CwPixels *cw_bitmap_decode (const CwBitmap *self, CwPixelPool *pool, GError **error);

/* A 1-bit bitmap as a mask. */
CwPixels *cw_bitmap_decode_mask (const CwBitmap *self, GError **error);

/* Pixels that are the bitmap's own bytes, of any alignment, valid as long as these; NULL where the bytes are not
 * pixels already. */
CwPixels *cw_bitmap_view (const CwBitmap *self);
