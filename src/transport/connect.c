/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One attempt is one Attempt: stage after stage on sources of its context. It ends exactly once, in end (), which
 * stops whatever is under way; an endpoint that is still being opened then ends by itself, into nothing. */
#include "transport/connect.h"

#include "transport/endpoint.h"
#include "transport/tls.h"
#include "transport/verify.h"

#include <string.h>
#include <unistd.h>

/* A server that sends a byte now and then is not silent; it still has to come to an end. */
#define SETUP_TIMEOUTS 4

typedef enum {
  STAGE_ENDPOINT,
  STAGE_TLS,
  STAGE_LINK,
  STAGE_ENDED,
} Stage;

typedef struct {
  GTask *task; /* NULL when ended */
  GMainContext *context;
  Stage stage;
  CwConnectFailure failure;
  GCancellable *inner; /* of the endpoint */
  GSource *cancel_source;
  GSource *timeout_source;
  GSource *io_source;
  int64_t silence_us;
  int64_t latest_us; /* monotonic time at which TLS and link have to be done */

  char *host;
  CwTlsParams *tls;
  CwLink *link;
  GBytes *output; /* being written */
  size_t written;

  CwEndpoint endpoint;
  GSocket *socket;
  GIOStream *stream;
} Attempt;

static void
clear_source (GSource **source)
{
  if (!*source)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
attempt_free (gpointer data)
{
  Attempt *self = data;

  clear_source (&self->cancel_source);
  clear_source (&self->timeout_source);
  clear_source (&self->io_source);
  g_clear_object (&self->inner);
  g_clear_object (&self->socket);
  if (self->stream)
    g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  g_clear_pointer (&self->tls, cw_tls_params_free);
  g_clear_pointer (&self->link, cw_link_free);
  g_clear_pointer (&self->output, g_bytes_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->host);
  g_free (self);
}

void
cw_connection_free (CwConnection *self)
{
  if (!self)
    return;
  if (self->stream)
    g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  g_clear_object (&self->socket);
  cw_caps_clear (&self->common_caps);
  cw_caps_clear (&self->channel_caps);
  g_free (self);
}

/* Gives the task away: the caller returns its result and drops it. */
static GTask *
end (Attempt *self)
{
  GTask *task = g_steal_pointer (&self->task);

  self->stage = STAGE_ENDED;
  clear_source (&self->cancel_source);
  clear_source (&self->timeout_source);
  clear_source (&self->io_source);
  g_cancellable_cancel (self->inner);
  return task;
}

static void
fail (Attempt *self, CwConnectFailure failure, GError *error)
{
  g_autoptr (GTask) task = end (self);

  self->failure = failure;
  if (self->stream)
    g_io_stream_close (self->stream, NULL, NULL);
  g_clear_object (&self->stream);
  g_task_return_error (task, error);
}

static void
succeed (Attempt *self)
{
  g_autoptr (GTask) task = end (self);
  CwConnection *connection = g_new0 (CwConnection, 1);

  connection->stream = g_steal_pointer (&self->stream);
  connection->socket = g_steal_pointer (&self->socket);
  connection->endpoint = self->endpoint;
  connection->is_tls = self->tls != NULL;
  connection->mini_header = cw_link_mini_header (self->link);
  cw_caps_copy (&connection->common_caps, cw_link_peer_common_caps (self->link));
  cw_caps_copy (&connection->channel_caps, cw_link_peer_channel_caps (self->link));
  g_task_return_pointer (task, connection, (GDestroyNotify) cw_connection_free);
}

static void
note_progress (Attempt *self)
{
  g_source_set_ready_time (self->timeout_source, MIN (g_get_monotonic_time () + self->silence_us, self->latest_us));
}

static gboolean
on_timeout (gpointer data)
{
  Attempt *self = data;

  switch (self->stage) {
  case STAGE_ENDPOINT:
    fail (self, CW_CONNECT_FAILURE_CONNECT,
          g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The connection could not be made in time"));
    break;
  case STAGE_TLS:
    fail (self, CW_CONNECT_FAILURE_TLS,
          g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The server did not answer in time during the TLS handshake"));
    break;
  case STAGE_LINK:
    fail (self, CW_CONNECT_FAILURE_LINK,
          g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The server did not answer in time: %s was awaited",
                       cw_link_step_name (self->link)));
    break;
  case STAGE_ENDED:
    break;
  }
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  fail (data, CW_CONNECT_FAILURE_CANCELLED,
        g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "The connection attempt was cancelled"));
  return G_SOURCE_REMOVE;
}

static void
wait_for (Attempt *self, GSource *source, GPollableSourceFunc callback)
{
  self->io_source = source;
  g_source_set_callback (source, G_SOURCE_FUNC (callback), self, NULL);
  g_source_attach (source, self->context);
}

static void
end_link (Attempt *self)
{
  if (cw_link_status (self->link) == CW_LINK_DONE)
    succeed (self);
  else
    fail (self, cw_link_failure (self->link), g_error_copy (cw_link_error (self->link)));
}

static gboolean on_link_ready (GObject *stream, gpointer data);

/* false: waits. A failed write is left to the next read, which brings the server's reason if it gave one. */
static bool
write_link (Attempt *self)
{
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));

  while (self->output || (self->output = cw_link_take_output (self->link))) {
    g_autoptr (GError) error = NULL;
    size_t size;
    const uint8_t *data = g_bytes_get_data (self->output, &size);
    gssize n
        = g_pollable_output_stream_write_nonblocking (out, data + self->written, size - self->written, NULL, &error);

    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      wait_for (self, g_pollable_output_stream_create_source (out, NULL), on_link_ready);
      return false;
    }
    self->written += MAX (n, 0);
    if (n < 0 || self->written == size) {
      g_clear_pointer (&self->output, g_bytes_unref);
      self->written = 0;
    }
  }
  return true;
}

