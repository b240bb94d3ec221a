/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "folder.h"

#include <gio/gio.h>
#include <string.h>

#define HEADER 10
#define MAX_FRAME 65535
#define NAME "org.spice-space.webdav.0"

/* Bytes of frames that may wait for the client before programs are held up. */
#define MAX_WAITING (1 << 20)

struct DemoFolder {
  DemoPort *port;
  GSocketService *service;
  int number;
  GHashTable *programs; /* by id */
  GByteArray *frame;    /* the beginning of one */
  gint64 last_id;
  bool held_up;
};

typedef struct {
  DemoFolder *folder; /* borrowed */
  gint64 id;
  GSocketConnection *stream;
  GSource *in, *out;
  GByteArray *waiting; /* for the program, from given on */
  gsize given;
  bool over; /* the client has closed it */
} Program;

static void
clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
free_program (gpointer data)
{
  Program *self = data;

  clear_source (&self->in);
  clear_source (&self->out);
  g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
  g_object_unref (self->stream);
  g_byte_array_unref (self->waiting);
  g_free (self);
}

static void
send_frame (DemoFolder *self, gint64 id, guint8 *frame, gsize size)
{
  guint64 le_id = GUINT64_TO_LE ((guint64) id);
  guint16 le_size = GUINT16_TO_LE ((guint16) size);

  memcpy (frame, &le_id, sizeof le_id);
  memcpy (frame + sizeof le_id, &le_size, sizeof le_size);
  demo_port_send (self->port, frame, HEADER + size);
}

static gboolean
on_program (GObject *stream, gpointer data)
{
  static guint8 frame[HEADER + MAX_FRAME];
  Program *self = data;
  DemoFolder *folder = self->folder;
  gssize n;

  if (demo_port_waiting (folder->port) > MAX_WAITING) {
    folder->held_up = true;
    clear_source (&self->in);
    return G_SOURCE_REMOVE;
  }
  n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), frame + HEADER, MAX_FRAME, NULL,
                                                NULL);
  if (n > 0) {
    send_frame (folder, self->id, frame, (gsize) n);
    return G_SOURCE_CONTINUE;
  }
  if (n == 0) {
    send_frame (folder, self->id, frame, 0);
    g_hash_table_remove (folder->programs, &self->id);
    return G_SOURCE_REMOVE;
  }
  return G_SOURCE_CONTINUE;
}

static void
listen_to (Program *self)
{
  GPollableInputStream *in;

  if (self->in)
    return;
  in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (G_IO_STREAM (self->stream)));
  self->in = g_pollable_input_stream_create_source (in, NULL);
  g_source_set_callback (self->in, G_SOURCE_FUNC (on_program), self, NULL);
  g_source_attach (self->in, NULL);
}

/* Ids are odd on purpose: large, and negative as often as not. */
static gboolean
on_incoming (GSocketService *service, GSocketConnection *stream, GObject *source, gpointer data)
{
  DemoFolder *self = data;
  Program *program = g_new0 (Program, 1);

  do
    self->last_id = (gint64) ((guint64) self->last_id - G_GUINT64_CONSTANT (0x2000000000000001));
  while (g_hash_table_contains (self->programs, &self->last_id));
  *program = (Program){ .folder = self, .id = self->last_id, .stream = g_object_ref (stream) };
  program->waiting = g_byte_array_new ();
  g_hash_table_insert (self->programs, &program->id, program);
  listen_to (program);
  return TRUE;
}

static GPollableOutputStream *
out_of (Program *self)
{
  return G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (G_IO_STREAM (self->stream)));
}

/* How much of it the program takes at once; negative when it is gone. */
static gssize
give (Program *self, const guint8 *data, gsize size)
{
  gsize done = 0;

  while (done < size) {
    g_autoptr (GError) error = NULL;
    gssize n = g_pollable_output_stream_write_nonblocking (out_of (self), data + done, size - done, NULL, &error);

    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
      break;
    if (n < 0)
      return n;
    done += (gsize) n;
  }
  return (gssize) done;
}

