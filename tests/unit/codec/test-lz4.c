/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LZ4 images of every format, orientation and cut into blocks, and what must be refused; likewise spicevmc bodies. */
#include "base/error.h"
#include "codec/lz4.h"
#include "codec/spicevmc.h"

#include <lz4.h>
#include <string.h>

/* Appends one block that may refer to all of the raw bytes before it. */
static void
append_block (GByteArray *payload, const uint8_t *raw, size_t from, size_t size)
{
  LZ4_stream_t *stream = LZ4_createStream ();
  char block[8192];
  int n;
  guint32 header;

  LZ4_loadDict (stream, (const char *) raw, from);
  n = LZ4_compress_fast_continue (stream, (const char *) raw + from, block, size, sizeof block, 1);
  LZ4_freeStream (stream);
  g_assert_cmpint (n, >, 0);
  header = GUINT32_TO_BE (n);
  g_byte_array_append (payload, (const guint8 *) &header, 4);
  g_byte_array_append (payload, (const guint8 *) block, n);
}

static GByteArray *
encode (uint8_t top_down, uint8_t format, const uint8_t *raw, size_t size, size_t block_size)
{
  GByteArray *payload = g_byte_array_new ();

  g_byte_array_append (payload, &top_down, 1);
  g_byte_array_append (payload, &format, 1);
  for (size_t at = 0; at < size; at += block_size)
    append_block (payload, raw, at, MIN (block_size, size - at));
  return payload;
}

static CwCodecInput
describe (const GByteArray *payload, uint32_t width, uint32_t height)
{
  return (
      CwCodecInput){ .codec = CW_CODEC_LZ4, .width = width, .height = height, .data = { payload->data, payload->len } };
}

static const struct {
  uint8_t format;
  unsigned bytes;
  CwPixelFormat pixels;
} formats[] = { { 6, 2, CW_PIXELS_X1R5G5B5 },
                { 7, 3, CW_PIXELS_BGRX },
                { 8, 4, CW_PIXELS_BGRX },
                { 9, 4, CW_PIXELS_BGRA },
                { 10, 1, CW_PIXELS_A8 } };

static void
assert_pixel (const CwPixels *pixels, uint32_t x, uint32_t y, const uint8_t *raw, uint8_t format)
{
  const uint8_t *row = cw_pixels_row (pixels, y);

  switch (format) {
  case 6:
    g_assert_cmphex (((const uint16_t *) (const void *) row)[x], ==, (raw[0] | raw[1] << 8) & 0x7fff);
    break;
  case 10:
    g_assert_cmphex (row[x], ==, raw[0]);
    break;
  default:
    g_assert_cmphex (((const uint32_t *) (const void *) row)[x], ==,
                     raw[0] | raw[1] << 8 | raw[2] << 16 | (format == 9 ? (uint32_t) raw[3] << 24 : 0));
  }
}

static void
check_format (size_t f, uint32_t width, uint32_t height, bool top_down, size_t block_size)
{
  size_t row = (size_t) width * formats[f].bytes, size = row * height;
  g_autofree uint8_t *raw = g_malloc (size);
  g_autoptr (GByteArray) payload = NULL;
  g_autoptr (CwPixels) pixels = NULL;
  g_autoptr (GError) error = NULL;
  CwCodecInput in;

  /* Repeats at distances that are no multiple of a pixel, fourth bytes included. */
  for (size_t i = 0; i < size; i++)
    raw[i] = i % 1001 < 700 ? (i % 1001) * 37 : g_test_rand_int ();
  payload = encode (top_down, formats[f].format, raw, size, block_size);
  in = describe (payload, width, height);
  cw_lz4_decode (&in, &pixels, &error);
  g_assert_no_error (error);
  g_assert_cmpint (pixels->format, ==, formats[f].pixels);
  for (uint32_t y = 0; y < height; y++) {
    for (uint32_t x = 0; x < width; x++)
      assert_pixel (pixels, x, top_down ? y : height - 1 - y, raw + y * row + x * formats[f].bytes, formats[f].format);
  }
}

