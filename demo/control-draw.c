/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-draw.h"

#include "control-shapes.h"

#include <gio/gio.h>
#include <spice/enums.h>
#include <stdlib.h>
#include <string.h>

#define FAR 1000000

static const DemoName operations[] = {
  { "fill", DEMO_FILL },
  { "copy", DEMO_COPY },
  { "opaque", DEMO_OPAQUE },
  { "blend", DEMO_BLEND },
  { "blackness", DEMO_BLACKNESS },
  { "whiteness", DEMO_WHITENESS },
  { "invers", DEMO_INVERS },
  { "copy-bits", DEMO_COPY_BITS },
  { "alpha-blend", DEMO_ALPHA_BLEND },
  { "transparent", DEMO_TRANSPARENT },
  { "rop3", DEMO_ROP3 },
  { "stroke", DEMO_STROKE },
  { "text", DEMO_TEXT },
  { "composite", DEMO_COMPOSITE },
};

static const DemoName rops[] = {
  { "put", SPICE_ROPD_OP_PUT },
  { "or", SPICE_ROPD_OP_OR },
  { "and", SPICE_ROPD_OP_AND },
  { "xor", SPICE_ROPD_OP_XOR },
  { "blackness", SPICE_ROPD_OP_BLACKNESS },
  { "whiteness", SPICE_ROPD_OP_WHITENESS },
  { "invers", SPICE_ROPD_OP_INVERS },
  { "invers-src", SPICE_ROPD_INVERS_SRC },
  { "invers-brush", SPICE_ROPD_INVERS_BRUSH },
  { "invers-dest", SPICE_ROPD_INVERS_DEST },
  { "invers-res", SPICE_ROPD_INVERS_RES },
  { "none", 0 },
};

static const DemoName scale_modes[] = {
  { "interpolate", SPICE_IMAGE_SCALE_MODE_INTERPOLATE },
  { "nearest", SPICE_IMAGE_SCALE_MODE_NEAREST },
  { NULL },
};

static const DemoName surface_formats[] = {
  { "32-xrgb", SPICE_SURFACE_FMT_32_xRGB }, { "32-argb", SPICE_SURFACE_FMT_32_ARGB },
  { "16-555", SPICE_SURFACE_FMT_16_555 },   { "16-565", SPICE_SURFACE_FMT_16_565 },
  { "8-a", SPICE_SURFACE_FMT_8_A },         { NULL },
};

static const DemoName cursor_types[] = {
  { "alpha", SPICE_CURSOR_TYPE_ALPHA },     { "mono", SPICE_CURSOR_TYPE_MONO },
  { "color4", SPICE_CURSOR_TYPE_COLOR4 },   { "color8", SPICE_CURSOR_TYPE_COLOR8 },
  { "color16", SPICE_CURSOR_TYPE_COLOR16 }, { "color24", SPICE_CURSOR_TYPE_COLOR24 },
  { "color32", SPICE_CURSOR_TYPE_COLOR32 }, { NULL },
};

static bool G_GNUC_PRINTF (2, 3) invalid (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, args));
  va_end (args);
  return false;
}

bool
demo_control_surface_format (DemoArgs *args, int *format, GError **error)
{
  return demo_args_name (args, "format", surface_formats, format, error);
}

bool
demo_control_picture (GHashTable *pictures, DemoArgs *args, GError **error)
{
  DemoPictureSpec spec = { .kind = "noise", .width = 16, .height = 16, .format = SPICE_BITMAP_FMT_32BIT };
  const char *kind = demo_args_text (args, "kind"), *format = demo_args_text (args, "format");
  int seed = 1, padding = 0, palette = 0;
  DemoPicture *picture;

  if (!args->noun)
    return invalid (error, "picture: a name is missing");
  if (!demo_args_size (args, "size", &spec.width, &spec.height, error)
      || !demo_args_int (args, "seed", 0, G_MAXINT, &seed, error)
      || !demo_args_int (args, "padding", 0, 4096, &padding, error)
      || !demo_args_int (args, "palette", 0, 256, &palette, error)
      || !demo_args_flag (args, "bottom-up", &spec.bottom_up, error)
      || !demo_args_flag (args, "cache", &spec.cache, error)
      || !demo_args_flag (args, "high-bits", &spec.high_bits, error) || !demo_args_finish (args, error))
    return false;
  if (kind)
    spec.kind = kind;
  if (format)
    spec.format = demo_bitmap_format_from_name (format);
  spec.seed = seed;
  spec.padding = padding;
  spec.n_palette = palette;
  picture = demo_picture_new (&spec, error);
  if (!picture)
    return false;
  g_hash_table_insert (pictures, g_strdup (args->noun), picture);
  return true;
}

