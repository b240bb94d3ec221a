/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing are two tasks of the context's turn (turn.h). A piece of reading is one read and the frames it
 * brought; a piece of writing is what the socket takes. Nothing can be delivered while a frame callback runs, as a task
 * is not run inside itself. */
#include "transport/pump.h"

#include "base/i18n.h"
#include "transport/frame-writer.h"
#include "transport/late-flush.h"
#include "transport/stream.h"
#include "transport/turn.h"

#include <errno.h>
#include <sys/socket.h>

/* Of bytes that are known to be on their way, so many are worth waking up for; but they may fail to come. */
#define EXPECTED_PIECE (16 * 1024)
#define PATIENCE_US 3000

/* Of a large body. The system copies about as much in the fifth of a turn. */
#define READ_MOST ((size_t) 256 << 10)

struct CwPump {
  unsigned refs;
  unsigned n_running; /* tasks under way: the memory is there as long as any */
  GIOStream *stream;
  GSocket *socket; /* borrowed; NULL when the stream has layers around it */
  GPollableInputStream *in;
  GMainContext *context;
  const CwPumpEvents *events;
  gpointer data;

  CwFrameReader reader;
  CwTurnTask *read_task;
  unsigned paused;  /* reasons */
  bool needs_bytes; /* no frame is complete */
  bool delivers;    /* a frame, whose body has to stay until that is done */
  size_t expected;  /* beyond this frame */
  int low_water;    /* what has to be there for the socket to be readable */

  CwFrameWriter writer;
  CwTurnTask *write_task;
  bool is_writing;
  bool has_ended_writing;
  bool write_blocked;  /* the socket is full */
  GError *write_error; /* nothing is written any more; reading finds the end */

  bool closed;
  bool silent; /* closed by the owner: no event */
  uint64_t bytes_read;
  uint64_t bytes_written;
};

/* Nothing is written any more. What the system had taken by then is on its way, however soon the end came; but when the
 * connection broke, the system has thrown away what it had taken. */
static void
end_flushes (CwPump *self, const GError *error, bool broke)
{
  CwPumpFlushFunc done;
  gpointer data;

  while (!broke && cw_frame_writer_take_sent (&self->writer, &done, &data))
    cw_late_flush (self->context, done, data, NULL);
  while (cw_frame_writer_take_flush (&self->writer, false, &done, &data))
    cw_late_flush (self->context, done, data, error);
}

/* Errors of our own are about what was read. */
static bool
is_break (const GError *error)
{
  return error && error->domain != CW_ERROR;
}

/* Nothing is read or written from here on. */
static void
shut (CwPump *self, const GError *error)
{
  g_autoptr (GError) closed
      = g_error_new (CW_ERROR, CW_ERROR_CLOSED, "%s", error ? error->message : _ ("The connection is closed"));

  self->closed = true;
  end_flushes (self, closed, is_break (error));
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

/* The peer's last words may still wait to be read, so a failed write is not yet the end. */
static void
fail_writing (CwPump *self, GError *error)
{
  self->write_error = error;
  end_flushes (self, error, is_break (error));
  if (!self->closed && self->paused == 0)
    cw_turn_task_ready (self->read_task);
}

static bool
is_over (int64_t deadline)
{
  return g_get_monotonic_time () >= deadline;
}

/* What the socket takes at once of what comes next; 0: there is nothing, -1 without error: it is full. */
static gssize
write_next (CwPump *self, GError **error)
{
  struct iovec vectors[CW_FRAME_WRITER_VECTORS];
  int n_vectors = cw_frame_writer_peek (&self->writer, vectors), pipe;
  size_t piped = cw_frame_writer_peek_piped (&self->writer, &pipe);

  if (n_vectors < 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, _ ("No memory to send with"));
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
    if (is_over (deadline))
      break;
  }
}

static void
write_some (CwPump *self, int64_t deadline)
{
  if (self->is_writing)
    return;
  self->is_writing = true;
  while (may_write (self) && write_once (self)) {
    if (is_over (deadline)) {
      cw_turn_task_ready (self->write_task);
      break;
    }
  }
  self->is_writing = false;
  if (!self->closed && cw_frame_writer_has_due_flush (&self->writer))
    cw_turn_task_ready_next (self->write_task);
}

static void free_when_unused (CwPump *self);

static void
run_write (gpointer data, int64_t deadline)
{
  CwPump *self = data;

  self->n_running++;
  self->write_blocked = false;
  answer_flushes (self, deadline);
  write_some (self, deadline);
  self->n_running--;
  free_when_unused (self);
}

static void
end_of_input (CwPump *self)
{
  size_t missing;

  if (cw_frame_reader_is_partial (&self->reader, &missing))
    end (self,
         g_error_new (CW_ERROR, CW_ERROR_CLOSED,
                      _ ("The server closed the connection inside a message, %zu bytes before its end"), missing));
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
    if (is_over (deadline))
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
  write_some (self, deadline);
  self->n_running--;
  free_when_unused (self);
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
  self->write_task = cw_turn_task_new (self->context, g_socket_get_fd (socket), run_write, self);
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

/* The memory goes when the last reference has been dropped and nothing of the pump runs. */
static void
free_when_unused (CwPump *self)
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
  free_when_unused (self);
}

static bool
check_open (const CwPump *self, GError **error)
{
  if (is_open (self))
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_CLOSED, _ ("The connection is closed"));
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
  error = g_error_new (CW_ERROR, CW_ERROR_CLOSED, _ ("The connection is closed"));
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
  error = g_error_new (CW_ERROR, CW_ERROR_CLOSED, _ ("Nothing is sent any more"));
  end_flushes (self, error, false);
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
cw_pump_write_now (CwPump *self)
{
  if (!self->closed && !self->write_blocked)
    write_some (self, G_MAXINT64);
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
