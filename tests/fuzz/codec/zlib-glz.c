/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A deflated GLZ payload; the container says about it what a correct peer would, give or take one byte. */
#include "codec/glz.h"

#include "fuzz/fuzz.h"

#include <libdeflate.h>

#define MAX_INFLATED 65536u

static uint32_t
read_be32 (const uint8_t *p)
{
  return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

static CwCodecInput
describe (const uint8_t *data, size_t size)
{
  CwCodecInput in = { .codec = CW_CODEC_ZLIB_GLZ_RGB, .width = 20, .height = 10, .data = { data, size } };
  struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor ();
  uint8_t plain[MAX_INFLATED];
  size_t n = 0;

  if (libdeflate_zlib_decompress (inflater, data, size, plain, MAX_INFLATED, &n) == LIBDEFLATE_SUCCESS && n >= 33) {
    in.width = read_be32 (plain + 9);
    in.height = read_be32 (plain + 13);
  }
  in.glz_data_size = n;
  libdeflate_free_decompressor (inflater);
  return in;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  CwCodecInput in = describe (data, size);

  if ((uint64_t) in.width * in.height > MAX_INFLATED)
    return 0;
  in.glz_data_size--;
  for (int i = 0; i < 3; i++, in.glz_data_size++) {
    CwGlzWindow *window = cw_glz_window_new (MAX_INFLATED);
    CwGlzDecoder *decoder = cw_glz_decoder_new (window, &in, NULL);
    uint64_t needed;

    if (decoder)
      cw_glz_decoder_step (decoder, &needed, NULL);
    cw_glz_decoder_free (decoder);
    cw_glz_window_unref (window);
  }
  return 0;
}
