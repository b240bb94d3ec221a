/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/brush.h"

#include "base/error.h"
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
copy_pixels (const CwBrushReader *self, uint8_t *out, const uint8_t *pixels, uint32_t n)
{
  if (self->convert)
    self->convert (out, pixels, n);
  else
    memcpy (out, pixels, n * cw_pixel_size (self->brush.pixels->format));
}

/* n pixels of a pattern's row, beginning with the one at `from`: one period of it, then that again and again. */
static void
repeat_row (const CwBrushReader *self, uint8_t *out, const uint8_t *row, uint32_t from, uint32_t n)
{
  size_t size = self->pixel_size, pattern_size = cw_pixel_size (self->brush.pixels->format);
  uint32_t width = self->brush.pixels->width, head = MIN (n, width - from), done = MIN (n, width);

  copy_pixels (self, out, row + from * pattern_size, head);
  copy_pixels (self, out + head * size, row, done - head);
  while (done < n) {
    uint32_t more = MIN (done, n - done);

    memcpy (out + done * size, out, more * size);
    done += more;
  }
}

bool
cw_brush_reader_init (CwBrushReader *self, const CwBrush *brush, CwPixelFormat target, GError **error)
{
  const CwPixels *pattern = brush->pixels;

  *self = (CwBrushReader){ .brush = *brush, .pixel_size = cw_pixel_size (target) };
  if (brush->kind != CW_BRUSH_PATTERN) {
    self->constant = repeat_color (brush->kind == CW_BRUSH_SOLID ? brush->color : 0, self->pixel_size);
    return true;
  }
  if (pattern->format > CW_PIXELS_A8 || (brush->raw && cw_pixel_size (pattern->format) != self->pixel_size)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "a pattern of %u bits per pixel on a surface of %u",
                 cw_pixel_format_bits (pattern->format), cw_pixel_format_bits (target));
    return false;
  }
  if (!brush->raw)
    self->convert = cw_convert_to_format (pattern->format, target);
  return true;
}

void
cw_brush_reader_row (const CwBrushReader *self, int32_t x, int32_t y, uint32_t n, uint8_t *out)
{
  const CwPixels *pattern = self->brush.pixels;

  if (self->brush.kind != CW_BRUSH_PATTERN)
    cw_rop_row_constant (CW_ROP_S, out, self->constant, n * self->pixel_size);
  else
    repeat_row (self, out, cw_pixels_row (pattern, modulo ((int64_t) y - self->brush.origin.y, pattern->height)),
                modulo ((int64_t) x - self->brush.origin.x, pattern->width), n);
}

void
cw_brush_reader_rop (const CwBrushReader *self, CwRop rop, CwPoint at, uint32_t n, uint8_t *dst)
{
  uint32_t buffer[CW_CANVAS_RUN];

  if (self->brush.kind != CW_BRUSH_PATTERN) {
    cw_rop_row_constant (rop, dst, self->constant, n * self->pixel_size);
    return;
  }
  for (uint32_t done = 0, part; done < n; done += part) {
    part = MIN (n - done, CW_CANVAS_RUN);
    cw_brush_reader_row (self, at.x + done, at.y, part, (uint8_t *) buffer);
    cw_rop_row (rop, dst + done * self->pixel_size, (const uint8_t *) buffer, part * self->pixel_size);
  }
}
