/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/webdav/tube.h"

#include "channel/spicevmc.h"
#include "feature/webdav/mux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A frame with its header makes one message. */
#define FRAME_SIZE CW_SPICEVMC_MAX_PIECE
#define FRAME_LEAST 1024

/* Bytes that may wait for the channel; it is told at once when there is a frame's worth. */
#define DOWN_MAX (512 * 1024)

/* A pipe for files. All that a message brings is in it when the message is queued: it has room for DOWN_MAX and what
 * the channel queues. */
#define PAGE 4096
#define PIPE_SIZE (1024 * 1024)
#define PIPE_LEAST (256 * 1024)
#define PIPED_SIZE (15 * PAGE) /* of a frame: whole pages, if it begins with one */
#define PIPED_LEAST (8 * PAGE)

/* Pipes in the process, whose descriptors may be few. */
#define MAX_PIPES 16

/* The channel is told when no more than this waits for the server. */
#define UP_LOW (64 * 1024)

typedef struct {
  uint8_t *data; /* the header's place first */
  size_t size, allocated;
  size_t piped;   /* bytes of it that are in the pipe */
  unsigned pages; /* places of the pipe that they take */
} Frame;

/* Bytes that have been taken are on their way out of the pipe. */
typedef struct {
  CwWebdavTube *tube; /* strong */
  unsigned pages;
} Leaving;

struct CwWebdavTube {
  gatomicrefcount refs;
  GMainContext *server;
  GMutex lock; /* of all that follows */
  GSource *ready;
  GByteArray *up; /* from up_at on still to be read */
  size_t up_at;
  bool up_high; /* it was above UP_LOW */
  GQueue down;  /* Frame */
  size_t down_size;
  size_t unflushed; /* bytes the channel has not been told of */
  bool told;        /* it has not come yet */
  bool hung_up, closed;
  bool may_pipe;
  int pipe[2];             /* or -1 */
  unsigned pages, n_pages; /* places of the pipe that are taken, and that there are */
};

static int n_pipes; /* atomic */

static void
free_frame (gpointer data)
{
  Frame *self = data;

  g_free (self->data);
  g_free (self);
}

typedef struct {
  GSource source;
  CwWebdavTube *tube; /* which destroys it */
} Ready;

static gboolean
dispatch_ready (GSource *source, GSourceFunc ready, gpointer data)
{
  CwWebdavTube *tube = ((Ready *) source)->tube;

  g_mutex_lock (&tube->lock);
  tube->told = false;
  g_source_set_ready_time (source, -1);
  g_mutex_unlock (&tube->lock);
  return ready (data);
}

