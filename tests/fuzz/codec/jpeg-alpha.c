/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/jpeg-alpha.h"
#include "fuzz/codec/decode.h"
#include "fuzz/fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  CwCodecInput in = { .codec = CW_CODEC_JPEG_ALPHA, .width = 40, .height = 30, .data = { data, size } };
  const uint8_t *alpha = size > 0 ? memmem (data, size, "  ZL", 4) : NULL;

  fuzz_jpeg_size (&in);
  in.jpeg_size = alpha ? alpha - data : size / 2;
  fuzz_decode (cw_jpeg_alpha_decode, &in);
  in.flags = CW_JPEG_ALPHA_TOP_DOWN;
  fuzz_decode (cw_jpeg_alpha_decode, &in);
  in.jpeg_size = size + 1;
  fuzz_decode (cw_jpeg_alpha_decode, &in);
  return 0;
}
