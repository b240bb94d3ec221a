/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model.h"

#include <math.h>
#include <string.h>

static guint32
from5 (guint32 v)
{
  return v << 3 | v >> 2;
}

static guint32
from6 (guint32 v)
{
  return v << 2 | v >> 4;
}

guint32
model_widen (ModelFormat format, guint32 raw)
{
  switch (format) {
  case MODEL_ARGB:
    return raw;
  case MODEL_555:
    return 0xff000000u | from5 (raw >> 10 & 31) << 16 | from5 (raw >> 5 & 31) << 8 | from5 (raw & 31);
  case MODEL_565:
    return 0xff000000u | from5 (raw >> 11 & 31) << 16 | from6 (raw >> 5 & 63) << 8 | from5 (raw & 31);
  case MODEL_ALPHA:
    return raw << 24;
  case MODEL_BIT:
    return raw ? 0xff000000u : 0;
  case MODEL_RGB:
    break;
  }
  return raw | 0xff000000u;
}

guint32
model_narrow (ModelFormat format, guint32 argb)
{
  guint32 r = argb >> 16 & 0xff, g = argb >> 8 & 0xff, b = argb & 0xff;

  switch (format) {
  case MODEL_555:
    return (r >> 3) << 10 | (g >> 3) << 5 | b >> 3;
  case MODEL_565:
    return (r >> 3) << 11 | (g >> 2) << 5 | b >> 3;
  case MODEL_ALPHA:
    return argb >> 24;
  default:
    return argb;
  }
}

guint32
model_pixel_mask (ModelFormat format)
{
  switch (format) {
  case MODEL_555:
  case MODEL_565:
    return 0xffff;
  case MODEL_ALPHA:
    return 0xff;
  case MODEL_BIT:
    return 1;
  default:
    return 0xffffffffu;
  }
}

static bool
is_deep (ModelFormat format)
{
  return format == MODEL_RGB || format == MODEL_ARGB;
}

static bool
has_alpha (ModelFormat format)
{
  return format == MODEL_ARGB || format == MODEL_ALPHA || format == MODEL_BIT;
}

bool
model_contains (const ModelImage *image, gint64 x, gint64 y)
{
  return x >= 0 && y >= 0 && x < image->width && y < image->height;
}

static guint32
word_at (const ModelImage *image, int x, int y)
{
  return image->px[(gsize) y * image->width + x];
}

guint32
model_converted (const ModelImage *image, int x, int y, ModelFormat target)
{
  guint32 word = word_at (image, x, y);

  if (image->is_surface || image->format == target)
    return word;
  switch (image->format) {
  case MODEL_ALPHA:
    return is_deep (target) ? word << 24 : 0;
  case MODEL_RGB:
  case MODEL_ARGB:
    if (is_deep (target))
      return word;
    return model_narrow (target, image->format == MODEL_RGB ? word | 0xff000000u : word);
  default:
    return model_narrow (target, model_widen (image->format, word));
  }
}

guint32
model_argb_of (const ModelImage *image, int x, int y, ModelFormat target)
{
  guint32 word = model_converted (image, x, y, target);

  if (is_deep (target))
    return image->is_surface           ? model_widen (image->format, word)
           : has_alpha (image->format) ? word
                                       : word | 0xff000000u;
  return model_widen (target, word);
}

guint32
model_mul (guint32 a, guint32 b)
{
  guint32 t = a * b + 128;

  return (t + (t >> 8)) >> 8;
}

guint32
model_over (guint32 s, guint32 d)
{
  guint32 out = 0;

  for (int shift = 0; shift < 32; shift += 8)
    out |= MIN (255u, (s >> shift & 0xff) + model_mul (d >> shift & 0xff, 255 - (s >> 24))) << shift;
  return out;
}

guint32
model_interpolate (gint64 vx, gint64 vy, guint32 (*tap) (gconstpointer data, gint64 x, gint64 y), gconstpointer data)
{
  gint64 ux = vx - 32768, uy = vy - 32768, x = ux >> 16, y = uy >> 16;
  guint a = (guint) ((ux & 0xffff) >> 9) << 1, b = (guint) ((uy & 0xffff) >> 9) << 1;
  guint32 c00 = tap (data, x, y), c10 = tap (data, x + 1, y), c01 = tap (data, x, y + 1),
          c11 = tap (data, x + 1, y + 1);
  guint32 out = 0;

  for (int shift = 0; shift < 32; shift += 8) {
    guint32 sum = (c00 >> shift & 0xff) * (256 - a) * (256 - b) + (c10 >> shift & 0xff) * a * (256 - b)
                  + (c01 >> shift & 0xff) * (256 - a) * b + (c11 >> shift & 0xff) * a * b;

    out |= (sum >> 16) << shift;
  }
  return out;
}

