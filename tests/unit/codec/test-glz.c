/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/glz-store.h"
#include "glz-images.h"
#include "lz-reference.h"

#include <libdeflate.h>
#include <stdlib.h>

static void
test_example (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (100);
  g_autoptr (GByteArray) one = glz_header (RGB24, 4, 1, 0, 0), two = glz_header (RGB32, 5, 1, 1, 1);
  g_autoptr (GError) error = NULL;
  const GByteArray *both[] = { one, two };

  PUT (one, "\x03\x01\x00\x00\x02\x00\x00\x03\x00\x00\x04\x00\x00");
  PUT (two, "\x61\x00\x01\x40\x00\x00");
  for (guint i = 0; i < 2; i++) {
    static const guint32 expected[2][5] = { { 1, 2, 3, 4 }, { 2, 3, 4, 4, 4 } };
    CwCodecInput in = glz_input (both[i], 4 + i, 1);
    g_autoptr (CwGlzDecoder) decoder = cw_glz_decoder_new (window, &in, &error);
    g_autoptr (CwPixels) pixels = NULL;

    g_assert_no_error (error);
    g_assert_cmpint (cw_glz_decoder_step (decoder, NULL, &error), ==, CW_GLZ_DONE);
    pixels = cw_glz_decoder_steal_pixels (decoder);
    g_assert_cmpmem (pixels->first, 4 * (4 + i), expected[i], 4 * (4 + i));
  }
}

