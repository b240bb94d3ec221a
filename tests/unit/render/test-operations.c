/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in the messages that draw reaches the drawing: which image is which, positions, flags, functions. What
 * the drawing itself does is judged in tests/unit/canvas. */
#include "canvas/path.h"
#include "pair.h"

#define NEAREST CW_IMAGE_SCALE_MODE_NEAREST

/* A bit each; the others are for what must not be confused with them. */
#define S 0x00ff33
#define D 0x0f0ff0
#define P 0x55aa0f

static CwWireBrush
solid (uint32_t color)
{
  return (CwWireBrush){ .type = CW_BRUSH_TYPE_SOLID, .color = color };
}

static CwWireBrush
pattern (const CwWireImage *image, int x, int y)
{
  return (CwWireBrush){ .type = CW_BRUSH_TYPE_PATTERN, .pattern = { image, { x, y } } };
}

/* One bit, at 2,1 of 8×2. */
static CwWireQMask
mask_at (Pair *f, uint8_t flags, int x, int y)
{
  return (CwWireQMask){ .flags = flags,
                        .pos = { x, y },
                        .bitmap = pair_bytes (f, CW_BITMAP_FMT_1BIT_BE, 8, 2, 4, "\0\0\0\0\x20\0\0") };
}

static void
test_constants (void)
{
  static const uint32_t results[] = { 0, 0xffffff, ~D & 0xffffff };
  CwMsgDisplayDrawBlackness data = { .base = pair_box (4) };
  Pair f;

  pair_setup (&f, 1, NULL);
  for (unsigned i = 0; i < 3; i++) {
    data.mask = mask_at (&f, 0, 1, 1);
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_BLACKNESS + i, &data);
    g_assert_cmphex (pair_color (&f, 1, 0), ==, results[i]);
    g_assert_cmphex (pair_color (&f, 2, 0), ==, D);
    data.mask = mask_at (&f, CW_MASK_INVERS, 0, 0);
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_BLACKNESS + i, &data);
    g_assert_cmphex (pair_color (&f, 2, 1), ==, D);
    g_assert_cmphex (pair_color (&f, 1, 0), ==, results[i]);
    g_assert_cmphex (pair_color (&f, 1, 2), ==, D); /* below the mask */
    data.mask = (CwWireQMask){ 0 };
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_BLACKNESS + i, &data);
    g_assert_cmphex (pair_color (&f, 3, 3), ==, results[i]);
    g_assert_cmphex (pair_color (&f, 4, 3), ==, D);
  }
  pair_teardown (&f);
}

/* A surface is a mask where it is not 0. */
static void
test_surface_mask (void)
{
  CwMsgDisplayDrawBlackness data = { .base = pair_box (4) };
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_32_XRGB, 0));
  pair_push (&f, 0, draw_fill (1, 0, 0, 2, 4, 0x10));
  data.mask.bitmap = image_surface (&f.arena, 1);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_BLACKNESS, &data);
  g_assert_cmphex (pair_color (&f, 1, 3), ==, 0);
  g_assert_cmphex (pair_color (&f, 2, 3), ==, D);
  /* Not where it is drawn on. */
  data.mask.bitmap = image_surface (&f.arena, 0);
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_BLACKNESS, &data));
  pair_finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_MALFORMED);
  pair_teardown (&f);
}

/* Which bits of a descriptor invert what. */
typedef struct {
  uint16_t invers;
  uint32_t fill, copy, opaque; /* of P and D, of S and D, of P and S */
} AndCase;

static const AndCase and_cases[] = {
  { 0, P &D, S &D, P &S },
  { CW_ROPD_INVERS_BRUSH, ~P &D, S &D, ~P &S },
  { CW_ROPD_INVERS_SRC, P &D, ~S &D, P & ~S },
  { CW_ROPD_INVERS_DEST, P & ~D, S & ~D, P &S },
  { CW_ROPD_INVERS_RES, ~(P &D) & 0xffffff, ~(S &D) & 0xffffff, ~(P &S) & 0xffffff },
};

