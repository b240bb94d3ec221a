/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of records, and what is counted. */
#include "recording/inspect.h"
#include "recording/reader.h"
#include "wire/message.h"

#include <string.h>

static void
inspect_bytes (CwInspector *inspector, GString *out, uint64_t ms, unsigned channel, unsigned type, const char *bytes,
               size_t size)
{
  CwRecord record = { .kind = CW_RECORD_MESSAGE,
                      .channel_type = (uint8_t) channel,
                      .channel_id = 1,
                      .time_us = ms * 1000,
                      .serial = 5,
                      .type = (uint16_t) type,
                      .payload = { (const uint8_t *) bytes, size } };

  cw_inspector_add (inspector, &record, out);
}

/* Every word of it, of good messages and damaged ones, in lists and alone, and of what nobody knows. */
static void
test_inspect_says (void)
{
  /* SET_ACK with 7 and 9; a message of no known type. */
  static const char list[] = "\2\0\x0a\0\0\0\x18\0\0\0\3\0\x08\0\0\0\7\0\0\0\x09\0\0\0\x0f\x27\1\0\0\0x";
  static const char shapeless[] = "\1\0\xff\0\0\0";
  static const char wrong[] = "\1\0\6\0\0\0\3\0\1\0\0\0x";
  static const CwRecord strange[] = {
    { .kind = CW_RECORD_OPENED, .channel_type = 99, .time_us = 5000001 },
    { .kind = 77, .channel_type = CW_CHANNEL_INPUTS, .channel_id = 2, .time_us = 4000000 },
  };
  g_autoptr (CwInspector) inspector = cw_inspector_new ();
  g_autoptr (GString) text = g_string_new (NULL);

  for (unsigned i = 0; i < 2; i++) {
    GString *out = i == 0 ? text : NULL;

    inspect_bytes (inspector, out, 1, CW_CHANNEL_INPUTS, CW_MSG_LIST, list, sizeof list - 1);
    inspect_bytes (inspector, out, 2, CW_CHANNEL_INPUTS, CW_MSG_LIST, shapeless, sizeof shapeless - 1);
    inspect_bytes (inspector, out, 3, CW_CHANNEL_INPUTS, CW_MSG_LIST, wrong, sizeof wrong - 1);
    inspect_bytes (inspector, out, 4, CW_CHANNEL_INPUTS, CW_MSG_SET_ACK, "x", 1);
    cw_inspector_add (inspector, &strange[0], out);
    cw_inspector_add (inspector, &strange[1], out);
  }
  g_assert_cmpstr (text->str, ==,
                   "0.001000 inputs:1 list, serial 5, 31 bytes\n"
                   "  in it: set-ack, 8 bytes\n"
                   "  generation = 7\n"
                   "  window = 9\n"
                   "  in it: message-9999, 1 bytes\n"
                   "0.002000 inputs:1 list, serial 5, 6 bytes\n"
                   "  damaged: sub-messages: offset at +0: 255 > 6\n"
                   "0.003000 inputs:1 list, serial 5, 13 bytes\n"
                   "  in it: set-ack, 1 bytes\n"
                   "  damaged: inputs: set-ack.generation at +0: 4 > 1\n"
                   "0.004000 inputs:1 set-ack, serial 5, 1 bytes\n"
                   "  damaged: inputs: set-ack.generation at +0: 4 > 1\n"
                   "5.000001 channel-99:0 opened\n"
                   "4.000000 inputs:2 record-77\n");
  g_string_truncate (text, 0);
  cw_inspector_print (inspector, text);
  g_assert_cmpstr (text->str, ==,
                   "5.000 seconds, 3 channels\n"
                   "\n"
                   "inputs:1                                  8 messages          102 bytes\n"
                   "  set-ack                                 6                    20\n"
                   "  list                                    6                   100\n"
                   "  message-9999                            2                     2\n"
                   "  (damaged)                               6\n"
                   "\n"
                   "channel-99:0                              0 messages            0 bytes\n"
                   "\n"
                   "inputs:2                                  0 messages            0 bytes\n"
                   "\n"
                   "Images                                count          bytes         pixels\n"
                   "\n"
                   "Caches: images 0 hits, 0 stored; palettes 0 hits, 0 stored; cursors 0 of 0 shapes were hits\n");
  g_string_truncate (text, 0);
  cw_inspector_print_json (inspector, text);
  g_assert_cmpstr (
      text->str, ==,
      "{\n"
      "  \"microseconds\": 5000001,\n"
      "  \"channels\": [\n"
      "    {\"channel\": \"inputs:1\", \"messages\": 8, \"bytes\": 102, \"damaged\": 6, \"kinds\": {\"set-ack\": "
      "{\"messages\": 6, \"bytes\": 20}, \"list\": {\"messages\": 6, \"bytes\": 100}, \"message-9999\": {\"messages\": "
      "2, \"bytes\": 2}}},\n"
      "    {\"channel\": \"channel-99:0\", \"messages\": 0, \"bytes\": 0, \"damaged\": 0, \"kinds\": {}},\n"
      "    {\"channel\": \"inputs:2\", \"messages\": 0, \"bytes\": 0, \"damaged\": 0, \"kinds\": {}}\n"
      "  ],\n"
      "  \"images\": {\n"
      "  },\n"
      "  \"videos\": {\n"
      "  },\n"
      "  \"caches\": {\"image-hits\": 0, \"images-stored\": 0, \"palette-hits\": 0, \"palettes-stored\": 0, "
      "\"cursors\": 0, \"cursor-hits\": 0}\n"
      "}\n");
}

