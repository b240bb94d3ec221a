/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recorded results of lines and of COMPOSITE's operators, for the library and for the model. */
#include "cases.h"

#include "canvas/pixel.h"
#include "canvas/surface.h"

#include <stdio.h>
#include <string.h>

static char **
read_lines (const char *name)
{
  g_autofree char *path = g_build_filename (g_getenv ("VECTORS"), name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return g_strsplit (text, "\n", -1);
}

static CwPixels *
one_pixel (guint32 word)
{
  CwPixels *pixels = cw_surface_new (CW_PIXELS_BGRA, 1, 1, NULL);

  cw_store32 (pixels->rows, word);
  return pixels;
}

static guint32
composed (guint8 op, bool masked, bool component)
{
  g_autoptr (CwPixels) source = one_pixel (0x80402010), mask = one_pixel (0xa0804020), target = one_pixel (0xc0306090);
  CwRect box = { .right = 1, .bottom = 1 };
  CwDrawTarget on = { .pixels = target, .box = box };
  CwCompositeParams params = { .op = op, .component_alpha = component };
  CwDraw draw;

  params.source = (CwCompositeImage){ .pixels = source, .transform = { { 65536, 0, 0 }, { 0, 65536, 0 } } };
  params.mask = params.source;
  params.mask.pixels = masked ? mask : NULL;
  cw_region_init (&on.region, &box, &box);
  g_assert_true (cw_draw_composite (&draw, &on, &params, NULL));
  g_assert_true (cw_draw_paint (&draw, 1000));
  cw_draw_clear (&draw);
  cw_region_clear (&on.region);
  return cw_load32 (target->rows);
}

static guint32
modelled (guint8 op, bool masked, bool component)
{
  guint32 s = 0x80402010, m = 0xa0804020, d = 0xc0306090;
  ModelImage source = { MODEL_ARGB, false, 1, 1, &s }, mask = { MODEL_ARGB, false, 1, 1, &m };
  ModelImage target = { MODEL_ARGB, true, 1, 1, &d };
  ModelOp draw
      = { .type = MODEL_COMPOSITE, .box = { 0, 0, 1, 1 }, .n_clip = -1, .op = op, .component_alpha = component };

  draw.input = (ModelInput){ .image = &source, .transform = { 65536, 0, 0, 0, 65536, 0 } };
  draw.input_mask = draw.input;
  draw.input_mask.image = masked ? &mask : NULL;
  model_draw (&target, &draw);
  return d;
}

static void
test_composite (void)
{
  g_auto (GStrv) lines = read_lines ("composite.txt");
  int n = 0;

  for (guint i = 0; lines[i]; i++) {
    guint op, expected[3];

    if (sscanf (lines[i], "%x %x %x %x", &op, &expected[0], &expected[1], &expected[2]) != 4)
      continue;
    n++;
    for (int k = 0; k < 3; k++) {
      g_test_message ("operator %x, %d", op, k);
      g_assert_cmphex (modelled (op, k > 0, k > 1), ==, expected[k]);
      g_assert_cmphex (composed (op, k > 0, k > 1), ==, expected[k]);
    }
  }
  g_assert_cmpint (n, ==, 53);
}

#define SIDE 24

/* Words of the form x,y as 28.4 numbers. */
static guint
parse_points (char **words, guint n, gint32 *xy)
{
  for (guint i = 0; i < n; i++) {
    g_assert_cmpint (sscanf (words[i], "%d,%d", &xy[2 * i], &xy[2 * i + 1]), ==, 2);
    xy[2 * i] *= 16;
    xy[2 * i + 1] *= 16;
  }
  return n;
}

static guint
parse_style (const char *word, gint32 *style)
{
  g_auto (GStrv) numbers = g_strsplit (word, ",", -1);

  for (guint i = 0; numbers[i]; i++)
    style[i] = g_ascii_strtoll (numbers[i], NULL, 10) * 16;
  return g_strv_length (numbers);
}

static void
stroke (const ModelOp *op, CwPixels *target)
{
  const CwPathSegment segment = { op->segments->flags, op->segments->n, op->segments->xy };
  CwStrokeParams params
      = { .path = path_of_segments (&segment, 1), .rop = CW_ROP_S, .brush = { .kind = CW_BRUSH_SOLID, .color = 1 } };
  CwRect box = { .right = SIDE, .bottom = SIDE };
  CwDrawTarget on = { .pixels = target, .box = box };
  CwDraw draw;

  if (op->style)
    cw_dash_style_init (&params.style, op->style, op->n_style, op->start_with_gap);
  cw_region_init (&on.region, &box, &box);
  g_assert_true (cw_draw_stroke (&draw, &on, &params, NULL));
  while (!cw_draw_paint (&draw, 10))
    ;
  cw_draw_clear (&draw);
  cw_region_clear (&on.region);
}

static void
check_line (char **words, guint n, guint colon)
{
  g_autoptr (CwPixels) target = cw_surface_new (CW_PIXELS_BGRX, SIDE, SIDE, NULL);
  g_autofree guint32 *px = g_new0 (guint32, SIDE * SIDE), *expected = g_new0 (guint32, SIDE * SIDE);
  ModelImage model = { MODEL_RGB, true, SIDE, SIDE, px };
  gint32 xy[64], style[8], pixels[128];
  bool styled = g_str_equal (words[0], "dashed") || g_str_equal (words[0], "gapped");
  guint first = styled ? 2 : 1;
  ModelSegment segment = { .flags = 3, .n = parse_points (words + first, colon - first, xy), .xy = xy };
  ModelOp op = { .type = MODEL_STROKE,
                 .box = { 0, 0, SIDE, SIDE },
                 .n_clip = -1,
                 .rop = 8,
                 .brush = { .kind = MODEL_BRUSH_SOLID, .color = 1 },
                 .n_segments = 1,
                 .segments = &segment,
                 .start_with_gap = g_str_equal (words[0], "gapped") };

  segment.flags |= g_str_equal (words[0], "closed") ? 8 : g_str_equal (words[0], "curve") ? 0x10 : 0;
  if (styled) {
    op.style = style;
    op.n_style = parse_style (words[1], style);
  }
  parse_points (words + colon + 1, n - colon - 1, pixels);
  for (guint i = 0; i < n - colon - 1; i++)
    expected[pixels[2 * i + 1] / 16 * SIDE + pixels[2 * i] / 16] = 1;
  model_draw (&model, &op);
  g_assert_cmpmem (px, sizeof *px * SIDE * SIDE, expected, sizeof *px * SIDE * SIDE);
  stroke (&op, target);
  g_assert_cmpmem (target->rows, sizeof *px * SIDE * SIDE, expected, sizeof *px * SIDE * SIDE);
}

static void
test_lines (void)
{
  g_auto (GStrv) lines = read_lines ("lines.txt");
  int n_lines = 0;

  for (guint i = 0; lines[i]; i++) {
    g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);
    guint n = g_strv_length (words), colon = 0;

    while (colon < n && !g_str_equal (words[colon], ":"))
      colon++;
    if (colon == n || lines[i][0] == '#')
      continue;
    g_test_message ("%s", lines[i]);
    check_line (words, n, colon);
    n_lines++;
  }
  g_assert_cmpint (n_lines, ==, 13);
}

