/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session through an HTTP proxy that wants credentials: the program hears of it by GIO's code, sets them on the
 * address it has, and connects again; each channel gets a tunnel of its own. */
#include "client.h"

#include <string.h>

typedef struct {
  Server *proxy;
  int n_tunnels; /* atomic */
} World;

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { 3, 0 };
  const PeerLink usual = PEER_LINK_INIT;
  g_autoptr (GString) request = g_string_new (NULL);
  World *world = data;
  char byte;

  while (!g_str_has_suffix (request->str, "\r\n\r\n") && peer_read (io, &byte, 1))
    g_string_append_c (request, byte);
  g_assert_true (g_str_has_prefix (request->str, "CONNECT [fe80::1]:4567 HTTP/1.0\r\nHost: [fe80::1]:4567\r\n"));
  if (!strstr (request->str, "\r\nProxy-Authorization: Basic am9lOnMlcg==\r\n")) { /* joe:s%r */
    peer_write (io, "HTTP/1.1 407 Who\r\n\r\n", 20);
    return;
  }
  peer_write (io, "HTTP/1.1 200 OK\r\n\r\n", 19);
  if (!peer_link (io, &usual))
    return;
  g_atomic_int_inc (&world->n_tunnels);
  if (io->channel_type == CW_CHANNEL_MAIN && !server_send_start (io, channels, 1))
    return;
  server_hold (io);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, GString *log)
{
  g_string_append (log, event == SPICE_CHANNEL_OPENED ? "opened " : "failed ");
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, GString *log)
{
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), log);
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    spice_channel_connect (channel);
}

static bool
has_said_something (gpointer log)
{
  return ((GString *) log)->len > 0;
}

static bool
has_two_tunnels (gpointer world)
{
  return g_atomic_int_get (&((World *) world)->n_tunnels) == 2;
}

static void
test_credentials (void)
{
  World world = { 0 };
  g_autoptr (GString) log = g_string_new (NULL);
  g_autofree char *address = NULL;
  SpiceSession *session;
  SpiceChannel *main_channel;
  SpiceURI *uri;

  world.proxy = server_new (serve, &world);
  address = g_strdup_printf ("http://127.0.0.1:%s/?added=by-a-tool", server_port (world.proxy));
  session = spice_session_new ();
  g_object_set (session, "host", "fe80::1", "port", "4567", "proxy", address, NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), log);

  g_assert_true (spice_session_connect (session));
  client_await (has_said_something, log);
  g_assert_cmpstr (log->str, ==, "failed ");
  main_channel = client_channel (session, CW_CHANNEL_MAIN, 0);
  g_assert_error (spice_channel_get_error (main_channel), G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH);

  uri = spice_session_get_proxy_uri (session);
  spice_uri_set_user (uri, "joe");
  spice_uri_set_password (uri, "wrong");
  g_string_truncate (log, 0);
  g_assert_true (spice_session_connect (session));
  client_await (has_said_something, log);
  g_assert_error (spice_channel_get_error (main_channel), G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED);

  spice_uri_set_password (uri, "s%r");
  g_string_truncate (log, 0);
  g_assert_true (spice_session_connect (session));
  client_await (has_two_tunnels, &world);
  g_assert_true (g_str_has_prefix (log->str, "opened "));
  client_end (session);
  server_free (world.proxy);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proxy/S20-credentials", test_credentials);
  return g_test_run ();
}
