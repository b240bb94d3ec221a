/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "large.h"

#define SIDE LARGE_SIDE
#define ALL (SIDE * SIDE / 65536) /* looks that all pixels are worth */

static const CwWireRect whole = { .right = SIDE, .bottom = SIDE };

static CwWireBrush
solid (void)
{
  return (CwWireBrush){ .type = CW_BRUSH_TYPE_SOLID, .color = 0x123456 };
}

static CwMessage *
make_fill (Pair *f)
{
  const CwMsgDisplayDrawFill data = { .base.box = whole, .brush = solid (), .rop_descriptor = CW_ROPD_OP_XOR };

  return stream_message (CW_MSG_DISPLAY_DRAW_FILL, &data);
}

static CwMessage *
make_pattern (Pair *f)
{
  CwMsgDisplayDrawFill data = { .base.box = whole, .rop_descriptor = CW_ROPD_OP_PUT };

  data.brush = (CwWireBrush){ .type = CW_BRUSH_TYPE_PATTERN, .pattern = { pair_argb (f, 0x10203040) } };
  return stream_message (CW_MSG_DISPLAY_DRAW_FILL, &data);
}

static CwMessage *
make_constant (Pair *f, uint16_t type)
{
  return stream_message (type, &(CwMsgDisplayDrawBlackness){ .base.box = whole });
}

static CwMessage *
make_blackness (Pair *f)
{
  return make_constant (f, CW_MSG_DISPLAY_DRAW_BLACKNESS);
}

static CwMessage *
make_whiteness (Pair *f)
{
  return make_constant (f, CW_MSG_DISPLAY_DRAW_WHITENESS);
}

static CwMessage *
make_invers (Pair *f)
{
  return make_constant (f, CW_MSG_DISPLAY_DRAW_INVERS);
}

static CwMessage *
make_copy (Pair *f)
{
  const CwMsgDisplayDrawCopy data = {
    .base.box = whole, .src_bitmap = image_surface (&f->arena, 1), .src_area = whole, .rop_descriptor = CW_ROPD_OP_PUT
  };

  return stream_message (CW_MSG_DISPLAY_DRAW_COPY, &data);
}

static CwMessage *
make_scaled (Pair *f)
{
  const CwMsgDisplayDrawCopy data = { .base.box = whole,
                                      .src_bitmap = image_surface (&f->arena, 1),
                                      .src_area = { .right = SIDE / 3, .bottom = SIDE / 3 },
                                      .rop_descriptor = CW_ROPD_OP_PUT };

  return stream_message (CW_MSG_DISPLAY_DRAW_COPY, &data);
}

static CwMessage *
make_blend (Pair *f)
{
  const CwMsgDisplayDrawBlend data = {
    .base.box = whole, .src_bitmap = image_surface (&f->arena, 1), .src_area = whole, .rop_descriptor = CW_ROPD_OP_XOR
  };

  return stream_message (CW_MSG_DISPLAY_DRAW_BLEND, &data);
}

static CwMessage *
make_opaque (Pair *f)
{
  const CwMsgDisplayDrawOpaque data = { .base.box = whole,
                                        .src_bitmap = image_surface (&f->arena, 1),
                                        .src_area = whole,
                                        .brush = solid (),
                                        .rop_descriptor = CW_ROPD_OP_AND };

  return stream_message (CW_MSG_DISPLAY_DRAW_OPAQUE, &data);
}

static CwMessage *
make_rop3 (Pair *f)
{
  const CwMsgDisplayDrawRop3 data = {
    .base.box = whole, .src_bitmap = image_surface (&f->arena, 1), .src_area = whole, .brush = solid (), .rop3 = 0x96
  };

  return stream_message (CW_MSG_DISPLAY_DRAW_ROP3, &data);
}

static CwMessage *
make_transparent (Pair *f)
{
  const CwMsgDisplayDrawTransparent data
      = { .base.box = whole, .src_bitmap = image_surface (&f->arena, 1), .src_area = whole, .true_color = 5 };

  return stream_message (CW_MSG_DISPLAY_DRAW_TRANSPARENT, &data);
}

static CwMessage *
make_alpha_blend (Pair *f)
{
  const CwMsgDisplayDrawAlphaBlend data
      = { .base.box = whole, .alpha = 99, .src_bitmap = image_surface (&f->arena, 1), .src_area = whole };

  return stream_message (CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &data);
}

static CwMessage *
make_copy_bits (Pair *f)
{
  const CwMsgDisplayCopyBits data = { .base.box = { .left = 1, .top = 1, .right = SIDE, .bottom = SIDE } };

  return stream_message (CW_MSG_DISPLAY_COPY_BITS, &data);
}

