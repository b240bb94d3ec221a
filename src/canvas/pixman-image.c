/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/pixman-image.h"

#include "canvas/pixel.h"

static const pixman_format_code_t formats[] = {
  [CW_PIXELS_BGRX] = PIXMAN_x8r8g8b8, [CW_PIXELS_BGRA] = PIXMAN_a8r8g8b8, [CW_PIXELS_X1R5G5B5] = PIXMAN_x1r5g5b5,
  [CW_PIXELS_R5G6B5] = PIXMAN_r5g6b5, [CW_PIXELS_A8] = PIXMAN_a8,         [CW_PIXELS_A1] = PIXMAN_a1,
};

/* For pixels at any address, as in the middle of a message. */
static uint32_t
read_unaligned (const void *p, int size)
{
  return size == 4 ? cw_load32 (p) : size == 2 ? cw_load16 (p) : *(const uint8_t *) p;
}

/* Such pixels are only read. */
static void
write_nothing (void *p, uint32_t value, int size)
{
}

pixman_image_t *
cw_pixman_image_new (const CwPixels *pixels, CwPixelFormat as, pixman_read_memory_func_t read)
{
  pixman_image_t *image;

  g_assert (pixels->stride % 4 == 0);
  image = pixman_image_create_bits_no_clear (formats[as], pixels->width, pixels->height, (void *) pixels->rows,
                                             pixels->stride);
  if (image && (read || (as != CW_PIXELS_A1 && (uintptr_t) pixels->rows % cw_pixel_size (as) != 0)))
    pixman_image_set_accessors (image, read ? read : read_unaligned, write_nothing);
  return image;
}

static uint32_t
reduce_32_to_555 (const void *p, int size)
{
  return cw_rgb_of_555 (cw_555_of_rgb (cw_load32 (p)));
}

static uint32_t
reduce_32_to_565 (const void *p, int size)
{
  return cw_rgb_of_565 (cw_565_of_rgb (cw_load32 (p)));
}

static uint32_t
reduce_555_to_565 (const void *p, int size)
{
  return cw_565_of_rgb (cw_rgb_of_555 (cw_load16 (p)));
}

/* Surfaces without alpha make black of it. */
static uint32_t
reduce_a8 (const void *p, int size)
{
  return 0xff;
}

CwPixelFormat
cw_pixman_image_reduce (pixman_read_memory_func_t *read, CwPixelFormat from, CwPixelFormat to)
{
  bool deep = from == CW_PIXELS_BGRX || from == CW_PIXELS_BGRA;

  *read = from == CW_PIXELS_A8 && cw_pixel_size (to) == 2 ? reduce_a8 : NULL;
  if (*read)
    return from;
  if (to == CW_PIXELS_X1R5G5B5 && deep)
    *read = reduce_32_to_555;
  if (to == CW_PIXELS_R5G6B5 && (deep || from == CW_PIXELS_X1R5G5B5))
    *read = deep ? reduce_32_to_565 : reduce_555_to_565;
  if (!*read)
    return from;
  return deep ? CW_PIXELS_BGRX : to;
}
