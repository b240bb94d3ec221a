/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "png-file.h"

#include "client.h"

#include <errno.h>
#include <png.h>

bool
png_file_write (FILE *file, const Picture *picture, GError **error)
{
  png_image image = {
    .version = PNG_IMAGE_VERSION,
    .width = picture->width,
    .height = picture->height,
    .format = PNG_FORMAT_RGB,
  };
  bool ok = png_image_write_to_stdio (&image, file, 0, picture->rgb, 0, NULL);
  int reason = errno;

  if (!ok)
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "cannot write the picture: %s", image.message);
  png_image_free (&image);
  errno = reason;
  return ok;
}
