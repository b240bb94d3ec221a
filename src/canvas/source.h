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
  CW_SOURCE_CONVERTED, /* an image: becomes the target's format */
  CW_SOURCE_RAW,       /* a surface: its words are the target's words; the depths must be equal */
  CW_SOURCE_ARGB,      /* 8888 with a definite alpha, whatever the target */
} CwSourceKind;

typedef struct CwScaler CwScaler;

typedef struct {
  const CwPixels *pixels;
  CwConvertRow convert; /* NULL: words as they are */
  size_t pixel_size;    /* of the rows handed out */
  int64_t dx, dy;       /* source position = target position + these; not if scaled */
  CwScaler *scaler;
} CwSource;

/* Maps area of pixels to box of a target in the given format; equal sizes mean no scaling. Borrows pixels; they may
 * change between rows (a surface drawing on itself needs a copy). columns are those of the target that will be asked
 * for. Fails on formats that cannot be drawn, on RAW of another depth and on scaling to or from nothing. */
bool cw_source_init (CwSource *self, const CwPixels *pixels, CwSourceKind kind, CwPixelFormat target, const CwRect *box,
                     const CwRect *area, CwScaleMode mode, const CwRect *columns, GError **error);
void cw_source_clear (CwSource *self);

/* Target pixels x … x + n - 1 of row y, n <= CW_CANVAS_RUN; either in buffer or where they are. Unscaled: the source
 * pixels must exist. Scaled: pixels outside the source are 0 in all channels. */
const uint8_t *cw_source_row (CwSource *self, int32_t x, int32_t y, uint32_t n, uint8_t *buffer);

/* Private to source.c and scale.c. */
CwScaler *cw_scaler_new (const CwPixels *pixels, CwSourceKind kind, CwPixelFormat target, const CwRect *box,
                         const CwRect *area, CwScaleMode mode, const CwRect *columns, GError **error);
void cw_scaler_free (CwScaler *self);
void cw_scaler_row (CwScaler *self, int32_t x, int32_t y, uint32_t n, uint8_t *out);
