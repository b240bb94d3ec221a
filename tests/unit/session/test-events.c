/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program sees of a session, in which order, against a scripted server. */
#include "../transport/peer.h"

#include "channel-main.h"
#include "channel-inputs.h"
#include "channel/channel.h"
#include "channel/host.h"
#include "session/registry.h"
#include "spice-client.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_INPUTS, spice_inputs_channel_get_type, NULL },
  { CW_CHANNEL_PLAYBACK, spice_inputs_channel_get_type, "enable-audio" },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = NULL;

typedef struct {
  SpiceSession *session;
  GString *log;
  bool stop; /* set by the watched event */
  const char *watched;
  void (*on_event) (SpiceChannel *channel, SpiceChannelEvent event);
} Watch;

static Watch *current; /* for handlers that are given by plain functions */

static void
note (Watch *self, const char *text)
{
  g_string_append_printf (self->log, "%s%s", self->log->len ? " " : "", text);
  if (self->watched && strcmp (self->watched, text) == 0)
    self->stop = true;
}

static const char *
event_name (SpiceChannelEvent event)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT);

  return g_enum_get_value (class, (int) event)->value_nick;
}

static char *
name_of (SpiceChannel *channel)
{
  int type, id;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  return g_strdup_printf ("%s:%d", spice_channel_type_to_string (type), id);
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Watch *self)
{
  g_autofree char *name = name_of (channel), *text = g_strdup_printf ("%s=%s", name, event_name (event));
  g_autoptr (GSocket) socket = NULL;

  g_object_get (channel, "socket", &socket, NULL);
  g_assert_true ((socket != NULL) == (event == SPICE_CHANNEL_OPENED));
  if (event >= SPICE_CHANNEL_ERROR_CONNECT)
    g_assert_nonnull (spice_channel_get_error (channel));
  if (event == SPICE_CHANNEL_OPENED)
    g_assert_null (spice_channel_get_error (channel));
  note (self, text);
  if (self->on_event)
    self->on_event (channel, event);
}

static void
on_channel_notify (GObject *object, GParamSpec *pspec, Watch *self)
{
  note (self, pspec->name);
}

static void
on_update (SpiceChannel *channel, Watch *self)
{
  note (self, "agent-update");
}

static void
on_mouse (SpiceChannel *channel, Watch *self)
{
  note (self, "mouse-update");
}

static void
on_modifiers (SpiceChannel *channel, Watch *self)
{
  note (self, "modifiers");
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Watch *self)
{
  g_autofree char *name = name_of (channel), *text = g_strdup_printf ("new:%s", name);

  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), self);
  if (SPICE_IS_MAIN_CHANNEL (channel)) {
    g_signal_connect (channel, "main-agent-update", G_CALLBACK (on_update), self);
    g_signal_connect (channel, "main-mouse-update", G_CALLBACK (on_mouse), self);
    g_signal_connect (channel, "notify::mouse-mode", G_CALLBACK (on_channel_notify), self);
  }
  note (self, text);
  if (SPICE_IS_INPUTS_CHANNEL (channel)) {
    g_signal_connect (channel, "inputs-modifiers", G_CALLBACK (on_modifiers), self);
    g_assert_true (spice_channel_connect (channel));
  }
}

static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, Watch *self)
{
  g_autofree char *name = name_of (channel), *text = g_strdup_printf ("destroy:%s", name);
  g_autoptr (GList) channels = spice_session_get_channels (session);

  g_assert_null (g_list_find (channels, channel));
  note (self, text);
}

static void
on_disconnected (SpiceSession *session, Watch *self)
{
  note (self, "disconnected");
}

static void
watch_init (Watch *self, uint16_t port)
{
  g_autofree char *text = g_strdup_printf ("%u", port);

  *self = (Watch){ .session = spice_session_new (), .log = g_string_new (NULL) };
  g_object_set (self->session, "host", "127.0.0.1", "port", text, NULL);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_signal_connect (self->session, "channel-destroy", G_CALLBACK (on_channel_destroy), self);
  g_signal_connect (self->session, "disconnected", G_CALLBACK (on_disconnected), self);
  g_signal_connect (self->session, "notify::uuid", G_CALLBACK (on_channel_notify), self);
  g_signal_connect (self->session, "notify::name", G_CALLBACK (on_channel_notify), self);
  current = self;
}