static void
inspect_message (CwInspector *inspector, CwChannelType channel, uint16_t type, const void *data)
{
  g_auto (CwBuffer) body = { 0 };
  CwRecord record = { .kind = CW_RECORD_MESSAGE, .channel_type = channel, .type = type, .serial = 1 };

  cw_buffer_init (&body, 10000);
  g_assert_true (cw_message_write (cw_message_info (channel, CW_FROM_SERVER, type), data, &body));
  record.payload = (CwSlice){ body.data, body.size };
  cw_inspector_add (inspector, &record, NULL);
}

/* What is counted of caches: pictures, their palettes, and shapes; no shape is none. */
static void
test_inspect_caches (void)
{
  static const uint8_t bytes[64];
  static const uint32_t colours[2] = { 0 };
  const CwWirePalette palette = { 1, 2, colours };
  const CwWireImage images[] = {
    { .type = CW_IMAGE_TYPE_BITMAP,
      .flags = CW_IMAGE_FLAG_CACHE_ME,
      .width = 8,
      .height = 2,
      .bitmap = { CW_BITMAP_FMT_1BIT_BE, CW_BITMAP_FLAG_PAL_CACHE_ME, 8, 2, 4, 0, &palette, { bytes, 8 } } },
    { .type = CW_IMAGE_TYPE_LZ_PLT,
      .flags = CW_IMAGE_FLAG_CACHE_REPLACE_ME,
      .width = 8,
      .height = 2,
      .lz_plt = { CW_BITMAP_FLAG_PAL_FROM_CACHE, 1, NULL, { bytes, 11 } } },
    { .type = CW_IMAGE_TYPE_LZ_PLT,
      .width = 4,
      .height = 2,
      .lz_plt = { CW_BITMAP_FLAG_PAL_FROM_CACHE, 1, NULL, { bytes, 13 } } },
    { .type = CW_IMAGE_TYPE_LZ_PLT,
      .width = 8,
      .height = 2,
      .lz_plt = { CW_BITMAP_FLAG_PAL_CACHE_ME, 0, &palette, { bytes, 12 } } },
    { .type = CW_IMAGE_TYPE_QUIC, .width = 3, .height = 3, .quic = { { bytes, 5 } } },
    { .type = CW_IMAGE_TYPE_FROM_CACHE, .width = 8, .height = 2 },
  };
  const uint16_t cursors[] = { CW_CURSOR_FLAG_NONE, CW_CURSOR_FLAG_CACHE_ME, CW_CURSOR_FLAG_FROM_CACHE, 0 };
  g_autoptr (CwInspector) inspector = cw_inspector_new ();
  g_autoptr (GString) text = g_string_new (NULL);

  for (unsigned i = 0; i < G_N_ELEMENTS (images); i++)
    inspect_message (inspector, CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_DRAW_COPY,
                     &(CwMsgDisplayDrawCopy){ .src_bitmap = &images[i] });
  for (unsigned i = 0; i < G_N_ELEMENTS (cursors); i++)
    inspect_message (inspector, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_SET,
                     &(CwMsgCursorSet){ .cursor = { .flags = cursors[i], .width = 1, .height = 1 } });
  cw_inspector_print_json (inspector, text);
  g_test_message ("%s", text->str);
  g_assert_nonnull (strstr (text->str, "\"bitmap\": {\"images\": 1, \"bytes\": 8, \"pixels\": 16}"));
  g_assert_nonnull (strstr (text->str, "\"lz-plt\": {\"images\": 3, \"bytes\": 36, \"pixels\": 40}"));
  g_assert_nonnull (strstr (text->str, "\"quic\": {\"images\": 1, \"bytes\": 5, \"pixels\": 9}"));
  g_assert_nonnull (strstr (text->str, "\"caches\": {\"image-hits\": 1, \"images-stored\": 2, \"palette-hits\": 2, "
                                       "\"palettes-stored\": 2, \"cursors\": 3, \"cursor-hits\": 1}"));
}

