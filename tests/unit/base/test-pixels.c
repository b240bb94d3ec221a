/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"
#include "base/pixels.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
test_layout (void)
{
  g_autoptr (CwPixels) down = cw_pixels_new (CW_PIXELS_BGRX, 3, 2, false, NULL);
  g_autoptr (CwPixels) up = cw_pixels_new (CW_PIXELS_X1R5G5B5, 3, 4, true, NULL);
  g_autoptr (CwPixels) bits = cw_pixels_new (CW_PIXELS_A1, 33, 1, false, NULL);

  g_assert_cmpint (down->stride, ==, 12);
  g_assert_true (down->rows == down->first);
  g_assert_cmpint (up->stride, ==, -8);
  g_assert_true (cw_pixels_row (up, 3) == up->first);
  g_assert_true (up->rows == up->first + 3 * 8);
  g_assert_cmpint (bits->stride, ==, 8);
  g_assert_cmpuint (cw_pixels_size (up), ==, 32);
  /* Kernels may store a whole vector past either end. */
  memset (down->first - CW_PIXELS_SLACK, 1, CW_PIXELS_SLACK);
  memset (down->first + 24, 1, CW_PIXELS_SLACK);
}

/* Slack and all. */
static void
test_unaligned (void)
{
  g_autoptr (CwPixels) down = cw_pixels_new (CW_PIXELS_BGRX, 320, 200, false, NULL);
  g_autoptr (CwPixels) up = cw_pixels_new (CW_PIXELS_BGRX, 320, 200, true, NULL);

  g_assert_cmpuint ((uintptr_t) down->rows % 64, ==, 0);
  cw_pixels_unalign (down);
  cw_pixels_unalign (up);
  g_assert_cmpuint ((uintptr_t) down->rows % 64, ==, 16);
  g_assert_true (down->rows == down->first);
  g_assert_true (cw_pixels_row (up, 199) == up->first);
  for (unsigned i = 0; i < CW_PIXELS_SLACK; i++)
    g_assert_cmpuint (down->first[320 * 200 * 4 + i], ==, 0);
  memset (down->first - CW_PIXELS_SLACK, 1, cw_pixels_size (down) + 2 * CW_PIXELS_SLACK);
  g_assert_cmpuint (down->capacity, >=, cw_pixels_size (down) + 2 * CW_PIXELS_SLACK + 16);
}

static void
test_formats (void)
{
  static const unsigned bits[]
      = { [CW_PIXELS_BGRX] = 32, [CW_PIXELS_BGRA] = 32, [CW_PIXELS_X1R5G5B5] = 16, [CW_PIXELS_R5G6B5] = 16,
          [CW_PIXELS_A8] = 8,    [CW_PIXELS_A1] = 1,    [CW_PIXELS_GRAY8] = 8 };

  for (unsigned format = 0; format < G_N_ELEMENTS (bits); format++) {
    for (uint32_t width = 1; width < 70; width++) {
      g_autoptr (CwPixels) pixels = cw_pixels_new (format, width, 3, false, NULL);

      g_assert_cmpuint (cw_pixel_format_bits (format), ==, bits[format]);
      g_assert_cmpint (pixels->stride, ==, (width * bits[format] + 31) / 32 * 4);
      g_assert_cmpuint (cw_pixels_size (pixels), ==, pixels->stride * 3);
    }
  }
}

static void
let_go (gpointer owner)
{
  ++*(unsigned *) owner;
}

/* Somebody else's memory, top row first or last. */
static void
test_wrapped (void)
{
  static uint8_t bytes[3 * 16];
  unsigned n = 0;
  CwPixels *down = cw_pixels_new_wrapped (CW_PIXELS_BGRA, 3, 3, bytes, 16, false, let_go, &n);
  CwPixels *up = cw_pixels_new_wrapped (CW_PIXELS_BGRA, 3, 3, bytes, 16, true, NULL, NULL);

  g_assert_true (cw_pixels_row (down, 0) == bytes && cw_pixels_row (down, 2) == bytes + 32);
  g_assert_true (cw_pixels_row (up, 0) == bytes + 32 && cw_pixels_row (up, 2) == bytes);
  g_assert_true (up->first == bytes);
  g_assert_cmpuint (down->width, ==, 3);
  g_assert_cmpuint (down->height, ==, 3);
  g_assert_cmpint (down->format, ==, CW_PIXELS_BGRA);
  cw_pixels_unref (cw_pixels_ref (down));
  g_assert_cmpuint (n, ==, 0);
  cw_pixels_unref (down);
  g_assert_cmpuint (n, ==, 1);
  cw_pixels_unref (up);
}

