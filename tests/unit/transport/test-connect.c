/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plain connections: what they lead to, and the settings of their sockets. */
#include "connecting.h"
#include "resolver.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int
option (GSocket *socket, int level, int name)
{
  int value = -1;
  socklen_t size = sizeof value;

  g_assert_cmpint (getsockopt (g_socket_get_fd (socket), level, name, &value, &size), ==, 0);
  return value;
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
  Connecting outcome;
  Peer *peer;

  if (six && !has_ipv6 ()) {
    g_test_skip ("no IPv6 here");
    return;
  }
  peer = peer_new (six ? "::1" : "127.0.0.1", 0, connecting_serve, &link);
  peer_start (peer);
  params = connecting_tcp_params (host, peer_port (peer));
  params.link.credentials.password = "secret";
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
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
  connecting_clear (&outcome);
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
  Peer *peer = peer_new (path, 0, connecting_serve, NULL);
  CwTlsParams tls = { 0 };
  Connecting outcome;

  peer_start (peer);
  params.unix_path = path;
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_UNIX);
  connecting_clear (&outcome);
  peer_free (peer);

  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  params.unix_path = absent;
  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  params.unix_path = long_path;
  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  params.unix_path = path;
  params.tls = &tls;
  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
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
  Connecting outcome;
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
  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);

  params.connect_timeout_ms = 5000;
  params.silence_timeout_ms = 50;
  connecting_begin (&outcome, &params, NULL);
  g_source_set_callback (timer, on_accept_time, &backlog, NULL);
  g_source_attach (timer, outcome.context);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_LINK, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
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

  connecting_serve (&io, NULL);
  close (io.fd);
  return NULL;
}

/* How long a connection of somebody else's may be silent is theirs to say. */
static void
test_tcp_fd (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, connecting_serve, NULL);
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Connecting outcome;

  peer_start (peer);
  params.fd = peer_connect (peer);
  g_assert_cmpint (setsockopt (params.fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){ 77 }, sizeof (int)), ==, 0);
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_FD);
  g_assert_cmpint (option (outcome.connection->socket, IPPROTO_TCP, TCP_NODELAY), !=, 0);
  g_assert_cmpint (option (outcome.connection->socket, SOL_SOCKET, SO_KEEPALIVE), !=, 0);
  g_assert_cmpint (option (outcome.connection->socket, IPPROTO_TCP, TCP_KEEPIDLE), ==, 77);
  connecting_clear (&outcome);
  peer_free (peer);
}

static void
test_fd (void)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Connecting outcome;
  GThread *thread;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  thread = g_thread_new ("peer", serve_fd, GINT_TO_POINTER (fds[1]));
  params.fd = fds[0];
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_FD);
  g_assert_cmpint (option (outcome.connection->socket, SOL_SOCKET, SO_KEEPALIVE), !=, 0);
  connecting_clear (&outcome);
  g_thread_join (thread);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);

  /* Unusable ones are closed all the same. */
  g_assert_cmpint (pipe (fds), ==, 0);
  params.fd = fds[0];
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
  g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_CONNECT);
  connecting_clear (&outcome);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);
  close (fds[1]);

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_DGRAM, 0, fds), ==, 0);
  params.fd = fds[0];
  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);
  close (fds[1]);
}

/* No server listens on a path with TLS. */
static void
test_unix_tls (void)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  CwTlsParams tls = { 0 };
  Connecting outcome;

  params.unix_path = "/nonexistent/socket";
  params.tls = &tls;
  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
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
  Connecting outcome;
  Peer *peer;

  if (strchr (row->address, ':') && !has_ipv6 ()) {
    g_test_skip ("no IPv6 here");
    return;
  }
  peer = peer_new (row->address, 0, connecting_serve, NULL);
  params = connecting_tcp_params (row->host, peer_port (peer));
  peer_start (peer);
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
  g_assert_no_error (outcome.error);
  connecting_clear (&outcome);
  peer_free (peer);
}

static uint16_t
closed_port (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, connecting_serve, NULL);
  uint16_t port = peer_port (peer);

  peer_free (peer);
  return port;
}

static void
test_refused (void)
{
  CwConnectParams params = connecting_tcp_params ("127.0.0.1", closed_port ());
  Connecting outcome;

  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  params.port = 0;
  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  params = connecting_tcp_params (NULL, 5900);
  connecting_begin (&outcome, &params, NULL);
  connecting_check_failure (&outcome, CW_CONNECT_FAILURE_CONNECT, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  resolver_begin ();
  g_test_add_data_func ("/connect/tcp/ipv4", "127.0.0.1", test_tcp);
  g_test_add_data_func ("/connect/tcp/ipv6", "::1", test_tcp);
  g_test_add_data_func ("/connect/tcp/ipv6-brackets", "[::1]", test_tcp);
  g_test_add_func ("/connect/unix", test_unix);
  g_test_add_func ("/connect/unix-backlog", test_unix_backlog);
  g_test_add_func ("/connect/fd", test_fd);
  g_test_add_func ("/connect/tcp-fd", test_tcp_fd);
  g_test_add_func ("/connect/unix-tls", test_unix_tls);
  g_test_add_data_func ("/connect/next-address/same-family", &next_addresses[0], test_next_address);
  g_test_add_data_func ("/connect/next-address/ipv4-only", &next_addresses[1], test_next_address);
  g_test_add_data_func ("/connect/next-address/ipv6-only", &next_addresses[2], test_next_address);
  g_test_add_func ("/connect/refused", test_refused);
  result = g_test_run ();
  resolver_end ();
  return result;
}
