/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/jpeg.h"
#include "fuzz/codec/decode.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  CwCodecInput in = { .codec = CW_CODEC_JPEG, .width = 40, .height = 30, .data = { data, size } };

  fuzz_jpeg_size (&in);
  fuzz_decode (cw_jpeg_decode, &in);
  return 0;
}
