/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session whose server sends large shapes of the pointer, with each of its larger allocations failing in turn: a
 * channel ends with an error or does without, and the program goes on. */
#include "client.h"
#include "refuse.h"

/* What is not small whatever the server says. */
#define LARGE 512
#define SIDE 64

/* Made before allocations fail: scripts run in this program too. */
static GBytes *mono, *alpha, *recall;

static GBytes *
message (const CwWireCursor *cursor)
{
  g_auto (CwBuffer) buffer = { 0 };
  const CwMsgCursorSet set = { .visible = 1, .cursor = *cursor };

  cw_buffer_init (&buffer, 1 << 20);
  g_assert_true (
      cw_message_write (cw_message_info (CW_CHANNEL_CURSOR, CW_FROM_SERVER, CW_MSG_CURSOR_SET), &set, &buffer));
  return cw_buffer_steal (&buffer);
}

static GBytes *
shape (uint8_t type, uint64_t id, size_t size)
{
  g_autofree uint8_t *bytes = g_malloc0 (size);

  return message (&(CwWireCursor){ .flags = CW_CURSOR_FLAG_CACHE_ME,
                                   .unique = id,
                                   .type = type,
                                   .width = SIDE,
                                   .height = SIDE,
                                   .data = { bytes, size } });
}

static void
send_bytes (PeerIo *io, GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  server_send_bytes (io, CW_MSG_CURSOR_SET, data, size);
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_CURSOR, 0 };

  if (!server_begin (io, &PEER_LINK_INIT, channels, 1))
    return;
  send_bytes (io, mono);
  send_bytes (io, alpha);
  send_bytes (io, recall);
  server_send_bytes (io, CW_MSG_CURSOR_RESET, NULL, 0);
  server_hold (io);
}

typedef struct {
  SpiceSession *session;
  bool reset;
  unsigned n_shapes;
} Case;

static void
on_reset (SpiceCursorChannel *channel, Case *c)
{
  c->reset = true;
}

static void
on_set (SpiceCursorChannel *channel, int width, int height, int hot_x, int hot_y, gpointer rgba, Case *c)
{
  c->n_shapes++;
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel, Case *c)
{
  if (!SPICE_IS_CURSOR_CHANNEL (channel))
    return;
  g_signal_connect (channel, "cursor-reset", G_CALLBACK (on_reset), c);
  g_signal_connect (channel, "cursor-set", G_CALLBACK (on_set), c);
}

static const GError *
error_of (const Case *c, int type)
{
  SpiceChannel *channel = client_channel (c->session, type, 0);

  return channel ? spice_channel_get_error (channel) : NULL;
}

static bool
is_over (gpointer data)
{
  Case *c = data;

  return c->reset || error_of (c, CW_CHANNEL_CURSOR) || error_of (c, CW_CHANNEL_MAIN);
}

static void
test_pointer (void)
{
  unsigned n = 0, n_ended = 0;

  mono = shape (CW_CURSOR_TYPE_MONO, 1, SIDE * SIDE / 4);
  alpha = shape (CW_CURSOR_TYPE_ALPHA, 2, SIDE * SIDE * 4);
  recall = message (&(CwWireCursor){ .flags = CW_CURSOR_FLAG_FROM_CACHE, .unique = 1 });
  do {
    Server *server = server_new (serve, NULL);
    Case c = { client_session (server), false, 0 };

    g_signal_connect (c.session, "channel-new", G_CALLBACK (on_channel), &c);
    g_assert_true (spice_session_connect (c.session));
    refuse_next (n++, LARGE);
    client_await (is_over, &c);
    n_ended += !c.reset;
    if (!refuse_has ())
      g_assert_cmpuint (c.n_shapes, ==, 3);
    g_signal_handlers_disconnect_by_data (c.session, &c);
    client_end (c.session);
    server_free (server);
  } while (refuse_has ());
  refuse_none ();
  g_test_message ("%u allocations, %u of them fatal for the channel", n - 1, n_ended);
  g_assert_cmpuint (n, >, 3);
  g_assert_cmpuint (n_ended, >, 0);
  g_bytes_unref (mono);
  g_bytes_unref (alpha);
  g_bytes_unref (recall);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL); /* what is passed over is warned of */
  g_test_add_func ("/memory/pointer", test_pointer);
  return g_test_run ();
}
