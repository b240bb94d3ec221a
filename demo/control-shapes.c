/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-shapes.h"

#include <gio/gio.h>
#include <spice/enums.h>
#include <string.h>

/* Longer lists than any test needs. */
#define MAX_NUMBERS 4096

/* Numbers with commas between them, appended to out (gint32). */
static bool
parse_numbers (const char *text, GArray *out, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", MAX_NUMBERS);

  for (guint i = 0; words[i]; i++) {
    gint64 number;
    gint32 value;

    if (!g_ascii_string_to_signed (words[i], 10, G_MININT32, G_MAXINT32, &number, error))
      return false;
    value = number;
    g_array_append_val (out, value);
  }
  return true;
}

/* The list of exactly n numbers, or of any number of them if n is 0; *out NULL if the key is absent. */
static bool
get_numbers (DemoArgs *args, const char *key, guint n, GArray **out, GError **error)
{
  const char *text = demo_args_text (args, key);

  *out = NULL;
  if (!text)
    return true;
  *out = g_array_new (FALSE, FALSE, sizeof (gint32));
  if (!parse_numbers (text, *out, error))
    return false;
  if (n == 0 || (*out)->len == n)
    return true;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %u numbers, not %u", key, (*out)->len, n);
  return false;
}

static bool
parse_segment (const char *text, ModelSegment *segment, GError **error)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint32));
  const char *colon = strchr (text, ':');
  guint64 flags;

  if (!colon || !parse_numbers (colon + 1, numbers, error) || numbers->len % 2 != 0) {
    g_clear_error (error);
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "path: “%s” is not FLAGS:X,Y,X,Y…", text);
    return false;
  }
  flags = g_ascii_strtoull (text, NULL, 10);
  *segment = (ModelSegment){ .flags = flags, .n = numbers->len / 2 };
  segment->xy = (gint32 *) (gpointer) g_array_free (g_steal_pointer (&numbers), FALSE);
  return true;
}

static bool
parse_stroke (DemoArgs *args, DemoOp *op, GError **error)
{
  const char *path = demo_args_text (args, "path");
  g_auto (GStrv) words = NULL;

  if (!demo_args_need (args, "path", error) || !get_numbers (args, "style", 0, &op->style, error)
      || !demo_args_flag (args, "gap", &op->start_with_gap, error))
    return false;
  words = g_strsplit (path, ";", -1);
  op->segments = g_array_new (FALSE, FALSE, sizeof (ModelSegment));
  for (guint i = 0; words[i]; i++) {
    ModelSegment segment;

    if (!parse_segment (words[i], &segment, error))
      return false;
    g_array_append_val (op->segments, segment);
  }
  return true;
}

/* Byte i is (i·i + 31·i + seed·7) mod 256. */
static bool
parse_glyph (const char *text, guint bits, ModelGlyph *glyph, GError **error)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint32));
  const gint32 *n;
  guint8 *rows;
  gsize size;

  if (!parse_numbers (text, numbers, error))
    return false;
  n = (const gint32 *) (gpointer) numbers->data;
  if (numbers->len != 5 || n[2] < 0 || n[3] < 0 || n[2] > 256 || n[3] > 256) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "glyphs: “%s” is not X,Y,WIDTH,HEIGHT,SEED", text);
    return false;
  }
  *glyph = (ModelGlyph){ n[0], n[1], n[2], n[3], NULL };
  size = demo_glyph_size (glyph, bits);
  rows = g_malloc (size + 1);
  for (gsize i = 0; i < size; i++)
    rows[i] = i * i + 31 * i + (guint) n[4] * 7;
  glyph->rows = rows;
  return true;
}

static bool
parse_text (DemoArgs *args, DemoOp *op, GError **error)
{
  const char *glyphs = demo_args_text (args, "glyphs");
  g_auto (GStrv) words = NULL;
  int bits = 8;

  if (!demo_args_need (args, "glyphs", error) || !demo_args_int (args, "bits", 1, 8, &bits, error)
      || !demo_args_rect (args, "back", &op->back_area, NULL, error)
      || !demo_args_color (args, "back-color", &op->back_color, error))
    return false;
  op->bits = bits;
  op->glyphs = g_array_new (FALSE, FALSE, sizeof (ModelGlyph));
  words = g_strsplit (glyphs, ";", -1);
  for (guint i = 0; words[i]; i++) {
    ModelGlyph glyph;

    if (!parse_glyph (words[i], op->bits, &glyph, error))
      return false;
    g_array_append_val (op->glyphs, glyph);
  }
  return true;
}

static bool
parse_input (DemoArgs *args, const char *prefix, DemoInput *input, GError **error)
{
  g_autofree char *filter_key = g_strconcat (prefix, "filter", NULL),
                  *repeat_key = g_strconcat (prefix, "repeat", NULL);
  g_autofree char *origin_key = g_strconcat (prefix, "origin", NULL);
  g_autofree char *transform_key = g_strconcat (prefix, "transform", NULL);
  g_autoptr (GArray) transform = NULL;
  int filter = 0, repeat = 0;

  if (!demo_args_int (args, filter_key, 0, 4, &filter, error) || !demo_args_int (args, repeat_key, 0, 3, &repeat, error)
      || !demo_args_point (args, origin_key, &input->x, &input->y, error)
      || !get_numbers (args, transform_key, 6, &transform, error))
    return false;
  input->filter = filter;
  input->repeat = repeat;
  input->transformed = transform != NULL;
  if (transform)
    memcpy (input->transform, transform->data, sizeof input->transform);
  return true;
}

static bool
parse_composite (DemoArgs *args, DemoOp *op, GError **error)
{
  int combine = 3;

  if (!demo_args_int (args, "operator", 0, 255, &combine, error)
      || !demo_args_flag (args, "component", &op->component_alpha, error))
    return false;
  op->combine = combine;
  return parse_input (args, "", &op->input, error) && parse_input (args, "mask-", &op->input_mask, error);
}

static bool
parse_rop3 (DemoArgs *args, DemoOp *op, GError **error)
{
  int code = 0;

  if (!demo_args_int (args, "code", 0, 255, &code, error))
    return false;
  op->rop3 = code;
  return true;
}

bool
demo_control_shapes (DemoArgs *args, DemoOp *op, GError **error)
{
  switch (op->type) {
  case DEMO_ROP3:
    return parse_rop3 (args, op, error);
  case DEMO_STROKE:
    return parse_stroke (args, op, error);
  case DEMO_TEXT:
    return parse_text (args, op, error);
  case DEMO_COMPOSITE:
    return parse_composite (args, op, error);
  default:
    return true;
  }
}
