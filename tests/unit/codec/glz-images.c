/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "glz-images.h"

#include "base/error.h"
#include "lz-reference.h"

static void
put_be32 (GByteArray *out, guint32 v)
{
  guint32 be = GUINT32_TO_BE (v);

  g_byte_array_append (out, (const guint8 *) &be, 4);
}

GByteArray *
glz_header (guint type, guint32 width, guint32 height, guint64 id, guint32 win_head_dist)
{
  static const guint bytes[] = { [RGB16] = 2, [RGB24] = 3, [RGB32] = 4, [RGBA] = 4 };
  GByteArray *out = g_byte_array_new ();

  put_be32 (out, 0x20205a4c);
  put_be32 (out, 0x00010001);
  ref_put (out, type | 16);
  put_be32 (out, width);
  put_be32 (out, height);
  put_be32 (out, width * bytes[type]);
  put_be32 (out, id >> 32);
  put_be32 (out, id);
  put_be32 (out, win_head_dist);
  return out;
}

CwCodecInput
glz_input (const GByteArray *data, guint32 width, guint32 height)
{
  return (
      CwCodecInput){ .codec = CW_CODEC_GLZ_RGB, .width = width, .height = height, .data = { data->data, data->len } };
}

void
glz_put_bytes (GByteArray *out, const char *bytes, gsize size)
{
  g_byte_array_append (out, (const guint8 *) bytes, size);
}

GByteArray *
glz_small (guint64 id, guint32 win_head_dist, guint32 distance, guint32 colour)
{
  static const RefFormat format = { .glz = true, .unit = CW_LZ_UNIT_RGB24 };
  GByteArray *out = glz_header (RGB32, 8, 1, id, win_head_dist);

  if (distance == 0) {
    ref_put (out, 0);
    for (guint i = 0; i < 3; i++)
      ref_put (out, colour >> 8 * i);
  } else {
    ref_put_match (out, &format, 1, 0, distance);
  }
  ref_put_match (out, &format, 7, 0, 0);
  return out;
}

CwGlzStatus
glz_begin (CwGlzWindow *window, const GByteArray *data, CwGlzDecoder **decoder, guint64 *needed, GError **error)
{
  CwCodecInput in = glz_input (data, 8, 1);

  *decoder = cw_glz_decoder_new (window, &in, error);
  if (!*decoder)
    return CW_GLZ_FAILED;
  return cw_glz_decoder_step (*decoder, needed, error);
}

guint32
glz_decode (CwGlzWindow *window, guint64 id, guint32 win_head_dist, guint32 distance, guint32 colour)
{
  g_autoptr (GByteArray) data = glz_small (id, win_head_dist, distance, colour);
  g_autoptr (CwGlzDecoder) decoder = NULL;
  g_autoptr (CwPixels) pixels = NULL;
  g_autoptr (GError) error = NULL;
  const guint32 *row;

  g_assert_cmpint (glz_begin (window, data, &decoder, NULL, &error), ==, CW_GLZ_DONE);
  g_assert_no_error (error);
  pixels = cw_glz_decoder_steal_pixels (decoder);
  row = (const guint32 *) (const void *) pixels->first;
  for (guint i = 1; i < 8; i++)
    g_assert_cmphex (row[i], ==, row[0]);
  return row[0];
}

void
glz_assert_fails (CwGlzWindow *window, guint64 id, guint32 win_head_dist, guint32 distance, CwErrorCode code)
{
  g_autoptr (GByteArray) data = glz_small (id, win_head_dist, distance, 0);
  g_autoptr (CwGlzDecoder) decoder = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (glz_begin (window, data, &decoder, NULL, &error), ==, CW_GLZ_FAILED);
  g_assert_error (error, CW_ERROR, (int) code);
}

void
glz_assert_holds (CwGlzWindow *window, guint64 first, guint64 last)
{
  for (guint64 id = first > 3 ? first - 3 : 0; id <= last + 3; id++)
    g_assert_cmpint (cw_glz_window_contains (window, id), ==, id >= first && id <= last);
  g_assert_cmpuint (cw_glz_window_n_pixels (window), ==, 8 * (last - first + 1));
}
