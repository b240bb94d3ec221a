/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/mjpeg.h"
#include "fuzz/codec/decode.h"
#include "fuzz/fuzz.h"

static void
decode_in_stream (CwMjpegStream *stream, const CwCodecInput *in)
{
  CwPixels *pixels = NULL;
  GError *error = NULL;
  bool ok = cw_mjpeg_stream_decode (stream, in, &pixels, &error);

  fuzz_check (in, ok, pixels, error);
}

/* A frame on its own, then the input as two frames of a stream and again as one, after whatever tables those left. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  CwCodecInput in = { .codec = CW_CODEC_MJPEG, .width = 40, .height = 30, .data = { data, size } };
  g_autoptr (CwMjpegStream) stream = cw_mjpeg_stream_new ();
  CwCodecInput part = in;

  fuzz_jpeg_size (&in);
  fuzz_decode (cw_mjpeg_decode, &in);
  part.width = in.width;
  part.height = in.height;
  part.data.size = size / 2;
  decode_in_stream (stream, &part);
  part.data = (CwSlice){ data + size / 2, size - size / 2 };
  decode_in_stream (stream, &part);
  in.flags = CW_STREAM_TOP_DOWN;
  decode_in_stream (stream, &in);
  return 0;
}
