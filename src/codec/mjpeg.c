/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/mjpeg.h"

#include "codec/jpeg-reader.h"

struct CwMjpegStream {
  CwJpegReader *reader;
};

CwMjpegStream *
cw_mjpeg_stream_new (void)
{
  CwMjpegStream *self = g_new (CwMjpegStream, 1);

  self->reader = cw_jpeg_reader_new ();
  return self;
}

void
cw_mjpeg_stream_free (CwMjpegStream *self)
{
  cw_jpeg_reader_free (self->reader);
  g_free (self);
}

bool
cw_mjpeg_stream_decode (CwMjpegStream *self, const CwCodecInput *in, CwPixels **out, GError **error)
{
  const CwJpegFile file = {
    .data = in->data,
    .width = in->width,
    .height = in->height,
    .pool = in->pool,
    .flags = CW_JPEG_FAST | (in->flags & CW_STREAM_TOP_DOWN ? 0 : CW_JPEG_BOTTOM_UP),
  };

  return cw_jpeg_reader_decode (self->reader, &file, out, error);
}

bool
cw_mjpeg_decode (const CwCodecInput *in, CwPixels **out, GError **error)
{
  g_autoptr (CwMjpegStream) stream = cw_mjpeg_stream_new ();

  return cw_mjpeg_stream_decode (stream, in, out, error);
}
