/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway replay: a server that plays a recording to whoever comes. */
#include "commands.h"
#include "input.h"

#include "recording/replay.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define BATCH (256 * 1024) /* bytes written at once */
#define MAIN_CHANNEL 1

typedef struct {
  CwReplay *replay;
  bool fast, close_at_end, once;
  gint64 begin_us; /* when the present client's main channel was linked, 0 before; recorded times count from here */
  unsigned n_mains;
  bool stop;
} Server;

typedef struct {
  Server *server;
  GSocketConnection *stream;
  CwReplayChannel *channel;
  GCancellable *cancellable; /* of the reading */
  GBytes *next;              /* the frame whose time has not come yet, or NULL */
  guint64 next_us;
  guint timer;
  GByteArray *writing;
  bool is_main, is_writing, has_ended;
  bool has_left; /* nothing more is read */
  char buffer[4096];
} Connection;

static void go_on (Connection *self);

static void
connection_free (Connection *self)
{
  if (self->timer)
    g_source_remove (self->timer);
  if (self->is_main && --self->server->n_mains == 0) {
    self->server->begin_us = 0;
    self->server->stop = self->server->stop || self->server->once;
  }
  g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
  g_object_unref (self->stream);
  g_object_unref (self->cancellable);
  cw_replay_channel_free (self->channel);
  g_clear_pointer (&self->next, g_bytes_unref);
  g_byte_array_unref (self->writing);
  g_free (self);
}

/* The connection is freed by whichever of reading and writing ends last. */
static void
close_connection (Connection *self)
{
  g_cancellable_cancel (self->cancellable);
}

static gboolean
on_time (gpointer data)
{
  Connection *self = data;

  self->timer = 0;
  go_on (self);
  return G_SOURCE_REMOVE;
}

/* Microseconds until the frame is due; 0: it is. */
static gint64
time_left (const Connection *self)
{
  gint64 begin = self->server->begin_us;

  if (self->server->fast || begin == 0)
    return 0;
  return MAX (0, begin + (gint64) self->next_us - g_get_monotonic_time ());
}

/* Gathers what is due. */
static void
gather (Connection *self)
{
  while (!self->has_ended && self->writing->len < BATCH) {
    if (!self->next)
      self->next = cw_replay_channel_next (self->channel, &self->next_us);
    if (!self->next) {
      self->has_ended = true;
      return;
    }
    if (time_left (self) > 0) {
      self->timer = g_timeout_add ((guint) (time_left (self) / 1000 + 1), on_time, self);
      return;
    }
    g_byte_array_append (self->writing, g_bytes_get_data (self->next, NULL), (guint) g_bytes_get_size (self->next));
    g_clear_pointer (&self->next, g_bytes_unref);
  }
}

static void
on_written (GObject *object, GAsyncResult *result, gpointer data)
{
  Connection *self = data;
  bool ok = g_output_stream_write_all_finish (G_OUTPUT_STREAM (object), result, NULL, NULL);

  self->is_writing = false;
  if (self->has_left) {
    connection_free (self);
    return;
  }
  if (!ok) {
    close_connection (self);
    return;
  }
  g_byte_array_set_size (self->writing, 0);
  go_on (self);
}

static void
go_on (Connection *self)
{
  g_autoptr (GBytes) output = NULL;

  if (self->is_writing || self->timer)
    return;
  output = cw_replay_channel_take_output (self->channel);
  if (output)
    g_byte_array_append (self->writing, g_bytes_get_data (output, NULL), (guint) g_bytes_get_size (output));
  if (cw_replay_channel_is_linked (self->channel))
    gather (self);
  if (self->writing->len > 0) {
    self->is_writing = true;
    g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (self->stream)), self->writing->data,
                                     self->writing->len, G_PRIORITY_DEFAULT, NULL, on_written, self);
  } else if (self->has_ended && self->server->close_at_end) {
    close_connection (self);
  }
}

static void read_more (Connection *self);

/* The main channel's link begins the time of a client. */
static void
note_linked (Connection *self)
{
  Server *server = self->server;

  if (self->is_main || !cw_replay_channel_is_linked (self->channel)
      || cw_replay_channel_type (self->channel) != MAIN_CHANNEL)
    return;
  self->is_main = true;
  server->n_mains++;
  server->begin_us = g_get_monotonic_time ();
}

static void
on_read (GObject *object, GAsyncResult *result, gpointer data)
{
  Connection *self = data;
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (object), result, NULL);

  if (n <= 0) {
    self->has_left = true;
    if (self->is_writing)
      g_socket_shutdown (g_socket_connection_get_socket (self->stream), TRUE, TRUE, NULL);
    else
      connection_free (self);
    return;
  }
  if (!cw_replay_channel_feed (self->channel, self->buffer, (gsize) n, &error)) {
    fprintf (stderr, "caraway replay: %s\n", error->message);
    self->has_ended = true;
  }
  note_linked (self);
  go_on (self);
  read_more (self);
}

