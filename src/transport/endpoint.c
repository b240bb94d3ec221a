/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GSocketClient looks names up and does the races between address families. An address that is given needs neither, and
 * is connected to in the attempt's own steps: many at once then share the main loop with everything else (turn.h). */
#include "transport/endpoint.h"

#include "base/i18n.h"
#include "transport/connect.h"
#include "transport/proxy.h"
#include "transport/source.h"

#include <gio/gunixsocketaddress.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A peer that vanished is noticed after idle + count · interval = 75 s. */
#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 15
#define KEEPALIVE_COUNT 3

/* A unix socket whose backlog is full refuses at once instead of waiting as TCP does. */
#define UNIX_RETRY_MS 50

typedef struct {
  unsigned refs;               /* the stage's, and that of a look-up under way */
  CwStageIo *io;               /* NULL when the stage has been left */
  int fd;                      /* given, or -1 */
  GSocketConnectable *address; /* a GInetSocketAddress: no name, but the address itself */
  GSocketClient *client;
  GSource *retry;
  CwEndpoint kind;
  bool to_proxy;
  bool begun;
  GSocketConnection *connection; /* the result, or error is */
  GError *error;
} Endpoint;

static void
endpoint_unref (Endpoint *self)
{
  if (--self->refs > 0)
    return;
  g_clear_object (&self->client);
  g_clear_object (&self->address);
  g_clear_object (&self->connection);
  g_clear_error (&self->error);
  g_free (self);
}

char *
cw_host_without_brackets (const char *host)
{
  size_t size = strlen (host);

  if (size >= 2 && host[0] == '[' && host[size - 1] == ']')
    return g_strndup (host + 1, size - 2);
  return g_strdup (host);
}

/* What a socket does not know (TCP options on a unix socket) is no reason to fail. */
static void
set_options (GSocket *socket, bool ours)
{
  GSocketFamily family = g_socket_get_family (socket);

  g_socket_set_keepalive (socket, TRUE);
  if (family != G_SOCKET_FAMILY_IPV4 && family != G_SOCKET_FAMILY_IPV6)
    return;
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  if (!ours)
    return;
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT, NULL);
}

static void start_client (Endpoint *self);

static gboolean
on_retry (gpointer data)
{
  Endpoint *self = data;

  cw_clear_source (&self->retry);
  start_client (self);
  return G_SOURCE_REMOVE;
}

static void
on_connected (GObject *client, GAsyncResult *result, gpointer data)
{
  Endpoint *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (client), result, &error);

  if (self->io && G_IS_UNIX_SOCKET_ADDRESS (self->address)
      && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    self->retry = g_timeout_source_new (UNIX_RETRY_MS);
    g_source_set_callback (self->retry, on_retry, self, NULL);
    g_source_attach (self->retry, self->io->context);
  } else if (self->io) {
    self->connection = g_steal_pointer (&connection);
    self->error = g_steal_pointer (&error);
    self->io->wake (self->io->wake_data);
  }
  endpoint_unref (self);
}

static void
start_client (Endpoint *self)
{
  self->refs++;
  g_main_context_push_thread_default (self->io->context);
  g_socket_client_connect_async (self->client, self->address, self->io->cancellable, on_connected, self);
  g_main_context_pop_thread_default (self->io->context);
}

static void
use_fd (Endpoint *self)
{
  int fd = self->fd;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &self->error);

  self->fd = -1;
  if (!socket) {
    close (fd);
  } else if (g_socket_get_socket_type (socket) != G_SOCKET_TYPE_STREAM) {
    g_set_error (&self->error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("Descriptor %d is not a stream socket."),
                 fd);
  } else {
    set_options (socket, false);
    self->connection = g_socket_connection_factory_create_connection (socket);
  }
}

/* The address to connect to; NULL when there is none. */
static GSocketConnectable *
address_of (const CwConnectParams *params, GError **error)
{
  const size_t path_max = sizeof ((struct sockaddr_un *) 0)->sun_path - 1;
  g_autofree char *host = NULL;

  if (params->unix_path && params->tls)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 _ ("TLS cannot be used on a unix socket by its path."));
  else if (params->unix_path && strlen (params->unix_path) > path_max)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("The path of the socket is too long: %zu > %zu."),
                 strlen (params->unix_path), path_max);
  else if (params->unix_path)
    return G_SOCKET_CONNECTABLE (g_unix_socket_address_new (params->unix_path));
  else if (!params->host || *params->host == '\0')
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("No host to connect to is given."));
  else if (params->port == 0)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("No port to connect to is given."));
  else if (params->proxy && (!params->proxy->host || *params->proxy->host == '\0' || params->proxy->port == 0))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, _ ("The proxy has no usable address."));
  else {
    uint16_t port = params->proxy ? params->proxy->port : params->port;
    g_autoptr (GInetAddress) literal = NULL;

    host = cw_host_without_brackets (params->proxy ? params->proxy->host : params->host);
    literal = g_inet_address_new_from_string (host);
    return literal ? G_SOCKET_CONNECTABLE (g_inet_socket_address_new (literal, port))
                   : g_network_address_new (host, port);
  }
  return NULL;
}