/* White over 000080, a glyph of 3 × 2 pixels of four bits. */
static void
test_text (void)
{
  static const uint8_t rows[] = { 0x0f, 0x80, 0x48, 0xc0 };
  static const uint32_t expected[] = { 0x4040a0, 0x8080c0, 0xc0c0e0, 0x000080, 0xf0f0f8, 0x8080c0 };
  g_autoptr (CwPixels) target = cw_surface_new (CW_PIXELS_BGRX, 3, 2, NULL);
  CwRect box = { .right = 3, .bottom = 2 };
  CwDrawTarget on = { .pixels = target, .box = box };
  CwTextParams params = { .n_glyphs = 1, .bits = 4, .fore = { .kind = CW_BRUSH_SOLID, .color = 0xffffff } };
  CwDraw draw;

  params.glyphs = g_new (CwGlyph, 1);
  params.glyphs[0] = (CwGlyph){ 0, 0, 3, 2, rows };
  for (int i = 0; i < 6; i++)
    cw_store32 (target->rows + 4 * i, 0x000080);
  cw_region_init (&on.region, &box, &box);
  g_assert_true (cw_draw_text (&draw, &on, &params, NULL));
  while (!cw_draw_paint (&draw, 10))
    ;
  for (int i = 0; i < 6; i++)
    g_assert_cmphex (cw_load32 (target->rows + 4 * i) & 0xffffff, ==, expected[i]);
  cw_draw_clear (&draw);
  cw_region_clear (&on.region);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/vectors/composite", test_composite);
  g_test_add_func ("/canvas/vectors/lines", test_lines);
  g_test_add_func ("/canvas/vectors/text", test_text);
  return g_test_run ();
}
