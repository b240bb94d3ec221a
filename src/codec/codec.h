/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoders of compressed images: what every one of them is given and what it returns. */
#pragma once

#include "base/pixels.h"
#include "base/protocol.h"
#include "base/slice.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
  CW_CODEC_QUIC,
  CW_CODEC_LZ_RGB,
  CW_CODEC_LZ_PLT,
  CW_CODEC_GLZ_RGB,
  CW_CODEC_ZLIB_GLZ_RGB,
  CW_CODEC_JPEG,
  CW_CODEC_JPEG_ALPHA,
  CW_CODEC_LZ4,
  CW_CODEC_MJPEG,
  CW_N_CODECS
} CwCodecId;

/* One compressed image as its container describes it. Everything is borrowed for the duration of the call (of the
 * decoder's life, for GLZ). Any of it may be hostile. */
typedef struct {
  CwCodecId codec;
  uint32_t width, height; /* pixels, of the descriptor; the payload must agree */
  CwSlice data;
  uint8_t flags;           /* LZ_PLT: CwBitmapFlags; JPEG_ALPHA: CwJpegAlphaFlags; MJPEG: CwStreamFlags */
  uint32_t jpeg_size;      /* JPEG_ALPHA: bytes of data that are the colour part */
  uint32_t glz_data_size;  /* ZLIB_GLZ_RGB: bytes after inflating */
  CwPixelPool *pool;       /* where the memory of the pixels comes from, or NULL */
  const uint32_t *palette; /* LZ_PLT: 0x00RRGGBB, already widened to 8 bits a channel */
  uint32_t n_palette;      /* entries */
} CwCodecInput;

/* Decodes a whole image. On success stores new pixels of exactly width x height in *out; every pixel is written:
 *   32 and 24 bit colour, palettes, JPEG  CW_PIXELS_BGRX with X = 0
 *   colour with alpha                     CW_PIXELS_BGRA
 *   16 bit colour                         CW_PIXELS_X1R5G5B5
 *   alpha only                            CW_PIXELS_A8
 *   luminance (QUIC only)                 CW_PIXELS_GRAY8
 * On failure leaves *out alone and sets a CW_ERROR: MALFORMED, LIMIT, UNSUPPORTED or MEMORY. Never blocks; keeps no
 * state between calls. Any thread. */
typedef bool (*CwCodecDecode) (const CwCodecInput *in, CwPixels **out, GError **error);

typedef struct {
  const char *name;     /* "lz4"; for messages and for the test vectors */
  CwCodecDecode decode; /* NULL for the GLZ family, which needs its window: see codec/glz.h */
} CwCodec;

/* The codec's row of the table; id is below CW_N_CODECS. */
const CwCodec *cw_codec_get (CwCodecId id);
