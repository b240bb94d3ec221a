/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loops that unpack GLZ, each against a reference that knows nothing of speed. */
#include "base/cpu.h"
#include "codec/glz-store.h"
#include "lz-reference.h"

#include <stdlib.h>

/* Decodes with one table, giving it each image only when it asks, and compares. */
static void
compare (const CwLzKernels *kernels, const RefFormat *format, const GByteArray *data, gsize n_units,
         const guint32 *expected, gssize consumed)
{
  gsize size = format->unit == CW_LZ_UNIT_BYTE ? 1 : 4;
  guint8 *in = malloc (data->len + CW_LZ_LOOK_BEHIND), *out = malloc (n_units * size + CW_LZ_OVERSHOOT);
  CwGlzStream stream = {
    .input = { .p = in + CW_LZ_LOOK_BEHIND, .end = in + CW_LZ_LOOK_BEHIND + data->len },
    .out = out,
    .op = out,
    .limit = out + n_units * size,
    .max_distance = format->max_distance,
  };
  CwGlzStreamStatus status;

  memset (in, 0xee, CW_LZ_LOOK_BEHIND);
  memcpy (in + CW_LZ_LOOK_BEHIND, data->data, data->len);
  while ((status = kernels->glz[format->unit](&stream)) == CW_GLZ_STREAM_NEEDS_IMAGE) {
    const RefImage *image = ref_image (format, stream.needed);

    if (!image)
      break;
    stream.references[stream.needed % CW_GLZ_N_REFERENCES]
        = (CwGlzReference){ image->distance, image->n_pixels, image->pixels };
  }
  g_assert_cmpint (status == CW_GLZ_STREAM_END, ==, consumed >= 0);
  if (consumed >= 0) {
    g_assert_cmpint (stream.input.p - in - CW_LZ_LOOK_BEHIND, ==, consumed);
    for (gsize i = 0; i < n_units; i++)
      g_assert_cmphex (size == 1 ? out[i] : ((guint32 *) (void *) out)[i], ==, expected[i]);
  }
  free (in);
  free (out);
}

static void
test_kernels (void)
{
  static const guint32 flags[] = { 0, CW_CPU_SSSE3, CW_CPU_SSSE3 | CW_CPU_AVX2 };
  static const guint32 distances[] = { 1, 2, 17, 63, 64, 5000, 20000, 1 << 23 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (81);
  RefImage images[G_N_ELEMENTS (distances)];
  guint n_bad = 0;

  for (guint i = 0; i < G_N_ELEMENTS (distances); i++) {
    guint32 n = i == 0 ? 300000 : 10 + 1000 * i, *pixels = malloc (4 * (gsize) n + CW_PIXELS_SLACK);

    for (guint j = 0; j < n; j++)
      pixels[j] = g_rand_int (rand);
    images[i] = (RefImage){ distances[i], n, pixels };
  }
  for (guint round = 0; round < 3000; round++) {
    g_autoptr (GByteArray) data = g_byte_array_new ();
    RefFormat format = { .glz = true,
                         .unit = round % CW_LZ_N_UNITS,
                         .max_distance = 1 << 23,
                         .images = images,
                         .n_images = G_N_ELEMENTS (images) };
    gsize n_units = 1 + ref_size (rand, round % 16 == 0 ? 400000 : 20000);
    g_autofree guint32 *expected = g_new (guint32, n_units);
    gssize consumed;

    ref_put_random (data, rand, &format, n_units);
    if (round % 4 == 3)
      data->data[ref_below (rand, data->len)] = ref_below (rand, 256);
    if (round % 16 == 7)
      g_byte_array_set_size (data, ref_below (rand, data->len + 1));
    consumed = ref_decode (&format, data->data, data->len, expected, n_units);
    n_bad += consumed < 0;
    for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
      if ((cw_cpu_flags () & flags[i]) == flags[i])
        compare (cw_lz_kernels (flags[i]), &format, data, n_units, expected, consumed);
  }
  g_assert_cmpuint (n_bad, >, 100);
  for (guint i = 0; i < G_N_ELEMENTS (distances); i++)
    free ((gpointer) images[i].pixels);
}

/* One unit too many, of another image, of this one, and of those left, far from the ends of input and output. */
static void
test_borders (void)
{
  static const guint32 flags[] = { 0, CW_CPU_SSSE3, CW_CPU_SSSE3 | CW_CPU_AVX2 };
  guint32 *pixels = g_malloc0 (4 * 100 + CW_PIXELS_SLACK);
  const RefImage image = { 3, 100, pixels };

  for (guint i = 0; i < 6 * CW_LZ_N_UNITS; i++) {
    RefFormat format = { .glz = true, .unit = i / 6, .max_distance = 3, .images = &image, .n_images = 1 };
    g_autoptr (GByteArray) data = g_byte_array_new ();
    guint32 expected[600], beyond = i % 2;
    gssize consumed;

    for (guint j = 0; j < 32 * (format.unit + 1) + 1; j++)
      ref_put (data, 31);
    if (i % 6 < 2)
      ref_put_match (data, &format, 20, 80 + beyond, 3);
    else if (i % 6 < 4)
      ref_put_match (data, &format, 20, 31 + beyond, 0);
    else
      ref_put_match (data, &format, 568 + beyond, 0, 0);
    for (guint j = 0; j < 17; j++)
      for (guint k = 0; k < 32 * (format.unit + 1) + 1; k++)
        ref_put (data, 31);
    consumed = ref_decode (&format, data->data, data->len, expected, i % 6 < 4 ? 32 + 20 + 512 : 600);
    g_assert_cmpint (consumed < 0, ==, beyond);
    for (guint j = 0; j < G_N_ELEMENTS (flags); j++)
      if ((cw_cpu_flags () & flags[j]) == flags[j])
        compare (cw_lz_kernels (flags[j]), &format, data, i % 6 < 4 ? 32 + 20 + 512 : 600, expected, consumed);
  }
  g_free (pixels);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/glz-kernels/all", test_kernels);
  g_test_add_func ("/codec/glz-kernels/borders", test_borders);
  return g_test_run ();
}
