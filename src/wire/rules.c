/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes of data that follow from other fields. */
#include "wire/tables.h"

static bool
bits_of_format (uint8_t format, uint64_t *bits)
{
  static const uint8_t table[] = {
    [CW_BITMAP_FMT_1BIT_LE] = 1, [CW_BITMAP_FMT_1BIT_BE] = 1, [CW_BITMAP_FMT_4BIT_LE] = 4, [CW_BITMAP_FMT_4BIT_BE] = 4,
    [CW_BITMAP_FMT_8BIT] = 8,    [CW_BITMAP_FMT_16BIT] = 16,  [CW_BITMAP_FMT_24BIT] = 24,  [CW_BITMAP_FMT_32BIT] = 32,
    [CW_BITMAP_FMT_RGBA] = 32,   [CW_BITMAP_FMT_8BIT_A] = 8,
  };

  if (format >= G_N_ELEMENTS (table) || table[format] == 0)
    return false;
  *bits = table[format];
  return true;
}

bool
cw_size_rule_bitmap_rows (const void *self, const void *parent, uint64_t *size, CwRuleFault *fault)
{
  const CwWireBitmap *bitmap = self;
  uint64_t bits, least;

  if (!bits_of_format (bitmap->format, &bits)) {
    *fault = (CwRuleFault){ .field = "format", .value = bitmap->format, .relation = "is not a known bitmap format" };
    return false;
  }
  least = ((uint64_t) bitmap->x * bits + 7) / 8;
  if (bitmap->stride < least) {
    *fault = (CwRuleFault){
      .field = "stride", .value = bitmap->stride, .relation = "<", .has_limit = true, .limit = least
    };
    return false;
  }
  *size = (uint64_t) bitmap->stride * bitmap->y;
  return true;
}

bool
cw_size_rule_glyph_rows (const void *self, const void *parent, uint64_t *size, CwRuleFault *fault)
{
  const CwWireGlyph *glyph = self;
  const CwWireString *string = parent;
  uint64_t bits;

  if (string->flags & CW_STRING_RASTER_A1)
    bits = 1;
  else if (string->flags & CW_STRING_RASTER_A4)
    bits = 4;
  else if (string->flags & CW_STRING_RASTER_A8)
    bits = 8;
  else
    bits = 0;
  *size = (glyph->width * bits + 7) / 8 * glyph->height;
  return true;
}
