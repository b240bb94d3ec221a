/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text and lines, on random input, against the model. */
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

static CwPathSegment
get_segment (gconstpointer data, uint32_t i)
{
  const ModelSegment *segment = (const ModelSegment *) data + i;

  return (CwPathSegment){ segment->flags, segment->n, segment->xy };
}

static void
check_stroke (Case *c, const ModelSegment *segments, guint n)
{
  CwStrokeParams params = { .path = { segments, n, get_segment }, .brush = case_brush (c, &c->op.brush) };
  ModelOp *op = &c->op;

  op->segments = segments;
  op->n_segments = n;
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

/* Dashed lines that go to and fro between two places, whose corners are so sharp that they show; closed or not, a
 * second one after the first. */
static void
test_sharp_strokes (void)
{
  for (guint32 seed = 1; seed <= 3000; seed++) {
    gint32 xy[2][8], style[8];
    ModelSegment segments[2];
    Case c;

    case_init (&c, seed, MODEL_STROKE);
    for (guint i = 0; i < 2; i++) {
      const int ends[]
          = { between (c.rand, 0, 39), between (c.rand, 0, 29), between (c.rand, 0, 39), between (c.rand, 0, 29) };

      segments[i] = (ModelSegment){ .flags = 3, .n = between (c.rand, 3, 4), .xy = xy[i] };
      for (guint k = 0; k < 8; k++)
        xy[i][k] = 16 * (ends[k % 4] + between (c.rand, -3, 3));
      segments[i].flags |= g_rand_boolean (c.rand) ? 8 : 0;
    }
    random_style (c.rand, &c.op, style);
    for (guint i = 0; i < c.op.n_style; i++)
      style[i] = style[i] * (i % 2 == 0 ? 4 : 1);
    check_stroke (&c, segments, 2);
    case_clear (&c);
  }
}

/* Dashed lines after one another, well inside a surface that is drawn on as a whole, where a pixel painted twice shows:
 * what was collected of one is none of the next. */
static void
test_repeated_strokes (void)
{
  for (guint32 seed = 1; seed <= 300; seed++) {
    CwRect bounds = { 0 };
    gint32 xy[3][8], style[] = { 5 * 16, 2 * 16 };
    ModelSegment segments[3];
    Case c;

    case_init (&c, seed, MODEL_STROKE);
    bounds = (CwRect){ .right = c.target->width, .bottom = c.target->height };
    cw_region_clear (&c.on.region);
    c.on.box = bounds;
    cw_region_init (&c.on.region, &bounds, &bounds);
    c.op.box = (ModelRect){ 0, 0, bounds.right, bounds.bottom };
    c.op.n_clip = -1;
    c.op.rop = 1 << 6; /* XOR */
    c.op.style = style;
    c.op.n_style = G_N_ELEMENTS (style);
    for (guint i = 0; i < G_N_ELEMENTS (segments); i++) {
      segments[i] = (ModelSegment){ .flags = 3, .n = 4, .xy = xy[i] };
      for (guint k = 0; k < 8; k++)
        xy[i][k] = 16 * (k % 2 == 0 ? between (c.rand, 9, 39) : between (c.rand, 0, 29));
    }
    check_stroke (&c, segments, G_N_ELEMENTS (segments));
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
  g_test_add_func ("/canvas/shapes/sharp-strokes", test_sharp_strokes);
  g_test_add_func ("/canvas/shapes/repeated-strokes", test_repeated_strokes);
  return g_test_run ();
}
