/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/lz.h"

#include "base/cpu.h"
#include "base/error.h"
#include "lz-reference.h"
#include "support/lz-encode.h"

#include <stdlib.h>

static const guint out_sizes[] = { 1, 2, 4 };

/* All tables that this processor can run. */
static guint
kernel_tables (const CwLzKernels *tables[3])
{
  static const guint32 flags[] = { 0, CW_CPU_SSSE3, CW_CPU_SSSE3 | CW_CPU_AVX2 };
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if ((cw_cpu_flags () & flags[i]) == flags[i])
      tables[n++] = cw_lz_kernels (flags[i]);
  return n;
}

static guint32
unit_at (const guint8 *out, CwLzUnit unit, gsize i)
{
  return unit == CW_LZ_UNIT_BYTE    ? out[i]
         : unit == CW_LZ_UNIT_RGB16 ? ((const guint16 *) (const void *) out)[i]
                                    : ((const guint32 *) (const void *) out)[i];
}

/* Input and output in blocks of exactly the size promised, for the sanitizers. */
static void
compare_high (const CwLzKernels *kernels, CwLzUnit unit, guint32 high, const guint8 *data, gsize size, gsize n_units,
              gsize slack, const guint32 *expected, gssize consumed)
{
  guint8 *in = malloc (size + CW_LZ_LOOK_BEHIND), *out = malloc (n_units * out_sizes[unit] + slack);
  CwLzStream stream = { .p = in + CW_LZ_LOOK_BEHIND, .end = in + CW_LZ_LOOK_BEHIND + size };
  bool ok;

  memset (in, 0xee, CW_LZ_LOOK_BEHIND);
  memcpy (in + CW_LZ_LOOK_BEHIND, data, size);
  ok = (high ? kernels->lz_opaque : kernels->lz[unit]) (&stream, out, n_units, slack);
  g_assert_cmpint (ok, ==, consumed >= 0);
  if (ok) {
    g_assert_cmpint (stream.p - in - CW_LZ_LOOK_BEHIND, ==, consumed);
    for (gsize i = 0; i < n_units; i++)
      if (unit_at (out, unit, i) != (expected[i] | high))
        g_error ("%s: unit %zu of %zu: 0x%x instead of 0x%x", kernels->name, i, n_units, unit_at (out, unit, i),
                 expected[i] | high);
  } else {
    g_assert_true (stream.fault.at >= in + CW_LZ_LOOK_BEHIND && stream.fault.at <= stream.end);
  }
  free (in);
  free (out);
}

static void
compare (const CwLzKernels *kernels, CwLzUnit unit, const guint8 *data, gsize size, gsize n_units, gsize slack,
         const guint32 *expected, gssize consumed)
{
  compare_high (kernels, unit, 0, data, size, n_units, slack, expected, consumed);
  if (unit == CW_LZ_UNIT_RGB24)
    compare_high (kernels, unit, 0xff000000, data, size, n_units, slack, expected, consumed);
}

static void
damage (GByteArray *data, GRand *rand)
{
  switch (ref_below (rand, 3)) {
  case 0:
    g_byte_array_set_size (data, ref_below (rand, data->len + 1));
    break;
  case 1:
    data->data[ref_below (rand, data->len)] = ref_below (rand, 256);
    break;
  default:
    data->data[ref_below (rand, data->len)] ^= 1 << ref_below (rand, 8);
  }
}

