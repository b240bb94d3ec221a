/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GSocketClient does the races between address families; proxies will enter here as its proxy resolver. */
#include "transport/endpoint.h"

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
  GSocketClient *client;
  GSocketConnectable *address;
} Open;

static void
open_free (gpointer data)
{
  Open *self = data;

  g_clear_object (&self->client);
  g_clear_object (&self->address);
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

static void start_client (GTask *task);

static gboolean
on_retry (gpointer data)
{
  GTask *task = data;

  if (!g_task_return_error_if_cancelled (task))
    start_client (task);
  return G_SOURCE_REMOVE;
}

static void
retry_later (GTask *task)
{
  g_autoptr (GSource) source = g_timeout_source_new (UNIX_RETRY_MS);

  g_task_attach_source (task, source, on_retry);
}

static void
on_connected (GObject *client, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (client), result, &error);
  Open *self = g_task_get_task_data (task);

  if (connection) {
    set_options (g_socket_connection_get_socket (connection), true);
    g_task_return_pointer (task, connection, g_object_unref);
  } else if (G_IS_UNIX_SOCKET_ADDRESS (self->address) && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    retry_later (task);
  } else {
    g_task_return_error (task, g_steal_pointer (&error));
  }
}

static void
start_client (GTask *task)
{
  Open *self = g_task_get_task_data (task);
  GMainContext *context = g_task_get_context (task);

  g_main_context_push_thread_default (context);
  g_socket_client_connect_async (self->client, self->address, g_task_get_cancellable (task), on_connected,
                                 g_object_ref (task));
  g_main_context_pop_thread_default (context);
}

static void
open_address (GTask *task, GSocketConnectable *address)
{
  Open *self = g_new0 (Open, 1);

  self->client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (self->client, FALSE);
  self->address = address;
  g_task_set_task_data (task, self, open_free);
  start_client (task);
}

static void
open_fd (GTask *task, int fd)
{
  GError *error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);

  if (!socket) {
    close (fd);
    g_task_return_error (task, error);
  } else if (g_socket_get_socket_type (socket) != G_SOCKET_TYPE_STREAM) {
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Descriptor %d is not a stream socket", fd);
  } else {
    set_options (socket, false);
    g_task_return_pointer (task, g_socket_connection_factory_create_connection (socket), g_object_unref);
  }
}

void
cw_endpoint_open_async (const CwConnectParams *params, GCancellable *cancellable, GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, cw_endpoint_open_async);
  if (params->fd >= 0)
    open_fd (task, params->fd);
  else if (params->unix_path && strlen (params->unix_path) >= sizeof ((struct sockaddr_un *) 0)->sun_path)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                             "The path of the socket is too long: %zu > %zu", strlen (params->unix_path),
                             sizeof ((struct sockaddr_un *) 0)->sun_path - 1);
  else if (params->unix_path)
    open_address (task, G_SOCKET_CONNECTABLE (g_unix_socket_address_new (params->unix_path)));
  else if (!params->host || *params->host == '\0')
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "No host to connect to is given");
  else if (params->port == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "No port to connect to is given");
  else {
    g_autofree char *host = cw_host_without_brackets (params->host);

    open_address (task, g_network_address_new (host, params->port));
  }
}

GSocketConnection *
cw_endpoint_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
