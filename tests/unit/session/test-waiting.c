/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels that wait for each other: the cursor's for the inputs', another cursor's for that one; and one that ends
 * while it waits. */
#include "client.h"

#include <string.h>

static GMutex lock;
static GCond changed;
static int stage; /* how far the scripts may go; set by the client, when it has what it wants */

static void
await_stage (int wanted)
{
  g_mutex_lock (&lock);
  while (stage < wanted)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
}

static void
set_stage (int reached)
{
  g_mutex_lock (&lock);
  stage = reached;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
}

/* Serial 2, as all that come after the first message of a channel. */
static void
send_wait (PeerIo *io, uint8_t type, uint8_t id)
{
  CwWireWaitForChannel entry = { type, id, 2 };

  server_send (io, CW_MSG_WAIT_FOR_CHANNELS, &(CwMsgWaitForChannels){ 1, &entry });
}

static void
serve_cursor (PeerIo *io)
{
  const CwWireCursor none = { .flags = CW_CURSOR_FLAG_NONE };

  server_send (io, CW_MSG_CURSOR_INIT, &(CwMsgCursorInit){ .cursor = none });
  await_stage (1);
  if (io->channel_id == 0) {
    send_wait (io, CW_CHANNEL_INPUTS, 0);
  } else {
    send_wait (io, CW_CHANNEL_CURSOR, 0);
    server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 1, 2 });
  }
  server_hold (io);
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_CURSOR, 0, CW_CHANNEL_CURSOR, 1, CW_CHANNEL_INPUTS, 0 };

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  if (io->channel_type == CW_CHANNEL_CURSOR) {
    serve_cursor (io);
  } else if (io->channel_type == CW_CHANNEL_INPUTS) {
    server_send (io, CW_MSG_INPUTS_INIT, &(CwMsgInputsInit){ 1 });
    await_stage (2);
    server_send (io, CW_MSG_INPUTS_KEY_MODIFIERS, &(CwMsgInputsKeyModifiers){ 4 });
    server_hold (io);
  } else {
    server_send_start (io, channels, 3);
    server_hold (io);
  }
}

typedef struct {
  SpiceSession *session;
  unsigned n_begun; /* channels whose first message has come */
  GString *told;
  bool ends_late; /* the waiting cursor's channel, once there is nothing to wait for */
} Seen;

static void
on_hide (SpiceChannel *channel, Seen *self)
{
  self->n_begun++;
}

static void
on_move (SpiceChannel *channel, int x, int y, Seen *self)
{
  g_string_append (self->told, "move ");
}

static void
end_cursor (Seen *self)
{
  spice_channel_disconnect (client_channel (self->session, CW_CHANNEL_CURSOR, 0), SPICE_CHANNEL_CLOSED);
}

static gboolean
end_cursor_late (gpointer data)
{
  end_cursor (data);
  return G_SOURCE_REMOVE;
}

static void
on_modifiers (SpiceInputsChannel *channel, Seen *self)
{
  int locks;

  g_object_get (channel, "key-modifiers", &locks, NULL);
  if (locks == 1)
    self->n_begun++;
  else
    g_string_append (self->told, "modifiers ");
  /* Before anything else that is ready. */
  if (locks != 1 && self->ends_late)
    g_idle_add_full (G_PRIORITY_HIGH, end_cursor_late, self, NULL);
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel, Seen *self)
{
  if (SPICE_IS_CURSOR_CHANNEL (channel)) {
    g_signal_connect (channel, "cursor-hide", G_CALLBACK (on_hide), self);
    g_signal_connect (channel, "cursor-move", G_CALLBACK (on_move), self);
  } else if (SPICE_IS_INPUTS_CHANNEL (channel)) {
    g_signal_connect (channel, "inputs-modifiers", G_CALLBACK (on_modifiers), self);
  }
}

static bool
have_begun (gpointer data)
{
  return ((Seen *) data)->n_begun == 3;
}

static bool
has_moved (gpointer data)
{
  return strstr (((Seen *) data)->told->str, "move") != NULL;
}

static bool
is_over (gpointer data)
{
  const Seen *self = data;

  return has_moved (data) && strstr (self->told->str, "modifiers");
}

typedef enum { GOES_ON, ENDS, ENDS_LATE } Way;

static void
test_waiting (gconstpointer data)
{
  Way way = GPOINTER_TO_INT (data);
  Server *server;
  Seen seen = { .told = g_string_new (NULL), .ends_late = way == ENDS_LATE };

  set_stage (0);
  server = server_new (serve, NULL);
  seen.session = client_session (server);
  g_signal_connect (seen.session, "channel-new", G_CALLBACK (on_channel), &seen);
  g_assert_true (spice_session_connect (seen.session));
  client_await (have_begun, &seen);
  set_stage (1);
  client_run (200);
  g_assert_cmpstr (seen.told->str, ==, "");
  if (way == ENDS) {
    end_cursor (&seen);
    client_await (has_moved, &seen);
  }
  set_stage (2);
  client_await (is_over, &seen);
  client_run (50);
  /* Nobody waits for a channel that is not there. */
  g_assert_cmpstr (seen.told->str, ==, way == ENDS ? "move modifiers " : "modifiers move ");
  client_end (seen.session);
  server_free (server);
  g_string_free (seen.told, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_data_func ("/waiting/goes-on", GINT_TO_POINTER (GOES_ON), test_waiting);
  g_test_add_data_func ("/waiting/ends", GINT_TO_POINTER (ENDS), test_waiting);
  g_test_add_data_func ("/waiting/ends-late", GINT_TO_POINTER (ENDS_LATE), test_waiting);
  return g_test_run ();
}
