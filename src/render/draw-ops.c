/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages that draw: which images they have and how they are drawn. A drawing message is added here. */
#include "base/error.h"
#include "render/op.h"

static unsigned
add (CwImageField *fields, unsigned n, CwOperandRole role, const CwWireImage *wire)
{
  fields[n] = (CwImageField){ .role = role, .wire = wire };
  return n + 1;
}

static unsigned
add_brush (CwImageField *fields, unsigned n, CwOperandRole role, const CwWireBrush *brush)
{
  return brush->type == CW_BRUSH_TYPE_PATTERN ? add (fields, n, role, brush->pattern.image) : n;
}

static unsigned
add_mask (CwImageField *fields, unsigned n, const CwWireQMask *mask)
{
  fields[n] = (CwImageField){ .role = CW_OPERAND_MASK, .wire = mask->bitmap, .optional = true, .mask = true };
  return n + 1;
}

static bool
check_scale_mode (uint8_t mode, GError **error)
{
  if (mode == CW_IMAGE_SCALE_MODE_INTERPOLATE || mode == CW_IMAGE_SCALE_MODE_NEAREST)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "scale_mode: %u > %u", mode, CW_IMAGE_SCALE_MODE_NEAREST);
  return false;
}

/* A surface may be drawn on itself: then what is read has to be copied before anything is written. */
static const CwPixels *
surface_pixels (CwOp *op, CwRenderSurface *surface, CwRect *area, unsigned slot, GError **error)
{
  if (!surface->pixels || surface->pixels->format == CW_PIXELS_A1) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "surface %u cannot be drawn from", surface->id);
    return NULL;
  }
  if (surface != op->target)
    return surface->pixels;
  op->copies[slot] = cw_draw_snapshot (surface->pixels, area, error);
  return op->copies[slot];
}

static bool
get_source (CwOp *op, const CwWireRect *area, uint8_t mode, CwDrawSource *source, GError **error)
{
  const CwOperand *operand = &op->operands[CW_OPERAND_SOURCE];

  *source = (CwDrawSource){ .area = cw_rect_from_wire (area),
                            .mode = mode == CW_IMAGE_SCALE_MODE_NEAREST ? CW_SCALE_NEAREST : CW_SCALE_INTERPOLATE };
  if (operand->surface) {
    source->raw = true;
    source->pixels = surface_pixels (op, operand->surface, &source->area, 0, error);
  } else {
    source->pixels = operand->image->pixels;
  }
  return source->pixels != NULL;
}

static bool
get_brush (CwOp *op, const CwWireBrush *wire, CwBrush *brush, GError **error)
{
  const CwOperand *operand = &op->operands[CW_OPERAND_BRUSH];
  CwRect area;

  *brush = (CwBrush){ .kind = CW_BRUSH_NOTHING };
  if (wire->type == CW_BRUSH_TYPE_SOLID) {
    brush->kind = CW_BRUSH_SOLID;
    brush->color = wire->color;
  } else if (wire->type == CW_BRUSH_TYPE_PATTERN) {
    brush->kind = CW_BRUSH_PATTERN;
    brush->origin = (CwPoint){ wire->pattern.origin.x, wire->pattern.origin.y };
    if (operand->surface) {
      area = (CwRect){ .right = operand->surface->width, .bottom = operand->surface->height };
      brush->raw = true;
      brush->pixels = (CwPixels *) surface_pixels (op, operand->surface, &area, 1, error);
    } else {
      brush->pixels = operand->image->pixels;
    }
    return brush->pixels != NULL;
  }
  return true;
}

static unsigned
fill_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawFill *fill = data;

  return add_mask (fields, add_brush (fields, 0, CW_OPERAND_BRUSH, &fill->brush), &fill->mask);
}

static bool
prepare_fill (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawFill *fill = data;
  CwBrush brush;

  return get_brush (op, &fill->brush, &brush, error)
         && cw_draw_fill (&op->draw, op->target->pixels, &brush,
                          cw_rop_from_descriptor (fill->rop_descriptor, CW_ROPD_INVERS_BRUSH, CW_ROPD_INVERS_DEST),
                          error);
}