/* Every kernel against the reference, on good and damaged streams. */
static void
test_kernels (void)
{
  const CwLzKernels *tables[3];
  guint n_tables = kernel_tables (tables), n_bad = 0;
  g_autoptr (GRand) rand = g_rand_new_with_seed (71);

  for (guint round = 0; round < 3000; round++) {
    g_autoptr (GByteArray) data = g_byte_array_new ();
    RefFormat format = { .unit = round % CW_LZ_N_UNITS };
    gsize n_units = 1 + ref_size (rand, round % 64 == 0 ? 200000 : 20000);
    g_autofree guint32 *expected = g_new (guint32, n_units);
    gssize consumed;

    ref_put_random (data, rand, &format, n_units);
    if (round % 4 == 3)
      damage (data, rand);
    consumed = ref_decode (&format, data->data, data->len, expected, n_units);
    n_bad += consumed < 0;
    for (guint i = 0; i < n_tables; i++) {
      compare (tables[i], format.unit, data->data, data->len, n_units, CW_LZ_OVERSHOOT, expected, consumed);
      compare (tables[i], format.unit, data->data, data->len, n_units, 0, expected, consumed);
    }
  }
  g_assert_cmpuint (n_bad, >, 100);
}

/* One unit too far back and one too many, far from the ends of input and output. */
static void
test_borders (void)
{
  const CwLzKernels *tables[3];
  guint n_tables = kernel_tables (tables);

  for (guint i = 0; i < 4 * CW_LZ_N_UNITS; i++) {
    RefFormat format = { .unit = i / 4 };
    g_autoptr (GByteArray) data = g_byte_array_new ();
    guint32 expected[600], beyond = i % 2;
    gsize n_units = i % 4 < 2 ? 32 + 20 + 512 : 600;
    gssize consumed;

    for (guint j = 0; j < 32 * (format.unit + 1) + 1; j++)
      ref_put (data, 31);
    if (i % 4 < 2)
      ref_put_match (data, &format, 20, 31 + beyond, 0);
    else
      ref_put_match (data, &format, 568 + beyond, 0, 0);
    for (guint j = 0; j < 17; j++)
      for (guint k = 0; k < 32 * (format.unit + 1) + 1; k++)
        ref_put (data, 31);
    consumed = ref_decode (&format, data->data, data->len, expected, n_units);
    g_assert_cmpint (consumed < 0, ==, beyond);
    for (guint t = 0; t < n_tables; t++)
      compare (tables[t], format.unit, data->data, data->len, n_units, CW_LZ_OVERSHOOT, expected, consumed);
  }
}

static void
test_set_alpha (void)
{
  const CwLzKernels *tables[3];
  guint n_tables = kernel_tables (tables);
  g_autoptr (GRand) rand = g_rand_new_with_seed (72);

  for (guint t = 0; t < n_tables; t++)
    for (guint n = 1; n < 70; n++) {
      guint32 pixels[70 + CW_LZ_OVERSHOOT / 4], before[70];
      guint8 alpha[70 + CW_LZ_OVERSHOOT] = { 0 };

      for (guint i = 0; i < n; i++) {
        before[i] = pixels[i] = g_rand_int (rand);
        alpha[i] = g_rand_int (rand);
      }
      tables[t]->set_alpha (pixels, alpha, n);
      for (guint i = 0; i < n; i++)
        g_assert_cmphex (pixels[i], ==, (before[i] & 0xffffff) | (guint32) alpha[i] << 24);
    }
}

static void
put_be32 (GByteArray *out, guint32 v)
{
  guint32 be = GUINT32_TO_BE (v);

  g_byte_array_append (out, (const guint8 *) &be, 4);
}

static GByteArray *
header (guint32 type, guint32 width, guint32 height, guint32 stride, guint32 top_down)
{
  GByteArray *out = g_byte_array_new ();
  const guint32 words[] = { 0x20205a4c, 0x00010001, type, width, height, stride, top_down };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    put_be32 (out, words[i]);
  return out;
}

static CwCodecInput
input (const GByteArray *data, guint32 width, guint32 height)
{
  return (
      CwCodecInput){ .codec = CW_CODEC_LZ_RGB, .width = width, .height = height, .data = { data->data, data->len } };
}

static void
put_bytes (GByteArray *out, const char *bytes, gsize size)
{
  g_byte_array_append (out, (const guint8 *) bytes, size);
}
#define PUT(out, text) put_bytes (out, text, sizeof text - 1)