/* true: some bytes came. false: waits or has ended. */
static bool
read_link (Attempt *self)
{
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));
  g_autoptr (GError) error = NULL;
  uint8_t data[1024];
  gssize n;

  n = g_pollable_input_stream_read_nonblocking (in, data, MIN (sizeof data, cw_link_wanted (self->link)), NULL, &error);
  if (n > 0) {
    note_progress (self);
    cw_link_feed (self->link, data, n);
    return true;
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    wait_for (self, g_pollable_input_stream_create_source (in, NULL), on_link_ready);
  } else {
    cw_link_feed_end (self->link, error);
    end_link (self);
  }
  return false;
}

static void
continue_link (Attempt *self)
{
  do {
    if (!write_link (self))
      return;
    if (cw_link_status (self->link) != CW_LINK_RUNNING) {
      end_link (self);
      return;
    }
  } while (read_link (self));
}

static gboolean
on_link_ready (GObject *stream, gpointer data)
{
  Attempt *self = data;

  clear_source (&self->io_source);
  continue_link (self);
  return G_SOURCE_REMOVE;
}

static void
start_link (Attempt *self)
{
  self->stage = STAGE_LINK;
  note_progress (self);
  continue_link (self);
}

static gboolean on_tls_ready (GObject *stream, gpointer data);

static void
continue_tls (Attempt *self)
{
  CwTlsStream *tls = CW_TLS_STREAM (self->stream);
  GError *error = NULL;

  if (cw_tls_stream_handshake (tls, &error)) {
    start_link (self);
  } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    g_clear_error (&error);
    wait_for (self, cw_tls_stream_create_source (tls), on_tls_ready);
  } else {
    fail (self, CW_CONNECT_FAILURE_TLS, error);
  }
}

static gboolean
on_tls_ready (GObject *stream, gpointer data)
{
  Attempt *self = data;

  clear_source (&self->io_source);
  note_progress (self);
  continue_tls (self);
  return G_SOURCE_REMOVE;
}

static void
start_tls (Attempt *self)
{
  GError *error = NULL;
  CwTlsStream *tls = cw_tls_stream_new (self->stream, self->tls, self->host, &error);

  self->stage = STAGE_TLS;
  if (!tls) {
    fail (self, CW_CONNECT_FAILURE_TLS, error);
    return;
  }
  g_object_unref (self->stream);
  self->stream = G_IO_STREAM (tls);
  note_progress (self);
  continue_tls (self);
}

