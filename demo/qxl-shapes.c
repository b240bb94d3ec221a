/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qxl-shapes.h"

#include <string.h>

QXLPHYSICAL
demo_command_add_path (DemoCommand *self, const DemoOp *op)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  QXLPath *path;

  for (guint i = 0; i < op->segments->len; i++) {
    const ModelSegment *segment = &g_array_index (op->segments, ModelSegment, i);
    QXLPathSeg head = { .flags = segment->flags, .count = segment->n };

    g_byte_array_append (bytes, (const guint8 *) &head, sizeof head);
    g_byte_array_append (bytes, (const guint8 *) segment->xy, segment->n * sizeof (QXLPointFix));
  }
  path = demo_command_add_block (self, sizeof *path + bytes->len);
  path->data_size = path->chunk.data_size = bytes->len;
  memcpy (path->chunk.data, bytes->data, bytes->len);
  return demo_command_address (path);
}

void
demo_command_set_line (DemoCommand *self, QXLLineAttr *attr, const DemoOp *op)
{
  gint32 *style;

  if (!op->style)
    return;
  attr->flags = SPICE_LINE_FLAGS_STYLED | (op->start_with_gap ? SPICE_LINE_FLAGS_START_WITH_GAP : 0);
  attr->style_nseg = op->style->len;
  style = demo_command_add_block (self, op->style->len * sizeof *style);
  memcpy (style, op->style->data, op->style->len * sizeof *style);
  attr->style = demo_command_address (style);
}

QXLPHYSICAL
demo_command_add_string (DemoCommand *self, const DemoOp *op)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  QXLString *string;

  for (guint i = 0; i < op->glyphs->len; i++) {
    const ModelGlyph *glyph = &g_array_index (op->glyphs, ModelGlyph, i);
    QXLRasterGlyph head = { .render_pos = { glyph->left - 3, glyph->top + 5 },
                            .glyph_origin = { 3, -5 },
                            .width = glyph->width,
                            .height = glyph->height };

    g_byte_array_append (bytes, (const guint8 *) &head, sizeof head);
    g_byte_array_append (bytes, glyph->rows, demo_glyph_size (glyph, op->bits));
  }
  string = demo_command_add_block (self, sizeof *string + bytes->len);
  string->data_size = string->chunk.data_size = bytes->len;
  string->length = op->glyphs->len;
  string->flags = op->bits == 1   ? SPICE_STRING_FLAGS_RASTER_A1
                  : op->bits == 4 ? SPICE_STRING_FLAGS_RASTER_A4
                                  : SPICE_STRING_FLAGS_RASTER_A8;
  memcpy (string->chunk.data, bytes->data, bytes->len);
  return demo_command_address (string);
}

static QXLPHYSICAL
add_transform (DemoCommand *self, const DemoInput *input)
{
  gint32 *transform;

  if (!input->transformed)
    return 0;
  transform = demo_command_add_block (self, sizeof input->transform);
  memcpy (transform, input->transform, sizeof input->transform);
  return demo_command_address (transform);
}

void
demo_command_set_composite (DemoCommand *self, QXLComposite *composite, const DemoOp *op)
{
  composite->flags = op->combine | op->input.filter << 8 | op->input_mask.filter << 11 | op->input.repeat << 14
                     | op->input_mask.repeat << 16 | (op->component_alpha ? 1 << 18 : 0);
  composite->src = demo_command_add_image (self, op->src);
  composite->src_transform = add_transform (self, &op->input);
  composite->mask = demo_command_add_image (self, op->mask);
  composite->mask_transform = add_transform (self, &op->input_mask);
  composite->src_origin = (QXLPoint16){ op->input.x, op->input.y };
  composite->mask_origin = (QXLPoint16){ op->input_mask.x, op->input_mask.y };
}
