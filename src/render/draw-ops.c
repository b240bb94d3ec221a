/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages that draw: which images they have and what canvas is to do with them. A drawing operation is a file in
 * canvas and a row here. */
#include "base/error.h"
#include "render/clip.h"
#include "render/op.h"

static const CwWireImage *
brush_image (const CwWireBrush *brush)
{
  return brush->type == CW_BRUSH_TYPE_PATTERN ? brush->pattern.image : NULL;
}

static bool
check_scale_mode (uint8_t mode, GError **error)
{
  if (mode == CW_IMAGE_SCALE_MODE_INTERPOLATE || mode == CW_IMAGE_SCALE_MODE_NEAREST)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "scale_mode: %u > %u", mode, CW_IMAGE_SCALE_MODE_NEAREST);
  return false;
}

static CwPixels *
operand_pixels (CwOp *op, unsigned number, GError **error)
{
  const CwOperand *operand = &op->operands[number];

  if (!operand->surface)
    return operand->image->pixels;
  if (!operand->surface->pixels || operand->surface->pixels->format == CW_PIXELS_A1) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "surface %u cannot be drawn from", operand->surface->id);
    return NULL;
  }
  if (operand->surface == op->target)
    op->drawing->on.is_read = true;
  return operand->surface->pixels;
}

static bool
get_image (CwOp *op, unsigned number, const CwWireRect *area, uint8_t mode, CwImageOperand *out, GError **error)
{
  *out = (CwImageOperand){ .pixels = operand_pixels (op, number, error),
                           .raw = op->operands[number].surface != NULL,
                           .area = cw_rect_from_wire (area),
                           .mode = mode == CW_IMAGE_SCALE_MODE_NEAREST ? CW_SCALE_NEAREST : CW_SCALE_INTERPOLATE };
  return out->pixels != NULL;
}

static bool
get_brush (CwOp *op, unsigned number, const CwWireBrush *wire, CwBrush *brush, GError **error)
{
  *brush = (CwBrush){ .kind = CW_BRUSH_NOTHING };
  if (wire->type == CW_BRUSH_TYPE_SOLID) {
    brush->kind = CW_BRUSH_SOLID;
    brush->color = wire->color;
  } else if (wire->type == CW_BRUSH_TYPE_PATTERN) {
    brush->kind = CW_BRUSH_PATTERN;
    brush->origin = (CwPoint){ wire->pattern.origin.x, wire->pattern.origin.y };
    brush->raw = op->operands[number].surface != NULL;
    brush->pixels = operand_pixels (op, number, error);
    return brush->pixels != NULL;
  }
  return true;
}

enum { FILL_BRUSH };

static void
fill_images (const void *data, const CwWireImage **images)
{
  images[FILL_BRUSH] = brush_image (&((const CwMsgDisplayDrawFill *) data)->brush);
}

static bool
prepare_fill (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawFill *fill = data;
  CwRop rop = cw_rop_from_descriptor (fill->rop_descriptor, CW_ROPD_INVERS_BRUSH, CW_ROPD_INVERS_DEST);
  CwBrush brush;

  return get_brush (op, FILL_BRUSH, &fill->brush, &brush, error)
         && cw_draw_fill (&op->drawing->draw, &op->drawing->on, &brush, rop, error);
}

enum { OPAQUE_SOURCE, OPAQUE_BRUSH };

static void
opaque_images (const void *data, const CwWireImage **images)
{
  const CwMsgDisplayDrawOpaque *opaque = data;

  images[OPAQUE_SOURCE] = opaque->src_bitmap;
  images[OPAQUE_BRUSH] = brush_image (&opaque->brush);
}

static bool
check_opaque (const void *data, GError **error)
{
  return check_scale_mode (((const CwMsgDisplayDrawOpaque *) data)->scale_mode, error);
}

static bool
prepare_opaque (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawOpaque *opaque = data;
  CwOpaqueParams params;

  params.rop = cw_rop_from_descriptor (opaque->rop_descriptor, CW_ROPD_INVERS_BRUSH, CW_ROPD_INVERS_SRC);
  return get_image (op, OPAQUE_SOURCE, &opaque->src_area, opaque->scale_mode, &params.source, error)
         && get_brush (op, OPAQUE_BRUSH, &opaque->brush, &params.brush, error)
         && cw_draw_opaque (&op->drawing->draw, &op->drawing->on, &params, error);
}

/* DRAW_BLEND has the fields and the meaning of DRAW_COPY. */
G_STATIC_ASSERT (sizeof (CwMsgDisplayDrawBlend) == sizeof (CwMsgDisplayDrawCopy));
G_STATIC_ASSERT (G_STRUCT_OFFSET (CwMsgDisplayDrawBlend, mask) == G_STRUCT_OFFSET (CwMsgDisplayDrawCopy, mask));