static void
test_formats (void)
{
  static const uint32_t sizes[][2] = { { 1, 1 }, { 1, 7 }, { 5, 3 }, { 33, 21 }, { 255, 130 } };
  static const size_t block_sizes[] = { 1, 13, 4096 };

  for (size_t f = 0; f < G_N_ELEMENTS (formats); f++) {
    for (size_t s = 0; s < G_N_ELEMENTS (sizes); s++) {
      for (size_t b = s < 4 ? 0 : 1; b < G_N_ELEMENTS (block_sizes); b++) {
        check_format (f, sizes[s][0], sizes[s][1], false, block_sizes[b]);
        check_format (f, sizes[s][0], sizes[s][1], true, block_sizes[b]);
      }
    }
  }
}

static void
assert_refused (const CwCodecInput *in, int code)
{
  g_autoptr (GError) error = NULL;
  CwPixels *pixels = NULL;

  g_assert_false (cw_lz4_decode (in, &pixels, &error));
  g_assert_null (pixels);
  g_assert_error (error, CW_ERROR, code);
}

static void
test_refused (void)
{
  uint8_t raw[10 * 10 * 4];
  g_autoptr (GByteArray) payload = NULL;
  CwCodecInput in;

  for (size_t i = 0; i < sizeof raw; i++)
    raw[i] = i / 5;
  payload = encode (1, 8, raw, sizeof raw, 100);
  in = describe (payload, 10, 10);
  for (size_t size = 0; size < payload->len; size++) {
    g_autofree uint8_t *copy = g_memdup2 (payload->data, MAX (size, 1));
    CwCodecInput part = in;

    part.data = (CwSlice){ copy, size };
    assert_refused (&part, CW_ERROR_MALFORMED);
  }
  in.height = 9; /* too much output */
  assert_refused (&in, CW_ERROR_MALFORMED);
  in.height = 11; /* too little */
  assert_refused (&in, CW_ERROR_MALFORMED);
  in.height = 0;
  assert_refused (&in, CW_ERROR_LIMIT);
  in.width = in.height = 0xffffffff;
  assert_refused (&in, CW_ERROR_LIMIT);
  in.width = in.height = 8000; /* not from so few bytes */
  assert_refused (&in, CW_ERROR_MALFORMED);
  in.width = in.height = 10;
  payload->data[1] = 5;
  assert_refused (&in, CW_ERROR_UNSUPPORTED);
}

