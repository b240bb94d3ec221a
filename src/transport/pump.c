/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing are two tasks of the context's turn (turn.h). A piece of reading is one read and the frames it
 * brought; writing is in pump-write.c. Nothing can be delivered while a frame callback runs, as a task is not run
 * inside itself. */
#include "base/i18n.h"
#include "transport/pump-private.h"
#include "transport/stream.h"

#include <errno.h>
#include <sys/socket.h>

/* Of bytes that are known to be on their way, so many are worth waking up for; but they may fail to come. */
#define EXPECTED_PIECE (16 * 1024)
#define PATIENCE_US 3000

/* Of a large body. The system copies about as much in the fifth of a turn. */
#define READ_MOST ((size_t) 256 << 10)

/* Nothing is read or written from here on. */
static void
shut (CwPump *self, const GError *error)
{
  g_autoptr (GError) closed
      = g_error_new (CW_ERROR, CW_ERROR_CLOSED, "%s", error ? error->message : _ ("The connection is closed."));

  self->closed = true;
  cw_pump_end_flushes (self, closed, cw_pump_is_break (error));
  /* Their blocks are the turn's, which the tasks keep. */
  if (!self->delivers)
    cw_frame_reader_clear (&self->reader);
  cw_frame_writer_clear (&self->writer);
  cw_turn_task_free (g_steal_pointer (&self->read_task));
  cw_turn_task_free (g_steal_pointer (&self->write_task));
  g_io_stream_close (self->stream, NULL, NULL);
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

static void
await_bytes (CwPump *self, GIOCondition condition)
{
  bool is_patient = self->socket && self->expected >= EXPECTED_PIECE;
  int low_water = is_patient ? EXPECTED_PIECE : 1;

  self->expected = 0;
  if (self->socket && low_water != self->low_water)
    g_socket_set_option (self->socket, SOL_SOCKET, SO_RCVLOWAT, low_water, NULL);
  self->low_water = low_water;
  cw_turn_task_await (self->read_task, condition);
  if (is_patient)
    cw_turn_task_at (self->read_task, g_get_monotonic_time () + PATIENCE_US);
}

/* Reading goes on as far as it may. */
static void
go_on_reading (CwPump *self)
{
  GIOCondition condition;

  if (self->closed || self->paused != 0)
    return;
  condition = self->needs_bytes ? cw_stream_awaits (self->stream, false) : 0;
  if (condition != 0)
    await_bytes (self, condition);
  else
    cw_turn_task_ready (self->read_task);
}

static void
end_of_input (CwPump *self)
{
  size_t missing;

  if (cw_frame_reader_is_partial (&self->reader, &missing))
    end (self,
         g_error_new (CW_ERROR, CW_ERROR_CLOSED,
                      _ ("The server closed the connection inside a message, %zu bytes before its end."), missing));
  else /* a reset that writing met first looks like an orderly end to reading */
    end (self, g_steal_pointer (&self->write_error));
}

/* What comes beside the bytes of a unix socket is lost to those who read it in another way. -1 without error: nothing
 * is there. */
static gssize
receive (CwPump *self, uint8_t *at, size_t size, GError **error)
{
  int fds[CW_DESCRIPTORS_WAITING_MAX];
  unsigned n_fds;
  ssize_t n = cw_descriptors_receive (g_socket_get_fd (self->socket), at, size, fds, &n_fds);
  int code = errno;

  cw_frame_reader_commit (&self->reader, (size_t) MAX (n, 0), fds, n_fds);
  if (n < 0 && code != EAGAIN && code != EWOULDBLOCK)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), _ ("Receiving failed: %s"), g_strerror (code));
  return n;
}

static gssize
read_stream (CwPump *self, uint8_t *at, size_t size, GError **error)
{
  GError *problem = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (self->in, at, size, NULL, &problem);

  cw_frame_reader_commit (&self->reader, (size_t) MAX (n, 0), NULL, 0);
  if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    g_clear_error (&problem);
  else if (problem)
    g_propagate_error (error, problem);
  return n;
}

typedef enum {
  READ_SOME,
  READ_ALL,    /* what was there, most likely */
  READ_NOTHING /* waits, or has ended */
} Read;

static Read
read_once (CwPump *self)
{
  GError *error = NULL;
  uint8_t *at;
  size_t size;
  gssize n;

  if (!cw_frame_reader_space (&self->reader, &at, &size, &error)) {
    end (self, error);
    return READ_NOTHING;
  }
  size = MIN (size, READ_MOST);
  n = self->socket ? receive (self, at, size, &error) : read_stream (self, at, size, &error);
  if (n > 0) {
    self->bytes_read += (uint64_t) n;
    self->needs_bytes = false;
    return self->socket && (size_t) n < size ? READ_ALL : READ_SOME;
  }
  if (n == 0)
    end_of_input (self);
  else if (error)
    end (self, error);
  else if (self->write_error)
    end (self, g_steal_pointer (&self->write_error));
  return READ_NOTHING;
}