/* A picture's name, or surface:ID. */
static bool
find_picture (DemoDevice *device, GHashTable *pictures, DemoArgs *args, const char *key, DemoPicture **out,
              GError **error)
{
  const char *name = demo_args_text (args, key);
  DemoPicture *picture;
  int width, height;
  guint32 id;

  if (!name)
    return true;
  if (g_str_has_prefix (name, "surface:")) {
    id = strtoul (name + strlen ("surface:"), NULL, 10);
    if (!demo_oracle_has_surface (demo_device_oracle (device), id, &width, &height, NULL))
      return invalid (error, "%s: no %s", args->verb, name);
    *out = demo_picture_from_surface (id, width, height);
    return true;
  }
  picture = g_hash_table_lookup (pictures, name);
  if (!picture)
    return invalid (error, "%s: no picture “%s”", args->verb, name);
  *out = demo_picture_ref (picture);
  return true;
}

/* put, or+invers-dest, …, or a number. */
static bool
parse_rop (DemoArgs *args, guint16 *out, GError **error)
{
  const char *text = demo_args_text (args, "rop");
  g_auto (GStrv) words = NULL;
  guint16 rop = 0;

  *out = SPICE_ROPD_OP_PUT;
  if (!text)
    return true;
  words = g_strsplit (text, "+", -1);
  for (guint i = 0; words[i]; i++) {
    guint n = 0;

    while (n < G_N_ELEMENTS (rops) && !g_str_equal (rops[n].name, words[i]))
      n++;
    if (n == G_N_ELEMENTS (rops))
      return invalid (error, "%s: rop=%s: unknown word “%s”", args->verb, text, words[i]);
    rop |= rops[n].value;
  }
  *out = rop;
  return true;
}

/* left,top,right,bottom;… or "none" for a clip that leaves nothing. */
static bool
parse_clip (DemoArgs *args, DemoOp *op, GError **error)
{
  const char *text = demo_args_text (args, "clip");
  g_auto (GStrv) words = NULL;

  if (!text)
    return true;
  op->clipped = true;
  if (g_str_equal (text, "none"))
    return true;
  words = g_strsplit (text, ";", -1);
  op->n_clip = g_strv_length (words);
  op->clip = g_new0 (DemoRect, op->n_clip);
  for (guint i = 0; i < op->n_clip; i++) {
    if (!demo_args_parse_rect (words[i], &op->clip[i]))
      return invalid (error, "%s: clip “%s” is not LEFT,TOP,RIGHT,BOTTOM", args->verb, words[i]);
  }
  return true;
}

static bool
is_mask (const DemoPicture *picture)
{
  return picture->surface < 0
         && (picture->format == SPICE_BITMAP_FMT_1BIT_BE || picture->format == SPICE_BITMAP_FMT_1BIT_LE);
}

static bool
parse_pictures (DemoDevice *device, GHashTable *pictures, DemoArgs *args, DemoOp *op, GError **error)
{
  if (!find_picture (device, pictures, args, "src", &op->src, error)
      || !find_picture (device, pictures, args, "pattern", &op->pattern, error)
      || !find_picture (device, pictures, args, "mask", &op->mask, error)
      || !demo_args_point (args, "pattern-at", &op->pattern_x, &op->pattern_y, error)
      || !demo_args_point (args, "mask-at", &op->mask_x, &op->mask_y, error)
      || !demo_args_flag (args, "mask-invers", &op->mask_invers, error))
    return false;
  if (op->mask && op->type != DEMO_COMPOSITE && !is_mask (op->mask))
    return invalid (error, "%s: a mask is a picture of one bit a pixel", args->verb);
  return true;
}