/* A block as good as LZ4 gets must not be taken for one that gives too little. */
static void
test_best_ratio (void)
{
  g_autofree uint8_t *raw = g_malloc0 (1000 * 1000 * 4);
  g_autoptr (GByteArray) payload = encode (1, 8, raw, 1000 * 1000 * 4, 1000 * 1000 * 2);
  CwCodecInput in = describe (payload, 1000, 1000);
  g_autoptr (CwPixels) pixels = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (payload->len, <, 16000);
  cw_lz4_decode (&in, &pixels, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (pixels->rows, cw_pixels_size (pixels), raw, 1000 * 1000 * 4);
}

/* A byte of blocks is believed to give 255 bytes of image; what is there is then looked at. */
static void
test_too_little (void)
{
  for (uint32_t more = 0; more < 2; more++) {
    static const uint8_t payload[2 + 10] = { 1, 10, 0, 0, 0, 6, 0xff };
    const CwCodecInput in = { .codec = CW_CODEC_LZ4, .width = 2550 + more, .height = 1, .data = { payload, 12 } };
    const char *text
        = more ? "lz4: bytes of image are more than the payload can give: 2551, limit 2550"
               : "lz4: corrupt block, or one beyond the image, after so many bytes of output: 0, limit 2550";
    g_autoptr (GError) error = NULL;
    CwPixels *pixels = NULL;

    g_assert_false (cw_lz4_decode (&in, &pixels, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    g_assert_cmpstr (error->message, ==, text);
  }
}

static GByteArray *
encode_vmc (uint8_t type, uint32_t announced, const void *raw, size_t size)
{
  GByteArray *body = g_byte_array_new ();
  g_autofree char *block = g_malloc (LZ4_compressBound (size));
  guint32 header = GUINT32_TO_LE (announced);
  int n = LZ4_compress_default (raw, block, size, LZ4_compressBound (size));

  g_byte_array_append (body, &type, 1);
  g_byte_array_append (body, (const guint8 *) &header, 4);
  g_byte_array_append (body, (const guint8 *) block, n);
  return body;
}

static void
test_vmc (void)
{
  static const struct {
    uint8_t type;
    uint32_t announced;
    int code;
  } bad[] = { { 0, 50000, CW_ERROR_UNSUPPORTED }, { 2, 50000, CW_ERROR_UNSUPPORTED }, { 1, 0, CW_ERROR_LIMIT },
              { 1, 1048577, CW_ERROR_LIMIT },     { 1, 0xffffffff, CW_ERROR_LIMIT },  { 1, 49999, CW_ERROR_MALFORMED },
              { 1, 50001, CW_ERROR_MALFORMED },   { 1, 1048576, CW_ERROR_MALFORMED } };
  uint8_t raw[50000];
  g_autoptr (GByteArray) body = NULL;
  g_autoptr (GBytes) bytes = NULL;

  for (size_t i = 0; i < sizeof raw; i++)
    raw[i] = i * i >> 7;
  for (size_t i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GByteArray) broken = encode_vmc (bad[i].type, bad[i].announced, raw, sizeof raw);
    g_autoptr (GError) error = NULL;

    g_assert_null (cw_spicevmc_body_decompress ((CwSlice){ broken->data, broken->len }, &error));
    g_assert_error (error, CW_ERROR, bad[i].code);
  }
  body = encode_vmc (1, sizeof raw, raw, sizeof raw);
  for (size_t size = 0; size < body->len; size += 1 + size / 8) {
    g_autofree uint8_t *copy = g_memdup2 (body->data, MAX (size, 1));
    g_autoptr (GError) error = NULL;

    g_assert_null (cw_spicevmc_body_decompress ((CwSlice){ copy, size }, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  }
  bytes = cw_spicevmc_body_decompress ((CwSlice){ body->data, body->len }, NULL);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), raw, sizeof raw);
}

/* What is compressed is shorter, and gives the same bytes; noise, next to nothing and too much are left as they are. */
static void
test_vmc_compress (void)
{
  g_autofree uint8_t *raw = g_malloc (1048577);
  const size_t sizes[] = { 40, 1000, 65536, 1048576 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  for (size_t i = 0; i <= 1048576; i++)
    raw[i] = i / 16 % 5;
  for (size_t i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GBytes) body = cw_spicevmc_body_compress ((CwSlice){ raw, sizes[i] });
    g_autoptr (GBytes) back = NULL;
    gsize size;
    const uint8_t *data;

    g_assert_nonnull (body);
    data = g_bytes_get_data (body, &size);
    g_assert_cmpuint (size, <, sizes[i]);
    back = cw_spicevmc_body_decompress ((CwSlice){ data, size }, NULL);
    g_assert_nonnull (back);
    g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), raw, sizes[i]);
  }
  for (size_t size = 0; size < 6; size++)
    g_assert_null (cw_spicevmc_body_compress ((CwSlice){ raw, size }));
  g_assert_null (cw_spicevmc_body_compress ((CwSlice){ raw, 1048577 }));
  /* Never longer, or as long, while less and less of it repeats. */
  for (size_t noise = 0; noise < 64; noise++) {
    g_autoptr (GBytes) body = NULL;

    memset (raw, 0, 64);
    for (size_t i = 0; i < noise; i++)
      raw[i] = g_rand_int (rand) >> 9;
    body = cw_spicevmc_body_compress ((CwSlice){ raw, 64 });
    if (body)
      g_assert_cmpuint (g_bytes_get_size (body), <, 64);
    if (noise == 0 || noise == 63)
      g_assert_true ((body != NULL) == (noise == 0));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/lz4/formats", test_formats);
  g_test_add_func ("/codec/lz4/refused", test_refused);
  g_test_add_func ("/codec/lz4/best-ratio", test_best_ratio);
  g_test_add_func ("/codec/lz4/too-little", test_too_little);
  g_test_add_func ("/codec/vmc/decompress", test_vmc);
  g_test_add_func ("/codec/vmc/compress", test_vmc_compress);
  return g_test_run ();
}