static void
test_example (void)
{
  g_autoptr (GByteArray) data = header (7, 3, 2, 9, 1);
  g_autoptr (CwPixels) pixels = NULL;
  g_autoptr (GError) error = NULL;
  CwCodecInput in;

  PUT (data, "\x00\x01\x02\x03\x80\x00\x00\x09\x09\x09");
  in = input (data, 3, 2);
  g_assert_true (cw_lz_rgb_decode (&in, &pixels, &error));
  g_assert_no_error (error);
  g_assert_cmpint (pixels->format, ==, CW_PIXELS_BGRX);
  for (guint i = 0; i < 6; i++)
    g_assert_cmphex (((guint32 *) (void *) cw_pixels_row (pixels, i / 3))[i % 3], ==, i == 5 ? 0x090909 : 0x030201);
}

/* Rows that are padded in memory, stored bottom-up. */
static void
test_rows (void)
{
  static const struct {
    guint type, unit_size;
  } cases[] = { { 11, 1 }, { 6, 2 } };

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++) {
    g_autoptr (GByteArray) data = header (cases[c].type, 5, 3, 5 * cases[c].unit_size, 0);
    g_autoptr (CwPixels) pixels = NULL;
    CwCodecInput in;

    ref_put (data, 14);
    for (guint i = 0; i < 15; i++) {
      if (cases[c].unit_size == 2)
        ref_put (data, 0x80 | i);
      ref_put (data, 100 + i);
    }
    in = input (data, 5, 3);
    g_assert_true (cw_lz_rgb_decode (&in, &pixels, NULL));
    g_assert_cmpint (pixels->format, ==, cases[c].unit_size == 1 ? CW_PIXELS_A8 : CW_PIXELS_X1R5G5B5);
    for (guint y = 0; y < 3; y++)
      for (guint x = 0; x < 5; x++) {
        guint i = (2 - y) * 5 + x;

        if (cases[c].unit_size == 1)
          g_assert_cmphex (cw_pixels_row (pixels, y)[x], ==, 100 + i);
        else
          g_assert_cmphex (((guint16 *) (void *) cw_pixels_row (pixels, y))[x], ==, i << 8 | (100 + i));
      }
  }
}

