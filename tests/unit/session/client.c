/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client.h"

#include <sys/socket.h>

static void
connect_channel (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    spice_channel_connect (channel);
}

SpiceSession *
client_session (const Server *server)
{
  SpiceSession *session = spice_session_new ();

  g_object_set (session, "host", "127.0.0.1", "port", server_port (server), NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (connect_channel), NULL);
  return session;
}

typedef struct {
  Server *server;
  int send_buffer;
} Sockets;

static void
give_socket (SpiceChannel *channel, int with_tls, Sockets *self)
{
  int fd = server_socket (self->server);

  if (self->send_buffer > 0)
    g_assert_cmpint (setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &self->send_buffer, sizeof self->send_buffer), ==, 0);
  g_assert_true (spice_channel_open_fd (channel, fd));
}

static void
give_sockets (SpiceSession *session, SpiceChannel *channel, Sockets *self)
{
  g_signal_connect (channel, "open-fd", G_CALLBACK (give_socket), self);
}

static void
free_sockets (gpointer data, GClosure *closure)
{
  g_free (data);
}

SpiceSession *
client_session_fd (Server *server, int send_buffer)
{
  SpiceSession *session = spice_session_new ();
  Sockets *sockets = g_new (Sockets, 1);

  *sockets = (Sockets){ server, send_buffer };
  g_signal_connect_data (session, "channel-new", G_CALLBACK (give_sockets), sockets, free_sockets, 0);
  g_signal_connect (session, "channel-new", G_CALLBACK (connect_channel), NULL);
  return session;
}

SpiceChannel *
client_channel (SpiceSession *session, int type, int id)
{
  g_autoptr (GList) channels = spice_session_get_channels (session);

  for (GList *at = channels; at; at = at->next)
    if (cw_channel_type (at->data) == type && cw_channel_id (at->data) == id)
      return at->data;
  return NULL;
}

static gboolean
set_flag (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

static gboolean
look_again (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

bool
client_run_until (unsigned ms, ClientDone done, gpointer data)
{
  GMainContext *context = g_main_context_ref_thread_default ();
  g_autoptr (GSource) timer = g_timeout_source_new (ms), tick = g_timeout_source_new (5);
  bool late = false;

  g_source_set_callback (timer, set_flag, (gpointer) &late, NULL);
  g_source_attach (timer, context);
  /* What happens in another thread does not wake this one. */
  g_source_set_callback (tick, look_again, NULL, NULL);
  g_source_attach (tick, context);
  while (!late && !done (data))
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timer);
  g_source_destroy (tick);
  g_main_context_unref (context);
  return !late;
}

static bool
never (gpointer data)
{
  return false;
}

void
client_run (unsigned ms)
{
  client_run_until (ms, never, NULL);
}

void
client_settle (Server *server, unsigned ms)
{
  GMainContext *context = g_main_context_ref_thread_default ();
  int64_t end = g_get_monotonic_time () + ms * INT64_C (1000);
  bool busy;

  do {
    g_autoptr (GSource) timer = g_timeout_source_new (1);
    volatile bool late = false;
    unsigned n_turns = 0;

    g_source_set_callback (timer, set_flag, (gpointer) &late, NULL);
    g_source_attach (timer, context);
    for (; !late; n_turns++)
      g_main_context_iteration (context, TRUE);
    g_source_destroy (timer);
    busy = n_turns > 1 || !server_is_idle (server);
  } while (busy && g_get_monotonic_time () < end);
  g_main_context_unref (context);
}

static bool
is_null (gpointer data)
{
  return !*(gpointer *) data;
}

void
client_end (SpiceSession *session)
{
  gpointer weak = session;

  g_object_add_weak_pointer (G_OBJECT (session), &weak);
  spice_session_disconnect (session);
  g_object_unref (session);
  if (!client_run_until (CLIENT_PATIENCE, is_null, &weak))
    g_error ("the session is still there");
}
