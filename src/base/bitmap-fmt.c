/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/bitmap-fmt.h"

#include <glib.h>

unsigned
cw_bitmap_fmt_bits (unsigned format)
{
  static const guint8 bits[] = {
    [CW_BITMAP_FMT_1BIT_LE] = 1, [CW_BITMAP_FMT_1BIT_BE] = 1, [CW_BITMAP_FMT_4BIT_LE] = 4, [CW_BITMAP_FMT_4BIT_BE] = 4,
    [CW_BITMAP_FMT_8BIT] = 8,    [CW_BITMAP_FMT_16BIT] = 16,  [CW_BITMAP_FMT_24BIT] = 24,  [CW_BITMAP_FMT_32BIT] = 32,
    [CW_BITMAP_FMT_RGBA] = 32,   [CW_BITMAP_FMT_8BIT_A] = 8,
  };

  return format < G_N_ELEMENTS (bits) ? bits[format] : 0;
}
