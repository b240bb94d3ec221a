/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream.h"

#include <lz4.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

void
arena_init (Arena *self, guint32 seed)
{
  self->blocks = g_ptr_array_new_with_free_func (g_free);
  self->rand = g_rand_new_with_seed (seed);
}

void
arena_clear (Arena *self)
{
  g_ptr_array_unref (self->blocks);
  g_rand_free (self->rand);
}

gpointer
arena_alloc (Arena *self, gsize size)
{
  gpointer block = g_malloc0 (size + 1);

  g_ptr_array_add (self->blocks, block);
  return block;
}

CwMessage *
stream_message_raw (uint16_t type, gconstpointer body, gsize size)
{
  static uint64_t serial;
  g_autoptr (GBytes) bytes = g_bytes_new (body, size);
  g_autoptr (GError) error = NULL;
  CwMessage *message = cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type, ++serial, bytes, &error);

  g_assert_no_error (error);
  return message;
}

CwMessage *
stream_message (uint16_t type, const void *data)
{
  g_auto (CwBuffer) buffer = { 0 };

  cw_buffer_init (&buffer, (size_t) 1 << 30);
  g_assert_true (cw_message_write (cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type), data, &buffer));
  return stream_message_raw (type, buffer.data, buffer.size);
}

/* Noise, or runs of noise so that compression finds something. */
static guint8 *
random_bytes (Arena *arena, gsize size)
{
  guint8 *bytes = arena_alloc (arena, size);
  guint32 state = g_rand_int (arena->rand) | 1, run = state & 0x100 ? 64 : 0, value = 0;

  for (gsize i = 0; i < size; i++) {
    if (run == 0 || i % run == 0) {
      state = state * 1664525 + 1013904223;
      value = state >> 16;
    }
    bytes[i] = run != 0 ? value >> i % 4 : value;
  }
  return bytes;
}

static CwWireImage *
image_new (Arena *arena, uint64_t id, unsigned type, unsigned flags, uint32_t w, uint32_t h)
{
  CwWireImage *image = arena_alloc (arena, sizeof *image);

  *image = (CwWireImage){ .id = id, .type = type, .flags = flags, .width = w, .height = h };
  return image;
}

static unsigned
format_bits (unsigned format)
{
  static const unsigned bits[] = { 0, 1, 1, 4, 4, 8, 16, 24, 32, 32, 8 };

  return bits[format];
}

static const CwWirePalette *
random_palette (Arena *arena)
{
  CwWirePalette *palette = arena_alloc (arena, sizeof *palette);
  uint32_t *ents = arena_alloc (arena, 256 * sizeof *ents);

  palette->n_ents = g_rand_int_range (arena->rand, 0, 256);
  for (unsigned i = 0; i < palette->n_ents; i++)
    ents[i] = g_rand_int (arena->rand);
  palette->ents = ents;
  palette->unique = g_rand_int_range (arena->rand, 0, 100);
  return palette;
}

CwWireImage *
image_bitmap (Arena *arena, uint64_t id, unsigned flags, unsigned format, uint32_t w, uint32_t h)
{
  CwWireImage *image = image_new (arena, id, CW_IMAGE_TYPE_BITMAP, flags, w, h);
  uint32_t stride = (w * format_bits (format) + 31) / 32 * 4;

  image->bitmap = (CwWireBitmap){
    .format = format,
    .flags = g_rand_boolean (arena->rand) ? CW_BITMAP_FLAG_TOP_DOWN : 0,
    .x = w,
    .y = h,
    .stride = stride,
    .palette = format <= CW_BITMAP_FMT_8BIT ? random_palette (arena) : NULL,
    .data = { random_bytes (arena, (gsize) stride * h), (size_t) stride * h },
  };
  return image;
}

CwWireImage *
image_words (Arena *arena, uint32_t w, uint32_t h, const uint32_t *words)
{
  CwWireImage *image = image_bitmap (arena, 0, 0, CW_BITMAP_FMT_32BIT, w, h);
  guint8 *bytes = arena_alloc (arena, (gsize) w * h * 4);

  for (gsize i = 0; i < (gsize) w * h; i++) {
    guint32 word = GUINT32_TO_LE (words[i]);

    memcpy (bytes + 4 * i, &word, 4);
  }
  image->bitmap.flags = CW_BITMAP_FLAG_TOP_DOWN;
  image->bitmap.data.data = bytes;
  return image;
}

CwWireImage *
image_lz4 (Arena *arena, uint64_t id, unsigned flags, unsigned format, uint32_t w, uint32_t h)
{
  CwWireImage *image = image_new (arena, id, CW_IMAGE_TYPE_LZ4, flags, w, h);
  gsize raw = (gsize) w * h * format_bits (format) / 8;
  guint8 *out = arena_alloc (arena, 6 + LZ4_compressBound (raw));
  guint32 size
      = LZ4_compress_default ((const char *) random_bytes (arena, raw), (char *) out + 6, raw, LZ4_compressBound (raw));
  guint32 be = GUINT32_TO_BE (size);

  out[0] = g_rand_boolean (arena->rand);
  out[1] = format;
  memcpy (out + 2, &be, 4);
  image->lz4.data = (CwSlice){ out, 6 + size };
  return image;
}

