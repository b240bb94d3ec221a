/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qxl-shapes.h"

#include <string.h>

/* One memory slot maps the whole address space, so an address of the device is the pointer itself. */
QXLPHYSICAL
demo_command_address (const void *block)
{
  return (QXLPHYSICAL) (guintptr) block;
}

void *
demo_command_add_block (DemoCommand *self, gsize size)
{
  void *block = g_malloc0 (size);

  g_ptr_array_add (self->blocks, block);
  return block;
}

/* Every command structure starts with its release information, which carries our own pointer. */
static void *
command_init (DemoCommand **out, guint32 type, gsize size)
{
  DemoCommand *self = g_new0 (DemoCommand, 1);
  QXLReleaseInfo *info;

  self->blocks = g_ptr_array_new_with_free_func (g_free);
  self->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) demo_picture_unref);
  info = demo_command_add_block (self, size);
  info->id = (guintptr) self;
  self->ext.cmd.type = type;
  self->ext.cmd.data = demo_command_address (info);
  *out = self;
  return info;
}

DemoCommand *
demo_command_from_release (QXLReleaseInfo *info)
{
  return (DemoCommand *) (guintptr) info->id;
}

void
demo_command_free (DemoCommand *self)
{
  g_ptr_array_unref (self->blocks);
  g_ptr_array_unref (self->pictures);
  g_clear_pointer (&self->storage, g_bytes_unref);
  g_free (self);
}

static QXLPHYSICAL
add_palette (DemoCommand *self, const DemoPicture *picture)
{
  QXLPalette *palette;

  if (picture->n_palette == 0)
    return 0;
  palette = demo_command_add_block (self, sizeof *palette + picture->n_palette * sizeof (guint32));
  palette->unique = picture->id;
  palette->num_ents = picture->n_palette;
  memcpy (palette->ents, picture->palette, picture->n_palette * sizeof (guint32));
  return demo_command_address (palette);
}

QXLPHYSICAL
demo_command_add_image (DemoCommand *self, DemoPicture *picture)
{
  QXLImage *image;

  if (!picture)
    return 0;
  g_ptr_array_add (self->pictures, demo_picture_ref (picture));
  image = demo_command_add_block (self, sizeof *image);
  QXL_SET_IMAGE_ID (image, QXL_IMAGE_GROUP_DRIVER, picture->id);
  image->descriptor.width = picture->width;
  image->descriptor.height = picture->height;
  if (picture->surface >= 0) {
    image->descriptor.type = SPICE_IMAGE_TYPE_SURFACE;
    image->surface_image.surface_id = picture->surface;
    return demo_command_address (image);
  }
  image->descriptor.type = SPICE_IMAGE_TYPE_BITMAP;
  image->descriptor.flags = (picture->cache ? QXL_IMAGE_CACHE : 0) | (picture->high_bits ? QXL_IMAGE_HIGH_BITS_SET : 0);
  image->bitmap.format = picture->format;
  image->bitmap.flags = QXL_BITMAP_DIRECT | (picture->top_down ? QXL_BITMAP_TOP_DOWN : 0);
  image->bitmap.x = picture->width;
  image->bitmap.y = picture->height;
  image->bitmap.stride = picture->stride;
  image->bitmap.palette = add_palette (self, picture);
  image->bitmap.data = demo_command_address (picture->data);
  return demo_command_address (image);
}

static void
set_rect (QXLRect *out, const DemoRect *rect)
{
  *out = (QXLRect){ .left = rect->left, .top = rect->top, .right = rect->right, .bottom = rect->bottom };
}

static void
set_clip (DemoCommand *self, QXLClip *clip, const DemoOp *op)
{
  QXLClipRects *rects;
  gsize size = op->n_clip * sizeof (QXLRect);

  clip->type = op->clipped ? SPICE_CLIP_TYPE_RECTS : SPICE_CLIP_TYPE_NONE;
  if (!op->clipped)
    return;
  rects = demo_command_add_block (self, sizeof *rects + size);
  rects->num_rects = op->n_clip;
  rects->chunk.data_size = size;
  for (guint i = 0; i < op->n_clip; i++)
    set_rect ((QXLRect *) rects->chunk.data + i, &op->clip[i]);
  clip->data = demo_command_address (rects);
}

static void
set_brush (DemoCommand *self, QXLBrush *brush, const DemoOp *op)
{
  if (!op->pattern) {
    brush->type = SPICE_BRUSH_TYPE_SOLID;
    brush->u.color = op->color;
    return;
  }
  brush->type = SPICE_BRUSH_TYPE_PATTERN;
  brush->u.pattern.pat = demo_command_add_image (self, op->pattern);
  brush->u.pattern.pos = (QXLPoint){ op->pattern_x, op->pattern_y };
}

static void
set_mask (DemoCommand *self, QXLQMask *mask, const DemoOp *op)
{
  mask->flags = op->mask_invers ? SPICE_MASK_FLAGS_INVERS : 0;
  mask->pos = (QXLPoint){ op->mask_x, op->mask_y };
  mask->bitmap = demo_command_add_image (self, op->mask);
}

