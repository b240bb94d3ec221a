/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/glz-zlib.h"

#include "base/error.h"

#include <libdeflate.h>

#define GLZ_HEADER_SIZE 33

/* What a pixel and a picture can take in GLZ, generously. */
#define MAX_BYTES_PER_PIXEL 6
#define MAX_OVERHEAD 1024

/* Deflate cannot shrink more than this: 258 bytes in 2 bits. */
#define MAX_RATIO 1032

static bool
check_size (const CwCodecInput *in, GError **error)
{
  uint64_t limit = MAX_OVERHEAD + MIN ((uint64_t) in->width * in->height, CW_PIXELS_MAX_AREA) * MAX_BYTES_PER_PIXEL;

  limit = MIN (limit, (uint64_t) in->data.size * MAX_RATIO);
  if (in->glz_data_size >= GLZ_HEADER_SIZE && in->glz_data_size <= limit)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED,
               "zlib-glz: glz_data_size %u is outside %d … %" G_GUINT64_FORMAT " for %u×%u pixels in %zu bytes",
               in->glz_data_size, GLZ_HEADER_SIZE, limit, in->width, in->height, in->data.size);
  return false;
}

uint8_t *
cw_glz_inflate (const CwCodecInput *in, GError **error)
{
  g_autofree uint8_t *data = NULL;
  struct libdeflate_decompressor *inflater;
  enum libdeflate_result result;
  size_t size = 0;

  if (!check_size (in, error))
    return NULL;
  data = g_try_malloc (in->glz_data_size);
  inflater = libdeflate_alloc_decompressor ();
  if (!data || !inflater) {
    if (inflater)
      libdeflate_free_decompressor (inflater);
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "zlib-glz: no memory for %u bytes", in->glz_data_size);
    return NULL;
  }
  result = libdeflate_zlib_decompress_ex (inflater, in->data.data, in->data.size, data, in->glz_data_size, NULL, &size);
  libdeflate_free_decompressor (inflater);
  if (result == LIBDEFLATE_BAD_DATA) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "zlib-glz: %zu bytes of data are not a zlib stream",
                 in->data.size);
    return NULL;
  }
  if (result != LIBDEFLATE_SUCCESS || size != in->glz_data_size) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "zlib-glz: the data inflates to %s than glz_data_size %u",
                 result == LIBDEFLATE_SUCCESS ? "less" : "more", in->glz_data_size);
    return NULL;
  }
  return g_steal_pointer (&data);
}