static void
on_endpoint_open (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Attempt *self = g_task_get_task_data (task);
  GError *error = NULL;
  GSocketConnection *connection = cw_endpoint_open_finish (result, &error);

  if (self->stage == STAGE_ENDED) {
    g_clear_object (&connection);
    g_clear_error (&error);
    return;
  }
  if (!connection) {
    fail (self, CW_CONNECT_FAILURE_CONNECT, error);
    return;
  }
  self->socket = g_object_ref (g_socket_connection_get_socket (connection));
  self->stream = G_IO_STREAM (connection);
  self->latest_us = g_get_monotonic_time () + SETUP_TIMEOUTS * self->silence_us;
  if (self->tls)
    start_tls (self);
  else
    start_link (self);
}

static void
watch (Attempt *self, unsigned connect_timeout_ms, GCancellable *cancellable)
{
  self->timeout_source = g_timeout_source_new (connect_timeout_ms);
  g_source_set_callback (self->timeout_source, on_timeout, self, NULL);
  g_source_attach (self->timeout_source, self->context);
  if (!cancellable)
    return;
  self->cancel_source = g_cancellable_source_new (cancellable);
  g_source_set_callback (self->cancel_source, G_SOURCE_FUNC (on_cancelled), self, NULL);
  g_source_attach (self->cancel_source, self->context);
}

/* Takes the descriptor of params: it is closed when the attempt does not even begin. */
static void
start (Attempt *self, const CwConnectParams *params, GCancellable *cancellable)
{
  unsigned connect_timeout_ms = params->connect_timeout_ms != 0 ? params->connect_timeout_ms : CW_CONNECT_TIMEOUT_MS;
  GError *error = NULL;

  if (g_cancellable_set_error_if_cancelled (cancellable, &error)) {
    self->failure = CW_CONNECT_FAILURE_CANCELLED;
  } else if (params->tls && self->endpoint == CW_ENDPOINT_UNIX) {
    self->failure = CW_CONNECT_FAILURE_CONNECT;
    g_set_error (&error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "TLS cannot be used on a unix socket by its path");
  } else if (!(self->link = cw_link_new (&params->link, &error))) {
    self->failure = CW_CONNECT_FAILURE_LINK;
  }
  if (error) {
    g_autoptr (GTask) task = end (self);

    if (params->fd >= 0)
      close (params->fd);
    g_task_return_error (task, error);
    return;
  }
  watch (self, connect_timeout_ms, cancellable);
  cw_endpoint_open_async (params, self->inner, on_endpoint_open, g_object_ref (self->task));
}

void
cw_connect_async (const CwConnectParams *params, GCancellable *cancellable, GAsyncReadyCallback callback,
                  gpointer user_data)
{
  Attempt *self = g_new0 (Attempt, 1);
  unsigned silence_ms = params->silence_timeout_ms != 0 ? params->silence_timeout_ms : CW_SILENCE_TIMEOUT_MS;
  g_autoptr (GTask) task = NULL;

  self->context = params->context ? g_main_context_ref (params->context) : g_main_context_ref_thread_default ();
  self->inner = g_cancellable_new ();
  self->silence_us = (int64_t) silence_ms * 1000;
  self->endpoint = params->fd >= 0 ? CW_ENDPOINT_FD : params->unix_path ? CW_ENDPOINT_UNIX : CW_ENDPOINT_TCP;
  self->host = g_strdup (params->host);
  if (params->tls)
    self->tls = cw_tls_params_copy (params->tls, params->host);

  g_main_context_push_thread_default (self->context);
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, cw_connect_async);
  g_task_set_task_data (task, self, attempt_free);
  self->task = g_object_ref (task);
  start (self, params, cancellable);
  g_main_context_pop_thread_default (self->context);
}

CwConnection *
cw_connect_finish (GAsyncResult *result, CwConnectFailure *failure, GError **error)
{
  Attempt *self = g_task_get_task_data (G_TASK (result));
  GError *reason = NULL;
  CwConnection *connection = g_task_propagate_pointer (G_TASK (result), &reason);

  if (connection)
    return connection;
  if (failure)
    *failure
        = g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? CW_CONNECT_FAILURE_CANCELLED : self->failure;
  g_propagate_error (error, reason);
  return NULL;
}
