/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Simple LZ and GLZ encoders: a hash of three units, greedy matches. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
  CW_LZ_PLT1_LE = 1,
  CW_LZ_PLT1_BE,
  CW_LZ_PLT4_LE,
  CW_LZ_PLT4_BE,
  CW_LZ_PLT8,
  CW_LZ_RGB16,
  CW_LZ_RGB24,
  CW_LZ_RGB32,
  CW_LZ_RGBA,
  CW_LZ_XXXA,
  CW_LZ_A8,
} CwLzType;

/* A whole LZ payload. RGB and alpha types take 0xAARRGGBB pixels in encoding order (RGB16: the upper five bits of each
 * colour; A8 and XXXA: the alpha). */
GByteArray *cw_lz_encode (CwLzType type, const uint32_t *pixels, uint32_t width, uint32_t height, bool top_down);

/* The same for the palette types, from rows of stride packed bytes. */
GByteArray *cw_lz_encode_palette (CwLzType type, const uint8_t *rows, uint32_t stride, uint32_t width, uint32_t height,
                                  bool top_down);

/* One GLZ image (RGB16, RGB24, RGB32, RGBA), which may refer to one earlier image of n_earlier pixels, `distance` ids
 * before it; earlier may be NULL. */
GByteArray *cw_glz_encode (CwLzType type, const uint32_t *pixels, uint32_t width, uint32_t height, bool top_down,
                           uint64_t id, const uint32_t *earlier, uint32_t n_earlier, uint32_t distance);
