/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops.h"

void
demo_op_clear (DemoOp *self)
{
  g_clear_pointer (&self->clip, g_free);
  g_clear_pointer (&self->pattern, demo_picture_unref);
  g_clear_pointer (&self->src, demo_picture_unref);
  g_clear_pointer (&self->mask, demo_picture_unref);
  for (guint i = 0; self->segments && i < self->segments->len; i++)
    g_free ((gpointer) g_array_index (self->segments, ModelSegment, i).xy);
  for (guint i = 0; self->glyphs && i < self->glyphs->len; i++)
    g_free ((gpointer) g_array_index (self->glyphs, ModelGlyph, i).rows);
  g_clear_pointer (&self->segments, g_array_unref);
  g_clear_pointer (&self->style, g_array_unref);
  g_clear_pointer (&self->glyphs, g_array_unref);
}

gsize
demo_glyph_size (const ModelGlyph *glyph, guint bits)
{
  return (gsize) (glyph->width * bits + 7) / 8 * glyph->height;
}
