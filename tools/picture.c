/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture.h"

#include "client.h"

typedef void (*RowFunc) (guint8 *rgb, const guint8 *row, int width);

static void
convert_32 (guint8 *rgb, const guint8 *row, int width)
{
  const guint32 *pixels = (const void *) row;

  for (int i = 0; i < width; i++, rgb += 3) {
    rgb[0] = pixels[i] >> 16;
    rgb[1] = pixels[i] >> 8;
    rgb[2] = pixels[i];
  }
}

static guint8
widen (guint value, guint bits)
{
  return value << (8 - bits) | value >> (2 * bits - 8);
}

static void
convert_555 (guint8 *rgb, const guint8 *row, int width)
{
  const guint16 *pixels = (const void *) row;

  for (int i = 0; i < width; i++, rgb += 3) {
    rgb[0] = widen (pixels[i] >> 10 & 31, 5);
    rgb[1] = widen (pixels[i] >> 5 & 31, 5);
    rgb[2] = widen (pixels[i] & 31, 5);
  }
}

static void
convert_565 (guint8 *rgb, const guint8 *row, int width)
{
  const guint16 *pixels = (const void *) row;

  for (int i = 0; i < width; i++, rgb += 3) {
    rgb[0] = widen (pixels[i] >> 11, 5);
    rgb[1] = widen (pixels[i] >> 5 & 63, 6);
    rgb[2] = widen (pixels[i] & 31, 5);
  }
}

static RowFunc
row_func (enum SpiceSurfaceFmt format, guint *bytes)
{
  switch (format) {
  case SPICE_SURFACE_FMT_32_xRGB:
  case SPICE_SURFACE_FMT_32_ARGB:
    *bytes = 4;
    return convert_32;
  case SPICE_SURFACE_FMT_16_555:
    *bytes = 2;
    return convert_555;
  case SPICE_SURFACE_FMT_16_565:
    *bytes = 2;
    return convert_565;
  default:
    return NULL;
  }
}

bool
picture_init (Picture *self, const SpiceDisplayPrimary *primary, int x, int y, int width, int height, GError **error)
{
  guint bytes = 0;
  RowFunc convert = row_func (primary->format, &bytes);

  *self = (Picture){ width, height, NULL };
  if (!convert) {
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "surface format %d cannot be saved", primary->format);
    return false;
  }
  self->rgb = g_try_malloc ((gsize) width * height * 3);
  if (!self->rgb) {
    g_set_error (error, STATUS_ERROR, STATUS_FAILED, "no memory for %dx%d pixels", width, height);
    return false;
  }
  for (int i = 0; i < height; i++)
    convert (self->rgb + (gsize) i * width * 3, primary->data + (gsize) (y + i) * primary->stride + (gsize) x * bytes,
             width);
  return true;
}

void
picture_clear (Picture *self)
{
  g_clear_pointer (&self->rgb, g_free);
}

/* Shapes with an alpha channel come multiplied by it; the others have masks. */
static void
blend (guint8 *rgb, const guint8 *rgba, bool multiplied)
{
  for (int i = 0; i < 3; i++) {
    guint sum = (multiplied ? rgba[i] * 255u : rgba[i] * (guint) rgba[3]) + rgb[i] * (255u - rgba[3]);

    rgb[i] = MIN ((sum + 127) / 255, 255);
  }
}

void
picture_draw_cursor (Picture *self, const SpiceCursorShape *shape, int x, int y)
{
  int left = x - shape->hot_spot_x, top = y - shape->hot_spot_y;
  int right = MIN (left + shape->width, self->width), bottom = MIN (top + shape->height, self->height);

  for (int row = MAX (top, 0); row < bottom; row++) {
    for (int column = MAX (left, 0); column < right; column++)
      blend (self->rgb + ((gsize) row * self->width + column) * 3,
             (const guint8 *) shape->data + ((gsize) (row - top) * shape->width + (column - left)) * 4,
             shape->type == SPICE_CURSOR_TYPE_ALPHA);
  }
}
