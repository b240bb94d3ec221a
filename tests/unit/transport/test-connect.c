/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain connections: endpoints, time limits, cancellation at every stage, servers that misbehave. */
#include "peer.h"
#include "transport/connect.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
  GMainContext *context;
  bool done;
  int64_t done_at;
  CwConnection *connection;
  CwConnectFailure failure;
  GError *error;
} Outcome;

static void
on_done (GObject *object, GAsyncResult *result, gpointer data)
{
  Outcome *self = data;

  g_assert_false (self->done);
  g_assert_true (g_main_context_is_owner (self->context));
  self->done = true;
  self->done_at = g_get_monotonic_time ();
  self->connection = cw_connect_finish (result, &self->failure, &self->error);
  g_assert_true ((self->connection == NULL) == (self->error != NULL));
}

static void
outcome_clear (Outcome *self)
{
  g_clear_pointer (&self->connection, cw_connection_free);
  g_clear_error (&self->error);
  if (self->context) {
    while (g_main_context_iteration (self->context, FALSE))
      ;
    g_clear_pointer (&self->context, g_main_context_unref);
  }
}

/* Runs everything on a context of its own, so that a step on the wrong one would hang. */
static void
begin (Outcome *self, CwConnectParams *params, GCancellable *cancellable)
{
  *self = (Outcome){ .context = g_main_context_new () };
  params->context = self->context;
  cw_connect_async (params, cancellable, on_done, self);
  g_assert_false (self->done);
}

static void
wait_done (Outcome *self)
{
  while (!self->done)
    g_main_context_iteration (self->context, TRUE);
}

static void
check_failure (Outcome *self, CwConnectFailure failure, GQuark domain, int code)
{
  wait_done (self);
  g_test_message ("%s", self->error ? self->error->message : "connected");
  g_assert_error (self->error, domain, code);
  g_assert_cmpint (self->failure, ==, failure);
  outcome_clear (self);
}

static CwConnectParams
tcp_params (const char *host, uint16_t port)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;

  params.host = host;
  params.port = port;
  params.link.channel_type = 1;
  return params;
}

static int
option (GSocket *socket, int level, int name)
{
  int value = -1;
  socklen_t size = sizeof value;

  g_assert_cmpint (getsockopt (g_socket_get_fd (socket), level, name, &value, &size), ==, 0);
  return value;
}

static void
serve_link (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;

  if (peer_link (io, data ? data : &usual))
    peer_drain (io);
}

static bool
has_ipv6 (void)
{
  struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  int fd = socket (AF_INET6, SOCK_STREAM, 0);
  bool has = fd >= 0 && bind (fd, (struct sockaddr *) &address, sizeof address) == 0;

  if (fd >= 0)
    close (fd);
  return has;
}

static void
test_tcp (gconstpointer data)
{
  const char *host = data;
  bool six = strchr (host, ':') != NULL;
  PeerLink link = { 0, 0x0b, 0, "secret", 0x55 };
  CwConnectParams params;
  Outcome outcome;
  Peer *peer;

  if (six && !has_ipv6 ()) {
    g_test_skip ("no IPv6 here");
    return;
  }
  peer = peer_new (six ? "::1" : "127.0.0.1", 0, serve_link, &link);
  peer_start (peer);
  params = tcp_params (host, peer_port (peer));
  params.link.credentials.password = "secret";
  begin (&outcome, &params, NULL);
  wait_done (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_true (outcome.connection->mini_header);
  g_assert_false (outcome.connection->is_tls);
  g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_TCP);
  g_assert_true (cw_caps_test (&outcome.connection->channel_caps, 6));
  g_assert_true (cw_caps_test (&outcome.connection->common_caps, CW_COMMON_CAP_MINI_HEADER));
  g_assert_cmpint (option (outcome.connection->socket, IPPROTO_TCP, TCP_NODELAY), !=, 0);
  g_assert_cmpint (option (outcome.connection->socket, SOL_SOCKET, SO_KEEPALIVE), !=, 0);
  g_assert_cmpint (option (outcome.connection->socket, IPPROTO_TCP, TCP_KEEPIDLE), ==, 30);
  g_assert_cmpint (option (outcome.connection->socket, IPPROTO_TCP, TCP_KEEPINTVL), ==, 15);
  g_assert_cmpint (option (outcome.connection->socket, IPPROTO_TCP, TCP_KEEPCNT), ==, 3);
  outcome_clear (&outcome);
  peer_free (peer); /* ends only because the connection was closed */
}