static void
test_rgba (void)
{
  g_autoptr (GByteArray) data = header (9, 40, 10, 160, 0);
  g_autoptr (CwPixels) pixels = NULL;
  g_autoptr (GError) error = NULL;
  CwCodecInput in;

  PUT (data, "\x00\x10\x20\x30\xe0\xff\x89\x00"); /* 1 + 399 pixels */
  PUT (data, "\x01\xaa\xbb\xe0\xff\x86\x01");     /* 2 + 398 alphas, alternating */
  in = input (data, 40, 10);
  in.data.size--;
  g_assert_false (cw_lz_rgb_decode (&in, &pixels, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  in.data.size++;
  g_assert_true (cw_lz_rgb_decode (&in, &pixels, NULL));
  g_assert_cmpint (pixels->format, ==, CW_PIXELS_BGRA);
  for (guint i = 0; i < 400; i++)
    g_assert_cmphex (((guint32 *) (void *) pixels->first)[i], ==, i % 2 ? 0xbb302010 : 0xaa302010);
}

/* Planes of one value and almost: whether it is noticed or not, the pixels are those that the tokens say. */
static void
test_constant_alpha (void)
{
  enum { WIDTH = 97, HEIGHT = 61, N = WIDTH * HEIGHT };
  static const guint8 values[] = { 255, 0, 128 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (73);

  for (guint round = 0; round < 60; round++) {
    g_autofree guint32 *pixels = g_new (guint32, N);
    g_autoptr (GByteArray) data = NULL;
    g_autoptr (CwPixels) out = NULL;
    g_autoptr (GError) error = NULL;
    CwCodecInput in;

    for (guint i = 0; i < N; i++)
      pixels[i] = (guint32) values[round % 3] << 24 | (round % 2 ? g_rand_int (rand) & 0xffffff : i / 50 * 0x10203);
    if (round >= 30) /* but for one pixel */
      pixels[round == 30 ? 0 : round == 31 ? N - 1 : ref_below (rand, N)] ^= 1u << 24;
    data = cw_lz_encode (CW_LZ_RGBA, pixels, WIDTH, HEIGHT, true);
    in = input (data, WIDTH, HEIGHT);
    g_assert_true (cw_lz_rgb_decode (&in, &out, &error));
    g_assert_no_error (error);
    g_assert_cmpmem (out->rows, N * 4, pixels, N * 4);
    g_clear_pointer (&out, cw_pixels_unref);
    in.data.size--;
    g_assert_false (cw_lz_rgb_decode (&in, &out, NULL));
  }
}

/* Random tokens, good and damaged: a constant is only found where the reference finds one, and in the usual form. */
static void
test_is_constant (void)
{
  static const struct {
    const char *tokens;
    gsize size, n;
    bool constant;
  } cases[] = {
    { "\x00\x77", 2, 1, true },
    { "\x00\x77", 2, 2, false },
    { "\x01\x77\x77", 3, 1, false }, /* more than there is room for */
    { "\x00\x77\xe0\xff\xff\xb4\x00", 7, 700, true },
    { "\x00\x77\xe0\xff\xff\xb4\x00", 7, 699, false },
    { "\x00\x77\xe0\xff\xff\xb4\x00", 6, 700, false },
    { "\x00\x77\xe0\xff\xff", 5, 700, false },
    { "\x00\x77\xe0\xff\xff\xb4\x01", 7, 700, false }, /* from before the first */
    { "\x00\x77\xe1\xff\xff\xb4\x00", 7, 700, false },
    { "\x01\x77\x77\x20\x00\x00\x77", 7, 6, true },
    { "\x01\x77\x77\x20\x00\x00\x78", 7, 6, false },
    { "\x20\x00\x00\x77", 4, 4, false }, /* a match with nothing before it */
    { "\x1f\x77", 2, 32, false },
    { "\x00", 1, 1, false },
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (74);
  guint8 value;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree guint8 *tokens = g_memdup2 (cases[i].tokens, cases[i].size);
    CwLzStream stream = { .p = tokens, .end = tokens + cases[i].size };

    g_assert_cmpint (cw_lz_is_constant (&stream, cases[i].n, &value), ==, cases[i].constant);
    g_assert_true (!cases[i].constant || value == 0x77);
  }
  for (guint round = 0; round < 20000; round++) {
    RefFormat format = { .unit = CW_LZ_UNIT_BYTE };
    guint8 tokens[12];
    guint32 units[64];
    gsize n = 1 + ref_below (rand, 64);
    CwLzStream stream = { .p = tokens, .end = tokens + sizeof tokens };

    for (guint i = 0; i < sizeof tokens; i++)
      tokens[i] = (const guint8[]){ 0, 0, 1, 2, 0x20, 0x40, 0xe0, 9 }[ref_below (rand, 8)];
    if (!cw_lz_is_constant (&stream, n, &value))
      continue;
    g_assert_cmpint (ref_decode (&format, tokens, sizeof tokens, units, n), >, 0);
    for (gsize i = 0; i < n; i++)
      g_assert_cmphex (units[i], ==, value);
  }
}

static void
test_alpha (void)
{
  g_autoptr (GByteArray) data = header (10, 100, 7, 400, 5);
  guint8 *plane = malloc (700);
  g_autoptr (GError) error = NULL;
  bool top_down = false;

  PUT (data, "\x00\x77\xe0\xff\xff\xb4\x00"); /* 1 + 699 */
  g_assert_true (cw_lz_alpha_decode ((CwSlice){ data->data, data->len }, 100, 7, &top_down, plane, &error));
  g_assert_no_error (error);
  g_assert_true (top_down);
  for (guint i = 0; i < 700; i++)
    g_assert_cmphex (plane[i], ==, 0x77);
  g_assert_false (cw_lz_alpha_decode ((CwSlice){ data->data, data->len }, 7, 100, &top_down, plane, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  free (plane);
}

/* Each palette type's order of pixels, rows with padding pixels, indices beyond the palette. */
static void
test_palette (void)
{
  static const guint32 palette[] = { 0xff000010, 0x20, 0x30 };
  static const struct {
    guint type, width, stride;
    guint8 bytes[2];
    guint8 indices[11];
  } cases[] = {
    { 1, 11, 2, { 0x0d, 0x02 }, { 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0 } },
    { 2, 11, 2, { 0x0d, 0x40 }, { 0, 0, 0, 0, 1, 1, 0, 1, 0, 1, 0 } },
    { 3, 3, 2, { 0x21, 0x74 }, { 1, 2, 4 } },
    { 4, 3, 2, { 0x21, 0x74 }, { 2, 1, 7 } },
    { 5, 2, 2, { 2, 255 }, { 2, 255 } },
  };

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++) {
    g_autoptr (GByteArray) data = header (cases[c].type, cases[c].width, 2, cases[c].stride, 1);
    g_autoptr (CwPixels) pixels = NULL;
    g_autoptr (GError) error = NULL;
    CwCodecInput in;

    ref_put (data, 3);
    g_byte_array_append (data, cases[c].bytes, 2);
    g_byte_array_append (data, cases[c].bytes, 2);
    in = input (data, cases[c].width, 2);
    g_assert_false (cw_lz_plt_decode (&in, &pixels, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    in.palette = palette;
    g_assert_false (cw_lz_plt_decode (&in, &pixels, NULL));
    in.n_palette = G_N_ELEMENTS (palette);
    g_assert_true (cw_lz_plt_decode (&in, &pixels, NULL));
    for (guint y = 0; y < 2; y++)
      for (guint x = 0; x < cases[c].width; x++)
        g_assert_cmphex (((guint32 *) (void *) cw_pixels_row (pixels, y))[x], ==,
                         palette[cases[c].indices[x] % 3] & 0xffffff);
  }
}

static void
assert_header_says (const GByteArray *data, guint32 width, guint32 height, const char *says)
{
  g_autoptr (GError) error = NULL;
  CwPixels *pixels = NULL;
  CwCodecInput in = input (data, width, height);

  g_assert_false (cw_lz_rgb_decode (&in, &pixels, &error));
  g_assert_cmpstr (error ? error->message : NULL, ==, says);
  g_assert_null (pixels);
}

static void
test_headers (void)
{
  static const struct {
    guint32 type, width, height, stride, in_width, in_height;
    const char *says;
  } cases[] = {
    { 0, 8, 8, 32, 8, 8, "lz: type 0 is none of those allowed here, mask 0xbc0" },
    { 12, 8, 8, 32, 8, 8, "lz: type 12 is none of those allowed here, mask 0xbc0" },
    { 10, 8, 8, 32, 8, 8, "lz: type 10 is none of those allowed here, mask 0xbc0" },
    { 5, 8, 8, 8, 8, 8, "lz: type 5 is none of those allowed here, mask 0xbc0" },
    { 0x80000008, 8, 8, 32, 8, 8, "lz: type 2147483656 is none of those allowed here, mask 0xbc0" },
    { 8, 0, 8, 0, 0, 8, "lz: 0×8 pixels: a side of 0" },
    { 8, 8, 0, 32, 8, 0, "lz: 8×0 pixels: a side of 0" },
    { 8, 8, 8, 31, 8, 8, "lz: stride 31 instead of 32" },
    { 8, 8, 8, 32, 8, 9, "lz: 8×8 pixels in an image of 8×9" },
    { 8, 8, 8, 32, 9, 8, "lz: 8×8 pixels in an image of 9×8" },
    { 8, 65536, 1, 262144, 65536, 1, "lz: 65536×1 pixels: limits 65535 per side, 67108864 in all" },
    { 8, 1, 65536, 4, 1, 65536, "lz: 1×65536 pixels: limits 65535 per side, 67108864 in all" },
    { 8, 16384, 4097, 65536, 16384, 4097, "lz: 16384×4097 pixels: limits 65535 per side, 67108864 in all" },
    { 8, 0x40000000, 1, 0, 0x40000000, 1, "lz: 1073741824×1 pixels: limits 65535 per side, 67108864 in all" },
    /* As large as allowed, but from these few tokens? */
    { 8, 16384, 4096, 65536, 16384, 4096,
      "lz: 67108864 units cannot come from 18 bytes of tokens: limit 255 per byte" },
    { 8, 65535, 1, 262140, 65535, 1, "lz: 65535 units cannot come from 18 bytes of tokens: limit 255 per byte" },
    { 8, 1, 65535, 4, 1, 65535, "lz: 65535 units cannot come from 18 bytes of tokens: limit 255 per byte" },
  };
  g_autoptr (GByteArray) data = header (8, 8, 8, 32, 1);

  /* What comes first is told first, so each fault is followed by one more. */
  data->data[23] = 31;
  data->data[2] = 'l';
  assert_header_says (data, 8, 8, "lz: magic 0x20206c4c, version 0x00010001 instead of 0x20205a4c, 0x00010001");
  data->data[2] = 'Z';
  data->data[7] = 2;
  assert_header_says (data, 8, 8, "lz: magic 0x20205a4c, version 0x00010002 instead of 0x20205a4c, 0x00010001");
  g_byte_array_set_size (data, 27);
  assert_header_says (data, 8, 8, "lz: 27 bytes of data < 28 of the header");

  for (gsize c = 0; c < G_N_ELEMENTS (cases); c++) {
    g_autoptr (GByteArray) each = header (cases[c].type, cases[c].width, cases[c].height, cases[c].stride, 1);

    PUT (each, "\x00\x00\x00\x00\xe0\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00");
    assert_header_says (each, cases[c].in_width, cases[c].in_height, cases[c].says);
  }
}

/* A byte of tokens is believed to give 255 pixels; the tokens are then looked at. */
static void
test_too_little (void)
{
  for (guint32 more = 0; more < 2; more++) {
    g_autoptr (GByteArray) data = header (8, 2550 + more, 1, 4 * (2550 + more), 1);
    g_autoptr (GError) error = NULL;
    CwPixels *pixels = NULL;
    CwCodecInput in;

    PUT (data, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00");
    in = input (data, 2550 + more, 1);
    g_assert_false (cw_lz_rgb_decode (&in, &pixels, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    g_assert_cmpstr (error->message, ==,
                     more ? "lz: 2551 units cannot come from 10 bytes of tokens: limit 255 per byte"
                          : "lz: token at +36: the data ends inside it");
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/lz/kernels", test_kernels);
  g_test_add_func ("/codec/lz/borders", test_borders);
  g_test_add_func ("/codec/lz/set-alpha", test_set_alpha);
  g_test_add_func ("/codec/lz/constant-alpha", test_constant_alpha);
  g_test_add_func ("/codec/lz/is-constant", test_is_constant);
  g_test_add_func ("/codec/lz/example", test_example);
  g_test_add_func ("/codec/lz/rows", test_rows);
  g_test_add_func ("/codec/lz/rgba", test_rgba);
  g_test_add_func ("/codec/lz/alpha", test_alpha);
  g_test_add_func ("/codec/lz/palette", test_palette);
  g_test_add_func ("/codec/lz/headers", test_headers);
  g_test_add_func ("/codec/lz/too-little", test_too_little);
  return g_test_run ();
}
