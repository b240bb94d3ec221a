/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text, lines and composition, on random input, against the model. */
#include "cases.h"

#define MAX_GLYPHS 5

static const unsigned glyph_bits[] = { 1, 4, 8 };

static void
random_glyph (GRand *rand, unsigned bits, ModelGlyph *model, CwGlyph *glyph)
{
  int width = between (rand, 0, 12), height = between (rand, 0, 12);
  size_t size = (width * bits + 7) / 8 * height;
  guint8 *rows = g_malloc (size + 1);

  for (size_t i = 0; i < size; i++)
    rows[i] = g_rand_int (rand) >> 3;
  *model = (ModelGlyph){ between (rand, -10, 40), between (rand, -10, 30), width, height, rows };
  *glyph = (CwGlyph){ model->left, model->top, width, height, rows };
}

static void
test_text (void)
{
  for (guint32 seed = 1; seed <= 3000; seed++) {
    ModelGlyph glyphs[MAX_GLYPHS];
    CwTextParams params = { 0 };
    ModelOp *op;
    Case c;

    case_init (&c, seed, MODEL_TEXT);
    op = &c.op;
    op->bits = params.bits = glyph_bits[between (c.rand, 0, 2)];
    op->top_down = params.top_down = g_rand_boolean (c.rand);
    op->n_glyphs = params.n_glyphs = between (c.rand, 0, MAX_GLYPHS);
    op->glyphs = glyphs;
    params.glyphs = g_new (CwGlyph, MAX_GLYPHS);
    for (guint i = 0; i < op->n_glyphs; i++)
      random_glyph (c.rand, op->bits, &glyphs[i], &params.glyphs[i]);
    if (g_rand_boolean (c.rand))
      op->back_area = c.clips[0];
    params.back_area = (CwRect){ op->back_area.left, op->back_area.top, op->back_area.right, op->back_area.bottom };
    params.fore = case_brush (&c, &op->brush);
    params.back = case_brush (&c, &op->back);
    g_assert_true (cw_draw_text (&c.draw, &c.on, &params, NULL));
    case_compare (&c, 0);
    for (guint i = 0; i < op->n_glyphs; i++)
      g_free ((gpointer) glyphs[i].rows);
    case_clear (&c);
  }
}

#define MAX_SEGMENTS 4
#define MAX_POINTS 13

static gint32
random_fixed (GRand *rand)
{
  return between (rand, 0, 3) == 0 ? between (rand, -40 * 16, 70 * 16) : between (rand, -10, 45) * 16;
}

static void
random_segment (GRand *rand, bool first, gint32 *xy, ModelSegment *segment)
{
  bool begins = first || between (rand, 0, 2) == 0, curve = between (rand, 0, 3) == 0;

  *segment = (ModelSegment){ .flags = (begins ? 1 : 0) | (curve ? 0x10 : 0), .xy = xy };
  segment->n = (begins ? 1 : 0) + (curve ? 3 * between (rand, 0, 2) : between (rand, 0, 5));
  for (guint i = 0; i < 2 * segment->n; i++)
    xy[i] = random_fixed (rand);
  /* What ends cannot be gone on with unless something begins: that would be a curve from nowhere. */
  if (between (rand, 0, 4) == 0)
    segment->flags |= 8;
}

/* Styles from dashes to long gaps, with zeros. */
static void
random_style (GRand *rand, ModelOp *op, gint32 *style)
{
  if (g_rand_boolean (rand))
    return;
  op->style = style;
  op->n_style = between (rand, 0, 5);
  op->start_with_gap = g_rand_boolean (rand);
  for (guint i = 0; i < op->n_style; i++)
    style[i] = between (rand, 0, 5) == 0 ? 0 : between (rand, 1, 9 * 16);
}

static void
check_stroke (Case *c, const ModelSegment *segments, guint n)
{
  CwStrokeParams params = { .path = cw_path_new (), .brush = case_brush (c, &c->op.brush) };
  g_autoptr (GError) error = NULL;
  ModelOp *op = &c->op;

  op->segments = segments;
  op->n_segments = n;
  for (guint i = 0; i < n; i++) {
    cw_path_add (params.path, segments[i].flags, segments[i].xy, segments[i].n, &error);
    g_assert_no_error (error);
  }
  cw_path_finish (params.path);
  if (op->style)
    cw_dash_style_init (&params.style, op->style, op->n_style, op->start_with_gap);
  params.rop = cw_rop_from_descriptor (op->rop, 2, 4);
  g_assert_true (cw_draw_stroke (&c->draw, &c->on, &params, NULL));
  case_compare (c, 0);
}

