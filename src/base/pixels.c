/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/pixels.h"

#include "base/error.h"
#include "base/pages.h"

#include <string.h>

unsigned
cw_pixel_format_bits (CwPixelFormat format)
{
  switch (format) {
  case CW_PIXELS_BGRX:
  case CW_PIXELS_BGRA:
    return 32;
  case CW_PIXELS_X1R5G5B5:
  case CW_PIXELS_R5G6B5:
    return 16;
  case CW_PIXELS_A8:
  case CW_PIXELS_GRAY8:
    return 8;
  case CW_PIXELS_A1:
    return 1;
  }
  g_assert_not_reached ();
}

static size_t
row_size (CwPixelFormat format, uint32_t width)
{
  return (((size_t) width * cw_pixel_format_bits (format) + 31) / 32) * 4;
}

static bool
check_size (uint32_t width, uint32_t height, GError **error)
{
  if (width == 0 || height == 0 || width > CW_PIXELS_MAX_SIDE || height > CW_PIXELS_MAX_SIDE
      || (uint64_t) width * height > CW_PIXELS_MAX_AREA) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT,
                 "image of %u×%u pixels is outside 1×1 … %d per side, %" G_GUINT64_FORMAT " in all", width, height,
                 CW_PIXELS_MAX_SIDE, CW_PIXELS_MAX_AREA);
    return false;
  }
  return true;
}

/* Less than any vector. */
#define UNALIGNED 16

/* The memory's size, slack included, and room to be moved in. */
static size_t
storage_size (CwPixelFormat format, uint32_t width, uint32_t height)
{
  return row_size (format, width) * height + 2 * CW_PIXELS_SLACK + UNALIGNED;
}

/* Pixels with storage taken from pool; NULL and an error if it is. */
static CwPixels *
pixels_in (uint8_t *storage, size_t capacity, CwPixelPool *pool, CwPixelFormat format, uint32_t width, uint32_t height,
           bool bottom_up, GError **error)
{
  size_t row = row_size (format, width);
  CwPixels *self;

  if (!storage) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for an image of %u×%u pixels", width, height);
    return NULL;
  }
  self = g_new (CwPixels, 1);
  *self = (CwPixels){
    .format = format,
    .width = width,
    .height = height,
    .stride = bottom_up ? -(ptrdiff_t) row : (ptrdiff_t) row,
    .first = storage + CW_PIXELS_SLACK,
    .storage = storage,
    .capacity = capacity,
    .pool = pool ? cw_pixel_pool_ref (pool) : NULL,
  };
  self->rows = bottom_up ? self->first + row * (height - 1) : self->first;
  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

CwPixels *
cw_pixels_new (CwPixelFormat format, uint32_t width, uint32_t height, bool bottom_up, GError **error)
{
  return cw_pixels_new_in (NULL, format, width, height, bottom_up, error);
}

CwPixels *
cw_pixels_new_in (CwPixelPool *pool, CwPixelFormat format, uint32_t width, uint32_t height, bool bottom_up,
                  GError **error)
{
  size_t size, capacity;
  uint8_t *storage;

  if (!check_size (width, height, error))
    return NULL;
  size = storage_size (format, width, height);
  storage = cw_pixel_pool_take (pool, size, &capacity);
  if (storage) {
    memset (storage, 0, CW_PIXELS_SLACK);
    memset (storage + size - CW_PIXELS_SLACK - UNALIGNED, 0, CW_PIXELS_SLACK + UNALIGNED);
  }
  return pixels_in (storage, capacity, pool, format, width, height, bottom_up, error);
}

void
cw_pixels_unalign (CwPixels *self)
{
  self->first += UNALIGNED;
  self->rows += UNALIGNED;
}

/* Huge pages need no help. */
static size_t
sparse (size_t capacity)
{
  return capacity < CW_HUGE_PAGE ? capacity : 0;
}

CwPixels *
cw_pixels_new_zeroed (CwPixelFormat format, uint32_t width, uint32_t height, GError **error)
{
  size_t capacity;
  uint8_t *storage;
  CwPixels *self;

  if (!check_size (width, height, error))
    return NULL;
  storage = cw_pixel_pool_take_zeroed (storage_size (format, width, height), &capacity);
  self = pixels_in (storage, capacity, NULL, format, width, height, false, error);
  if (self)
    self->sparse = sparse (capacity);
  return self;
}

CwPixels *
cw_pixels_new_wrapped (CwPixelFormat format, uint32_t width, uint32_t height, void *first, size_t stride,
                       bool bottom_up, void (*release) (gpointer owner), gpointer owner)
{
  CwPixels *self = g_new (CwPixels, 1);

  *self = (CwPixels){
    .format = format,
    .width = width,
    .height = height,
    .stride = bottom_up ? -(ptrdiff_t) stride : (ptrdiff_t) stride,
    .first = first,
    .rows = bottom_up ? (uint8_t *) first + stride * (height - 1) : first,
    .release = release,
    .owner = owner,
  };
  g_atomic_ref_count_init (&self->ref_count);
  return self;
}

/* Takes some hundred microseconds where all of its pages are there; a multiple of a page's size. */
#define ZERO_PIECE CW_HUGE_PAGE

bool
cw_pixels_zero_some (CwPixels *self, size_t *done)
{
  size_t size = MIN (ZERO_PIECE, self->capacity - *done);

  cw_pixel_pool_zero (self->storage, self->capacity, *done, size);
  *done += size;
  if (*done < self->capacity)
    return false;
  self->sparse = sparse (self->capacity);
  return true;
}

/* Fewer pages are as well taken one by one. */
#define LEAST_EXPECTED 32768

void
cw_pixels_expect_write (CwPixels *self, const CwRect *rect)
{
  uint32_t width = (uint32_t) (rect->right - rect->left), height = (uint32_t) (rect->bottom - rect->top);
  size_t size = height * row_size (self->format, self->width);
  const uint8_t *top;

  if (self->sparse == 0 || size < LEAST_EXPECTED || width < self->width / 2)
    return;
  top = cw_pixels_row (self, self->stride < 0 ? (uint32_t) rect->bottom - 1 : (uint32_t) rect->top);
  cw_pixel_pool_populate (self->storage, self->capacity, (size_t) (top - (uint8_t *) self->storage), size);
  self->sparse -= MIN (self->sparse, size);
}

CwPixels *
cw_pixels_ref (CwPixels *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
cw_pixels_unref (CwPixels *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->release)
    self->release (self->owner);
  cw_pixel_pool_give (self->pool, self->storage, self->capacity);
  g_clear_pointer (&self->pool, cw_pixel_pool_unref);
  g_free (self);
}

size_t
cw_pixels_size (const CwPixels *self)
{
  return row_size (self->format, self->width) * self->height;
}
