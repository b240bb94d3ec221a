/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages that draw: which images they have and what canvas is to do with them. A drawing operation is a file in
 * canvas and a row here. */
#include "base/error.h"
#include "render/op.h"

static void
need (CwImageField *field, const CwWireImage *wire)
{
  *field = (CwImageField){ wire, true };
}

static void
need_brush (CwImageField *field, const CwWireBrush *brush)
{
  if (brush->type == CW_BRUSH_TYPE_PATTERN)
    need (field, brush->pattern.image);
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
    op->on.is_read = true;
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
fill_images (const void *data, CwImageField *fields)
{
  need_brush (&fields[FILL_BRUSH], &((const CwMsgDisplayDrawFill *) data)->brush);
}

static bool
prepare_fill (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawFill *fill = data;
  CwRop rop = cw_rop_from_descriptor (fill->rop_descriptor, CW_ROPD_INVERS_BRUSH, CW_ROPD_INVERS_DEST);
  CwBrush brush;

  return get_brush (op, FILL_BRUSH, &fill->brush, &brush, error)
         && cw_draw_fill (&op->draw, &op->on, &brush, rop, error);
}

enum { OPAQUE_SOURCE, OPAQUE_BRUSH };

static void
opaque_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawOpaque *opaque = data;

  need (&fields[OPAQUE_SOURCE], opaque->src_bitmap);
  need_brush (&fields[OPAQUE_BRUSH], &opaque->brush);
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
         && cw_draw_opaque (&op->draw, &op->on, &params, error);
}

/* DRAW_BLEND has the fields and the meaning of DRAW_COPY. */
G_STATIC_ASSERT (sizeof (CwMsgDisplayDrawBlend) == sizeof (CwMsgDisplayDrawCopy));
G_STATIC_ASSERT (G_STRUCT_OFFSET (CwMsgDisplayDrawBlend, mask) == G_STRUCT_OFFSET (CwMsgDisplayDrawCopy, mask));

enum { COPY_SOURCE };

static void
copy_images (const void *data, CwImageField *fields)
{
  need (&fields[COPY_SOURCE], ((const CwMsgDisplayDrawCopy *) data)->src_bitmap);
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
         && cw_draw_copy (&op->draw, &op->on, &source, rop, error);
}

/* BLACKNESS, WHITENESS and INVERS have nothing but a mask. */

static bool
prepare_constant (CwOp *op, CwRop rop, GError **error)
{
  return cw_draw_fill (&op->draw, &op->on, &(CwBrush){ .kind = CW_BRUSH_NOTHING }, rop, error);
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

  cw_draw_copy_bits (&op->draw, &op->on, &(CwPoint){ copy->src_pos.x, copy->src_pos.y });
  return true;
}

enum { TRANSPARENT_SOURCE };

static void
transparent_images (const void *data, CwImageField *fields)
{
  need (&fields[TRANSPARENT_SOURCE], ((const CwMsgDisplayDrawTransparent *) data)->src_bitmap);
}

static bool
prepare_transparent (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawTransparent *transparent = data;
  CwImageOperand source;

  return get_image (op, TRANSPARENT_SOURCE, &transparent->src_area, CW_IMAGE_SCALE_MODE_NEAREST, &source, error)
         && cw_draw_transparent (&op->draw, &op->on, &source, transparent->true_color, error);
}

enum { ALPHA_BLEND_SOURCE };

static void
alpha_blend_images (const void *data, CwImageField *fields)
{
  need (&fields[ALPHA_BLEND_SOURCE], ((const CwMsgDisplayDrawAlphaBlend *) data)->src_bitmap);
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
  return cw_draw_blend (&op->draw, &op->on, &params, error);
}

/* Not drawn yet, but their images are of the cache and of the dictionary like all others. */

enum { ROP3_SOURCE, ROP3_BRUSH };

static void
rop3_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawRop3 *rop3 = data;

  need (&fields[ROP3_SOURCE], rop3->src_bitmap);
  need_brush (&fields[ROP3_BRUSH], &rop3->brush);
}

enum { STROKE_BRUSH };

static void
stroke_images (const void *data, CwImageField *fields)
{
  need_brush (&fields[STROKE_BRUSH], &((const CwMsgDisplayDrawStroke *) data)->brush);
}

enum { TEXT_FORE, TEXT_BACK };

static void
text_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawText *text = data;

  need_brush (&fields[TEXT_FORE], &text->fore_brush);
  need_brush (&fields[TEXT_BACK], &text->back_brush);
}

enum { COMPOSITE_SOURCE, COMPOSITE_MASK };

static void
composite_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawComposite *composite = data;

  need (&fields[COMPOSITE_SOURCE], composite->src_bitmap);
  fields[COMPOSITE_MASK].wire = composite->mask_bitmap;
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
  { CW_MSG_DISPLAY_DRAW_ROP3, CW_OP_UNSUPPORTED, rop3_images, MASK (DrawRop3) },
  { CW_MSG_DISPLAY_DRAW_STROKE, CW_OP_UNSUPPORTED, stroke_images },
  { CW_MSG_DISPLAY_DRAW_TEXT, CW_OP_UNSUPPORTED, text_images },
  { CW_MSG_DISPLAY_DRAW_COMPOSITE, CW_OP_UNSUPPORTED, composite_images },
};
/* clang-format on */
const unsigned cw_n_draw_ops = G_N_ELEMENTS (cw_draw_ops);
