/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture.h"

#include <spice/enums.h>
#include <string.h>

#include <gio/gio.h>

static const struct {
  const char *name;
  guint8 format, bits;
} formats[] = {
  { "1bit-le", SPICE_BITMAP_FMT_1BIT_LE, 1 }, { "1bit-be", SPICE_BITMAP_FMT_1BIT_BE, 1 },
  { "4bit-le", SPICE_BITMAP_FMT_4BIT_LE, 4 }, { "4bit-be", SPICE_BITMAP_FMT_4BIT_BE, 4 },
  { "8bit", SPICE_BITMAP_FMT_8BIT, 8 },       { "16bit", SPICE_BITMAP_FMT_16BIT, 16 },
  { "24bit", SPICE_BITMAP_FMT_24BIT, 24 },    { "32bit", SPICE_BITMAP_FMT_32BIT, 32 },
  { "rgba", SPICE_BITMAP_FMT_RGBA, 32 },      { "8bit-a", SPICE_BITMAP_FMT_8BIT_A, 8 },
};

guint
demo_bitmap_format_bits (guint8 format)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (formats[i].format == format)
      return formats[i].bits;
  }
  return 0;
}

guint8
demo_bitmap_format_from_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (g_str_equal (formats[i].name, name))
      return formats[i].format;
  }
  return 0;
}

/* A repeatable hash of a position: the source of everything random here. */
static guint32
mix (guint32 seed, guint32 x, guint32 y)
{
  guint32 h = seed * 0x9e3779b1u + x * 0x85ebca6bu + y * 0xc2b2ae35u;

  h ^= h >> 15;
  h *= 0x2c1b3c6du;
  h ^= h >> 12;
  h *= 0x297a2d39u;
  return h ^ h >> 15;
}

static guint32
rgb (guint r, guint g, guint b)
{
  return 0xff000000u | (r & 0xff) << 16 | (g & 0xff) << 8 | (b & 0xff);
}

static guint32
paint_gradient (gconstpointer data, int x, int y)
{
  const DemoPictureSpec *spec = data;
  guint r = x * 255 / MAX (1, spec->width - 1), g = y * 255 / MAX (1, spec->height - 1);

  return rgb (r, g, 255 - (r + g) / 2 + spec->seed % 64);
}

static guint32
paint_noise (gconstpointer data, int x, int y)
{
  const DemoPictureSpec *spec = data;

  return 0xff000000u | mix (spec->seed, x, y) >> 8;
}

/* Smooth hills with a little grain: what photographs look like to a compressor. */
static guint
hills (guint32 seed, int x, int y)
{
  guint sum = 0, weight = 0;

  for (int shift = 6; shift >= 1; shift -= 2) {
    int cell = 1 << shift, fx = x & (cell - 1), fy = y & (cell - 1), cx = x >> shift, cy = y >> shift;
    guint v00 = mix (seed + shift, cx, cy) & 0xff, v10 = mix (seed + shift, cx + 1, cy) & 0xff;
    guint v01 = mix (seed + shift, cx, cy + 1) & 0xff, v11 = mix (seed + shift, cx + 1, cy + 1) & 0xff;
    guint top = v00 * (cell - fx) + v10 * fx, bottom = v01 * (cell - fx) + v11 * fx;

    sum += (top * (cell - fy) + bottom * fy) / (cell * cell) * cell;
    weight += cell;
  }
  return sum / weight;
}

static guint32
paint_photo (gconstpointer data, int x, int y)
{
  const DemoPictureSpec *spec = data;
  guint height = hills (spec->seed, x, y), light = hills (spec->seed + 77, x + 31, y + 17);

  if (height < 96)
    return rgb (20 + height / 4, 60 + light / 4, 120 + height / 2 + light / 4);
  if (height < 160)
    return rgb (40 + light / 3, 90 + height / 2, 40 + light / 5);
  return rgb (90 + height / 2, 80 + height / 2 + light / 16, 70 + height / 2);
}

