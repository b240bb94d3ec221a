/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pixman does the arithmetic, for blocks that are small and near enough for its 16.16 coordinates; where a block is
 * read is computed here in 64 bits, so that nothing depends on clipping. */
#include "base/error.h"
#include "canvas/draw.h"
#include "canvas/pixel.h"
#include "canvas/pixman-image.h"

/* How far from its corner, 16.16, pixman is asked to read an image. */
#define REACH ((int64_t) 0x7000 << 16)

/* A box that begins farther away would overflow 64 bits on the way. */
#define FAR (1 << 24)

/* General pixman operators take about ten times as long for a pixel as a copy. */
#define PIXEL_COST 10

/* An image that is read. */
typedef struct {
  pixman_image_t *image;
  pixman_repeat_t repeat;
  int32_t size[2];
  int32_t matrix[2][2]; /* 16.16 */
  int64_t start[2];     /* where the corner of the box is read, 16.16 */
} Input;

typedef struct {
  Input *source, *mask;
  pixman_image_t *target;
  CwPixelFormat target_as;
  pixman_op_t op;
  bool set_alpha; /* the target's alpha becomes 255 */
} Composite;

static bool
is_operator (uint8_t op)
{
  return op <= PIXMAN_OP_SATURATE || (op >= PIXMAN_OP_DISJOINT_CLEAR && op <= PIXMAN_OP_DISJOINT_XOR)
         || (op >= PIXMAN_OP_CONJOINT_CLEAR && op <= PIXMAN_OP_CONJOINT_XOR)
         || (op >= PIXMAN_OP_MULTIPLY && op <= PIXMAN_OP_HSL_LUMINOSITY);
}

/* Filters 5 and 6 need parameters that no message has. */
static bool
get_filter (uint8_t number, pixman_filter_t *filter)
{
  if (number > 4)
    return false;
  *filter = number == 0 || number == 3 ? PIXMAN_FILTER_NEAREST : PIXMAN_FILTER_BILINEAR;
  return true;
}

static void
input_free (Input *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->image, pixman_image_unref);
  g_free (self);
}

static int64_t
fold (int64_t value, int64_t period)
{
  int64_t rest = value % period;

  return rest < 0 ? rest + period : rest;
}

/* Equivalent and near the image, if the repeat mode gives one. */
static int64_t
fold_position (int64_t value, int32_t size, pixman_repeat_t repeat)
{
  if (repeat == PIXMAN_REPEAT_NORMAL)
    return fold (value, (int64_t) size << 16);
  if (repeat == PIXMAN_REPEAT_REFLECT)
    return fold (value, (int64_t) size << 17);
  return value;
}

/* One row of the matrix for a block of w × h pixels that begins (i, j) from the box's corner. FALSE: that is too large.
 */
static bool
set_axis (const Input *self, unsigned axis, const int64_t at[2], const int32_t block[2], pixman_fixed_t row[3])
{
  int64_t a = self->matrix[axis][0], b = self->matrix[axis][1];
  int64_t v = fold_position (self->start[axis] + a * at[0] + b * at[1], self->size[axis], self->repeat);
  int64_t da = a * (block[0] - 1), db = b * (block[1] - 1);
  int64_t low = v + MIN (da, 0) + MIN (db, 0), high = v + MAX (da, 0) + MAX (db, 0);
  int64_t end = ((int64_t) self->size[axis] << 16) + 0x20000, around = ABS (a) + ABS (b);
  bool folded = self->repeat == PIXMAN_REPEAT_NORMAL || self->repeat == PIXMAN_REPEAT_REFLECT;

  if ((block[0] == 1 && block[1] == 1) || (!folded && (low >= end || high <= -0x20000))) {
    /* One position, or all of them on the same side of the image. */
    a = b = 0;
    v = folded ? v : CLAMP (v, -0x20000, end);
  } else if (low - around < -REACH || high + around > REACH) {
    return false;
  }
  row[0] = a;
  row[1] = b;
  row[2] = v - ((a * 32768 + b * 32768 + 32768) >> 16);
  return true;
}

static bool
input_move (Input *self, const int64_t at[2], const int32_t block[2])
{
  pixman_transform_t transform = { { { 0 }, { 0 }, { 0, 0, pixman_fixed_1 } } };

  return set_axis (self, 0, at, block, transform.matrix[0]) && set_axis (self, 1, at, block, transform.matrix[1])
         && pixman_image_set_transform (self->image, &transform);
}

/* What a mask without components leaves of the source of hue and the like: there pixman masks green twice and blue not
 * at all. NULL if there is no memory. */
static pixman_image_t *
mask_source (const Composite *self, const int32_t size[2])
{
  pixman_image_t *masked = pixman_image_create_bits_no_clear (PIXMAN_a8r8g8b8, size[0], size[1], NULL, 0);

  if (masked)
    pixman_image_composite32 (PIXMAN_OP_SRC, self->source->image, self->mask->image, masked, 0, 0, 0, 0, 0, 0, size[0],
                              size[1]);
  return masked;
}

static void
compose (CwDraw *draw, const CwRect *block, const int32_t size[2])
{
  const Composite *self = cw_draw_state (draw);
  int32_t x = block->left - draw->buffer_at.x, y = block->top - draw->buffer_at.y;
  pixman_image_t *mask = self->mask ? self->mask->image : NULL;

  if (mask && self->op >= PIXMAN_OP_HSL_HUE && !pixman_image_get_component_alpha (mask)) {
    g_autoptr (pixman_image_t) masked = mask_source (self, size);

    if (masked)
      pixman_image_composite32 (self->op, masked, NULL, self->target, 0, 0, 0, 0, x, y, size[0], size[1]);
    return;
  }
  pixman_image_composite32 (self->op, self->source->image, mask, self->target, 0, 0, 0, 0, x, y, size[0], size[1]);
}

