/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connecting.h"

static void
on_done (GObject *object, GAsyncResult *result, gpointer data)
{
  Connecting *self = data;

  g_assert_false (self->done);
  g_assert_true (g_main_context_is_owner (self->context));
  self->done = true;
  self->done_at = g_get_monotonic_time ();
  self->connection = cw_connect_finish (result, &self->failure, &self->error);
  g_assert_true ((self->connection == NULL) == (self->error != NULL));
}

void
connecting_clear (Connecting *self)
{
  g_clear_pointer (&self->connection, cw_connection_free);
  g_clear_error (&self->error);
  if (self->context) {
    while (g_main_context_iteration (self->context, FALSE))
      ;
    g_clear_pointer (&self->context, g_main_context_unref);
  }
}

void
connecting_begin (Connecting *self, CwConnectParams *params, GCancellable *cancellable)
{
  *self = (Connecting){ .context = g_main_context_new () };
  params->context = self->context;
  cw_connect_async (params, cancellable, on_done, self);
  g_assert_false (self->done);
}

void
connecting_wait (Connecting *self)
{
  while (!self->done)
    g_main_context_iteration (self->context, TRUE);
}

void
connecting_check_failure (Connecting *self, CwConnectFailure failure, GQuark domain, int code)
{
  connecting_wait (self);
  g_test_message ("%s", self->error ? self->error->message : "connected");
  g_assert_error (self->error, domain, code);
  g_assert_cmpint (self->failure, ==, failure);
  connecting_clear (self);
}

CwConnectParams
connecting_tcp_params (const char *host, uint16_t port)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;

  params.host = host;
  params.port = port;
  params.link.channel_type = 1;
  return params;
}

void
connecting_serve (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;

  if (peer_link (io, data ? data : &usual))
    peer_drain (io);
}