enum { COPY_SOURCE };

static void
copy_images (const void *data, const CwWireImage **images)
{
  images[COPY_SOURCE] = ((const CwMsgDisplayDrawCopy *) data)->src_bitmap;
}

static bool
check_copy (const void *data, GError **error)
{
  return check_scale_mode (((const CwMsgDisplayDrawCopy *) data)->scale_mode, error);
}

static bool
prepare_copy (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawCopy *copy = data;
  CwRop rop = cw_rop_from_descriptor (copy->rop_descriptor, CW_ROPD_INVERS_SRC, CW_ROPD_INVERS_DEST);
  CwImageOperand source;

  return get_image (op, COPY_SOURCE, &copy->src_area, copy->scale_mode, &source, error)
         && cw_draw_copy (&op->drawing->draw, &op->drawing->on, &source, rop, error);
}

/* BLACKNESS, WHITENESS and INVERS have nothing but a mask. */

static bool
prepare_constant (CwOp *op, CwRop rop, GError **error)
{
  return cw_draw_fill (&op->drawing->draw, &op->drawing->on, &(CwBrush){ .kind = CW_BRUSH_NOTHING }, rop, error);
}

static bool
prepare_blackness (CwOp *op, const void *data, GError **error)
{
  return prepare_constant (op, CW_ROP_ZERO, error);
}

static bool
prepare_whiteness (CwOp *op, const void *data, GError **error)
{
  return prepare_constant (op, CW_ROP_ONES, error);
}

static bool
prepare_invers (CwOp *op, const void *data, GError **error)
{
  return prepare_constant (op, CW_ROP_NOT_D, error);
}

static bool
prepare_copy_bits (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayCopyBits *copy = data;

  cw_draw_copy_bits (&op->drawing->draw, &op->drawing->on, &(CwPoint){ copy->src_pos.x, copy->src_pos.y });
  return true;
}

enum { TRANSPARENT_SOURCE };

static void
transparent_images (const void *data, const CwWireImage **images)
{
  images[TRANSPARENT_SOURCE] = ((const CwMsgDisplayDrawTransparent *) data)->src_bitmap;
}

static bool
prepare_transparent (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawTransparent *transparent = data;
  CwImageOperand source;

  return get_image (op, TRANSPARENT_SOURCE, &transparent->src_area, CW_IMAGE_SCALE_MODE_NEAREST, &source, error)
         && cw_draw_transparent (&op->drawing->draw, &op->drawing->on, &source, transparent->true_color, error);
}

enum { ALPHA_BLEND_SOURCE };

static void
alpha_blend_images (const void *data, const CwWireImage **images)
{
  images[ALPHA_BLEND_SOURCE] = ((const CwMsgDisplayDrawAlphaBlend *) data)->src_bitmap;
}

static bool
prepare_alpha_blend (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawAlphaBlend *blend = data;
  CwBlendParams params
      = { .alpha = blend->alpha, .target_has_alpha = blend->alpha_flags & CW_ALPHA_FLAG_DEST_HAS_ALPHA };

  if (blend->alpha == 0)
    return true;
  if (!get_image (op, ALPHA_BLEND_SOURCE, &blend->src_area, CW_IMAGE_SCALE_MODE_NEAREST, &params.source, error))
    return false;
  params.source.has_alpha = params.source.raw && params.source.pixels->format == CW_PIXELS_BGRX
                            && (blend->alpha_flags & CW_ALPHA_FLAG_SRC_SURFACE_HAS_ALPHA);
  return cw_draw_blend (&op->drawing->draw, &op->drawing->on, &params, error);
}

enum { ROP3_SOURCE, ROP3_BRUSH };

static void
rop3_images (const void *data, const CwWireImage **images)
{
  const CwMsgDisplayDrawRop3 *rop3 = data;

  images[ROP3_SOURCE] = rop3->src_bitmap;
  images[ROP3_BRUSH] = brush_image (&rop3->brush);
}

static bool
check_rop3 (const void *data, GError **error)
{
  return check_scale_mode (((const CwMsgDisplayDrawRop3 *) data)->scale_mode, error);
}

static bool
prepare_rop3 (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawRop3 *rop3 = data;
  CwRop3Params params = { .rop3 = rop3->rop3 };

  return get_image (op, ROP3_SOURCE, &rop3->src_area, rop3->scale_mode, &params.source, error)
         && get_brush (op, ROP3_BRUSH, &rop3->brush, &params.brush, error)
         && cw_draw_rop3 (&op->drawing->draw, &op->drawing->on, &params, error);
}

