/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixels as pixman reads and writes them. */
#pragma once

#include "base/pixels.h"

#include <pixman.h>

/* The longest side of an image that pixman computes positions in. */
#define CW_PIXMAN_MAX_SIDE 0x7f00

/* An image of pixels, whose words are read as those of the format `as` (of the same depth; not GRAY8), by read where
 * that is not NULL. Borrows the pixels, whose stride is a multiple of 4. NULL if there is no memory. */
pixman_image_t *cw_pixman_image_new (const CwPixels *pixels, CwPixelFormat as, pixman_read_memory_func_t read);

/* How to read an image as if it had been converted from its own format to another one: the function that does it, or
 * NULL, and the format it reads as. Exact after a conversion to that other format. */
CwPixelFormat cw_pixman_image_reduce (pixman_read_memory_func_t *read, CwPixelFormat from, CwPixelFormat to);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (pixman_image_t, pixman_image_unref)
