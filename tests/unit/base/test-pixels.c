/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"
#include "base/pixels.h"

#include <string.h>

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

static void
test_limits (void)
{
  static const guint32 sizes[][2] = { { 0, 1 }, { 1, 0 }, { 65536, 1 }, { 1, 65536 }, { 0xffffffff, 0xffffffff },
                                      { 32767, 32767 } };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (cw_pixels_new (CW_PIXELS_BGRA, sizes[i][0], sizes[i][1], false, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/pixels/layout", test_layout);
  g_test_add_func ("/base/pixels/limits", test_limits);
  return g_test_run ();
}
