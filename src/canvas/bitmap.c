/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/bitmap.h"

#include "base/bitmap-fmt.h"
#include "base/bytes.h"
#include "base/error.h"
#include "canvas/pixel.h"

bool
cw_bitmap_check (const CwBitmap *self, GError **error)
{
  uint64_t bits = cw_bitmap_fmt_bits (self->format);
  uint64_t row;

  if (bits == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "bitmap.format: %u is unknown", self->format);
    return false;
  }
  if (self->width == 0 || self->height == 0 || self->width > CW_PIXELS_MAX_SIDE || self->height > CW_PIXELS_MAX_SIDE) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "bitmap of %u×%u pixels, at most %d per side", self->width,
                 self->height, CW_PIXELS_MAX_SIDE);
    return false;
  }
  row = (self->width * bits + 7) / 8;
  if (self->stride < row) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "bitmap.stride: %u < %" G_GUINT64_FORMAT, self->stride, row);
    return false;
  }
  if ((uint64_t) self->stride * self->height > self->data.size) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "bitmap.data: %" G_GUINT64_FORMAT " > %" G_GSIZE_FORMAT,
                 (uint64_t) self->stride * self->height, self->data.size);
    return false;
  }
  return true;
}

bool
cw_bitmap_is_indexed (const CwBitmap *self)
{
  return self->format <= CW_BITMAP_FMT_8BIT;
}

CwPixelFormat
cw_bitmap_pixel_format (const CwBitmap *self)
{
  switch (self->format) {
  case CW_BITMAP_FMT_16BIT:
    return CW_PIXELS_X1R5G5B5;
  case CW_BITMAP_FMT_24BIT:
  case CW_BITMAP_FMT_32BIT:
    return CW_PIXELS_BGRX;
  case CW_BITMAP_FMT_RGBA:
    return CW_PIXELS_BGRA;
  case CW_BITMAP_FMT_8BIT_A:
    return CW_PIXELS_A8;
  default:
    return self->palette_as == CW_PIXELS_X1R5G5B5 || self->palette_as == CW_PIXELS_BGRA ? self->palette_as
                                                                                        : CW_PIXELS_BGRX;
  }
}

static const uint8_t *
bitmap_row (const CwBitmap *self, uint32_t y)
{
  return self->data.data + (size_t) (self->top_down ? y : self->height - 1 - y) * self->stride;
}

static uint32_t
bitmap_index (const CwBitmap *self, const uint8_t *row, uint32_t x)
{
  switch (self->format) {
  case CW_BITMAP_FMT_1BIT_LE:
    return row[x / 8] >> x % 8 & 1;
  case CW_BITMAP_FMT_1BIT_BE:
    return row[x / 8] >> (7 - x % 8) & 1;
  case CW_BITMAP_FMT_4BIT_LE:
    return row[x / 2] >> x % 2 * 4 & 15;
  case CW_BITMAP_FMT_4BIT_BE:
    return row[x / 2] >> (1 - x % 2) * 4 & 15;
  default:
    return row[x];
  }
}

static void
decode_indexed (const CwBitmap *self, CwPixels *out)
{
  uint32_t entries[256] = { 0 };

  if (self->palette && self->n_palette > 0)
    memcpy (entries, self->palette, MIN (self->n_palette, 256) * sizeof entries[0]);
  for (uint32_t y = 0; y < self->height; y++) {
    const uint8_t *row = bitmap_row (self, y);
    uint8_t *to = cw_pixels_row (out, y);

    for (uint32_t x = 0; x < self->width; x++) {
      uint32_t entry = entries[bitmap_index (self, row, x)];

      if (out->format == CW_PIXELS_X1R5G5B5)
        cw_store16 (to + 2 * x, entry);
      else
        cw_store32 (to + 4 * x, entry);
    }
  }
}

static void
decode_direct (const CwBitmap *self, CwPixels *out)
{
  for (uint32_t y = 0; y < self->height; y++) {
    const uint8_t *row = bitmap_row (self, y);
    uint8_t *to = cw_pixels_row (out, y);

    switch (self->format) {
    case CW_BITMAP_FMT_16BIT:
      for (uint32_t x = 0; x < self->width; x++)
        cw_store16 (to + 2 * x, cw_le16 (row + 2 * x));
      break;
    case CW_BITMAP_FMT_24BIT:
      for (uint32_t x = 0; x < self->width; x++)
        cw_store32 (to + 4 * x, cw_le24 (row + 3 * x));
      break;
    case CW_BITMAP_FMT_8BIT_A:
      memcpy (to, row, self->width);
      break;
    default:
      for (uint32_t x = 0; x < self->width; x++)
        cw_store32 (to + 4 * x, cw_le32 (row + 4 * x));
    }
  }
}

CwPixels *
cw_bitmap_decode (const CwBitmap *self, CwPixelPool *pool, GError **error)
{
  CwPixels *out = cw_pixels_new_in (pool, cw_bitmap_pixel_format (self), self->width, self->height, false, error);

  if (!out)
    return NULL;
  if (cw_bitmap_is_indexed (self))
    decode_indexed (self, out);
  else
    decode_direct (self, out);
  return out;
}

static uint8_t
reverse_bits (uint8_t byte)
{
  byte = (byte & 0xf0) >> 4 | (byte & 0x0f) << 4;
  byte = (byte & 0xcc) >> 2 | (byte & 0x33) << 2;
  return (byte & 0xaa) >> 1 | (byte & 0x55) << 1;
}

CwPixels *
cw_bitmap_decode_mask (const CwBitmap *self, GError **error)
{
  CwPixels *out;

  if (self->format != CW_BITMAP_FMT_1BIT_LE && self->format != CW_BITMAP_FMT_1BIT_BE) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "mask.bitmap.format: %u is not a 1-bit format", self->format);
    return NULL;
  }
  out = cw_pixels_new (CW_PIXELS_A1, self->width, self->height, false, error);
  if (!out)
    return NULL;
  for (uint32_t y = 0; y < self->height; y++) {
    const uint8_t *row = bitmap_row (self, y);
    uint8_t *to = cw_pixels_row (out, y);
    size_t size = (self->width + 7) / 8;

    if (self->format == CW_BITMAP_FMT_1BIT_LE) {
      memcpy (to, row, size);
    } else {
      for (size_t i = 0; i < size; i++)
        to[i] = reverse_bits (row[i]);
    }
  }
  return out;
}

CwPixels *
cw_bitmap_view (const CwBitmap *self)
{
  CwPixels *view;

  /* Drawing wants whole words as strides. */
  if (cw_bitmap_is_indexed (self) || self->format == CW_BITMAP_FMT_24BIT || self->stride % 4 != 0
      || (G_BYTE_ORDER != G_LITTLE_ENDIAN && self->format != CW_BITMAP_FMT_8BIT_A))
    return NULL;
  view = g_new (CwPixels, 1);
  *view = (CwPixels){
    .format = cw_bitmap_pixel_format (self),
    .width = self->width,
    .height = self->height,
    .stride = self->top_down ? (ptrdiff_t) self->stride : -(ptrdiff_t) self->stride,
    .rows = (uint8_t *) bitmap_row (self, 0),
    .first = (uint8_t *) self->data.data,
  };
  g_atomic_ref_count_init (&view->ref_count);
  return view;
}
