/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

G_DEFINE_INTERFACE (CwLayer, cw_layer, G_TYPE_IO_STREAM)

static void
cw_layer_default_init (CwLayerInterface *iface)
{
}

GSource *
cw_layer_create_source (CwLayer *self, GObject *direction, bool writing, GCancellable *cancellable)
{
  GIOCondition condition = cw_stream_awaits (G_IO_STREAM (self), writing);
  g_autoptr (GSource) child = condition != 0
                                  ? g_socket_create_source (cw_stream_socket (G_IO_STREAM (self)), condition, NULL)
                                  : g_timeout_source_new (0);

  return g_pollable_source_new_full (direction, child, cancellable);
}

gboolean
cw_layer_is_ready (CwLayer *self, bool writing)
{
  GIOCondition condition = cw_stream_awaits (G_IO_STREAM (self), writing);

  return condition == 0 || g_socket_condition_check (cw_stream_socket (G_IO_STREAM (self)), condition) != 0;
}

GSocket *
cw_stream_socket (GIOStream *stream)
{
  while (CW_IS_LAYER (stream))
    stream = CW_LAYER_GET_IFACE (stream)->get_base (CW_LAYER (stream));
  return g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
}

bool
cw_stream_is_bare (GIOStream *stream)
{
  return !CW_IS_LAYER (stream);
}

GIOCondition
cw_stream_awaits (GIOStream *stream, bool writing)
{
  if (CW_IS_LAYER (stream))
    return CW_LAYER_GET_IFACE (stream)->awaits (CW_LAYER (stream), writing);
  return writing ? G_IO_OUT : G_IO_IN;
}

static gssize
write_socket (GSocket *socket, const struct iovec *vectors, int n, GError **error)
{
  struct msghdr message = { .msg_iov = (struct iovec *) vectors, .msg_iovlen = (size_t) n };
  ssize_t size = TEMP_FAILURE_RETRY (sendmsg (g_socket_get_fd (socket), &message, MSG_DONTWAIT | MSG_NOSIGNAL));

  if (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Sending failed: %s", g_strerror (errno));
  return size;
}

gssize
cw_stream_write (GIOStream *stream, const struct iovec *vectors, int n, GError **error)
{
  GError *problem = NULL;
  GPollableOutputStream *out;
  gssize size;

  if (cw_stream_is_bare (stream))
    return write_socket (cw_stream_socket (stream), vectors, n, error);
  out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  size = g_pollable_output_stream_write_nonblocking (out, vectors[0].iov_base, vectors[0].iov_len, NULL, &problem);
  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_clear_error (&problem);
  else if (problem)
    g_propagate_error (error, problem);
  return size;
}