static void
test_functions (void)
{
  static const CwWirePointFix ends[] = { { 0, 0 }, { 48, 0 } };
  const CwWirePathSegment segment = { CW_PATH_BEGIN | CW_PATH_END, 2, ends };
  Pair f;

  pair_setup (&f, 1, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (and_cases); i++) {
    const AndCase *c = &and_cases[i];
    const uint16_t rop = CW_ROPD_OP_AND | c->invers;
    const CwWireImage *image = pair_plain (&f, 0, 0, S);
    const CwWireRect area = { .right = 4, .bottom = 4 };
    CwMsgDisplayDrawFill fill = { .base = pair_box (4), .brush = solid (P), .rop_descriptor = rop };
    CwMsgDisplayDrawCopy copy = { .base = pair_box (4), .src_bitmap = image, .src_area = area, .rop_descriptor = rop };
    CwMsgDisplayDrawOpaque opaque
        = { .base = pair_box (4), .src_bitmap = image, .src_area = area, .brush = solid (P), .rop_descriptor = rop };
    CwMsgDisplayDrawStroke stroke = { .base = pair_box (4),
                                      .path = &(CwWirePath){ 1, &segment },
                                      .brush = solid (P),
                                      .fore_mode = rop,
                                      .back_mode = CW_ROPD_OP_PUT };

    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_FILL, &fill);
    g_assert_cmphex (pair_color (&f, 3, 3), ==, c->fill);
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_STROKE, &stroke);
    g_assert_cmphex (pair_color (&f, 1, 0), ==, c->fill);
    g_assert_cmphex (pair_color (&f, 1, 1), ==, D);
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_COPY, &copy);
    g_assert_cmphex (pair_color (&f, 3, 3), ==, c->copy);
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_BLEND, &copy);
    g_assert_cmphex (pair_color (&f, 3, 3), ==, c->copy);
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_OPAQUE, &opaque);
    g_assert_cmphex (pair_color (&f, 3, 3), ==, c->opaque);
  }
  pair_teardown (&f);
}

/* A source and a pattern in one message, each with its own position, behind a mask. */
static void
test_two_images (void)
{
  CwMsgDisplayDrawOpaque opaque = { .base = pair_box (2), .rop_descriptor = CW_ROPD_OP_AND, .scale_mode = NEAREST };
  CwMsgDisplayDrawRop3 rop3 = { .base = pair_box (2), .scale_mode = NEAREST };
  Pair f;

  pair_setup (&f, 1, NULL);
  opaque.src_bitmap = rop3.src_bitmap = image_words (&f.arena, 4, 4, pair_quarters);
  opaque.src_area = rop3.src_area = (CwWireRect){ .left = 1, .top = 1, .right = 3, .bottom = 3 };
  opaque.brush = rop3.brush = pattern (image_words (&f.arena, 2, 1, (const uint32_t[]){ 0xf0f0f0, 0x808080 }), 1, 0);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_OPAQUE, &opaque);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, 0x800000);
  g_assert_cmphex (pair_color (&f, 1, 0), ==, 0x00a000);
  g_assert_cmphex (pair_color (&f, 0, 1), ==, 0x000080);
  g_assert_cmphex (pair_color (&f, 2, 0), ==, D);
  for (unsigned code = 0; code < 256; code += 17) {
    const uint32_t p = 0x808080, s = 0xa00000;
    uint32_t expected = 0;

    for (unsigned bit = 0; bit < 24; bit++)
      expected |= (code >> (4 * (p >> bit & 1) + 2 * (s >> bit & 1) + (D >> bit & 1)) & 1u) << bit;
    rop3.rop3 = code;
    rop3.mask = (CwWireQMask){ 0 };
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_ROP3, &rop3);
    g_assert_cmphex (pair_color (&f, 0, 0), ==, expected);
    rop3.mask = mask_at (&f, 0, 2, 1);
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_ROP3, &rop3);
    g_assert_cmphex (pair_color (&f, 0, 0), ==, expected);
    g_assert_cmphex (pair_color (&f, 1, 0), ==, D);
  }
  opaque.mask = mask_at (&f, CW_MASK_INVERS, 2, 1);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_OPAQUE, &opaque);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, D);
  g_assert_cmphex (pair_color (&f, 1, 0), ==, 0x00a000);
  pair_teardown (&f);
}

