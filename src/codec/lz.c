/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Format: LZ as used by SPICE (derived from FastLZ level 2). */
#include "codec/lz.h"

#include "base/cpu.h"
#include "base/error.h"
#include "codec/lz-header.h"
#include "codec/lz-stream.h"

#include <string.h>

/* The alpha half of RGBA: a stream of its own into a plane, then into the pixels, which are opaque so far. */
static bool
decode_alpha (const CwLzKernels *kernels, CwLzStream *stream, const uint8_t *data, CwPixels *pixels, GError **error)
{
  size_t n = (size_t) pixels->width * pixels->height;
  g_autofree uint8_t *plane = NULL;
  uint8_t value;

  if (cw_lz_is_constant (stream, n, &value)) {
    if (value != 255)
      cw_lz_fill_alpha (kernels, (uint32_t *) (void *) pixels->first, value, n);
    return true;
  }
  plane = g_try_malloc (n + CW_LZ_OVERSHOOT);
  if (!plane) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "lz: no memory for %zu bytes of alpha", n);
    return false;
  }
  if (!kernels->lz[CW_LZ_UNIT_BYTE](stream, plane, n, CW_LZ_OVERSHOOT)) {
    cw_lz_set_fault (error, "lz", &stream->fault, data);
    return false;
  }
  kernels->set_alpha ((uint32_t *) (void *) pixels->first, plane, n);
  return true;
}

/* Spreads rows decoded without padding to where they belong, the last row first. */
static void
pad_rows (CwPixels *pixels, size_t row)
{
  size_t stride = pixels->stride < 0 ? -pixels->stride : pixels->stride;

  if (row == stride)
    return;
  for (size_t y = pixels->height; y-- > 0;) {
    memmove (pixels->first + y * stride, pixels->first + y * row, row);
    memset (pixels->first + y * stride + row, 0, stride - row);
  }
}

static CwLzDecodeFunc
decoder (const CwLzKernels *kernels, CwLzType type)
{
  switch (type) {
  case CW_LZ_RGB16:
    return kernels->lz[CW_LZ_UNIT_RGB16];
  case CW_LZ_RGBA:
    return kernels->lz_opaque;
  case CW_LZ_A8:
    return kernels->lz[CW_LZ_UNIT_BYTE];
  default:
    return kernels->lz[CW_LZ_UNIT_RGB24];
  }
}

static CwPixelFormat
format_of (CwLzType type)
{
  switch (type) {
  case CW_LZ_RGB16:
    return CW_PIXELS_X1R5G5B5;
  case CW_LZ_RGBA:
    return CW_PIXELS_BGRA;
  case CW_LZ_A8:
    return CW_PIXELS_A8;
  default:
    return CW_PIXELS_BGRX;
  }
}

bool
cw_lz_rgb_decode (const CwCodecInput *in, CwPixels **out, GError **error)
{
  const CwLzKernels *kernels = cw_lz_kernels (cw_cpu_flags ());
  const uint32_t types = 1u << CW_LZ_RGB16 | 1u << CW_LZ_RGB24 | 1u << CW_LZ_RGB32 | 1u << CW_LZ_RGBA | 1u << CW_LZ_A8;
  g_autoptr (CwPixels) pixels = NULL;
  CwLzStream stream;
  CwLzHeader header;
  size_t n;

  if (!cw_lz_header_read (in->data, in->width, in->height, types, &header, &stream, error))
    return false;
  pixels = cw_pixels_new_in (in->pool, format_of (header.type), in->width, in->height, !header.top_down, error);
  if (!pixels)
    return false;
  n = (size_t) in->width * in->height;
  if (!decoder (kernels, header.type) (&stream, pixels->first, n, CW_PIXELS_SLACK)) {
    cw_lz_set_fault (error, "lz", &stream.fault, in->data.data);
    return false;
  }
  if (header.type == CW_LZ_RGBA && !decode_alpha (kernels, &stream, in->data.data, pixels, error))
    return false;
  pad_rows (pixels, (size_t) in->width * (cw_pixel_format_bits (pixels->format) / 8));
  *out = g_steal_pointer (&pixels);
  return true;
}

bool
cw_lz_alpha_constant (CwSlice data, uint32_t width, uint32_t height, bool *top_down, uint8_t *value)
{
  CwLzHeader header;
  CwLzStream stream;

  if (!cw_lz_header_read (data, width, height, 1u << CW_LZ_XXXA, &header, &stream, NULL)
      || !cw_lz_is_constant (&stream, (size_t) width * height, value))
    return false;
  *top_down = header.top_down;
  return true;
}

bool
cw_lz_alpha_decode (CwSlice data, uint32_t width, uint32_t height, bool *top_down, uint8_t *plane, GError **error)
{
  const CwLzKernels *kernels = cw_lz_kernels (cw_cpu_flags ());
  CwLzHeader header;
  CwLzStream stream;

  if (!cw_lz_header_read (data, width, height, 1u << CW_LZ_XXXA, &header, &stream, error))
    return false;
  if (!kernels->lz[CW_LZ_UNIT_BYTE](&stream, plane, (size_t) width * height, 0)) {
    cw_lz_set_fault (error, "lz", &stream.fault, data.data);
    return false;
  }
  *top_down = header.top_down;
  return true;
}
