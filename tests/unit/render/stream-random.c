/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A random stream of all kinds of operations. */
#include "stream.h"

#define WIDTH 200
#define HEIGHT 150
#define N_OFFSCREEN 3 /* of formats and sizes below, ids from 1 */

static const uint32_t offscreen_formats[N_OFFSCREEN]
    = { CW_SURFACE_FMT_32_ARGB, CW_SURFACE_FMT_16_565, CW_SURFACE_FMT_8_A };

typedef struct {
  Arena arena;
  int shrink;
  uint64_t next_id, next_glz;
  GArray *cached; /* ids */
} Random;

static int
between (Random *self, int low, int high)
{
  return g_rand_int_range (self->arena.rand, low, high + 1);
}

static CwWireRect
random_box (Random *self)
{
  int left = between (self, -20, WIDTH), top = between (self, -20, HEIGHT);

  return (CwWireRect){
    .left = left, .top = top, .right = left + between (self, 0, 120), .bottom = top + between (self, 0, 90)
  };
}

static CwWireImage *
random_image (Random *self, uint32_t surface)
{
  static const unsigned formats[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, lz4[] = { 6, 7, 8, 9, 10 };
  uint32_t w = between (self, 1, 100 / self->shrink), h = between (self, 1, 80 / self->shrink);
  unsigned flags = between (self, 0, 3) == 0 ? CW_IMAGE_FLAG_CACHE_ME : 0;
  uint64_t id = self->next_id++;

  flags |= between (self, 0, 4) == 0 ? CW_IMAGE_FLAG_HIGH_BITS_SET : 0;
  switch (between (self, 0, 9)) {
  case 0:
    if (self->cached->len > 0)
      return image_from_cache (&self->arena,
                               g_array_index (self->cached, uint64_t, between (self, 0, self->cached->len - 1)), false);
    break;
  case 1:
    /* Surface 1 has the primary's depth; the others can be drawn from onto themselves only. */
    return image_surface (&self->arena, surface <= 1 ? between (self, 0, 1) : surface);
  case 2:
  case 3:
  case 4: {
    uint64_t glz = self->next_glz++;
    uint32_t far = between (self, 0, 3), dist = MIN (far, glz);

    /* Long enough for whatever the others copy from it. */
    if (flags & CW_IMAGE_FLAG_CACHE_ME)
      g_array_append_val (self->cached, id);
    return image_glz (&self->arena, id, flags, glz, MIN (glz, 5), dist, 90 / self->shrink, 60 / self->shrink);
  }
  case 5:
  case 6:
    if (flags & CW_IMAGE_FLAG_CACHE_ME)
      g_array_append_val (self->cached, id);
    return image_lz4 (&self->arena, id, flags, lz4[between (self, 0, 4)], w, h);
  default:
    break;
  }
  if (flags & CW_IMAGE_FLAG_CACHE_ME)
    g_array_append_val (self->cached, id);
  return image_bitmap (&self->arena, id, flags, formats[between (self, 0, 9)], w, h);
}

static CwWireBrush
random_brush (Random *self, uint32_t surface)
{
  CwWireBrush brush = { .type = between (self, 0, 2) };

  if (brush.type == CW_BRUSH_TYPE_SOLID)
    brush.color = g_rand_int (self->arena.rand);
  else if (brush.type == CW_BRUSH_TYPE_PATTERN)
    brush.pattern
        = (CwWirePattern){ random_image (self, surface), { between (self, -50, 50), between (self, -50, 50) } };
  return brush;
}

static CwWireQMask
random_mask (Random *self)
{
  CwWireQMask mask = { .flags = between (self, 0, 1), .pos = { between (self, -5, 5), between (self, -5, 5) } };

  if (between (self, 0, 3) == 0)
    mask.bitmap
        = image_bitmap (&self->arena, self->next_id++, 0, between (self, 1, 2), 130 / self->shrink, 100 / self->shrink);
  return mask;
}

static CwWireDisplayBase
random_base (Random *self)
{
  int surface = between (self, -6, N_OFFSCREEN); /* mostly the primary */
  CwWireDisplayBase base = { .surface_id = MAX (0, surface), .box = random_box (self) };

  if (between (self, 0, 2) == 0) {
    unsigned n = between (self, 0, 5);
    CwWireRect *rects = arena_alloc (&self->arena, n * sizeof *rects);

    for (unsigned i = 0; i < n; i++)
      rects[i] = random_box (self);
    base.clip = (CwWireClip){ .type = CW_CLIP_TYPE_RECTS, .n_rects = n, .rects = rects };
  }
  return base;
}

static CwWireRect
random_area (Random *self, const CwWireRect *box)
{
  CwWireRect area = { .left = between (self, -5, 40), .top = between (self, -5, 40) };
  bool scaled = between (self, 0, 2) == 0 && box->right > box->left && box->bottom > box->top;

  area.right = area.left + (scaled ? between (self, 1, 80) : box->right - box->left);
  area.bottom = area.top + (scaled ? between (self, 1, 60) : box->bottom - box->top);
  return area;
}

static uint16_t
random_rop (Random *self)
{
  return between (self, 0, 1) ? CW_ROPD_OP_PUT : 1 << between (self, 3, 10) | (g_rand_int (self->arena.rand) & 0x407);
}

static CwMessage *
random_stroke (Random *self, const CwWireDisplayBase *base, uint16_t rop)
{
  CwWirePathSegment *segments = arena_alloc (&self->arena, 2 * sizeof *segments);
  int32_t *style = arena_alloc (&self->arena, 4 * sizeof *style);
  CwMsgDisplayDrawStroke stroke = { *base, arena_alloc (&self->arena, sizeof (CwWirePath)), { 0 } };

  for (unsigned i = 0; i < 2; i++) {
    bool curve = between (self, 0, 1);
    uint32_t n = 1 + 3 * between (self, 1, 2);
    CwWirePointFix *points = arena_alloc (&self->arena, n * sizeof *points);

    for (uint32_t k = 0; k < n; k++)
      points[k] = (CwWirePointFix){ between (self, -100, 16 * WIDTH), between (self, -100, 16 * HEIGHT) };
    segments[i] = (CwWirePathSegment){ CW_PATH_BEGIN | (curve ? CW_PATH_BEZIER : 0), n, points };
    segments[i].flags |= between (self, 0, 1) ? CW_PATH_END | CW_PATH_CLOSE : 0;
  }
  *(CwWirePath *) stroke.path = (CwWirePath){ 2, segments };
  for (unsigned i = 0; i < 4; i++)
    style[i] = between (self, 0, 160);
  if (between (self, 0, 1))
    stroke.attr = (CwWireLineAttr){ CW_LINE_STYLED | (between (self, 0, 1) ? CW_LINE_START_WITH_GAP : 0), 4, style };
  stroke.brush = random_brush (self, base->surface_id);
  stroke.fore_mode = rop;
  return stream_message (CW_MSG_DISPLAY_DRAW_STROKE, &stroke);
}

static CwMessage *
random_text (Random *self, const CwWireDisplayBase *base)
{
  const unsigned shift = between (self, 0, 2), n = between (self, 1, 4);
  CwWireString string = { (1 << shift) | (between (self, 0, 1) ? CW_STRING_RASTER_TOP_DOWN : 0), n };
  CwWireGlyph *glyphs = arena_alloc (&self->arena, n * sizeof *glyphs);
  CwMsgDisplayDrawText text = { *base, &string, random_box (self) };

  for (unsigned i = 0; i < n; i++) {
    uint16_t w = between (self, 1, 20), h = between (self, 1, 20);
    gsize size = (w * (shift == 0 ? 1 : 2 << shift) + 7) / 8 * h;

    glyphs[i] = (CwWireGlyph){ { base->box.left + between (self, -20, 60), base->box.top + between (self, -20, 60) },
                               { between (self, -5, 5), between (self, -5, 5) },
                               w,
                               h,
                               { stream_random_bytes (&self->arena, size), size } };
  }
  string.glyphs = glyphs;
  text.fore_brush = random_brush (self, base->surface_id);
  text.back_brush = random_brush (self, base->surface_id);
  text.fore_mode = text.back_mode = CW_ROPD_OP_PUT;
  return stream_message (CW_MSG_DISPLAY_DRAW_TEXT, &text);
}

static CwMessage *
random_composite (Random *self, const CwWireDisplayBase *base)
{
  const uint32_t flags[] = { CW_COMPOSITE_COMPONENT_ALPHA, CW_COMPOSITE_HAS_MASK,    CW_COMPOSITE_HAS_SRC_TRANSFORM,
                             CW_COMPOSITE_SOURCE_OPAQUE,   CW_COMPOSITE_MASK_OPAQUE, CW_COMPOSITE_DEST_OPAQUE };
  CwMsgDisplayDrawComposite data = { .base = *base, .flags = between (self, 0, 13) };

  for (unsigned i = 0; i < G_N_ELEMENTS (flags); i++)
    data.flags |= between (self, 0, 2) == 0 ? flags[i] : 0;
  data.flags |= between (self, 0, 4) << 8 | between (self, 0, 4) << 11 | between (self, 0, 15) << 14;
  data.src_bitmap = random_image (self, base->surface_id);
  if (data.flags & CW_COMPOSITE_HAS_MASK)
    data.mask_bitmap = image_bitmap (&self->arena, self->next_id++, 0, CW_BITMAP_FMT_8BIT_A, 20, 20);
  data.src_transform
      = (CwWireTransform){ .t00 = between (self, -200000, 200000), .t11 = between (self, -200000, 200000) };
  data.src_origin = (CwWirePoint16){ between (self, -10, 40), between (self, -10, 40) };
  return stream_message (CW_MSG_DISPLAY_DRAW_COMPOSITE, &data);
}

static CwMessage *
random_draw (Random *self)
{
  CwWireDisplayBase base = random_base (self);
  uint32_t surface = base.surface_id;
  CwWireRect area = random_area (self, &base.box);
  uint16_t rop = random_rop (self);

  switch (between (self, 0, 16)) {
  case 0: {
    CwWireBrush brush = random_brush (self, surface);
    CwMsgDisplayDrawFill fill = { base, brush, rop, random_mask (self) };

    return stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill);
  }
  case 1: {
    CwWireImage *image = random_image (self, surface);
    CwWireBrush brush = random_brush (self, surface);
    CwMsgDisplayDrawOpaque opaque = { base, image, area, brush, rop, between (self, 0, 1), random_mask (self) };

    return stream_message (CW_MSG_DISPLAY_DRAW_OPAQUE, &opaque);
  }
  case 2: {
    CwMsgDisplayDrawBlackness constant = { base, random_mask (self) };

    return stream_message (between (self, CW_MSG_DISPLAY_DRAW_BLACKNESS, CW_MSG_DISPLAY_DRAW_INVERS), &constant);
  }
  case 3:
  case 4: {
    CwMsgDisplayCopyBits copy = { base, { between (self, -20, WIDTH), between (self, -20, HEIGHT) } };

    return stream_message (CW_MSG_DISPLAY_COPY_BITS, &copy);
  }
  case 5: {
    CwMsgDisplayDrawTransparent transparent = { base, random_image (self, surface), area, 0, 0x123456 };

    return stream_message (CW_MSG_DISPLAY_DRAW_TRANSPARENT, &transparent);
  }
  case 6:
  case 7: {
    CwMsgDisplayDrawAlphaBlend blend
        = { base, between (self, 0, 3), between (self, 0, 255), random_image (self, surface), area };

    return stream_message (CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &blend);
  }
  case 8: {
    CwWireImage *image = random_image (self, surface);
    CwWireBrush brush = random_brush (self, surface);
    CwMsgDisplayDrawRop3 rop3
        = { base, image, area, brush, g_rand_int (self->arena.rand), between (self, 0, 1), random_mask (self) };

    return stream_message (CW_MSG_DISPLAY_DRAW_ROP3, &rop3);
  }
  case 9:
    return random_stroke (self, &base, rop);
  case 10:
    return random_text (self, &base);
  case 11:
    return random_composite (self, &base);
  default: {
    CwMsgDisplayDrawCopy copy
        = { base, random_image (self, surface), area, rop, between (self, 0, 1), random_mask (self) };

    return stream_message (between (self, CW_MSG_DISPLAY_DRAW_COPY, CW_MSG_DISPLAY_DRAW_BLEND), &copy);
  }
  }
}

