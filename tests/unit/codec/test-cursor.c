/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/cursor.h"

#include <string.h>

static void
expect (unsigned type, uint32_t width, uint32_t height, const void *data, size_t size, const char *pixels)
{
  g_autoptr (GError) error = NULL;
  g_autofree uint8_t *rgba = cw_cursor_decode (type, width, height, (CwSlice){ data, size }, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  g_assert_no_error (error);
  for (size_t i = 0; i < (size_t) width * height; i++)
    g_string_append_printf (text, "%s%02x%02x%02x%02x", i ? " " : "", rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2],
                            rgba[4 * i + 3]);
  g_assert_cmpstr (text->str, ==, pixels);
}

#define EXPECT(type, width, height, pixels, ...)                                                                       \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const uint8_t data[] = { __VA_ARGS__ };                                                                            \
    expect (type, width, height, data, sizeof data, pixels);                                                           \
  }                                                                                                                    \
  G_STMT_END

static void
test_types (void)
{
  EXPECT (CW_CURSOR_TYPE_ALPHA, 1, 1, "03020104", 1, 2, 3, 4);
  EXPECT (CW_CURSOR_TYPE_COLOR32, 2, 1, "332211ff 33221100", 0x11, 0x22, 0x33, 0, 0x11, 0x22, 0x33, 0, 0x40);
  /* White under the mask inverts: a checkerboard. */
  EXPECT (CW_CURSOR_TYPE_COLOR32, 2, 1, "50505030 303030c0", 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0, 0xc0);
  EXPECT (CW_CURSOR_TYPE_COLOR24, 1, 1, "332211ff", 0x11, 0x22, 0x33, 0);
  EXPECT (CW_CURSOR_TYPE_COLOR16, 2, 1, "f8f8f8ff 0800f800", 0xff, 0x7f, 0x1f, 0x04, 0x40);
}

static void
test_palettes (void)
{
  uint8_t color4[1 + 64 + 1] = { 0x21 }, color8[2 + 1024 + 1] = { 7, 9 };

  memcpy (color4 + 1 + 4 * 2, "\x30\x20\x10\x00", 4);
  memcpy (color4 + 1 + 4 * 1, "\x03\x02\x01\x00", 4);
  expect (CW_CURSOR_TYPE_COLOR4, 2, 1, color4, sizeof color4, "102030ff 010203ff");
  memcpy (color8 + 2 + 4 * 7, "\x30\x20\x10\x00", 4);
  memcpy (color8 + 2 + 4 * 9, "\x03\x02\x01\x00", 4);
  color8[sizeof color8 - 1] = 0x40;
  expect (CW_CURSOR_TYPE_COLOR8, 2, 1, color8, sizeof color8, "102030ff 01020300");
}

static void
test_mono (void)
{
  EXPECT (CW_CURSOR_TYPE_MONO, 4, 1, "000000ff ffffffff 00000000 ffffffff", 0x30, 0x50);
  /* A shape that only inverts gets an edge, but not on its border. */
  EXPECT (CW_CURSOR_TYPE_MONO, 4, 3,
          "00000000 00000000 00000000 00000000 "
          "00000000 ffffffff 000000ff 00000000 "
          "00000000 00000000 00000000 00000000",
          0xff, 0xff, 0xff, 0x00, 0x40, 0x00);
}

/* Rows of masks begin at bytes where the data is long enough, and follow each other bit by bit otherwise. */
static void
test_padding (void)
{
  EXPECT (CW_CURSOR_TYPE_COLOR24, 1, 2, "010101ff 01010100", 1, 1, 1, 1, 1, 1, 0x00, 0x80);
  EXPECT (CW_CURSOR_TYPE_COLOR24, 1, 2, "010101ff 01010100", 1, 1, 1, 1, 1, 1, 0x40);
}

static void
test_refused (void)
{
  static const uint8_t data[4096];
  static const struct {
    unsigned type;
    uint32_t width, height;
    size_t size;
    int code;
  } rows[] = {
    { CW_CURSOR_TYPE_ALPHA, 0, 1, 4, CW_ERROR_LIMIT },
    { CW_CURSOR_TYPE_ALPHA, 1, 0, 4, CW_ERROR_LIMIT },
    { CW_CURSOR_TYPE_ALPHA, 1025, 1, sizeof data, CW_ERROR_LIMIT },
    { CW_CURSOR_TYPE_ALPHA, 65535, 65535, sizeof data, CW_ERROR_LIMIT },
    { CW_CURSOR_TYPE_ALPHA, 8, 8, 255, CW_ERROR_MALFORMED },
    { CW_CURSOR_TYPE_MONO, 9, 2, 7, CW_ERROR_MALFORMED },
    { CW_CURSOR_TYPE_COLOR4, 8, 8, 32 + 64 + 7, CW_ERROR_MALFORMED },
    { CW_CURSOR_TYPE_COLOR8, 8, 8, 64 + 1024 + 7, CW_ERROR_MALFORMED },
    { CW_CURSOR_TYPE_COLOR16, 8, 8, 128 + 7, CW_ERROR_MALFORMED },
    { CW_CURSOR_TYPE_COLOR24, 8, 8, 192 + 7, CW_ERROR_MALFORMED },
    { CW_CURSOR_TYPE_COLOR32, 8, 8, 256 + 7, CW_ERROR_MALFORMED },
    { 7, 8, 8, sizeof data, CW_ERROR_UNSUPPORTED },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    /* An exactly sized copy, so that a sanitizer sees reading behind it. */
    g_autofree uint8_t *copy = g_memdup2 (data, rows[i].size);

    g_assert_null (
        cw_cursor_decode (rows[i].type, rows[i].width, rows[i].height, (CwSlice){ copy, rows[i].size }, &error));
    g_assert_error (error, CW_ERROR, rows[i].code);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cursor/U1-types", test_types);
  g_test_add_func ("/cursor/U1-palettes", test_palettes);
  g_test_add_func ("/cursor/U1-mono", test_mono);
  g_test_add_func ("/cursor/padding", test_padding);
  g_test_add_func ("/cursor/U4-refused", test_refused);
  return g_test_run ();
}
