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

guint8 *
stream_random_bytes (Arena *arena, gsize size)
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
    .data = { stream_random_bytes (arena, (gsize) stride * h), (size_t) stride * h },
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
  guint32 size = LZ4_compress_default ((const char *) stream_random_bytes (arena, raw), (char *) out + 6, raw,
                                       LZ4_compressBound (raw));
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
    JSAMPROW row = stream_random_bytes (arena, w * 3);

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
  const guint8 *bytes = stream_random_bytes (arena, literal * 3);
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
