/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source of an operation as rows in the format the operation wants: converted and scaled on the way, so that no
 * temporary grows with what the peer asks for. */
#pragma once

#include "base/geometry.h"
#include "canvas/convert.h"

#include <stdbool.h>

typedef enum {
  CW_SCALE_INTERPOLATE, /* bilinear, seven-bit weights; also for reduction */
  CW_SCALE_NEAREST,
} CwScaleMode;

typedef enum {
  CW_READ_CONVERTED, /* an image: becomes the target's format */
  CW_READ_RAW,       /* a surface: its words are the target's words; the depths must be equal */
  CW_READ_ARGB,      /* 8888 with a definite alpha, whatever the target */
} CwReadKind;

/* An image that an operation reads. */
typedef struct {
  const CwPixels *pixels; /* borrowed; not those of the target itself */
  bool raw;               /* a surface's: not converted */
  bool has_alpha;         /* the fourth byte of BGRX counts as alpha where alpha counts */
  CwRect area;            /* what the operation's box shows; equal sizes mean no scaling */
  CwScaleMode mode;
  bool whole; /* scaled with the rounding of ROP3, which scales the whole image */
} CwImageOperand;

/* What reads. */
typedef struct {
  CwPixelFormat format;
  CwRect box;
} CwReadTarget;

typedef struct CwScaler CwScaler;

typedef struct {
  const CwPixels *pixels;
  CwConvertRow convert; /* NULL: words as they are */
  size_t pixel_size;    /* of the rows handed out */
  int64_t dx, dy;       /* source position = target position + these; not if scaled */
  CwScaler *scaler;
} CwPixelReader;

/* The operand's pixels may change between rows (a surface drawing on itself needs a copy). Fails on formats that
 * cannot be drawn, on RAW of another depth and on scaling to or from nothing. */
bool cw_pixel_reader_init (CwPixelReader *self, const CwImageOperand *operand, CwReadKind kind,
                           const CwReadTarget *target, GError **error);
void cw_pixel_reader_clear (CwPixelReader *self);

/* Target pixels x … x + n - 1 of row y, n <= CW_CANVAS_RUN; either in buffer or where they are. Unscaled: the source
 * pixels must exist. Scaled: pixels outside the source are 0 in all channels. */
const uint8_t *cw_pixel_reader_row (CwPixelReader *self, int32_t x, int32_t y, uint32_t n, uint8_t *buffer);

/* Private to pixel-reader.c and scale.c. */
CwScaler *cw_scaler_new (const CwImageOperand *operand, CwReadKind kind, const CwReadTarget *target, GError **error);
void cw_scaler_free (CwScaler *self);
void cw_scaler_row (CwScaler *self, int32_t x, int32_t y, uint32_t n, uint8_t *out);
