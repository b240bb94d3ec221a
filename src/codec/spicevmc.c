/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/spicevmc.h"

#include "base/bytes.h"
#include "base/error.h"

#include <lz4.h>

#define COMPRESSION_LZ4 1
#define HEADER_SIZE 5 /* u8 compression, u32 uncompressed size */

GBytes *
cw_spicevmc_body_decompress (CwSlice body, GError **error)
{
  g_autofree uint8_t *data = NULL;
  uint32_t size;
  int got;

  if (body.size < HEADER_SIZE) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "spicevmc: body of %zu bytes, %d expected at least", body.size,
                 HEADER_SIZE);
    return NULL;
  }
  if (body.data[0] != COMPRESSION_LZ4) {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "spicevmc: compression %u, only %d is known", body.data[0],
                 COMPRESSION_LZ4);
    return NULL;
  }
  size = cw_le32 (body.data + 1);
  if (size == 0 || size > CW_SPICEVMC_BODY_MAX_SIZE || body.size - HEADER_SIZE > INT_MAX) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "spicevmc: uncompressed size %u is outside 1 … %d", size,
                 CW_SPICEVMC_BODY_MAX_SIZE);
    return NULL;
  }
  data = g_try_malloc (size);
  if (!data) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "spicevmc: no memory for %u bytes", size);
    return NULL;
  }
  got = LZ4_decompress_safe ((const char *) body.data + HEADER_SIZE, (char *) data, body.size - HEADER_SIZE, size);
  if (got < 0 || (uint32_t) got != size) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "spicevmc: LZ4 block of %zu bytes gives %d bytes, %u announced",
                 body.size - HEADER_SIZE, got, size);
    return NULL;
  }
  return g_bytes_new_take (g_steal_pointer (&data), size);
}

GBytes *
cw_spicevmc_body_compress (CwSlice plain)
{
  g_autofree uint8_t *data = NULL;
  int got;

  if (plain.size <= HEADER_SIZE || plain.size > CW_SPICEVMC_BODY_MAX_SIZE)
    return NULL;
  data = g_try_malloc (plain.size);
  if (!data)
    return NULL;
  /* One byte less than the plain ones, or it is not worth it. */
  got = LZ4_compress_default ((const char *) plain.data, (char *) data + HEADER_SIZE, plain.size,
                              plain.size - HEADER_SIZE - 1);
  if (got <= 0)
    return NULL;
  data[0] = COMPRESSION_LZ4;
  for (int i = 0; i < 4; i++)
    data[1 + i] = plain.size >> (8 * i);
  return g_bytes_new_take (g_steal_pointer (&data), HEADER_SIZE + got);
}
