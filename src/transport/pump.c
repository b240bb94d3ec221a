/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources are one-shot: a dispatch takes its source away, works, and arms what it needs next. So nothing can be
 * dispatched while a frame callback runs, and TLS may wait on either direction of the socket each time. */
#include "transport/pump.h"

#include "transport/frame-writer.h"

#include <gio/gunixconnection.h>

/* After a full budget others go first, and a redraw of the application (GTK's priority is 120) among them. */
#define CONTINUE_PRIORITY (G_PRIORITY_HIGH_IDLE + 30)

struct CwPump {
  int refs;
  GIOStream *stream;
  GPollableInputStream *in;
  GPollableOutputStream *out;
  GMainContext *context;
  const CwPumpEvents *events;
  gpointer data;

  CwFrameReader reader;
  GSocket *unix_socket; /* borrowed; descriptors may come with its bytes. NULL: not a bare unix socket */
  GSource *read_source;
  unsigned paused; /* reasons */
  bool delivering;

  CwFrameWriter writer;
  GSource *write_source;
  bool write_blocked;  /* write_source waits for the stream */
  GError *write_error; /* nothing is written any more; reading finds the end */

  bool closed;
  bool silent; /* closed by the owner: no event */
  uint64_t bytes_read;
  uint64_t bytes_written;
};

static void
clear_source (GSource **source)
{
  if (!*source)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
arm (CwPump *self, GSource **slot, GSource *source, GSourceFunc func)
{
  clear_source (slot);
  *slot = source;
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
}

static GSource *
ready_source (int priority)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, priority);
  return source;
}

typedef struct {
  CwPumpFlushFunc done;
  gpointer data;
  GError *error;
} LateFlush;

static gboolean
on_late_flush (gpointer data)
{
  LateFlush *flush = data;

  flush->done (flush->data, flush->error);
  return G_SOURCE_REMOVE;
}

static void
free_late_flush (gpointer data)
{
  LateFlush *flush = data;

  g_clear_error (&flush->error);
  g_free (flush);
}

/* In a later turn: whoever closes the pump is not done with it yet, and done may do anything. */
static void
fail_flush (CwPump *self, CwPumpFlushFunc done, gpointer data, const GError *error)
{
  g_autoptr (GSource) source = ready_source (G_PRIORITY_DEFAULT);
  LateFlush *flush = g_new0 (LateFlush, 1);

  *flush = (LateFlush){ done, data, g_error_copy (error) };
  g_source_set_callback (source, on_late_flush, flush, free_late_flush);
  g_source_attach (source, self->context);
}

/* Nothing is written any more. */
static void
fail_flushes (CwPump *self, const GError *error)
{
  CwPumpFlushFunc done;
  gpointer data;

  while (cw_frame_writer_abandon (&self->writer, &done, &data))
    fail_flush (self, done, data, error);
}

/* Nothing is read or written from here on. */
static void
shut (CwPump *self, const GError *error)
{
  g_autoptr (GError) closed
      = g_error_new (CW_ERROR, CW_ERROR_CLOSED, "%s", error ? error->message : "The connection is closed");

  self->closed = true;
  clear_source (&self->read_source);
  clear_source (&self->write_source);
  g_io_stream_close (self->stream, NULL, NULL);
  cw_descriptor_queue_drop (&self->reader.waiting, UINT64_MAX);
  fail_flushes (self, closed);
}

/* The peer's end, or an error that ends all. Takes error. */
static void
end (CwPump *self, GError *error)
{
  if (!self->closed) {
    shut (self, error);
    if (!self->silent && self->events->closed)
      self->events->closed (self->data, error);
  }
  g_clear_error (&error);
}

static gboolean on_read_ready (gpointer data);
static gboolean on_read_pollable (GObject *stream, gpointer data);

static void
read_soon (CwPump *self, int priority)
{
  if (!self->closed && !self->delivering && self->paused == 0)
    arm (self, &self->read_source, ready_source (priority), on_read_ready);
}

static gboolean on_write_ready (gpointer data);
static gboolean on_write_pollable (GObject *stream, gpointer data);

static void
write_soon (CwPump *self)
{
  if (!self->closed && !self->write_source)
    arm (self, &self->write_source, ready_source (G_PRIORITY_DEFAULT), on_write_ready);
}

/* The peer's last words may still wait to be read, so a failed write is not yet the end. */
static void
fail_writing (CwPump *self, GError *error)
{
  self->write_error = error;
  fail_flushes (self, error);
  read_soon (self, G_PRIORITY_DEFAULT);
}

