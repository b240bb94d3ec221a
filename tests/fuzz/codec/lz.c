/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An LZ payload of any type, in the container that its type belongs to. */
#include "codec/lz.h"

#include "fuzz/fuzz.h"

#include <stdlib.h>

#define MAX_PIXELS (1u << 20)

static uint32_t
read_be32 (const uint8_t *p)
{
  return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* Reads every pixel, so that a sanitizer sees one that was never written. */
static unsigned
look_at (const CwPixels *pixels)
{
  unsigned sum = 0;

  for (uint32_t y = 0; y < pixels->height; y++)
    for (uint32_t x = 0; x < pixels->width * (cw_pixel_format_bits (pixels->format) / 8); x++)
      sum += cw_pixels_row (pixels, y)[x];
  return sum;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const uint32_t palette[] = { 0, 0xffffff, 0x123456 };
  CwCodecInput in = { .width = 8, .height = 8, .data = { data, size }, .palette = palette, .n_palette = 3 };
  CwPixels *pixels = NULL;
  uint32_t type = 0;
  volatile unsigned sum = 0;

  if (size >= 28) {
    type = read_be32 (data + 8);
    in.width = read_be32 (data + 12);
    in.height = read_be32 (data + 16);
  }
  if ((uint64_t) in.width * in.height > MAX_PIXELS)
    return 0;
  if (type == 10) {
    uint8_t *plane = malloc (in.width * in.height + 1);
    bool top_down;

    if (cw_lz_alpha_decode (in.data, in.width, in.height, &top_down, plane, NULL))
      for (size_t i = 0; i < in.width * in.height; i++)
        sum += plane[i];
    free (plane);
  } else if (type <= 5 ? cw_lz_plt_decode (&in, &pixels, NULL) : cw_lz_rgb_decode (&in, &pixels, NULL)) {
    sum += look_at (pixels);
    cw_pixels_unref (pixels);
  }
  (void) sum;
  return 0;
}
