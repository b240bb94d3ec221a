/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pointer shapes: type, two bytes each of width and height, data. */
#include "codec/cursor.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autofree uint8_t *rgba = NULL;
  uint32_t width, height;

  if (size < 5)
    return 0;
  /* Mostly small, so that data is often long enough. */
  width = data[1] | (uint32_t) (data[2] & (data[0] & 0x80 ? 0xff : 0)) << 8;
  height = data[3] | (uint32_t) (data[4] & (data[0] & 0x80 ? 0xff : 0)) << 8;
  rgba = cw_cursor_decode (data[0] & 0x0f, width, height, (CwSlice){ data + 5, size - 5 }, &error);
  g_assert_true ((rgba == NULL) == (error != NULL));
  if (rgba) {
    volatile uint8_t last = rgba[(size_t) width * height * 4 - 1];

    (void) last;
  }
  return 0;
}
