/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client for ports on the public API. Opens the ports a server lists, prints what happens as lines on standard
 * output, and takes commands on standard input (ID: a port's channel id):
 *
 *   write ID SIZE SEED [TIMES]   writes of SIZE bytes of a pattern, SEED counting up, from buffers of their own
 *   write-old ID SIZE SEED       by the function's old name
 *   write-cancelled ID SIZE SEED with a cancellable cancelled before
 *   write-cancel ID SIZE SEED    with one cancelled right after
 *   event ID NUMBER              flush ID
 *   received ID                  → received ID SIZE SHA256
 *   leave-in ID WHAT             disconnect the port in its next handler of opened, event or data
 *   leave ID, enter ID           disconnect and connect a port
 *   qmp…                         see port-qmp.h
 *   set PROPERTY VALUE           of the session; a value is true, false, none or text
 *   webdav-server                → webdav-server TYPE OF-ITS-ROOT
 *   disconnect, quit             the session, the program (as does the end of the input)
 *
 * Every command is answered by "done COMMAND" or "refused COMMAND REASON"; when every write of a command has had its
 * callback: "written N ok= failed= bytes= ordered= error=". At the end: "counts …" and "end rss=KIB". */
#include "port-qmp.h"

#include <spice-client.h>

#include <glib-unix.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct {
  SpicePortChannel *channel; /* strong */
  int id;
  guint64 size;
  GChecksum *sum;
  char *leave_in;
} Port;

typedef struct {
  GMainLoop *loop;
  SpiceSession *session;
  GPtrArray *ports;  /* Port */
  GPtrArray *writes; /* Write; to the end, so that one called twice is noticed */
  GString *input;
  guint n_batches, n_called, n_twice, n_early;
  bool calling; /* inside a function that starts a write */
} Client;

typedef struct {
  guint number, n, n_called, n_ok;
  guint64 bytes;
  bool ordered;
  char *error;
} Batch;

typedef struct {
  Client *client;
  Batch *batch; /* gone when all its writes have been called back */
  guint index;
  guint8 *buffer;
  gsize size;
  bool old, called;
} Write;

static void G_GNUC_PRINTF (1, 2) say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static void
free_port (gpointer data)
{
  Port *self = data;

  g_object_unref (self->channel);
  g_checksum_free (self->sum);
  g_free (self->leave_in);
  g_free (self);
}

static void
maybe_leave (Port *self, const char *where)
{
  if (g_strcmp0 (self->leave_in, where) != 0)
    return;
  g_clear_pointer (&self->leave_in, g_free);
  spice_channel_disconnect (SPICE_CHANNEL (self->channel), SPICE_CHANNEL_CLOSED);
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Port *self)
{
  GEnumValue *value = g_enum_get_value (g_type_class_peek (SPICE_TYPE_CHANNEL_EVENT), event);
  const GError *error = spice_channel_get_error (channel);

  say ("channel %d %s%s%s", self->id, value->value_nick, error ? " " : "", error ? error->message : "");
}

static void
on_opened (SpicePortChannel *channel, GParamSpec *spec, Port *self)
{
  g_autofree char *name = NULL;
  gboolean opened;

  g_object_get (channel, "port-name", &name, "port-opened", &opened, NULL);
  say ("opened %d %d %s", self->id, opened, name ? name : "(none)");
  maybe_leave (self, "opened");
}

static void
on_name (SpicePortChannel *channel, GParamSpec *spec, Port *self)
{
  g_autofree char *name = NULL;

  g_object_get (channel, "port-name", &name, NULL);
  say ("name %d %s", self->id, name ? name : "(none)");
}

static void
on_event (SpicePortChannel *channel, gint event, Port *self)
{
  say ("event %d %d", self->id, event);
  maybe_leave (self, "event");
}

