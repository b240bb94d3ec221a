/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The demo's operations and pictures as those of the model. */
#include "oracle.h"

#include <spice/enums.h>
#include <string.h>

struct DemoOracle {
  GHashTable *surfaces; /* id → ModelImage */
};

static void
image_free (ModelImage *self)
{
  if (!self)
    return;
  g_free (self->px);
  g_free (self);
}

static ModelImage *
image_new (ModelFormat format, bool is_surface, int width, int height)
{
  ModelImage *self = g_new0 (ModelImage, 1);

  *self = (ModelImage){ format, is_surface, width, height, g_new0 (guint32, (gsize) width * height) };
  return self;
}

DemoOracle *
demo_oracle_new (void)
{
  DemoOracle *self = g_new0 (DemoOracle, 1);

  self->surfaces = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) image_free);
  return self;
}

void
demo_oracle_free (DemoOracle *self)
{
  g_hash_table_unref (self->surfaces);
  g_free (self);
}

static ModelImage *
find (DemoOracle *self, guint32 id)
{
  return g_hash_table_lookup (self->surfaces, GUINT_TO_POINTER (id));
}

static const struct {
  guint32 format;
  ModelFormat model;
} formats[] = { { SPICE_SURFACE_FMT_32_xRGB, MODEL_RGB },
                { SPICE_SURFACE_FMT_32_ARGB, MODEL_ARGB },
                { SPICE_SURFACE_FMT_16_555, MODEL_555 },
                { SPICE_SURFACE_FMT_16_565, MODEL_565 },
                { SPICE_SURFACE_FMT_8_A, MODEL_ALPHA } };

static ModelFormat
to_model (guint32 format)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (formats[i].format == format)
      return formats[i].model;
  return MODEL_RGB;
}

void
demo_oracle_surface_create (DemoOracle *self, guint32 id, guint32 format, int width, int height)
{
  g_hash_table_insert (self->surfaces, GUINT_TO_POINTER (id), image_new (to_model (format), true, width, height));
}

void
demo_oracle_surface_destroy (DemoOracle *self, guint32 id)
{
  g_hash_table_remove (self->surfaces, GUINT_TO_POINTER (id));
}

bool
demo_oracle_has_surface (DemoOracle *self, guint32 id, int *width, int *height, guint32 *format)
{
  ModelImage *surface = find (self, id);

  if (!surface)
    return false;
  if (width)
    *width = surface->width;
  if (height)
    *height = surface->height;
  for (guint i = 0; format && i < G_N_ELEMENTS (formats); i++)
    if (formats[i].model == surface->format)
      *format = formats[i].format;
  return true;
}

static guint32
palette_entry (const DemoPicture *picture, guint index)
{
  return index < picture->n_palette ? picture->palette[index] : 0;
}

/* What is stored for a pixel, palettes looked up. */
static guint32
stored_pixel (const DemoPicture *picture, int x, int y)
{
  const guint8 *row = picture->data + picture->stride * (picture->top_down ? y : picture->height - 1 - y);

  switch (picture->format) {
  case SPICE_BITMAP_FMT_16BIT:
    return row[2 * x] | row[2 * x + 1] << 8;
  case SPICE_BITMAP_FMT_24BIT:
    return row[3 * x] | row[3 * x + 1] << 8 | row[3 * x + 2] << 16;
  case SPICE_BITMAP_FMT_8BIT_A:
    return row[x];
  case SPICE_BITMAP_FMT_RGBA:
  case SPICE_BITMAP_FMT_32BIT:
    return row[4 * x] | row[4 * x + 1] << 8 | row[4 * x + 2] << 16 | (guint32) row[4 * x + 3] << 24;
  case SPICE_BITMAP_FMT_1BIT_LE:
    return palette_entry (picture, row[x / 8] >> x % 8 & 1);
  case SPICE_BITMAP_FMT_1BIT_BE:
    return palette_entry (picture, row[x / 8] >> (7 - x % 8) & 1);
  case SPICE_BITMAP_FMT_4BIT_LE:
    return palette_entry (picture, row[x / 2] >> (x % 2 ? 4 : 0) & 15);
  case SPICE_BITMAP_FMT_4BIT_BE:
    return palette_entry (picture, row[x / 2] >> (x % 2 ? 0 : 4) & 15);
  default:
    return palette_entry (picture, row[x]);
  }
}