static bool
parse_numbers (DemoArgs *args, DemoOp *op, GError **error)
{
  int surface = 0, alpha = 255, flags = 0, scale = SPICE_IMAGE_SCALE_MODE_NEAREST;

  if (!demo_args_int (args, "surface", 0, 1023, &surface, error)
      || !demo_args_int (args, "alpha", 0, 255, &alpha, error) || !demo_args_int (args, "flags", 0, 3, &flags, error)
      || !demo_args_name (args, "scale", scale_modes, &scale, error) || !parse_rop (args, &op->rop, error)
      || !demo_args_color (args, "color", &op->color, error)
      || !demo_args_point (args, "from", &op->from_x, &op->from_y, error))
    return false;
  op->surface = surface;
  op->alpha = alpha;
  op->alpha_flags = flags;
  op->scale_mode = scale;
  return true;
}

static bool
check_rect (DemoArgs *args, const char *key, const DemoRect *rect, GError **error)
{
  if (rect->left > -FAR && rect->top > -FAR && rect->right < FAR && rect->bottom < FAR && rect->left < rect->right
      && rect->top < rect->bottom)
    return true;
  return invalid (error, "%s: %s is empty or beyond ±%d", args->verb, key, FAR);
}

static int
bits_of (DemoDevice *device, guint32 surface)
{
  guint32 format = 0;

  demo_oracle_has_surface (demo_device_oracle (device), surface, NULL, NULL, &format);
  return format & 0x3f;
}

/* What the server itself would not survive. */
static bool
check_op (DemoDevice *device, DemoArgs *args, const DemoOp *op, GError **error)
{
  const DemoPicture *read[] = { op->src, op->pattern };
  bool needs_src = op->type == DEMO_COPY || op->type == DEMO_OPAQUE || op->type == DEMO_BLEND
                   || op->type == DEMO_ALPHA_BLEND || op->type == DEMO_TRANSPARENT || op->type == DEMO_ROP3
                   || op->type == DEMO_COMPOSITE;
  int width = 0, height = 0;

  if (needs_src && !op->src)
    return invalid (error, "%s: src= is missing", args->verb);
  if (!check_rect (args, "box", &op->box, error) || (needs_src && !check_rect (args, "area", &op->area, error)))
    return false;
  demo_oracle_has_surface (demo_device_oracle (device), op->surface, &width, &height, NULL);
  if (op->box.left < 0 || op->box.top < 0 || op->box.right > width || op->box.bottom > height)
    return invalid (error, "%s: box leaves surface %u of %dx%d", args->verb, op->surface, width, height);
  for (guint i = 0; i < G_N_ELEMENTS (read); i++) {
    if (read[i] && read[i]->surface >= 0 && op->type != DEMO_ALPHA_BLEND && op->type != DEMO_COMPOSITE
        && bits_of (device, read[i]->surface) != bits_of (device, op->surface))
      return invalid (error, "%s: surfaces of different depth", args->verb);
  }
  return true;
}

bool
demo_control_is_operation (const char *verb)
{
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++) {
    if (g_str_equal (operations[i].name, verb))
      return true;
  }
  return false;
}

bool
demo_control_draw (DemoDevice *device, GHashTable *pictures, DemoArgs *args, GError **error)
{
  g_auto (DemoOp) op = { 0 };
  bool has_area;

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++) {
    if (g_str_equal (operations[i].name, args->verb))
      op.type = operations[i].value;
  }
  if (!demo_args_need (args, "box", error) || !demo_args_rect (args, "box", &op.box, NULL, error)
      || !demo_args_rect (args, "area", &op.area, &has_area, error) || !parse_numbers (args, &op, error)
      || !parse_pictures (device, pictures, args, &op, error) || !parse_clip (args, &op, error)
      || !demo_control_shapes (args, &op, error) || !demo_args_finish (args, error))
    return false;
  if (!has_area && op.src)
    op.area = (DemoRect){ 0, 0, op.src->width, op.src->height };
  return check_op (device, args, &op, error) && demo_device_draw (device, &op, error);
}

