/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oracle.h"

#include <spice/enums.h>
#include <string.h>

typedef struct {
  guint32 format;
  int width, height;
  guint32 *px; /* the raw word of every pixel, whatever its size */
} Surface;

struct DemoOracle {
  GHashTable *surfaces;
};

/* What a stored pixel is before it meets a surface. */
typedef enum { KIND_RGB, KIND_ARGB, KIND_555, KIND_ALPHA } Kind;

/* A picture or surface, readable at a position. */
typedef struct {
  const DemoPicture *picture;
  Surface *surface; /* a copy when the operation reads the surface it draws on */
  bool owned;
  int width, height;
} Source;

static void
surface_free (Surface *self)
{
  g_free (self->px);
  g_free (self);
}

static Surface *
surface_new (guint32 format, int width, int height)
{
  Surface *self = g_new0 (Surface, 1);

  self->format = format;
  self->width = width;
  self->height = height;
  self->px = g_new0 (guint32, (gsize) width * height);
  return self;
}

static Surface *
surface_copy (const Surface *other)
{
  Surface *self = surface_new (other->format, other->width, other->height);

  memcpy (self->px, other->px, sizeof *self->px * other->width * other->height);
  return self;
}

static guint32 *
pixel_at (Surface *self, int x, int y)
{
  return &self->px[(gsize) y * self->width + x];
}

DemoOracle *
demo_oracle_new (void)
{
  DemoOracle *self = g_new0 (DemoOracle, 1);

  self->surfaces = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) surface_free);
  return self;
}

void
demo_oracle_free (DemoOracle *self)
{
  g_hash_table_unref (self->surfaces);
  g_free (self);
}

static Surface *
find (DemoOracle *self, guint32 id)
{
  return g_hash_table_lookup (self->surfaces, GUINT_TO_POINTER (id));
}

void
demo_oracle_surface_create (DemoOracle *self, guint32 id, guint32 format, int width, int height)
{
  g_hash_table_insert (self->surfaces, GUINT_TO_POINTER (id), surface_new (format, width, height));
}

void
demo_oracle_surface_destroy (DemoOracle *self, guint32 id)
{
  g_hash_table_remove (self->surfaces, GUINT_TO_POINTER (id));
}

bool
demo_oracle_has_surface (DemoOracle *self, guint32 id, int *width, int *height, guint32 *format)
{
  Surface *surface = find (self, id);

  if (!surface)
    return false;
  if (width)
    *width = surface->width;
  if (height)
    *height = surface->height;
  if (format)
    *format = surface->format;
  return true;
}

/* Bits replicated from the top, so that all ones stay all ones. */
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

static guint32
argb_of_555 (guint32 word)
{
  return 0xff000000u | from5 (word >> 10 & 31) << 16 | from5 (word >> 5 & 31) << 8 | from5 (word & 31);
}

/* A surface's raw word as 8 bits a channel; alpha 255 where the format has none. */
static guint32
widen (guint32 format, guint32 raw)
{
  switch (format) {
  case SPICE_SURFACE_FMT_32_ARGB:
    return raw;
  case SPICE_SURFACE_FMT_16_555:
    return argb_of_555 (raw);
  case SPICE_SURFACE_FMT_16_565:
    return 0xff000000u | from5 (raw >> 11 & 31) << 16 | from6 (raw >> 5 & 63) << 8 | from5 (raw & 31);
  case SPICE_SURFACE_FMT_8_A:
    return raw << 24;
  default:
    return raw | 0xff000000u;
  }
}

static guint32
narrow (guint32 format, guint32 argb)
{
  guint32 r = argb >> 16 & 0xff, g = argb >> 8 & 0xff, b = argb & 0xff;

  switch (format) {
  case SPICE_SURFACE_FMT_16_555:
    return (r >> 3) << 10 | (g >> 3) << 5 | b >> 3;
  case SPICE_SURFACE_FMT_16_565:
    return (r >> 3) << 11 | (g >> 2) << 5 | b >> 3;
  case SPICE_SURFACE_FMT_8_A:
    return argb >> 24;
  default:
    return argb;
  }
}

static guint32
pixel_mask (guint32 format)
{
  guint bits = format & 0x3f;

  return bits == 32 ? 0xffffffffu : (1u << bits) - 1;
}