static bool
is_scaled (const ModelOp *op)
{
  return op->area.right - op->area.left != op->box.right - op->box.left
         || op->area.bottom - op->area.top != op->box.bottom - op->box.top;
}

/* 16.16 position in the image for pixel i of n when `size` of the image are spread over them. */
static gint64
scaled (const ModelOp *op, gint64 i, int n, int size, int start)
{
  gint64 step = ((gint64) size << 16) / n;

  if (op->type == MODEL_ROP3) {
    double ratio = (double) size / n;

    step = (gint64) (ratio * 65536);
    return (step * ((i + (gint64) floor (start / ratio + 0.5)) * 65536 + 32768) + 32768) >> 16;
  }
  return ((step * (i * 65536 + 32768) + 32768) >> 16) + ((gint64) start * 65536);
}

static void
scaled_position (const ModelOp *op, int x, int y, gint64 *vx, gint64 *vy)
{
  const ModelRect *box = &op->box, *area = &op->area;

  *vx = scaled (op, (gint64) x - box->left, box->right - box->left, area->right - area->left, area->left);
  *vy = scaled (op, (gint64) y - box->top, box->bottom - box->top, area->bottom - area->top, area->top);
}

typedef struct {
  const ModelImage *image;
  ModelFormat target;
} Tap;

static guint32
tap (gconstpointer data, gint64 x, gint64 y)
{
  const Tap *self = data;

  return model_contains (self->image, x, y) ? model_argb_of (self->image, x, y, self->target) : 0;
}

/* The image's raw word for a pixel of the target; false where the image does not cover it. */
static bool
sample (const ModelOp *op, int x, int y, ModelFormat target, guint32 *out)
{
  Tap source = { op->source, target };
  gint64 vx, vy;

  if (!is_scaled (op)) {
    vx = (gint64) x - op->box.left + op->area.left;
    vy = (gint64) y - op->box.top + op->area.top;
    if (!model_contains (op->source, vx, vy))
      return false;
    *out = model_converted (op->source, vx, vy, target);
    return true;
  }
  scaled_position (op, x, y, &vx, &vy);
  if (op->interpolate)
    *out = model_narrow (target, model_interpolate (vx, vy, tap, &source));
  else
    *out = model_narrow (target, tap (&source, (vx - 1) >> 16, (vy - 1) >> 16));
  return true;
}

bool
model_in_region (const ModelImage *target, const ModelOp *op, int x, int y)
{
  gint64 mx = (gint64) x - op->box.left + op->mask_x, my = (gint64) y - op->box.top + op->mask_y;
  bool clipped = op->n_clip >= 0;

  if (!model_contains (target, x, y) || x < op->box.left || y < op->box.top || x >= op->box.right
      || y >= op->box.bottom)
    return false;
  for (int i = 0; i < op->n_clip; i++) {
    const ModelRect *r = &op->clip[i];

    if (x >= r->left && x < r->right && y >= r->top && y < r->bottom)
      clipped = false;
  }
  if (clipped)
    return false;
  return !op->mask || (model_contains (op->mask, mx, my) && (word_at (op->mask, mx, my) != 0) != op->mask_invers);
}

/* `s` and `d` are inverted by different descriptor bits, depending on the operation. */
guint32
model_rop (guint16 rop, guint32 s, guint32 d, guint16 invers_s, guint16 invers_d)
{
  guint32 s2 = rop & invers_s ? ~s : s, d2 = rop & invers_d ? ~d : d, out;

  if (rop & 0x008)
    out = s2;
  else if (rop & 0x010)
    out = s2 | d2;
  else if (rop & 0x020)
    out = s2 & d2;
  else if (rop & 0x040)
    out = s2 ^ d2;
  else if (rop & 0x080)
    return 0;
  else if (rop & 0x100)
    return 0xffffffffu;
  else if (rop & 0x200)
    return ~d;
  else
    return s;
  return rop & 0x400 ? ~out : out;
}

#define INVERS_SRC 1
#define INVERS_BRUSH 2
#define INVERS_DEST 4

static int
modulo (gint64 value, int n)
{
  int rest = value % n;

  return rest < 0 ? rest + n : rest;
}

guint32
model_brush (const ModelBrush *brush, int x, int y, ModelFormat target)
{
  switch (brush->kind) {
  case MODEL_BRUSH_SOLID:
    return brush->color & model_pixel_mask (target);
  case MODEL_BRUSH_PATTERN:
    return model_converted (brush->image, modulo ((gint64) x - brush->x, brush->image->width),
                            modulo ((gint64) y - brush->y, brush->image->height), target);
  default:
    return 0;
  }
}