static unsigned
opaque_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawOpaque *opaque = data;
  unsigned n = add (fields, 0, CW_OPERAND_SOURCE, opaque->src_bitmap);

  return add_mask (fields, add_brush (fields, n, CW_OPERAND_BRUSH, &opaque->brush), &opaque->mask);
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
  CwDrawSource source;
  CwBrush brush;

  return get_source (op, &opaque->src_area, opaque->scale_mode, &source, error)
         && get_brush (op, &opaque->brush, &brush, error)
         && cw_draw_opaque (&op->draw, op->target->pixels, &op->region, &op->box, &source, &brush,
                            cw_rop_from_descriptor (opaque->rop_descriptor, CW_ROPD_INVERS_BRUSH, CW_ROPD_INVERS_SRC),
                            error);
}

/* DRAW_BLEND has the fields and the meaning of DRAW_COPY. */
G_STATIC_ASSERT (sizeof (CwMsgDisplayDrawBlend) == sizeof (CwMsgDisplayDrawCopy));
G_STATIC_ASSERT (G_STRUCT_OFFSET (CwMsgDisplayDrawBlend, mask) == G_STRUCT_OFFSET (CwMsgDisplayDrawCopy, mask));

static unsigned
copy_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawCopy *copy = data;

  return add_mask (fields, add (fields, 0, CW_OPERAND_SOURCE, copy->src_bitmap), &copy->mask);
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
  CwDrawSource source;

  return get_source (op, &copy->src_area, copy->scale_mode, &source, error)
         && cw_draw_copy (&op->draw, op->target->pixels, &op->region, &op->box, &source,
                          cw_rop_from_descriptor (copy->rop_descriptor, CW_ROPD_INVERS_SRC, CW_ROPD_INVERS_DEST),
                          error);
}

/* BLACKNESS, WHITENESS and INVERS have nothing but a mask. */
G_STATIC_ASSERT (G_STRUCT_OFFSET (CwMsgDisplayDrawWhiteness, mask)
                 == G_STRUCT_OFFSET (CwMsgDisplayDrawBlackness, mask));
G_STATIC_ASSERT (G_STRUCT_OFFSET (CwMsgDisplayDrawInvers, mask) == G_STRUCT_OFFSET (CwMsgDisplayDrawBlackness, mask));

static unsigned
mask_images (const void *data, CwImageField *fields)
{
  return add_mask (fields, 0, &((const CwMsgDisplayDrawBlackness *) data)->mask);
}

static bool
prepare_constant (CwOp *op, CwRop rop, GError **error)
{
  CwBrush brush = { .kind = CW_BRUSH_NOTHING };

  return cw_draw_fill (&op->draw, op->target->pixels, &brush, rop, error);
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
  CwPoint from = { copy->src_pos.x, copy->src_pos.y };

  cw_draw_copy_bits (&op->draw, op->target->pixels, &op->region, &op->box, &from);
  return true;
}

static unsigned
transparent_images (const void *data, CwImageField *fields)
{
  return add (fields, 0, CW_OPERAND_SOURCE, ((const CwMsgDisplayDrawTransparent *) data)->src_bitmap);
}

static bool
prepare_transparent (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawTransparent *transparent = data;
  CwDrawSource source;

  return get_source (op, &transparent->src_area, CW_IMAGE_SCALE_MODE_NEAREST, &source, error)
         && cw_draw_transparent (&op->draw, op->target->pixels, &op->region, &op->box, &source, transparent->true_color,
                                 error);
}

static unsigned
alpha_blend_images (const void *data, CwImageField *fields)
{
  return add (fields, 0, CW_OPERAND_SOURCE, ((const CwMsgDisplayDrawAlphaBlend *) data)->src_bitmap);
}

