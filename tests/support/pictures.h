/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Synthetic pictures, the same on every run. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum {
  CW_PICTURE_SCREENSHOT, /* windows, anti-aliased text, gradients, icons */
  CW_PICTURE_PHOTO,      /* smooth structure of several octaves and sensor noise */
  CW_PICTURE_NOISE,      /* uniform random */
  CW_PICTURE_FLAT,       /* one colour with a few specks */
} CwPictureKind;

const char *cw_picture_name (CwPictureKind kind);

/* width * height pixels 0xAARRGGBB, top row first, opaque. Caller frees. */
uint32_t *cw_picture_new (CwPictureKind kind, uint32_t width, uint32_t height, uint32_t seed);

/* Gives a picture an alpha that varies: opaque areas, soft edges, transparent areas. */
void cw_picture_add_alpha (uint32_t *pixels, uint32_t width, uint32_t height);
