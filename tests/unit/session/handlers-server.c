/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "handlers-server.h"

#include "stream.h"

static GPtrArray *drawing;

/* An agent with capabilities 5 and 6 announces itself, grabs the clipboard, asks for it, gives it and lets it go. */
static void
serve_agent (PeerIo *io)
{
  static const struct {
    uint8_t type, size, body[12];
  } messages[] = {
    { CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES, 8, { 1, 0, 0, 0, 0x60 } },
    { CW_AGENT_TYPE_CLIPBOARD_GRAB, 8, { 0, 0, 0, 0, 1 } },
    { CW_AGENT_TYPE_CLIPBOARD_REQUEST, 8, { 0, 0, 0, 0, 1 } },
    { CW_AGENT_TYPE_CLIPBOARD, 12, { 0, 0, 0, 0, 1, 0, 0, 0, 't', 'e', 'x', 't' } },
    { CW_AGENT_TYPE_CLIPBOARD_RELEASE, 4, { 0 } },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (messages); i++) {
    uint8_t bytes[20 + sizeof messages[i].body] = { 1, 0, 0, 0, messages[i].type };

    bytes[16] = messages[i].size;
    memcpy (bytes + 20, messages[i].body, messages[i].size);
    server_send_bytes (io, CW_MSG_MAIN_AGENT_DATA, bytes, 20 + (size_t) messages[i].size);
  }
}

static void
serve_main (PeerIo *io)
{
  static const uint8_t channels[]
      = { CW_CHANNEL_DISPLAY, 0, CW_CHANNEL_INPUTS, 0, CW_CHANNEL_CURSOR, 0, CW_CHANNEL_DISPLAY, 1 };
  static const CwMsgMainName name = { { (const uint8_t *) "host", 5 } };
  static const CwMsgMainUuid uuid = { { 1, 2, 3 } };

  server_send_start (io, channels, 4);
  server_send (io, CW_MSG_MAIN_NAME, &name);
  server_send (io, CW_MSG_MAIN_UUID, &uuid);
  for (unsigned i = 0; i < 4; i++) {
    server_send (io, CW_MSG_MAIN_MOUSE_MODE, &(CwMsgMainMouseMode){ 3, 1 + i % 2 });
    server_send (io, i % 2 ? CW_MSG_MAIN_AGENT_DISCONNECTED : CW_MSG_MAIN_AGENT_CONNECTED,
                 i % 2 ? (const void *) &(CwMsgMainAgentDisconnected){ 0 } : NULL);
    if (i % 2 == 0)
      serve_agent (io);
    server_send (io, CW_MSG_MAIN_MULTI_MEDIA_TIME, &(CwMsgMainMultiMediaTime){ i * 100000 });
  }
}

static void
tell_slowly (PeerIo *io)
{
  server_send_start (io, NULL, 0);
  for (uint8_t i = 0; i < 60; i++) {
    CwWireChannelId id = { CW_CHANNEL_CURSOR, i };

    g_usleep (2500);
    server_send (io, CW_MSG_MAIN_CHANNELS_LIST, &(CwMsgMainChannelsList){ 1, &id });
  }
}

static void
serve_inputs (PeerIo *io)
{
  server_send (io, CW_MSG_INPUTS_INIT, &(CwMsgInputsInit){ 5 });
  for (uint16_t i = 0; i < 4; i++)
    server_send (io, CW_MSG_INPUTS_KEY_MODIFIERS, &(CwMsgInputsKeyModifiers){ i });
}

static void
serve_cursor (PeerIo *io)
{
  static const uint8_t rgba[16 * 16 * 4];
  CwWireCursor cursor = { .unique = 1, .width = 16, .height = 16, .data = { rgba, sizeof rgba } };
  CwWireCursor none = { .flags = CW_CURSOR_FLAG_NONE };

  server_send (io, CW_MSG_CURSOR_INIT, &(CwMsgCursorInit){ .cursor = cursor });
  for (int i = 0; i < 3; i++) {
    server_send (io, CW_MSG_CURSOR_SET, &(CwMsgCursorSet){ .visible = 1, .cursor = cursor });
    server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 3, 4 });
    server_send (io, CW_MSG_CURSOR_HIDE, NULL);
    server_send (io, CW_MSG_CURSOR_SET, &(CwMsgCursorSet){ .visible = 1, .cursor = none });
    server_send (io, CW_MSG_CURSOR_RESET, NULL);
  }
}

void
handlers_serve (PeerIo *io, gpointer data)
{
  ServerMood mood = GPOINTER_TO_INT (data);
  PeerLink link = PEER_LINK_INIT;

  if (!peer_link (io, &link))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN && mood == SERVER_TELLS_SLOWLY)
    tell_slowly (io);
  else if (io->channel_type == CW_CHANNEL_MAIN)
    serve_main (io);
  else if (io->channel_type == CW_CHANNEL_INPUTS)
    serve_inputs (io);
  else if (io->channel_type == CW_CHANNEL_CURSOR)
    serve_cursor (io);
  else
    for (unsigned i = 0; i < drawing->len; i++)
      server_send_message (io, drawing->pdata[i]);
  if (mood == SERVER_STAYS || io->channel_type == CW_CHANNEL_MAIN)
    peer_drain (io);
}

void
handlers_refuse (PeerIo *io, gpointer data)
{
  PeerLink link = PEER_LINK_INIT;

  if (!peer_link (io, &link))
    return;
  if (io->channel_type != CW_CHANNEL_MAIN)
    return; /* linked, so OPENED and CLOSED at once */
  serve_main (io);
  peer_drain (io);
}

static CwMessage *
monitors_message (uint32_t width)
{
  const CwWireHead heads[] = { { .width = width, .height = 40 }, { .monitor_id = 1, .width = width, .height = 40 } };

  return stream_message (CW_MSG_DISPLAY_MONITORS_CONFIG, &(CwMsgDisplayMonitorsConfig){ 4, 2, heads });
}

/* Every event of a display, more than once, with pictures to decode between them. */
void
handlers_make_drawing (Arena *arena)
{
  drawing = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_message_unref);
  for (unsigned i = 0; i < 3; i++) {
    uint32_t side = 200 + 50 * i;
    const CwWireImage *image = image_lz4 (arena, i, 0, CW_BITMAP_FMT_32BIT, 150, 150);

    g_ptr_array_add (drawing, surface_create (0, side, side, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
    g_ptr_array_add (drawing, draw_copy (0, 5, 5, image, 150, 150));
    g_ptr_array_add (drawing, empty_message (CW_MSG_DISPLAY_MARK));
    g_ptr_array_add (drawing, monitors_message (side));
    g_ptr_array_add (drawing, draw_fill (0, 0, 0, 100, 100, 0xff));
    g_ptr_array_add (drawing, surface_create (1, 60, 60, CW_SURFACE_FMT_32_XRGB, 0));
    g_ptr_array_add (drawing, draw_fill (1, 0, 0, 60, 60, 0xff00));
    g_ptr_array_add (drawing, draw_copy (0, 0, 0, image_surface (arena, 1), 60, 60));
    g_ptr_array_add (drawing, surface_destroy (1));
    if (i == 1)
      g_ptr_array_add (drawing, empty_message (CW_MSG_DISPLAY_RESET));
    if (i < 2)
      g_ptr_array_add (drawing, surface_destroy (0));
  }
}

void
handlers_free_drawing (void)
{
  g_ptr_array_unref (drawing);
}