static guint32
palette_entry (const DemoPicture *picture, guint index)
{
  return index < picture->n_palette ? picture->palette[index] : 0;
}

/* The stored pixel and its kind; palettes take the kind of the surface that is drawn on. */
static guint32
stored_pixel (const DemoPicture *picture, int x, int y, guint32 format, Kind *kind)
{
  const guint8 *row = picture->data + picture->stride * (picture->top_down ? y : picture->height - 1 - y);
  guint32 entry;

  *kind = KIND_RGB;
  switch (picture->format) {
  case SPICE_BITMAP_FMT_16BIT:
    *kind = KIND_555;
    return row[2 * x] | row[2 * x + 1] << 8;
  case SPICE_BITMAP_FMT_24BIT:
    return row[3 * x] | row[3 * x + 1] << 8 | row[3 * x + 2] << 16;
  case SPICE_BITMAP_FMT_8BIT_A:
    *kind = KIND_ALPHA;
    return row[x];
  case SPICE_BITMAP_FMT_RGBA:
  case SPICE_BITMAP_FMT_32BIT:
    *kind = picture->format == SPICE_BITMAP_FMT_RGBA ? KIND_ARGB : KIND_RGB;
    return row[4 * x] | row[4 * x + 1] << 8 | row[4 * x + 2] << 16 | (guint32) row[4 * x + 3] << 24;
  case SPICE_BITMAP_FMT_1BIT_LE:
    entry = palette_entry (picture, row[x / 8] >> x % 8 & 1);
    break;
  case SPICE_BITMAP_FMT_1BIT_BE:
    entry = palette_entry (picture, row[x / 8] >> (7 - x % 8) & 1);
    break;
  case SPICE_BITMAP_FMT_4BIT_LE:
    entry = palette_entry (picture, row[x / 2] >> (x % 2 ? 4 : 0) & 15);
    break;
  case SPICE_BITMAP_FMT_4BIT_BE:
    entry = palette_entry (picture, row[x / 2] >> (x % 2 ? 0 : 4) & 15);
    break;
  default:
    entry = palette_entry (picture, row[x]);
  }
  if (format == SPICE_SURFACE_FMT_16_555)
    *kind = KIND_555;
  else if (format == SPICE_SURFACE_FMT_32_ARGB)
    *kind = KIND_ARGB;
  return entry;
}

/* The stored pixel in the format of the surface that is drawn on. */
static guint32
convert (Kind kind, guint32 value, guint32 format)
{
  bool deep = format == SPICE_SURFACE_FMT_32_xRGB || format == SPICE_SURFACE_FMT_32_ARGB;

  switch (kind) {
  case KIND_555:
    return deep                                 ? argb_of_555 (value)
           : format == SPICE_SURFACE_FMT_16_555 ? value & 0xffff
                                                : narrow (format, argb_of_555 (value));
  case KIND_ALPHA:
    return deep ? value << 24 : format == SPICE_SURFACE_FMT_8_A ? value : 0;
  case KIND_ARGB:
    return deep ? value : narrow (format, value);
  case KIND_RGB:
    break;
  }
  return deep ? value : narrow (format, value | 0xff000000u);
}

static void
source_init (Source *self, DemoOracle *oracle, const DemoPicture *picture, guint32 destination)
{
  *self = (Source){ .picture = picture };
  if (!picture)
    return;
  self->width = picture->width;
  self->height = picture->height;
  if (picture->surface >= 0) {
    self->surface = find (oracle, picture->surface);
    self->owned = (guint32) picture->surface == destination;
    if (self->owned)
      self->surface = surface_copy (self->surface);
    self->width = self->surface->width;
    self->height = self->surface->height;
  }
}

static void
source_clear (Source *self)
{
  if (self->owned)
    surface_free (self->surface);
}

static bool
source_contains (const Source *self, gint64 x, gint64 y)
{
  return x >= 0 && y >= 0 && x < self->width && y < self->height;
}

/* Raw word for a surface of `format`; the position must be inside. */
static guint32
source_raw (const Source *self, int x, int y, guint32 format)
{
  Kind kind;
  guint32 value;

  if (self->surface)
    return *pixel_at (self->surface, x, y);
  value = stored_pixel (self->picture, x, y, format, &kind);
  if (self->picture->high_bits && kind == KIND_RGB)
    value |= 0xff000000u;
  return convert (kind, value, format);
}

