/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending: a piece of it is what the socket takes. */
#include "base/i18n.h"
#include "transport/late-flush.h"
#include "transport/pump-private.h"
#include "transport/stream.h"

void
cw_pump_end_flushes (CwPump *self, const GError *error, bool broke)
{
  CwPumpFlushFunc done;
  gpointer data;

  while (!broke && cw_frame_writer_take_sent (&self->writer, &done, &data))
    cw_late_flush (self->context, done, data, NULL);
  while (cw_frame_writer_take_flush (&self->writer, false, &done, &data))
    cw_late_flush (self->context, done, data, error);
}

/* The peer's last words may still wait to be read, so a failed write is not yet the end. */
static void
fail_writing (CwPump *self, GError *error)
{
  self->write_error = error;
  cw_pump_end_flushes (self, error, cw_pump_is_break (error));
  if (!self->closed && self->paused == 0)
    cw_turn_task_ready (self->read_task);
}

/* What the socket takes at once of what comes next; 0: there is nothing, -1 without error: it is full. */
static gssize
write_next (CwPump *self, GError **error)
{
  struct iovec vectors[CW_FRAME_WRITER_VECTORS];
  int n_vectors = cw_frame_writer_peek (&self->writer, vectors), pipe;
  size_t piped = cw_frame_writer_peek_piped (&self->writer, &pipe);

  if (n_vectors < 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, _ ("No memory to send with."));
    return -1;
  }
  if (n_vectors == 0)
    return piped > 0 ? cw_stream_splice (self->stream, pipe, piped, error) : 0;
  if (piped > 0)
    return cw_stream_write_more (self->stream, vectors, n_vectors, error);
  return cw_stream_write (self->stream, vectors, n_vectors, error);
}

/* false: there is no more to write just now. */
static bool
write_once (CwPump *self)
{
  GError *error = NULL;
  gssize n = write_next (self, &error);

  if (error) {
    fail_writing (self, error);
    return false;
  }
  if (n < 0) {
    GIOCondition condition = cw_stream_awaits (self->stream, true);

    self->write_blocked = true;
    if (condition != 0)
      cw_turn_task_await (self->write_task, condition);
    else
      cw_turn_task_ready_next (self->write_task);
    return false;
  }
  self->bytes_written += (uint64_t) n;
  if (n > 0)
    cw_frame_writer_written (&self->writer, (size_t) n);
  return n > 0;
}

/* For writing. */
static bool
is_open (const CwPump *self)
{
  return !self->closed && !self->has_ended_writing && !self->write_error;
}

static bool
may_write (const CwPump *self)
{
  return is_open (self) && !self->write_blocked;
}

/* Flushes are answered an iteration after the writing: to those who send from the answer (GTask) that is the quick way,
 * and all that are due are answered at once. */
static void
answer_flushes (CwPump *self, int64_t deadline)
{
  CwPumpFlushFunc done;
  gpointer data;

  while (!self->closed && cw_frame_writer_take_flush (&self->writer, true, &done, &data)) {
    done (data, NULL);
    if (cw_pump_is_over (deadline))
      break;
  }
}

void
cw_pump_write_some (CwPump *self, int64_t deadline)
{
  if (self->is_writing)
    return;
  self->is_writing = true;
  while (may_write (self) && write_once (self)) {
    if (cw_pump_is_over (deadline)) {
      cw_turn_task_ready (self->write_task);
      break;
    }
  }
  self->is_writing = false;
  if (!self->closed && cw_frame_writer_has_due_flush (&self->writer))
    cw_turn_task_ready_next (self->write_task);
}

void
cw_pump_run_write (gpointer data, int64_t deadline)
{
  CwPump *self = data;

  self->n_running++;
  self->write_blocked = false;
  answer_flushes (self, deadline);
  cw_pump_write_some (self, deadline);
  self->n_running--;
  cw_pump_free_when_unused (self);
}

static bool
check_open (const CwPump *self, GError **error)
{
  if (is_open (self))
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_CLOSED, _ ("The connection is closed."));
  return false;
}

static void
write_soon (CwPump *self)
{
  if (!self->write_blocked)
    cw_turn_task_ready (self->write_task);
}

static bool
queue (CwPump *self, uint16_t type, GBytes *bytes, size_t piece, CwPumpPriority priority, GError **error)
{
  if (!check_open (self, error) || !cw_frame_writer_push (&self->writer, type, bytes, piece, priority, error))
    return false;
  write_soon (self);
  return true;
}

bool
cw_pump_send (CwPump *self, uint16_t type, GBytes *body, CwPumpPriority priority, GError **error)
{
  g_autoptr (GBytes) empty = !body ? g_bytes_new (NULL, 0) : NULL;

  return queue (self, type, body ? body : empty, SIZE_MAX, priority, error);
}

bool
cw_pump_send_pieces (CwPump *self, uint16_t type, GBytes *bytes, size_t piece, GError **error)
{
  return queue (self, type, bytes, piece, CW_PUMP_NORMAL, error);
}

bool
cw_pump_can_pipe (const CwPump *self)
{
  return self->socket != NULL;
}

bool
cw_pump_send_piped (CwPump *self, uint16_t type, GBytes *begin, const CwPiped *piped, GError **error)
{
  if (!check_open (self, error) || !cw_frame_writer_push_piped (&self->writer, type, begin, piped, error))
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
cw_pump_set_stream (CwPump *self, uint16_t type)
{
  cw_frame_writer_set_stream (&self->writer, type);
}

/* false: there is nothing to wait for any more, and done will hear so. */
static bool
may_flush (CwPump *self, CwPumpFlushFunc done, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (is_open (self))
    return true;
  error = g_error_new (CW_ERROR, CW_ERROR_CLOSED, _ ("The connection is closed."));
  cw_late_flush (self->context, done, data, error);
  return false;
}

void
cw_pump_flush (CwPump *self, CwPumpFlushFunc done, gpointer data)
{
  if (!may_flush (self, done, data))
    return;
  cw_frame_writer_push_flush (&self->writer, done, data);
  write_soon (self);
}

void
cw_pump_end_writing (CwPump *self)
{
  g_autoptr (GError) error = NULL;

  if (!is_open (self))
    return;
  self->has_ended_writing = true;
  error = g_error_new (CW_ERROR, CW_ERROR_CLOSED, _ ("Nothing is sent any more."));
  cw_pump_end_flushes (self, error, false);
  g_socket_shutdown (cw_stream_socket (self->stream), FALSE, TRUE, NULL);
}

void
cw_pump_await_room (CwPump *self, size_t low_water, CwPumpFlushFunc done, gpointer data)
{
  if (!may_flush (self, done, data))
    return;
  cw_frame_writer_push_room (&self->writer, low_water, done, data);
  write_soon (self);
}

void
cw_pump_write_now (CwPump *self)
{
  if (!self->closed && !self->write_blocked)
    cw_pump_write_some (self, G_MAXINT64);
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