static void
test_unix (void)
{
  g_autofree char *dir = g_dir_make_tmp ("cw-connect-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "socket", NULL);
  g_autofree char *absent = g_build_filename (dir, "absent", NULL);
  g_autofree char *long_name = g_strnfill (300, 'x');
  g_autofree char *long_path = g_build_filename (dir, long_name, NULL);
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Peer *peer = peer_new (path, 0, serve_link, NULL);
  CwTlsParams tls = { 0 };
  Outcome outcome;

  peer_start (peer);
  params.unix_path = path;
  begin (&outcome, &params, NULL);
  wait_done (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_UNIX);
  outcome_clear (&outcome);
  peer_free (peer);

  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  params.unix_path = absent;
  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  params.unix_path = long_path;
  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  params.unix_path = path;
  params.tls = &tls;
  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_unlink (path);
  g_rmdir (dir);
}

typedef struct {
  int listener;
  unsigned n_waiting;
} Backlog;

static gboolean
on_accept_time (gpointer data)
{
  Backlog *self = data;

  while (self->n_waiting-- > 0)
    close (accept (self->listener, NULL, NULL));
  return G_SOURCE_REMOVE;
}

/* A unix socket with a full backlog refuses where TCP would wait; it is tried again within the time limit. */
static void
test_unix_backlog (void)
{
  g_autofree char *dir = g_dir_make_tmp ("cw-connect-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "socket", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  Backlog backlog = { socket (AF_UNIX, SOCK_STREAM, 0) };
  g_autoptr (GSource) timer = g_timeout_source_new (120);
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Outcome outcome;
  int fillers[8];
  int fd;

  g_assert_cmpuint (g_strlcpy (address.sun_path, path, sizeof address.sun_path), <, sizeof address.sun_path);
  g_assert_cmpint (bind (backlog.listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (backlog.listener, 0), ==, 0);
  for (unsigned i = 0; i < G_N_ELEMENTS (fillers); i++) {
    fillers[i] = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    backlog.n_waiting += connect (fillers[i], (struct sockaddr *) &address, sizeof address) == 0;
  }
  g_assert_cmpuint (backlog.n_waiting, <, G_N_ELEMENTS (fillers));

  params.unix_path = path;
  params.connect_timeout_ms = 150;
  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);

  params.connect_timeout_ms = 5000;
  params.silence_timeout_ms = 50;
  begin (&outcome, &params, NULL);
  g_source_set_callback (timer, on_accept_time, &backlog, NULL);
  g_source_attach (timer, outcome.context);
  check_failure (&outcome, CW_CONNECT_FAILURE_LINK, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  fd = accept (backlog.listener, NULL, NULL);
  g_assert_cmpint (fd, >=, 0);
  close (fd);

  for (unsigned i = 0; i < G_N_ELEMENTS (fillers); i++)
    close (fillers[i]);
  close (backlog.listener);
  g_unlink (path);
  g_rmdir (dir);
}

static gpointer
serve_fd (gpointer data)
{
  PeerIo io = { GPOINTER_TO_INT (data), NULL };

  serve_link (&io, NULL);
  close (io.fd);
  return NULL;
}

static void
test_fd (void)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Outcome outcome;
  GThread *thread;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  thread = g_thread_new ("peer", serve_fd, GINT_TO_POINTER (fds[1]));
  params.fd = fds[0];
  begin (&outcome, &params, NULL);
  wait_done (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_FD);
  g_assert_cmpint (option (outcome.connection->socket, SOL_SOCKET, SO_KEEPALIVE), !=, 0);
  outcome_clear (&outcome);
  g_thread_join (thread);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);

  /* Unusable ones are closed all the same. */
  g_assert_cmpint (pipe (fds), ==, 0);
  params.fd = fds[0];
  begin (&outcome, &params, NULL);
  wait_done (&outcome);
  g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_CONNECT);
  outcome_clear (&outcome);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);
  close (fds[1]);

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_DGRAM, 0, fds), ==, 0);
  params.fd = fds[0];
  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);
  close (fds[1]);
}