static void
deliver_next (CwPump *self)
{
  GError *error = NULL;
  CwPumpFrame frame;

  switch (cw_frame_reader_next (&self->reader, &frame, &error)) {
  case CW_FRAME_READER_FRAME:
    self->delivers = true;
    self->events->frame (self->data, &frame);
    self->delivers = false;
    g_clear_pointer (&frame.bytes, g_bytes_unref);
    if (frame.descriptors)
      cw_descriptors_close (frame.descriptors);
    if (self->closed)
      cw_frame_reader_clear (&self->reader);
    break;
  case CW_FRAME_READER_NEEDS_BYTES:
    self->needs_bytes = true;
    break;
  default:
    end (self, error);
    break;
  }
}

static void
read_some (CwPump *self, int64_t deadline)
{
  Read result = READ_NOTHING;
  bool has_read = false;

  while (!self->closed && self->paused == 0) {
    if (self->needs_bytes) {
      if (has_read)
        break;
      has_read = true;
      result = read_once (self);
      if (result == READ_NOTHING)
        break;
    }
    deliver_next (self);
    if (cw_pump_is_over (deadline))
      break;
  }
  if (!self->closed && self->paused == 0 && self->needs_bytes && result == READ_SOME)
    cw_turn_task_ready (self->read_task);
  else
    go_on_reading (self);
}

static void
run_read (gpointer data, int64_t deadline)
{
  CwPump *self = data;

  self->n_running++;
  read_some (self, deadline);
  /* Answers (PONG, ACK) leave now rather than in the next iteration. */
  cw_pump_write_some (self, deadline);
  self->n_running--;
  cw_pump_free_when_unused (self);
}

CwPump *
cw_pump_new (GIOStream *stream, GMainContext *context, bool mini_header, const CwPumpEvents *events, gpointer data)
{
  CwPump *self = g_new0 (CwPump, 1);
  GSocket *socket = cw_stream_socket (stream);
  bool is_bare = cw_stream_is_bare (stream);
  bool is_unix = is_bare && g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX;
  CwBlockPool *blocks;

  self->refs = 1;
  self->stream = g_object_ref (stream);
  self->socket = is_bare ? socket : NULL;
  self->in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  self->context = context ? g_main_context_ref (context) : g_main_context_ref_thread_default ();
  self->events = events;
  self->data = data;
  self->needs_bytes = true;
  self->low_water = 1;
  self->read_task = cw_turn_task_new (self->context, g_socket_get_fd (socket), run_read, self);
  self->write_task = cw_turn_task_new (self->context, g_socket_get_fd (socket), cw_pump_run_write, self);
  cw_turn_task_set_can_recurse (self->write_task);
  blocks = cw_turn_task_blocks (self->read_task);
  cw_frame_reader_init (&self->reader, mini_header,
                        &(CwFrameRules){ events->frame_limit, is_unix ? events->has_descriptors : NULL, data }, blocks);
  cw_frame_writer_init (&self->writer, mini_header, !is_bare, blocks);
  cw_turn_task_ready (self->read_task);
  return self;
}

void
cw_pump_share_bodies (CwPump *self, size_t *bodies)
{
  self->reader.bodies = g_rc_box_acquire (bodies);
}

void
cw_pump_free_when_unused (CwPump *self)
{
  if (self->refs > 0 || self->n_running > 0)
    return;
  g_clear_pointer (&self->reader.bodies, g_rc_box_release);
  g_clear_error (&self->write_error);
  g_object_unref (self->stream);
  g_main_context_unref (self->context);
  g_free (self);
}

void
cw_pump_unref (CwPump *self)
{
  if (!self || --self->refs > 0)
    return;
  cw_pump_close (self);
  cw_pump_free_when_unused (self);
}

void
cw_pump_pause (CwPump *self, unsigned reason)
{
  self->paused |= reason;
  if (!self->closed)
    cw_turn_task_await (self->read_task, 0);
}

void
cw_pump_resume (CwPump *self, unsigned reason)
{
  bool was_paused = self->paused != 0;

  self->paused &= ~reason;
  if (was_paused)
    go_on_reading (self);
}

void
cw_pump_expect (CwPump *self, size_t bytes)
{
  self->expected = bytes;
}

void
cw_pump_close (CwPump *self)
{
  self->silent = true;
  if (!self->closed)
    shut (self, NULL);
}

void
cw_pump_set_sent (CwPump *self, uint64_t n_messages)
{
  self->writer.framing.sent_serial = n_messages;
}

void
cw_pump_continue (CwPump *self, const CwPump *before)
{
  self->reader.framing.received_serial = before->reader.framing.received_serial;
  self->writer.framing.sent_serial = before->writer.framing.sent_serial;
  self->writer.lanes[CW_PUMP_NORMAL].limit = before->writer.lanes[CW_PUMP_NORMAL].limit;
  self->writer.stream = before->writer.stream;
}

uint64_t
cw_pump_bytes_read (const CwPump *self)
{
  return self->bytes_read;
}
