/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "render/op.h"

#include "base/error.h"
#include "render/clip.h"

CwOp *
cw_op_new (CwSlab *memory, const CwOpInfo *info, CwMessage *message)
{
  CwOp *self = cw_slab_alloc (memory, sizeof *self);

  if (!self) /* as with any other memory of this size */
    g_error ("display: no memory for an operation");
  *self = (CwOp){ .info = info, .link.data = self };
  self->message = message ? cw_message_ref (message) : NULL;
  self->queue_bytes = sizeof *self + (message ? message->body.size : 0);
  return self;
}

void
cw_op_free (CwOp *self)
{
  if (self->drawing) {
    if (self->drawing->draw.buffer)
      cw_render_surface_dispose (self->target, g_steal_pointer (&self->drawing->draw.buffer));
    cw_draw_clear (&self->drawing->draw);
    cw_region_clear (&self->drawing->on.region);
  }
  for (unsigned i = 0; i < CW_N_OPERANDS; i++) {
    g_clear_pointer (&self->operands[i].image, cw_image_unuse);
    g_clear_pointer (&self->operands[i].surface, cw_render_surface_unref);
  }
  g_clear_pointer (&self->target, cw_render_surface_unref);
  g_clear_pointer (&self->stream, cw_stream_unref);
  g_clear_pointer (&self->message, cw_message_unref);
  g_clear_error (&self->error);
  cw_slab_free (self);
}

CwImageState
cw_op_poll (CwOp *self, CwWaker *waker, const GError **error)
{
  CwImageState state = CW_IMAGE_READY;

  for (unsigned i = 0; i < CW_N_OPERANDS; i++) {
    CwImage *image = self->operands[i].image;

    if (!image)
      continue;
    switch (cw_image_poll (image, waker)) {
    case CW_IMAGE_PENDING:
      return CW_IMAGE_PENDING;
    case CW_IMAGE_FAILED:
      if (state == CW_IMAGE_READY)
        *error = image->error;
      state = CW_IMAGE_FAILED;
      break;
    case CW_IMAGE_READY:
      break;
    }
  }
  return state;
}

/* A surface of one bit, or any other image's pixels that are not 0. */
static bool
set_mask (CwOp *self, const CwWireQMask *mask, GError **error)
{
  const CwOperand *operand = &self->operands[CW_OPERAND_MASK];
  CwPixels *pixels = operand->surface ? operand->surface->pixels : operand->image->pixels;

  if (!pixels || operand->surface == self->target) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "mask.bitmap: surface %u cannot be a mask here",
                 operand->surface->id);
    return false;
  }
  cw_region_set_mask (&self->drawing->on.region, pixels, mask->flags & CW_MASK_INVERS, &self->drawing->on.box,
                      &(CwPoint){ mask->pos.x, mask->pos.y });
  return true;
}

bool
cw_op_start (CwOp *self, CwDrawing *drawing, const char **unsupported, GError **error)
{
  const CwWireDisplayBase *base = self->message->data;
  const CwWireQMask *mask = cw_op_mask (self);

  *unsupported = NULL;
  if (self->target->pixels->format == CW_PIXELS_A1) {
    *unsupported = "drawing on a 1-bit surface";
    return true;
  }
  *drawing = (CwDrawing){ .on = { .pixels = self->target->pixels, .box = cw_rect_from_wire (&base->box) } };
  if (!cw_clip_target (&drawing->on, &base->clip, error))
    return false;
  self->drawing = drawing;
  if (mask && mask->bitmap && !set_mask (self, mask, error))
    return false;
  if (cw_region_is_empty (&drawing->on.region))
    return true;
  return self->info->prepare (self, self->message->data, error) && cw_draw_make_buffer (&drawing->draw, error);
}