static void
test_scale (void)
{
  const CwWireRect area = { .left = 1, .top = 1, .right = 3, .bottom = 3 };
  CwMsgDisplayDrawCopy copy = { .base = pair_box (4), .src_area = area, .rop_descriptor = CW_ROPD_OP_PUT };
  CwMsgDisplayDrawOpaque opaque
      = { .base = pair_box (4), .src_area = area, .brush = solid (0), .rop_descriptor = CW_ROPD_OP_OR };
  CwMsgDisplayDrawRop3 rop3 = { .base = pair_box (4), .src_area = area, .brush = solid (0), .rop3 = 0xcc };
  const void *messages[] = { &copy, &copy, &opaque, &rop3 };
  const uint16_t types[]
      = { CW_MSG_DISPLAY_DRAW_COPY, CW_MSG_DISPLAY_DRAW_BLEND, CW_MSG_DISPLAY_DRAW_OPAQUE, CW_MSG_DISPLAY_DRAW_ROP3 };

  for (unsigned i = 0; i < G_N_ELEMENTS (messages); i++) {
    Pair f;

    pair_setup (&f, 1, NULL);
    copy.src_bitmap = opaque.src_bitmap = rop3.src_bitmap = image_words (&f.arena, 4, 4, pair_quarters);
    copy.scale_mode = opaque.scale_mode = rop3.scale_mode = NEAREST;
    pair_draw_on (&f, D, types[i], messages[i]);
    for (int y = 0; y < 4; y++) {
      for (int x = 0; x < 4; x++)
        g_assert_cmphex (pair_color (&f, x, y), ==, pair_quarters[(1 + y / 2) * 4 + 1 + x / 2]);
    }
    copy.scale_mode = opaque.scale_mode = rop3.scale_mode = CW_IMAGE_SCALE_MODE_INTERPOLATE;
    pair_draw_on (&f, D, types[i], messages[i]);
    g_assert_cmphex (pair_color (&f, 1, 1), ==, 0x642828);
    copy.scale_mode = opaque.scale_mode = rop3.scale_mode = 2;
    pair_push_refused (&f, stream_message (types[i], messages[i]), CW_ERROR_MALFORMED);
    pair_teardown (&f);
  }
}

/* These two have no mode: pixels stay as they are. */
static void
test_scale_nearest (void)
{
  const CwWireRect area = { .left = 1, .top = 1, .right = 3, .bottom = 3 };
  CwMsgDisplayDrawTransparent transparent
      = { .base = pair_box (4), .src_area = area, .src_color = 0xa00000, .true_color = 0x0000a0 };
  CwMsgDisplayDrawAlphaBlend blend = { .base = pair_box (4), .src_area = area, .alpha = 255 };
  Pair f;

  pair_setup (&f, 1, NULL);
  transparent.src_bitmap = blend.src_bitmap = image_words (&f.arena, 4, 4, pair_quarters);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_TRANSPARENT, &transparent);
  g_assert_cmphex (pair_color (&f, 1, 1), ==, 0xa00000);
  g_assert_cmphex (pair_color (&f, 2, 1), ==, 0x00a000);
  g_assert_cmphex (pair_color (&f, 1, 2), ==, D);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend);
  g_assert_cmphex (pair_color (&f, 1, 1), ==, 0xa00000);
  g_assert_cmphex (pair_color (&f, 2, 2), ==, 0xa0a0a0);
  pair_teardown (&f);
}

static void
test_alpha_blend (void)
{
  CwMsgDisplayDrawAlphaBlend blend = { .base = pair_box (4), .src_area = { .right = 4, .bottom = 4 } };
  Pair f;

  pair_setup (&f, 1, NULL);
  blend.src_bitmap = pair_plain (&f, 0, 0, 0xff0000);
  pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend);
  g_assert_cmphex (pair_color (&f, 0, 0), ==, D);
  blend.alpha = 0x80;
  pair_draw_on (&f, 0x0000ff, CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend);
  g_assert_cmphex (pair_color (&f, 3, 3), ==, 0x80007f);
  /* Alpha of an image counts always, that of a surface only where the message says so, the target's likewise. */
  blend.alpha = 0xff;
  blend.src_bitmap = pair_argb (&f, 0x40400000);
  pair_draw_on (&f, 0x0000ff, CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend);
  g_assert_cmphex (pair_color (&f, 3, 3), ==, 0x4000bf);
  pair_push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_32_XRGB, 0));
  for (unsigned flags = 0; flags < 4; flags++) {
    pair_push (&f, 0, draw_fill (1, 0, 0, 4, 4, 0x400000));
    blend.base.surface_id = 0;
    blend.src_bitmap = image_surface (&f.arena, 1);
    blend.alpha_flags = flags & CW_ALPHA_FLAG_SRC_SURFACE_HAS_ALPHA;
    pair_draw_on (&f, 0x0000ff, CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend);
    g_assert_cmphex (pair_color (&f, 3, 3), ==, blend.alpha_flags ? 0x4000ff : 0x400000);
    blend.base.surface_id = 1;
    blend.src_bitmap = pair_argb (&f, 0x40400000);
    blend.alpha_flags = flags & CW_ALPHA_FLAG_DEST_HAS_ALPHA;
    pair_push (&f, 0, draw_fill (1, 0, 0, 4, 4, 0x800000ff));
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend));
    if (blend.alpha_flags)
      g_assert_cmphex (pair_word (&f, 1, 0, 0) >> 24, ==, 0xa0);
    g_assert_cmphex (pair_word (&f, 1, 0, 0) & 0xffffff, ==, 0x4000bf);
  }
  pair_teardown (&f);
}

