/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cpu.h"
#include "base/error.h"
#include "codec/quic-state.h"
#include "codec/quic.h"
#include "support/pictures.h"
#include "support/quic-encode.h"

#include <string.h>

/* Every kernel table this processor can run. */
static unsigned
all_kernels (const CwQuicKernels *kernels[2])
{
  kernels[0] = &cw_quic_kernels_c;
  kernels[1] = cw_quic_kernels (cw_cpu_flags ());
  return kernels[1] == kernels[0] ? 1 : 2;
}

static CwPixels *
decode (const CwQuicKernels *kernels, const uint8_t *data, size_t size, uint32_t width, uint32_t height, GError **error)
{
  /* A copy of exactly this size, so that a sanitizer sees what is read behind it. */
  g_autofree uint8_t *copy = size > 0 ? g_memdup2 (data, size) : NULL;
  CwCodecInput in = { .codec = CW_CODEC_QUIC, .width = width, .height = height, .data = { copy, size } };
  CwPixels *pixels = NULL;

  if (!cw_quic_decode_with (kernels, &in, &pixels, error))
    g_assert_null (pixels);
  return pixels;
}

/* What a pixel becomes in the output format of a type. */
static uint32_t
expected_pixel (CwQuicType type, uint32_t pixel)
{
  switch (type) {
  case CW_QUIC_GRAY:
    return pixel & 0xff;
  case CW_QUIC_RGB16:
    return (pixel >> 9 & 0x7c00) | (pixel >> 6 & 0x03e0) | (pixel >> 3 & 0x001f);
  case CW_QUIC_RGBA:
    return pixel;
  case CW_QUIC_RGB24:
  case CW_QUIC_RGB32:
    break;
  }
  return pixel & 0xffffff;
}

static uint32_t
decoded_pixel (const CwPixels *pixels, uint32_t x, uint32_t y)
{
  const unsigned bytes = cw_pixel_format_bits (pixels->format) / 8;
  const uint8_t *at = cw_pixels_row (pixels, y) + (size_t) x * bytes;
  uint32_t value32;
  uint16_t value16;

  switch (bytes) {
  case 1:
    return *at;
  case 2:
    memcpy (&value16, at, 2);
    return value16;
  default:
    memcpy (&value32, at, 4);
    return value32;
  }
}

static void
assert_round_trip (CwQuicType type, const uint32_t *picture, uint32_t width, uint32_t height)
{
  g_autoptr (GByteArray) payload = cw_quic_encode (type, picture, width, height);
  const CwQuicKernels *kernels[2];
  const unsigned n_kernels = all_kernels (kernels);

  for (unsigned k = 0; k < n_kernels; k++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (CwPixels) pixels = decode (kernels[k], payload->data, payload->len, width, height, &error);

    g_assert_no_error (error);
    for (uint32_t y = 0; y < height; y++)
      for (uint32_t x = 0; x < width; x++)
        g_assert_cmphex (decoded_pixel (pixels, x, y), ==, expected_pixel (type, picture[(size_t) y * width + x]));
  }
}

static void
test_code_lengths (void)
{
  static const struct {
    unsigned bpc;
    const char *sha256; /* of the lengths as bytes, ordered by code, then by value */
  } families[] = {
    { 8, "e2f7f7f1510cffe73f1ff4bf3ee07306fa5b8896783c63001582d94064a00965" },
    { 5, "496fbc6029f548298fef95ec9fedb7f62cc9b2e1a8a56b9097346f415e142f38" },
  };

  for (unsigned f = 0; f < G_N_ELEMENTS (families); f++) {
    const unsigned bpc = families[f].bpc;
    const CwQuicFamily *family = bpc == 8 ? &cw_quic_tables ()->bpc8 : &cw_quic_tables ()->bpc5;
    g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

    for (unsigned code = 0; code < bpc; code++) {
      for (unsigned value = 0; value < 1u << bpc; value++) {
        const uint8_t length = family->length[value][7 - code];

        g_checksum_update (checksum, &length, 1);
        g_assert_cmpuint (length, ==, cw_quic_code_length (bpc, code, value));
      }
    }
    g_assert_cmpstr (g_checksum_get_string (checksum), ==, families[f].sha256);
  }
}