/* Flat areas, borders and rows of dark "letters": what desktops look like to a compressor. */
static guint32
paint_screen (gconstpointer data, int x, int y)
{
  const DemoPictureSpec *spec = data;
  int row = y / 14, line = y % 14;

  if (x < 2 || y < 2 || x >= spec->width - 2 || y >= spec->height - 2)
    return rgb (60, 60, 70);
  if (row == 0)
    return rgb (50, 90, 160 - x * 60 / spec->width);
  if (line >= 3 && line < 11 && x % 8 < 6 && x > 8 && x < spec->width - 8 - (int) (mix (spec->seed, row, 1) % 90)) {
    guint32 glyph = mix (spec->seed, x / 8, row);

    if (glyph % 6 != 0 && (mix (glyph % 40, x % 8, line) & 3) == 0)
      return rgb (20, 20, 30);
  }
  return row % 2 ? rgb (250, 250, 246) : rgb (240, 242, 248);
}

static guint32
paint_checker (gconstpointer data, int x, int y)
{
  const DemoPictureSpec *spec = data;
  guint cell = 4 + spec->seed % 5;

  return (x / cell + y / cell) % 2 ? rgb (230, 230, 230) : rgb (40 + spec->seed * 29, 60, 90 + spec->seed * 17);
}

static guint32
paint_bars (gconstpointer data, int x, int y)
{
  static const guint32 colors[]
      = { 0xffffffff, 0xffffff00, 0xff00ffff, 0xff00ff00, 0xffff00ff, 0xffff0000, 0xff0000ff, 0xff000000 };
  const DemoPictureSpec *spec = data;

  return colors[(x * 8 / spec->width + spec->seed) % 8];
}

/* A disc that fades out towards its rim: every value of alpha occurs. */
static guint32
paint_disc (gconstpointer data, int x, int y)
{
  const DemoPictureSpec *spec = data;
  gint64 w = spec->width, h = spec->height, dx = 2 * x + 1 - w, dy = 2 * y + 1 - h;
  gint64 far = (dx * dx * h * h + dy * dy * w * w) * 255 / MAX (1, w * w * h * h);
  guint32 color = mix (spec->seed, 3, 5);

  if (far >= 255)
    return color & 0xffffff;
  return (guint32) (255 - far) << 24 | (color & 0xffffff);
}

static guint32
paint_alpha_noise (gconstpointer data, int x, int y)
{
  const DemoPictureSpec *spec = data;

  return mix (spec->seed, x, y);
}

static const struct {
  const char *name;
  DemoPaint paint;
} kinds[] = {
  { "gradient", paint_gradient }, { "noise", paint_noise },
  { "photo", paint_photo },       { "screen", paint_screen },
  { "checker", paint_checker },   { "bars", paint_bars },
  { "disc", paint_disc },         { "alpha-noise", paint_alpha_noise },
};

static guint
luma (guint32 argb)
{
  return ((argb >> 16 & 0xff) * 77 + (argb >> 8 & 0xff) * 150 + (argb & 0xff) * 29) >> 8;
}

/* Channel times alpha / 255, rounded: colour is premultiplied in RGBA bitmaps. */
static guint32
premultiply (guint32 argb)
{
  guint32 a = argb >> 24, out = a << 24;

  for (int shift = 0; shift < 24; shift += 8)
    out |= ((argb >> shift & 0xff) * a + 127) / 255 << shift;
  return out;
}

