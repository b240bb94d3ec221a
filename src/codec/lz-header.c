/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/lz-header.h"

#include "base/bytes.h"
#include "base/error.h"
#include "base/pixels.h"

uint64_t
cw_lz_stride (CwLzType type, uint32_t width)
{
  switch (type) {
  case CW_LZ_PLT1_LE:
  case CW_LZ_PLT1_BE:
    return ((uint64_t) width + 7) / 8;
  case CW_LZ_PLT4_LE:
  case CW_LZ_PLT4_BE:
    return ((uint64_t) width + 1) / 2;
  case CW_LZ_RGB16:
    return (uint64_t) width * 2;
  case CW_LZ_RGB24:
    return (uint64_t) width * 3;
  case CW_LZ_RGB32:
  case CW_LZ_RGBA:
  case CW_LZ_XXXA:
    return (uint64_t) width * 4;
  case CW_LZ_PLT8:
  case CW_LZ_A8:
    break;
  }
  return width;
}

bool
cw_lz_check_magic (const char *codec, const uint8_t *data, GError **error)
{
  uint32_t magic = cw_be32 (data), version = cw_be32 (data + 4);

  if (magic == CW_LZ_MAGIC && version == CW_LZ_VERSION)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "%s: magic 0x%08x, version 0x%08x instead of 0x%08x, 0x%08x", codec,
               magic, version, CW_LZ_MAGIC, CW_LZ_VERSION);
  return false;
}

bool
cw_lz_check_size (const char *codec, uint32_t width, uint32_t height, uint32_t wanted_width, uint32_t wanted_height,
                  GError **error)
{
  if (width != wanted_width || height != wanted_height) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "%s: %u×%u pixels in an image of %u×%u", codec, width, height,
                 wanted_width, wanted_height);
    return false;
  }
  if (width == 0 || height == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "%s: %u×%u pixels: a side of 0", codec, width, height);
    return false;
  }
  if (width > CW_PIXELS_MAX_SIDE || height > CW_PIXELS_MAX_SIDE || (uint64_t) width * height > CW_PIXELS_MAX_AREA) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "%s: %u×%u pixels: limits %d per side, %" G_GUINT64_FORMAT " in all",
                 codec, width, height, CW_PIXELS_MAX_SIDE, CW_PIXELS_MAX_AREA);
    return false;
  }
  return true;
}

bool
cw_lz_header_read (CwSlice data, uint32_t width, uint32_t height, uint32_t types, CwLzHeader *header,
                   CwLzStream *stream, GError **error)
{
  uint32_t type, stride;
  uint64_t n_units;
  CwSlice tokens;

  if (data.size < CW_LZ_HEADER_SIZE) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "lz: %zu bytes of data < %d of the header", data.size,
                 CW_LZ_HEADER_SIZE);
    return false;
  }
  if (!cw_lz_check_magic ("lz", data.data, error))
    return false;
  type = cw_be32 (data.data + 8);
  if (type > CW_LZ_A8 || (types >> type & 1) == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "lz: type %u is none of those allowed here, mask 0x%x", type,
                 types);
    return false;
  }
  if (!cw_lz_check_size ("lz", cw_be32 (data.data + 12), cw_be32 (data.data + 16), width, height, error))
    return false;
  stride = cw_be32 (data.data + 20);
  if (stride != cw_lz_stride (type, width)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "lz: stride %u instead of %" G_GUINT64_FORMAT, stride,
                 cw_lz_stride (type, width));
    return false;
  }
  tokens = (CwSlice){ data.data + CW_LZ_HEADER_SIZE, data.size - CW_LZ_HEADER_SIZE };
  n_units = type <= CW_LZ_PLT8 ? (uint64_t) stride * height : (uint64_t) width * height;
  if (!cw_lz_check_expansion ("lz", tokens, n_units, error))
    return false;
  *header = (CwLzHeader){ type, stride, cw_be32 (data.data + 24) != 0 };
  *stream = (CwLzStream){ .p = tokens.data, .end = tokens.data + tokens.size };
  return true;
}
