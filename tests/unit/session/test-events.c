/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program sees of a session, in which order, against a scripted server. */
#include "../transport/peer.h"
#include "../transport/resolver.h"
#include "watch.h"

#include "channel-main.h"
#include "channel-inputs.h"
#include "channel/channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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
  watch_expect (&watch, "new:main:0");
  watch_until (&watch, "main:0=error-connect");
  watch_for (50);
  watch_expect (&watch, "agent-update main:0=error-connect");
  g_assert_true (spice_session_has_channel_type (watch.session, CW_CHANNEL_MAIN));

  /* The same channel is used again. */
  g_assert_true (spice_session_connect (watch.session));
  watch_until (&watch, "main:0=error-connect");
  watch_expect (&watch, "agent-update main:0=error-connect");
  spice_session_disconnect (watch.session);
  spice_session_disconnect (watch.session);
  g_assert_cmpstr (watch.log->str, ==, "");
  watch_until (&watch, "disconnected");
  watch_for (50);
  watch_expect (&watch, "destroy:main:0 disconnected");
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
  watch_until (&watch, "main:0=error-connect");
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
  watch_clear (&watch);
}

/* How many channels have come to be. */
static unsigned
n_new (const Watch *watch)
{
  unsigned n = 0;

  for (const char *at = watch->log->str; (at = strstr (at, "new:")); at++)
    n++;
  return n;
}

/* C7, S10, S11 */
static void
test_connected (void)
{
  /* inputs twice, main, one that nobody knows, three that are switched off. */
  static const uint8_t list[] = { 7, 0, 0, 0, 1, 0, 3, 0, 77, 0, 3, 0, 5, 0, 8, 0, 9, 0 };
  Peer *peer = peer_new ("127.0.0.1", 0, main_script, (gpointer) list);
  Watch watch;

  peer_start (peer);
  watch_init (&watch, peer_port (peer));
  g_object_set (watch.session, "enable-audio", FALSE, "enable-usbredir", FALSE, NULL);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "main:0: a damaged message was passed over: main: init*");
  spice_session_connect (watch.session);
  watch_until (&watch, "new:inputs:0");
  g_test_assert_expected_messages ();
  watch_for (100);
  /* The scripted server takes one connection only, so the inputs channel gets nowhere. */
  g_assert_true (g_str_has_prefix (watch.log->str,
                                   "new:main:0 main:0=opened mouse-update mouse-mode name uuid uuid new:inputs:0"));
  g_assert_cmpuint (n_new (&watch), ==, 2);
  g_string_truncate (watch.log, 0);

  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
  watch_expect (&watch, "destroy:inputs:0 destroy:main:0 agent-update main:0=closed disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  peer_free (peer);
}

static void
unnamed_script (PeerIo *io, gpointer data)
{
  static const uint8_t list[] = { 1, 0, 0, 0, 3, 0 };

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  send_message (io, 103, init_body, sizeof init_body);
  send_message (io, 104, list, sizeof list);
  peer_drain (io);
}

/* S10: programs wait for it, and a server may have none. */
static void
test_no_uuid (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, unnamed_script, NULL);
  Watch watch;

  peer_start (peer);
  watch_init (&watch, peer_port (peer));
  spice_session_connect (watch.session);
  watch_until (&watch, "new:inputs:0");
  g_assert_true (
      g_str_has_prefix (watch.log->str, "new:main:0 main:0=opened mouse-update mouse-mode uuid new:inputs:0"));
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
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
  watch_until (&watch, "main:0=closed");
  watch_for (50);
  watch_expect (&watch, "new:main:0 main:0=opened mouse-update mouse-mode agent-update main:0=closed");
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
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

typedef enum { IN_LOOK_UP, IN_CONNECT, IN_PROXY, IN_TLS, IN_LINK, IN_AUTHENTICATION } Phase;

