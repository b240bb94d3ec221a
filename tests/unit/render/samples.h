/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small images of every type. */
#pragma once

#include "stream.h"

#define SAMPLE_SIDE 4

typedef struct {
  const char *name;
  uint8_t type;
  /* Makes the pixels, 0xAARRGGBB, into the image's data. */
  void (*fill) (Arena *arena, CwWireImage *image, const uint32_t *argb);
  bool has_alpha;
  bool is_lossy; /* then it is white above and black below, whatever the pixels are */
} Sample;

CwSlice sample_data (Arena *arena, GByteArray *bytes); /* takes them */

extern const Sample samples[];
extern const unsigned n_samples;