static void
store (DemoPicture *self, guint8 *row, int x, guint32 argb)
{
  switch (self->format) {
  case SPICE_BITMAP_FMT_1BIT_LE:
    row[x / 8] |= (luma (argb) >= 128) << x % 8;
    break;
  case SPICE_BITMAP_FMT_1BIT_BE:
    row[x / 8] |= (luma (argb) >= 128) << (7 - x % 8);
    break;
  case SPICE_BITMAP_FMT_4BIT_LE:
    row[x / 2] |= luma (argb) * self->n_palette / 256 << (x % 2 ? 4 : 0);
    break;
  case SPICE_BITMAP_FMT_4BIT_BE:
    row[x / 2] |= luma (argb) * self->n_palette / 256 << (x % 2 ? 0 : 4);
    break;
  case SPICE_BITMAP_FMT_8BIT:
    row[x] = luma (argb) * self->n_palette / 256;
    break;
  case SPICE_BITMAP_FMT_16BIT: {
    guint word = (argb >> 19 & 31) << 10 | (argb >> 11 & 31) << 5 | (argb >> 3 & 31);

    row[2 * x] = word;
    row[2 * x + 1] = word >> 8;
    break;
  }
  case SPICE_BITMAP_FMT_24BIT:
    row[3 * x] = argb;
    row[3 * x + 1] = argb >> 8;
    row[3 * x + 2] = argb >> 16;
    break;
  case SPICE_BITMAP_FMT_8BIT_A:
    row[x] = argb >> 24;
    break;
  default: {
    guint32 word = self->format == SPICE_BITMAP_FMT_RGBA ? premultiply (argb) : argb & 0xffffff;

    word = GUINT32_TO_LE (word);
    memcpy (row + 4 * x, &word, 4);
  }
  }
}

static void
make_palette (DemoPicture *self, const DemoPictureSpec *spec, guint bits)
{
  bool indexed = spec->format <= SPICE_BITMAP_FMT_8BIT;
  guint most = 1u << MIN (bits, 8);

  if (!indexed)
    return;
  self->n_palette = spec->n_palette != 0 ? CLAMP (spec->n_palette, 2, most) : most;
  self->palette = g_new (guint32, self->n_palette);
  for (guint i = 0; i < self->n_palette; i++)
    self->palette[i] = mix (spec->seed, i, 9) & 0xffffff;
}

static DemoPicture *
picture_alloc (int width, int height)
{
  static guint next_id = 1;
  DemoPicture *self = g_new0 (DemoPicture, 1);

  g_atomic_ref_count_init (&self->refs);
  self->id = (guint) g_atomic_int_add ((gint *) &next_id, 1);
  self->width = width;
  self->height = height;
  self->surface = -1;
  return self;
}

DemoPicture *
demo_picture_paint (const DemoPictureSpec *spec, DemoPaint paint, gconstpointer data)
{
  DemoPicture *self = picture_alloc (spec->width, spec->height);
  guint bits = demo_bitmap_format_bits (spec->format);

  self->format = spec->format;
  self->top_down = !spec->bottom_up;
  self->cache = spec->cache;
  self->high_bits = spec->high_bits;
  self->stride = ((gsize) spec->width * bits + 7) / 8 + spec->padding;
  if (spec->format == SPICE_BITMAP_FMT_16BIT)
    self->stride += self->stride % 2;
  if (bits == 32)
    self->stride = (self->stride + 3) & ~(gsize) 3;
  self->data = g_malloc0 (self->stride * spec->height);
  make_palette (self, spec, bits);
  for (int y = 0; y < spec->height; y++) {
    guint8 *row = self->data + self->stride * (self->top_down ? y : spec->height - 1 - y);

    for (int x = 0; x < spec->width; x++)
      store (self, row, x, paint (data, x, y));
  }
  return self;
}

DemoPicture *
demo_picture_new (const DemoPictureSpec *spec, GError **error)
{
  if (spec->width < 1 || spec->height < 1 || spec->width > 8192 || spec->height > 8192 || spec->padding > 4096) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "picture size %dx%d (padding %u) is not 1…8192",
                 spec->width, spec->height, spec->padding);
    return NULL;
  }
  if (demo_bitmap_format_bits (spec->format) == 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "unknown bitmap format %u", spec->format);
    return NULL;
  }
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (g_str_equal (kinds[i].name, spec->kind))
      return demo_picture_paint (spec, kinds[i].paint, spec);
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "unknown kind of picture “%s”", spec->kind);
  return NULL;
}

DemoPicture *
demo_picture_from_surface (guint32 surface, int width, int height)
{
  DemoPicture *self = picture_alloc (width, height);

  self->surface = surface;
  return self;
}

DemoPicture *
demo_picture_ref (DemoPicture *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
demo_picture_unref (DemoPicture *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->data);
  g_free (self->palette);
  g_free (self);
}