static void
read_more (Connection *self)
{
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (self->stream)), self->buffer,
                             sizeof self->buffer, G_PRIORITY_DEFAULT, self->cancellable, on_read, self);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *stream, GObject *source, gpointer data)
{
  Connection *self = g_new0 (Connection, 1);

  self->server = data;
  self->stream = g_object_ref (stream);
  self->channel = cw_replay_channel_new (self->server->replay);
  self->cancellable = g_cancellable_new ();
  self->writing = g_byte_array_new ();
  read_more (self);
  return TRUE;
}

static bool
listen_at (GSocketListener *listener, const char *unix_path, int port, GError **error)
{
  g_autoptr (GSocketAddress) address = unix_path ? g_unix_socket_address_new (unix_path)
                                                 : g_inet_socket_address_new_from_string ("127.0.0.1", (guint) port);
  g_autoptr (GSocketAddress) bound = NULL;
  GError *problem = NULL;

  if (!g_socket_listener_add_address (listener, address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, &bound,
                                      &problem)) {
    g_set_error (error, STATUS_ERROR, STATUS_CONNECT, "%s", problem->message);
    g_error_free (problem);
    return false;
  }
  if (unix_path)
    printf ("spice+unix://%s\n", unix_path);
  else
    printf ("spice://127.0.0.1:%u\n", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  fflush (stdout);
  return true;
}

static gboolean
on_signal (gpointer data)
{
  ((Server *) data)->stop = true;
  return G_SOURCE_CONTINUE;
}

static bool
serve (Server *self, const char *unix_path, int port, GError **error)
{
  g_autoptr (GSocketService) service = g_socket_service_new ();

  g_signal_connect (service, "incoming", G_CALLBACK (on_incoming), self);
  /* Before anybody can know that it is there. */
  g_unix_signal_add (SIGINT, on_signal, self);
  g_unix_signal_add (SIGTERM, on_signal, self);
  if (!listen_at (G_SOCKET_LISTENER (service), unix_path, port, error))
    return false;
  while (!self->stop)
    g_main_context_iteration (NULL, TRUE);
  g_socket_listener_close (G_SOCKET_LISTENER (service));
  if (unix_path)
    unlink (unix_path);
  return true;
}

static CwReplay *
load (const char *path, GError **error)
{
  GError *problem = NULL, *damage = NULL;
  g_autoptr (CwRecording) recording = input_recording (path, error);
  CwReplay *replay = recording ? cw_replay_new (recording, &damage, &problem) : NULL;

  if (damage)
    fprintf (stderr, "caraway replay: %s; what precedes is played\n", damage->message);
  g_clear_error (&damage);
  if (replay && cw_replay_lacks_video_memory (replay))
    fprintf (stderr,
             "caraway replay: what the guest drew in video memory is not in the recording; the rest is played\n");
  if (problem) {
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s", problem->message);
    g_error_free (problem);
  }
  return replay;
}

static bool
run (int argc, char **argv, GError **error)
{
  gboolean fast = FALSE, close_at_end = FALSE, once = FALSE;
  g_autofree char *unix_path = NULL;
  int port = NO_NUMBER;
  const GOptionEntry entries[] = {
    { "port", 'p', 0, G_OPTION_ARG_INT, &port, "Listen on this port of 127.0.0.1 (default: any that is free)", "PORT" },
    { "unix", 'u', 0, G_OPTION_ARG_FILENAME, &unix_path, "Listen on a unix socket instead", "PATH" },
    { "fast", 0, 0, G_OPTION_ARG_NONE, &fast, "As fast as the client takes it, not at the recorded pace", NULL },
    { "close", 0, 0, G_OPTION_ARG_NONE, &close_at_end,
      "Close channels at their end instead of keeping the last picture", NULL },
    { "once", 0, 0, G_OPTION_ARG_NONE, &once, "End when the first client has left", NULL },
    { NULL },
  };
  g_autoptr (CwReplay) replay = NULL;
  Server server = { 0 };

  if (!command_parse (&command_replay, NULL, entries,
                      "Prints its address, and plays the recording from the start to every client that comes.", &argc,
                      &argv, 1, 1, error))
    return false;
  if (port != NO_NUMBER && (unix_path || port < 0 || port > 65535)) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE,
                 unix_path ? "--port and --unix exclude each other" : "--port must be 0 to 65535");
    return false;
  }
  replay = load (argv[1], error);
  if (!replay)
    return false;
  server = (Server){ .replay = replay, .fast = fast, .close_at_end = close_at_end, .once = once };
  return serve (&server, unix_path, MAX (port, 0), error);
}

const Command command_replay = {
  .name = "replay",
  .arguments = "FILE",
  .summary = "Serve a recording to SPICE clients",
  .example = "caraway replay --once session.rec",
  .run = run,
};