CwWebdavTube *
cw_webdav_tube_new (GMainContext *channel, GMainContext *server, GSourceFunc ready, gpointer data)
{
  static GSourceFuncs funcs = { .dispatch = dispatch_ready };
  CwWebdavTube *self = g_new0 (CwWebdavTube, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->server = g_main_context_ref (server);
  self->pipe[0] = self->pipe[1] = -1;
  self->up = g_byte_array_new ();
  self->ready = g_source_new (&funcs, sizeof (Ready));
  ((Ready *) self->ready)->tube = self;
  g_source_set_callback (self->ready, ready, data, NULL);
  g_source_set_static_name (self->ready, "webdav connection");
  g_source_attach (self->ready, channel);
  return self;
}

CwWebdavTube *
cw_webdav_tube_ref (CwWebdavTube *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
close_pipe (CwWebdavTube *self)
{
  if (self->pipe[0] < 0)
    return;
  close (self->pipe[0]);
  close (self->pipe[1]);
  self->pipe[0] = self->pipe[1] = -1;
  g_atomic_int_add (&n_pipes, -1);
}

void
cw_webdav_tube_unref (CwWebdavTube *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_queue_clear_full (&self->down, free_frame);
  g_byte_array_unref (self->up);
  close_pipe (self);
  g_main_context_unref (self->server);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* With the lock. */

static void
tell_channel (CwWebdavTube *self)
{
  self->unflushed = 0;
  if (self->ready && !self->told)
    g_source_set_ready_time (self->ready, 0);
  self->told = true;
}

static size_t
waiting (const CwWebdavTube *self)
{
  return self->up->len - self->up_at;
}

/* Where there is none, there will be some, and then the server's thread is woken. */
static bool
has_room (const CwWebdavTube *self)
{
  return self->down_size <= DOWN_MAX / 2 && self->pages <= self->n_pages / 2;
}

static void
drop_down (CwWebdavTube *self)
{
  g_queue_clear_full (&self->down, free_frame);
  self->down_size = 0;
}

/* The channel's end */

void
cw_webdav_tube_hang_up (CwWebdavTube *self)
{
  g_mutex_lock (&self->lock);
  self->hung_up = true;
  drop_down (self);
  g_mutex_unlock (&self->lock);
  g_main_context_wakeup (self->server);
}

void
cw_webdav_tube_free (CwWebdavTube *self)
{
  GSource *ready;

  cw_webdav_tube_hang_up (self);
  g_mutex_lock (&self->lock);
  ready = g_steal_pointer (&self->ready);
  g_mutex_unlock (&self->lock);
  g_source_destroy (ready);
  g_source_unref (ready);
  cw_webdav_tube_unref (self);
}

size_t
cw_webdav_tube_give (CwWebdavTube *self, CwSlice bytes)
{
  bool was_empty;
  size_t size;

  g_mutex_lock (&self->lock);
  was_empty = waiting (self) == 0;
  if (!self->closed) {
    /* What has been read goes when it is the larger part. */
    if (self->up_at >= waiting (self)) {
      g_byte_array_remove_range (self->up, 0, (guint) self->up_at);
      self->up_at = 0;
    }
    g_byte_array_append (self->up, bytes.data, (guint) bytes.size);
  }
  size = waiting (self);
  self->up_high |= size > UP_LOW;
  g_mutex_unlock (&self->lock);
  if (was_empty && size > 0)
    g_main_context_wakeup (self->server);
  return size;
}

size_t
cw_webdav_tube_waiting (CwWebdavTube *self)
{
  size_t size;

  g_mutex_lock (&self->lock);
  size = waiting (self);
  g_mutex_unlock (&self->lock);
  return size;
}

void
cw_webdav_tube_wake (CwWebdavTube *self)
{
  g_mutex_lock (&self->lock);
  tell_channel (self);
  g_mutex_unlock (&self->lock);
}

void
cw_webdav_tube_allow_pipe (CwWebdavTube *self)
{
  g_mutex_lock (&self->lock);
  self->may_pipe = true;
  g_mutex_unlock (&self->lock);
}

static void
free_places (CwWebdavTube *self, size_t size, unsigned pages)
{
  bool had_room, room;

  g_mutex_lock (&self->lock);
  had_room = has_room (self);
  self->down_size -= size;
  self->pages -= pages;
  room = has_room (self);
  g_mutex_unlock (&self->lock);
  if (room && !had_room)
    g_main_context_wakeup (self->server);
}

static void
on_left_pipe (gpointer data)
{
  Leaving *self = data;

  free_places (self->tube, 0, self->pages);
  cw_webdav_tube_unref (self->tube);
  g_free (self);
}

GBytes *
cw_webdav_tube_take (CwWebdavTube *self, gint64 id, CwPiped *piped, bool *over)
{
  Frame *frame;
  GBytes *bytes;

  *piped = (CwPiped){ .size = 0 };
  g_mutex_lock (&self->lock);
  frame = g_queue_pop_head (&self->down);
  *over = !frame && self->closed;
  g_mutex_unlock (&self->lock);
  if (!frame)
    return NULL;
  free_places (self, frame->size, 0);
  cw_webdav_header (frame->data, id, (unsigned) (frame->size - CW_WEBDAV_HEADER));
  bytes = g_bytes_new_take (frame->data, frame->size - frame->piped);
  if (frame->piped > 0) {
    Leaving *leaving = g_new (Leaving, 1);

    *leaving = (Leaving){ cw_webdav_tube_ref (self), frame->pages };
    *piped = (CwPiped){ self->pipe[0], frame->piped, on_left_pipe, leaving };
  }
  g_free (frame);
  return bytes;
}

/* The server's end */

gssize
cw_webdav_tube_read (CwWebdavTube *self, void *buffer, size_t size)
{
  gssize n = -1;

  g_mutex_lock (&self->lock);
  if (waiting (self) > 0 || self->hung_up) {
    n = (gssize) MIN (size, waiting (self));
    if (n > 0)
      memcpy (buffer, self->up->data + self->up_at, (size_t) n);
    self->up_at += (size_t) n;
    if ((self->up_high && waiting (self) <= UP_LOW) || (self->hung_up && waiting (self) == 0)) {
      self->up_high = false;
      tell_channel (self);
    }
  }
  g_mutex_unlock (&self->lock);
  return n;
}

/* Room for some of size bytes at the end of the last frame, or in a new one. */
static uint8_t *
grow_down (CwWebdavTube *self, size_t *size)
{
  Frame *frame = g_queue_peek_tail (&self->down);
  uint8_t *at;

  if (!frame || frame->size == FRAME_SIZE || frame->piped > 0) {
    frame = g_new0 (Frame, 1);
    frame->size = CW_WEBDAV_HEADER;
    self->down_size += CW_WEBDAV_HEADER;
    g_queue_push_tail (&self->down, frame);
  }
  *size = MIN (*size, FRAME_SIZE - frame->size);
  if (frame->size + *size > frame->allocated) {
    frame->allocated = CLAMP (frame->size + *size, FRAME_LEAST, FRAME_SIZE);
    frame->data = g_realloc (frame->data, frame->allocated);
  }
  at = frame->data + frame->size;
  frame->size += *size;
  self->down_size += *size;
  return at;
}

gssize
cw_webdav_tube_write (CwWebdavTube *self, const void *buffer, size_t size)
{
  const uint8_t *bytes = buffer;
  size_t done = 0;

  g_mutex_lock (&self->lock);
  if (self->hung_up) {
    g_mutex_unlock (&self->lock);
    return 0;
  }
  while (done < size && self->down_size < DOWN_MAX) {
    size_t n = size - done;
    uint8_t *at = grow_down (self, &n);

    memcpy (at, bytes + done, n);
    done += n;
  }
  self->unflushed += done;
  if (self->unflushed >= FRAME_SIZE / 2)
    tell_channel (self);
  g_mutex_unlock (&self->lock);
  return done > 0 ? (gssize) done : -1;
}

static bool
open_pipe (CwWebdavTube *self)
{
  int size;

  if (self->pipe[0] >= 0)
    return true;
  if (g_atomic_int_add (&n_pipes, 1) >= MAX_PIPES || pipe2 (self->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    g_atomic_int_add (&n_pipes, -1);
    self->pipe[0] = self->pipe[1] = -1;
    return false;
  }
  size = fcntl (self->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
  if (size < 0)
    size = fcntl (self->pipe[1], F_GETPIPE_SZ);
  if (size < PIPE_LEAST) {
    close_pipe (self);
    return false;
  }
  g_mutex_lock (&self->lock);
  self->n_pages = (unsigned) size / PAGE;
  g_mutex_unlock (&self->lock);
  return true;
}

static void
push_piped (CwWebdavTube *self, size_t size, unsigned pages)
{
  Frame *frame = g_new (Frame, 1);

  *frame = (Frame){ g_malloc (CW_WEBDAV_HEADER), CW_WEBDAV_HEADER + size, CW_WEBDAV_HEADER, size, pages };
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->down, frame);
  self->down_size += frame->size;
  self->pages += pages;
  tell_channel (self);
  g_mutex_unlock (&self->lock);
}

CwWebdavSplice
cw_webdav_tube_splice (CwWebdavTube *self, int fd, goffset at, size_t *size)
{
  bool may_pipe, room;
  off64_t offset = at;
  unsigned pages;
  ssize_t n;

  *size = MIN (*size, PIPED_SIZE);
  pages = (unsigned) ((size_t) (at % PAGE) + *size + PAGE - 1) / PAGE;
  g_mutex_lock (&self->lock);
  may_pipe = self->may_pipe && !self->hung_up;
  room = self->down_size < DOWN_MAX && (self->n_pages == 0 || self->pages + pages <= self->n_pages);
  g_mutex_unlock (&self->lock);
  if (!may_pipe || *size < PIPED_LEAST || !open_pipe (self))
    return CW_WEBDAV_CANNOT;
  if (!room)
    return CW_WEBDAV_BLOCKED;
  n = TEMP_FAILURE_RETRY (splice (fd, &offset, self->pipe[1], NULL, *size, SPLICE_F_NONBLOCK));
  if (n == 0)
    return CW_WEBDAV_TOO_SHORT;
  if (n < 0)
    return CW_WEBDAV_CANNOT;
  *size = (size_t) n;
  push_piped (self, *size, pages);
  return CW_WEBDAV_SPLICED;
}

bool
cw_webdav_tube_is_ready (CwWebdavTube *self, GIOCondition condition)
{
  bool is_ready;

  g_mutex_lock (&self->lock);
  is_ready = self->hung_up || (condition == G_IO_IN ? waiting (self) > 0 : has_room (self));
  g_mutex_unlock (&self->lock);
  return is_ready;
}

void
cw_webdav_tube_flush (CwWebdavTube *self)
{
  g_mutex_lock (&self->lock);
  if (self->unflushed > 0)
    tell_channel (self);
  g_mutex_unlock (&self->lock);
}

void
cw_webdav_tube_close (CwWebdavTube *self)
{
  g_mutex_lock (&self->lock);
  self->closed = true;
  g_byte_array_set_size (self->up, 0);
  self->up_at = 0;
  tell_channel (self);
  g_mutex_unlock (&self->lock);
}
