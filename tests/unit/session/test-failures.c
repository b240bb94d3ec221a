/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How connections fail and end: one event for each way, with an error that says why. */
#include "client.h"

typedef struct {
  const char *name;
  void (*serve) (PeerIo *io);
  const char *password;
  const char *log; /* what the main channel tells */
  int code;        /* of SPICE_CLIENT_ERROR at the first error, or -1 for any error */
  long read;       /* what counts as read in the end (C14), or -1: that depends on when the connection breaks */
} Row;

static const Row *row; /* the running one */

static void
link_with (PeerIo *io, uint32_t error, uint32_t common_caps, uint32_t result)
{
  const PeerLink link = { error, common_caps, result, "", 0 };

  peer_link (io, &link);
}

static void
close_at_once (PeerIo *io)
{
}

static void
read_link (PeerIo *io)
{
  uint8_t header[16], body[512];

  peer_read (io, header, sizeof header);
  peer_read (io, body, header[12] | header[13] << 8);
}

static void
reset_after_link (PeerIo *io)
{
  read_link (io);
  peer_reset (io);
}

static void
send_reply (PeerIo *io, const char *magic, uint8_t major, uint8_t size)
{
  uint8_t reply[16 + 200] = { magic[0], magic[1], magic[2], magic[3], major, 0, 0, 0, 2, 0, 0, 0, size };

  read_link (io);
  peer_write (io, reply, 16 + size);
}

static void
bad_magic (PeerIo *io)
{
  send_reply (io, "XXXX", 2, 178);
}

static void
other_version (PeerIo *io)
{
  send_reply (io, "REDQ", 3, 178);
}

static void
short_reply (PeerIo *io)
{
  send_reply (io, "REDQ", 2, 10);
}

static void
error_1 (PeerIo *io)
{
  link_with (io, 1, 0x0b, 0);
}

static void
error_7 (PeerIo *io)
{
  link_with (io, 7, 0x0b, 0);
}

static void
need_secured (PeerIo *io)
{
  link_with (io, 5, 0x0b, 0);
}

static void
close_before_result (PeerIo *io)
{
  peer_link_until_ticket (io, &PEER_LINK_INIT);
}

static void
no_method (PeerIo *io)
{
  link_with (io, 0, 0x01, 0);
}

static void
result_7 (PeerIo *io)
{
  link_with (io, 0, 0x0b, 7);
}

static void
close_orderly (PeerIo *io)
{
  link_with (io, 0, 0x0b, 0);
}

static void
close_by_reset (PeerIo *io)
{
  link_with (io, 0, 0x0b, 0);
  g_usleep (20000); /* a reset may overtake what was sent */
  peer_reset (io);
}

static void
close_in_message (PeerIo *io)
{
  link_with (io, 0, 0x0b, 0);
  peer_write (io, "\147\0\377", 3);
}

static void
say_goodbye (PeerIo *io)
{
  link_with (io, 0, 0x0b, 0);
  server_send (io, CW_MSG_DISCONNECTING, &(CwMsgDisconnecting){ .reason = 1 });
}

#define SETTLE_MS 1000
#define LONG_PASSWORD "0123456789012345678901234567890123456789012345678901234567890"
#define REPLY (16 + 178 + 8) /* header, body, a word of capabilities of each kind */
#define NEEDS_PASSWORD SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD

