/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/proxy.h"

#include "base/i18n.h"
#include "transport/connect.h"
#include "transport/endpoint.h"
#include "transport/proxy-reply.h"
#include "transport/stream.h"

#include <string.h>

typedef struct {
  char *request;
  size_t size, written;
  bool has_credentials;
  CwProxyReply reply;
} Proxy;

/* In a request's line it would be something else. Hosts come from servers, too. */
static bool
is_name (const char *host)
{
  for (; *host; host++)
    if (g_ascii_iscntrl (*host) || *host == ' ')
      return false;
  return true;
}

static gpointer
make (const CwConnectParams *params, GError **error)
{
  const CwProxyParams *proxy = params->proxy;
  g_autofree char *host = NULL;
  Proxy *self;

  if (!cw_connect_uses_proxy (params))
    return NULL;
  host = cw_host_without_brackets (params->host);
  if (!is_name (host)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                         _ ("The host has characters that no name has: no proxy can be asked for it."));
    return NULL;
  }
  self = g_new0 (Proxy, 1);
  self->request = cw_proxy_request (host, params->port, proxy->user, proxy->password);
  self->size = strlen (self->request);
  self->has_credentials = proxy->user != NULL;
  return self;
}

/* 1: all is written. */
static int
write_request (Proxy *self, CwStageIo *io, GError **error)
{
  while (self->written < self->size) {
    struct iovec vector = { self->request + self->written, self->size - self->written };
    GError *problem = NULL;
    gssize n = cw_stream_write (io->connection->stream, &vector, 1, &problem);

    if (problem)
      g_propagate_prefixed_error (error, problem, _ ("The connection to the proxy failed: "));
    if (n < 0)
      return problem ? -1 : 0;
    self->written += (size_t) n;
  }
  return 1;
}

/* Nothing is read that comes after the answer. 1: it is complete. */
static int
read_reply (Proxy *self, CwStageIo *io, GError **error)
{
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (io->connection->stream));
  size_t wanted;

  while ((wanted = cw_proxy_reply_wanted (&self->reply)) > 0) {
    GError *problem = NULL;
    char bytes[2];
    gssize n = g_pollable_input_stream_read_nonblocking (in, bytes, wanted, NULL, &problem);

    if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_clear_error (&problem);
      return 0;
    }
    if (problem) {
      g_propagate_prefixed_error (error, problem, _ ("The connection to the proxy failed: "));
      return -1;
    }
    if (n == 0) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_FAILED, _ ("The proxy closed the connection."));
      return -1;
    }
    if (!cw_proxy_reply_feed (&self->reply, bytes, (size_t) n, error))
      return -1;
  }
  return 1;
}

static CwStageStatus
step (gpointer data, CwStageIo *io, GError **error)
{
  Proxy *self = data;
  int result = write_request (self, io, error);
  bool is_writing = result == 0;

  if (result == 1)
    result = read_reply (self, io, error);
  if (result < 0)
    return CW_STAGE_FAILED;
  if (result == 1)
    return cw_proxy_reply_check (&self->reply, self->has_credentials, error) ? CW_STAGE_DONE : CW_STAGE_FAILED;
  io->condition = cw_stream_awaits (io->connection->stream, is_writing);
  return io->condition != 0 ? CW_STAGE_WAITS : CW_STAGE_AGAIN;
}

static const char *
awaits (gpointer self)
{
  return "the answer of the proxy";
}

static void
leave (gpointer data)
{
  Proxy *self = data;

  cw_wipe_string (self->request);
  g_free (self);
}

const CwStage cw_proxy_stage = {
  .name = "proxy",
  .failure = CW_CONNECT_FAILURE_CONNECT,
  .limit = CW_STAGE_CONNECT_TIME,
  .late = N_ ("The connection could not be made in time"),
  .make = make,
  .step = step,
  .awaits = awaits,
  .free = leave,
};
