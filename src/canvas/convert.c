/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/convert.h"

#include "canvas/pixel.h"

/* One loop per pair of formats; pixel is the expression for the result, of the source word s. */
#define CONVERT(name, src_bits, dst_bits, pixel)                                                                       \
  static void name (uint8_t *dst, const uint8_t *src, size_t n)                                                        \
  {                                                                                                                    \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      uint32_t s = LOAD_##src_bits (src, i);                                                                           \
                                                                                                                       \
      STORE_##dst_bits (dst, i, pixel);                                                                                \
    }                                                                                                                  \
  }
#define LOAD_32(p, i) cw_load32 ((p) + 4 * (i))
#define LOAD_16(p, i) cw_load16 ((p) + 2 * (i))
#define LOAD_8(p, i) ((p)[i])
#define STORE_32(p, i, value) cw_store32 ((p) + 4 * (i), value)
#define STORE_16(p, i, value) cw_store16 ((p) + 2 * (i), value)
#define STORE_8(p, i, value) ((p)[i] = (value))

CONVERT (opaque_of_x, 32, 32, s | 0xff000000)
CONVERT (w32_of_555, 16, 32, cw_rgb_of_555 (s) | 0xff000000)
CONVERT (w32_of_565, 16, 32, cw_rgb_of_565 (s) | 0xff000000)
CONVERT (w32_of_a8, 8, 32, s << 24)
CONVERT (w555_of_32, 32, 16, cw_555_of_rgb (s))
CONVERT (w555_of_565, 16, 16, cw_555_of_rgb (cw_rgb_of_565 (s)))
CONVERT (w565_of_32, 32, 16, cw_565_of_rgb (s))
CONVERT (w565_of_555, 16, 16, cw_565_of_rgb (cw_rgb_of_555 (s)))
CONVERT (a8_of_bgra, 32, 8, s >> 24)

static void
black_of_a8 (uint8_t *dst, const uint8_t *src, size_t n)
{
  memset (dst, 0, 2 * n);
}

static void
full_a8 (uint8_t *dst, const uint8_t *src, size_t n)
{
  memset (dst, 0xff, n);
}

CwConvertRow
cw_convert_to_format (CwPixelFormat from, CwPixelFormat to)
{
  static const CwConvertRow table[CW_PIXELS_A8 + 1][CW_PIXELS_A8 + 1] = {
    [CW_PIXELS_BGRX] = { [CW_PIXELS_X1R5G5B5] = w555_of_32, [CW_PIXELS_R5G6B5] = w565_of_32, [CW_PIXELS_A8] = full_a8 },
    [CW_PIXELS_BGRA]
    = { [CW_PIXELS_X1R5G5B5] = w555_of_32, [CW_PIXELS_R5G6B5] = w565_of_32, [CW_PIXELS_A8] = a8_of_bgra },
    [CW_PIXELS_X1R5G5B5] = { [CW_PIXELS_BGRX] = w32_of_555,
                             [CW_PIXELS_BGRA] = w32_of_555,
                             [CW_PIXELS_R5G6B5] = w565_of_555,
                             [CW_PIXELS_A8] = full_a8 },
    [CW_PIXELS_R5G6B5] = { [CW_PIXELS_BGRX] = w32_of_565,
                           [CW_PIXELS_BGRA] = w32_of_565,
                           [CW_PIXELS_X1R5G5B5] = w555_of_565,
                           [CW_PIXELS_A8] = full_a8 },
    [CW_PIXELS_A8] = { [CW_PIXELS_BGRX] = w32_of_a8,
                       [CW_PIXELS_BGRA] = w32_of_a8,
                       [CW_PIXELS_X1R5G5B5] = black_of_a8,
                       [CW_PIXELS_R5G6B5] = black_of_a8 },
  };

  g_assert (from <= CW_PIXELS_A8 && to <= CW_PIXELS_A8);
  return table[from][to];
}

CwConvertRow
cw_convert_to_argb (CwPixelFormat from)
{
  static const CwConvertRow table[CW_PIXELS_A8 + 1] = {
    [CW_PIXELS_BGRX] = opaque_of_x,
    [CW_PIXELS_X1R5G5B5] = w32_of_555,
    [CW_PIXELS_R5G6B5] = w32_of_565,
    [CW_PIXELS_A8] = w32_of_a8,
  };

  g_assert (from <= CW_PIXELS_A8);
  return table[from];
}

CwConvertRow
cw_convert_from_argb (CwPixelFormat to)
{
  static const CwConvertRow table[CW_PIXELS_A8 + 1] = {
    [CW_PIXELS_X1R5G5B5] = w555_of_32,
    [CW_PIXELS_R5G6B5] = w565_of_32,
    [CW_PIXELS_A8] = a8_of_bgra,
  };

  g_assert (to <= CW_PIXELS_A8);
  return table[to];
}
