/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/lz4.h"
#include "fuzz/codec/decode.h"
#include "fuzz/fuzz.h"

/* The payload does not say what dimensions it is for, so it is tried with those of the seeds. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const uint32_t sizes[][2]
      = { { 1, 1 }, { 2, 2 }, { 21, 10 }, { 40, 30 }, { 77, 60 }, { 120, 90 }, { 300, 100 } };

  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++) {
    const CwCodecInput in
        = { .codec = CW_CODEC_LZ4, .width = sizes[i][0], .height = sizes[i][1], .data = { data, size } };

    fuzz_decode (cw_lz4_decode, &in);
  }
  return 0;
}