/* Both streams of RGBA refer to another image; RGB16 widens. */
static void
test_types (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (100);
  g_autoptr (GByteArray) one = glz_header (RGBA, 4, 1, 0, 0), two = glz_header (RGBA, 4, 1, 1, 1);
  g_autoptr (GByteArray) three = glz_header (RGB16, 2, 2, 2, 0);
  static const guint32 expected[3][4] = { { 0xa0010101, 0xa1020202, 0xa2030303, 0xa3040404 },
                                          { 0xa1020202, 0xa2030303, 0xa3040404, 0xff040404 },
                                          { 0xff0000, 0x00ff00, 0x0000ff, 0x84 << 16 | 0x84 << 8 | 0x84 } };
  GByteArray *all[] = { one, two, three };

  PUT (one, "\x03\x01\x01\x01\x02\x02\x02\x03\x03\x03\x04\x04\x04\x03\xa0\xa1\xa2\xa3");
  PUT (two, "\x61\x00\x01\x20\x00\x00\x21\x00\x01\x00\xff");
  PUT (three, "\x03\xfc\x00\x03\xe0\x00\x1f\x42\x10");
  three->data[8] = RGB16; /* bottom-up */
  for (guint i = 0; i < 3; i++) {
    CwCodecInput in = glz_input (all[i], i == 2 ? 2 : 4, i == 2 ? 2 : 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (CwGlzDecoder) decoder = cw_glz_decoder_new (window, &in, &error);
    g_autoptr (CwPixels) pixels = NULL;

    g_assert_no_error (error);
    g_assert_cmpint (cw_glz_decoder_step (decoder, NULL, &error), ==, CW_GLZ_DONE);
    pixels = cw_glz_decoder_steal_pixels (decoder);
    g_assert_cmpint (pixels->format, ==, i == 2 ? CW_PIXELS_BGRX : CW_PIXELS_BGRA);
    g_assert_cmpmem (pixels->first, 16, expected[i], 16);
    g_assert_true (cw_pixels_row (pixels, 0) == pixels->first + (i == 2 ? 8 : 0));
  }
}

static void
test_zlib (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (100);
  struct libdeflate_compressor *deflater = libdeflate_alloc_compressor (6);
  g_autoptr (GByteArray) plain = glz_small (0, 0, 0, 0x123456);
  guint8 packed[200];
  gsize size = libdeflate_zlib_compress (deflater, plain->data, plain->len, packed, sizeof packed);
  CwCodecInput in = { .codec = CW_CODEC_ZLIB_GLZ_RGB, .width = 8, .height = 1, .data = { packed, size } };
  static const gint wrong[] = { -1, 1, -100000, 100000 };

  libdeflate_free_compressor (deflater);
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    in.glz_data_size = plain->len + wrong[i];
    g_assert_null (cw_glz_decoder_new (window, &in, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  }
  in.glz_data_size = plain->len;
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (CwGlzDecoder) decoder = NULL;

    packed[size / 2] ^= i == 0 ? 0x10 : 0;
    decoder = cw_glz_decoder_new (window, &in, &error);
    if (i == 0) {
      g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
      packed[size / 2] ^= 0x10;
    } else {
      g_assert_cmpint (cw_glz_decoder_step (decoder, NULL, &error), ==, CW_GLZ_DONE);
    }
  }
  g_assert_true (cw_glz_window_contains (window, 0));
}

/* So many bytes of GLZ a picture may take: 1024 and six for each of its eight pixels. What is behind the tokens is no
 * harm. */
static void
test_zlib_size (void)
{
  struct libdeflate_compressor *deflater = libdeflate_alloc_compressor (6);
  g_autoptr (GByteArray) plain = glz_small (0, 0, 0, 0x123456);
  const guint used = plain->len;

  g_byte_array_set_size (plain, 1073);
  memset (plain->data + used, 0, 1073 - used);
  for (guint size = 1072; size <= 1073; size++) {
    g_autoptr (CwGlzWindow) window = cw_glz_window_new (100);
    g_autoptr (CwGlzDecoder) decoder = NULL;
    g_autoptr (GError) error = NULL;
    guint8 packed[200];
    gsize n = libdeflate_zlib_compress (deflater, plain->data, size, packed, sizeof packed);
    const CwCodecInput in
        = { .codec = CW_CODEC_ZLIB_GLZ_RGB, .width = 8, .height = 1, .data = { packed, n }, .glz_data_size = size };

    decoder = cw_glz_decoder_new (window, &in, &error);
    if (size > 1072) {
      g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
      g_assert_nonnull (strstr (error->message, "glz_data_size 1073 is outside 33 … 1072 "));
    } else {
      g_assert_no_error (error);
      g_assert_cmpint (cw_glz_decoder_step (decoder, NULL, &error), ==, CW_GLZ_DONE);
    }
  }
  libdeflate_free_compressor (deflater);
}

/* A byte is believed to give 1032; the bytes are then inflated. */
static void
test_zlib_too_little (void)
{
  static const guint8 zeros[20];
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000000);
  CwCodecInput in = { .codec = CW_CODEC_ZLIB_GLZ_RGB, .width = 1000, .height = 1000, .data = { zeros, 20 } };

  for (guint more = 0; more < 2; more++) {
    g_autoptr (GError) error = NULL;

    in.glz_data_size = 20640 + more;
    g_assert_null (cw_glz_decoder_new (window, &in, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    g_assert_cmpstr (error->message, ==,
                     more ? "zlib-glz: glz_data_size 20641 is outside 33 … 20640 for 1000×1000 pixels in 20 bytes"
                          : "zlib-glz: 20 bytes of data are not a zlib stream");
  }
}

static void
test_short_header (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (100);
  g_autoptr (GByteArray) data = glz_small (5, 5, 0, 0);
  g_autoptr (CwGlzDecoder) decoder = NULL;
  g_autoptr (GError) error = NULL;

  g_byte_array_set_size (data, 32);
  g_assert_cmpint (glz_begin (window, data, &decoder, NULL, &error), ==, CW_GLZ_FAILED);
  g_assert_cmpstr (error->message, ==, "glz: 32 bytes of data < 33 of the header");
}

static void
test_headers (void)
{
  static const struct {
    guint at;
    guint8 value;
    const char *says;
  } cases[] = {
    { 0, 0, "glz: magic 0x00205a4c, version 0x00010001 instead of 0x20205a4c, 0x00010001" },
    { 7, 0, "glz: magic 0x20205a4c, version 0x00010000 instead of 0x20205a4c, 0x00010001" },
    { 8, 16, "glz: type 0 is outside 6 … 9" },
    { 8, 16 + 1, "glz: type 1 is outside 6 … 9" },
    { 8, 16 + 5, "glz: type 5 is outside 6 … 9" },
    { 8, 16 + 10, "glz: type 10 is outside 6 … 9" },
    { 8, 16 + 15, "glz: type 15 is outside 6 … 9" },
    { 12, 0, "glz: 0×1 pixels in an image of 8×1" },
    { 12, 9, "glz: 9×1 pixels in an image of 8×1" },
    { 16, 0, "glz: 8×0 pixels in an image of 8×1" },
    { 16, 2, "glz: 8×2 pixels in an image of 8×1" },
    { 20, 31, "glz: stride 31 instead of 32" },
    { 29, 1, "glz: win_head_dist 16777221 > id 5" },
    { 32, 6, "glz: win_head_dist 6 > id 5" },
    { 21, 255, "glz: id 18446744073709551615 leaves none for the next image" }, /* no id can follow this one */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (CwGlzWindow) window = cw_glz_window_new (100);
    g_autoptr (GByteArray) data = glz_small (5, 5, 0, 0);
    g_autoptr (CwGlzDecoder) decoder = NULL;
    g_autoptr (GError) error = NULL;

    data->data[cases[i].at] = cases[i].value;
    if (cases[i].at == 21)
      memset (data->data + 21, 255, 8);
    g_assert_cmpint (glz_begin (window, data, &decoder, NULL, &error), ==, CW_GLZ_FAILED);
    g_assert_cmpstr (error->message, ==, cases[i].says);
    g_assert_cmpuint (cw_glz_window_n_images (window), ==, 0);
  }
}

/* --- the window --------------------------------------------------------------------------------------------- */

static void
test_release (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000);

  for (guint id = 0; id < 4; id++)
    g_assert_cmphex (glz_decode (window, id, id, id, 0x42), ==, 0x42);
  glz_assert_holds (window, 0, 3);
  glz_decode (window, 4, 2, 1, 0);
  glz_assert_holds (window, 2, 4);
  /* An image that arrives early releases nothing until its predecessors are there. */
  glz_decode (window, 7, 0, 0, 7);
  glz_decode (window, 6, 2, 0, 6);
  g_assert_true (cw_glz_window_contains (window, 2));
  glz_assert_fails (window, 1, 0, 0, CW_ERROR_MALFORMED); /* released */
  glz_assert_fails (window, 7, 0, 0, CW_ERROR_MALFORMED); /* there */
  /* A server may not go back behind what it gave up, however far it says the window reaches. */
  g_assert_cmphex (glz_decode (window, 5, 5, 2, 0), ==, 0x42);
  glz_assert_holds (window, 7, 7);
  glz_decode (window, 8, 8, 0, 8);
  glz_assert_fails (window, 9, 9, 4, CW_ERROR_STATE);
  glz_assert_fails (window, 10, 1, 2, CW_ERROR_MALFORMED); /* farther than it says */
  glz_decode (window, 11, 4, 4, 0);
  glz_assert_fails (window, 12, 4, 3, CW_ERROR_STATE); /* 9 failed */
  /* What failed may still come in a good form. */
  g_assert_cmphex (glz_decode (window, 9, 2, 1, 0), ==, 8);
  g_assert_cmphex (glz_decode (window, 13, 4, 4, 0), ==, 8);
}

/* A failed image must not decide what is released. */
static void
test_failure_releases_nothing (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1000);
  g_autoptr (GByteArray) data = glz_small (2, 0, 0, 0);
  g_autoptr (CwGlzDecoder) decoder = NULL;

  glz_decode (window, 0, 0, 0, 1);
  glz_decode (window, 1, 1, 0, 2);
  data->data[data->len - 3] = 0xff; /* length beyond the image */
  g_assert_cmpint (glz_begin (window, data, &decoder, NULL, NULL), ==, CW_GLZ_FAILED);
  glz_assert_holds (window, 0, 1);
  g_assert_cmphex (glz_decode (window, 3, 3, 3, 0), ==, 1);
  glz_decode (window, 4, 0, 0, 5); /* 2 is no hole */
  g_assert_cmpuint (cw_glz_window_n_images (window), ==, 1);
}

