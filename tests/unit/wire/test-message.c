/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/message.h"

#include "base/error.h"
#include "wire/types.h"

#include <string.h>

/* DRAW_COPY of an uncompressed 2x2 picture, as the reference server sends it. */
static const uint8_t draw_copy[] = {
  0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00,
  0x00, 0x00, 0x39, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02,
  0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
  0x01, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x08,
  0x04, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x20,
  0x10, 0x00, 0x33, 0x22, 0x11, 0x00, 0x36, 0x24, 0x12, 0x00, 0x39, 0x26, 0x13, 0x00,
};

enum { IMAGE_AT = 57, BITMAP_AT = IMAGE_AT + 18, STRIDE_AT = BITMAP_AT + 10 };

static CwMessage *
parse_draw_copy (const uint8_t *data, size_t size, GError **error)
{
  g_autoptr (GBytes) body = g_bytes_new (data, size);

  return cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, CW_MSG_DISPLAY_DRAW_COPY, 7, body, error);
}

static void
test_draw_copy (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CwMessage) message = parse_draw_copy (draw_copy, sizeof draw_copy, &error);
  const CwMsgDisplayDrawCopy *copy;

  g_assert_no_error (error);
  copy = message->data;
  g_assert_cmpuint (message->serial, ==, 7);
  g_assert_cmpstr (message->info->name, ==, "draw-copy");
  g_assert_cmpint (copy->base.box.top, ==, 10);
  g_assert_cmpint (copy->base.box.right, ==, 2);
  g_assert_cmpuint (copy->base.clip.type, ==, CW_CLIP_TYPE_NONE);
  g_assert_cmpuint (copy->rop_descriptor, ==, CW_ROPD_OP_PUT);
  g_assert_null (copy->mask.bitmap);
  g_assert_cmpuint (copy->src_bitmap->id, ==, 0x0000010200000001);
  g_assert_cmpuint (copy->src_bitmap->bitmap.format, ==, CW_BITMAP_FMT_32BIT);
  g_assert_null (copy->src_bitmap->bitmap.palette);
  g_assert_cmpmem (copy->src_bitmap->bitmap.data.data, copy->src_bitmap->bitmap.data.size, draw_copy + 93, 16);
}

static void
test_zero_copy (void)
{
  g_autoptr (GBytes) body = g_bytes_new_static (draw_copy, sizeof draw_copy);
  g_autoptr (CwMessage) message
      = cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, CW_MSG_DISPLAY_DRAW_COPY, 1, body, NULL);
  const CwMsgDisplayDrawCopy *copy = message->data;

  g_assert_true (copy->src_bitmap->bitmap.data.data == draw_copy + 93);
}

static void
test_every_cut_fails (void)
{
  for (size_t size = 0; size < sizeof draw_copy; size++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (parse_draw_copy (draw_copy, size, &error));
    g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
  }
}

static void
check_broken (size_t at, uint8_t value, int code, const char *text)
{
  g_autofree uint8_t *data = g_memdup2 (draw_copy, sizeof draw_copy);
  g_autoptr (GError) error = NULL;

  data[at] = value;
  g_assert_null (parse_draw_copy (data, sizeof draw_copy, &error));
  g_assert_error (error, CW_ERROR, code);
  g_assert_cmpstr (error->message, ==, text);
}

static void
test_errors_name_the_field (void)
{
  check_broken (20, 9, CW_ERROR_UNSUPPORTED, "display: draw-copy.base.clip.type at +20: 9 is not a known variant");
  check_broken (21, 109, CW_ERROR_MALFORMED, "display: draw-copy.src_bitmap at +21: 109 >= 109");
  check_broken (21, 0, CW_ERROR_MALFORMED, "display: draw-copy.src_bitmap at +21: 0 is not allowed here");
  check_broken (IMAGE_AT + 8, 2, CW_ERROR_UNSUPPORTED,
                "display: draw-copy.src_bitmap.type at +65: 2 is not a known variant");
  check_broken (BITMAP_AT, 77, CW_ERROR_UNSUPPORTED,
                "display: draw-copy.src_bitmap.bitmap.format at +75: 77 is not a known bitmap format");
  check_broken (STRIDE_AT, 7, CW_ERROR_MALFORMED, "display: draw-copy.src_bitmap.bitmap.stride at +85: 7 < 8");
  check_broken (STRIDE_AT, 9, CW_ERROR_MALFORMED, "display: draw-copy.src_bitmap.bitmap.data at +93: 18 > 16");
}

