/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixels of every surface format, and pointers over them: with alpha and with masks, whole and cut by each edge. */
#include "picture.h"

#include "client.h"
#include "refuse.h"

#include <string.h>

/* Of the program's main part, which is not linked here. */
G_DEFINE_QUARK (caraway - status - error, status_error)

static Picture
grey (int width, int height, guint8 value)
{
  Picture picture = { width, height, g_malloc (width * height * 3) };

  memset (picture.rgb, value, width * height * 3);
  return picture;
}

static void
check_pixel (const Picture *picture, int x, int y, guint expected)
{
  const guint8 *rgb = picture->rgb + (y * picture->width + x) * 3;

  g_assert_cmphex (rgb[0] << 16 | rgb[1] << 8 | rgb[2], ==, expected);
}

static void
check_format (enum SpiceSurfaceFmt format, int stride, gconstpointer data, guint expected)
{
  SpiceDisplayPrimary primary
      = { .format = format, .width = 2, .height = 2, .stride = stride, .data = (guint8 *) data, .marked = TRUE };
  g_autoptr (GError) error = NULL;
  Picture picture;

  g_assert_true (picture_init (&picture, &primary, 1, 1, 1, 1, &error));
  g_assert_no_error (error);
  check_pixel (&picture, 0, 0, expected);
  picture_clear (&picture);
}

static void
test_formats (void)
{
  static const guint32 wide[] = { 0, 0, 0, 0, 0xff123456, 0 }; /* a stride longer than a row */
  static const guint16 narrow[] = { 0, 0, 0, 0x1234 };
  SpiceDisplayPrimary primary = { .format = SPICE_SURFACE_FMT_8_A, .width = 1, .height = 1, .data = (guint8 *) wide };
  g_autoptr (GError) error = NULL;
  Picture picture;

  check_format (SPICE_SURFACE_FMT_32_xRGB, 12, wide, 0x123456);
  check_format (SPICE_SURFACE_FMT_32_ARGB, 12, wide, 0x123456);
  check_format (SPICE_SURFACE_FMT_16_555, 4, narrow, 0x218ca5);
  check_format (SPICE_SURFACE_FMT_16_565, 4, narrow, 0x1045a5);
  g_assert_false (picture_init (&picture, &primary, 0, 0, 1, 1, &error));
  g_assert_nonnull (error);
  picture_clear (&picture);
}

static void
test_alpha (void)
{
  guint8 pixels[] = { 0, 0, 0, 0, 100, 50, 0, 128, 7, 8, 9, 255, 200, 0, 0, 100 };
  SpiceCursorShape shape = { .type = SPICE_CURSOR_TYPE_ALPHA, .width = 4, .height = 1, .data = pixels };
  Picture picture = grey (4, 1, 200);

  picture_draw_cursor (&picture, &shape, 0, 0);
  check_pixel (&picture, 0, 0, 0xc8c8c8);
  check_pixel (&picture, 1, 0, 0xc89664); /* 100 + 200·127/255 = 199.6, 149.6, 99.6 */
  check_pixel (&picture, 2, 0, 0x070809);
  check_pixel (&picture, 3, 0, 0xff7a7a); /* more colour than alpha: no overflow */
  picture_clear (&picture);
}

/* A transparent pixel may have a colour, and that of a checkerboard is not multiplied. */
static void
test_mask (void)
{
  guint8 pixels[] = { 255, 0, 0, 0, 1, 2, 3, 255, 0x50, 0x50, 0x50, 0x30 };
  SpiceCursorShape shape = { .type = SPICE_CURSOR_TYPE_COLOR32, .width = 3, .height = 1, .data = pixels };
  Picture picture = grey (3, 1, 200);

  picture_draw_cursor (&picture, &shape, 0, 0);
  check_pixel (&picture, 0, 0, 0xc8c8c8);
  check_pixel (&picture, 1, 0, 0x010203);
  check_pixel (&picture, 2, 0, 0xb1b1b1); /* (0x50·0x30 + 200·0xcf) / 255 = 177.4 */
  picture_clear (&picture);
}

/* Every place of a 2×3 pointer around a picture of 4×4, against the definition. */
static void
test_places (void)
{
  guint8 pixels[2 * 3 * 4];
  SpiceCursorShape shape
      = { .type = SPICE_CURSOR_TYPE_MONO, .width = 2, .height = 3, .hot_spot_x = 1, .hot_spot_y = 2, .data = pixels };

  for (unsigned i = 0; i < sizeof pixels; i++)
    pixels[i] = i % 4 == 3 ? 255 : i;
  for (int at = 0; at < 10 * 10; at++) {
    int left = at % 10 - 3, top = at / 10 - 3;
    Picture picture = grey (4, 4, 90);

    picture_draw_cursor (&picture, &shape, left + 1, top + 2);
    for (int i = 0; i < 16; i++) {
      int x = i % 4 - left, y = i / 4 - top, base = (y * 2 + x) * 4;
      bool covered = x >= 0 && x < 2 && y >= 0 && y < 3;

      check_pixel (&picture, i % 4, i / 4, covered ? base << 16 | (base + 1) << 8 | (base + 2) : 0x5a5a5a);
    }
    picture_clear (&picture);
  }
}

/* A picture of a size that the server chooses. */
static void
test_memory (void)
{
  SpiceDisplayPrimary primary = { .format = SPICE_SURFACE_FMT_32_xRGB, .width = 64, .height = 64, .stride = 256 };
  g_autofree guint8 *data = g_malloc0 (64 * 256);
  g_autoptr (GError) error = NULL;
  Picture picture;

  primary.data = data;
  refuse_next (0, 0);
  g_assert_false (picture_init (&picture, &primary, 0, 0, 64, 64, &error));
  g_assert_true (refuse_has ());
  g_assert_error (error, STATUS_ERROR, STATUS_FAILED);
  g_assert_cmpstr (error->message, ==, "no memory for 64x64 pixels");
  picture_clear (&picture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/picture/formats", test_formats);
  g_test_add_func ("/picture/pointer/alpha", test_alpha);
  g_test_add_func ("/picture/pointer/mask", test_mask);
  g_test_add_func ("/picture/pointer/places", test_places);
  g_test_add_func ("/picture/memory", test_memory);
  return g_test_run ();
}
