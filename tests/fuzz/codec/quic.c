/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A payload; its own header says how large the descriptor claims it is. All kernels must agree on it. */
#include "fuzz/fuzz.h"

#include "base/cpu.h"
#include "codec/quic-state.h"
#include "codec/quic.h"

#include <string.h>

/* Larger images only cost time. */
#define MAX_AREA (1 << 20)

static uint32_t
word (const uint8_t *data, unsigned index)
{
  return data[4 * index] | data[4 * index + 1] << 8 | data[4 * index + 2] << 16 | (uint32_t) data[4 * index + 3] << 24;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (CwPixels) pixels = NULL, plain = NULL;
  CwCodecInput in = { .codec = CW_CODEC_QUIC, .width = 8, .height = 8, .data = { data, size } };
  bool done, plain_done;

  if (size >= 20) {
    in.width = word (data, 3);
    in.height = word (data, 4);
  }
  if ((uint64_t) in.width * in.height > MAX_AREA)
    return 0;
  done = cw_quic_decode_with (cw_quic_kernels (cw_cpu_flags ()), &in, &pixels, NULL);
  plain_done = cw_quic_decode_with (&cw_quic_kernels_c, &in, &plain, NULL);
  g_assert (done == plain_done);
  if (done) {
    const size_t bytes = (size_t) in.width * cw_pixel_format_bits (pixels->format) / 8;

    for (uint32_t y = 0; y < in.height; y++)
      g_assert (memcmp (cw_pixels_row (pixels, y), cw_pixels_row (plain, y), bytes) == 0);
  }
  return 0;
}