static void
set_copy (DemoCommand *self, QXLCopy *copy, const DemoOp *op)
{
  copy->src_bitmap = demo_command_add_image (self, op->src);
  set_rect (&copy->src_area, &op->area);
  copy->rop_descriptor = op->rop;
  copy->scale_mode = op->scale_mode;
  set_mask (self, &copy->mask, op);
}

static void
set_operation (DemoCommand *self, QXLDrawable *drawable, const DemoOp *op)
{
  switch (op->type) {
  case DEMO_FILL:
    drawable->type = QXL_DRAW_FILL;
    set_brush (self, &drawable->u.fill.brush, op);
    drawable->u.fill.rop_descriptor = op->rop;
    set_mask (self, &drawable->u.fill.mask, op);
    break;
  case DEMO_OPAQUE:
    drawable->type = QXL_DRAW_OPAQUE;
    drawable->u.opaque.src_bitmap = demo_command_add_image (self, op->src);
    set_rect (&drawable->u.opaque.src_area, &op->area);
    set_brush (self, &drawable->u.opaque.brush, op);
    drawable->u.opaque.rop_descriptor = op->rop;
    drawable->u.opaque.scale_mode = op->scale_mode;
    set_mask (self, &drawable->u.opaque.mask, op);
    break;
  case DEMO_COPY:
    drawable->type = QXL_DRAW_COPY;
    set_copy (self, &drawable->u.copy, op);
    break;
  case DEMO_BLEND:
    drawable->type = QXL_DRAW_BLEND;
    set_copy (self, &drawable->u.blend, op);
    break;
  case DEMO_BLACKNESS:
    drawable->type = QXL_DRAW_BLACKNESS;
    set_mask (self, &drawable->u.blackness.mask, op);
    break;
  case DEMO_WHITENESS:
    drawable->type = QXL_DRAW_WHITENESS;
    set_mask (self, &drawable->u.whiteness.mask, op);
    break;
  case DEMO_INVERS:
    drawable->type = QXL_DRAW_INVERS;
    set_mask (self, &drawable->u.invers.mask, op);
    break;
  case DEMO_COPY_BITS:
    drawable->type = QXL_COPY_BITS;
    drawable->u.copy_bits.src_pos = (QXLPoint){ op->from_x, op->from_y };
    break;
  case DEMO_ALPHA_BLEND:
    drawable->type = QXL_DRAW_ALPHA_BLEND;
    drawable->u.alpha_blend.alpha_flags = op->alpha_flags;
    drawable->u.alpha_blend.alpha = op->alpha;
    drawable->u.alpha_blend.src_bitmap = demo_command_add_image (self, op->src);
    set_rect (&drawable->u.alpha_blend.src_area, &op->area);
    break;
  case DEMO_TRANSPARENT:
    drawable->type = QXL_DRAW_TRANSPARENT;
    drawable->u.transparent.src_bitmap = demo_command_add_image (self, op->src);
    set_rect (&drawable->u.transparent.src_area, &op->area);
    drawable->u.transparent.src_color = op->color;
    drawable->u.transparent.true_color = op->color;
    break;
  case DEMO_ROP3:
    drawable->type = QXL_DRAW_ROP3;
    drawable->u.rop3.src_bitmap = demo_command_add_image (self, op->src);
    set_rect (&drawable->u.rop3.src_area, &op->area);
    set_brush (self, &drawable->u.rop3.brush, op);
    drawable->u.rop3.rop3 = op->rop3;
    drawable->u.rop3.scale_mode = op->scale_mode;
    set_mask (self, &drawable->u.rop3.mask, op);
    break;
  case DEMO_STROKE:
    drawable->type = QXL_DRAW_STROKE;
    drawable->u.stroke.path = demo_command_add_path (self, op);
    demo_command_set_line (self, &drawable->u.stroke.attr, op);
    set_brush (self, &drawable->u.stroke.brush, op);
    drawable->u.stroke.fore_mode = drawable->u.stroke.back_mode = op->rop;
    break;
  case DEMO_TEXT:
    drawable->type = QXL_DRAW_TEXT;
    drawable->u.text.str = demo_command_add_string (self, op);
    set_rect (&drawable->u.text.back_area, &op->back_area);
    set_brush (self, &drawable->u.text.fore_brush, op);
    drawable->u.text.back_brush.type = SPICE_BRUSH_TYPE_SOLID;
    drawable->u.text.back_brush.u.color = op->back_color;
    drawable->u.text.fore_mode = drawable->u.text.back_mode = SPICE_ROPD_OP_PUT;
    break;
  case DEMO_COMPOSITE:
    drawable->type = QXL_DRAW_COMPOSITE;
    demo_command_set_composite (self, &drawable->u.composite, op);
    break;
  case DEMO_N_OPS:
    g_assert_not_reached ();
  }
}

