/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/region.h"

#include "base/error.h"

#include <pixman.h>
#include <stdlib.h>
#include <string.h>

static int
compare (const void *a, const void *b)
{
  const CwRect *first = a, *second = b;

  if (first->top != second->top)
    return first->top < second->top ? -1 : 1;
  return first->left < second->left ? -1 : first->left > second->left;
}

/* Whether boxes are those of a region: bands from top to bottom, each from left to right. */
static bool
is_region (const CwRect *boxes, uint32_t n)
{
  for (uint32_t i = 1; i < n; i++) {
    const CwRect *a = &boxes[i - 1], *b = &boxes[i];
    bool same_band = b->top == a->top && b->bottom == a->bottom && b->left >= a->right;

    if (!same_band && b->top < a->bottom)
      return false;
  }
  return true;
}

/* Leaves what lies in area, in place and in order. */
static void
cut (CwRegion *self, const CwRect *area)
{
  uint32_t n = 0;
  CwRect *boxes = self->boxes ? self->boxes : &self->extents, extents = { G_MAXINT32, 0, G_MININT32, 0 };

  for (uint32_t i = 0; i < self->n_boxes; i++) {
    CwRect part = cw_rect_intersect (area, &boxes[i]);

    if (cw_rect_is_empty (&part))
      continue;
    extents.left = MIN (extents.left, part.left);
    extents.right = MAX (extents.right, part.right);
    boxes[n++] = part;
  }
  if (n > 0) {
    extents.top = boxes[0].top;
    extents.bottom = boxes[n - 1].bottom;
  } else {
    extents = (CwRect){ 0 };
  }
  self->n_boxes = n;
  self->extents = extents;
  if (n < 2)
    g_clear_pointer (&self->boxes, g_free);
}

/* The union of rectangles that may overlap, as boxes that do not. */
static bool
unite (CwRect **boxes, uint32_t *n, GError **error)
{
  pixman_region32_t region;
  const pixman_box32_t *united;
  int n_united;

  G_STATIC_ASSERT (sizeof (CwRect) == sizeof (pixman_box32_t)
                   && offsetof (CwRect, left) == offsetof (pixman_box32_t, x1)
                   && offsetof (CwRect, top) == offsetof (pixman_box32_t, y1)
                   && offsetof (CwRect, right) == offsetof (pixman_box32_t, x2));
  if (*n > CW_REGION_MAX_OVERLAPPING_CLIPS) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "clip of %u overlapping rectangles, at most %d", *n,
                 CW_REGION_MAX_OVERLAPPING_CLIPS);
    return false;
  }
  pixman_region32_init_rects (&region, (const pixman_box32_t *) (const void *) *boxes, *n);
  united = pixman_region32_rectangles (&region, &n_united);
  g_free (*boxes);
  *boxes = g_try_new (CwRect, MAX (n_united, 1));
  if (*boxes)
    memcpy (*boxes, united, n_united * sizeof (CwRect));
  else
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for a clip of %d rectangles", n_united);
  *n = n_united;
  pixman_region32_fini (&region);
  return *boxes != NULL;
}

void
cw_region_init (CwRegion *self, const CwRect *bounds, const CwRect *box)
{
  *self = (CwRegion){ .n_boxes = 1, .extents = *bounds };
  cut (self, box);
}

static bool
sort (CwRect **boxes, uint32_t *n, GError **error)
{
  if (is_region (*boxes, *n))
    return true;
  if (*n > CW_REGION_MAX_UNSORTED_CLIPS) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "clip of %u rectangles without order, at most %d", *n,
                 CW_REGION_MAX_UNSORTED_CLIPS);
    return false;
  }
  qsort (*boxes, *n, sizeof **boxes, compare);
  return is_region (*boxes, *n) || unite (boxes, n, error);
}

bool
cw_region_clip (CwRegion *self, CwRect *clips, uint32_t n_clips, GError **error)
{
  g_autofree CwRect *boxes = clips;
  CwRect area = self->extents;
  uint32_t n = 0;

  if (n_clips > CW_REGION_MAX_CLIPS) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "clip of %u rectangles, at most %d", n_clips, CW_REGION_MAX_CLIPS);
    return false;
  }
  for (uint32_t i = 0; i < n_clips; i++) {
    CwRect part = cw_rect_intersect (&area, &boxes[i]);

    if (!cw_rect_is_empty (&part))
      boxes[n++] = part;
  }
  if (!sort (&boxes, &n, error))
    return false;
  self->boxes = g_steal_pointer (&boxes);
  self->n_boxes = n;
  if (n == 1)
    self->extents = self->boxes[0];
  cut (self, &area);
  return true;
}

bool
cw_region_init_part (CwRegion *self, const CwRegion *all, const CwRect *part, GError **error)
{
  *self = (CwRegion){ .n_boxes = all->n_boxes, .extents = all->extents };
  if (all->boxes) {
    self->boxes = g_try_new (CwRect, all->n_boxes);
    if (!self->boxes) {
      g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for %u clip rectangles", all->n_boxes);
      self->n_boxes = 0;
      return false;
    }
    memcpy (self->boxes, all->boxes, all->n_boxes * sizeof (CwRect));
  }
  cut (self, part);
  return true;
}

void
cw_region_clear (CwRegion *self)
{
  g_clear_pointer (&self->boxes, g_free);
  self->n_boxes = 0;
  g_clear_pointer (&self->mask, cw_pixels_unref);
}

void
cw_region_intersect (CwRegion *self, int64_t left, int64_t top, int64_t width, int64_t height)
{
  const CwRect *extents = &self->extents;
  CwRect area = { .left = CLAMP (left, extents->left, extents->right),
                  .top = CLAMP (top, extents->top, extents->bottom),
                  .right = CLAMP (left + width, extents->left, extents->right),
                  .bottom = CLAMP (top + height, extents->top, extents->bottom) };

  if (memcmp (&area, extents, sizeof area) != 0)
    cut (self, &area);
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

/* A band is the boxes of equal height and y; bands and the boxes within them each have their own direction. */
static bool
enter_band (CwRegion *self, const CwRect *boxes)
{
  uint32_t n = self->n_boxes;

  if (self->upwards) {
    self->band_end = self->started ? self->band_first : n;
    if (self->band_end == 0)
      return false;
    self->band_first = self->band_end - 1;
    while (self->band_first > 0 && boxes[self->band_first - 1].top == boxes[self->band_end - 1].top)
      self->band_first--;
  } else {
    self->band_first = self->started ? self->band_end : 0;
    if (self->band_first == n)
      return false;
    self->band_end = self->band_first + 1;
    while (self->band_end < n && boxes[self->band_end].top == boxes[self->band_first].top)
      self->band_end++;
  }
  self->started = true;
  self->band_done = 0;
  return true;
}

static bool
enter_box (CwRegion *self)
{
  const CwRect *boxes = cw_region_boxes (self);

  if ((!self->started || self->band_done == self->band_end - self->band_first) && !enter_band (self, boxes))
    return false;
  self->box = boxes[self->leftwards ? self->band_end - 1 - self->band_done : self->band_first + self->band_done];
  self->band_done++;
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
