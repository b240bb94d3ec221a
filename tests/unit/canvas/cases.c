/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cases.h"

#include "canvas/surface.h"

#include <string.h>

static CwPathSegment
get_segment (gconstpointer data, uint32_t i)
{
  return ((const CwPathSegment *) data)[i];
}

CwPathSource
path_of_segments (const CwPathSegment *segments, uint32_t n)
{
  return (CwPathSource){ segments, n, get_segment };
}

int
between (GRand *rand, int low, int high)
{
  return g_rand_int_range (rand, low, high + 1);
}

static unsigned
depth (const CwPixels *pixels)
{
  return cw_pixel_format_bits (pixels->format);
}

static guint32
get (const CwPixels *pixels, int x, int y)
{
  const uint8_t *row = cw_pixels_row (pixels, y);
  guint32 word = 0;

  if (pixels->format == CW_PIXELS_A1)
    return row[x / 8] >> x % 8 & 1;
  for (unsigned i = 0; i < depth (pixels) / 8; i++)
    word |= (guint32) row[x * (depth (pixels) / 8) + i] << 8 * i;
  return word;
}

static void
fill_random (GRand *rand, CwPixels *pixels)
{
  for (uint32_t y = 0; y < pixels->height; y++) {
    size_t size = (pixels->width * depth (pixels) + 7) / 8;

    for (size_t i = 0; i < size; i++)
      cw_pixels_row (pixels, y)[i] = g_rand_int (rand) >> 5;
    /* Colours no brighter than their alpha allows, as senders have them. */
    for (uint32_t x = 0; pixels->format == CW_PIXELS_BGRA && x < pixels->width; x++) {
      uint8_t *p = cw_pixels_row (pixels, y) + 4 * x;

      for (int i = 0; i < 3; i++)
        p[i] = p[i] * p[3] / 255;
    }
  }
}

CwPixels *
random_pixels (GRand *rand, CwPixelFormat format, int max)
{
  CwPixels *pixels
      = cw_pixels_new (format, between (rand, 1, max), between (rand, 1, max), g_rand_boolean (rand), NULL);

  fill_random (rand, pixels);
  return pixels;
}

static CwPixels *
random_surface (GRand *rand, CwPixelFormat format)
{
  CwPixels *surface = cw_surface_new (format, between (rand, 1, 40), between (rand, 1, 30), NULL);

  fill_random (rand, surface);
  return surface;
}

/* Most masks are of one bit; the pixels of others are often 0. */
static CwPixels *
random_mask (GRand *rand)
{
  static const CwPixelFormat formats[]
      = { CW_PIXELS_A1, CW_PIXELS_A1, CW_PIXELS_A8, CW_PIXELS_X1R5G5B5, CW_PIXELS_BGRX };
  CwPixels *mask = random_pixels (rand, formats[between (rand, 0, 4)], 60);

  for (int i = 0; mask->format != CW_PIXELS_A1 && i < 2000; i++) {
    uint8_t *row = cw_pixels_row (mask, between (rand, 0, mask->height - 1));

    memset (row + between (rand, 0, mask->width - 1) * (depth (mask) / 8), 0, depth (mask) / 8);
  }
  return mask;
}

ModelImage *
model_image_new (const CwPixels *pixels, bool is_surface)
{
  static const ModelFormat formats[]
      = { [CW_PIXELS_BGRX] = MODEL_RGB,   [CW_PIXELS_BGRA] = MODEL_ARGB, [CW_PIXELS_X1R5G5B5] = MODEL_555,
          [CW_PIXELS_R5G6B5] = MODEL_565, [CW_PIXELS_A8] = MODEL_ALPHA,  [CW_PIXELS_A1] = MODEL_BIT };
  ModelImage *image = g_new0 (ModelImage, 1);

  *image = (ModelImage){ formats[pixels->format], is_surface, pixels->width, pixels->height, NULL };
  image->px = g_new (guint32, pixels->width * pixels->height);
  for (int y = 0; y < image->height; y++) {
    for (int x = 0; x < image->width; x++)
      image->px[y * image->width + x] = get (pixels, x, y);
  }
  return image;
}

