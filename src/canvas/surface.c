/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/surface.h"

#include <string.h>

CwPixels *
cw_surface_new (CwPixelFormat format, uint32_t width, uint32_t height, GError **error)
{
  CwPixels *self = cw_pixels_new (CW_PIXELS_BGRX, width, height, false, error);

  if (self == NULL)
    return NULL;
  self->format = format;
  memset (self->rows, 0, (size_t) self->stride * height);
  return self;
}
