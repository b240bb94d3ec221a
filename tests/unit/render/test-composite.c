/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in DRAW_COMPOSITE reaches the drawing; the operators are judged in tests/unit/canvas. */
#include "pair.h"

#define D 0x0f0ff0

/* COMPOSITE: the operator and all else stand in the flags. */
#define SRC 1
#define OVER 3
#define FILTER_BILINEAR 4
#define SOURCE_FILTER(n) ((n) << 8)
#define MASK_FILTER(n) ((n) << 11)
#define SOURCE_REPEAT(n) ((n) << 14)
#define MASK_REPEAT(n) ((n) << 16)
#define ONE 65536

static void
test_source (void)
{
  static const CwWireTransform halved = { .t00 = ONE / 2, .t02 = ONE, .t11 = ONE, .t12 = 2 * ONE };
  CwMsgDisplayDrawComposite data = { .base = pair_box (4), .flags = SRC, .src_origin = { 1, 2 } };
  Pair f;

  pair_setup (&f, 1, NULL);
  data.src_bitmap = image_words (&f.arena, 4, 4, pair_quarters);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, pair_quarters[2 * 4 + 1]);
  g_assert_cmphex (pair_color (&f, 2, 1), ==, pair_quarters[3 * 4 + 3]);
  g_assert_cmphex (pair_color (&f, 3, 0), ==, 0);
  data.flags = SRC | SOURCE_REPEAT (1);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 3, 0), ==, pair_quarters[2 * 4]);
  data.flags = SRC | CW_COMPOSITE_HAS_SRC_TRANSFORM;
  data.src_origin = (CwWirePoint16){ 0, 0 };
  data.src_transform = halved;
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 1, 0), ==, pair_quarters[2 * 4 + 1]);
  g_assert_cmphex (pair_color (&f, 2, 0), ==, pair_quarters[2 * 4 + 2]);
  data.flags |= SOURCE_FILTER (FILTER_BILINEAR);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 1, 0), ==, 0x2828a0);
  pair_teardown (&f);
}

static void
test_mask (void)
{
  static const CwWireTransform halved = { .t00 = ONE / 2, .t02 = ONE, .t11 = ONE };
  static const uint8_t alpha[] = { 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
  CwMsgDisplayDrawComposite data = { .base = pair_box (4) };
  Pair f;

  pair_setup (&f, 1, NULL);
  data.src_bitmap = image_words (&f.arena, 4, 4, pair_quarters);
  data.mask_bitmap = pair_bytes (&f, CW_BITMAP_FMT_8BIT_A, 4, 4, 4, alpha);
  data.flags = SRC | CW_COMPOSITE_HAS_MASK;
  data.mask_origin = (CwWirePoint16){ 1, 0 };
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0);
  g_assert_cmphex (pair_color (&f, 1, 0), ==, pair_quarters[1]);
  data.mask_origin = (CwWirePoint16){ 3, 0 };
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 3, 0), ==, 0);
  data.flags |= MASK_REPEAT (1);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 3, 0), ==, pair_quarters[3]);
  data.flags = SRC | CW_COMPOSITE_HAS_MASK | CW_COMPOSITE_HAS_MASK_TRANSFORM;
  data.mask_origin = (CwWirePoint16){ 0, 0 };
  data.mask_transform = halved;
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 1, 0), ==, 0);
  g_assert_cmphex (pair_color (&f, 2, 0), ==, pair_quarters[2]);
  data.flags |= MASK_FILTER (FILTER_BILINEAR);
  data.src_bitmap = pair_plain (&f, 0, 0, 0x808080);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 1, 0), ==, 0x202020); /* a quarter of it */
  g_assert_cmphex (pair_color (&f, 2, 0), ==, 0x606060);
  pair_teardown (&f);
}

/* Whose alpha counts. */
static void
test_alpha (void)
{
  CwMsgDisplayDrawComposite data = { .base = pair_box (4), .flags = OVER };
  Pair f;

  pair_setup (&f, 1, NULL);
  data.src_bitmap = pair_argb (&f, 0x00102030);
  pair_draw_on (&f, 0x010101, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0x112131);
  data.flags = OVER | CW_COMPOSITE_SOURCE_OPAQUE;
  pair_draw_on (&f, 0x010101, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0x102030);
  data.mask_bitmap = pair_argb (&f, 0x00ff00ff);
  data.flags = SRC | CW_COMPOSITE_HAS_MASK;
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0);
  data.flags |= CW_COMPOSITE_MASK_OPAQUE;
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0x102030);
  data.flags |= CW_COMPOSITE_COMPONENT_ALPHA;
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0x100030);
  /* The mask of a message that has none, whatever stands there. */
  pair_push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_32_ARGB, 0));
  data.base.surface_id = 1;
  data.src_bitmap = pair_argb (&f, 0x40102030);
  data.flags = SRC;
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_COMPOSITE, &data));
  g_assert_cmphex (pair_word (&f, 1, 3, 3), ==, 0x40102030);
  data.flags = SRC | CW_COMPOSITE_DEST_OPAQUE;
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_COMPOSITE, &data));
  g_assert_cmphex (pair_word (&f, 1, 3, 3), ==, 0xff102030);
  pair_teardown (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/composite/source", test_source);
  g_test_add_func ("/render/composite/mask", test_mask);
  g_test_add_func ("/render/composite/alpha", test_alpha);
  return g_test_run ();
}