static bool
source_has_alpha (const Source *self)
{
  if (self->surface)
    return self->surface->format == SPICE_SURFACE_FMT_32_ARGB || self->surface->format == SPICE_SURFACE_FMT_8_A;
  return self->picture->format == SPICE_BITMAP_FMT_RGBA || self->picture->format == SPICE_BITMAP_FMT_8BIT_A;
}

/* Converted to the surface's format, then 8 bits a channel; outside the image everything is zero. */
static guint32
source_tap (const Source *self, gint64 x, gint64 y, guint32 format)
{
  guint32 argb;

  if (!source_contains (self, x, y))
    return 0;
  argb = widen (format, source_raw (self, x, y, format));
  return format != SPICE_SURFACE_FMT_8_A && !source_has_alpha (self) ? argb | 0xff000000u : argb;
}

static bool
is_scaled (const DemoOp *op)
{
  return op->area.right - op->area.left != op->box.right - op->box.left
         || op->area.bottom - op->area.top != op->box.bottom - op->box.top;
}

/* 16.16 position in the image for destination column or row i of n, when `size` columns or rows are spread over it. */
static gint64
scaled (int i, int n, int size, int start)
{
  gint64 step = ((gint64) size << 16) / n;

  return ((step * (((gint64) i << 16) + 32768) + 32768) >> 16) + ((gint64) start << 16);
}

static gint64
scaled_x (const DemoOp *op, int x)
{
  return scaled (x - op->box.left, op->box.right - op->box.left, op->area.right - op->area.left, op->area.left);
}

static gint64
scaled_y (const DemoOp *op, int y)
{
  return scaled (y - op->box.top, op->box.bottom - op->box.top, op->area.bottom - op->area.top, op->area.top);
}

static guint32
interpolate (const Source *source, gint64 vx, gint64 vy, guint32 format)
{
  gint64 ux = vx - 32768, uy = vy - 32768, x = ux >> 16, y = uy >> 16;
  guint a = (guint) ((ux & 0xffff) >> 9) << 1, b = (guint) ((uy & 0xffff) >> 9) << 1;
  guint32 c00 = source_tap (source, x, y, format), c10 = source_tap (source, x + 1, y, format);
  guint32 c01 = source_tap (source, x, y + 1, format), c11 = source_tap (source, x + 1, y + 1, format);
  guint32 out = 0;

  for (int shift = 0; shift < 32; shift += 8) {
    guint32 sum = (c00 >> shift & 0xff) * (256 - a) * (256 - b) + (c10 >> shift & 0xff) * a * (256 - b)
                  + (c01 >> shift & 0xff) * (256 - a) * b + (c11 >> shift & 0xff) * a * b;

    out |= (sum >> 16) << shift;
  }
  return out;
}

/* The image's raw word for a destination pixel; false where the image does not cover it. */
static bool
sample (const Source *source, const DemoOp *op, int x, int y, guint32 format, guint32 *out)
{
  gint64 vx, vy;

  if (!is_scaled (op)) {
    vx = (gint64) x - op->box.left + op->area.left;
    vy = (gint64) y - op->box.top + op->area.top;
    if (!source_contains (source, vx, vy))
      return false;
    *out = source_raw (source, vx, vy, format);
    return true;
  }
  vx = scaled_x (op, x);
  vy = scaled_y (op, y);
  if (op->scale_mode == SPICE_IMAGE_SCALE_MODE_NEAREST)
    *out = narrow (format, source_tap (source, (vx - 1) >> 16, (vy - 1) >> 16, format));
  else
    *out = narrow (format, interpolate (source, vx, vy, format));
  return true;
}

static bool
in_clip (const DemoOp *op, int x, int y)
{
  if (!op->clipped)
    return true;
  for (guint i = 0; i < op->n_clip; i++) {
    const DemoRect *r = &op->clip[i];

    if (x >= r->left && x < r->right && y >= r->top && y < r->bottom)
      return true;
  }
  return false;
}