static void
test_unknown_type (void)
{
  g_autoptr (GBytes) body = g_bytes_new (NULL, 0);
  g_autoptr (GError) error = NULL;

  g_assert_null (cw_message_parse (CW_CHANNEL_INPUTS, CW_FROM_SERVER, 304, 1, body, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED);
}

static void
test_base_messages_are_everywhere (void)
{
  for (unsigned channel = CW_CHANNEL_MAIN; channel <= CW_CHANNEL_WEBDAV; channel++) {
    const CwMessageInfo *info = cw_message_info (channel, CW_FROM_SERVER, CW_MSG_PING);

    g_assert_nonnull (info);
    g_assert_cmpstr (info->name, ==, "ping");
    g_assert_cmpstr (cw_message_info (channel, CW_FROM_CLIENT, CW_MSGC_PONG)->name, ==, "pong");
  }
  g_assert_null (cw_message_info (200, CW_FROM_SERVER, CW_MSG_PING));
}

static void
test_write_gives_the_same_bytes (void)
{
  g_autoptr (CwMessage) message = parse_draw_copy (draw_copy, sizeof draw_copy, NULL);
  g_auto (CwBuffer) buffer = { 0 };

  cw_buffer_init (&buffer, 4096);
  cw_buffer_u32 (&buffer, 0x12345678); /* offsets count from where the message begins */
  g_assert_true (cw_message_write (message->info, message->data, &buffer));
  g_assert_cmpmem (buffer.data + 4, buffer.size - 4, draw_copy, sizeof draw_copy);
}

static void
test_write_refuses (void)
{
  const CwMessageInfo *info = cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, CW_MSG_DISPLAY_DRAW_COPY);
  CwWireImage image
      = { .type = CW_IMAGE_TYPE_BITMAP,
          .bitmap = { .format = CW_BITMAP_FMT_8BIT, .x = 4, .y = 1, .stride = 4, .data = { draw_copy, 4 } } };
  CwMsgDisplayDrawCopy copy = { .src_bitmap = &image };
  g_auto (CwBuffer) good = { 0 }, bad = { 0 };

  cw_buffer_init (&good, 4096);
  g_assert_true (cw_message_write (info, &copy, &good));
  cw_buffer_init (&bad, 4096);
  image.bitmap.data.size = 3;
  g_assert_false (cw_message_write (info, &copy, &bad));
  image.bitmap.data.size = 4;
  cw_buffer_clear (&bad);
  image.type = CW_IMAGE_TYPE_RESERVED;
  g_assert_false (cw_message_write (info, &copy, &bad));
  cw_buffer_clear (&bad);
  copy.src_bitmap = NULL;
  g_assert_false (cw_message_write (info, &copy, &bad));
}

static bool
announces (uint16_t type, const void *body, size_t size)
{
  return cw_message_has_descriptors (cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type),
                                     (CwSlice){ body, size });
}

/* The format stands behind three numbers here, behind two there; without one the picture has gone. */
static void
test_descriptors (void)
{
  static const uint8_t first[20] = { [12] = 1 }, second[19] = { [8] = 1 }, high[20] = { [15] = 1 };
  static const uint8_t none[20] = { 1, [11] = 1, [16] = 1 };

  g_assert_true (announces (CW_MSG_DISPLAY_GL_SCANOUT_UNIX, first, sizeof first));
  g_assert_true (announces (CW_MSG_DISPLAY_GL_SCANOUT_UNIX, high, sizeof high));
  g_assert_false (announces (CW_MSG_DISPLAY_GL_SCANOUT_UNIX, none, sizeof none));
  g_assert_true (announces (CW_MSG_DISPLAY_GL_SCANOUT2_UNIX, second, sizeof second));
  g_assert_false (announces (CW_MSG_DISPLAY_GL_SCANOUT2_UNIX, first, sizeof second));
  g_assert_false (announces (CW_MSG_DISPLAY_GL_SCANOUT_UNIX, first, 15)); /* it is going to be refused */
  g_assert_false (announces (CW_MSG_DISPLAY_DRAW_COPY, first, sizeof first));
}

static void
test_most (void)
{
  g_assert_cmpuint (cw_message_most (CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_MARK), ==, CW_MAX_BODY_SIZE);
  g_assert_cmpuint (cw_message_most (CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_DRAW_COPY), ==, 257 << 20);
  g_assert_cmpuint (cw_message_most (CW_CHANNEL_CURSOR, CW_MSG_CURSOR_SET), ==, 5 << 20);
  g_assert_cmpuint (cw_message_most (CW_CHANNEL_DISPLAY, 9999), ==, CW_MAX_BODY_SIZE);
  g_assert_cmpuint (cw_message_most (200, CW_MSG_PING), ==, CW_MAX_BODY_SIZE);
}

static void
test_unknown_agent_type (void)
{
  g_autoptr (GBytes) body = g_bytes_new (NULL, 0);
  g_autoptr (GError) error = NULL;

  g_assert_null (cw_agent_info (9999));
  g_assert_null (cw_agent_parse (9999, 0, body, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/draw-copy", test_draw_copy);
  g_test_add_func ("/message/zero-copy", test_zero_copy);
  g_test_add_func ("/message/every-cut-fails", test_every_cut_fails);
  g_test_add_func ("/message/errors-name-the-field", test_errors_name_the_field);
  g_test_add_func ("/message/unknown-type", test_unknown_type);
  g_test_add_func ("/message/base-messages-are-everywhere", test_base_messages_are_everywhere);
  g_test_add_func ("/message/write-gives-the-same-bytes", test_write_gives_the_same_bytes);
  g_test_add_func ("/message/write-refuses", test_write_refuses);
  g_test_add_func ("/message/descriptors", test_descriptors);
  g_test_add_func ("/message/most", test_most);
  g_test_add_func ("/message/unknown-agent-type", test_unknown_agent_type);
  return g_test_run ();
}
