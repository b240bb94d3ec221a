/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/region.h"

#include "base/error.h"

#include <string.h>

/* Whether boxes are those of a region: bands from top to bottom, each from left to right. */
static bool
is_region (const pixman_box32_t *boxes, int n)
{
  for (int i = 1; i < n; i++) {
    const pixman_box32_t *a = &boxes[i - 1], *b = &boxes[i];
    bool same_band = b->y1 == a->y1 && b->y2 == a->y2 && b->x1 >= a->x2;

    if (!same_band && b->y1 < a->y2)
      return false;
  }
  return true;
}

static bool
init_clipped (CwRegion *self, const CwRect *area, const CwRect *clips, uint32_t n_clips, GError **error)
{
  g_autofree pixman_box32_t *boxes = NULL;
  int n = 0;

  if (n_clips > CW_REGION_MAX_CLIPS) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "clip of %u rectangles, at most %d", n_clips, CW_REGION_MAX_CLIPS);
    return false;
  }
  boxes = g_try_new (pixman_box32_t, n_clips);
  if (!boxes && n_clips > 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "clip of %u rectangles", n_clips);
    return false;
  }
  for (uint32_t i = 0; i < n_clips; i++) {
    CwRect part = cw_rect_intersect (area, &clips[i]);

    if (!cw_rect_is_empty (&part))
      boxes[n++] = (pixman_box32_t){ part.left, part.top, part.right, part.bottom };
  }
  if (n > CW_REGION_MAX_OVERLAPPING_CLIPS && !is_region (boxes, n)) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "clip of %d overlapping rectangles, at most %d", n,
                 CW_REGION_MAX_OVERLAPPING_CLIPS);
    return false;
  }
  pixman_region32_init_rects (&self->boxes, boxes, n);
  return true;
}

bool
cw_region_init (CwRegion *self, const CwRect *bounds, const CwRect *box, const CwRect *clips, uint32_t n_clips,
                GError **error)
{
  CwRect area = cw_rect_intersect (bounds, box);

  *self = (CwRegion){ 0 };
  if (clips && !cw_rect_is_empty (&area))
    return init_clipped (self, &area, clips, n_clips, error);
  if (cw_rect_is_empty (&area))
    pixman_region32_init (&self->boxes);
  else
    pixman_region32_init_rect (&self->boxes, area.left, area.top, area.right - area.left, area.bottom - area.top);
  return true;
}

void
cw_region_clear (CwRegion *self)
{
  pixman_region32_fini (&self->boxes);
  g_clear_pointer (&self->mask, cw_pixels_unref);
}

void
cw_region_intersect (CwRegion *self, int64_t left, int64_t top, int64_t width, int64_t height)
{
  CwRect extents = cw_region_extents (self);
  int64_t x1 = MAX (left, extents.left), y1 = MAX (top, extents.top);
  int64_t x2 = MIN (left + width, extents.right), y2 = MIN (top + height, extents.bottom);

  if (x1 >= x2 || y1 >= y2) {
    pixman_region32_fini (&self->boxes);
    pixman_region32_init (&self->boxes);
  } else {
    pixman_region32_intersect_rect (&self->boxes, &self->boxes, x1, y1, x2 - x1, y2 - y1);
  }
}

void
cw_region_set_mask (CwRegion *self, CwPixels *mask, bool invers, const CwRect *box, const CwPoint *position)
{
  self->mask = cw_pixels_ref (mask);
  self->mask_invers = invers;
  self->mask_dx = (int64_t) position->x - box->left;
  self->mask_dy = (int64_t) position->y - box->top;
  cw_region_intersect (self, -self->mask_dx, -self->mask_dy, mask->width, mask->height);
}

void
cw_region_order_for_move (CwRegion *self, int64_t dx, int64_t dy)
{
  self->upwards = dy > 0;
  self->leftwards = dx > 0;
}

bool
cw_region_is_empty (const CwRegion *self)
{
  return !pixman_region32_not_empty ((pixman_region32_t *) &self->boxes);
}

CwRect
cw_region_extents (const CwRegion *self)
{
  const pixman_box32_t *box = pixman_region32_extents ((pixman_region32_t *) &self->boxes);

  return (CwRect){ .left = box->x1, .top = box->y1, .right = box->x2, .bottom = box->y2 };
}

/* A band is the boxes of equal height and y; bands and the boxes within them each have their own direction. */
static bool
enter_band (CwRegion *self, const pixman_box32_t *boxes, int n)
{
  if (self->upwards) {
    self->band_end = self->started ? self->band_first : n;
    if (self->band_end == 0)
      return false;
    self->band_first = self->band_end - 1;
    while (self->band_first > 0 && boxes[self->band_first - 1].y1 == boxes[self->band_end - 1].y1)
      self->band_first--;
  } else {
    self->band_first = self->started ? self->band_end : 0;
    if (self->band_first == n)
      return false;
    self->band_end = self->band_first + 1;
    while (self->band_end < n && boxes[self->band_end].y1 == boxes[self->band_first].y1)
      self->band_end++;
  }
  self->started = true;
  self->band_done = 0;
  return true;
}