static void
test_limits (void)
{
  static const guint32 largest[][2] = { { 65535, 1 }, { 1, 65535 } };
  static const guint32 sizes[][2]
      = { { 0, 1 }, { 1, 0 }, { 65536, 1 }, { 1, 65536 }, { 0xffffffff, 0xffffffff }, { 32767, 32767 } };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (cw_pixels_new (CW_PIXELS_BGRA, sizes[i][0], sizes[i][1], false, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (largest); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (CwPixels) pixels = cw_pixels_new (CW_PIXELS_BGRA, largest[i][0], largest[i][1], false, &error);

    g_assert_no_error (error);
    g_assert_nonnull (pixels);
  }
}

static void
test_pool (void)
{
  g_autoptr (CwPixelPool) pool = cw_pixel_pool_new (3 << 20);
  CwPixels *first = cw_pixels_new_in (pool, CW_PIXELS_BGRX, 512, 512, false, NULL);
  CwPixels *second = cw_pixels_new_in (pool, CW_PIXELS_BGRX, 512, 500, true, NULL);
  void *storage = first->storage;

  g_assert_true (first->storage != second->storage);
  cw_pixels_unref (first);
  g_assert_cmpuint (cw_pixel_pool_unused (pool), >=, 1 << 20);
  /* A little smaller: the same memory, with fresh slack. */
  memset (storage, 1, CW_PIXELS_SLACK);
  first = cw_pixels_new_in (pool, CW_PIXELS_BGRA, 511, 510, false, NULL);
  g_assert_true (first->storage == storage);
  g_assert_cmpuint (first->first[-1], ==, 0);
  g_assert_cmpuint (first->first[511 * 510 * 4], ==, 0);
  g_assert_cmpuint (cw_pixel_pool_unused (pool), ==, 0);
  cw_pixels_unref (first);
  cw_pixels_unref (second);
  g_assert_cmpuint (cw_pixel_pool_unused (pool), >=, 2000000);
  /* Much smaller, and too small to be worth it: other memory. */
  first = cw_pixels_new_in (pool, CW_PIXELS_BGRA, 200, 200, false, NULL);
  second = cw_pixels_new_in (pool, CW_PIXELS_BGRA, 20, 20, false, NULL);
  g_assert_cmpuint (cw_pixel_pool_unused (pool), >=, 2000000);
  cw_pixels_unref (first);
  cw_pixels_unref (second);
  cw_pixel_pool_trim (pool, 0);
  g_assert_cmpuint (cw_pixel_pool_unused (pool), ==, 0);
}

static void
test_pool_limits (void)
{
  CwPixelPool *pool = cw_pixel_pool_new (3 << 20);
  CwPixels *pixels[24];

  for (gsize i = 0; i < G_N_ELEMENTS (pixels); i++)
    pixels[i] = cw_pixels_new_in (pool, CW_PIXELS_BGRX, 512, 500 - i, false, NULL);
  for (gsize i = 1; i < G_N_ELEMENTS (pixels); i++) {
    cw_pixels_unref (pixels[i]);
    g_assert_cmpuint (cw_pixel_pool_unused (pool), <=, 3 << 20);
  }
  g_assert_cmpuint (cw_pixel_pool_unused (pool), >=, 2000000);
  /* Pixels outlive the last other reference to their pool. */
  cw_pixel_pool_unref (pool);
  memset (pixels[0]->first, 1, cw_pixels_size (pixels[0]));
  cw_pixels_unref (pixels[0]);
}

static bool
all_zero (const CwPixels *pixels)
{
  const uint8_t *from = pixels->storage;
  size_t size = cw_pixels_size (pixels) + 2 * CW_PIXELS_SLACK;

  for (size_t i = 0; i < size; i++) {
    if (from[i] != 0)
      return false;
  }
  return true;
}

/* Small ones, ones that are mapped, and ones of whole huge pages: zero even where memory has been in use before. */
static void
test_zeroed (void)
{
  static const guint32 sizes[][2] = { { 1, 1 }, { 300, 200 }, { 724, 724 }, { 800, 700 }, { 1920, 1080 } };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (CwPixelPool) pool = cw_pixel_pool_new (16 << 20);
    CwPixels *used = cw_pixels_new_in (pool, CW_PIXELS_BGRX, sizes[i][0], sizes[i][1], false, NULL);
    g_autoptr (CwPixels) fresh = NULL;

    memset (used->storage, 0xff, used->capacity);
    cw_pixels_unref (used);
    cw_pixel_pool_trim (pool, 0);
    fresh = cw_pixels_new_zeroed (CW_PIXELS_BGRX, sizes[i][0], sizes[i][1], NULL);
    g_assert_true (all_zero (fresh));
    g_assert_cmpuint (fresh->capacity, >=, cw_pixels_size (fresh) + 2 * CW_PIXELS_SLACK);
    memset (fresh->storage, 1, fresh->capacity);
  }
  g_assert_null (cw_pixels_new_zeroed (CW_PIXELS_BGRX, 0, 1, NULL));
}

