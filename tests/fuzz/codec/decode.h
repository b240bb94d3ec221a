/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every target of an image codec does with its decoder. */
#pragma once

#include "codec/codec.h"

#include <stdlib.h>

/* Decodes and holds the decoder to its contract: an error and nothing else, or an image of the announced size of which
 * every pixel is there to be read. */
static inline void
fuzz_check (const CwCodecInput *in, bool ok, CwPixels *pixels, GError *error)
{
  static volatile uint8_t sink;
  uint8_t sum = 0;

  if (ok != (pixels != NULL) || ok != (error == NULL))
    abort ();
  if (!ok) {
    g_error_free (error);
    return;
  }
  if (pixels->width != in->width || pixels->height != in->height)
    abort ();
  for (uint32_t y = 0; y < pixels->height; y++) {
    const uint8_t *row = cw_pixels_row (pixels, y);

    for (size_t i = 0; i < ((size_t) pixels->width * cw_pixel_format_bits (pixels->format)) / 8; i++)
      sum += row[i];
  }
  sink = sum;
  (void) sink;
  cw_pixels_unref (pixels);
}

static inline void
fuzz_decode (CwCodecDecode decode, const CwCodecInput *in)
{
  CwPixels *pixels = NULL;
  GError *error = NULL;
  bool ok = decode (in, &pixels, &error);

  fuzz_check (in, ok, pixels, error);
}

/* Takes a JPEG file's dimensions from its frame header, so that the descriptor agrees and decoding goes on. */
static inline void
fuzz_jpeg_size (CwCodecInput *in)
{
  const uint8_t *data = in->data.data;

  for (size_t i = 0; i + 9 < in->data.size; i++) {
    if (data[i] == 0xff && data[i + 1] >= 0xc0 && data[i + 1] <= 0xc2) {
      in->height = data[i + 5] << 8 | data[i + 6];
      in->width = data[i + 7] << 8 | data[i + 8];
      return;
    }
  }
}
