/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drawing operations. One is prepared once, then painted piece by piece; the pieces of one operation do not overlap
 * and may come at different times. Targets are surfaces of any format but A1. */
#pragma once

#include "canvas/region.h"
#include "canvas/rop.h"
#include "canvas/source.h"

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

typedef struct CwDraw CwDraw;

struct CwDraw {
  void (*paint) (CwDraw *self, const CwRect *piece);
  CwPixels *target;
  CwRop rop;
  CwBrush brush;
  CwConvertRow brush_convert;
  CwSource source;
  uint32_t key, key_mask; /* transparent */
  uint8_t alpha;          /* blend */
  uint32_t opaque;        /* blend: bits set in the destination's 8888 before, to make it opaque */
  int64_t dx, dy;         /* copy bits */
};

/* What copy, opaque, blend and transparent read. */
typedef struct {
  const CwPixels *pixels; /* borrowed; not the target itself */
  bool raw;               /* a surface's: not converted */
  CwRect area;
  CwScaleMode mode;
} CwDrawSource;

/* Each prepares self, which must be cleared after use also if preparing failed. region has been made from box; what
 * cannot be touched for want of source pixels is taken away from it. target and pixels are borrowed. An error is
 * CW_ERROR_MALFORMED or CW_ERROR_MEMORY. */

/* rop (S = brush, D). */
bool cw_draw_fill (CwDraw *self, CwPixels *target, const CwBrush *brush, CwRop rop, GError **error);

/* rop (S = source, D). */
bool cw_draw_copy (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box, const CwDrawSource *source,
                   CwRop rop, GError **error);

/* Copies, then rop (S = brush, D = the copied). */
bool cw_draw_opaque (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box, const CwDrawSource *source,
                     const CwBrush *brush, CwRop rop, GError **error);

/* Copies what is not of the key colour (0x00RRGGBB). Scaling is always CW_SCALE_NEAREST. */
bool cw_draw_transparent (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box,
                          const CwDrawSource *source, uint32_t key, GError **error);

/* Premultiplied OVER with a constant alpha. target_has_alpha: the top byte of a BGRX target counts as alpha and is
 * updated. Scaling is always CW_SCALE_NEAREST. */
bool cw_draw_blend (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box, const CwDrawSource *source,
                    uint8_t alpha, bool target_has_alpha, GError **error);

/* Moves pixels within the target: those of box come from the same box at position from. */
void cw_draw_copy_bits (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box, const CwPoint *from);

void cw_draw_clear (CwDraw *self);

/* Paints what is left of region, about max_pixels at most. TRUE when nothing is left. */
bool cw_draw_paint (CwDraw *self, CwRegion *region, uint32_t max_pixels);

/* The rectangle of area that an operation on box needs, for copying a surface that is drawn on itself: CW_ERROR_LIMIT
 * and so on as cw_pixels_new(). area changes to what it is in the copy. */
CwPixels *cw_draw_snapshot (const CwPixels *surface, CwRect *area, GError **error);

/* Private to the operations. */
bool cw_draw_set_source (CwDraw *self, CwRegion *region, const CwRect *box, const CwDrawSource *source,
                         CwSourceKind kind, GError **error);
bool cw_draw_set_brush (CwDraw *self, const CwBrush *brush, GError **error);
void cw_draw_paint_brush (CwDraw *self, const CwRect *piece);
void cw_draw_paint_source (CwDraw *self, const CwRect *piece, CwRop rop);

static inline uint8_t *
cw_draw_target (const CwDraw *self, int32_t x, int32_t y)
{
  return cw_pixels_row (self->target, y) + (size_t) x * (cw_pixel_format_bits (self->target->format) / 8);
}
