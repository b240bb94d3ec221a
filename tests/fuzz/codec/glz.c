/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A GLZ payload. The images it refers to appear when it asks for them, the first few of them. */
#include "codec/glz.h"

#include "codec/glz-store.h"
#include "fuzz/fuzz.h"

#include <string.h>

#define MAX_PIXELS (1u << 20)
#define MAX_REFERENCED 40

static uint32_t
read_be32 (const uint8_t *p)
{
  return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

static void
supply (CwGlzWindow *window, uint64_t id)
{
  CwPixels *pixels = cw_pixels_new (CW_PIXELS_BGRA, 1 + id % 50, 1 + id % 7, false, NULL);
  uint64_t generation;

  memset (pixels->first, (int) id, cw_pixels_size (pixels));
  if (cw_glz_window_begin (window, id, &generation, NULL))
    cw_glz_window_store (window, id, 0, generation, pixels, NULL);
  cw_pixels_unref (pixels);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  CwCodecInput in = { .codec = CW_CODEC_GLZ_RGB, .data = { data, size } };
  CwGlzWindow *window;
  CwGlzDecoder *decoder;
  CwGlzStatus status = CW_GLZ_FAILED;
  volatile unsigned sum = 0;
  uint8_t header[33] = { 0 };
  uint64_t needed;

  memcpy (header, data, size < sizeof header ? size : sizeof header);
  in.width = read_be32 (header + 9);
  in.height = read_be32 (header + 13);
  if ((uint64_t) in.width * in.height > MAX_PIXELS)
    return 0;
  window = cw_glz_window_new (MAX_PIXELS);
  decoder = cw_glz_decoder_new (window, &in, NULL);
  for (int i = 0; decoder && i < MAX_REFERENCED; i++) {
    status = cw_glz_decoder_step (decoder, &needed, NULL);
    if (status != CW_GLZ_NEEDS_IMAGE)
      break;
    supply (window, needed);
  }
  if (status == CW_GLZ_DONE) {
    CwPixels *pixels = cw_glz_decoder_steal_pixels (decoder);

    for (size_t i = 0; i < cw_pixels_size (pixels); i++)
      sum += pixels->first[i];
    cw_pixels_unref (pixels);
  }
  cw_glz_decoder_free (decoder);
  cw_glz_window_unref (window);
  (void) sum;
  return 0;
}