/* Bytes of a cursor of the type: colours, the palette where there is one, and a mask of one bit a pixel. */
static gsize
cursor_size (int type, gsize width, gsize height)
{
  gsize area = width * height, mask = (width + 7) / 8 * height;

  switch (type) {
  case SPICE_CURSOR_TYPE_ALPHA:
    return area * 4;
  case SPICE_CURSOR_TYPE_MONO:
    return mask * 2;
  case SPICE_CURSOR_TYPE_COLOR4:
    return (width + 1) / 2 * height + 16 * 4 + mask;
  case SPICE_CURSOR_TYPE_COLOR8:
    return area + 256 * 4 + mask;
  case SPICE_CURSOR_TYPE_COLOR16:
    return area * 2 + mask;
  case SPICE_CURSOR_TYPE_COLOR24:
    return area * 3 + mask;
  default:
    return area * 4 + mask;
  }
}

/* Byte i is (i·i + 31·i + seed·7) mod 256, so that a test can compute the shape itself; where a word's top byte must be
 * zero (COLOR32 and palettes) it is, and ALPHA keeps its channels at or below its alpha. */
static guint8 *
cursor_bytes (int type, gsize width, gsize height, int seed, gsize size)
{
  guint8 *data = g_malloc (size);
  gsize area = width * height, words_from = 0, words_to = 0;

  if (type == SPICE_CURSOR_TYPE_COLOR4)
    words_from = (width + 1) / 2 * height, words_to = words_from + 16 * 4;
  else if (type == SPICE_CURSOR_TYPE_COLOR8)
    words_from = area, words_to = words_from + 256 * 4;
  else if (type == SPICE_CURSOR_TYPE_COLOR32)
    words_to = area * 4;
  for (gsize i = 0; i < size; i++)
    data[i] = i * i + 31 * i + seed * 7;
  for (gsize i = words_from; i + 3 < words_to; i += 4)
    data[i + 3] = 0;
  if (type == SPICE_CURSOR_TYPE_ALPHA) {
    for (gsize i = 0; i < area; i++) {
      for (guint c = 0; c < 3; c++)
        data[4 * i + c] = MIN (data[4 * i + c], data[4 * i + 3]);
    }
  }
  return data;
}

bool
demo_control_cursor (DemoDevice *device, DemoArgs *args, GError **error)
{
  static guint64 unique = 100;
  int type = SPICE_CURSOR_TYPE_ALPHA, width = 32, height = 32, hot_x = 0, hot_y = 0, x = 0, y = 0, seed = 1;
  DemoCursorShape shape = { 0 };
  bool visible = true;
  g_autofree guint8 *data = NULL;

  if (!demo_args_name (args, "type", cursor_types, &type, error)
      || !demo_args_size (args, "size", &width, &height, error) || !demo_args_point (args, "hot", &hot_x, &hot_y, error)
      || !demo_args_point (args, "at", &x, &y, error) || !demo_args_int (args, "seed", 0, 255, &seed, error)
      || !demo_args_flag (args, "cached", &shape.cached, error) || !demo_args_flag (args, "visible", &visible, error)
      || !demo_args_finish (args, error))
    return false;
  if (width < 1 || height < 1 || width > 256 || height > 256)
    return invalid (error, "cursor: size %dx%d is not 1…256", width, height);
  shape.type = type;
  shape.width = width;
  shape.height = height;
  shape.hot_x = hot_x;
  shape.hot_y = hot_y;
  shape.unique = unique++;
  shape.size = cursor_size (type, width, height);
  data = cursor_bytes (type, width, height, seed, shape.size);
  shape.data = data;
  demo_device_push_cursor (device, demo_command_cursor_set (&shape, x, y, visible));
  return true;
}
