/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time limits and cancellation at every stage of a connection. */
#include "connecting.h"
#include "resolver.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* A listener whose backlog is full does not answer further SYNs. */
typedef struct {
  int listener;
  int fillers[8];
  uint16_t port;
} Deaf;

static void
deaf_set_up (Deaf *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t size = sizeof address;

  self->listener = socket (AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint (bind (self->listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (self->listener, 0), ==, 0);
  getsockname (self->listener, (struct sockaddr *) &address, &size);
  self->port = ntohs (address.sin_port);
  for (unsigned i = 0; i < G_N_ELEMENTS (self->fillers); i++) {
    self->fillers[i] = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connect (self->fillers[i], (struct sockaddr *) &address, sizeof address) == 0)
      continue;
  }
  g_usleep (50000);
}

static void
deaf_tear_down (Deaf *self)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (self->fillers); i++)
    close (self->fillers[i]);
  close (self->listener);
}

typedef struct {
  const char *name;
  const char *host; /* NULL: 127.0.0.1 */
  bool is_deaf;
  bool is_tls;
  PeerFunc serve;
  CwConnectFailure failure; /* when time runs out */
} Stage;

static void
serve_silence (PeerIo *io, gpointer data)
{
  peer_drain (io);
}

static void
serve_until_ticket (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;

  if (peer_link_until_ticket (io, &usual))
    peer_drain (io);
}

static void
serve_half_reply (PeerIo *io, gpointer data)
{
  peer_write (io, "REDQ\2\0\0\0\2\0\0\0\272\0\0\0halfway", 23);
  peer_drain (io);
}

static const Stage stages[] = {
  { "look-up", "never.test", false, false, serve_silence, CW_CONNECT_FAILURE_CONNECT },
  { "tcp", NULL, true, false, serve_silence, CW_CONNECT_FAILURE_CONNECT },
  { "tls", NULL, false, true, serve_silence, CW_CONNECT_FAILURE_TLS },
  { "link", NULL, false, false, serve_silence, CW_CONNECT_FAILURE_LINK },
  { "half-reply", NULL, false, false, serve_half_reply, CW_CONNECT_FAILURE_LINK },
  { "ticket", NULL, false, false, serve_until_ticket, CW_CONNECT_FAILURE_LINK },
};

typedef struct {
  const Stage *stage;
  Deaf deaf;
  Peer *peer;
  CwTlsParams tls;
  CwConnectParams params;
} StageRun;

static void
stage_set_up (StageRun *self, const Stage *stage)
{
  *self = (StageRun){ stage };
  if (stage->is_deaf)
    deaf_set_up (&self->deaf);
  self->peer = peer_new ("127.0.0.1", 0, stage->serve, NULL);
  peer_start (self->peer);
  self->params = connecting_tcp_params (stage->host ? stage->host : "127.0.0.1",
                                        stage->is_deaf ? self->deaf.port : peer_port (self->peer));
  self->params.tls = stage->is_tls ? &self->tls : NULL;
}

static void
stage_tear_down (StageRun *self)
{
  peer_free (self->peer);
  if (self->stage->is_deaf)
    deaf_tear_down (&self->deaf);
}

static void
test_time_limit (gconstpointer data)
{
  StageRun run;
  Connecting outcome;
  int64_t start = g_get_monotonic_time ();
  int64_t took;

  stage_set_up (&run, data);
  start = g_get_monotonic_time ();
  run.params.connect_timeout_ms = 300;
  run.params.silence_timeout_ms = 300;
  connecting_begin (&outcome, &run.params, NULL);
  connecting_wait (&outcome);
  took = outcome.done_at - start;
  g_assert_cmpint (took, >=, 290 * 1000);
  connecting_check_failure (&outcome, run.stage->failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  stage_tear_down (&run);
}

static gboolean
on_cancel_time (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static void
test_cancel (gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) timer = g_timeout_source_new (150);
  StageRun run;
  Connecting outcome;

  stage_set_up (&run, data);
  /* Nothing else ends it. */
  run.params.connect_timeout_ms = run.params.silence_timeout_ms = G_MAXINT;
  connecting_begin (&outcome, &run.params, cancellable);
  g_source_set_callback (timer, on_cancel_time, cancellable, NULL);
  g_source_attach (timer, outcome.context);
  while (!g_cancellable_is_cancelled (cancellable)) {
    g_assert_false (outcome.done);
    g_main_context_iteration (outcome.context, TRUE);
  }
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CANCELLED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  stage_tear_down (&run); /* ends only because the connection was closed */
}

static void
test_cancelled_before (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  CwConnectParams params = connecting_tcp_params ("never.test", 1);
  Connecting outcome;
  int fds[2];

  g_cancellable_cancel (cancellable);
  connecting_begin (&outcome, &params, cancellable);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CANCELLED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  params.fd = fds[0];
  connecting_begin (&outcome, &params, cancellable);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CANCELLED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);
  close (fds[1]);
}

static void
add_stage_tests (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (stages); i++) {
    g_autofree char *limit = g_strdup_printf ("/connect/time-limit/%s", stages[i].name);
    g_autofree char *cancel = g_strdup_printf ("/connect/cancel/%s", stages[i].name);

    g_test_add_data_func (limit, &stages[i], test_time_limit);
    g_test_add_data_func (cancel, &stages[i], test_cancel);
  }
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  resolver_begin ();
  g_test_add_func ("/connect/cancel/before", test_cancelled_before);
  add_stage_tests ();
  result = g_test_run ();
  resolver_end ();
  return result;
}