static bool
is_direct (const Endpoint *self)
{
  return G_IS_INET_SOCKET_ADDRESS (self->address);
}

static gpointer
make (const CwConnectParams *params, GError **error)
{
  Endpoint *self = g_new0 (Endpoint, 1);

  self->refs = 1;
  self->fd = params->fd;
  if (params->fd >= 0) {
    self->kind = CW_ENDPOINT_FD;
    return self;
  }
  self->kind = params->unix_path ? CW_ENDPOINT_UNIX : CW_ENDPOINT_TCP;
  self->to_proxy = cw_connect_uses_proxy (params);
  self->address = address_of (params, error);
  if (!self->address) {
    endpoint_unref (self);
    return NULL;
  }
  if (!is_direct (self)) {
    self->client = g_socket_client_new ();
    g_socket_client_set_enable_proxy (self->client, FALSE);
  }
  return self;
}

/* In GSocketClient's words. */
static void
fail_directly (Endpoint *self, GError *error)
{
  g_autofree char *address
      = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (self->address)));

  g_propagate_prefixed_error (&self->error, error, g_dgettext ("glib20", "Could not connect to %s: "), address);
}

/* The socket is the connection's from the beginning on: it is what is waited for. */
static void
begin_directly (Endpoint *self, CwStageIo *io)
{
  GSocketAddress *address = G_SOCKET_ADDRESS (self->address);
  GError *error = NULL;
  GSocket *socket
      = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  if (socket) {
    g_socket_set_blocking (socket, FALSE);
    io->connection->socket = socket;
    if (g_socket_connect (socket, address, NULL, &error))
      self->connection = g_socket_connection_factory_create_connection (socket);
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING))
    g_clear_error (&error);
  else if (error)
    fail_directly (self, error);
}

static void
go_on_directly (Endpoint *self, GSocket *socket)
{
  GError *error = NULL;

  if (g_socket_condition_check (socket, G_IO_OUT) == 0)
    return;
  if (g_socket_check_connect_result (socket, &error))
    self->connection = g_socket_connection_factory_create_connection (socket);
  else
    fail_directly (self, error);
}

static void
begin (Endpoint *self, CwStageIo *io)
{
  self->begun = true;
  self->io = io;
  if (self->fd >= 0)
    use_fd (self);
  else if (is_direct (self))
    begin_directly (self, io);
  else
    start_client (self);
}

static CwStageStatus
step (gpointer data, CwStageIo *io, GError **error)
{
  Endpoint *self = data;
  GSocket *socket;

  if (!self->begun)
    begin (self, io);
  else if (is_direct (self))
    go_on_directly (self, io->connection->socket);
  if (self->error) {
    g_propagate_prefixed_error (error, g_steal_pointer (&self->error), "%s",
                                self->to_proxy ? _ ("The proxy cannot be reached: ") : "");
    return CW_STAGE_FAILED;
  }
  if (!self->connection) {
    io->condition = is_direct (self) ? G_IO_OUT : 0;
    return CW_STAGE_WAITS;
  }
  socket = g_socket_connection_get_socket (self->connection);
  if (self->kind != CW_ENDPOINT_FD)
    set_options (socket, true);
  io->connection->endpoint = self->kind;
  g_set_object (&io->connection->socket, socket);
  io->connection->stream = G_IO_STREAM (g_steal_pointer (&self->connection));
  return CW_STAGE_DONE;
}

static void
leave (gpointer data)
{
  Endpoint *self = data;

  self->io = NULL;
  cw_clear_source (&self->retry);
  if (self->fd >= 0)
    close (self->fd);
  endpoint_unref (self);
}

const CwStage cw_endpoint_stage = {
  .name = "endpoint",
  .failure = CW_CONNECT_FAILURE_CONNECT,
  .limit = CW_STAGE_CONNECT_TIME,
  .late = N_ ("The connection could not be made in time"),
  .make = make,
  .step = step,
  .free = leave,
};
