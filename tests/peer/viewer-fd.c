/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "viewer-fd.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LATER_MS 150

/* A new socket, connected to where the session's address says. */
static int
make_socket (SpiceSession *session)
{
  g_autofree char *host = NULL, *port = NULL, *path = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) sock = NULL;
  g_autoptr (GError) error = NULL;

  g_object_get (session, "host", &host, "port", &port, "unix-path", &path, NULL);
  if (path)
    address = g_unix_socket_address_new (path);
  else
    address = g_inet_socket_address_new_from_string (host, strtoul (port, NULL, 10));
  sock = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);
  if (!sock || !g_socket_connect (sock, address, NULL, &error))
    g_error ("no socket: %s", error->message);
  return dup (g_socket_get_fd (sock));
}

static void
give (SpiceChannel *channel)
{
  SpiceSession *session = NULL;
  int fd;

  g_object_get (channel, "spice-session", &session, NULL);
  if (!session) /* too late */
    return;
  fd = make_socket (session);
  g_object_unref (session);
  if (spice_channel_open_fd (channel, fd))
    return;
  printf ("refused open-fd\n");
  close (fd);
}

static gboolean
give_later (gpointer channel)
{
  give (channel);
  return G_SOURCE_REMOVE;
}

static void
on_open_fd (SpiceChannel *channel, int with_tls, gpointer data)
{
  const char *mode = data;
  int type = 0, id = 0;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  printf ("open-fd %s %d %d\n", spice_channel_type_to_string (type), id, with_tls);
  fflush (stdout);
  if (g_str_equal (mode, "inside") || g_str_equal (mode, "given"))
    give (channel);
  else if (g_str_equal (mode, "later"))
    g_timeout_add_full (G_PRIORITY_DEFAULT, LATER_MS, give_later, g_object_ref (channel), g_object_unref);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, gpointer mode)
{
  g_signal_connect (channel, "open-fd", G_CALLBACK (on_open_fd), mode);
}

gboolean
viewer_fd_use (SpiceSession *session, const char *mode)
{
  static const char *const modes[] = { "inside", "later", "never", "given", NULL };

  if (!g_strv_contains (modes, mode))
    return FALSE;
  /* Before the viewer's own handler, which connects the channel. */
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), (gpointer) mode);
  return TRUE;
}

gboolean
viewer_fd_connect (SpiceSession *session, const char *mode)
{
  return spice_session_open_fd (session, g_str_equal (mode, "given") ? make_socket (session) : -1);
}