/* Ids that never come must not keep the window from releasing. */
static void
test_holes (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (10 * 8);

  for (guint id = 100; id < 1000; id++) {
    if (id % 50 != 7)
      g_assert_cmphex (glz_decode (window, id, MIN (id - 100, 5), 0, id), ==, id);
    g_assert_cmpuint (cw_glz_window_n_pixels (window), <=, 2 * 10 * 8);
  }
  /* Hostile: no image ever lets go of anything. */
  for (guint id = 1000; id < 2000; id++) {
    glz_decode (window, id, id, 0, id);
    g_assert_cmpuint (cw_glz_window_n_pixels (window), <=, 2 * 10 * 8);
  }
  g_assert_true (cw_glz_window_contains (window, 1999));
  /* Hostile: ids all over the place. */
  for (guint i = 0; i < 1000; i++) {
    glz_decode (window, G_GUINT64_CONSTANT (1) << 60 | i << 20, 5, 0, i);
    g_assert_cmpuint (cw_glz_window_n_pixels (window), <=, 2 * 10 * 8);
  }
}

static void
test_limits (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (7);

  glz_assert_fails (window, 0, 0, 0, CW_ERROR_LIMIT);
  g_clear_pointer (&window, cw_glz_window_unref);
  window = cw_glz_window_new (8);
  glz_decode (window, 0, 0, 0, 0);
}

