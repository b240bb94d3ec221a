/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What counts as received and as processed: messages inside another one, pictures that are not drawn yet, channels that
 * are switched off, connections that a handler replaces or holds up; and the numbers of what is sent. */
#include "steps.h"
#include "stream.h"

#include "session/session.h"

#include <string.h>

#define SECOND_DISPLAY (CW_CHANNEL_DISPLAY + STEPS_SECOND)

static const uint8_t channels[]
    = { CW_CHANNEL_DISPLAY, 0, CW_CHANNEL_DISPLAY, 1, CW_CHANNEL_CURSOR, 0, CW_CHANNEL_CURSOR, 1 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  unsigned n_moves;
} Case;

static void
on_move (SpiceChannel *cursor, int x, int y, Case *self)
{
  self->n_moves++;
}

static void
begin (Case *self)
{
  *self = (Case){ .steps = steps_new (channels, G_N_ELEMENTS (channels) / 2, 0) };
  self->session = steps_session (self->steps, NULL);
  g_signal_connect (client_channel (self->session, CW_CHANNEL_CURSOR, 0), "cursor-move", G_CALLBACK (on_move), self);
}

static void
end (Case *self)
{
  client_end (self->session);
  steps_free (self->steps);
}

static void
send_ping (Case *self, uint8_t channel, uint32_t id)
{
  steps_send (self->steps, channel, CW_MSG_PING, &(CwMsgPing){ .id = id });
}

static void
expect_pong (Case *self, uint8_t channel, uint32_t id)
{
  const CwMsgcPong *pong = steps_next (self->steps, channel, CW_MSGC_PONG)->data;

  g_assert_cmpuint (pong->id, ==, id);
}

/* Three pings in one message: each is answered, but what is acknowledged is the message. */
static void
test_sub_messages (void)
{
  uint8_t list[2 + 3 * 4 + 3 * 18] = { 3 };
  Case c;

  for (uint8_t i = 0; i < 3; i++) {
    uint8_t at = (uint8_t) (14 + 18 * i);

    list[2 + 4 * i] = at;
    list[at] = CW_MSG_PING;
    list[at + 2] = 12;
    list[at + 6] = (uint8_t) (i + 1);
  }
  begin (&c);
  steps_send (c.steps, CW_CHANNEL_CURSOR, CW_MSG_SET_ACK, &(CwMsgSetAck){ .generation = 1, .window = 2 });
  steps_next (c.steps, CW_CHANNEL_CURSOR, CW_MSGC_ACK_SYNC);
  steps_send_bytes (c.steps, CW_CHANNEL_CURSOR, CW_MSG_LIST, list, sizeof list);
  for (uint32_t i = 1; i <= 3; i++)
    expect_pong (&c, CW_CHANNEL_CURSOR, i);
  send_ping (&c, CW_CHANNEL_CURSOR, 4);
  steps_next (c.steps, CW_CHANNEL_CURSOR, CW_MSGC_ACK);
  expect_pong (&c, CW_CHANNEL_CURSOR, 4);
  send_ping (&c, CW_CHANNEL_CURSOR, 5);
  expect_pong (&c, CW_CHANNEL_CURSOR, 5);
  end (&c);
}

static void
send_message (Case *self, uint8_t channel, CwMessage *message)
{
  steps_send_bytes (self->steps, channel, message->type, message->body.data, message->body.size);
  cw_message_unref (message);
}

static void
send_wait (Case *self, uint8_t channel, uint8_t type, uint8_t id, uint64_t serial)
{
  CwWireWaitForChannel entry = { type, id, serial };

  steps_send (self->steps, channel, CW_MSG_WAIT_FOR_CHANNELS, &(CwMsgWaitForChannels){ 1, &entry });
}

static void
send_move (Case *self)
{
  steps_send (self->steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 1, 2 });
}

static bool
has_moved (gpointer data)
{
  return ((Case *) data)->n_moves > 0;
}

static void
begin_cursor (Case *self)
{
  const CwWireCursor none = { .flags = CW_CURSOR_FLAG_NONE };

  steps_send (self->steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_INIT, &(CwMsgCursorInit){ .cursor = none });
}