static bool
prepare_alpha_blend (CwOp *op, const void *data, GError **error)
{
  const CwMsgDisplayDrawAlphaBlend *blend = data;
  CwDrawSource source;

  if (blend->alpha == 0) {
    cw_region_intersect (&op->region, 0, 0, 0, 0);
    return true;
  }
  if (!get_source (op, &blend->src_area, CW_IMAGE_SCALE_MODE_NEAREST, &source, error))
    return false;
  if (source.raw && source.pixels->format == CW_PIXELS_BGRX
      && (blend->alpha_flags & CW_ALPHA_FLAG_SRC_SURFACE_HAS_ALPHA)) {
    op->view = *source.pixels;
    op->view.format = CW_PIXELS_BGRA;
    source.pixels = &op->view;
  }
  return cw_draw_blend (&op->draw, op->target->pixels, &op->region, &op->box, &source, blend->alpha,
                        blend->alpha_flags & CW_ALPHA_FLAG_DEST_HAS_ALPHA, error);
}

/* Not drawn yet, but their images are of the cache and of the dictionary like all others. */

static unsigned
rop3_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawRop3 *rop3 = data;
  unsigned n = add (fields, 0, CW_OPERAND_SOURCE, rop3->src_bitmap);

  return add_mask (fields, add_brush (fields, n, CW_OPERAND_BRUSH, &rop3->brush), &rop3->mask);
}

static unsigned
stroke_images (const void *data, CwImageField *fields)
{
  return add_brush (fields, 0, CW_OPERAND_BRUSH, &((const CwMsgDisplayDrawStroke *) data)->brush);
}

static unsigned
text_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawText *text = data;
  unsigned n = add_brush (fields, 0, CW_OPERAND_BRUSH, &text->fore_brush);

  return add_brush (fields, n, CW_OPERAND_SOURCE, &text->back_brush);
}

static unsigned
composite_images (const void *data, CwImageField *fields)
{
  const CwMsgDisplayDrawComposite *composite = data;
  unsigned n = add (fields, 0, CW_OPERAND_SOURCE, composite->src_bitmap);

  return composite->mask_bitmap ? add (fields, n, CW_OPERAND_MASK, composite->mask_bitmap) : n;
}

const CwOpInfo cw_draw_ops[] = {
  { CW_MSG_DISPLAY_COPY_BITS, CW_OP_DRAW, .prepare = prepare_copy_bits },
  { CW_MSG_DISPLAY_DRAW_FILL, CW_OP_DRAW, fill_images, .prepare = prepare_fill },
  { CW_MSG_DISPLAY_DRAW_OPAQUE, CW_OP_DRAW, opaque_images, check_opaque, .prepare = prepare_opaque },
  { CW_MSG_DISPLAY_DRAW_COPY, CW_OP_DRAW, copy_images, check_copy, .prepare = prepare_copy },
  { CW_MSG_DISPLAY_DRAW_BLEND, CW_OP_DRAW, copy_images, check_copy, .prepare = prepare_copy },
  { CW_MSG_DISPLAY_DRAW_BLACKNESS, CW_OP_DRAW, mask_images, .prepare = prepare_blackness },
  { CW_MSG_DISPLAY_DRAW_WHITENESS, CW_OP_DRAW, mask_images, .prepare = prepare_whiteness },
  { CW_MSG_DISPLAY_DRAW_INVERS, CW_OP_DRAW, mask_images, .prepare = prepare_invers },
  { CW_MSG_DISPLAY_DRAW_TRANSPARENT, CW_OP_DRAW, transparent_images, .prepare = prepare_transparent },
  { CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, CW_OP_DRAW, alpha_blend_images, .prepare = prepare_alpha_blend },
  { CW_MSG_DISPLAY_DRAW_ROP3, CW_OP_UNSUPPORTED, rop3_images },
  { CW_MSG_DISPLAY_DRAW_STROKE, CW_OP_UNSUPPORTED, stroke_images },
  { CW_MSG_DISPLAY_DRAW_TEXT, CW_OP_UNSUPPORTED, text_images },
  { CW_MSG_DISPLAY_DRAW_COMPOSITE, CW_OP_UNSUPPORTED, composite_images },
};
const unsigned cw_n_draw_ops = G_N_ELEMENTS (cw_draw_ops);