static void
write_some (CwPump *self)
{
  CwPumpFlushFunc done;
  gpointer data;

  while (!self->closed && !self->write_error && !self->write_source) {
    CwSlice bytes = cw_frame_writer_peek (&self->writer);
    GError *error = NULL;
    gssize n;

    if (bytes.size == 0) {
      if (!cw_frame_writer_take_flush (&self->writer, &done, &data))
        break;
      done (data, NULL);
      continue;
    }
    n = g_pollable_output_stream_write_nonblocking (self->out, bytes.data, bytes.size, NULL, &error);
    if (n >= 0) {
      self->bytes_written += n;
      cw_frame_writer_written (&self->writer, n);
    } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_clear_error (&error);
      self->write_blocked = true;
      arm (self, &self->write_source, g_pollable_output_stream_create_source (self->out, NULL),
           G_SOURCE_FUNC (on_write_pollable));
    } else {
      fail_writing (self, error);
    }
  }
}

static gboolean
on_write_ready (gpointer data)
{
  g_autoptr (CwPump) self = cw_pump_ref (data);

  clear_source (&self->write_source);
  self->write_blocked = false;
  write_some (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_write_pollable (GObject *stream, gpointer data)
{
  return on_write_ready (data);
}

static void
end_of_input (CwPump *self)
{
  size_t missing;

  if (cw_frame_reader_is_partial (&self->reader, &missing))
    end (self, g_error_new (CW_ERROR, CW_ERROR_CLOSED,
                            "The server closed the connection inside a message, %zu bytes before its end", missing));
  else /* a reset that writing met first looks like an orderly end to reading */
    end (self, g_steal_pointer (&self->write_error));
}

/* What comes beside the bytes of a unix socket is lost to those who read it in another way. */
static gssize
receive (CwPump *self, uint8_t *at, size_t size, GError **error)
{
  int fds[CW_DESCRIPTORS_WAITING_MAX];
  unsigned n_fds;
  ssize_t n = cw_descriptors_receive (g_socket_get_fd (self->unix_socket), at, size, fds, &n_fds);

  if (n < 0) {
    int code = errno;

    cw_frame_reader_commit (&self->reader, 0, NULL, 0);
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Receiving failed: %s", g_strerror (code));
  } else {
    cw_frame_reader_commit (&self->reader, n, fds, n_fds);
  }
  return n;
}

static gssize
read_stream (CwPump *self, uint8_t *at, size_t size, GError **error)
{
  gssize n = g_pollable_input_stream_read_nonblocking (self->in, at, size, NULL, error);

  cw_frame_reader_commit (&self->reader, MAX (n, 0), NULL, 0);
  return n;
}

/* true: some bytes came. */
static bool
read_some (CwPump *self)
{
  GError *error = NULL;
  uint8_t *at;
  size_t size;
  gssize n;

  if (!cw_frame_reader_space (&self->reader, &at, &size, &error)) {
    end (self, error);
    return false;
  }
  n = self->unix_socket ? receive (self, at, size, &error) : read_stream (self, at, size, &error);
  if (n > 0) {
    self->bytes_read += n;
    return true;
  }
  if (n == 0) {
    end_of_input (self);
  } else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    end (self, error);
  } else if (self->write_error) {
    g_clear_error (&error);
    end (self, g_steal_pointer (&self->write_error));
  } else {
    g_clear_error (&error);
    arm (self, &self->read_source, g_pollable_input_stream_create_source (self->in, NULL),
         G_SOURCE_FUNC (on_read_pollable));
  }
  return false;
}

/* true: go on. */
static bool
deliver_next (CwPump *self)
{
  GError *error = NULL;
  CwPumpFrame frame;

  switch (cw_frame_reader_next (&self->reader, &frame, &error)) {
  case CW_FRAME_READER_FRAME:
    self->delivering = true;
    self->events->frame (self->data, &frame);
    self->delivering = false;
    g_bytes_unref (frame.body);
    if (frame.descriptors)
      cw_descriptors_close (frame.descriptors);
    return true;
  case CW_FRAME_READER_NEEDS_BYTES:
    return read_some (self);
  default:
    end (self, error);
    return false;
  }
}

static gboolean
on_read_ready (gpointer data)
{
  g_autoptr (CwPump) self = cw_pump_ref (data);
  int64_t deadline = g_get_monotonic_time () + CW_PUMP_BUDGET_US;

  clear_source (&self->read_source);
  /* One reference is this function's: without another, a callback has dropped the last. */
  while (!self->closed && self->refs > 1 && self->paused == 0 && deliver_next (self)) {
    if (g_get_monotonic_time () >= deadline) {
      read_soon (self, CONTINUE_PRIORITY);
      break;
    }
  }
  /* Answers (PONG, ACK) leave now rather than in the next iteration. */
  if (!self->write_blocked && self->refs > 1) {
    clear_source (&self->write_source);
    write_some (self);
  }
  return G_SOURCE_REMOVE;
}

static gboolean
on_read_pollable (GObject *stream, gpointer data)
{
  return on_read_ready (data);
}

CwPump *
cw_pump_new (GIOStream *stream, GMainContext *context, bool mini_header, const CwPumpEvents *events, gpointer data)
{
  CwPump *self = g_new0 (CwPump, 1);

  self->refs = 1;
  self->stream = g_object_ref (stream);
  self->in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  self->out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  self->context = context ? g_main_context_ref (context) : g_main_context_ref_thread_default ();
  self->events = events;
  self->data = data;
  if (G_IS_UNIX_CONNECTION (stream))
    self->unix_socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
  cw_frame_reader_init (&self->reader, mini_header,
                        &(CwFrameRules){ events->frame_limit, self->unix_socket ? events->has_descriptors : NULL,
                                         data },
                        NULL);
  cw_frame_writer_init (&self->writer, mini_header);
  read_soon (self, G_PRIORITY_DEFAULT);
  return self;
}

CwPump *
cw_pump_ref (CwPump *self)
{
  self->refs++;
  return self;
}

void
cw_pump_unref (CwPump *self)
{
  if (!self || --self->refs > 0)
    return;
  cw_pump_close (self);
  cw_frame_reader_clear (&self->reader);
  cw_frame_writer_clear (&self->writer);
  g_clear_error (&self->write_error);
  g_object_unref (self->stream);
  g_main_context_unref (self->context);
  g_free (self);
}

bool
cw_pump_send (CwPump *self, uint16_t type, GBytes *body, CwPumpPriority priority, GError **error)
{
  g_autoptr (GBytes) empty = !body ? g_bytes_new (NULL, 0) : NULL;

  if (self->closed || self->write_error) {
    g_set_error (error, CW_ERROR, CW_ERROR_CLOSED, "The connection is closed");
    return false;
  }
  if (!cw_frame_writer_push (&self->writer, type, body ? body : empty, priority, error))
    return false;
  write_soon (self);
  return true;
}

bool
cw_pump_send_buffer (CwPump *self, uint16_t type, CwBuffer *body, CwPumpPriority priority, GError **error)
{
  size_t max = body->max;
  g_autoptr (GBytes) bytes = cw_buffer_steal (body);

  if (!bytes) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "message %u: its body is larger than %zu bytes", type, max);
    return false;
  }
  return cw_pump_send (self, type, bytes, priority, error);
}

