/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Surfaces are pixels that get drawn on. */
#pragma once

#include "base/pixels.h"

/* All-zero pixels with a stride of 4 * width bytes whatever the format: applications rely on that of the primary.
 * Errors as cw_pixels_new(). */
CwPixels *cw_surface_new (CwPixelFormat format, uint32_t width, uint32_t height, GError **error);
