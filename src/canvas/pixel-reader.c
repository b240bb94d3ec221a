/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/pixel-reader.h"

#include "base/error.h"
#include "canvas/pixel.h"

static bool
check_format (const CwPixels *pixels, CwReadKind kind, CwPixelFormat target, GError **error)
{
  if (pixels->format > CW_PIXELS_A8) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "an image of %u bits per pixel cannot be drawn",
                 cw_pixel_format_bits (pixels->format));
    return false;
  }
  if (kind == CW_READ_RAW && cw_pixel_size (pixels->format) != cw_pixel_size (target)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "a surface of %u bits per pixel drawn on one of %u",
                 cw_pixel_format_bits (pixels->format), cw_pixel_format_bits (target));
    return false;
  }
  return true;
}

bool
cw_pixel_reader_init (CwPixelReader *self, const CwImageOperand *operand, CwReadKind kind, const CwReadTarget *target,
                      GError **error)
{
  const CwPixels *pixels = operand->pixels;
  const CwRect *box = &target->box, *area = &operand->area;
  CwPixelReader reader = { .pixels = pixels, .pixel_size = kind == CW_READ_ARGB ? 4 : cw_pixel_size (target->format) };

  if (!check_format (pixels, kind, target->format, error))
    return false;
  if (cw_rect_width (box) == cw_rect_width (area) && cw_rect_height (box) == cw_rect_height (area)) {
    reader.dx = (int64_t) area->left - box->left;
    reader.dy = (int64_t) area->top - box->top;
    if (kind == CW_READ_CONVERTED)
      reader.convert = cw_convert_to_format (pixels->format, target->format);
    else if (kind == CW_READ_ARGB && !operand->has_alpha)
      reader.convert = cw_convert_to_argb (pixels->format);
  } else {
    reader.scaler = cw_scaler_new (operand, kind, target, error);
    if (!reader.scaler)
      return false;
  }
  *self = reader;
  return true;
}

void
cw_pixel_reader_clear (CwPixelReader *self)
{
  g_clear_pointer (&self->scaler, cw_scaler_free);
}

const uint8_t *
cw_pixel_reader_row (CwPixelReader *self, int32_t x, int32_t y, uint32_t n, uint8_t *buffer)
{
  const uint8_t *row;

  if (self->scaler) {
    cw_scaler_row (self->scaler, x, y, n, buffer);
    return buffer;
  }
  row = cw_pixels_row (self->pixels, y + self->dy) + (x + self->dx) * (ptrdiff_t) cw_pixel_size (self->pixels->format);
  if (!self->convert)
    return row;
  self->convert (buffer, row, n);
  return buffer;
}