/* Three rows of six pixels whose every bit has been followed by hand. */
static void
test_example (void)
{
  static const uint32_t words[] = {
    0x43495551, 0,          4,          6,          3,          0x94a8bc84, 0x80808085, 0x02080822,
    0x100000f3, 0x23b1c508, 0x404a1061, 0x000e2600, 0x04a28406, 0x20d41060, 0xc0000000, 0,
  };
  static const uint32_t row[] = { 0x0a141e, 0x0c141e, 0x0c151e, 0x0c151e, 0x0c151e, 0xc800ff };
  static const uint32_t last[] = { 0x0b141e, 0x0c141e, 0x0c151e, 0x0c151e, 0x0c151e, 0x0c151e };
  uint8_t bytes[sizeof words];
  uint32_t picture[18];
  g_autoptr (GByteArray) encoded = NULL;
  g_autoptr (CwPixels) pixels = NULL;

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    for (unsigned b = 0; b < 4; b++)
      bytes[4 * i + b] = words[i] >> 8 * b;
  memcpy (picture, row, sizeof row);
  memcpy (picture + 6, row, sizeof row);
  memcpy (picture + 12, last, sizeof last);
  pixels = decode (&cw_quic_kernels_c, bytes, sizeof bytes, 6, 3, NULL);
  g_assert_nonnull (pixels);
  g_assert_cmpmem (pixels->rows, cw_pixels_size (pixels), picture, sizeof picture);
  encoded = cw_quic_encode (CW_QUIC_RGB32, picture, 6, 3);
  g_assert_cmpmem (encoded->data, encoded->len, bytes, sizeof bytes);
}

static void
test_round_trip (void)
{
  /* Around columns 3 (runs begin), 8 (fills) and 2048 (segments end), and past the last segment. */
  static const uint32_t sizes[][2] = {
    { 1, 1 },   { 1, 40 },  { 2, 9 },    { 3, 7 },    { 4, 5 },    { 5, 33 },   { 9, 9 },     { 63, 40 },
    { 64, 64 }, { 65, 40 }, { 2047, 4 }, { 2048, 3 }, { 2049, 5 }, { 4099, 5 }, { 130, 130 },
  };

  for (CwQuicType type = CW_QUIC_GRAY; type <= CW_QUIC_RGBA; type++) {
    for (CwPictureKind kind = CW_PICTURE_SCREENSHOT; kind <= CW_PICTURE_FLAT; kind++) {
      for (unsigned i = 0; i < G_N_ELEMENTS (sizes); i++) {
        g_autofree uint32_t *picture = cw_picture_new (kind, sizes[i][0], sizes[i][1], i + 1);

        cw_picture_add_alpha (picture, sizes[i][0], sizes[i][1]);
        assert_round_trip (type, picture, sizes[i][0], sizes[i][1]);
      }
    }
  }
}

/* Larger than the decoder's window on the payload, and wider than its chunks. */
static void
test_round_trip_large (void)
{
  g_autofree uint32_t *noise = cw_picture_new (CW_PICTURE_NOISE, 700, 300, 1);
  g_autofree uint32_t *wide = cw_picture_new (CW_PICTURE_FLAT, 40000, 4, 1);

  assert_round_trip (CW_QUIC_RGB32, noise, 700, 300);
  assert_round_trip (CW_QUIC_RGBA, noise, 700, 300);
  assert_round_trip (CW_QUIC_RGB16, noise, 700, 300);
  assert_round_trip (CW_QUIC_RGB32, wide, 40000, 4);
  assert_round_trip (CW_QUIC_RGBA, wide, 40000, 4);
}

/* Pixels that leave the flat areas by the longest code words. */
static void
test_round_trip_escapes (void)
{
  enum { WIDTH = 500, HEIGHT = 60 };
  g_autofree uint32_t *picture = g_new (uint32_t, WIDTH * HEIGHT);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  for (unsigned rarity = 2; rarity < 40; rarity += 5) {
    for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
      picture[i] = g_rand_int (rand) % rarity == 0 ? g_rand_int (rand) : (g_rand_int (rand) & 1) * 0x010101;
    for (CwQuicType type = CW_QUIC_GRAY; type <= CW_QUIC_RGBA; type++)
      assert_round_trip (type, picture, WIDTH, HEIGHT);
  }
}

static void
test_truncated (void)
{
  g_autofree uint32_t *picture = cw_picture_new (CW_PICTURE_SCREENSHOT, 90, 40, 1);
  const CwQuicKernels *kernels[2];
  const unsigned n_kernels = all_kernels (kernels);

  for (CwQuicType type = CW_QUIC_GRAY; type <= CW_QUIC_RGBA; type++) {
    g_autoptr (GByteArray) payload = cw_quic_encode (type, picture, 90, 40);

    for (unsigned k = 0; k < n_kernels; k++) {
      for (size_t size = 0; size < payload->len; size++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (CwPixels) pixels = decode (kernels[k], payload->data, size, 90, 40, &error);

        /* The last word is only padding. */
        if (size / 4 >= payload->len / 4 - 1) {
          g_assert_nonnull (pixels);
        } else {
          g_assert_null (pixels);
          g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
        }
      }
    }
  }
}

