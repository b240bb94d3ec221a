/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets of sound, one behind the other: each has a byte with its length before it. The first byte is the rate. */
#include "codec/opus.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const uint32_t rates[] = { 48000, 24000, 16000, 12000, 8000, 44100, 0, UINT32_MAX };
  g_autoptr (CwOpusDecoder) decoder = NULL;

  if (size < 1)
    return 0;
  decoder = cw_opus_decoder_new (rates[data[0] & 7], 1 + (data[0] >> 3 & 1));
  for (size_t at = 1; decoder && at < size;) {
    size_t length = MIN (data[at], size - at - 1), n_bytes = 0;
    const int16_t *samples = cw_opus_decode (decoder, data + at + 1, length, &n_bytes);
    volatile int16_t sum = 0;

    if (samples && n_bytes == 0)
      abort ();
    for (size_t i = 0; samples && i < n_bytes / sizeof *samples; i++)
      sum ^= samples[i];
    (void) sum;
    at += 1 + length;
  }
  return 0;
}
