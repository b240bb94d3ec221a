/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pixels an operation may touch: its box within the surface, cut by clip rectangles and by a mask, handed out
 * piece by piece so that a long operation can be interrupted. */
#pragma once

#include "base/geometry.h"
#include "base/pixels.h"

/* Servers send regions: rectangles that do not overlap, in bands from top to bottom, each from left to right. What
 * comes in another order has to be sorted, and rectangles that overlap can make n * n / 4 boxes of n, so there may be
 * fewer. */
#define CW_REGION_MAX_CLIPS 65536
#define CW_REGION_MAX_UNSORTED_CLIPS 4096
#define CW_REGION_MAX_OVERLAPPING_CLIPS 512

typedef struct {
  CwRect *boxes; /* disjoint, sorted by y, then x; or NULL: at most one, which is extents */
  uint32_t n_boxes;
  CwRect extents;
  CwPixels *mask; /* or NULL */
  bool mask_invers;
  int64_t mask_dx, mask_dy; /* mask position = surface position + these */
  bool upwards, leftwards;  /* order of the pieces, for moving pixels over themselves */
  /* Where cw_region_next() is. */
  uint32_t band_first, band_end, band_done;
  bool started, inside;
  CwRect box;
  int32_t x, y;
} CwRegion;

/* What a piece costs beside its pixels, in pixels: masks make many small ones. */
#define CW_REGION_PIECE_COST 8

/* What a row costs at the least, in pixels: each may be the first to touch its page of memory. */
#define CW_REGION_ROW_COST 32

/* box ∩ bounds. Rectangles may be anything. */
void cw_region_init (CwRegion *self, const CwRect *bounds, const CwRect *box);
void cw_region_clear (CwRegion *self);

/* Leaves what also lies in one of the rectangles, which are taken and may be anything; once, and before anything else
 * is done with the region. Fails with CW_ERROR_LIMIT on too many, and with CW_ERROR_MEMORY. */
bool cw_region_clip (CwRegion *self, CwRect *clips, uint32_t n_clips, GError **error);

/* All of another region in the rectangle; CW_ERROR_MEMORY. */
bool cw_region_init_part (CwRegion *self, const CwRegion *all, const CwRect *part, GError **error);

static inline const CwRect *
cw_region_boxes (const CwRegion *self)
{
  return self->boxes ? self->boxes : &self->extents;
}

/* Leaves what also lies in the rectangle of width × height pixels at (left, top); these may be any sums of 32-bit
 * numbers. */
void cw_region_intersect (CwRegion *self, int64_t left, int64_t top, int64_t width, int64_t height);

/* Pixels where the mask's pixel has a bit set (none, if invers) remain; outside the mask there are none. Mask pixel
 * position goes to the corner of box. Takes a reference; the mask must not change until the region is cleared. */
void cw_region_set_mask (CwRegion *self, CwPixels *mask, bool invers, const CwRect *box, const CwPoint *position);

/* Hands out the pieces bottom to top and, at equal height, right to left, so that pixels may be moved by (dx, dy)
 * within their surface. For regions without a mask. */
void cw_region_order_for_move (CwRegion *self, int64_t dx, int64_t dy);

/* No boxes; the mask is not looked at. */
static inline bool
cw_region_is_empty (const CwRegion *self)
{
  return self->n_boxes == 0;
}

/* The next piece, of about max_pixels at most (whole rows, at least one), which is empty if about as many had to be
 * looked at for the next one. *cost: what that took, in pixels. FALSE when all have been handed out. */
bool cw_region_next (CwRegion *self, uint32_t max_pixels, CwRect *piece, uint32_t *cost);

/* Begins again with the first piece. */
void cw_region_rewind (CwRegion *self);