static bool
in_mask (const DemoOp *op, int x, int y)
{
  int mx = x - op->box.left + op->mask_x, my = y - op->box.top + op->mask_y;
  const guint8 *row;
  bool bit;

  if (!op->mask)
    return true;
  if (mx < 0 || my < 0 || mx >= op->mask->width || my >= op->mask->height)
    return false;
  row = op->mask->data + op->mask->stride * (op->mask->top_down ? my : op->mask->height - 1 - my);
  if (op->mask->format == SPICE_BITMAP_FMT_1BIT_LE)
    bit = row[mx / 8] >> mx % 8 & 1;
  else
    bit = row[mx / 8] >> (7 - mx % 8) & 1;
  return bit != op->mask_invers;
}

/* `s` and `d` are inverted by different descriptor bits, depending on the operation. */
static guint32
combine (guint16 rop, guint32 s, guint32 d, guint16 invers_s, guint16 invers_d)
{
  guint32 s2 = rop & invers_s ? ~s : s, d2 = rop & invers_d ? ~d : d, out;

  if (rop & SPICE_ROPD_OP_PUT)
    out = s2;
  else if (rop & SPICE_ROPD_OP_OR)
    out = s2 | d2;
  else if (rop & SPICE_ROPD_OP_AND)
    out = s2 & d2;
  else if (rop & SPICE_ROPD_OP_XOR)
    out = s2 ^ d2;
  else if (rop & SPICE_ROPD_OP_BLACKNESS)
    return 0;
  else if (rop & SPICE_ROPD_OP_WHITENESS)
    return 0xffffffffu;
  else if (rop & SPICE_ROPD_OP_INVERS)
    return ~d;
  else
    return s;
  return rop & SPICE_ROPD_INVERS_RES ? ~out : out;
}

static int
modulo (int value, int n)
{
  int rest = value % n;

  return rest < 0 ? rest + n : rest;
}

static guint32
brush_at (const Source *pattern, const DemoOp *op, int x, int y, guint32 format)
{
  if (!pattern->picture)
    return op->color & pixel_mask (format);
  return source_raw (pattern, modulo (x - op->pattern_x, pattern->width), modulo (y - op->pattern_y, pattern->height),
                     format);
}

/* a·b/255, rounded. */
static guint32
mul (guint32 a, guint32 b)
{
  guint32 t = a * b + 128;

  return (t + (t >> 8)) >> 8;
}

/* The source of ALPHA_BLEND keeps its own format, so its alpha survives on surfaces without one. */
static guint32
blend_source (const Source *source, const DemoOp *op, int x, int y, guint32 format)
{
  Kind kind;
  guint32 value;

  if (!source_contains (source, x, y))
    return 0;
  if (source->surface) {
    value = *pixel_at (source->surface, x, y);
    if (source->surface->format == SPICE_SURFACE_FMT_32_xRGB
        && op->alpha_flags & SPICE_ALPHA_FLAGS_SRC_SURFACE_HAS_ALPHA)
      return value;
    return widen (source->surface->format, value);
  }
  value = stored_pixel (source->picture, x, y, format, &kind);
  switch (kind) {
  case KIND_ARGB:
    return value;
  case KIND_555:
    return argb_of_555 (value);
  case KIND_ALPHA:
    return value << 24;
  case KIND_RGB:
    break;
  }
  return value | 0xff000000u;
}

static guint32
blend (const Source *source, const DemoOp *op, int x, int y, guint32 format, guint32 raw)
{
  bool own_alpha = format == SPICE_SURFACE_FMT_32_xRGB && op->alpha_flags & SPICE_ALPHA_FLAGS_DEST_HAS_ALPHA;
  guint32 s, d = own_alpha ? raw : widen (format, raw), out = 0, alpha;

  if (is_scaled (op))
    s = blend_source (source, op, (scaled_x (op, x) - 1) >> 16, (scaled_y (op, y) - 1) >> 16, format);
  else
    s = blend_source (source, op, x - op->box.left + op->area.left, y - op->box.top + op->area.top, format);
  alpha = op->alpha == 255 ? s >> 24 : mul (s >> 24, op->alpha);
  for (int shift = 0; shift < 32; shift += 8) {
    guint32 channel = s >> shift & 0xff;

    if (op->alpha != 255)
      channel = mul (channel, op->alpha);
    out |= MIN (255u, channel + mul (d >> shift & 0xff, 255 - alpha)) << shift;
  }
  return narrow (format, out);
}