void
model_image_free (ModelImage *image)
{
  if (!image)
    return;
  g_free (image->px);
  g_free (image);
}

static ModelRect
random_rect (GRand *rand, int max)
{
  int left = between (rand, -max / 4, max), top = between (rand, -max / 4, max);

  return (ModelRect){ left, top, left + between (rand, -2, max), top + between (rand, -2, max) };
}

static void
make_images (Case *self)
{
  static const CwPixelFormat surfaces[]
      = { CW_PIXELS_BGRX, CW_PIXELS_BGRA, CW_PIXELS_X1R5G5B5, CW_PIXELS_R5G6B5, CW_PIXELS_A8 };
  static const CwPixelFormat images[] = { CW_PIXELS_BGRX, CW_PIXELS_BGRA, CW_PIXELS_X1R5G5B5, CW_PIXELS_A8 };
  GRand *rand = self->rand;

  self->target = random_surface (rand, surfaces[between (rand, 0, 4)]);
  self->raw = between (rand, 0, 3) == 0;
  self->source = random_pixels (rand, self->raw ? self->target->format : images[between (rand, 0, 3)], 40);
  self->pattern = random_pixels (rand, images[between (rand, 0, 3)], 9);
  self->model = model_image_new (self->target, true);
  self->model_source = model_image_new (self->source, self->raw);
  self->model_pattern = model_image_new (self->pattern, false);
}

static ModelBrush
random_brush (Case *self)
{
  GRand *rand = self->rand;

  return (ModelBrush){
    .kind = between (rand, 0, 2),
    .color = g_rand_int (rand),
    .image = self->model_pattern,
    .x = between (rand, -50, 50),
    .y = between (rand, -50, 50),
  };
}

static void
make_op (Case *self, ModelOpType type)
{
  GRand *rand = self->rand;
  ModelOp *op = &self->op;

  *op = (ModelOp){ .type = type, .n_clip = between (rand, -2, CASE_MAX_CLIPS), .clip = self->clips };
  op->n_clip = MAX (op->n_clip, -1);
  op->box = random_rect (rand, 30);
  op->area = random_rect (rand, 30);
  if (g_rand_boolean (rand)) {
    op->area.right = op->area.left + (op->box.right - op->box.left);
    op->area.bottom = op->area.top + (op->box.bottom - op->box.top);
  }
  for (int i = 0; i < CASE_MAX_CLIPS; i++)
    self->clips[i] = random_rect (rand, 25);
  if (type != MODEL_COPY_BITS && type < MODEL_TEXT && between (rand, 0, 2) == 0) {
    self->mask = random_mask (rand);
    op->mask = self->model_mask = model_image_new (self->mask, false);
  }
  op->mask_invers = g_rand_boolean (rand);
  op->mask_x = between (rand, -5, 20);
  op->mask_y = between (rand, -5, 20);
  op->source = self->model_source;
  op->interpolate = g_rand_boolean (rand);
  op->rop = 1 << between (rand, 3, 11) | (g_rand_int (rand) & 0x407);
  op->rop3 = g_rand_int (rand);
  op->brush = random_brush (self);
  op->back = random_brush (self);
}

static void
make_target (Case *self)
{
  const ModelOp *op = &self->op;
  CwRect bounds = { .right = self->target->width, .bottom = self->target->height };
  CwRect *clips = op->n_clip < 0 ? NULL : g_new (CwRect, op->n_clip + 1);

  for (int i = 0; i < op->n_clip; i++)
    clips[i] = (CwRect){ op->clip[i].left, op->clip[i].top, op->clip[i].right, op->clip[i].bottom };
  self->on
      = (CwDrawTarget){ .pixels = self->target, .box = { op->box.left, op->box.top, op->box.right, op->box.bottom } };
  cw_region_init (&self->on.region, &bounds, &self->on.box);
  if (clips)
    g_assert_true (cw_region_clip (&self->on.region, clips, op->n_clip, NULL));
  if (self->mask)
    cw_region_set_mask (&self->on.region, self->mask, op->mask_invers, &self->on.box,
                        &(CwPoint){ op->mask_x, op->mask_y });
}