/* A listener that takes no connection: what it would take waits already. */
static int
deaf_listener (uint16_t *port, int *waiting, unsigned n)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM, 0);

  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (listener, 0), ==, 0);
  getsockname (listener, (struct sockaddr *) &address, &size);
  *port = ntohs (address.sin_port);
  for (unsigned i = 0; i < n; i++) {
    waiting[i] = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect (waiting[i], (struct sockaddr *) &address, sizeof address) < 0)
      g_assert_cmpint (errno, ==, EINPROGRESS);
  }
  return listener;
}

static void
set_port (SpiceSession *session, const char *property, const char *prefix, uint16_t port)
{
  g_autofree char *value = g_strdup_printf ("%s%u", prefix, port);

  g_object_set (session, property, value, NULL);
}

/* S15: in each phase nothing waits for the server, which would take 10 s and more. */
static void
test_disconnect_early (gconstpointer data)
{
  Phase phase = (Phase) GPOINTER_TO_INT (data);
  Peer *peer = peer_new ("127.0.0.1", 0, phase == IN_AUTHENTICATION ? ticket_script : silent_script, NULL);
  int waiting[8], listener = -1;
  uint16_t deaf_port;
  Watch watch;
  int64_t start;

  peer_start (peer);
  watch_init (&watch, peer_port (peer));
  if (phase == IN_LOOK_UP) {
    g_object_set (watch.session, "host", "never.test", NULL);
  } else if (phase == IN_CONNECT) {
    listener = deaf_listener (&deaf_port, waiting, G_N_ELEMENTS (waiting));
    set_port (watch.session, "port", "", deaf_port);
  } else if (phase == IN_PROXY) {
    set_port (watch.session, "proxy", "http://127.0.0.1:", peer_port (peer));
  } else if (phase == IN_TLS) {
    set_port (watch.session, "tls-port", "", peer_port (peer));
    g_object_set (watch.session, "port", NULL, NULL);
  }
  spice_session_connect (watch.session);
  watch_for (150);
  start = g_get_monotonic_time ();
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  watch_for (50);
  watch_expect (&watch, "new:main:0 destroy:main:0 disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  g_assert_true (peer_was_used (peer) == (phase >= IN_PROXY));
  peer_free (peer);
  for (unsigned i = 0; phase == IN_CONNECT && i < G_N_ELEMENTS (waiting); i++)
    close (waiting[i]);
  if (phase == IN_CONNECT)
    close (listener);
}

static void
test_disconnect_at_once (void)
{
  Watch watch;

  watch_init (&watch, 1);
  spice_session_connect (watch.session);
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
  watch_for (50);
  watch_expect (&watch, "new:main:0 destroy:main:0 disconnected");
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
  g_object_set (watch_current->session, "password", "secret", "port", port, NULL);
  g_assert_true (spice_session_connect (watch_current->session));
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
  watch_until (&watch, "main:0=opened");
  watch_expect (&watch, "new:main:0 agent-update main:0=error-auth main:0=opened");
  spice_session_disconnect (watch.session);
  g_object_ref (watch.session);
  g_object_unref (watch.session);
  watch_until (&watch, "disconnected");
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
  watch_until (&watch, "uuid");
  g_string_truncate (watch.log, 0);
  g_object_set (watch.session, "port", port, NULL);
  g_assert_true (spice_session_connect (watch.session));
  watch_until (&watch, "uuid");
  /* The mouse mode is the same as before. */
  watch_expect (&watch, "agent-update main:0=closed main:0=opened name uuid");
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
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
    spice_session_disconnect (watch_current->session);
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
  watch_until (&watch, "disconnected");
  watch_for (50);
  /* One CLOSED for one OPENED. The inner event is noted before the outer handler returns. */
  watch_expect (&watch, "new:main:0 main:0=opened agent-update main:0=closed destroy:main:0 disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  peer_free (peer);
}

static void
run_nested (SpiceChannel *channel, SpiceChannelEvent event)
{
  if (event != SPICE_CHANNEL_OPENED)
    return;
  watch_for (150);
  watch_note (watch_current, "loop-over");
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
  watch_until (&watch, "uuid");
  watch_expect (&watch, "new:main:0 main:0=opened loop-over mouse-update mouse-mode name uuid");
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
  watch_clear (&watch);
  peer_stop (peer);
  peer_free (peer);
}

static void
on_open_fd (SpiceChannel *channel, int with_tls, gpointer data)
{
  watch_note (watch_current, with_tls ? "open-fd-tls" : "open-fd");
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
  watch_expect (&watch, "new:main:0 open-fd");

  /* A socket whose other end is closed cannot be linked. */
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  close (fds[1]);
  {
    g_autoptr (GList) channels = spice_session_get_channels (watch.session);

    g_assert_true (spice_channel_open_fd (channels->data, fds[0]));
  }
  watch_until (&watch, "main:0=error-link");
  watch_expect (&watch, "agent-update main:0=error-link");

  /* A request without an answer does not stand in the way of another connection. */
  g_assert_true (spice_session_open_fd (watch.session, -1));
  watch_expect (&watch, "open-fd");
  g_assert_true (spice_session_connect (watch.session));
  watch_until (&watch, "main:0=error-connect");
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
  watch_clear (&watch);
}

static void
test_unconnected (void)
{
  Watch watch;
  SpiceChannel *channel;

  watch_init (&watch, 1);
  channel = spice_channel_new (watch.session, CW_CHANNEL_MAIN, 0);
  watch_expect (&watch, "new:main:0");
  g_assert_nonnull (channel);
  g_assert_null (spice_channel_new (watch.session, 99, 0));
  g_assert_false (spice_channel_test_capability (channel, 0));
  spice_channel_disconnect (channel, SPICE_CHANNEL_ERROR_IO);
  watch_expect (&watch, "");
  spice_session_disconnect (watch.session);
  watch_until (&watch, "disconnected");
  watch_clear (&watch);
}

static void
dispose_session (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  g_object_run_dispose (G_OBJECT (session));
}

/* As the collectors of some languages do it. */
static void
test_disposed_when_new (void)
{
  for (unsigned i = 0; i < 2; i++) {
    SpiceSession *session = spice_session_new ();

    g_signal_connect (session, "channel-new", G_CALLBACK (dispose_session), NULL);
    if (i == 0)
      g_assert_false (spice_session_open_fd (session, -1));
    else
      g_assert_true (spice_session_connect (session)); /* no disconnection is about to happen */
    g_assert_null (spice_session_get_channels (session));
    g_object_unref (session);
  }
}

int
main (int argc, char **argv)
{
  static const char *const phases[]
      = { "look-up", "connect", "proxy", "tls", "link", "authentication" }; /* a Phase each */
  int result;

  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  resolver_begin ();
  g_test_add_func ("/session/S4-C3-refused", test_refused);
  g_test_add_func ("/session/S5-no-port", test_no_port);
  g_test_add_func ("/session/C7-S10-S11-connected", test_connected);
  g_test_add_func ("/session/S10-no-uuid", test_no_uuid);
  g_test_add_func ("/session/server-ends", test_server_ends);
  for (unsigned i = 0; i < G_N_ELEMENTS (phases); i++) {
    g_autofree char *path = g_strdup_printf ("/session/disconnect/S15-%s", phases[i]);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_disconnect_early);
  }
  g_test_add_func ("/session/disconnect/S16-at-once", test_disconnect_at_once);
  g_test_add_func ("/session/disconnect/in-handler", test_disconnect_in_handler);
  g_test_add_func ("/session/S13-password", test_password);
  g_test_add_func ("/session/reconnect-while-connected", test_reconnect_while_connected);
  g_test_add_func ("/session/G5-nested-loop", test_nested_loop);
  g_test_add_func ("/session/open-fd", test_open_fd);
  g_test_add_func ("/session/unconnected", test_unconnected);
  g_test_add_func ("/session/disposed-when-new", test_disposed_when_new);
  result = g_test_run ();
  resolver_end ();
  return result;
}