static const Row rows[] = {
  { "close-at-once", close_at_once, NULL, "agent error-link", -1, 0 },
  { "close-after-link", read_link, NULL, "agent error-link", -1, 0 },
  { "reset-after-link", reset_after_link, NULL, "agent error-link", -1, 0 },
  { "magic", bad_magic, NULL, "agent error-link", -1, 16 },
  { "version", other_version, NULL, "agent error-link", -1, 16 },
  { "short-reply", short_reply, NULL, "agent error-link", -1, 16 },
  { "error-1", error_1, NULL, "agent error-link", -1, REPLY },
  { "error-7", error_7, NULL, "agent error-link", -1, REPLY },
  { "need-secured", need_secured, NULL, "agent error-connect", -1, REPLY },
  { "close-before-result", close_before_result, NULL, "agent error-link", -1, REPLY },
  { "no-method", no_method, NULL, "agent error-link", -1, REPLY },
  { "G8-result", result_7, NULL, "agent error-auth", NEEDS_PASSWORD, REPLY + 4 },
  { "G8-wrong-password", close_orderly, "wrong", "agent error-auth", NEEDS_PASSWORD, REPLY + 4 },
  { "G8-C8-long-password", close_orderly, LONG_PASSWORD, "agent error-auth", NEEDS_PASSWORD, REPLY },
  { "orderly", close_orderly, NULL, "opened agent closed", -1, REPLY + 4 },
  { "in-message", close_in_message, NULL, "opened agent closed", -1, REPLY + 4 + 3 },
  { "reset", close_by_reset, NULL, "opened agent error-io closed", -1, -1 },
  { "goodbye", say_goodbye, NULL, "opened agent closed", -1, REPLY + 4 + 18 },
};

static void
serve (PeerIo *io, gpointer data)
{
  g_assert_nonnull (row);
  row->serve (io);
}

typedef struct {
  GString *log;
  unsigned n_opened, n_closed, n_errors;
  bool ended;
  gulong read; /* bytes, at the last event */
} Watch;

static void
on_update (SpiceChannel *channel, Watch *self)
{
  g_string_append_printf (self->log, "%sagent", self->log->len > 0 ? " " : "");
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Watch *self)
{
  GEnumValue *value = g_enum_get_value (g_type_class_peek (SPICE_TYPE_CHANNEL_EVENT), (int) event);
  const GError *error = spice_channel_get_error (channel);

  g_string_append_printf (self->log, "%s%s", self->log->len > 0 ? " " : "", value->value_nick);
  g_object_get (channel, "total-read-bytes", &self->read, NULL);
  self->n_opened += event == SPICE_CHANNEL_OPENED;
  self->n_closed += event == SPICE_CHANNEL_CLOSED;
  self->n_errors += event >= SPICE_CHANNEL_ERROR_CONNECT;
  self->ended
      = event == SPICE_CHANNEL_CLOSED || (event >= SPICE_CHANNEL_ERROR_CONNECT && event != SPICE_CHANNEL_ERROR_IO);
  if (event >= SPICE_CHANNEL_ERROR_CONNECT) {
    g_assert_nonnull (error);
    g_assert_true (g_utf8_validate (error->message, -1, NULL) && *error->message);
    if (row && row->code >= 0)
      g_assert_error (error, SPICE_CLIENT_ERROR, row->code);
    if (event == SPICE_CHANNEL_ERROR_AUTH)
      g_assert_true (error->domain == SPICE_CLIENT_ERROR);
  }
  if (event == SPICE_CHANNEL_OPENED)
    g_assert_null (error);
}

static void
watch (SpiceSession *session, SpiceChannel *channel, Watch *self)
{
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    return;
  g_signal_connect (channel, "main-agent-update", G_CALLBACK (on_update), self);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
}

static bool
has_ended (gpointer data)
{
  return ((Watch *) data)->ended;
}

static void
test_row (gconstpointer data)
{
  Watch self = { .log = g_string_new (NULL) };
  SpiceSession *session;
  Server *server;

  row = data;
  server = server_new (serve, NULL);
  session = client_session (server);
  g_object_set (session, "password", row->password, NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (watch), &self);
  g_assert_true (spice_session_connect (session));
  client_await (has_ended, &self);
  client_settle (server, SETTLE_MS);
  g_assert_cmpstr (self.log->str, ==, row->log);
  client_end (session);
  g_assert_cmpstr (self.log->str, ==, row->log);
  if (row->read >= 0)
    g_assert_cmpuint (self.read, ==, row->read);
  g_string_free (self.log, TRUE);
  server_free (server);
}