static void
begin_displays (Case *self)
{
  begin_cursor (self);
  for (unsigned i = 0; i < 2; i++) {
    uint8_t display = i ? SECOND_DISPLAY : CW_CHANNEL_DISPLAY;

    send_message (self, display, surface_create (0, 64, 64, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
    steps_next (self->steps, display, CW_MSGC_DISPLAY_INIT);
  }
}

static void
bring_image (Case *self, Arena *arena)
{
  send_message (self, SECOND_DISPLAY,
                draw_copy (0, 0, 0, image_bitmap (arena, 7, CW_IMAGE_FLAG_CACHE_ME, CW_BITMAP_FMT_32BIT, 8, 8), 8, 8));
}

/* The second message of the first display is one that cannot be drawn until the image has been brought. */
static void
check_undrawn (Case *self, Arena *arena)
{
  send_message (self, CW_CHANNEL_DISPLAY, draw_copy (0, 0, 0, image_from_cache (arena, 7, false), 8, 8));
  steps_heard_all (self->steps, CW_CHANNEL_DISPLAY);
  self->n_moves = 0;
  send_wait (self, CW_CHANNEL_CURSOR, CW_CHANNEL_DISPLAY, 0, 1);
  send_move (self);
  client_await (has_moved, self);
  self->n_moves = 0;
  send_wait (self, CW_CHANNEL_CURSOR, CW_CHANNEL_DISPLAY, 0, 2);
  send_move (self);
  /* Whatever else comes on either. */
  steps_heard_all (self->steps, CW_CHANNEL_DISPLAY);
  steps_heard_all (self->steps, SECOND_DISPLAY);
  client_run (50);
  g_assert_cmpuint (self->n_moves, ==, 0);
  bring_image (self, arena);
  client_await (has_moved, self);
}

/* A display has received a message, but cannot draw it: its picture is one that another display has to bring. Who waits
 * for that message waits on; who waits for the one before does not. */
static void
test_undrawn (void)
{
  Arena arena;
  Case c;

  arena_init (&arena, 1);
  begin (&c);
  begin_displays (&c);
  check_undrawn (&c, &arena);
  end (&c);
  arena_clear (&arena);
}

static bool
has_no_channels (gpointer session)
{
  g_autoptr (GList) all = spice_session_get_channels (session);

  return !all;
}

/* What one connection has brought is not there on the next: the server does not know of it either. */
static void
test_forgotten (void)
{
  Arena arena;
  Case c;

  arena_init (&arena, 1);
  begin (&c);
  begin_displays (&c);
  bring_image (&c, &arena);
  steps_heard_all (c.steps, SECOND_DISPLAY);
  spice_session_disconnect (c.session);
  client_await (has_no_channels, c.session);
  g_assert_true (spice_session_open_fd (c.session, -1));
  for (unsigned i = 0; i < G_N_ELEMENTS (channels); i += 2)
    steps_await_link (c.steps, (uint8_t) (channels[i] + (channels[i + 1] ? STEPS_SECOND : 0)), 2);
  g_signal_connect (client_channel (c.session, CW_CHANNEL_CURSOR, 0), "cursor-move", G_CALLBACK (on_move), &c);
  begin_displays (&c);
  check_undrawn (&c, &arena);
  end (&c);
  arena_clear (&arena);
}

/* --- another connection in a handler ------------------------------------------------------------------------------ */

static void
on_opened (SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
  if (event == SPICE_CHANNEL_OPENED)
    *(bool *) data = true;
}

static bool
is_open (gpointer data)
{
  return *(bool *) data;
}

static void
replace_connection (SpiceChannel *cursor, int x, int y, gpointer data)
{
  bool opened = false;
  gulong handler = g_signal_connect (cursor, "channel-event", G_CALLBACK (on_opened), &opened);

  g_signal_handlers_disconnect_by_func (cursor, replace_connection, data);
  spice_channel_disconnect (cursor, SPICE_CHANNEL_NONE);
  spice_channel_connect (cursor);
  client_await (is_open, &opened);
  g_signal_handler_disconnect (cursor, handler);
}

/* What the earlier connection has received is nothing that the new one has. */
static void
test_replaced (void)
{
  SpiceChannel *second;
  Case c;

  begin (&c);
  second = client_channel (c.session, CW_CHANNEL_CURSOR, 1);
  g_signal_connect (second, "cursor-move", G_CALLBACK (replace_connection), NULL);
  steps_send (c.steps, CW_CHANNEL_CURSOR + STEPS_SECOND, CW_MSG_CURSOR_INIT,
              &(CwMsgCursorInit){ .cursor = { .flags = CW_CURSOR_FLAG_NONE } });
  for (uint32_t i = 2; i < 6; i++)
    send_ping (&c, CW_CHANNEL_CURSOR + STEPS_SECOND, i);
  steps_send (c.steps, CW_CHANNEL_CURSOR + STEPS_SECOND, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 1, 2 });
  for (uint32_t i = 2; i < 6; i++)
    expect_pong (&c, CW_CHANNEL_CURSOR + STEPS_SECOND, i);
  steps_await_link (c.steps, CW_CHANNEL_CURSOR + STEPS_SECOND, 2);
  begin_cursor (&c);
  send_wait (&c, CW_CHANNEL_CURSOR, CW_CHANNEL_CURSOR, 1, 4);
  send_move (&c);
  for (uint32_t i = 1; i < 4; i++) {
    send_ping (&c, CW_CHANNEL_CURSOR + STEPS_SECOND, i);
    expect_pong (&c, CW_CHANNEL_CURSOR + STEPS_SECOND, i);
  }
  client_run (50);
  g_assert_cmpuint (c.n_moves, ==, 0);
  send_ping (&c, CW_CHANNEL_CURSOR + STEPS_SECOND, 4);
  client_await (has_moved, &c);
  end (&c);
}

/* A frame of a video that is to be seen later, by the clock of what is heard. */
static void
send_early_frame (Case *self, SpiceChannel *display)
{
  const CwMsgDisplayStreamCreate create = { .codec_type = CW_VIDEO_CODEC_TYPE_MJPEG,
                                            .stream_width = 16,
                                            .stream_height = 16,
                                            .dest = { .right = 16, .bottom = 16 } };
  CwMsgDisplayStreamData frame = { .multi_media_time = 1100 };
  Arena arena;

  arena_init (&arena, 1);
  frame.data = image_jpeg (&arena, 1, 0, 16, 16)->jpeg.data;
  cw_session_set_playing (self->session, display, true);
  cw_session_heard (self->session, display, 1000, 0);
  steps_send (self->steps, CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_STREAM_CREATE, &create);
  steps_send (self->steps, CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_STREAM_DATA, &frame);
  steps_skip_all (self->steps, CW_CHANNEL_DISPLAY);
  arena_clear (&arena);
}

static void
on_primary (SpiceChannel *display, int format, int width, int height, int stride, int shmid, gpointer data, bool *there)
{
  *there = true;
}

static void
run_when_opened (SpiceChannel *display, SpiceChannelEvent event, Case *self)
{
  bool there = false;

  if (event != SPICE_CHANNEL_OPENED)
    return;
  steps_await_link (self->steps, CW_CHANNEL_DISPLAY, 2);
  g_signal_connect (display, "display-primary-create", G_CALLBACK (on_primary), &there);
  send_message (self, CW_CHANNEL_DISPLAY, surface_create (0, 8, 8, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  client_run (300);
  g_assert_false (there);
  g_signal_handlers_disconnect_by_func (display, on_primary, &there);
}

/* Nothing comes while a handler of OPENED runs the loop, though it may be time for a frame of the last connection. */
static void
test_loop_when_opened (void)
{
  SpiceChannel *display;
  bool there = false;
  Case c;

  begin (&c);
  display = client_channel (c.session, CW_CHANNEL_DISPLAY, 0);
  send_message (&c, CW_CHANNEL_DISPLAY, surface_create (0, 64, 64, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  send_early_frame (&c, display);
  spice_channel_disconnect (display, SPICE_CHANNEL_NONE);
  g_signal_connect (display, "channel-event", G_CALLBACK (run_when_opened), &c);
  g_signal_connect (display, "display-primary-create", G_CALLBACK (on_primary), &there);
  spice_channel_connect (display);
  client_await (is_open, &there);
  g_signal_handlers_disconnect_by_func (display, run_when_opened, &c);
  end (&c);
}

/* --- switched off ----------------------------------------------------------------------------------------------- */

/* A channel that is switched off goes through the motions: what is its kind's is not even looked at. */
static void
test_disabled (void)
{
  Case c;

  g_setenv ("SPICE_DISABLE_CHANNELS", "cursor", TRUE);
  begin (&c);
  steps_send_bytes (c.steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_INIT, "", 1);
  steps_send_bytes (c.steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_INVAL_ONE, "", 1);
  send_move (&c);
  send_ping (&c, CW_CHANNEL_CURSOR, 1);
  expect_pong (&c, CW_CHANNEL_CURSOR, 1);
  g_assert_true (cw_channel_is_ready (client_channel (c.session, CW_CHANNEL_CURSOR, 0)));
  g_assert_cmpuint (c.n_moves, ==, 0);
  /* What all channels have is still theirs. */
  steps_send_bytes (c.steps, CW_CHANNEL_CURSOR, CW_MSG_SET_ACK, "", 1);
  while (cw_channel_is_ready (client_channel (c.session, CW_CHANNEL_CURSOR, 0)))
    g_main_context_iteration (NULL, TRUE);
  end (&c);
  g_unsetenv ("SPICE_DISABLE_CHANNELS");
}

/* --- numbers ---------------------------------------------------------------------------------------------------- */

static bool
send_numbered (PeerIo *io, uint8_t serial, uint16_t type, const void *data)
{
  uint8_t header[18] = { serial, [8] = (uint8_t) type, (uint8_t) (type >> 8) };
  g_auto (CwBuffer) body = { 0 };

  cw_buffer_init (&body, 1000);
  g_assert_true (cw_message_write (cw_message_info (io->channel_type, CW_FROM_SERVER, type), data, &body));
  header[10] = (uint8_t) body.size;
  g_assert_cmpuint (body.size, <, 256);
  return peer_write (io, header, sizeof header) && peer_write (io, body.data, body.size);
}

/* In full headers, which number the messages. */
static void
serve_numbered (PeerIo *io, gpointer n_counted)
{
  const CwWireChannelId cursor = { CW_CHANNEL_CURSOR, 0 };
  PeerLink link = PEER_LINK_INIT;
  uint8_t header[18], body[256];
  uint64_t serial, expected = 0;

  link.common_caps = 0x03;
  if (!peer_link (io, &link))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN) {
    send_numbered (io, 1, CW_MSG_MAIN_INIT, &(CwMsgMainInit){ .session_id = 1 });
    send_numbered (io, 2, CW_MSG_MAIN_CHANNELS_LIST, &(CwMsgMainChannelsList){ 1, &cursor });
  }
  send_numbered (io, io->channel_type == CW_CHANNEL_MAIN ? 3 : 1, CW_MSG_PING, &(CwMsgPing){ .id = 1 });
  do {
    g_assert_true (peer_read (io, header, sizeof header));
    memcpy (&serial, header, sizeof serial);
    g_assert_cmpuint (GUINT64_FROM_LE (serial), ==, ++expected);
    g_assert_cmpuint (header[11], ==, 0);
    g_assert_true (peer_read (io, body, header[10]));
  } while (header[8] != CW_MSGC_PONG);
  /* Main's first message comes with the link. */
  g_assert_cmpuint (expected, >=, io->channel_type == CW_CHANNEL_MAIN ? 2 : 1);
  g_atomic_int_inc ((int *) n_counted);
  server_hold (io);
}

static bool
both_counted (gpointer n_counted)
{
  return g_atomic_int_get ((int *) n_counted) == 2;
}

/* What is sent with the link counts as the first message; where nothing is, the first one is number 1 all the same. */
static void
test_numbers (void)
{
  int n_counted = 0;
  Server *server = server_new (serve_numbered, &n_counted);
  SpiceSession *session = client_session (server);

  g_assert_true (spice_session_connect (session));
  client_await (both_counted, &n_counted);
  client_end (session);
  server_free (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/messages/sub-messages", test_sub_messages);
  g_test_add_func ("/messages/undrawn", test_undrawn);
  g_test_add_func ("/messages/forgotten", test_forgotten);
  g_test_add_func ("/messages/replaced", test_replaced);
  g_test_add_func ("/messages/loop-when-opened", test_loop_when_opened);
  g_test_add_func ("/messages/disabled", test_disabled);
  g_test_add_func ("/messages/numbers", test_numbers);
  return g_test_run ();
}
