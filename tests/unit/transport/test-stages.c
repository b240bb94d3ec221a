/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row of stages with one more, between the endpoint and the link. */
#include "peer.h"
#include "swap-stage.h"
#include "transport/connect.h"
#include "transport/endpoint.h"
#include "transport/link-stage.h"
#include "transport/pump.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const CwStage *const stages[] = { &cw_endpoint_stage, &swap_stage, &cw_link_stage, NULL };

/* --- a server that swaps --------------------------------------------------------------------------------------- */

static bool
send_all (int fd, const void *data, size_t size)
{
  const uint8_t *at = data;

  for (ssize_t n; size > 0; at += n, size -= (size_t) n)
    if ((n = send (fd, at, size, MSG_NOSIGNAL)) <= 0)
      return false;
  return true;
}

typedef struct {
  int client, script;
} Translator;

static void
translate (int from, int to)
{
  uint8_t bytes[700];
  ssize_t n;

  while ((n = recv (from, bytes, sizeof bytes, 0)) > 0) {
    swap_bytes (bytes, (size_t) n);
    if (!send_all (to, bytes, (size_t) n))
      break;
  }
  shutdown (to, SHUT_WR);
}

static gpointer
translate_out (gpointer data)
{
  translate (((Translator *) data)->script, ((Translator *) data)->client);
  return NULL;
}

static gpointer
translate_in (gpointer data)
{
  translate (((Translator *) data)->client, ((Translator *) data)->script);
  return NULL;
}

#define N_ECHOES 50

static void
script (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;
  uint8_t message[6 + 3000];

  if (!peer_link (io, &usual))
    return;
  for (unsigned i = 0; i < N_ECHOES; i++)
    if (!peer_read (io, message, sizeof message) || !peer_write (io, message, sizeof message))
      return;
}

static void
serve (PeerIo *io, gpointer data)
{
  Translator translator;
  GThread *in, *out;
  PeerIo inner = { 0 };
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  translator = (Translator){ io->fd, fds[0] };
  inner.fd = fds[1];
  for (unsigned i = 0; i < 4; i++)
    send_all (io->fd, &"swap"[i], 1);
  in = g_thread_new ("in", translate_in, &translator);
  out = g_thread_new ("out", translate_out, &translator);
  script (&inner, data);
  shutdown (inner.fd, SHUT_WR);
  g_thread_join (out);
  shutdown (io->fd, SHUT_RDWR);
  g_thread_join (in);
  close (fds[0]);
  close (fds[1]);
}

/* --- the client ------------------------------------------------------------------------------------------------ */

typedef struct {
  bool done;
  CwConnection *connection;
  CwConnectFailure failure;
  GError *error;
} Outcome;

static void
on_done (GObject *object, GAsyncResult *result, gpointer data)
{
  Outcome *self = data;

  self->done = true;
  self->connection = cw_connect_finish (result, &self->failure, &self->error);
}

static Outcome
run (const char *host, uint16_t port, unsigned silence_ms)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Outcome outcome = { 0 };

  params.host = host;
  params.port = port;
  params.stages = stages;
  params.silence_timeout_ms = silence_ms;
  params.link.channel_type = 1;
  cw_connect_async (&params, NULL, on_done, &outcome);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  return outcome;
}

static void
check_failure (Outcome *self, CwConnectFailure failure, const char *text)
{
  g_assert_null (self->connection);
  g_assert_cmpint (self->failure, ==, failure);
  g_test_message ("%s", self->error->message);
  g_assert_nonnull (strstr (self->error->message, text));
  g_clear_error (&self->error);
}

typedef struct {
  unsigned n_frames;
  bool is_closed;
} Frames;

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  Frames *self = data;

  g_assert_cmpuint (frame->body.size, ==, 3000);
  for (size_t i = 0; i < frame->body.size; i++)
    g_assert_cmpuint (frame->body.data[i], ==, (uint8_t) (i + self->n_frames));
  self->n_frames++;
}

static void
on_closed (gpointer data, const GError *error)
{
  ((Frames *) data)->is_closed = true;
  g_assert_no_error (error);
}

/* Linked through the extra layer, and everything after goes through it as well, with few bytes in flight. */
static void
test_through (void)
{
  static const CwPumpEvents events = { .frame = on_frame, .closed = on_closed };
  Peer *peer = peer_new ("127.0.0.1", 0, serve, NULL);
  Frames frames = { 0 };
  Outcome outcome;
  CwPump *pump;
  int small = 2048;

  peer_start (peer);
  outcome = run ("127.0.0.1", peer_port (peer), 60000);
  g_assert_no_error (outcome.error);
  setsockopt (g_socket_get_fd (outcome.connection->socket), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  pump = cw_pump_new (outcome.connection->stream, NULL, true, &events, &frames);
  for (unsigned i = 0; i < N_ECHOES; i++) {
    uint8_t bytes[3000];
    g_autoptr (GBytes) body = NULL;

    for (size_t k = 0; k < sizeof bytes; k++)
      bytes[k] = (uint8_t) (k + i);
    body = g_bytes_new (bytes, sizeof bytes);
    g_assert_true (cw_pump_send (pump, 300, body, CW_PUMP_NORMAL, NULL));
  }
  while (!frames.is_closed)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (frames.n_frames, ==, N_ECHOES);
  cw_pump_unref (pump);
  cw_connection_free (outcome.connection);
  peer_free (peer);
}

static void
serve_part (PeerIo *io, gpointer data)
{
  peer_write (io, data, strlen (data));
  peer_drain (io);
}

static void
serve_end (PeerIo *io, gpointer data)
{
  peer_write (io, data, 2);
}

typedef struct {
  const char *name;
  PeerFunc serve;
  const char *data;
  CwConnectFailure failure;
  const char *text;
} Row;

static const Row rows[] = {
  { "silent", serve_part, "swa", CW_CONNECT_FAILURE_TLS, "The server does not swap: its hello was awaited" },
  { "ends", serve_end, "sw", CW_CONNECT_FAILURE_TLS, "no hello" },
  { "silent-after", serve_part, "swap", CW_CONNECT_FAILURE_LINK, "link reply was awaited" },
};

static void
test_failure (gconstpointer data)
{
  const Row *row = data;
  Peer *peer = peer_new ("127.0.0.1", 0, row->serve, (gpointer) row->data);
  Outcome outcome;

  peer_start (peer);
  outcome = run ("127.0.0.1", peer_port (peer), row->serve == serve_part ? 1000 : 60000);
  check_failure (&outcome, row->failure, row->text);
  peer_free (peer);
}

/* It cannot even be made. */
static void
test_refused (void)
{
  Outcome outcome = run ("127.0.0.1", 1, 60000);

  check_failure (&outcome, CW_CONNECT_FAILURE_TLS, "port 1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stages/through", test_through);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/stages/%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_failure);
  }
  g_test_add_func ("/stages/refused", test_refused);
  return g_test_run ();
}