static void
on_refused (SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
  g_assert_cmpint (event, ==, SPICE_CHANNEL_ERROR_CONNECT);
  g_assert_error (spice_channel_get_error (channel), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static void
watch_refused (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_refused), NULL);
}

/* G8, S7: no other port is tried. */
static void
test_refused (void)
{
  Server *server;
  SpiceSession *session = spice_session_new ();
  Watch self = { .log = g_string_new (NULL) };

  row = NULL;
  server = server_new (serve, NULL);
  g_object_set (session, "host", "127.0.0.1", "port", "1", "tls-port", server_port (server), NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (watch_refused), NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (watch), &self);
  g_assert_true (spice_session_connect (session));
  client_await (has_ended, &self);
  client_settle (server, SETTLE_MS);
  g_assert_cmpstr (self.log->str, ==, "agent error-connect");
  client_end (session);
  g_string_free (self.log, TRUE);
  server_free (server); /* its script would have had no row */
}

static void
serve_well (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0 };

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN)
    server_send_start (io, channels, 1);
  peer_drain (io);
}

static bool
is_opened (gpointer data)
{
  const Watch *self = data;

  return self->n_opened > self->n_closed;
}

/* As many CLOSED as OPENED, and bytes are counted on and on. */
static void
test_cycles (void)
{
  Server *server = server_new (serve_well, NULL);
  SpiceSession *session = client_session (server);
  Watch self = { .log = g_string_new (NULL) };
  gulong bytes = 0, before;
  SpiceChannel *main;

  row = NULL;
  g_signal_connect (session, "channel-new", G_CALLBACK (watch), &self);
  g_assert_true (spice_session_connect (session));
  main = client_channel (session, CW_CHANNEL_MAIN, 0);
  for (unsigned i = 0; i < 100; i++) {
    client_await (is_opened, &self);
    before = bytes;
    g_object_get (main, "total-read-bytes", &bytes, NULL);
    g_assert_cmpuint (bytes, >, before);
    if (i % 2)
      spice_channel_disconnect (main, SPICE_CHANNEL_NONE);
    g_assert_true (spice_session_connect (session));
    while (self.n_closed <= i)
      g_main_context_iteration (NULL, TRUE);
  }
  client_end (session);
  g_assert_cmpuint (self.n_opened, >=, 100);
  g_assert_cmpuint (self.n_opened, ==, self.n_closed);
  g_assert_cmpuint (self.n_errors, ==, 0);
  g_string_free (self.log, TRUE);
  server_free (server);
}

/* A server that is gone: the channels stay until the program connects again, and all but the main one go then. */
static void
note_destroyed (SpiceSession *session, SpiceChannel *channel, unsigned *n)
{
  g_assert_false (SPICE_IS_MAIN_CHANNEL (channel));
  ++*n;
}

static bool
has_inputs (gpointer data)
{
  SpiceChannel *inputs = client_channel (data, CW_CHANNEL_INPUTS, 0);

  return inputs && cw_channel_is_started (SPICE_CHANNEL (inputs));
}

static void
test_server_gone (void)
{
  Server *server = server_new (serve_well, NULL);
  SpiceSession *session = client_session (server);
  Watch self = { .log = g_string_new (NULL) };
  unsigned n_destroyed = 0;
  int cache, window;
  gulong handler;

  row = NULL;
  g_signal_connect (session, "channel-new", G_CALLBACK (watch), &self);
  handler = g_signal_connect (session, "channel-destroy", G_CALLBACK (note_destroyed), &n_destroyed);
  g_assert_true (spice_session_connect (session));
  client_await (has_inputs, session);
  g_object_get (session, "cache-size", &cache, "glz-window-size", &window, NULL);
  g_assert_cmpint (cache, ==, 80 * 1024 * 1024);
  g_assert_cmpint (window, ==, 12 * 1024 * 1024);
  server_free (server);
  client_await (has_ended, &self);
  client_run (20);
  g_assert_cmpuint (n_destroyed, ==, 0);
  g_assert_nonnull (client_channel (session, CW_CHANNEL_INPUTS, 0));
  self.ended = false;
  g_assert_true (spice_session_connect (session));
  g_assert_cmpuint (n_destroyed, ==, 1);
  client_await (has_ended, &self);
  g_assert_cmpstr (self.log->str, ==, "opened agent closed agent error-connect");
  g_signal_handler_disconnect (session, handler);
  client_end (session);
  g_string_free (self.log, TRUE);
}