static void
test_stroke (void)
{
  for (guint32 seed = 1; seed <= 6000; seed++) {
    gint32 xy[MAX_SEGMENTS][2 * MAX_POINTS], style[8];
    ModelSegment segments[MAX_SEGMENTS];
    guint n;
    Case c;

    case_init (&c, seed, MODEL_STROKE);
    n = between (c.rand, 1, MAX_SEGMENTS);
    for (guint i = 0; i < n; i++)
      random_segment (c.rand, i == 0, xy[i], &segments[i]);
    segments[n - 1].flags |= g_rand_boolean (c.rand) ? 2 : 0;
    random_style (c.rand, &c.op, style);
    check_stroke (&c, segments, n);
    case_clear (&c);
  }
}

/* Lines that begin and end far away. */
static void
test_far_strokes (void)
{
  for (guint32 seed = 1; seed <= 300; seed++) {
    gint32 xy[10], style[8];
    ModelSegment segment = { .flags = 3, .n = 5, .xy = xy };
    Case c;

    case_init (&c, seed, MODEL_STROKE);
    for (guint i = 0; i < G_N_ELEMENTS (xy); i++)
      xy[i] = between (c.rand, -9000 * 16, 9000 * 16);
    for (guint i = 2; i < 4; i++)
      xy[i] = random_fixed (c.rand);
    random_style (c.rand, &c.op, style);
    check_stroke (&c, &segment, 1);
    case_clear (&c);
  }
}

static const guint8 operators[]
    = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x10, 0x11, 0x12, 0x13,
        0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29,
        0x2a, 0x2b, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e };

static void
random_input (Case *c, bool is_mask, ModelInput *input, CwCompositeImage *image)
{
  GRand *rand = c->rand;

  *input = (ModelInput){ .image = is_mask ? c->model_pattern : c->model_source,
                         .filter = c->op.op < 0x3b ? between (rand, 0, 4) : 3, /* a hue may jump */
                         .repeat = between (rand, 0, 3),
                         .opaque = between (rand, 0, 3) == 0,
                         .x = between (rand, -9, 12),
                         .y = between (rand, -9, 12),
                         .transform = { 65536, 0, 0, 0, 65536, 0 } };
  if (g_rand_boolean (rand)) {
    for (int i = 0; i < 6; i++)
      input->transform[i] = i % 3 == 2 ? between (rand, -20 * 65536, 40 * 65536) : between (rand, -131072, 131072);
  }
  *image = (CwCompositeImage){ .pixels = is_mask ? c->pattern : c->source,
                               .raw = !is_mask && c->raw,
                               .opaque = input->opaque,
                               .filter = input->filter,
                               .repeat = input->repeat,
                               .origin = { input->x, input->y } };
  for (int i = 0; i < 6; i++)
    image->transform[i / 3][i % 3] = input->transform[i];
}

/* Operators in floating point depend on the order of calculations and on whether five bits are of 31 or, widened, of
 * 255; they also interpolate in floating point, and quotients of small alphas magnify what that changes. */
static guint
get_tolerance (const ModelOp *op)
{
  bool floating = op->op == 0x0d || (op->op >= 0x10 && op->op < 0x30) || op->op == 0x35 || op->op == 0x36
                  || op->op == 0x38 || op->op >= 0x3b;
  bool smooth = op->input.filter % 3 != 0 || op->input_mask.filter % 3 != 0;

  return !floating ? 0 : smooth ? 8 : op->op >= 0x3b ? 3 : 1;
}

static void
test_composite (void)
{
  for (guint32 seed = 1; seed <= 100 * G_N_ELEMENTS (operators); seed++) {
    CwCompositeParams params = { .op = operators[seed % G_N_ELEMENTS (operators)] };
    Case c;

    case_init (&c, seed, MODEL_COMPOSITE);
    c.op.op = params.op;
    random_input (&c, false, &c.op.input, &params.source);
    if (g_rand_boolean (c.rand)) {
      random_input (&c, true, &c.op.input_mask, &params.mask);
      c.op.component_alpha = params.component_alpha = g_rand_boolean (c.rand);
    }
    g_assert_true (cw_draw_composite (&c.draw, &c.on, &params, NULL));
    case_compare (&c, get_tolerance (&c.op));
    case_clear (&c);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/canvas/shapes/text", test_text);
  g_test_add_func ("/canvas/shapes/stroke", test_stroke);
  g_test_add_func ("/canvas/shapes/far-strokes", test_far_strokes);
  g_test_add_func ("/canvas/shapes/composite", test_composite);
  return g_test_run ();
}