/* What has been given goes when it is the larger part. */
static void
drop_given (Program *self)
{
  if (self->given < self->waiting->len - self->given)
    return;
  g_byte_array_remove_range (self->waiting, 0, (guint) self->given);
  self->given = 0;
}

static gboolean
on_writable (GObject *stream, gpointer data)
{
  Program *self = data;
  gssize n = give (self, self->waiting->data + self->given, self->waiting->len - self->given);

  if (n > 0)
    self->given += (gsize) n;
  if (n >= 0 && self->given < self->waiting->len)
    return G_SOURCE_CONTINUE;
  drop_given (self);
  clear_source (&self->out);
  if (self->over || n < 0)
    g_hash_table_remove (self->folder->programs, &self->id);
  return G_SOURCE_REMOVE;
}

static void
take_frame (DemoFolder *self, gint64 id, const guint8 *data, gsize size)
{
  Program *program = g_hash_table_lookup (self->programs, &id);
  gssize n;

  if (!program)
    return;
  n = program->out ? 0 : give (program, data, size);
  program->over = size == 0;
  if (n < 0 || (program->over && !program->out)) {
    g_hash_table_remove (self->programs, &id);
    return;
  }
  drop_given (program);
  g_byte_array_append (program->waiting, data + n, (guint) (size - (gsize) n));
  if (program->out || program->waiting->len == 0)
    return;
  program->out = g_pollable_output_stream_create_source (out_of (program), NULL);
  g_source_set_callback (program->out, G_SOURCE_FUNC (on_writable), program, NULL);
  g_source_attach (program->out, NULL);
}

/* The bytes of the whole frames. */
static gsize
take_frames (DemoFolder *self, const guint8 *bytes, gsize size)
{
  gsize at = 0;

  while (size - at >= HEADER) {
    const guint8 *frame = bytes + at;
    guint64 id;
    guint16 length;

    memcpy (&id, frame, sizeof id);
    memcpy (&length, frame + sizeof id, sizeof length);
    length = GUINT16_FROM_LE (length);
    if (size - at < HEADER + (gsize) length)
      break;
    take_frame (self, (gint64) GUINT64_FROM_LE (id), frame + HEADER, length);
    at += HEADER + (gsize) length;
  }
  return at;
}

static void
on_received (gpointer data, const guint8 *bytes, gsize size)
{
  DemoFolder *self = data;
  gsize taken;

  if (self->frame->len == 0) {
    taken = take_frames (self, bytes, size);
    g_byte_array_append (self->frame, bytes + taken, (guint) (size - taken));
    return;
  }
  g_byte_array_append (self->frame, bytes, (guint) size);
  taken = take_frames (self, self->frame->data, self->frame->len);
  g_byte_array_remove_range (self->frame, 0, (guint) taken);
}

static void
on_room (gpointer data)
{
  DemoFolder *self = data;
  GHashTableIter iter;
  gpointer program;

  if (!self->held_up)
    return;
  self->held_up = false;
  g_hash_table_iter_init (&iter, self->programs);
  while (g_hash_table_iter_next (&iter, NULL, &program))
    listen_to (program);
}

DemoFolder *
demo_folder_new (DemoServer *server, GError **error)
{
  DemoFolder *self = g_new0 (DemoFolder, 1);

  self->service = g_socket_service_new ();
  self->number = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (self->service), NULL, error);
  self->programs = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, free_program);
  self->frame = g_byte_array_new ();
  if (self->number == 0) {
    demo_folder_free (self);
    return NULL;
  }
  self->port = demo_server_add_port (server, NAME);
  demo_port_set_receiver (self->port, on_received, on_room, self);
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  demo_port_event (self->port, SPICE_PORT_EVENT_OPENED);
  return self;
}

void
demo_folder_free (DemoFolder *self)
{
  if (!self)
    return;
  if (self->port)
    demo_port_set_receiver (self->port, NULL, NULL, NULL);
  g_socket_service_stop (self->service);
  g_object_unref (self->service);
  g_hash_table_unref (self->programs);
  g_byte_array_unref (self->frame);
  g_free (self);
}

int
demo_folder_port (const DemoFolder *self)
{
  return self->number;
}
