/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sizes of data that follow from other fields. */
#include "base/bitmap-fmt.h"
#include "wire/tables.h"

bool
cw_size_rule_bitmap_rows (const void *self, const void *parent, uint64_t *size, CwRuleFault *fault)
{
  const CwWireBitmap *bitmap = self;
  uint64_t bits = cw_bitmap_fmt_bits (bitmap->format);
  uint64_t least;

  if (bits == 0) {
    *fault = (CwRuleFault){ .field = "format", .value = bitmap->format, .relation = "is not a known bitmap format" };
    return false;
  }
  least = (bitmap->x * bits + 7) / 8;
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