/* Two rows of three pixels: one line of the first, then nothing. */
typedef struct {
  uint8_t flags;
  const char *rows;
  int line; /* where it is, from the glyph's top; -1: nowhere */
} GlyphCase;

static void
test_text (void)
{
  static const GlyphCase cases[] = {
    { CW_STRING_RASTER_A1, "\xe0", 1 },
    { CW_STRING_RASTER_A1 | CW_STRING_RASTER_TOP_DOWN, "\xe0", 0 },
    { CW_STRING_RASTER_A4, "\xff\xf0\0", 1 },
    { CW_STRING_RASTER_A8 | CW_STRING_RASTER_TOP_DOWN, "\xff\xff\xff\0\0", 0 },
    { CW_STRING_RASTER_A4 | CW_STRING_RASTER_A1, "\xe0", 1 },
    { CW_STRING_RASTER_A8 | CW_STRING_RASTER_A4, "\xff\xf0\0", 1 },
    { 0, "", -1 },
  };
  Pair f;

  pair_setup (&f, 1, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (cases); i++) {
    static const gsize bits[] = { 0, 1, 4, 1, 8, 1, 4, 1 };
    const gsize stride = (3 * bits[cases[i].flags & 7] + 7) / 8;
    const CwWireGlyph glyph = { .render_pos = { 7, 9 },
                                .glyph_origin = { -3, -4 },
                                .width = 3,
                                .height = 2,
                                .data = { (const uint8_t *) cases[i].rows, 2 * stride } };
    const CwWireString string = { cases[i].flags, 1, &glyph };
    CwMsgDisplayDrawText text = { .base = pair_box (16),
                                  .str = &string,
                                  .back_area = { .left = 2, .top = 2, .right = 12, .bottom = 12 },
                                  .fore_mode = CW_ROPD_OP_PUT,
                                  .back_mode = CW_ROPD_OP_PUT };

    text.fore_brush = pattern (image_words (&f.arena, 2, 1, (const uint32_t[]){ 0x111111, 0x222222 }), 0, 0);
    text.back_brush = pattern (image_words (&f.arena, 2, 1, (const uint32_t[]){ 0x333333, 0x444444 }), 0, 0);
    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_TEXT, &text);
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        bool back = x >= 2 && x < 12 && y >= 2 && y < 12;
        bool fore = x >= 4 && x < 7 && cases[i].line >= 0 && y == 5 + cases[i].line;

        /* The deepest shade of four bits is not quite all. */
        g_assert_cmphex (pair_color (&f, x, y) & 0xf0f0f0, ==,
                         (fore   ? x % 2 ? 0x202020u : 0x101010u
                          : back ? x % 2 ? 0x404040u : 0x303030u
                                 : D)
                             & 0xf0f0f0);
      }
    }
  }
  pair_teardown (&f);
}

