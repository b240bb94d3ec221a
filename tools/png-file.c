/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "png-file.h"

#include "client.h"

#include <png.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 128

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

static bool
encode (FILE *file, const SpiceDisplayPrimary *primary, int x, int y, int width, int height, char *message)
{
  png_image image = { .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB };
  g_autofree guint8 *rgb = NULL;
  guint bytes = 0;
  RowFunc convert = row_func (primary->format, &bytes);
  bool ok;

  if (!convert) {
    g_snprintf (message, MESSAGE_SIZE, "surface format %d cannot be saved", primary->format);
    return false;
  }
  rgb = g_try_malloc ((gsize) width * height * 3);
  if (!rgb) {
    g_snprintf (message, MESSAGE_SIZE, "no memory for %dx%d pixels", width, height);
    return false;
  }
  for (int i = 0; i < height; i++)
    convert (rgb + (gsize) i * width * 3, primary->data + (gsize) (y + i) * primary->stride + (gsize) x * bytes, width);
  ok = png_image_write_to_stdio (&image, file, 0, rgb, 0, NULL);
  if (!ok)
    g_strlcpy (message, image.message, MESSAGE_SIZE);
  png_image_free (&image);
  return ok;
}

bool
png_file_write (FILE *file, const SpiceDisplayPrimary *primary, int x, int y, int width, int height, GError **error)
{
  char message[MESSAGE_SIZE] = "";

  if (encode (file, primary, x, y, width, height, message))
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_FILE, "cannot write the picture: %s", message);
  return false;
}