/* No image has more pixels than the largest window; nothing is decoded here. */
static void
test_largest (void)
{
  static const guint32 sizes[][2] = { { 8192, 4096 }, { 8283, 4051 } }; /* 33554432 and one more */
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (G_MAXUINT64);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GByteArray) data = glz_header (RGB32, sizes[i][0], sizes[i][1], i, 0);
    CwCodecInput in;
    g_autoptr (GError) error = NULL;
    g_autoptr (CwGlzDecoder) decoder = NULL;
    const guint used = data->len;

    g_byte_array_set_size (data, used + 33554432 / 255 + 1); /* tokens enough for so many */
    memset (data->data + used, 0, data->len - used);
    in = glz_input (data, sizes[i][0], sizes[i][1]);
    decoder = cw_glz_decoder_new (window, &in, &error);
    if (i == 0) {
      g_assert_no_error (error);
    } else {
      g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
      g_assert_nonnull (strstr (error->message, "33554432"));
    }
  }
}

/* So many ids are remembered, of images and of those that failed: with one more the oldest goes. */
static void
test_most_images (void)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (100);
  guint64 generation;

  glz_decode (window, 0, 0, 0, 1);
  g_assert_true (cw_glz_window_begin (window, 1, &generation, NULL));
  for (guint id = 1; id < 262144; id++)
    cw_glz_window_fail (window, id, generation);
  g_assert_cmpuint (cw_glz_window_n_images (window), ==, 262144);
  g_assert_true (cw_glz_window_contains (window, 0));
  cw_glz_window_fail (window, 262144, generation);
  g_assert_cmpuint (cw_glz_window_n_images (window), ==, 262144);
  g_assert_false (cw_glz_window_contains (window, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/glz/example", test_example);
  g_test_add_func ("/codec/glz/types", test_types);
  g_test_add_func ("/codec/glz/zlib", test_zlib);
  g_test_add_func ("/codec/glz/zlib-size", test_zlib_size);
  g_test_add_func ("/codec/glz/zlib-too-little", test_zlib_too_little);
  g_test_add_func ("/codec/glz/short-header", test_short_header);
  g_test_add_func ("/codec/glz/headers", test_headers);
  g_test_add_func ("/codec/glz/release", test_release);
  g_test_add_func ("/codec/glz/failure-releases-nothing", test_failure_releases_nothing);
  g_test_add_func ("/codec/glz/holes", test_holes);
  g_test_add_func ("/codec/glz/limits", test_limits);
  g_test_add_func ("/codec/glz/largest", test_largest);
  g_test_add_func ("/codec/glz/most-images", test_most_images);
  return g_test_run ();
}
