/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brushes: one colour, or a pattern repeated from its origin. */
#include "base/error.h"
#include "canvas/draw.h"
#include "canvas/pixel.h"

static uint64_t
repeat_color (uint32_t color, size_t pixel_size)
{
  if (pixel_size == 4)
    return color * (uint64_t) 0x100000001;
  if (pixel_size == 2)
    return (color & 0xffff) * (uint64_t) 0x1000100010001;
  return (color & 0xff) * (uint64_t) 0x101010101010101;
}

static uint32_t
modulo (int64_t value, uint32_t size)
{
  int64_t rest = value % size;

  return rest < 0 ? rest + size : rest;
}

static void
copy_pixels (const CwDraw *self, uint8_t *out, const uint8_t *pixels, uint32_t n)
{
  if (self->brush_convert)
    self->brush_convert (out, pixels, n);
  else
    memcpy (out, pixels, n * cw_pixel_size (self->brush.pixels->format));
}

/* n pixels of a pattern's row, beginning with the one at `from`: one period of it, then that again and again. */
static void
repeat_row (const CwDraw *self, uint8_t *out, const uint8_t *row, uint32_t from, uint32_t n)
{
  size_t size = cw_pixel_size (self->target->format), pattern_size = cw_pixel_size (self->brush.pixels->format);
  uint32_t width = self->brush.pixels->width, head = MIN (n, width - from), done = MIN (n, width);

  copy_pixels (self, out, row + from * pattern_size, head);
  copy_pixels (self, out + head * size, row, done - head);
  while (done < n) {
    uint32_t more = MIN (done, n - done);

    memcpy (out + done * size, out, more * size);
    done += more;
  }
}

static void
paint_pattern_row (CwDraw *self, int32_t x, int32_t y, int32_t right)
{
  const CwPixels *pattern = self->brush.pixels;
  const uint8_t *row = cw_pixels_row (pattern, modulo ((int64_t) y - self->brush.origin.y, pattern->height));
  uint32_t from = modulo ((int64_t) x - self->brush.origin.x, pattern->width);
  uint32_t buffer[CW_CANVAS_RUN];

  while (x < right) {
    uint32_t n = MIN ((uint32_t) (right - x), CW_CANVAS_RUN);

    repeat_row (self, (uint8_t *) buffer, row, from, n);
    cw_rop_row (self->rop, cw_draw_target (self, x, y), (const uint8_t *) buffer,
                n * cw_pixel_size (self->target->format));
    x += n;
    from = (from + n) % pattern->width;
  }
}

void
cw_draw_paint_brush (CwDraw *self, const CwRect *piece)
{
  size_t size = cw_pixel_size (self->target->format);
  uint64_t color = repeat_color (self->brush.kind == CW_BRUSH_SOLID ? self->brush.color : 0, size);

  for (int32_t y = piece->top; y < piece->bottom; y++) {
    if (self->brush.kind == CW_BRUSH_PATTERN)
      paint_pattern_row (self, piece->left, y, piece->right);
    else
      cw_rop_row_constant (self->rop, cw_draw_target (self, piece->left, y), color,
                           (size_t) (piece->right - piece->left) * size);
  }
}

bool
cw_draw_set_brush (CwDraw *self, const CwBrush *brush, GError **error)
{
  const CwPixels *pattern = brush->pixels;

  self->brush = *brush;
  if (brush->kind != CW_BRUSH_PATTERN)
    return true;
  if (pattern->format > CW_PIXELS_A8
      || (brush->raw && cw_pixel_size (pattern->format) != cw_pixel_size (self->target->format))) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "a pattern of %u bits per pixel on a surface of %u",
                 cw_pixel_format_bits (pattern->format), cw_pixel_format_bits (self->target->format));
    return false;
  }
  if (!brush->raw)
    self->brush_convert = cw_convert_to_format (pattern->format, self->target->format);
  return true;
}

bool
cw_draw_fill (CwDraw *self, CwPixels *target, const CwBrush *brush, CwRop rop, GError **error)
{
  *self = (CwDraw){ .paint = cw_draw_paint_brush, .target = target, .rop = rop };
  return cw_draw_set_brush (self, brush, error);
}