static void
on_data (SpicePortChannel *channel, gpointer data, gint size, Port *self)
{
  self->size += (guint64) size;
  g_checksum_update (self->sum, data, size);
  say ("data %d %d", self->id, size);
  maybe_leave (self, "data");
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  Port *port;
  int type, id;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  say ("new %s %d", spice_channel_type_to_string (type), id);
  if (!SPICE_IS_PORT_CHANNEL (channel))
    return;
  port = g_new0 (Port, 1);
  port->channel = g_object_ref (SPICE_PORT_CHANNEL (channel));
  port->id = id;
  port->sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_ptr_array_add (self->ports, port);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), port);
  g_signal_connect (channel, "notify::port-opened", G_CALLBACK (on_opened), port);
  g_signal_connect (channel, "notify::port-name", G_CALLBACK (on_name), port);
  g_signal_connect (channel, "port-event", G_CALLBACK (on_event), port);
  g_signal_connect (channel, "port-data", G_CALLBACK (on_data), port);
  spice_channel_connect (channel);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Write *self = data;
  Batch *batch = self->batch;
  Client *client = self->client;
  g_autoptr (GError) error = NULL;
  gssize size;

  client->n_called++;
  client->n_twice += self->called;
  client->n_early += client->calling;
  if (self->called)
    return;
  self->called = true;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  size = self->old ? spice_port_write_finish (SPICE_PORT_CHANNEL (source), result, &error)
                   : spice_port_channel_write_finish (SPICE_PORT_CHANNEL (source), result, &error);
  G_GNUC_END_IGNORE_DEPRECATIONS
  /* From here on the buffer is not the library's: reading it would send rubbish. */
  memset (self->buffer, 0xee, self->size);
  g_clear_pointer (&self->buffer, g_free);
  batch->ordered = batch->ordered && self->index == batch->n_called;
  batch->n_called++;
  if (size == (gssize) self->size && !error) {
    batch->n_ok++;
    batch->bytes += (guint64) size;
  } else {
    g_free (batch->error);
    batch->error = error ? g_strdup_printf ("%s:%d:%s", g_quark_to_string (error->domain), error->code, error->message)
                         : g_strdup_printf ("%" G_GSSIZE_FORMAT " bytes", size);
  }
  if (batch->n_called < batch->n)
    return;
  say ("written %u ok=%u failed=%u bytes=%" G_GUINT64_FORMAT " ordered=%d error=%s", batch->number, batch->n_ok,
       batch->n - batch->n_ok, batch->bytes, batch->ordered, batch->error ? batch->error : "");
  g_free (batch->error);
  g_free (batch);
}

/* Byte i of a pattern is 7·i + 13·⌊i/256⌋ + seed, as the demo server's. */
static guint8 *
pattern (gsize size, int seed)
{
  guint8 *data = g_malloc (MAX (size, 1));

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8) (7 * i + 13 * (i >> 8) + (gsize) seed);
  return data;
}

static void
start_write (Client *self, Port *port, Batch *batch, gsize size, int seed, GCancellable *cancellable, bool old)
{
  Write *write = g_new0 (Write, 1);

  *write = (Write){ self, batch, batch->n++, pattern (size, seed), size, old, false };
  g_ptr_array_add (self->writes, write);
  self->calling = true;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  if (old)
    spice_port_write_async (port->channel, write->buffer, size, cancellable, on_written, write);
  else
    spice_port_channel_write_async (port->channel, write->buffer, size, cancellable, on_written, write);
  G_GNUC_END_IGNORE_DEPRECATIONS
  self->calling = false;
}

static void
run_write (Client *self, Port *port, const char *verb, const guint64 *n)
{
  g_autoptr (GCancellable) cancellable = g_str_has_prefix (verb, "write-cancel") ? g_cancellable_new () : NULL;
  Batch *batch = g_new0 (Batch, 1);

  *batch = (Batch){ .number = self->n_batches++, .ordered = true };
  if (g_str_equal (verb, "write-cancelled"))
    g_cancellable_cancel (cancellable);
  for (guint64 i = 0; i < MAX (n[4], 1); i++)
    start_write (self, port, batch, n[2], (int) (n[3] + i), cancellable, g_str_equal (verb, "write-old"));
  if (g_str_equal (verb, "write-cancel"))
    g_cancellable_cancel (cancellable);
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (spice_channel_flush_finish (SPICE_CHANNEL (source), result, &error))
    say ("flushed");
  else
    say ("flush-failed %s:%d", g_quark_to_string (error->domain), error->code);
}

static const char *
run_port (Client *self, char **words, const guint64 *n)
{
  Port *port = NULL;

  for (guint i = 0; i < self->ports->len; i++) {
    if (((Port *) self->ports->pdata[i])->id == (int) n[1])
      port = self->ports->pdata[i];
  }
  if (!port)
    return "no such port";
  if (g_str_has_prefix (words[0], "write"))
    run_write (self, port, words[0], n);
  else if (g_str_equal (words[0], "event"))
    spice_port_channel_event (port->channel, (guint8) n[2]);
  else if (g_str_equal (words[0], "flush"))
    spice_channel_flush_async (SPICE_CHANNEL (port->channel), NULL, on_flushed, NULL);
  else if (g_str_equal (words[0], "leave"))
    spice_channel_disconnect (SPICE_CHANNEL (port->channel), SPICE_CHANNEL_NONE);
  else if (g_str_equal (words[0], "enter"))
    spice_channel_connect (SPICE_CHANNEL (port->channel));
  else if (g_str_equal (words[0], "leave-in") && words[2])
    port->leave_in = g_strdup (words[2]);
  else if (g_str_equal (words[0], "received")) {
    g_autoptr (GChecksum) sum = g_checksum_copy (port->sum);

    say ("received %d %" G_GUINT64_FORMAT " %s", port->id, port->size, g_checksum_get_string (sum));
  } else if (!port_qmp_run (port->channel, port->id, words[0], (int) n[2]))
    return "unknown command";
  return NULL;
}

