/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* spice_channel_shutdown_async (): the server has read everything, or the program hears that it is not so. */
#include "client.h"

#include "channel/private.h"

#include <string.h>

#define N_KEYS 500

typedef enum {
  READS,  /* everything, and closes */
  TALKS,  /* the same, with words between that ask for answers */
  HOLDS,  /* reads everything and does not close until it may */
  BREAKS, /* resets the connection */
} Manner;

typedef struct {
  Manner manner;
  int n_keys;  /* atomic; that the server has read */
  int ended;   /* atomic; it has read the end, too */
  int may_end; /* atomic */
  Server *server;
  SpiceSession *session;
  SpiceChannel *inputs;
  GCancellable *cancellable;
  unsigned n_answers, n_closed;
  bool ok;
  GError *error;
} Shutdown;

/* Up to the end of what the client sends. */
static void
count_keys (PeerIo *io, Shutdown *self)
{
  while (server_hear (io, CW_MSGC_INPUTS_KEY_DOWN))
    g_atomic_int_inc (&self->n_keys);
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0 };
  Shutdown *self = data;

  if (!server_begin (io, &PEER_LINK_INIT, channels, 1))
    return;
  if (self->manner == BREAKS) {
    server_hear (io, CW_MSGC_INPUTS_KEY_DOWN);
    peer_reset (io);
    return;
  }
  count_keys (io, self);
  g_atomic_int_set (&self->ended, 1);
  if (self->manner == TALKS) {
    for (uint32_t i = 0; i < 3; i++)
      server_send (io, CW_MSG_PING, &(CwMsgPing){ .id = i });
    server_send (io, CW_MSG_INPUTS_KEY_MODIFIERS, &(CwMsgInputsKeyModifiers){ .modifiers = 4 });
  }
  while (self->manner == HOLDS && !g_atomic_int_get (&self->may_end))
    g_usleep (1000);
}

static bool
is_up (gpointer data)
{
  Shutdown *self = data;

  self->inputs = client_channel (self->session, CW_CHANNEL_INPUTS, 0);
  return self->inputs && cw_channel_is_started (self->inputs);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
  if (event == SPICE_CHANNEL_CLOSED)
    ((Shutdown *) data)->n_closed++;
}

static void
shutdown_init (Shutdown *self, Manner manner)
{
  *self = (Shutdown){ .manner = manner, .cancellable = g_cancellable_new () };
  self->server = server_new (serve, self);
  /* A buffer that takes a part of the keys only. */
  self->session = client_session_fd (self->server, 4096);
  g_assert_true (spice_session_open_fd (self->session, -1));
  client_await (is_up, self);
  g_object_ref (self->inputs);
  g_signal_connect (self->inputs, "channel-event", G_CALLBACK (on_event), self);
}

static void
shutdown_clear (Shutdown *self)
{
  g_atomic_int_set (&self->may_end, 1);
  g_signal_handlers_disconnect_by_data (self->inputs, self);
  g_object_unref (self->inputs);
  client_end (self->session);
  server_free (self->server);
  g_clear_error (&self->error);
  g_object_unref (self->cancellable);
  g_assert_cmpuint (self->n_answers, ==, 0);
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  Shutdown *self = data;

  self->n_answers++;
  g_clear_error (&self->error);
  self->ok = spice_channel_shutdown_finish (SPICE_CHANNEL (source), result, &self->error);
  g_assert_true (self->ok == (self->error == NULL));
}

static void
begin (Shutdown *self)
{
  for (unsigned i = 0; i < N_KEYS; i++)
    spice_inputs_channel_key_press (SPICE_INPUTS_CHANNEL (self->inputs), 30);
  spice_channel_shutdown_async (self->inputs, self->cancellable, on_answer, self);
}

static bool
is_answered (gpointer data)
{
  return ((Shutdown *) data)->n_answers > 0;
}

static void
await_answer (Shutdown *self)
{
  client_await (is_answered, self);
  self->n_answers--;
}

static void
test_read (gconstpointer data)
{
  Shutdown self;
  int locks;

  shutdown_init (&self, GPOINTER_TO_INT (data));
  begin (&self);
  g_assert_cmpuint (self.n_answers, ==, 0); /* not inside the call */
  await_answer (&self);
  g_assert_no_error (self.error);
  g_assert_cmpint (g_atomic_int_get (&self.n_keys), ==, N_KEYS);
  g_assert_cmpuint (self.n_closed, ==, 1);
  g_assert_false (cw_channel_is_ready (self.inputs));
  g_object_get (self.inputs, "key-modifiers", &locks, NULL);
  if (self.manner == TALKS)
    g_assert_cmpint (locks, ==, 4);

  /* It may be connected again, and ended again. */
  self.manner = READS;
  g_assert_true (spice_channel_connect (self.inputs));
  client_await (is_up, &self);
  begin (&self);
  await_answer (&self);
  g_assert_no_error (self.error);
  g_assert_cmpint (g_atomic_int_get (&self.n_keys), ==, 2 * N_KEYS);
  shutdown_clear (&self);
}

static bool
has_read_all (gpointer data)
{
  return g_atomic_int_get (&((Shutdown *) data)->ended);
}

static void
test_cancelled (void)
{
  Shutdown self;

  shutdown_init (&self, HOLDS);
  begin (&self);
  client_await (has_read_all, &self);
  g_assert_cmpint (g_atomic_int_get (&self.n_keys), ==, N_KEYS);
  g_cancellable_cancel (self.cancellable);
  await_answer (&self);
  g_assert_error (self.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (self.n_closed, ==, 0);
  /* Nothing more can be sent, and nobody is troubled by that. */
  spice_inputs_channel_key_press (SPICE_INPUTS_CHANNEL (self.inputs), 30);
  client_run (20);
  g_assert_cmpint (g_atomic_int_get (&self.n_keys), ==, N_KEYS);
  g_assert_true (cw_channel_is_ready (self.inputs));
  shutdown_clear (&self);
}

/* While it waits: a second time, and our own end. */
static void
test_ended (void)
{
  Shutdown self;

  shutdown_init (&self, HOLDS);
  begin (&self);
  client_await (has_read_all, &self);
  spice_channel_shutdown_async (self.inputs, NULL, on_answer, &self);
  await_answer (&self);
  g_assert_error (self.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_nonnull (strstr (self.error->message, "already"));
  spice_channel_disconnect (self.inputs, SPICE_CHANNEL_NONE);
  await_answer (&self);
  g_assert_error (self.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_nonnull (strstr (self.error->message, "before the server had closed it"));
  spice_channel_shutdown_async (self.inputs, NULL, on_answer, &self);
  await_answer (&self);
  g_assert_nonnull (strstr (self.error->message, "not connected"));
  shutdown_clear (&self);
}

static void
test_broken (void)
{
  Shutdown self;

  shutdown_init (&self, BREAKS);
  begin (&self);
  await_answer (&self);
  g_assert_false (self.ok);
  shutdown_clear (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/shutdown/read", GINT_TO_POINTER (READS), test_read);
  g_test_add_data_func ("/shutdown/answers-wanted", GINT_TO_POINTER (TALKS), test_read);
  g_test_add_func ("/shutdown/cancelled", test_cancelled);
  g_test_add_func ("/shutdown/ended", test_ended);
  g_test_add_func ("/shutdown/broken", test_broken);
  return g_test_run ();
}