/* No server listens on a path with TLS. */
static void
test_unix_tls (void)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  CwTlsParams tls = { 0 };
  Outcome outcome;

  params.unix_path = "/nonexistent/socket";
  params.tls = &tls;
  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

/* --- name look-up ---------------------------------------------------------------------------------------------- */

typedef struct {
  GResolver parent;
} TestResolver;

typedef struct {
  GResolverClass parent;
} TestResolverClass;

static GType test_resolver_get_type (void);
G_DEFINE_TYPE (TestResolver, test_resolver, G_TYPE_RESOLVER)

static gboolean
keep_looking (gpointer task)
{
  return !g_task_return_error_if_cancelled (task);
}

/* "two.test" is 127.0.0.2 and 127.0.0.1, "both.test" is ::1 and 127.0.0.1; "never.test" gets no answer, until
 * cancelled. */
static void
lookup_async (GResolver *resolver, const char *name, GResolverNameLookupFlags flags, GCancellable *cancellable,
              GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, data);
  GList *list = NULL;

  if (g_str_equal (name, "never.test")) {
    g_autoptr (GSource) source = g_timeout_source_new (5);

    g_task_attach_source (task, source, keep_looking);
    return;
  }
  if ((flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY) == 0) {
    if (g_str_equal (name, "two.test"))
      list = g_list_append (list, g_inet_address_new_from_string ("127.0.0.2"));
    list = g_list_append (list, g_inet_address_new_from_string ("127.0.0.1"));
  }
  if ((flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY) == 0 && g_str_equal (name, "both.test"))
    list = g_list_append (list, g_inet_address_new_from_string ("::1"));
  if (list)
    g_task_return_pointer (task, list, (GDestroyNotify) g_resolver_free_addresses);
  else
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such address");
}

static GList *
lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
test_resolver_init (TestResolver *self)
{
}

static void
test_resolver_class_init (TestResolverClass *class)
{
  GResolverClass *resolver = G_RESOLVER_CLASS (class);

  resolver->lookup_by_name_with_flags_async = lookup_async;
  resolver->lookup_by_name_with_flags_finish = lookup_finish;
}

typedef struct {
  const char *host;
  const char *address; /* the only one with a server */
} NextAddress;

static const NextAddress next_addresses[] = {
  { "two.test", "127.0.0.1" },
  { "both.test", "127.0.0.1" },
  { "both.test", "::1" },
};

static void
test_next_address (gconstpointer data)
{
  const NextAddress *row = data;
  CwConnectParams params;
  Outcome outcome;
  Peer *peer;

  if (strchr (row->address, ':') && !has_ipv6 ()) {
    g_test_skip ("no IPv6 here");
    return;
  }
  peer = peer_new (row->address, 0, serve_link, NULL);
  params = tcp_params (row->host, peer_port (peer));
  peer_start (peer);
  begin (&outcome, &params, NULL);
  wait_done (&outcome);
  g_assert_no_error (outcome.error);
  outcome_clear (&outcome);
  peer_free (peer);
}

/* --- refused, and silent --------------------------------------------------------------------------------------- */

static uint16_t
closed_port (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, serve_link, NULL);
  uint16_t port = peer_port (peer);

  peer_free (peer);
  return port;
}