static bool
is_key (guint32 raw, guint32 color, guint32 format)
{
  switch (format) {
  case SPICE_SURFACE_FMT_32_xRGB:
  case SPICE_SURFACE_FMT_32_ARGB:
    return (raw & 0xffffff) == (color & 0xffffff);
  case SPICE_SURFACE_FMT_8_A:
    return raw == 0;
  default:
    return raw == narrow (format, color);
  }
}

/* TRANSPARENT never interpolates. */
static bool
sample_nearest (const Source *source, const DemoOp *op, int x, int y, guint32 format, guint32 *out)
{
  gint64 sx, sy;

  if (!is_scaled (op))
    return sample (source, op, x, y, format, out);
  sx = (scaled_x (op, x) - 1) >> 16;
  sy = (scaled_y (op, y) - 1) >> 16;
  *out = source_contains (source, sx, sy) ? source_raw (source, sx, sy, format) : 0;
  return true;
}

/* The new raw word of one pixel of the region; false leaves it as it is. */
static bool
draw_pixel (const DemoOp *op, const Source *source, const Source *pattern, Surface *old, int x, int y, guint32 format,
            guint32 raw, guint32 *out)
{
  guint32 s = 0;

  switch (op->type) {
  case DEMO_FILL:
    s = brush_at (pattern, op, x, y, format);
    *out = combine (op->rop, s, raw, SPICE_ROPD_INVERS_BRUSH, SPICE_ROPD_INVERS_DEST);
    return true;
  case DEMO_COPY:
  case DEMO_BLEND:
    if (!sample (source, op, x, y, format, &s))
      return false;
    *out = combine (op->rop, s, raw, SPICE_ROPD_INVERS_SRC, SPICE_ROPD_INVERS_DEST);
    return true;
  case DEMO_OPAQUE:
    if (!sample (source, op, x, y, format, &s))
      s = raw;
    *out = combine (op->rop, brush_at (pattern, op, x, y, format), s, SPICE_ROPD_INVERS_BRUSH, SPICE_ROPD_INVERS_SRC);
    return true;
  case DEMO_BLACKNESS:
    *out = 0;
    return true;
  case DEMO_WHITENESS:
    *out = 0xffffffffu;
    return true;
  case DEMO_INVERS:
    *out = ~raw;
    return true;
  case DEMO_COPY_BITS: {
    int ox = x - op->box.left + op->from_x, oy = y - op->box.top + op->from_y;

    if (ox < 0 || oy < 0 || ox >= old->width || oy >= old->height)
      return false;
    *out = *pixel_at (old, ox, oy);
    return true;
  }
  case DEMO_ALPHA_BLEND:
    *out = blend (source, op, x, y, format, raw);
    return op->alpha != 0;
  case DEMO_TRANSPARENT:
    return sample_nearest (source, op, x, y, format, out) && !is_key (*out, op->color, format);
  case DEMO_N_OPS:
    break;
  }
  g_assert_not_reached ();
}

void
demo_oracle_draw (DemoOracle *self, const DemoOp *op)
{
  Surface *surface = find (self, op->surface), *old = NULL;
  Source source, pattern;

  source_init (&source, self, op->src, op->surface);
  source_init (&pattern, self, op->pattern, op->surface);
  if (op->type == DEMO_COPY_BITS)
    old = surface_copy (surface);
  for (int y = MAX (0, op->box.top); y < MIN (surface->height, op->box.bottom); y++) {
    for (int x = MAX (0, op->box.left); x < MIN (surface->width, op->box.right); x++) {
      guint32 *px = pixel_at (surface, x, y), out;

      if (!in_clip (op, x, y) || !in_mask (op, x, y))
        continue;
      if (draw_pixel (op, &source, &pattern, old, x, y, surface->format, *px, &out))
        *px = out & pixel_mask (surface->format);
    }
  }
  g_clear_pointer (&old, surface_free);
  source_clear (&source);
  source_clear (&pattern);
}

guint32
demo_oracle_shown (DemoOracle *self, guint32 id, int x, int y)
{
  Surface *surface = find (self, id);
  guint32 argb = widen (surface->format, *pixel_at (surface, x, y));

  return surface->format == SPICE_SURFACE_FMT_8_A ? (argb >> 24) * 0x10101u : argb & 0xffffff;
}

GBytes *
demo_oracle_pixmap (DemoOracle *self, guint32 id)
{
  Surface *surface = find (self, id);
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
