/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pair.h"

#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

void
pair_setup (Pair *self, unsigned n_channels, const CwRenderLimits *limits)
{
  *self = (Pair){ .pool = cw_worker_pool_new_manual () };
  self->group = cw_render_group_new (self->pool, limits ? limits : &(CwRenderLimits){ .here_bytes = 1 });
  arena_init (&self->arena, 1);
  for (unsigned i = 0; i < 2; i++) {
    g_autoptr (CwMessage) create = surface_create (0, 16, 16, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY);

    recorder_init (&self->recorder[i]);
    if (i >= n_channels)
      continue;
    self->render[i]
        = cw_render_new (self->group, &recorder_observer, &self->recorder[i], recorder_wake, &self->recorder[i]);
    g_assert_true (cw_render_push (self->render[i], create, NULL));
  }
}

void
pair_teardown (Pair *self)
{
  for (unsigned i = 0; i < 2; i++) {
    g_clear_pointer (&self->render[i], cw_render_unref);
    recorder_clear (&self->recorder[i]);
  }
  while (cw_worker_pool_n_queued (self->pool) > 0)
    cw_worker_pool_run_queued (self->pool, 0);
  cw_render_group_unref (self->group);
  cw_worker_pool_unref (self->pool);
  arena_clear (&self->arena);
}

void
pair_push (Pair *self, unsigned channel, CwMessage *message)
{
  g_autoptr (CwMessage) owned = message;
  g_autoptr (GError) error = NULL;

  cw_render_push (self->render[channel], owned, &error);
  g_assert_no_error (error);
}

void
pair_push_refused (Pair *self, CwMessage *message, int code)
{
  g_autoptr (CwMessage) owned = message;
  g_autoptr (GError) error = NULL;

  g_assert_false (cw_render_push (self->render[0], owned, &error));
  g_assert_error (error, CW_ERROR, code);
}

void
pair_finish (Pair *self)
{
  drain (self->render, self->render[1] ? 2 : 1, self->pool, NULL, 100000);
}

/* A 4×4 bitmap of one colour. */
CwWireImage *
pair_plain (Pair *self, uint64_t id, unsigned flags, uint32_t color)
{
  uint32_t words[16];
  CwWireImage *image;

  for (int i = 0; i < 16; i++)
    words[i] = color;
  image = image_words (&self->arena, 4, 4, words);
  image->id = id;
  image->flags = flags;
  return image;
}

CwMessage *
pair_copy (const CwWireImage *image)
{
  return draw_copy (0, 0, 0, image, 4, 4);
}

CwMessage *
pair_copy_glz (Pair *self, uint64_t glz_id, uint32_t dist, int x)
{
  return draw_copy (0, x, 0, image_glz (&self->arena, 0, 0, glz_id, MIN (glz_id, 4), dist, 4, 4), 4, 4);
}

uint32_t
pair_pixel (Pair *self, unsigned channel, int x, int y)
{
  CwSurfaceInfo info;
  uint32_t word;

  pair_finish (self);
  g_assert_no_error (self->recorder[channel].failure);
  g_assert_true (cw_render_is_idle (self->render[channel]));
  g_assert_true (cw_render_get_surface (self->render[channel], 0, &info));
  memcpy (&word, info.data + (gsize) y * info.stride + x * 4, 4);
  return word;
}

uint32_t
pair_word (Pair *self, uint32_t surface, int x, int y)
{
  CwSurfaceInfo info;
  uint32_t word;

  pair_finish (self);
  g_assert_no_error (self->recorder[0].failure);
  g_assert_true (cw_render_get_surface (self->render[0], surface, &info));
  memcpy (&word, info.data + (gsize) y * info.stride + x * 4, 4);
  return word;
}

CwWireImage *
pair_bytes (Pair *self, unsigned format, uint32_t w, uint32_t h, uint32_t stride, const void *bytes)
{
  CwWireImage *image = arena_alloc (&self->arena, sizeof *image);

  *image = (CwWireImage){ .type = CW_IMAGE_TYPE_BITMAP, .width = w, .height = h };
  image->bitmap = (CwWireBitmap){ .format = format,
                                  .flags = CW_BITMAP_FLAG_TOP_DOWN,
                                  .x = w,
                                  .y = h,
                                  .stride = stride,
                                  .data = { bytes, (gsize) stride * h } };
  return image;
}

CwWireImage *
pair_argb (Pair *self, uint32_t argb)
{
  uint32_t *words = arena_alloc (&self->arena, 16 * sizeof *words);

  for (unsigned i = 0; i < 16; i++)
    words[i] = GUINT32_TO_LE (argb);
  return pair_bytes (self, CW_BITMAP_FMT_RGBA, 4, 4, 16, words);
}

CwSlice
pair_jpeg (Arena *arena, unsigned w, unsigned h, uint8_t upper, uint8_t lower)
{
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  unsigned char *data = NULL;
  unsigned long size = 0;
  g_autofree uint8_t *bytes = g_malloc (w);
  JSAMPROW row = bytes;
  void *copy;

  info.err = jpeg_std_error (&errors);
  jpeg_create_compress (&info);
  jpeg_mem_dest (&info, &data, &size);
  info.image_width = w;
  info.image_height = h;
  info.input_components = 1;
  info.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults (&info);
  jpeg_set_quality (&info, 100, TRUE);
  jpeg_start_compress (&info, TRUE);
  while (info.next_scanline < h) {
    memset (bytes, info.next_scanline < h / 2 ? upper : lower, w);
    jpeg_write_scanlines (&info, &row, 1);
  }
  jpeg_finish_compress (&info);
  jpeg_destroy_compress (&info);
  copy = arena_alloc (arena, size);
  memcpy (copy, data, size);
  free (data);
  return (CwSlice){ copy, size };
}

const uint32_t pair_quarters[16] = { 1, 2, 3, 4, 5, 0xa00000, 0x00a000, 8, 9, 0x0000a0, 0xa0a0a0, 12, 13, 14, 15, 16 };

uint32_t
pair_color (Pair *self, int x, int y)
{
  return pair_word (self, 0, x, y) & 0xffffff;
}

void
pair_draw_on (Pair *self, uint32_t color, uint16_t type, const void *data)
{
  pair_push (self, 0, draw_fill (0, 0, 0, 16, 16, color));
  pair_push (self, 0, stream_message (type, data));
}

CwWireDisplayBase
pair_box (int32_t side)
{
  return (CwWireDisplayBase){ .box = { .right = side, .bottom = side } };
}

CwMessage *
pair_create_video (unsigned codec, unsigned flags, const CwWireRect *dest)
{
  CwMsgDisplayStreamCreate create = {
    .id = PAIR_VIDEO, .flags = flags, .codec_type = codec, .stream_width = 16, .stream_height = 16, .dest = *dest
  };

  return stream_message (CW_MSG_DISPLAY_STREAM_CREATE, &create);
}

void
pair_assert_grey (Pair *self, int x, int y, uint8_t value)
{
  uint32_t word = pair_pixel (self, 0, x, y);

  for (unsigned shift = 0; shift < 24; shift += 8) {
    g_assert_cmpint ((word >> shift) & 0xff, >=, value - 3);
    g_assert_cmpint ((word >> shift) & 0xff, <=, value + 3);
  }
}

const CwMsgcDisplayStreamReport *
pair_report (Pair *self, guint i)
{
  g_assert_cmpuint (self->recorder[0].reports->len, >, i);
  return &g_array_index (self->recorder[0].reports, CwMsgcDisplayStreamReport, i);
}
