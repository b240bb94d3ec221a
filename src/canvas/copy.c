/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/draw.h"

static void
paint_copy (CwDraw *self, const CwRect *piece)
{
  cw_draw_paint_source (self, piece, self->rop);
}

bool
cw_draw_copy (CwDraw *self, CwPixels *target, CwRegion *region, const CwRect *box, const CwDrawSource *source,
              CwRop rop, GError **error)
{
  *self = (CwDraw){ .paint = paint_copy, .target = target, .rop = rop };
  return cw_draw_set_source (self, region, box, source, source->raw ? CW_SOURCE_RAW : CW_SOURCE_CONVERTED, error);
}