static void
paint_block (CwDraw *draw, const CwRect *block)
{
  Composite *self = cw_draw_state (draw);
  const int64_t at[2]
      = { (int64_t) block->left - draw->target->box.left, (int64_t) block->top - draw->target->box.top };
  const int32_t size[2] = { block->right - block->left, block->bottom - block->top };
  CwRect first = *block, second = *block;

  if (input_move (self->source, at, size) && (!self->mask || input_move (self->mask, at, size))) {
    compose (draw, block, size);
    return;
  }
  if (size[0] == 1 && size[1] == 1) /* no memory for a matrix */
    return;
  if (size[0] >= size[1])
    first.right = second.left = block->left + size[0] / 2;
  else
    first.bottom = second.top = block->top + size[1] / 2;
  paint_block (draw, &first);
  paint_block (draw, &second);
}

static void
make_opaque (const CwDraw *draw, const CwRect *piece)
{
  for (int32_t y = piece->top; y < piece->bottom; y++) {
    uint8_t *row = cw_draw_at (draw, piece->left, y);

    for (int32_t x = 0; x < piece->right - piece->left; x++)
      cw_store32 (row + 4 * x, cw_load32 (row + 4 * x) | 0xff000000);
  }
}

static void
paint (CwDraw *draw, const CwRect *piece)
{
  Composite *self = cw_draw_state (draw);

  if (!self->target)
    self->target = cw_draw_pixman_target (draw, self->target_as);
  if (!self->target)
    return;
  paint_block (draw, piece);
  if (self->set_alpha)
    make_opaque (draw, piece);
}

static void
clear (gpointer state)
{
  Composite *self = state;

  input_free (self->source);
  input_free (self->mask);
  g_clear_pointer (&self->target, pixman_image_unref);
}

static const CwDrawKind kind = { sizeof (Composite), paint, clear };

/* Words that pixman reads as the operation wants them: those of an image as if it had been converted to the target's
 * format, those of a mask and of a surface as they are. */
static CwPixelFormat
get_format (const CwCompositeImage *params, bool is_mask, CwPixelFormat target, pixman_read_memory_func_t *read)
{
  CwPixelFormat format = params->pixels->format;

  *read = NULL;
  if (!params->raw && !is_mask)
    format = cw_pixman_image_reduce (read, format, target);
  return params->opaque && format == CW_PIXELS_BGRA ? CW_PIXELS_BGRX : format;
}

static bool
check_image (const CwCompositeImage *params, GError **error)
{
  int32_t most = params->repeat == PIXMAN_REPEAT_REFLECT ? CW_PIXMAN_MAX_SIDE / 2 : CW_PIXMAN_MAX_SIDE;

  if (params->pixels->format > CW_PIXELS_A1) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "luminance cannot be composed");
    return false;
  }
  if (params->pixels->width > (uint32_t) most || params->pixels->height > (uint32_t) most) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "composing an image of %u×%u pixels, at most %d per side",
                 params->pixels->width, params->pixels->height, most);
    return false;
  }
  return true;
}

static Input *
input_new (const CwCompositeImage *params, bool is_mask, CwPixelFormat target, GError **error)
{
  pixman_read_memory_func_t read;
  pixman_filter_t filter;
  CwPixelFormat format;
  Input *self;

  if (!get_filter (params->filter, &filter)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "flags: filter %u has no meaning", params->filter);
    return NULL;
  }
  if (!check_image (params, error))
    return NULL;
  self = g_new0 (Input, 1);
  format = get_format (params, is_mask, target, &read);
  self->image = cw_pixman_image_new (params->pixels, format, read);
  if (!self->image) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "no memory for composing");
    input_free (self);
    return NULL;
  }
  self->repeat = params->repeat;
  self->size[0] = params->pixels->width;
  self->size[1] = params->pixels->height;
  pixman_image_set_repeat (self->image, self->repeat);
  pixman_image_set_filter (self->image, filter, NULL, 0);
  for (unsigned axis = 0; axis < 2; axis++) {
    const int32_t *row = params->transform[axis];

    self->matrix[axis][0] = row[0];
    self->matrix[axis][1] = row[1];
    self->start[axis] = row[0] * (int64_t) params->origin.x + row[1] * (int64_t) params->origin.y + row[2]
                        + ((row[0] * INT64_C (32768) + row[1] * INT64_C (32768) + 32768) >> 16);
  }
  return self;
}

bool
cw_draw_composite (CwDraw *draw, CwDrawTarget *target, const CwCompositeParams *params, GError **error)
{
  Composite *self = cw_draw_begin (draw, target, &kind);

  if (!is_operator (params->op)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "flags: operator %u has no meaning", params->op);
    return false;
  }
  if (MIN (target->box.left, target->box.top) < -FAR) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "box: composing from %d,%d on", target->box.left, target->box.top);
    return false;
  }
  draw->pixel_cost = PIXEL_COST;
  self->op = params->op;
  self->target_as = target->pixels->format;
  if (params->target_is_opaque && self->target_as == CW_PIXELS_BGRA) {
    self->target_as = CW_PIXELS_BGRX;
    self->set_alpha = true;
  }
  self->source = input_new (&params->source, false, target->pixels->format, error);
  if (!self->source || !params->mask.pixels)
    return self->source != NULL;
  self->mask = input_new (&params->mask, true, target->pixels->format, error);
  if (self->mask)
    pixman_image_set_component_alpha (self->mask->image, params->component_alpha);
  return self->mask != NULL;
}
