/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The header of an LZ payload; internal to the codec. */
#pragma once

#include "codec/lz-stream.h"

#define CW_LZ_MAGIC 0x20205a4cu
#define CW_LZ_VERSION 0x00010001u
#define CW_LZ_HEADER_SIZE 28

/* Numbers on the wire, of GLZ too. */
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

typedef struct {
  CwLzType type;
  uint32_t stride; /* bytes of an encoded row */
  bool top_down;
} CwLzHeader;

/* Checks a payload's header against the descriptor's size and a set of types (1 << CwLzType), and that as many units
 * as the picture needs can come from the rest of data, which *stream is set to. */
bool cw_lz_header_read (CwSlice data, uint32_t width, uint32_t height, uint32_t types, CwLzHeader *header,
                        CwLzStream *stream, GError **error);

/* Bytes in an encoded row. */
uint64_t cw_lz_stride (CwLzType type, uint32_t width);

/* For LZ and GLZ alike: magic, version, and the size, which must be the descriptor's and within the limits of
 * CwPixels. */
bool cw_lz_check_magic (const char *codec, const uint8_t *data, GError **error);
bool cw_lz_check_size (const char *codec, uint32_t width, uint32_t height, uint32_t wanted_width,
                       uint32_t wanted_height, GError **error);
