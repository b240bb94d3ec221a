/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/stream.h"

#include "base/i18n.h"
#include "transport/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

GSocket *
cw_stream_socket (GIOStream *stream)
{
  while (CW_IS_LAYER (stream))
    stream = cw_layer_get_base (CW_LAYER (stream));
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
    return CW_LAYER_GET_CLASS (stream)->awaits (CW_LAYER (stream), writing);
  return writing ? G_IO_OUT : G_IO_IN;
}

static gssize
check_sent (gssize size, GError **error)
{
  if (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), _ ("Sending failed: %s"), g_strerror (errno));
  return size;
}

static gssize
write_socket (GSocket *socket, const struct iovec *vectors, int n, int flags, GError **error)
{
  struct msghdr message = { .msg_iov = (struct iovec *) vectors, .msg_iovlen = (size_t) n };

  flags |= MSG_DONTWAIT | MSG_NOSIGNAL;
  return check_sent (TEMP_FAILURE_RETRY (sendmsg (g_socket_get_fd (socket), &message, flags)), error);
}

gssize
cw_stream_write_more (GIOStream *stream, const struct iovec *vectors, int n, GError **error)
{
  return write_socket (cw_stream_socket (stream), vectors, n, MSG_MORE, error);
}

gssize
cw_stream_write (GIOStream *stream, const struct iovec *vectors, int n, GError **error)
{
  GError *problem = NULL;
  GPollableOutputStream *out;
  gssize size;

  if (cw_stream_is_bare (stream))
    return write_socket (cw_stream_socket (stream), vectors, n, 0, error);
  out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  size = g_pollable_output_stream_write_nonblocking (out, vectors[0].iov_base, vectors[0].iov_len, NULL, &problem);
  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_clear_error (&problem);
  else if (problem)
    g_propagate_error (error, problem);
  return size;
}

/* There is no flag against the signal that a socket without a peer sends. */
static gssize
splice_quietly (int from, int to, size_t size)
{
  static const struct timespec at_once = { 0, 0 };
  sigset_t only, before;
  gssize n;
  int code;

  sigemptyset (&only);
  sigaddset (&only, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &only, &before);
  n = TEMP_FAILURE_RETRY (splice (from, NULL, to, NULL, size, SPLICE_F_NONBLOCK));
  code = errno;
  if (n < 0 && code == EPIPE && !sigismember (&before, SIGPIPE))
    sigtimedwait (&only, NULL, &at_once);
  pthread_sigmask (SIG_SETMASK, &before, NULL);
  errno = code;
  return n;
}

gssize
cw_stream_splice (GIOStream *stream, int pipe, size_t size, GError **error)
{
  int fd = g_socket_get_fd (cw_stream_socket (stream));
  gssize n = splice_quietly (pipe, fd, size);

  if (n == 0) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("Sending failed: the pipe is empty."));
    return -1;
  }
  return check_sent (n, error);
}
