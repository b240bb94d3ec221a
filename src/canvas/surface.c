/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/surface.h"

CwPixels *
cw_surface_new (CwPixelFormat format, uint32_t width, uint32_t height, GError **error)
{
  CwPixels *self = cw_pixels_new_zeroed (CW_PIXELS_BGRX, width, height, error);

  if (self)
    self->format = format;
  return self;
}