static void
set_property (Client *self, const char *name, const char *value)
{
  if (g_str_equal (value, "true") || g_str_equal (value, "false"))
    g_object_set (self->session, name, g_str_equal (value, "true"), NULL);
  else
    g_object_set (self->session, name, g_str_equal (value, "none") ? NULL : value, NULL);
}

/* What programs that offer folders of their own look at. */
static void
say_webdav_server (Client *self)
{
  g_autoptr (GObject) server = NULL, root = NULL;

  g_object_get (self->session, "webdav-server", &server, NULL);
  if (server)
    g_object_get (server, "root-file", &root, NULL);
  say ("webdav-server %s %s", server ? G_OBJECT_TYPE_NAME (server) : "(none)",
       root ? G_OBJECT_TYPE_NAME (root) : "(none)");
}

static const char *
run_words (Client *self, char **words)
{
  guint64 numbers[6] = { 0 };

  for (guint i = 1; i < G_N_ELEMENTS (numbers) && words[i]; i++)
    numbers[i] = g_ascii_strtoull (words[i], NULL, 0);
  if (g_str_equal (words[0], "quit"))
    g_main_loop_quit (self->loop);
  else if (g_str_equal (words[0], "set") && words[1] && words[2])
    set_property (self, words[1], words[2]);
  else if (g_str_equal (words[0], "webdav-server"))
    say_webdav_server (self);
  else if (g_str_equal (words[0], "disconnect"))
    spice_session_disconnect (self->session);
  else
    return run_port (self, words, numbers);
  return NULL;
}

static gboolean
input_ready (gint fd, GIOCondition condition, gpointer data)
{
  Client *self = data;
  char block[4096], *end;
  gssize size = read (fd, block, sizeof block);

  if (size <= 0) {
    g_main_loop_quit (self->loop);
    return G_SOURCE_REMOVE;
  }
  g_string_append_len (self->input, block, size);
  while ((end = memchr (self->input->str, '\n', self->input->len))) {
    g_autofree char *line = g_strndup (self->input->str, (gsize) (end - self->input->str));
    g_auto (GStrv) words = g_strsplit (line, " ", 6);
    const char *refused;

    g_string_erase (self->input, 0, end + 1 - self->input->str);
    if (!words[0])
      continue;
    refused = run_words (self, words);
    say ("%s %s%s%s", refused ? "refused" : "done", words[0], refused ? " " : "", refused ? refused : "");
  }
  return G_SOURCE_CONTINUE;
}

static void
on_disconnected (SpiceSession *session, gpointer data)
{
  say ("disconnected");
}

int
main (int argc, char **argv)
{
  Client self = { 0 };
  struct rusage usage;

  if (argc < 2) {
    fprintf (stderr, "usage: %s URI [PROPERTY=VALUE …]\n", argv[0]);
    return 2;
  }
  self.loop = g_main_loop_new (NULL, FALSE);
  self.ports = g_ptr_array_new_with_free_func (free_port);
  self.writes = g_ptr_array_new_with_free_func (g_free);
  self.input = g_string_new (NULL);
  g_type_class_unref (g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT));
  self.session = spice_session_new ();
  g_object_set (self.session, "uri", argv[1], NULL);
  for (int i = 2; i < argc; i++) {
    g_auto (GStrv) pair = g_strsplit (argv[i], "=", 2);

    set_property (&self, pair[0], pair[1]);
  }
  g_signal_connect (self.session, "channel-new", G_CALLBACK (on_channel_new), &self);
  g_signal_connect (self.session, "disconnected", G_CALLBACK (on_disconnected), &self);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, input_ready, &self);
  spice_session_connect (self.session);
  g_main_loop_run (self.loop);

  spice_session_disconnect (self.session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  say ("counts started=%u called=%u twice=%u early=%u", self.writes->len, self.n_called, self.n_twice, self.n_early);
  g_ptr_array_unref (self.ports);
  g_ptr_array_unref (self.writes);
  g_object_unref (self.session);
  g_string_free (self.input, TRUE);
  g_main_loop_unref (self.loop);
  getrusage (RUSAGE_SELF, &usage);
  say ("end rss=%ld", usage.ru_maxrss);
  return 0;
}