static void
test_refused (void)
{
  CwConnectParams params = tcp_params ("127.0.0.1", closed_port ());
  Outcome outcome;

  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  params.port = 0;
  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  params = tcp_params (NULL, 5900);
  begin (&outcome, &params, NULL);
  check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

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
  self->params
      = tcp_params (stage->host ? stage->host : "127.0.0.1", stage->is_deaf ? self->deaf.port : peer_port (self->peer));
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
  Outcome outcome;
  int64_t start = g_get_monotonic_time ();
  int64_t took;

  stage_set_up (&run, data);
  start = g_get_monotonic_time ();
  run.params.connect_timeout_ms = 300;
  run.params.silence_timeout_ms = 300;
  begin (&outcome, &run.params, NULL);
  wait_done (&outcome);
  took = outcome.done_at - start;
  g_assert_cmpint (took, >=, 290 * 1000);
  g_assert_cmpint (took, <, 2000 * 1000);
  check_failure (&outcome, run.stage->failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
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
  Outcome outcome;
  int64_t cancelled;

  stage_set_up (&run, data);
  begin (&outcome, &run.params, cancellable);
  g_source_set_callback (timer, on_cancel_time, cancellable, NULL);
  g_source_attach (timer, outcome.context);
  while (!g_cancellable_is_cancelled (cancellable)) {
    g_assert_false (outcome.done);
    g_main_context_iteration (outcome.context, TRUE);
  }
  cancelled = g_get_monotonic_time ();
  wait_done (&outcome);
  g_assert_cmpint (outcome.done_at - cancelled, <, 100 * 1000);
  check_failure (&outcome, CW_CONNECT_FAILURE_CANCELLED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  stage_tear_down (&run); /* ends only because the connection was closed */
}

static void
test_cancelled_before (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  CwConnectParams params = tcp_params ("never.test", 1);
  Outcome outcome;
  int fds[2];

  g_cancellable_cancel (cancellable);
  begin (&outcome, &params, cancellable);
  check_failure (&outcome, CW_CONNECT_FAILURE_CANCELLED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  params.fd = fds[0];
  begin (&outcome, &params, cancellable);
  check_failure (&outcome, CW_CONNECT_FAILURE_CANCELLED, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);
  close (fds[1]);
}

/* --- servers that misbehave ------------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  PeerFunc serve;
  PeerLink link;
  CwConnectFailure failure;
  bool is_io;
  int code;
} Bad;

static void
serve_close (PeerIo *io, gpointer data)
{
}

static void
read_message (PeerIo *io)
{
  uint8_t message[38];

  peer_read (io, message, sizeof message);
}

static void
serve_close_after_message (PeerIo *io, gpointer data)
{
  read_message (io);
}

static void
serve_reset (PeerIo *io, gpointer data)
{
  read_message (io);
  peer_reset (io);
}

static void
serve_close_after_ticket (PeerIo *io, gpointer data)
{
  peer_link_until_ticket (io, data);
}

static void
serve_wrong_magic (PeerIo *io, gpointer data)
{
  read_message (io);
  peer_write (io, "HTTP/1.0 400 Bad", 16);
  peer_drain (io);
}

static void
serve_huge_size (PeerIo *io, gpointer data)
{
  read_message (io);
  peer_write (io, "REDQ\2\0\0\0\2\0\0\0\377\377\377\377", 16);
  peer_drain (io);
}

/* The reply comes before the message, and the socket closes at once: the reason must not get lost. */
static void
serve_early_error (PeerIo *io, gpointer data)
{
  uint8_t reply[194] = "REDQ\2\0\0\0\2\0\0\0\262\0\0\0\5";

  read_message (io);
  peer_write (io, reply, sizeof reply);
}

static void
serve_drip (PeerIo *io, gpointer data)
{
  uint8_t reply[202] = "REDQ\2\0\0\0\2\0\0\0\272";

  for (unsigned i = 0; i < sizeof reply && peer_write (io, reply + i, 1); i++)
    g_usleep (50000);
}

static const Bad bads[] = {
  { "close", serve_close, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, -1 },
  { "close-after-message", serve_close_after_message, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_CLOSED },
  { "close-after-ticket", serve_close_after_ticket, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_CLOSED },
  { "reset", serve_reset, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, true, G_IO_ERROR_CONNECTION_CLOSED },
  { "wrong-magic", serve_wrong_magic, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_MALFORMED },
  { "huge-size", serve_huge_size, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_LIMIT },
  { "need-secured", serve_early_error, PEER_LINK_INIT, CW_CONNECT_FAILURE_NEED_SECURED, false, CW_ERROR_SECURITY },
  { "reply-1", serve_link, { 1, 0x0b }, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_STATE },
  { "no-mechanism", serve_link, { 0, 0x09 }, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_UNSUPPORTED },
  { "wrong-password", serve_link, { 0, 0x0b, 0, "right" }, CW_CONNECT_FAILURE_AUTH, false, CW_ERROR_AUTH },
  { "result-8", serve_link, { 0, 0x0b, 8, "" }, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_STATE },
  { "drip", serve_drip, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, true, G_IO_ERROR_TIMED_OUT },
};

static void
test_bad_server (gconstpointer data)
{
  const Bad *bad = data;
  PeerLink link = bad->link;
  Peer *peer = peer_new ("127.0.0.1", 0, bad->serve, &link);
  CwConnectParams params = tcp_params ("127.0.0.1", peer_port (peer));
  GQuark domain = bad->is_io ? G_IO_ERROR : CW_ERROR;
  Outcome outcome;

  peer_start (peer);
  params.silence_timeout_ms = 250;
  begin (&outcome, &params, NULL);
  wait_done (&outcome);
  if (bad->code >= 0)
    g_assert_error (outcome.error, domain, bad->code);
  g_assert_cmpint (outcome.failure, ==, bad->failure);
  g_test_message ("%s", outcome.error->message);
  outcome_clear (&outcome);
  peer_free (peer);
}

/* After a refusal the same parameters but another password succeed. */
static void
test_retry (void)
{
  PeerLink link = { 0, 0x0b, 0, "right" };
  CwConnectParams params;
  Outcome outcome;

  for (unsigned i = 0; i < 2; i++) {
    Peer *peer = peer_new ("127.0.0.1", 0, serve_link, &link);

    peer_start (peer);
    params = tcp_params ("127.0.0.1", peer_port (peer));
    params.link.credentials.password = i == 0 ? "wrong" : "right";
    begin (&outcome, &params, NULL);
    if (i == 0) {
      check_failure (&outcome, CW_CONNECT_FAILURE_AUTH, CW_ERROR, CW_ERROR_AUTH);
    } else {
      wait_done (&outcome);
      g_assert_no_error (outcome.error);
      outcome_clear (&outcome);
    }
    peer_free (peer);
  }
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
  g_autoptr (GResolver) system = NULL;
  g_autoptr (GResolver) resolver = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  system = g_resolver_get_default ();
  resolver = g_object_new (test_resolver_get_type (), NULL);
  g_resolver_set_default (resolver);

  g_test_add_data_func ("/connect/tcp/ipv4", "127.0.0.1", test_tcp);
  g_test_add_data_func ("/connect/tcp/ipv6", "::1", test_tcp);
  g_test_add_data_func ("/connect/tcp/ipv6-brackets", "[::1]", test_tcp);
  g_test_add_func ("/connect/unix", test_unix);
  g_test_add_func ("/connect/unix-backlog", test_unix_backlog);
  g_test_add_func ("/connect/fd", test_fd);
  g_test_add_func ("/connect/unix-tls", test_unix_tls);
  g_test_add_data_func ("/connect/next-address/same-family", &next_addresses[0], test_next_address);
  g_test_add_data_func ("/connect/next-address/ipv4-only", &next_addresses[1], test_next_address);
  g_test_add_data_func ("/connect/next-address/ipv6-only", &next_addresses[2], test_next_address);
  g_test_add_func ("/connect/refused", test_refused);
  g_test_add_func ("/connect/cancel/before", test_cancelled_before);
  add_stage_tests ();
  for (unsigned i = 0; i < G_N_ELEMENTS (bads); i++) {
    g_autofree char *path = g_strdup_printf ("/connect/bad-server/%s", bads[i].name);

    g_test_add_data_func (path, &bads[i], test_bad_server);
  }
  g_test_add_func ("/connect/retry", test_retry);
  result = g_test_run ();
  g_resolver_set_default (system);
  return result;
}