static guint32
rop3 (guint8 code, guint32 p, guint32 s, guint32 d)
{
  guint32 out = 0;

  for (int bit = 0; bit < 32; bit++)
    out |= (guint32) (code >> ((p >> bit & 1) * 4 + (s >> bit & 1) * 2 + (d >> bit & 1)) & 1) << bit;
  return out;
}

/* TRANSPARENT never interpolates. */
static bool
transparent (const ModelOp *op, int x, int y, ModelFormat target, guint32 *out)
{
  guint32 key = model_narrow (target, op->key), bits = 0xffff;
  gint64 vx, vy;

  if (is_deep (target))
    key &= bits = 0xffffff;
  if (target == MODEL_ALPHA)
    key = 0;
  if (is_scaled (op)) {
    Tap source = { op->source, target };

    scaled_position (op, x, y, &vx, &vy);
    *out = model_narrow (target, tap (&source, (vx - 1) >> 16, (vy - 1) >> 16));
  } else if (!sample (op, x, y, target, out)) {
    return false;
  }
  return (*out & bits) != key;
}

/* The source of ALPHA_BLEND keeps its own format, so its alpha survives on surfaces without one. */
static guint32
blend (const ModelOp *op, int x, int y, ModelFormat target, guint32 raw)
{
  guint32 d = target == MODEL_RGB && op->dest_has_alpha ? raw : model_widen (target, raw), s = 0, faded = 0;
  gint64 vx = (gint64) x - op->box.left + op->area.left, vy = (gint64) y - op->box.top + op->area.top;

  if (is_scaled (op)) {
    scaled_position (op, x, y, &vx, &vy);
    vx = (vx - 1) >> 16;
    vy = (vy - 1) >> 16;
  }
  if (model_contains (op->source, vx, vy)) {
    s = word_at (op->source, vx, vy);
    if (!(op->source->format == MODEL_RGB && op->source_has_alpha))
      s = model_widen (op->source->format, s);
  }
  for (int shift = 0; shift < 32; shift += 8)
    faded |= (op->alpha == 255 ? s >> shift & 0xff : model_mul (s >> shift & 0xff, op->alpha)) << shift;
  return model_narrow (target, model_over (faded, d));
}

/* The new raw word of one pixel of the region; false leaves it as it is. */
static bool
draw_pixel (const ModelOp *op, const ModelImage *before, int x, int y, guint32 *out)
{
  ModelFormat target = before->format;
  guint32 raw = word_at (before, x, y), s = 0;

  switch (op->type) {
  case MODEL_FILL:
    *out = model_rop (op->rop, model_brush (&op->brush, x, y, target), raw, INVERS_BRUSH, INVERS_DEST);
    return true;
  case MODEL_COPY:
    if (!sample (op, x, y, target, &s))
      return false;
    *out = model_rop (op->rop, s, raw, INVERS_SRC, INVERS_DEST);
    return true;
  case MODEL_OPAQUE:
    if (!sample (op, x, y, target, &s))
      s = raw;
    *out = model_rop (op->rop, model_brush (&op->brush, x, y, target), s, INVERS_BRUSH, INVERS_SRC);
    return true;
  case MODEL_ROP3:
    if (!sample (op, x, y, target, &s))
      return false;
    *out = rop3 (op->rop3, model_brush (&op->brush, x, y, target), s, raw);
    return true;
  case MODEL_TRANSPARENT:
    return transparent (op, x, y, target, out);
  case MODEL_BLEND:
    *out = blend (op, x, y, target, raw);
    return op->alpha != 0;
  case MODEL_COPY_BITS: {
    gint64 ox = (gint64) x - op->box.left + op->from_x, oy = (gint64) y - op->box.top + op->from_y;

    if (!model_contains (before, ox, oy))
      return false;
    *out = word_at (before, ox, oy);
    return true;
  }
  case MODEL_COMPOSITE:
    *out = model_composite (op, target, x, y, raw);
    return true;
  default:
    g_assert_not_reached ();
  }
}

/* What is read of the target itself is read as it was before. */
static bool
reads_target (ModelOp *op, const ModelImage *target, const ModelImage *before)
{
  const ModelImage **read[]
      = { &op->source, &op->mask, &op->brush.image, &op->back.image, &op->input.image, &op->input_mask.image };
  bool found = op->type == MODEL_COPY_BITS;

  for (guint i = 0; i < G_N_ELEMENTS (read); i++) {
    if (*read[i] == target) {
      *read[i] = before;
      found = true;
    }
  }
  return found;
}