void
cw_pump_set_queue_limit (CwPump *self, size_t bytes)
{
  self->writer.lanes[CW_PUMP_NORMAL].limit = bytes;
}

void
cw_pump_flush (CwPump *self, CwPumpFlushFunc done, gpointer data)
{
  if (self->closed || self->write_error) {
    g_autoptr (GError) error = g_error_new (CW_ERROR, CW_ERROR_CLOSED, "The connection is closed");

    fail_flush (self, done, data, error);
    return;
  }
  cw_frame_writer_push_flush (&self->writer, done, data);
  write_soon (self);
}

void
cw_pump_pause (CwPump *self, unsigned reason)
{
  self->paused |= reason;
  clear_source (&self->read_source);
}

void
cw_pump_resume (CwPump *self, unsigned reason)
{
  bool was_paused = self->paused != 0;

  self->paused &= ~reason;
  if (was_paused)
    read_soon (self, G_PRIORITY_DEFAULT);
}

void
cw_pump_close (CwPump *self)
{
  self->silent = true;
  if (!self->closed)
    shut (self, NULL);
}

bool
cw_pump_is_closed (const CwPump *self)
{
  return self->closed;
}

void
cw_pump_continue (CwPump *self, const CwPump *before)
{
  self->reader.framing.received_serial = before->reader.framing.received_serial;
  self->writer.framing.sent_serial = before->writer.framing.sent_serial;
}

uint64_t
cw_pump_bytes_read (const CwPump *self)
{
  return self->bytes_read;
}

uint64_t
cw_pump_bytes_written (const CwPump *self)
{
  return self->bytes_written;
}

size_t
cw_pump_queued_bytes (const CwPump *self)
{
  return cw_frame_writer_bytes (&self->writer);
}