/* Frames are counted by what their video was begun with. */
static void
test_inspect_videos (void)
{
  static const uint8_t bytes[64];
  const struct {
    uint32_t id, size;
  } frames[] = { { 3, 10 }, { 3, 20 }, { 63, 5 }, { 7, 1 }, { 1u << 31, 2 } };
  CwMsgDisplayStreamDataSized sized = { .id = 63, .data = { bytes, 6 } };
  g_autoptr (CwInspector) inspector = cw_inspector_new ();
  g_autoptr (GString) text = g_string_new (NULL);

  for (unsigned i = 0; i < 2; i++) {
    const uint8_t codec = i == 0 ? CW_VIDEO_CODEC_TYPE_MJPEG : CW_VIDEO_CODEC_TYPE_H264;

    inspect_message (inspector, CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_STREAM_CREATE,
                     &(CwMsgDisplayStreamCreate){ .id = i == 0 ? 3 : 63, .codec_type = codec });
  }
  inspect_message (inspector, CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_STREAM_CREATE,
                   &(CwMsgDisplayStreamCreate){ .id = 64, .codec_type = CW_VIDEO_CODEC_TYPE_VP8 });
  for (unsigned i = 0; i < G_N_ELEMENTS (frames); i++)
    inspect_message (inspector, CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_STREAM_DATA,
                     &(CwMsgDisplayStreamData){ .id = frames[i].id, .data = { bytes, frames[i].size } });
  inspect_message (inspector, CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_STREAM_DATA_SIZED, &sized);
  cw_inspector_print (inspector, text);
  g_test_message ("%s", text->str);
  g_assert_nonnull (strstr (text->str, "\nVideos                               frames          bytes\n"
                                       "  unknown                                 2              3\n"
                                       "  mjpeg                                   2             30\n"
                                       "  h264                                    2             11\n"
                                       "\nCaches"));
  g_string_truncate (text, 0);
  cw_inspector_print_json (inspector, text);
  g_assert_nonnull (strstr (text->str, "\"videos\": {\n"
                                       "    \"unknown\": {\"frames\": 2, \"bytes\": 3},\n"
                                       "    \"mjpeg\": {\"frames\": 2, \"bytes\": 30},\n"
                                       "    \"h264\": {\"frames\": 2, \"bytes\": 11}\n"
                                       "  },\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recording/inspect-says", test_inspect_says);
  g_test_add_func ("/recording/inspect-caches", test_inspect_caches);
  g_test_add_func ("/recording/inspect-videos", test_inspect_videos);
  return g_test_run ();
}