enum { STROKE_BRUSH };

static void
stroke_images (const void *data, const CwWireImage **images)
{
  images[STROKE_BRUSH] = brush_image (&((const CwMsgDisplayDrawStroke *) data)->brush);
}

G_STATIC_ASSERT (sizeof (CwWirePointFix) == 2 * sizeof (int32_t));

static CwPathSegment
get_segment (gconstpointer data, uint32_t i)
{
  const CwWirePathSegment *segment = &((const CwWirePath *) data)->segments[i];

  return (CwPathSegment){ segment->flags, segment->n_points, (const int32_t *) (const void *) segment->points };
}

static bool
prepare_stroke (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawStroke *stroke = data;
  CwStrokeParams params = { .path = { stroke->path, stroke->path->n_segments, get_segment } };

  params.rop = cw_rop_from_descriptor (stroke->fore_mode, CW_ROPD_INVERS_BRUSH, CW_ROPD_INVERS_DEST);
  if ((stroke->attr.flags & CW_LINE_STYLED) && stroke->attr.style)
    cw_dash_style_init (&params.style, stroke->attr.style, stroke->attr.n_style,
                        stroke->attr.flags & CW_LINE_START_WITH_GAP);
  return get_brush (op, STROKE_BRUSH, &stroke->brush, &params.brush, error)
         && cw_draw_stroke (&op->drawing->draw, &op->drawing->on, &params, error);
}

enum { TEXT_FORE, TEXT_BACK };

static void
text_images (const void *data, const CwWireImage **images)
{
  const CwMsgDisplayDrawText *text = data;

  images[TEXT_FORE] = brush_image (&text->fore_brush);
  images[TEXT_BACK] = brush_image (&text->back_brush);
}

/* The first flag that is set decides; none: glyphs without pixels. */
static unsigned
glyph_bits (uint8_t flags)
{
  if (flags & CW_STRING_RASTER_A1)
    return 1;
  if (flags & CW_STRING_RASTER_A4)
    return 4;
  return flags & CW_STRING_RASTER_A8 ? 8 : 0;
}

static bool
get_glyphs (const CwWireString *wire, CwTextParams *params, GError **error)
{
  params->bits = glyph_bits (wire->flags);
  params->top_down = wire->flags & CW_STRING_RASTER_TOP_DOWN;
  params->n_glyphs = params->bits > 0 ? wire->n_glyphs : 0;
  params->glyphs = g_try_new (CwGlyph, params->n_glyphs);
  if (!params->glyphs && params->n_glyphs > 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for %u glyphs", params->n_glyphs);
    return false;
  }
  for (uint32_t i = 0; i < params->n_glyphs; i++) {
    const CwWireGlyph *glyph = &wire->glyphs[i];
    int64_t left = (int64_t) glyph->render_pos.x + glyph->glyph_origin.x;
    int64_t top = (int64_t) glyph->render_pos.y + glyph->glyph_origin.y;

    params->glyphs[i] = (CwGlyph){ .left = CLAMP (left, -CW_GLYPH_FAR, CW_GLYPH_FAR),
                                   .top = CLAMP (top, -CW_GLYPH_FAR, CW_GLYPH_FAR),
                                   .width = glyph->width,
                                   .height = glyph->height,
                                   .rows = glyph->data.data };
  }
  return true;
}

static bool
prepare_text (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawText *text = data;
  CwTextParams params = { .back_area = cw_rect_from_wire (&text->back_area) };
  bool prepared;

  if (!get_brush (op, TEXT_FORE, &text->fore_brush, &params.fore, error)
      || !get_brush (op, TEXT_BACK, &text->back_brush, &params.back, error) || !get_glyphs (text->str, &params, error))
    return false;
  prepared = cw_draw_text (&op->drawing->draw, &op->drawing->on, &params, error);
  g_free (params.glyphs);
  return prepared;
}

enum { COMPOSITE_SOURCE, COMPOSITE_MASK };

static void
composite_images (const void *data, const CwWireImage **images)
{
  const CwMsgDisplayDrawComposite *composite = data;

  images[COMPOSITE_SOURCE] = composite->src_bitmap;
  if (composite->flags & CW_COMPOSITE_HAS_MASK)
    images[COMPOSITE_MASK] = composite->mask_bitmap;
}

/* The operator and, for each image, filter and repeat stand in the flags. */
#define OPERATOR(flags) ((flags) &0xff)
#define SOURCE_FILTER(flags) ((flags) >> 8 & 7)
#define MASK_FILTER(flags) ((flags) >> 11 & 7)
#define SOURCE_REPEAT(flags) ((flags) >> 14 & 3)
#define MASK_REPEAT(flags) ((flags) >> 16 & 3)