void
case_init (Case *self, guint32 seed, ModelOpType type)
{
  *self = (Case){ .seed = seed, .rand = g_rand_new_with_seed (seed) };
  make_images (self);
  make_op (self, type);
  make_target (self);
}

void
case_clear (Case *self)
{
  cw_draw_clear (&self->draw);
  cw_region_clear (&self->on.region);
  cw_pixels_unref (self->target);
  cw_pixels_unref (self->source);
  cw_pixels_unref (self->pattern);
  g_clear_pointer (&self->mask, cw_pixels_unref);
  model_image_free (self->model);
  model_image_free (self->model_source);
  model_image_free (self->model_pattern);
  model_image_free (self->model_mask);
  g_rand_free (self->rand);
}

CwImageOperand
case_source (const Case *self)
{
  const ModelRect *area = &self->op.area;

  return (CwImageOperand){ .pixels = self->source,
                           .raw = self->raw,
                           .area = { area->left, area->top, area->right, area->bottom },
                           .mode = self->op.interpolate ? CW_SCALE_INTERPOLATE : CW_SCALE_NEAREST };
}

CwBrush
case_brush (const Case *self, const ModelBrush *brush)
{
  return (CwBrush){ .kind = brush->kind == MODEL_BRUSH_NONE    ? CW_BRUSH_NOTHING
                            : brush->kind == MODEL_BRUSH_SOLID ? CW_BRUSH_SOLID
                                                               : CW_BRUSH_PATTERN,
                    .color = brush->color,
                    .pixels = self->pattern,
                    .origin = { brush->x, brush->y } };
}

bool
case_is_possible (const Case *self)
{
  const ModelRect *box = &self->op.box, *area = &self->op.area;
  int dw = box->right - box->left, dh = box->bottom - box->top, sw = area->right - area->left,
      sh = area->bottom - area->top;

  return (dw == sw && dh == sh) || (dw > 0 && dh > 0 && sw > 0 && sh > 0);
}

/* Whether no channel differs by more than tolerance of the format's own steps. */
static bool
is_near (ModelFormat format, guint32 a, guint32 b, guint tolerance)
{
  static const guint8 widths[][4] = { [MODEL_RGB] = { 8, 8, 8, 8 },
                                      [MODEL_ARGB] = { 8, 8, 8, 8 },
                                      [MODEL_555] = { 5, 5, 5, 1 },
                                      [MODEL_565] = { 5, 6, 5, 0 },
                                      [MODEL_ALPHA] = { 8, 0, 0, 0 } };

  for (int i = 0; i < 4; i++) {
    int width = widths[format][i], x = a & ((1u << width) - 1), y = b & ((1u << width) - 1);

    if (ABS (x - y) > (int) tolerance)
      return false;
    a >>= width;
    b >>= width;
  }
  return true;
}

void
case_compare (Case *self, guint tolerance)
{
  g_autofree guint32 *before = g_memdup2 (self->model->px, sizeof (guint32) * self->model->width * self->model->height);
  guint32 ignored;

  g_assert_true (cw_draw_make_buffer (&self->draw, NULL));
  /* As a time limit would cut it. */
  while (!cw_draw_paint (&self->draw, 1 + self->seed % 300))
    ;
  model_draw (self->model, &self->op);
  ignored = model_ignored_bits (self->model, &self->op);
  for (int y = 0; y < self->model->height; y++) {
    for (int x = 0; x < self->model->width; x++) {
      guint32 now = get (self->target, x, y), expected = self->model->px[y * self->model->width + x];

      if (((now ^ expected) & ~ignored)
          && !is_near (self->model->format, now & ~ignored, expected & ~ignored, tolerance))
        g_error ("seed %u, format %d from %d, op %x, pixel %d,%d: %x, expected %x, was %x", self->seed,
                 self->target->format, self->source->format, self->op.op, x, y, now, expected,
                 before[y * self->model->width + x]);
    }
  }
}

void
run_cases (ModelOpType type, bool (*prepare) (Case *self), guint32 n)
{
  for (guint32 seed = 1; seed <= n; seed++) {
    Case c;

    case_init (&c, seed, type);
    if (prepare (&c))
      case_compare (&c, 0);
    case_clear (&c);
  }
}
