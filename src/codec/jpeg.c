/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/jpeg.h"

#include "codec/jpeg-reader.h"

bool
cw_jpeg_decode (const CwCodecInput *in, CwPixels **out, GError **error)
{
  g_autoptr (CwJpegReader) reader = cw_jpeg_reader_new ();
  const CwJpegFile file = { .data = in->data, .width = in->width, .height = in->height, .pool = in->pool };

  return cw_jpeg_reader_decode (reader, &file, out, error);
}
