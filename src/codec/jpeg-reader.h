/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place that talks to the JPEG library, shared by the JPEG, JPEG_ALPHA and MJPEG decoders. */
#pragma once

#include "base/pixels.h"
#include "base/slice.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
  CW_JPEG_FAST = 1 << 0,      /* speed over accuracy: fast inverse DCT, plain chroma upsampling */
  CW_JPEG_BOTTOM_UP = 1 << 1, /* the first row of the file is the bottom row of the picture */
  CW_JPEG_ALPHA = 1 << 2,     /* BGRA with A = 255; otherwise BGRX with X = 0 */
} CwJpegFlags;

typedef struct {
  CwSlice data;           /* a whole file; borrowed during the call */
  uint32_t width, height; /* what the file must agree to, unless both are 0 */
  unsigned flags;         /* CwJpegFlags */
  CwPixelPool *pool;      /* where the memory of the pixels comes from, or NULL */
} CwJpegFile;

/* Keeps the tables of one file for the next, for files that leave them out. One thread at a time uses a reader. */
typedef struct CwJpegReader CwJpegReader;

CwJpegReader *cw_jpeg_reader_new (void);
void cw_jpeg_reader_free (CwJpegReader *self);

/* Decodes a baseline file of one scan with one or three components of 8 bits; one without Huffman tables gets those of
 * the file before it, or else the standard ones. Everything else, and everything that is not quite right (the library
 * would go on with a warning), is refused: MALFORMED, UNSUPPORTED, LIMIT or MEMORY. After a failure the reader can be
 * used again. */
bool cw_jpeg_reader_decode (CwJpegReader *self, const CwJpegFile *file, CwPixels **out, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwJpegReader, cw_jpeg_reader_free)