/* The server must know which surfaces an operation reads, to keep their operations in order. */
static void
depend_on (QXLDrawable *drawable, guint *n, const DemoPicture *picture, const DemoRect *area)
{
  DemoRect whole;

  if (!picture || picture->surface < 0 || *n == G_N_ELEMENTS (drawable->surfaces_dest))
    return;
  whole = (DemoRect){ 0, 0, picture->width, picture->height };
  drawable->surfaces_dest[*n] = picture->surface;
  set_rect (&drawable->surfaces_rects[*n], area ? area : &whole);
  *n += 1;
}

/* Only what surely replaces every pixel of its box may be called opaque: the server drops what lies under it. */
static bool
is_opaque (const DemoOp *op)
{
  const DemoRect *area = &op->area, *box = &op->box;

  if (op->rop != SPICE_ROPD_OP_PUT || op->mask || op->clipped)
    return false;
  if (op->type == DEMO_FILL)
    return true;
  /* Videos are made of these. */
  return op->type == DEMO_COPY && op->src->surface < 0 && area->left >= 0 && area->top >= 0
         && area->right <= op->src->width && area->bottom <= op->src->height
         && area->right - area->left == box->right - box->left && area->bottom - area->top == box->bottom - box->top;
}

DemoCommand *
demo_command_draw (const DemoOp *op)
{
  DemoCommand *self;
  QXLDrawable *drawable = command_init (&self, QXL_CMD_DRAW, sizeof *drawable);
  guint n = 0;

  drawable->surface_id = op->surface;
  drawable->effect = is_opaque (op) ? QXL_EFFECT_OPAQUE : QXL_EFFECT_BLEND;
  drawable->mm_time = g_get_monotonic_time () / 1000;
  set_rect (&drawable->bbox, &op->box);
  set_clip (self, &drawable->clip, op);
  for (guint i = 0; i < G_N_ELEMENTS (drawable->surfaces_dest); i++)
    drawable->surfaces_dest[i] = -1;
  depend_on (drawable, &n, op->src, &op->area);
  depend_on (drawable, &n, op->pattern, NULL);
  depend_on (drawable, &n, op->mask, NULL);
  set_operation (self, drawable, op);
  return self;
}

DemoCommand *
demo_command_surface_create (guint32 id, guint32 format, guint32 width, guint32 height, GBytes *storage)
{
  DemoCommand *self;
  QXLSurfaceCmd *command = command_init (&self, QXL_CMD_SURFACE, sizeof *command);

  self->storage = g_bytes_ref (storage);
  command->surface_id = id;
  command->type = QXL_SURFACE_CMD_CREATE;
  command->u.surface_create = (QXLSurface){ .format = format,
                                            .width = width,
                                            .height = height,
                                            .stride = g_bytes_get_size (storage) / height,
                                            .data = demo_command_address (g_bytes_get_data (storage, NULL)) };
  return self;
}

DemoCommand *
demo_command_surface_destroy (guint32 id, GBytes *storage)
{
  DemoCommand *self;
  QXLSurfaceCmd *command = command_init (&self, QXL_CMD_SURFACE, sizeof *command);

  self->storage = g_bytes_ref (storage);
  command->surface_id = id;
  command->type = QXL_SURFACE_CMD_DESTROY;
  return self;
}

DemoCommand *
demo_command_cursor_set (const DemoCursorShape *shape, int x, int y, bool visible)
{
  DemoCommand *self;
  QXLCursorCmd *command = command_init (&self, QXL_CMD_CURSOR, sizeof *command);
  QXLCursor *cursor = demo_command_add_block (self, sizeof *cursor + shape->size);

  cursor->header = (QXLCursorHeader){ .unique = shape->cached ? shape->unique : 0,
                                      .type = shape->type,
                                      .width = shape->width,
                                      .height = shape->height,
                                      .hot_spot_x = shape->hot_x,
                                      .hot_spot_y = shape->hot_y };
  cursor->data_size = shape->size;
  cursor->chunk.data_size = shape->size;
  memcpy (cursor->chunk.data, shape->data, shape->size);
  command->type = QXL_CURSOR_SET;
  command->u.set.position = (QXLPoint16){ x, y };
  command->u.set.visible = visible;
  command->u.set.shape = demo_command_address (cursor);
  return self;
}

DemoCommand *
demo_command_cursor_move (int x, int y)
{
  DemoCommand *self;
  QXLCursorCmd *command = command_init (&self, QXL_CMD_CURSOR, sizeof *command);

  command->type = QXL_CURSOR_MOVE;
  command->u.position = (QXLPoint16){ x, y };
  return self;
}

DemoCommand *
demo_command_cursor_hide (void)
{
  DemoCommand *self;
  QXLCursorCmd *command = command_init (&self, QXL_CMD_CURSOR, sizeof *command);

  command->type = QXL_CURSOR_HIDE;
  return self;
}