/* Glyphs of 4×4 pixels that lie partly or wholly beyond the surface, however far. */
static void
test_text_edges (void)
{
  static const struct {
    int32_t x, y, origin_x, origin_y;
  } places[] = {
    { 6, 6, 0, 0 },
    { 0, 0, -2, -3 },
    { -3, -1, 0, 0 },
    { 14, 15, 0, -1 },
    { 20, 20, -5, -5 },
    { 6, -4, 0, 0 },
    { 16, 6, 0, 0 },
    { INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX },
    { INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN },
    { INT32_MIN, 6, 0, 0 },
    { 6, INT32_MAX, 0, INT32_MAX },
  };
  Pair f;

  pair_setup (&f, 1, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (places); i++) {
    const int64_t left = (int64_t) places[i].x + places[i].origin_x, top = (int64_t) places[i].y + places[i].origin_y;
    const CwWireGlyph glyph = { .render_pos = { places[i].x, places[i].y },
                                .glyph_origin = { places[i].origin_x, places[i].origin_y },
                                .width = 4,
                                .height = 4,
                                .data = { (const uint8_t *) "\xf0\xf0\xf0\xf0", 4 } };
    const CwWireString string = { CW_STRING_RASTER_A1, 1, &glyph };
    const CwMsgDisplayDrawText text = { .base = pair_box (16),
                                        .str = &string,
                                        .fore_brush = { .type = CW_BRUSH_TYPE_SOLID, .color = 0x123456 },
                                        .fore_mode = CW_ROPD_OP_PUT,
                                        .back_mode = CW_ROPD_OP_PUT };

    pair_draw_on (&f, D, CW_MSG_DISPLAY_DRAW_TEXT, &text);
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        bool fore = x >= left && x < left + 4 && y >= top && y < top + 4;

        g_assert_cmphex (pair_color (&f, x, y), ==, fore ? 0x123456 : D);
      }
    }
  }
  pair_teardown (&f);
}

/* A surface of one bit is a mask and nothing else; drawing from it is an error of the message, whichever it is. */
static void
test_bits (void)
{
  const uint16_t types[]
      = { CW_MSG_DISPLAY_DRAW_FILL,     CW_MSG_DISPLAY_DRAW_OPAQUE,      CW_MSG_DISPLAY_DRAW_OPAQUE,
          CW_MSG_DISPLAY_DRAW_COPY,     CW_MSG_DISPLAY_DRAW_TRANSPARENT, CW_MSG_DISPLAY_DRAW_ALPHA_BLEND,
          CW_MSG_DISPLAY_DRAW_ROP3,     CW_MSG_DISPLAY_DRAW_ROP3,        CW_MSG_DISPLAY_DRAW_TEXT,
          CW_MSG_DISPLAY_DRAW_TEXT,     CW_MSG_DISPLAY_DRAW_STROKE,      CW_MSG_DISPLAY_DRAW_COMPOSITE,
          CW_MSG_DISPLAY_DRAW_COMPOSITE };

  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++) {
    static const CwWirePointFix ends[] = { { 0, 0 }, { 48, 0 } };
    const CwWirePathSegment segment = { CW_PATH_BEGIN | CW_PATH_END, 2, ends };
    const CwWireRect area = { .right = 4, .bottom = 4 };
    const CwWireString string = { .flags = CW_STRING_RASTER_A1 };
    CwMsgDisplayDrawFill fill = { .base = pair_box (4), .rop_descriptor = CW_ROPD_OP_PUT };
    CwMsgDisplayDrawOpaque opaque
        = { .base = pair_box (4), .src_area = area, .brush = solid (P), .rop_descriptor = CW_ROPD_OP_PUT };
    CwMsgDisplayDrawCopy copy = { .base = pair_box (4), .src_area = area, .rop_descriptor = CW_ROPD_OP_PUT };
    CwMsgDisplayDrawTransparent transparent = { .base = pair_box (4), .src_area = area };
    CwMsgDisplayDrawAlphaBlend blend = { .base = pair_box (4), .src_area = area, .alpha = 255 };
    CwMsgDisplayDrawRop3 rop3 = { .base = pair_box (4), .src_area = area, .brush = solid (P), .rop3 = 0x96 };
    CwMsgDisplayDrawText text
        = { .base = pair_box (4), .str = &string, .fore_brush = solid (P), .back_brush = solid (S) };
    CwMsgDisplayDrawStroke stroke
        = { .base = pair_box (4), .path = &(CwWirePath){ 1, &segment }, .fore_mode = CW_ROPD_OP_PUT };
    CwMsgDisplayDrawComposite composite = { .base = pair_box (4), .flags = 1 };
    const void *messages[] = { &fill, &opaque, &opaque, &copy,   &transparent, &blend,    &rop3,
                               &rop3, &text,   &text,   &stroke, &composite,   &composite };
    const CwWireImage *bits, *plain;
    Pair f;

    pair_setup (&f, 1, NULL);
    pair_push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_1_A, 0));
    bits = image_surface (&f.arena, 1);
    plain = pair_plain (&f, 0, 0, S);
    fill.brush = pattern (bits, 0, 0);
    opaque.src_bitmap = i == 1 ? bits : plain;
    if (i == 2)
      opaque.brush = pattern (bits, 0, 0);
    copy.src_bitmap = transparent.src_bitmap = blend.src_bitmap = bits;
    rop3.src_bitmap = i == 6 ? bits : plain;
    if (i == 7)
      rop3.brush = pattern (bits, 0, 0);
    *(i == 8 ? &text.fore_brush : &text.back_brush) = pattern (bits, 0, 0);
    stroke.brush = pattern (bits, 0, 0);
    composite.src_bitmap = i == 11 ? bits : plain;
    composite.mask_bitmap = bits;
    if (i == 12)
      composite.flags |= CW_COMPOSITE_HAS_MASK;
    pair_draw_on (&f, D, types[i], messages[i]);
    pair_finish (&f);
    g_test_message ("%s", f.recorder[0].failure ? f.recorder[0].failure->message : "drawn");
    g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_MALFORMED);
    pair_teardown (&f);
  }
}

