/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spice_channel_flush_async (): one answer, at the right time, whatever happens. */
#include "client.h"

#include "channel/private.h"

#define MANY 3000 /* messages: more than fit the socket's buffer */

typedef struct {
  SpiceSession *session;
  SpiceChannel *inputs;
  unsigned n_answers;
  bool calling; /* a function of the library is being called */
  GError *error;
} Flush;

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0 };

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN)
    server_send_start (io, channels, 1);
  if (io->channel_type == CW_CHANNEL_MAIN || data)
    peer_drain (io);
  else
    server_hold (io);
}

static bool
is_up (gpointer data)
{
  Flush *self = data;

  self->inputs = client_channel (self->session, CW_CHANNEL_INPUTS, 0);
  return self->inputs && cw_channel_is_started (SPICE_CHANNEL (self->inputs));
}

static void
flush_init (Flush *self, Server *server)
{
  *self = (Flush){ .session = client_session_fd (server, 4096) };
  g_assert_true (spice_session_open_fd (self->session, -1));
  client_await (is_up, self);
}

static void
flush_clear (Flush *self)
{
  g_clear_error (&self->error);
  client_end (self->session);
  g_assert_cmpuint (self->n_answers, ==, 1);
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer data)
{
  Flush *self = data;

  g_assert_false (self->calling);
  g_assert_true (g_task_is_valid (result, source));
  self->n_answers++;
  g_assert_true (spice_channel_flush_finish (SPICE_CHANNEL (source), result, &self->error) == (self->error == NULL));
}

static void
flush (Flush *self, GCancellable *cancellable)
{
  self->calling = true;
  spice_channel_flush_async (self->inputs, cancellable, on_flushed, self);
  self->calling = false;
}

static void
fill_queue (Flush *self)
{
  for (unsigned i = 0; i < MANY; i++)
    spice_inputs_channel_key_press (SPICE_INPUTS_CHANNEL (self->inputs), 30);
  client_run (20);
  g_assert_cmpuint (cw_pump_queued_bytes (self->inputs->priv->live->pump), >, 0);
}

static bool
is_answered (gpointer data)
{
  return ((Flush *) data)->n_answers > 0;
}

static void
test_sent (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (true));
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Flush self;

  flush_init (&self, server);
  flush (&self, NULL); /* with nothing to send */
  client_await (is_answered, &self);
  g_assert_no_error (self.error);
  self.n_answers = 0;
  for (unsigned i = 0; i < MANY; i++)
    spice_inputs_channel_key_press (SPICE_INPUTS_CHANNEL (self.inputs), 30);
  flush (&self, cancellable);
  client_await (is_answered, &self);
  g_assert_no_error (self.error);
  g_assert_cmpuint (cw_pump_queued_bytes (self.inputs->priv->live->pump), ==, 0);
  g_cancellable_cancel (cancellable); /* too late to matter */
  client_settle (server, 1000);
  flush_clear (&self);
  server_free (server);
}

static gpointer
cancel_elsewhere (gpointer data)
{
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancel (gconstpointer data)
{
  Server *server = server_new (serve, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Flush self;

  flush_init (&self, server);
  fill_queue (&self);
  flush (&self, cancellable);
  client_run (50);
  g_assert_cmpuint (self.n_answers, ==, 0);
  self.calling = true;
  if (data)
    g_thread_join (g_thread_new ("cancel", cancel_elsewhere, cancellable));
  else
    g_cancellable_cancel (cancellable);
  self.calling = false;
  client_await (is_answered, &self);
  g_assert_error (self.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  /* Now the flush itself ends, which nobody hears of. */
  spice_channel_disconnect (self.inputs, SPICE_CHANNEL_NONE);
  client_run (50);
  flush_clear (&self);
  server_free (server);
}

static void
test_cancelled_before (void)
{
  Server *server = server_new (serve, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Flush self;

  flush_init (&self, server);
  fill_queue (&self);
  g_cancellable_cancel (cancellable);
  flush (&self, cancellable);
  client_await (is_answered, &self);
  g_assert_error (self.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  flush_clear (&self);
  server_free (server);
}

static void
test_closed (void)
{
  Server *server = server_new (serve, NULL);
  Flush self;

  flush_init (&self, server);
  fill_queue (&self);
  flush (&self, NULL);
  client_run (20);
  self.calling = true;
  spice_channel_disconnect (self.inputs, SPICE_CHANNEL_NONE);
  self.calling = false;
  client_await (is_answered, &self);
  g_assert_error (self.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  flush_clear (&self);
  server_free (server);
}

static void
test_not_connected (void)
{
  Server *server = server_new (serve, NULL);
  Flush self;

  flush_init (&self, server);
  spice_channel_disconnect (self.inputs, SPICE_CHANNEL_NONE);
  flush (&self, NULL);
  client_await (is_answered, &self);
  g_assert_error (self.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  flush_clear (&self);
  server_free (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flush/G9-C11-sent", test_sent);
  g_test_add_data_func ("/flush/cancel", NULL, test_cancel);
  g_test_add_data_func ("/flush/cancel-elsewhere", "", test_cancel);
  g_test_add_func ("/flush/cancelled-before", test_cancelled_before);
  g_test_add_func ("/flush/G9-C11-closed", test_closed);
  g_test_add_func ("/flush/G9-C11-not-connected", test_not_connected);
  return g_test_run ();
}