static bool
enter_box (CwRegion *self)
{
  int n;
  const pixman_box32_t *boxes = pixman_region32_rectangles (&self->boxes, &n), *box;

  if ((!self->started || self->band_done == self->band_end - self->band_first) && !enter_band (self, boxes, n))
    return false;
  box = &boxes[self->leftwards ? self->band_end - 1 - self->band_done : self->band_first + self->band_done];
  self->band_done++;
  self->box = (CwRect){ .left = box->x1, .top = box->y1, .right = box->x2, .bottom = box->y2 };
  self->x = self->box.left;
  self->y = self->upwards ? self->box.bottom : self->box.top;
  self->inside = true;
  return true;
}

/* The first position from x on whose bit is value; to if there is none. */
static int64_t
find_bit (const uint8_t *row, int64_t x, int64_t to, bool value)
{
  uint8_t skip = value ? 0 : 0xff;

  while (x < to) {
    if (x % 8 == 0 && x + 8 <= to && row[x / 8] == skip)
      x += 8;
    else if ((row[x / 8] >> x % 8 & 1) == value)
      return x;
    else
      x++;
  }
  return to;
}

/* The same where a pixel has more than one bit: value tells whether any of them is set. */
static int64_t
find_pixel (const uint8_t *row, size_t size, int64_t x, int64_t to, bool value)
{
  static const uint8_t zero[4];

  while (x < to && (memcmp (row + x * size, zero, size) != 0) != value)
    x++;
  return x;
}

static int64_t
find (const CwPixels *mask, const uint8_t *row, int64_t x, int64_t to, bool value)
{
  if (mask->format == CW_PIXELS_A1)
    return find_bit (row, x, to, value);
  return find_pixel (row, cw_pixel_format_bits (mask->format) / 8, x, to, value);
}

/* Each byte of a mask costs about as much as a pixel that is drawn. */
static bool
next_masked (CwRegion *self, uint32_t max_pixels, CwRect *piece, uint32_t *cost)
{
  unsigned pixels_per_byte = self->mask->format == CW_PIXELS_A1 ? 8 : 1;

  for (; self->y < self->box.bottom; self->y++, self->x = self->box.left) {
    const uint8_t *row = cw_pixels_row (self->mask, self->y + self->mask_dy);
    int64_t to = self->box.right + self->mask_dx;
    int64_t from = find (self->mask, row, self->x + self->mask_dx, to, !self->mask_invers);

    *cost += (from - self->mask_dx - self->x) / pixels_per_byte + 1;
    if (from < to) {
      int64_t end = find (self->mask, row, from, to, self->mask_invers);

      *piece = (CwRect){
        .left = from - self->mask_dx, .top = self->y, .right = end - self->mask_dx, .bottom = self->y + 1
      };
      self->x = piece->right;
      return true;
    }
    if (*cost >= max_pixels) {
      *piece = (CwRect){ 0 };
      self->x = self->box.left;
      self->y++;
      return true;
    }
  }
  return false;
}

static bool
next_rows (CwRegion *self, uint32_t max_pixels, CwRect *piece)
{
  int32_t width = MAX (self->box.right - self->box.left, CW_REGION_ROW_COST);
  int32_t n = MAX (1, max_pixels / (uint32_t) width);

  *piece = self->box;
  if (self->upwards) {
    if (self->y <= self->box.top)
      return false;
    piece->bottom = self->y;
    piece->top = self->y = MAX (self->box.top, self->y - n);
  } else {
    if (self->y >= self->box.bottom)
      return false;
    piece->top = self->y;
    piece->bottom = self->y = MIN (self->box.bottom, self->y + n);
  }
  return true;
}

bool
cw_region_next (CwRegion *self, uint32_t max_pixels, CwRect *piece, uint32_t *cost)
{
  *cost = CW_REGION_PIECE_COST;
  for (;;) {
    if (!self->inside && !enter_box (self))
      return false;
    if (self->mask ? next_masked (self, max_pixels, piece, cost) : next_rows (self, max_pixels, piece)) {
      *cost += MAX (cw_rect_width (piece), CW_REGION_ROW_COST) * cw_rect_height (piece);
      return true;
    }
    self->inside = false;
  }
}

void
cw_region_rewind (CwRegion *self)
{
  self->started = self->inside = false;
}