GPtrArray **
stream_random (guint32 seed, unsigned n_channels, unsigned n_messages, bool small)
{
  GPtrArray **stream = g_new (GPtrArray *, n_channels);
  Random self = { .shrink = small ? 10 : 1, .next_id = 1000, .cached = g_array_new (FALSE, FALSE, sizeof (uint64_t)) };

  arena_init (&self.arena, seed);
  for (unsigned c = 0; c < n_channels; c++) {
    stream[c] = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_message_unref);
    g_ptr_array_add (stream[c], surface_create (0, WIDTH, HEIGHT, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
    for (unsigned i = 0; i < N_OFFSCREEN; i++)
      g_ptr_array_add (stream[c], surface_create (i + 1, WIDTH - 40 * i, HEIGHT + 10 * i, offscreen_formats[i], 0));
    g_ptr_array_add (stream[c], empty_message (CW_MSG_DISPLAY_MARK));
  }
  for (unsigned i = 0; i < n_messages; i++) {
    for (unsigned c = 0; c < n_channels; c++) {
      if (self.cached->len > 20 && between (&self, 0, 3) == 0) {
        g_ptr_array_add (stream[c], inval_image (g_array_index (self.cached, uint64_t, 0)));
        g_array_remove_index (self.cached, 0);
      } else {
        g_ptr_array_add (stream[c], random_draw (&self));
      }
    }
  }
  arena_clear (&self.arena);
  g_array_unref (self.cached);
  return stream;
}

void
stream_free (GPtrArray **stream, unsigned n_channels)
{
  for (unsigned c = 0; c < n_channels; c++)
    g_ptr_array_unref (stream[c]);
  g_free (stream);
}