static void
test_refused (void)
{
  CwMsgDisplayDrawBlackness masked = { .base = pair_box (4) };
  CwMsgDisplayDrawTransparent nothing = { .base = pair_box (4), .src_area = { .right = 4, .bottom = 4 } };
  CwMsgDisplayDrawStroke stroke = { .base = pair_box (4), .brush = solid (P), .fore_mode = CW_ROPD_OP_PUT };
  CwWireImage *image;
  Pair f;

  /* A mask is a bitmap of one bit a pixel. */
  pair_setup (&f, 1, NULL);
  masked.mask.bitmap = pair_plain (&f, 0, 0, 1);
  pair_push_refused (&f, stream_message (CW_MSG_DISPLAY_DRAW_BLACKNESS, &masked), CW_ERROR_MALFORMED);
  masked.mask.bitmap = image_lz4 (&f.arena, 0, 0, CW_BITMAP_FMT_32BIT, 4, 4);
  pair_push_refused (&f, stream_message (CW_MSG_DISPLAY_DRAW_BLACKNESS, &masked), CW_ERROR_MALFORMED);
  pair_teardown (&f);
  /* An image has pixels, and not too many. */
  for (unsigned i = 0; i < 3; i++) {
    pair_setup (&f, 1, NULL);
    nothing.src_bitmap = image = image_lz4 (&f.arena, 0, 0, CW_BITMAP_FMT_32BIT, 4, 4);
    image->width = i == 0 ? 0 : i == 2 ? UINT32_MAX : 4;
    image->height = i == 1 ? 0 : i == 2 ? UINT32_MAX : 4;
    pair_push_refused (&f, stream_message (CW_MSG_DISPLAY_DRAW_TRANSPARENT, &nothing), CW_ERROR_LIMIT);
    pair_teardown (&f);
  }
  /* As many points as a path may have, and one more. */
  for (uint32_t more = 0; more < 2; more++) {
    CwWirePathSegment segment = { CW_PATH_BEGIN | CW_PATH_END, 100000 + more, NULL };

    pair_setup (&f, 1, NULL);
    segment.points = arena_alloc (&f.arena, segment.n_points * sizeof (CwWirePointFix));
    stroke.path = &(CwWirePath){ 1, &segment };
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_STROKE, &stroke));
    pair_finish (&f);
    if (more)
      g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_LIMIT);
    else
      g_assert_no_error (f.recorder[0].failure);
    pair_teardown (&f);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/operations/constants", test_constants);
  g_test_add_func ("/render/operations/surface-mask", test_surface_mask);
  g_test_add_func ("/render/operations/functions", test_functions);
  g_test_add_func ("/render/operations/two-images", test_two_images);
  g_test_add_func ("/render/operations/scale", test_scale);
  g_test_add_func ("/render/operations/scale-nearest", test_scale_nearest);
  g_test_add_func ("/render/operations/alpha-blend", test_alpha_blend);
  g_test_add_func ("/render/operations/text", test_text);
  g_test_add_func ("/render/operations/text-edges", test_text_edges);
  g_test_add_func ("/render/operations/bits", test_bits);
  g_test_add_func ("/render/operations/refused", test_refused);
  return g_test_run ();
}