CwWireImage *
image_jpeg (Arena *arena, uint64_t id, unsigned flags, uint32_t w, uint32_t h)
{
  CwWireImage *image = image_new (arena, id, CW_IMAGE_TYPE_JPEG, flags, w, h);
  struct jpeg_compress_struct jpeg;
  struct jpeg_error_mgr errors;
  unsigned char *data = NULL;
  unsigned long size = 0;
  guint8 *copy;

  jpeg.err = jpeg_std_error (&errors);
  jpeg_create_compress (&jpeg);
  jpeg_mem_dest (&jpeg, &data, &size);
  jpeg.image_width = w;
  jpeg.image_height = h;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults (&jpeg);
  jpeg_start_compress (&jpeg, TRUE);
  for (uint32_t y = 0; y < h; y++) {
    JSAMPROW row = random_bytes (arena, w * 3);

    jpeg_write_scanlines (&jpeg, &row, 1);
  }
  jpeg_finish_compress (&jpeg);
  jpeg_destroy_compress (&jpeg);
  copy = arena_alloc (arena, size);
  memcpy (copy, data, size);
  free (data);
  image->jpeg.data = (CwSlice){ copy, size };
  return image;
}

static void
put_be (GByteArray *out, guint64 value, int bytes)
{
  while (bytes-- > 0) {
    guint8 byte = value >> 8 * bytes;

    g_byte_array_append (out, &byte, 1);
  }
}

CwWireImage *
image_glz (Arena *arena, uint64_t id, unsigned flags, uint64_t glz_id, uint32_t head, uint32_t dist, uint32_t w,
           uint32_t h)
{
  CwWireImage *image = image_new (arena, id, CW_IMAGE_TYPE_GLZ_RGB, flags, w, h);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  uint32_t pixels = w * h, literal = (pixels + 1) / 2, left = pixels - literal;
  const guint8 *bytes = random_bytes (arena, literal * 3);
  guint8 *copy;

  put_be (out, 0x20205A4C, 4);
  put_be (out, 0x00010001, 4);
  put_be (out, 8 | 16, 1); /* RGB32, top-down */
  put_be (out, w, 4);
  put_be (out, h, 4);
  put_be (out, w * 4, 4);
  put_be (out, glz_id, 8);
  put_be (out, head, 4);
  for (uint32_t i = 0; i < literal; i += 32) {
    uint32_t n = MIN (32, literal - i);

    put_be (out, n - 1, 1);
    g_byte_array_append (out, bytes + i * 3, n * 3);
  }
  if (left > 0) {
    /* One match; lengths from 7 on are continued in bytes. Offset 0: the first pixel, or distance 1 in itself. */
    put_be (out, MIN (left, 7) << 5, 1);
    if (left >= 7) {
      uint32_t rest = left - 7;

      for (; rest >= 255; rest -= 255)
        put_be (out, 255, 1);
      put_be (out, rest, 1);
    }
    put_be (out, 0, 1);
    g_assert (dist < 64);
    put_be (out, dist, 1);
  }
  copy = arena_alloc (arena, out->len);
  memcpy (copy, out->data, out->len);
  image->glz_rgb.data = (CwSlice){ copy, out->len };
  return image;
}

CwWireImage *
image_from_cache (Arena *arena, uint64_t id, bool lossless)
{
  return image_new (arena, id, lossless ? CW_IMAGE_TYPE_FROM_CACHE_LOSSLESS : CW_IMAGE_TYPE_FROM_CACHE, 0, 1, 1);
}

CwWireImage *
image_surface (Arena *arena, uint32_t surface_id)
{
  CwWireImage *image = image_new (arena, surface_id, CW_IMAGE_TYPE_SURFACE, 0, 1, 1);

  image->surface.surface_id = surface_id;
  return image;
}

static CwWireDisplayBase
make_base (uint32_t surface, int left, int top, int right, int bottom)
{
  return (CwWireDisplayBase){ .surface_id = surface,
                              .box = { .left = left, .top = top, .right = right, .bottom = bottom } };
}

CwMessage *
draw_fill (uint32_t surface, int left, int top, int right, int bottom, uint32_t color)
{
  CwMsgDisplayDrawFill fill = { .base = make_base (surface, left, top, right, bottom),
                                .brush = { .type = CW_BRUSH_TYPE_SOLID, .color = color },
                                .rop_descriptor = CW_ROPD_OP_PUT };

  return stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill);
}

CwMessage *
draw_copy (uint32_t surface, int left, int top, const CwWireImage *image, uint32_t w, uint32_t h)
{
  CwMsgDisplayDrawCopy copy = { .base = make_base (surface, left, top, left + w, top + h),
                                .src_bitmap = image,
                                .src_area = { .right = w, .bottom = h },
                                .rop_descriptor = CW_ROPD_OP_PUT };

  return stream_message (CW_MSG_DISPLAY_DRAW_COPY, &copy);
}

CwMessage *
surface_create (uint32_t id, uint32_t w, uint32_t h, uint32_t format, uint32_t flags)
{
  CwMsgDisplaySurfaceCreate create = { id, w, h, format, flags };

  return stream_message (CW_MSG_DISPLAY_SURFACE_CREATE, &create);
}

CwMessage *
surface_destroy (uint32_t id)
{
  CwMsgDisplaySurfaceDestroy destroy = { id };

  return stream_message (CW_MSG_DISPLAY_SURFACE_DESTROY, &destroy);
}

CwMessage *
inval_image (uint64_t id)
{
  CwWireResourceId resource = { CW_RESOURCE_TYPE_PIXMAP, id };
  CwMsgDisplayInvalList list = { 1, &resource };

  return stream_message (CW_MSG_DISPLAY_INVAL_LIST, &list);
}

CwMessage *
empty_message (uint16_t type)
{
  return stream_message_raw (type, "", 0);
}

/* The random stream */

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
random_draw (Random *self)
{
  CwWireDisplayBase base = random_base (self);
  uint32_t surface = base.surface_id;
  CwWireRect area = random_area (self, &base.box);
  uint16_t rop = random_rop (self);

  switch (between (self, 0, 12)) {
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
