/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LZ images as used by SPICE: a byte-oriented dictionary coder whose dictionary is the image itself. */
#pragma once

#include "base/pixels.h"
#include "base/slice.h"
#include "codec/codec.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The payload of an LZ_RGB image: RGB16 gives X1R5G5B5, RGB24 and RGB32 BGRX with X = 0, RGBA gives BGRA, A8 gives
 * A8. Any thread. */
bool cw_lz_rgb_decode (const CwCodecInput *in, CwPixels **out, GError **error);

/* The payload of an LZ_PLT image, 1, 4 or 8 bits per pixel, looked up in in->palette: BGRX with X = 0. An index beyond
 * the palette wraps around. Any thread. */
bool cw_lz_plt_decode (const CwCodecInput *in, CwPixels **out, GError **error);

/* The alpha half of a JPEG_ALPHA image: width * height bytes into plane (owned by the caller, no slack needed), rows in
 * encoding order: the top row first if *top_down, else the bottom row. On failure the plane's content is undefined.
 * Any thread. */
bool cw_lz_alpha_decode (CwSlice data, uint32_t width, uint32_t height, bool *top_down, uint8_t *plane, GError **error);

/* Whether cw_lz_alpha_decode() would give a plane of one value; FALSE may also mean that this was not found out. */
bool cw_lz_alpha_constant (CwSlice data, uint32_t width, uint32_t height, bool *top_down, uint8_t *value);