static bool
get_composite_image (CwOp *op, unsigned number, const CwWirePoint16 *origin, const CwWireTransform *transform,
                     CwCompositeImage *out, GError **error)
{
  static const CwWireTransform identity = { .t00 = 65536, .t11 = 65536 };
  const CwWireTransform *t = transform ? transform : &identity;

  *out = (CwCompositeImage){ .pixels = operand_pixels (op, number, error),
                             .raw = op->operands[number].surface != NULL,
                             .origin = { origin->x, origin->y },
                             .transform = { { t->t00, t->t01, t->t02 }, { t->t10, t->t11, t->t12 } } };
  return out->pixels != NULL;
}

static bool
prepare_composite (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawComposite *wire = data;
  uint32_t flags = wire->flags;
  CwCompositeParams params = { .op = OPERATOR (flags),
                               .component_alpha = flags & CW_COMPOSITE_COMPONENT_ALPHA,
                               .target_is_opaque = flags & CW_COMPOSITE_DEST_OPAQUE };

  if (!get_composite_image (op, COMPOSITE_SOURCE, &wire->src_origin,
                            flags & CW_COMPOSITE_HAS_SRC_TRANSFORM ? &wire->src_transform : NULL, &params.source,
                            error))
    return false;
  params.source.filter = SOURCE_FILTER (flags);
  params.source.repeat = SOURCE_REPEAT (flags);
  params.source.opaque = flags & CW_COMPOSITE_SOURCE_OPAQUE;
  if (!wire->mask_bitmap)
    return cw_draw_composite (&op->drawing->draw, &op->drawing->on, &params, error);
  if (!get_composite_image (op, COMPOSITE_MASK, &wire->mask_origin,
                            flags & CW_COMPOSITE_HAS_MASK_TRANSFORM ? &wire->mask_transform : NULL, &params.mask,
                            error))
    return false;
  params.mask.filter = MASK_FILTER (flags);
  params.mask.repeat = MASK_REPEAT (flags);
  params.mask.opaque = flags & CW_COMPOSITE_MASK_OPAQUE;
  return cw_draw_composite (&op->drawing->draw, &op->drawing->on, &params, error);
}

#define MASK(type) G_STRUCT_OFFSET (CwMsgDisplay##type, mask)

/* clang-format off */
const CwOpInfo cw_draw_ops[] = {
  { CW_MSG_DISPLAY_COPY_BITS, CW_OP_DRAW, .prepare = prepare_copy_bits },
  { CW_MSG_DISPLAY_DRAW_FILL, CW_OP_DRAW, fill_images, MASK (DrawFill), .prepare = prepare_fill },
  { CW_MSG_DISPLAY_DRAW_OPAQUE, CW_OP_DRAW, opaque_images, MASK (DrawOpaque), check_opaque, .prepare = prepare_opaque },
  { CW_MSG_DISPLAY_DRAW_COPY, CW_OP_DRAW, copy_images, MASK (DrawCopy), check_copy, .prepare = prepare_copy },
  { CW_MSG_DISPLAY_DRAW_BLEND, CW_OP_DRAW, copy_images, MASK (DrawBlend), check_copy, .prepare = prepare_copy },
  { CW_MSG_DISPLAY_DRAW_BLACKNESS, CW_OP_DRAW, .mask = MASK (DrawBlackness), .prepare = prepare_blackness },
  { CW_MSG_DISPLAY_DRAW_WHITENESS, CW_OP_DRAW, .mask = MASK (DrawWhiteness), .prepare = prepare_whiteness },
  { CW_MSG_DISPLAY_DRAW_INVERS, CW_OP_DRAW, .mask = MASK (DrawInvers), .prepare = prepare_invers },
  { CW_MSG_DISPLAY_DRAW_TRANSPARENT, CW_OP_DRAW, transparent_images, .prepare = prepare_transparent },
  { CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, CW_OP_DRAW, alpha_blend_images, .prepare = prepare_alpha_blend },
  { CW_MSG_DISPLAY_DRAW_ROP3, CW_OP_DRAW, rop3_images, MASK (DrawRop3), check_rop3, .prepare = prepare_rop3 },
  { CW_MSG_DISPLAY_DRAW_STROKE, CW_OP_DRAW, stroke_images, .prepare = prepare_stroke },
  { CW_MSG_DISPLAY_DRAW_TEXT, CW_OP_DRAW, text_images, .prepare = prepare_text },
  { CW_MSG_DISPLAY_DRAW_COMPOSITE, CW_OP_DRAW, composite_images, .prepare = prepare_composite },
};
/* clang-format on */
const unsigned cw_n_draw_ops = G_N_ELEMENTS (cw_draw_ops);