/* Palettes make what the surface has that is drawn on. */
static ModelFormat
picture_format (const DemoPicture *picture, ModelFormat target)
{
  switch (picture->format) {
  case SPICE_BITMAP_FMT_16BIT:
    return MODEL_555;
  case SPICE_BITMAP_FMT_24BIT:
  case SPICE_BITMAP_FMT_32BIT:
    return MODEL_RGB;
  case SPICE_BITMAP_FMT_8BIT_A:
    return MODEL_ALPHA;
  case SPICE_BITMAP_FMT_RGBA:
    return MODEL_ARGB;
  default:
    return target == MODEL_555 || target == MODEL_ARGB ? target : MODEL_RGB;
  }
}

/* Images made for an operation go into made; surfaces are the surfaces themselves. */
static const ModelImage *
get_image (DemoOracle *self, const DemoPicture *picture, ModelFormat target, GPtrArray *made)
{
  ModelImage *image;
  guint32 set;

  if (!picture)
    return NULL;
  if (picture->surface >= 0)
    return find (self, picture->surface);
  image = image_new (picture_format (picture, target), false, picture->width, picture->height);
  set = picture->high_bits && image->format == MODEL_RGB ? 0xff000000u : 0;
  for (int y = 0; y < image->height; y++) {
    for (int x = 0; x < image->width; x++)
      image->px[(gsize) y * image->width + x] = stored_pixel (picture, x, y) | set;
  }
  g_ptr_array_add (made, image);
  return image;
}

static const ModelImage *
get_mask (const DemoPicture *picture, GPtrArray *made)
{
  ModelImage *image;

  if (!picture)
    return NULL;
  image = image_new (MODEL_BIT, false, picture->width, picture->height);
  for (int y = 0; y < image->height; y++) {
    const guint8 *row = picture->data + picture->stride * (picture->top_down ? y : picture->height - 1 - y);

    for (int x = 0; x < image->width; x++)
      image->px[(gsize) y * image->width + x]
          = picture->format == SPICE_BITMAP_FMT_1BIT_LE ? row[x / 8] >> x % 8 & 1 : row[x / 8] >> (7 - x % 8) & 1;
  }
  g_ptr_array_add (made, image);
  return image;
}

static ModelRect
get_rect (const DemoRect *rect)
{
  return (ModelRect){ rect->left, rect->top, rect->right, rect->bottom };
}

static void
set_input (ModelInput *out, const DemoInput *input, const ModelImage *image)
{
  static const gint32 identity[6] = { 65536, 0, 0, 0, 65536, 0 };

  *out = (ModelInput){ .image = image, .filter = input->filter, .repeat = input->repeat, .x = input->x, .y = input->y };
  memcpy (out->transform, input->transformed ? input->transform : identity, sizeof identity);
}

static const ModelOpType types[DEMO_N_OPS] = {
  [DEMO_FILL] = MODEL_FILL,         [DEMO_COPY] = MODEL_COPY,
  [DEMO_OPAQUE] = MODEL_OPAQUE,     [DEMO_BLEND] = MODEL_COPY,
  [DEMO_BLACKNESS] = MODEL_FILL,    [DEMO_WHITENESS] = MODEL_FILL,
  [DEMO_INVERS] = MODEL_FILL,       [DEMO_COPY_BITS] = MODEL_COPY_BITS,
  [DEMO_ALPHA_BLEND] = MODEL_BLEND, [DEMO_TRANSPARENT] = MODEL_TRANSPARENT,
  [DEMO_ROP3] = MODEL_ROP3,         [DEMO_STROKE] = MODEL_STROKE,
  [DEMO_TEXT] = MODEL_TEXT,         [DEMO_COMPOSITE] = MODEL_COMPOSITE,
};