void
model_draw (ModelImage *target, const ModelOp *op)
{
  ModelImage before = *target;
  ModelOp own = *op;
  g_autofree guint32 *px = NULL;

  if (reads_target (&own, target, &before))
    before.px = px = g_memdup2 (target->px, sizeof *px * target->width * target->height);
  if (op->type == MODEL_STROKE) {
    model_stroke (target, &own);
    return;
  }
  if (op->type == MODEL_TEXT) {
    model_text (target, &own);
    return;
  }
  for (int y = MAX (0, op->box.top); y < MIN (target->height, op->box.bottom); y++) {
    for (int x = MAX (0, op->box.left); x < MIN (target->width, op->box.right); x++) {
      guint32 out;

      if (model_in_region (target, &own, x, y) && draw_pixel (&own, &before, x, y, &out))
        target->px[(gsize) y * target->width + x] = out & model_pixel_mask (target->format);
    }
  }
}

guint32
model_ignored_bits (const ModelImage *target, const ModelOp *op)
{
  if (op->type != MODEL_BLEND && op->type != MODEL_TEXT && op->type != MODEL_COMPOSITE)
    return 0;
  if (target->format == MODEL_555)
    return 0x8000;
  return target->format == MODEL_RGB && !(op->type == MODEL_BLEND && op->dest_has_alpha) ? 0xff000000u : 0;
}

/* The largest coverage of all glyphs. */
static guint
coverage (const ModelOp *op, int x, int y)
{
  guint most = 0;

  for (guint i = 0; i < op->n_glyphs; i++) {
    const ModelGlyph *glyph = &op->glyphs[i];
    gint64 gx = (gint64) x - glyph->left, gy = (gint64) y - glyph->top;
    const guint8 *row;
    guint value;

    if (gx < 0 || gy < 0 || gx >= glyph->width || gy >= glyph->height)
      continue;
    row = glyph->rows + (op->top_down ? gy : glyph->height - 1 - gy) * ((gsize) (glyph->width * op->bits + 7) / 8);
    if (op->bits == 1)
      value = row[gx / 8] & (0x80 >> gx % 8) ? 255 : 0;
    else if (op->bits == 4)
      value = 16 * (gx % 2 == 0 ? row[gx / 2] >> 4 : row[gx / 2] & 15);
    else
      value = row[gx];
    most = MAX (most, value);
  }
  return most;
}

/* The brush of text as 8888: a pattern begins at the corner of all glyphs, a colour has 15 bits on 16-bit surfaces. */
static guint32
text_color (const ModelOp *op, ModelFormat target, int x, int y)
{
  guint32 color = op->brush.color, out = 0;
  int left = G_MAXINT, top = G_MAXINT;

  if (op->brush.kind == MODEL_BRUSH_PATTERN) {
    for (guint i = 0; i < op->n_glyphs; i++) {
      left = MIN (left, op->glyphs[i].left);
      top = MIN (top, op->glyphs[i].top);
    }
    x = modulo ((gint64) x - left - op->brush.x, op->brush.image->width);
    y = modulo ((gint64) y - top - op->brush.y, op->brush.image->height);
    return model_argb_of (op->brush.image, x, y, target);
  }
  if (target != MODEL_555 && target != MODEL_565)
    return color | 0xff000000u;
  for (int i = 0; i < 3; i++)
    out |= ((color >> 5 * i & 31) * 65535 / 31 >> 8) << 8 * i;
  return out | 0xff000000u;
}

void
model_text (ModelImage *target, const ModelOp *op)
{
  bool has_back = op->back_area.left != op->back_area.right && op->back_area.top != op->back_area.bottom;

  for (int y = 0; y < target->height; y++) {
    for (int x = 0; x < target->width; x++) {
      guint32 *px = &target->px[(gsize) y * target->width + x], color, faded = 0;
      guint m;

      if (!model_in_region (target, op, x, y))
        continue;
      if (has_back && x >= op->back_area.left && x < op->back_area.right && y >= op->back_area.top
          && y < op->back_area.bottom)
        *px = model_brush (&op->back, x, y, target->format);
      m = coverage (op, x, y);
      if (op->brush.kind == MODEL_BRUSH_NONE || m == 0)
        continue;
      color = text_color (op, target->format, x, y);
      for (int shift = 0; shift < 32; shift += 8)
        faded |= model_mul (color >> shift & 0xff, m) << shift;
      *px = model_narrow (target->format, model_over (faded, model_widen (target->format, *px)));
    }
  }
}