static CwMessage *
make_on_itself (Pair *f)
{
  const CwMsgDisplayDrawCopy data = {
    .base.box = whole, .src_bitmap = image_surface (&f->arena, 0), .src_area = whole, .rop_descriptor = CW_ROPD_OP_XOR
  };

  return stream_message (CW_MSG_DISPLAY_DRAW_COPY, &data);
}

static CwMessage *
make_composite (Pair *f)
{
  const CwMsgDisplayDrawComposite data
      = { .base.box = whole, .flags = 3 /* OVER */, .src_bitmap = image_surface (&f->arena, 1) };

  return stream_message (CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
}

/* Every other pixel. */
static CwMessage *
make_masked (Pair *f)
{
  const uint32_t stride = SIDE / 8;
  uint8_t *bits = arena_alloc (&f->arena, stride * SIDE);
  CwMsgDisplayDrawFill data = { .base.box = whole, .brush = solid (), .rop_descriptor = CW_ROPD_OP_PUT };

  memset (bits, 0x55, stride * SIDE);
  data.mask.bitmap = pair_bytes (f, CW_BITMAP_FMT_1BIT_BE, SIDE, SIDE, stride, bits);
  return stream_message (CW_MSG_DISPLAY_DRAW_FILL, &data);
}

static CwMessage *
make_clipped (const CwWireRect *rects, uint32_t n)
{
  const CwMsgDisplayDrawFill data
      = { .base = { .box = whole, .clip = { .type = CW_CLIP_TYPE_RECTS, .n_rects = n, .rects = rects } },
          .brush = solid (),
          .rop_descriptor = CW_ROPD_OP_PUT };

  return stream_message (CW_MSG_DISPLAY_DRAW_FILL, &data);
}

static CwWireRect *
alloc_rects (Pair *f, uint32_t n)
{
  return arena_alloc (&f->arena, n * sizeof (CwWireRect));
}

static CwMessage *
make_clips (Pair *f)
{
  CwWireRect *rects = alloc_rects (f, 65536);

  for (int i = 0; i < 65536; i++)
    rects[i] = (CwWireRect){ .left = i % 256 * 4, .top = i / 256, .right = i % 256 * 4 + 1, .bottom = i / 256 + 1 };
  return make_clipped (rects, 65536);
}

/* Nothing of them is on the surface's box. */
static CwMessage *
make_far_clips (Pair *f)
{
  CwWireRect *rects = alloc_rects (f, 65536);

  for (int i = 0; i < 65536; i++)
    rects[i] = (CwWireRect){ .left = i, .top = SIDE, .right = i + 1, .bottom = SIDE + 1 };
  return make_clipped (rects, 65536);
}

static CwMessage *
make_unsorted_clips (Pair *f)
{
  CwWireRect *rects = alloc_rects (f, 4096);

  for (unsigned i = 0; i < 4096; i++) {
    int y = i * 1664525 % 4096;

    rects[i] = (CwWireRect){ .left = y, .top = y, .right = y + 1, .bottom = y + 1 };
  }
  return make_clipped (rects, 4096);
}

/* A grid, of 512 * 512 / 4 boxes. */
static CwMessage *
make_crossing_clips (Pair *f)
{
  CwWireRect *rects = alloc_rects (f, 512);

  for (int i = 0; i < 256; i++) {
    rects[2 * i] = (CwWireRect){ .left = i * 4, .top = 0, .right = i * 4 + 2, .bottom = SIDE };
    rects[2 * i + 1] = (CwWireRect){ .left = 0, .top = i * 4, .right = SIDE, .bottom = i * 4 + 2 };
  }
  return make_clipped (rects, 512);
}

static CwMessage *
make_stroke (Pair *f, uint8_t flags, uint32_t n, const CwWirePointFix *points, bool dashed)
{
  static const int32_t style[] = { 16, 16 };
  const CwWirePathSegment segment = { CW_PATH_BEGIN | CW_PATH_END | flags, n, points };
  const CwMsgDisplayDrawStroke data = { .base.box = whole,
                                        .path = &(CwWirePath){ 1, &segment },
                                        .attr = { dashed ? CW_LINE_STYLED : 0, dashed ? 2 : 0, style },
                                        .brush = solid (),
                                        .fore_mode = CW_ROPD_OP_XOR,
                                        .back_mode = CW_ROPD_OP_PUT };

  return stream_message (CW_MSG_DISPLAY_DRAW_STROKE, &data);
}

/* Out and in again. */
static CwWirePointFix *
alloc_points (Pair *f, uint32_t n, int32_t far)
{
  CwWirePointFix *points = arena_alloc (&f->arena, n * sizeof *points);

  for (uint32_t i = 0; i < n; i++)
    points[i] = (CwWirePointFix){ i % 2 ? far : -far, i % SIDE * 16 };
  return points;
}

/* All of nothing. */
static CwMessage *
make_segments (Pair *f)
{
  static const CwWirePointFix point;
  CwWirePathSegment *segments = arena_alloc (&f->arena, 16384 * sizeof *segments);
  const CwWirePath path = { 16384, segments };
  const CwMsgDisplayDrawStroke data = {
    .base.box = whole, .path = &path, .brush = solid (), .fore_mode = CW_ROPD_OP_XOR, .back_mode = CW_ROPD_OP_PUT
  };

  for (unsigned i = 0; i < 16384; i++)
    segments[i] = (CwWirePathSegment){ CW_PATH_BEGIN | CW_PATH_END, 1, &point };
  return stream_message (CW_MSG_DISPLAY_DRAW_STROKE, &data);
}

static CwMessage *
make_lines (Pair *f)
{
  return make_stroke (f, 0, 100000, alloc_points (f, 100000, 8), false);
}

static CwMessage *
make_far_lines (Pair *f)
{
  return make_stroke (f, 0, 100000, alloc_points (f, 100000, INT32_MAX), false);
}

static CwMessage *
make_curves (Pair *f)
{
  const int32_t far = INT32_MAX;
  const CwWirePointFix points[]
      = { { 0, 0 }, { far, -far }, { far, far }, { -far, far }, { -far, -far }, { far, -far }, { 0, 0 } };

  return make_stroke (f, CW_PATH_BEZIER, G_N_ELEMENTS (points), points, false);
}

static CwMessage *
make_dashes (Pair *f)
{
  return make_stroke (f, 0, 1000, alloc_points (f, 1000, SIDE * 16), true);
}

static CwMessage *
make_text (Pair *f)
{
  const uint32_t n = 16384;
  static const uint8_t bits[16];
  CwWireGlyph *glyphs = arena_alloc (&f->arena, n * sizeof *glyphs);
  const CwWireString string = { CW_STRING_RASTER_A1, n, glyphs };
  const CwMsgDisplayDrawText data = { .base.box = whole,
                                      .str = &string,
                                      .back_area = whole,
                                      .fore_brush = solid (),
                                      .back_brush = solid (),
                                      .fore_mode = CW_ROPD_OP_PUT,
                                      .back_mode = CW_ROPD_OP_PUT };

  for (uint32_t i = 0; i < n; i++)
    glyphs[i]
        = (CwWireGlyph){ .render_pos = { i % 500 * 8, i / 500 * 16 }, .width = 8, .height = 16, .data = { bits, 16 } };
  return stream_message (CW_MSG_DISPLAY_DRAW_TEXT, &data);
}

static CwMessage *
make_reset (Pair *f)
{
  return empty_message (CW_MSG_DISPLAY_RESET);
}

const LargeCase large_cases[] = {
  { "fill", make_fill, ALL },
  { "pattern", make_pattern, ALL },
  { "blackness", make_blackness, ALL },
  { "whiteness", make_whiteness, ALL },
  { "invers", make_invers, ALL },
  { "copy", make_copy, ALL },
  { "scaled", make_scaled, ALL },
  { "blend", make_blend, ALL },
  { "opaque", make_opaque, ALL },
  { "rop3", make_rop3, ALL },
  { "transparent", make_transparent, ALL },
  { "alpha-blend", make_alpha_blend, ALL },
  { "copy-bits", make_copy_bits, ALL },
  { "on-itself", make_on_itself, 3 * ALL },
  { "composite", make_composite, ALL },
  { "masked", make_masked, ALL },
  { "clips", make_clips, 65536 * 32 / 65536 },
  { "far-clips", make_far_clips, 1 },
  { "unsorted-clips", make_unsorted_clips, 2 },
  { "crossing-clips", make_crossing_clips, 65536 * 32 / 65536 },
  { "segments", make_segments, 16384 * 2 / 4096 },
  { "lines", make_lines, 100000 / 4096 },
  { "far-lines", make_far_lines, 100000 / 4096 },
  { "curves", make_curves, 10000 / 4096 },
  { "dashes", make_dashes, ALL / 8 },
  { "text", make_text, ALL },
  { "reset", make_reset, 32 - 1 },
};
const unsigned n_large_cases = G_N_ELEMENTS (large_cases);

void
large_setup (Pair *self)
{
  pair_setup (self, 1, NULL);
  pair_push (self, 0, surface_destroy (0));
  pair_push (self, 0, surface_create (0, SIDE, SIDE, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  pair_push (self, 0, surface_create (1, SIDE, SIDE, CW_SURFACE_FMT_32_XRGB, 0));
  for (unsigned i = 0; i < 2; i++)
    pair_push (self, 0, draw_fill (i, 0, 0, SIDE, SIDE, 0xabcdef));
  pair_finish (self);
  g_string_truncate (self->recorder[0].log, 0);
}

void
large_run_jobs (Pair *self)
{
  while (cw_worker_pool_n_queued (self->pool) > 0)
    cw_worker_pool_run_queued (self->pool, 0);
}