typedef struct {
  GMutex lock;
  unsigned n_messages; /* of inputs, that alter the guest */
  uint32_t inputs_connection, main_connection;
} Heard;

static void
serve_inputs (PeerIo *io, Heard *heard)
{
  uint8_t header[6], body[64];

  server_send (io, CW_MSG_INPUTS_INIT, &(CwMsgInputsInit){ 5 });
  server_send (io, CW_MSG_PING, &(CwMsgPing){ .id = 1 });
  while (peer_read (io, header, sizeof header) && peer_read (io, body, header[2])) {
    g_mutex_lock (&heard->lock);
    heard->n_messages += header[0] > CW_MSGC_DISCONNECTING;
    g_mutex_unlock (&heard->lock);
  }
}

static void
serve_and_count (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0 };
  Heard *heard = data;

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  g_mutex_lock (&heard->lock);
  *(io->channel_type == CW_CHANNEL_MAIN ? &heard->main_connection : &heard->inputs_connection) = io->connection_id;
  g_mutex_unlock (&heard->lock);
  if (io->channel_type == CW_CHANNEL_MAIN) {
    server_send_start (io, channels, 1);
    peer_drain (io);
  } else {
    serve_inputs (io, heard);
  }
}

static void
press_everything (SpiceInputsChannel *inputs)
{
  spice_inputs_channel_key_press (inputs, 30);
  spice_inputs_channel_key_press_and_release (inputs, 30);
  spice_inputs_channel_motion (inputs, 1, 1, 0);
  spice_inputs_channel_position (inputs, 1, 1, 0, 0);
  spice_inputs_channel_button_press (inputs, 1, 0);
  spice_inputs_channel_set_key_locks (inputs, 1);
}

static bool
has_heard_all (gpointer data)
{
  Heard *heard = data;
  bool all;

  g_mutex_lock (&heard->lock);
  all = heard->n_messages >= 6;
  g_mutex_unlock (&heard->lock);
  return all;
}

static void
test_read_only (gconstpointer data)
{
  bool read_only = data != NULL;
  Heard heard = { .n_messages = 0 };
  Server *server;
  SpiceSession *session;

  g_mutex_init (&heard.lock);
  server = server_new (serve_and_count, &heard);
  session = client_session (server);
  g_object_set (session, "read-only", read_only, NULL);
  g_assert_true (spice_session_connect (session));
  client_await (has_inputs, session);
  press_everything (SPICE_INPUTS_CHANNEL (client_channel (session, CW_CHANNEL_INPUTS, 0)));
  if (!read_only)
    client_await (has_heard_all, &heard);
  client_settle (server, SETTLE_MS);
  client_end (session);
  server_free (server);
  g_assert_cmpuint (heard.n_messages, ==, read_only ? 0 : 6);
  g_assert_cmpuint (heard.main_connection, ==, 0);
  g_assert_cmpuint (heard.inputs_connection, ==, 1);
  g_mutex_clear (&heard.lock);
}

int
main (int argc, char **argv)
{
  g_autoptr (GTypeClass) class = NULL;

  g_test_init (&argc, &argv, NULL);
  class = g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/failures/C1-%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_row);
  }
  g_test_add_func ("/failures/G8-S7-refused", test_refused);
  g_test_add_func ("/failures/C4-cycles", test_cycles);
  g_test_add_func ("/failures/S17-server-gone", test_server_gone);
  g_test_add_data_func ("/failures/S24-S29-I6-read-only", "", test_read_only);
  g_test_add_data_func ("/failures/S29-not-read-only", NULL, test_read_only);
  return g_test_run ();
}