/* Whatever the bits are, all kernels say the same. */
static void
test_corrupt (void)
{
  g_autofree uint32_t *picture = cw_picture_new (CW_PICTURE_SCREENSHOT, 300, 60, 1);
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  const CwQuicKernels *kernels[2];

  if (all_kernels (kernels) == 1) {
    g_test_skip ("this processor runs only the plain kernels");
    return;
  }
  for (CwQuicType type = CW_QUIC_GRAY; type <= CW_QUIC_RGBA; type++) {
    g_autoptr (GByteArray) payload = cw_quic_encode (type, picture, 300, 60);

    for (unsigned i = 0; i < 400; i++) {
      const uint32_t byte = g_rand_int_range (rand, 20, payload->len);
      g_autoptr (CwPixels) plain = NULL, fast = NULL;

      payload->data[byte] ^= 1u << g_rand_int_range (rand, 0, 8);
      plain = decode (kernels[0], payload->data, payload->len, 300, 60, NULL);
      fast = decode (kernels[1], payload->data, payload->len, 300, 60, NULL);
      g_assert_true ((plain == NULL) == (fast == NULL));
      if (plain)
        g_assert_cmpmem (plain->first, cw_pixels_size (plain), fast->first, cw_pixels_size (fast));
      else
        payload->data[byte] = 0; /* on with something else */
    }
  }
}

/* A picture that the payload cannot hold is refused before anything of its size is allocated. */
static void
test_limits (void)
{
  uint8_t payload[400] = "QUIC";
  g_autoptr (GError) error = NULL;

  payload[8] = CW_QUIC_RGB32;
  payload[12] = payload[16] = 0xff;
  payload[13] = payload[17] = 0x1f;
  g_assert_null (decode (&cw_quic_kernels_c, payload, sizeof payload, 0x1fff, 0x1fff, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_null (decode (&cw_quic_kernels_c, payload, sizeof payload, 0x1fff, 0x1ffe, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
}

static void
assert_says (const uint8_t *payload, size_t size, uint32_t width, uint32_t height, const char *expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (decode (&cw_quic_kernels_c, payload, size, width, height, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  g_assert_cmpstr (error->message, ==, expected);
}

/* What is refused before anything is decoded, and where that ends. */
static void
test_headers (void)
{
  uint8_t payload[20 + 16] = "QUIC";

  assert_says (payload, 19, 1, 1, "quic: 19 bytes, the header has 20");
  payload[8] = CW_QUIC_GRAY - 1;
  assert_says (payload, 20, 0, 0, "quic: type 0, must be 1 … 5");
  payload[8] = CW_QUIC_RGBA + 1;
  assert_says (payload, 20, 0, 0, "quic: type 6, must be 1 … 5");
  payload[8] = CW_QUIC_RGB32;
  payload[16] = 5;
  assert_says (payload, 20, 0, 5, "quic: 0×5 pixels");
  payload[12] = 7;
  payload[16] = 0;
  assert_says (payload, 20, 7, 0, "quic: 7×0 pixels");
  /* A sample takes a bit at least; in all rows but the first only the first three columns do. */
  payload[16] = 3;
  assert_says (payload, 24, 7, 3, "quic: 32 bits of data, 7×3 pixels take at least 39");
  assert_says (payload, 27, 7, 3, "quic: 32 bits of data, 7×3 pixels take at least 39");
  payload[8] = CW_QUIC_RGBA;
  assert_says (payload, 24, 7, 3, "quic: 32 bits of data, 7×3 pixels take at least 52");
  payload[8] = CW_QUIC_GRAY;
  payload[12] = 33;
  payload[16] = 1;
  assert_says (payload, 24, 33, 1, "quic: 32 bits of data, 33×1 pixels take at least 33");
  payload[4] = 1;
  assert_says (payload, 24, 33, 1, "quic: version 1, must be 0 … 0");
  payload[4] = 0;
  payload[0] = 'q';
  assert_says (payload, 24, 33, 1, "quic: magic 1128879473, must be 1128879441 … 1128879441");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/quic/code-lengths", test_code_lengths);
  g_test_add_func ("/codec/quic/example", test_example);
  g_test_add_func ("/codec/quic/round-trip", test_round_trip);
  g_test_add_func ("/codec/quic/round-trip/large", test_round_trip_large);
  g_test_add_func ("/codec/quic/round-trip/escapes", test_round_trip_escapes);
  g_test_add_func ("/codec/quic/truncated", test_truncated);
  g_test_add_func ("/codec/quic/corrupt", test_corrupt);
  g_test_add_func ("/codec/quic/limits", test_limits);
  g_test_add_func ("/codec/quic/headers", test_headers);
  return g_test_run ();
}
