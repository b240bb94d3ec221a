/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brushes: nothing, one colour, or a pattern repeated from its origin. */
#pragma once

#include "base/geometry.h"
#include "canvas/convert.h"
#include "canvas/rop.h"

#include <stdbool.h>

typedef struct {
  enum {
    CW_BRUSH_NOTHING, /* counts as 0 */
    CW_BRUSH_SOLID,
    CW_BRUSH_PATTERN,
  } kind;
  uint32_t color;   /* SOLID: raw pixel; its low bits on surfaces of less depth */
  CwPixels *pixels; /* PATTERN: borrowed */
  bool raw;         /* PATTERN: the pixels are a surface's */
  CwPoint origin;   /* PATTERN: of its pixel (0, 0) on the surface */
} CwBrush;

/* A brush as rows of a target's format. */
typedef struct {
  CwBrush brush;
  CwConvertRow convert;
  size_t pixel_size; /* of the target */
  uint64_t constant; /* all but PATTERN: what repeats every 8 bytes */
} CwBrushReader;

/* Fails with CW_ERROR_MALFORMED on patterns that cannot be drawn, and on a surface of another depth than the target. */
bool cw_brush_reader_init (CwBrushReader *self, const CwBrush *brush, CwPixelFormat target, GError **error);

/* n <= CW_CANVAS_RUN pixels from (x, y) of the surface on. */
void cw_brush_reader_row (const CwBrushReader *self, int32_t x, int32_t y, uint32_t n, uint8_t *out);

/* dst = rop (brush, dst) for n pixels of a row whose first one is at (x, y). */
void cw_brush_reader_rop (const CwBrushReader *self, CwRop rop, CwPoint at, uint32_t n, uint8_t *dst);