static gboolean
too_late (gpointer data)
{
  g_error ("nothing more happens after: %s", ((Watch *) data)->log->str);
  return G_SOURCE_REMOVE;
}

static void
run_until (Watch *self, const char *text)
{
  guint timer = g_timeout_add_seconds (120, too_late, self);

  self->watched = text;
  self->stop = false;
  while (!self->stop)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
}

static gboolean
set_flag (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

static void
run_for (unsigned ms)
{
  bool over = false;

  g_timeout_add (ms, set_flag, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

static void
expect (Watch *self, const char *log)
{
  g_assert_cmpstr (self->log->str, ==, log);
  g_string_truncate (self->log, 0);
}

/* Drops the session, which has to be gone then. */
static void
watch_clear (Watch *self)
{
  gpointer weak = self->session;

  g_object_add_weak_pointer (G_OBJECT (self->session), &weak);
  g_object_unref (self->session);
  run_for (20);
  g_assert_null (weak);
  g_string_free (self->log, TRUE);
}

static void
send_message (PeerIo *io, uint16_t type, const void *body, uint32_t size)
{
  uint8_t header[6] = { (uint8_t) type, (uint8_t) (type >> 8), (uint8_t) size, (uint8_t) (size >> 8), 0, 0 };

  peer_write (io, header, sizeof header);
  peer_write (io, body, size);
}

static const uint8_t init_body[32] = { 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0 };

/* The main channel of a good server. data: NULL, or a channel list; then a bad INIT comes before the good one. */
static void
main_script (PeerIo *io, gpointer data)
{
  static const uint8_t name[] = "\5\0\0\0host";
  static const uint8_t uuid[16] = { 1, 2, 3 };
  const uint8_t *list = data;

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  if (list)
    send_message (io, 103, "\0", 2);
  send_message (io, 9999, "abc", 3);
  send_message (io, 103, init_body, sizeof init_body);
  send_message (io, 113, name, sizeof name);
  send_message (io, 114, uuid, sizeof uuid);
  if (list)
    send_message (io, 104, list, 4 + 2 * list[0]);
  peer_drain (io);
}

static void
test_refused (void)
{
  Watch watch;

  watch_init (&watch, 1);
  g_assert_true (spice_session_connect (watch.session));
  expect (&watch, "new:main:0");
  run_until (&watch, "main:0=error-connect");
  run_for (50);
  expect (&watch, "agent-update main:0=error-connect");
  g_assert_true (spice_session_has_channel_type (watch.session, CW_CHANNEL_MAIN));

  /* The same channel is used again. */
  g_assert_true (spice_session_connect (watch.session));
  run_until (&watch, "main:0=error-connect");
  expect (&watch, "agent-update main:0=error-connect");
  spice_session_disconnect (watch.session);
  spice_session_disconnect (watch.session);
  g_assert_cmpstr (watch.log->str, ==, "");
  run_until (&watch, "disconnected");
  run_for (50);
  expect (&watch, "destroy:main:0 disconnected");
  watch_clear (&watch);
}

static void
test_no_port (void)
{
  Watch watch;

  watch_init (&watch, 1);
  g_object_set (watch.session, "port", NULL, NULL);
  spice_session_connect (watch.session);
  g_assert_cmpstr (watch.log->str, ==, "new:main:0");
  run_until (&watch, "main:0=error-connect");
  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  watch_clear (&watch);
}

static void
test_connected (void)
{
  /* inputs twice, main, one that nobody knows, one that is switched off. */
  static const uint8_t list[] = { 5, 0, 0, 0, 1, 0, 3, 0, 77, 0, 3, 0, 5, 0 };
  Peer *peer = peer_new ("127.0.0.1", 0, main_script, (gpointer) list);
  Watch watch;

  peer_start (peer);
  watch_init (&watch, peer_port (peer));
  g_object_set (watch.session, "enable-audio", FALSE, NULL);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "main:0: a damaged message was passed over: main: init*");
  spice_session_connect (watch.session);
  run_until (&watch, "new:inputs:0");
  g_test_assert_expected_messages ();
  run_for (100);
  /* The scripted server takes one connection only, so the inputs channel gets nowhere. */
  g_assert_true (g_str_has_prefix (watch.log->str,
                                   "new:main:0 main:0=opened mouse-update mouse-mode name uuid uuid new:inputs:0"));
  g_assert_null (strstr (watch.log->str, "playback"));
  g_string_truncate (watch.log, 0);

  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  expect (&watch, "destroy:inputs:0 destroy:main:0 agent-update main:0=closed disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  peer_free (peer);
}

static void
closing_script (PeerIo *io, gpointer data)
{
  uint8_t attach_channels[6];

  /* Who closes while something waits unread resets the connection, and what was on its way is lost. */
  if (peer_link (io, &PEER_LINK_INIT) && peer_read (io, attach_channels, sizeof attach_channels))
    send_message (io, 103, init_body, sizeof init_body);
}

static void
test_server_ends (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, closing_script, NULL);
  Watch watch;

  peer_start (peer);
  watch_init (&watch, peer_port (peer));
  spice_session_connect (watch.session);
  run_until (&watch, "main:0=closed");
  run_for (50);
  expect (&watch, "new:main:0 main:0=opened mouse-update mouse-mode agent-update main:0=closed");
  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  peer_free (peer);
}

static void
silent_script (PeerIo *io, gpointer data)
{
  peer_drain (io);
}

static void
ticket_script (PeerIo *io, gpointer data)
{
  if (peer_link_until_ticket (io, &PEER_LINK_INIT))
    peer_drain (io);
}

static void
test_disconnect_early (gconstpointer data)
{
  Peer *peer = peer_new ("127.0.0.1", 0, !data ? silent_script : ticket_script, NULL);
  Watch watch;
  int64_t start;

  peer_start (peer);
  watch_init (&watch, peer_port (peer));
  spice_session_connect (watch.session);
  run_for (150);
  start = g_get_monotonic_time ();
  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
  run_for (50);
  expect (&watch, "new:main:0 destroy:main:0 disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  peer_free (peer);
}

static void
test_disconnect_at_once (void)
{
  Watch watch;

  watch_init (&watch, 1);
  spice_session_connect (watch.session);
  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  run_for (50);
  expect (&watch, "new:main:0 destroy:main:0 disconnected");
  watch_clear (&watch);
}

static void
password_script (PeerIo *io, gpointer data)
{
  PeerLink link = PEER_LINK_INIT;

  link.password = data;
  if (peer_link (io, &link))
    peer_drain (io);
}

static Peer *second;

static void
retry (SpiceChannel *channel, SpiceChannelEvent event)
{
  g_autofree char *port = NULL;

  if (event != SPICE_CHANNEL_ERROR_AUTH)
    return;
  g_assert_error (spice_channel_get_error (channel), SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD);
  port = g_strdup_printf ("%u", peer_port (second));
  g_object_set (current->session, "password", "secret", "port", port, NULL);
  g_assert_true (spice_session_connect (current->session));
}

static void
test_password (void)
{
  Peer *first = peer_new ("127.0.0.1", 0, password_script, (gpointer) "secret");
  Watch watch;

  second = peer_new ("127.0.0.1", 0, password_script, (gpointer) "secret");
  peer_start (first);
  peer_start (second);
  watch_init (&watch, peer_port (first));
  watch.on_event = retry;
  spice_session_connect (watch.session);
  run_until (&watch, "main:0=opened");
  expect (&watch, "new:main:0 agent-update main:0=error-auth main:0=opened");
  spice_session_disconnect (watch.session);
  g_object_ref (watch.session);
  g_object_unref (watch.session);
  run_until (&watch, "disconnected");
  watch_clear (&watch);
  peer_stop (first);
  peer_free (first);
  peer_stop (second);
  peer_free (second);
}

static void
test_reconnect_while_connected (void)
{
  Peer *first = peer_new ("127.0.0.1", 0, main_script, NULL);
  g_autofree char *port = NULL;
  Watch watch;

  second = peer_new ("127.0.0.1", 0, main_script, NULL);
  peer_start (first);
  peer_start (second);
  port = g_strdup_printf ("%u", peer_port (second));
  watch_init (&watch, peer_port (first));
  spice_session_connect (watch.session);
  run_until (&watch, "uuid");
  g_string_truncate (watch.log, 0);
  g_object_set (watch.session, "port", port, NULL);
  g_assert_true (spice_session_connect (watch.session));
  run_until (&watch, "uuid");
  /* The mouse mode is the same as before. */
  expect (&watch, "agent-update main:0=closed main:0=opened name uuid");
  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  watch_clear (&watch);
  peer_stop (first);
  peer_free (first);
  peer_stop (second);
  peer_free (second);
}

static void
disconnect_session (SpiceChannel *channel, SpiceChannelEvent event)
{
  if (event == SPICE_CHANNEL_OPENED)
    spice_channel_disconnect (channel, SPICE_CHANNEL_CLOSED);
  else if (event == SPICE_CHANNEL_CLOSED)
    spice_session_disconnect (current->session);
}

static void
test_disconnect_in_handler (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, main_script, NULL);
  Watch watch;

  peer_start (peer);
  watch_init (&watch, peer_port (peer));
  watch.on_event = disconnect_session;
  spice_session_connect (watch.session);
  run_until (&watch, "disconnected");
  run_for (50);
  /* One CLOSED for one OPENED. The inner event is noted before the outer handler returns. */
  expect (&watch, "new:main:0 main:0=opened agent-update main:0=closed destroy:main:0 disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  peer_free (peer);
}

static void
run_nested (SpiceChannel *channel, SpiceChannelEvent event)
{
  if (event != SPICE_CHANNEL_OPENED)
    return;
  run_for (150);
  note (current, "loop-over");
}

/* While a handler runs a main loop of its own, its channel says nothing more. */
static void
test_nested_loop (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, main_script, NULL);
  Watch watch;

  peer_start (peer);
  watch_init (&watch, peer_port (peer));
  watch.on_event = run_nested;
  spice_session_connect (watch.session);
  run_until (&watch, "uuid");
  expect (&watch, "new:main:0 main:0=opened loop-over mouse-update mouse-mode name uuid");
  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  peer_free (peer);
}

static void
on_open_fd (SpiceChannel *channel, int with_tls, gpointer data)
{
  note (current, with_tls ? "open-fd-tls" : "open-fd");
}

static void
watch_fd (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  g_signal_connect (channel, "open-fd", G_CALLBACK (on_open_fd), NULL);
}

static void
test_open_fd (void)
{
  Watch watch;
  int fds[2];

  watch_init (&watch, 1);
  g_signal_connect (watch.session, "channel-new", G_CALLBACK (watch_fd), NULL);
  g_assert_true (spice_session_open_fd (watch.session, -1));
  expect (&watch, "new:main:0 open-fd");

  /* A socket whose other end is closed cannot be linked. */
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  close (fds[1]);
  {
    g_autoptr (GList) channels = spice_session_get_channels (watch.session);

    g_assert_true (spice_channel_open_fd (channels->data, fds[0]));
  }
  run_until (&watch, "main:0=error-link");
  expect (&watch, "agent-update main:0=error-link");

  /* A request without an answer does not stand in the way of another connection. */
  g_assert_true (spice_session_open_fd (watch.session, -1));
  expect (&watch, "open-fd");
  g_assert_true (spice_session_connect (watch.session));
  run_until (&watch, "main:0=error-connect");
  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  watch_clear (&watch);
}

static void
test_unconnected (void)
{
  Watch watch;
  SpiceChannel *channel;

  watch_init (&watch, 1);
  channel = spice_channel_new (watch.session, CW_CHANNEL_MAIN, 0);
  expect (&watch, "new:main:0");
  g_assert_nonnull (channel);
  g_assert_null (spice_channel_new (watch.session, 99, 0));
  g_assert_false (spice_channel_test_capability (channel, 0));
  spice_channel_disconnect (channel, SPICE_CHANNEL_ERROR_IO);
  expect (&watch, "");
  spice_session_disconnect (watch.session);
  run_until (&watch, "disconnected");
  watch_clear (&watch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/session/S4-C3-refused", test_refused);
  g_test_add_func ("/session/S5-no-port", test_no_port);
  g_test_add_func ("/session/S10-S11-connected", test_connected);
  g_test_add_func ("/session/server-ends", test_server_ends);
  g_test_add_data_func ("/session/disconnect/S15-silent", NULL, test_disconnect_early);
  g_test_add_data_func ("/session/disconnect/S15-ticket", "", test_disconnect_early);
  g_test_add_func ("/session/disconnect/S16-at-once", test_disconnect_at_once);
  g_test_add_func ("/session/disconnect/in-handler", test_disconnect_in_handler);
  g_test_add_func ("/session/S13-password", test_password);
  g_test_add_func ("/session/reconnect-while-connected", test_reconnect_while_connected);
  g_test_add_func ("/session/G5-nested-loop", test_nested_loop);
  g_test_add_func ("/session/open-fd", test_open_fd);
  g_test_add_func ("/session/unconnected", test_unconnected);
  return g_test_run ();
}