static guint16
get_rop (const DemoOp *op)
{
  switch (op->type) {
  case DEMO_BLACKNESS:
    return SPICE_ROPD_OP_BLACKNESS;
  case DEMO_WHITENESS:
    return SPICE_ROPD_OP_WHITENESS;
  case DEMO_INVERS:
    return SPICE_ROPD_OP_INVERS;
  default:
    return op->rop;
  }
}

static void
set_shapes (ModelOp *out, const DemoOp *op)
{
  if (op->segments) {
    out->n_segments = op->segments->len;
    out->segments = (const ModelSegment *) (gpointer) op->segments->data;
  }
  if (op->style) {
    out->n_style = op->style->len;
    out->style = (const gint32 *) (gpointer) op->style->data;
  }
  out->start_with_gap = op->start_with_gap;
  if (op->glyphs) {
    out->n_glyphs = op->glyphs->len;
    out->glyphs = (const ModelGlyph *) (gpointer) op->glyphs->data;
  }
  out->bits = op->bits;
  out->back_area = get_rect (&op->back_area);
  out->back = (ModelBrush){ .kind = MODEL_BRUSH_SOLID, .color = op->back_color };
}

void
demo_oracle_draw (DemoOracle *self, const DemoOp *op)
{
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func ((GDestroyNotify) image_free);
  ModelImage *target = find (self, op->surface);
  const ModelImage *source = get_image (self, op->src, target->format, made);
  const ModelImage *pattern = get_image (self, op->pattern, target->format, made);
  ModelOp out = {
    .type = types[op->type],
    .box = get_rect (&op->box),
    .n_clip = op->clipped ? (int) op->n_clip : -1,
    .clip = (const ModelRect *) (gpointer) op->clip,
    .source = source,
    .area = get_rect (&op->area),
    .interpolate = op->scale_mode == SPICE_IMAGE_SCALE_MODE_INTERPOLATE,
    .rop = get_rop (op),
    .rop3 = op->rop3,
    .brush = { pattern ? MODEL_BRUSH_PATTERN : MODEL_BRUSH_SOLID, op->color, pattern, op->pattern_x, op->pattern_y },
    .key = op->color,
    .alpha = op->alpha,
    .dest_has_alpha = op->alpha_flags & SPICE_ALPHA_FLAGS_DEST_HAS_ALPHA,
    .source_has_alpha = source && source->is_surface && op->alpha_flags & SPICE_ALPHA_FLAGS_SRC_SURFACE_HAS_ALPHA,
    .from_x = op->from_x,
    .from_y = op->from_y,
    .op = op->combine,
    .component_alpha = op->component_alpha,
  };

  G_STATIC_ASSERT (sizeof (ModelRect) == sizeof (DemoRect));
  set_shapes (&out, op);
  set_input (&out.input, &op->input, source);
  if (op->type == DEMO_COMPOSITE) {
    set_input (&out.input_mask, &op->input_mask, get_image (self, op->mask, target->format, made));
  } else {
    out.mask = get_mask (op->mask, made);
    out.mask_x = op->mask_x;
    out.mask_y = op->mask_y;
    out.mask_invers = op->mask_invers;
  }
  model_draw (target, &out);
}

guint32
demo_oracle_shown (DemoOracle *self, guint32 id, int x, int y)
{
  ModelImage *surface = find (self, id);
  guint32 argb = model_widen (surface->format, surface->px[(gsize) y * surface->width + x]);

  return surface->format == MODEL_ALPHA ? (argb >> 24) * 0x10101u : argb & 0xffffff;
}

GBytes *
demo_oracle_pixmap (DemoOracle *self, guint32 id)
{
  ModelImage *surface = find (self, id);
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "P6\n%d %d\n255\n", surface->width, surface->height);
  for (int y = 0; y < surface->height; y++) {
    for (int x = 0; x < surface->width; x++) {
      guint32 rgb = demo_oracle_shown (self, id, x, y);

      g_string_append_c (out, rgb >> 16);
      g_string_append_c (out, rgb >> 8);
      g_string_append_c (out, rgb);
    }
  }
  return g_string_free_to_bytes (out);
}