/* A large picture's memory does not stay while only small ones come; what is in use all the time does. */
static void
test_pool_age (void)
{
  g_autoptr (CwPixelPool) pool = cw_pixel_pool_new (8 << 20);
  CwPixels *used = cw_pixels_new_in (pool, CW_PIXELS_BGRX, 300, 300, false, NULL);
  void *storage = used->storage;

  cw_pixels_unref (cw_pixels_new_in (pool, CW_PIXELS_BGRX, 1000, 1000, false, NULL));
  for (unsigned i = 0; i < 400; i++) {
    cw_pixels_unref (cw_pixels_new_in (pool, CW_PIXELS_BGRX, 10, 10, false, NULL));
    cw_pixels_unref (used);
    used = cw_pixels_new_in (pool, CW_PIXELS_BGRX, 300, 300, false, NULL);
    g_assert_true (used->storage == storage);
    if (i < 20)
      g_assert_cmpuint (cw_pixel_pool_unused (pool), >=, 4000000);
  }
  g_assert_cmpuint (cw_pixel_pool_unused (pool), ==, 0);
  cw_pixels_unref (used);
}

/* What has been used lately stays for those that work, whoever asks. */
static void
test_pool_trim (void)
{
  g_autoptr (CwPixelPool) pool = cw_pixel_pool_new (8 << 20);

  cw_pixels_unref (cw_pixels_new_in (pool, CW_PIXELS_BGRX, 300, 300, false, NULL));
  cw_pixel_pool_trim (pool, G_TIME_SPAN_HOUR);
  g_assert_cmpuint (cw_pixel_pool_unused (pool), >=, 360000);
  g_usleep (2000);
  cw_pixel_pool_trim (pool, 1000);
  g_assert_cmpuint (cw_pixel_pool_unused (pool), ==, 0);
}

static unsigned
n_pages (const CwPixels *pixels)
{
  size_t n = pixels->capacity / (size_t) sysconf (_SC_PAGESIZE);
  g_autofree uint8_t *there = g_malloc0 (n);
  unsigned n_there = 0;

  g_assert_no_errno (mincore (pixels->storage, pixels->capacity, there));
  for (size_t i = 0; i < n; i++)
    n_there += there[i] & 1;
  return n_there;
}

/* In as many pieces as there are huge pages. */
static void
zero (CwPixels *pixels)
{
  unsigned n = 1;
  size_t done = 0;

  while (!cw_pixels_zero_some (pixels, &done))
    n++;
  g_assert_cmpuint (n, ==, (pixels->capacity + (2 << 20) - 1) / (2 << 20));
}

/* Only what is wide, large and fresh; nothing is written by it. */
static void
test_expected (void)
{
#ifdef MADV_POPULATE_WRITE
  static const CwRect row = { 0, 5, 700, 6 }, column = { 10, 0, 300, 700 }, band = { 100, 600, 700, 700 },
                      all = { 0, 0, 700, 700 };
  g_autoptr (CwPixels) screen = cw_pixels_new_zeroed (CW_PIXELS_BGRX, 700, 700, NULL);
  unsigned page = (unsigned) sysconf (_SC_PAGESIZE);

  if (madvise (screen->storage, page, MADV_POPULATE_WRITE) != 0) {
    g_test_skip ("the kernel cannot do it (Linux 5.14 can)");
    return;
  }
  cw_pixels_expect_write (screen, &row);
  cw_pixels_expect_write (screen, &column);
  g_assert_cmpuint (n_pages (screen), <=, 1);
  cw_pixels_expect_write (screen, &band);
  g_assert_cmpuint (n_pages (screen), >=, 280000 / page);
  g_assert_cmpuint (n_pages (screen), <=, 280000 / page + 3);
  for (unsigned i = 0; i < 2; i++) {
    cw_pixels_expect_write (screen, &all);
    g_assert_cmpuint (n_pages (screen), >=, 1960000 / page);
    g_assert_true (all_zero (screen));
    memset (screen->first, 1, cw_pixels_size (screen));
    zero (screen); /* none of them is there any more */
    g_assert_cmpuint (n_pages (screen), ==, 0);
  }
#else
  g_test_skip ("the system has no such call");
#endif
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/pixels/layout", test_layout);
  g_test_add_func ("/base/pixels/unaligned", test_unaligned);
  g_test_add_func ("/base/pixels/formats", test_formats);
  g_test_add_func ("/base/pixels/wrapped", test_wrapped);
  g_test_add_func ("/base/pixels/limits", test_limits);
  g_test_add_func ("/base/pixels/zeroed", test_zeroed);
  g_test_add_func ("/base/pixels/expected", test_expected);
  g_test_add_func ("/base/pixels/pool", test_pool);
  g_test_add_func ("/base/pixels/pool/limits", test_pool_limits);
  g_test_add_func ("/base/pixels/pool/age", test_pool_age);
  g_test_add_func ("/base/pixels/pool/trim", test_pool_trim);
  return g_test_run ();
}
