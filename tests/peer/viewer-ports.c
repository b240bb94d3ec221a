/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ports of the viewer: what comes is told, and every write has to be called back once. When all writes of a command
 * have been: "written N ok= failed= bytes= ordered= error=". */
#include "port-qmp.h"
#include "viewer.h"

#include <string.h>

typedef struct {
  SpicePortChannel *channel; /* strong */
  int id;
  guint64 size;
  GChecksum *sum;
  char *leave_in;
} Port;

typedef struct {
  guint number, n, n_called, n_ok;
  guint64 bytes;
  bool ordered;
  char *error;
} Batch;

typedef struct {
  Batch *batch; /* gone when all its writes have been called back */
  guint index;
  guint8 *buffer;
  gsize size;
  bool old, called;
} Write;

/* One process, one client. */
static struct {
  GPtrArray *ports;  /* Port */
  GPtrArray *writes; /* Write; to the end, so that one called twice is noticed */
  guint n_batches, n_called, n_twice, n_early;
  bool calling; /* inside a function that starts a write */
} all;

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

  viewer_say ("channel %d %s%s%s", self->id, value->value_nick, error ? " " : "", error ? error->message : "");
}

static void
on_opened (SpicePortChannel *channel, GParamSpec *spec, Port *self)
{
  g_autofree char *name = NULL;
  gboolean opened;

  g_object_get (channel, "port-name", &name, "port-opened", &opened, NULL);
  viewer_say ("opened %d %d %s", self->id, opened, name ? name : "(none)");
  maybe_leave (self, "opened");
}

static void
on_name (SpicePortChannel *channel, GParamSpec *spec, Port *self)
{
  g_autofree char *name = NULL;

  g_object_get (channel, "port-name", &name, NULL);
  viewer_say ("name %d %s", self->id, name ? name : "(none)");
}

static void
on_event (SpicePortChannel *channel, gint event, Port *self)
{
  viewer_say ("event %d %d", self->id, event);
  maybe_leave (self, "event");
}

static void
on_data (SpicePortChannel *channel, gpointer data, gint size, Port *self)
{
  self->size += (guint64) size;
  g_checksum_update (self->sum, data, size);
  viewer_say ("data %d %d", self->id, size);
  maybe_leave (self, "data");
}

void
viewer_ports_add (SpicePortChannel *channel, int id)
{
  Port *port = g_new0 (Port, 1);

  if (!all.ports) {
    all.ports = g_ptr_array_new_with_free_func (free_port);
    all.writes = g_ptr_array_new_with_free_func (g_free);
  }
  port->channel = g_object_ref (channel);
  port->id = id;
  port->sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_ptr_array_add (all.ports, port);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), port);
  g_signal_connect (channel, "notify::port-opened", G_CALLBACK (on_opened), port);
  g_signal_connect (channel, "notify::port-name", G_CALLBACK (on_name), port);
  g_signal_connect (channel, "port-event", G_CALLBACK (on_event), port);
  g_signal_connect (channel, "port-data", G_CALLBACK (on_data), port);
  spice_channel_connect (SPICE_CHANNEL (channel));
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Write *self = data;
  Batch *batch = self->batch;
  g_autoptr (GError) error = NULL;
  gssize size;

  all.n_called++;
  all.n_twice += self->called;
  all.n_early += all.calling;
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
  viewer_say ("written %u ok=%u failed=%u bytes=%" G_GUINT64_FORMAT " ordered=%d error=%s", batch->number, batch->n_ok,
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
start_write (Port *port, Batch *batch, gsize size, int seed, GCancellable *cancellable, bool old)
{
  Write *write = g_new0 (Write, 1);

  *write = (Write){ batch, batch->n++, pattern (size, seed), size, old, false };
  g_ptr_array_add (all.writes, write);
  all.calling = true;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  if (old)
    spice_port_write_async (port->channel, write->buffer, size, cancellable, on_written, write);
  else
    spice_port_channel_write_async (port->channel, write->buffer, size, cancellable, on_written, write);
  G_GNUC_END_IGNORE_DEPRECATIONS
  all.calling = false;
}

static void
run_write (Port *port, const char *verb, const gint64 *n)
{
  g_autoptr (GCancellable) cancellable = g_str_has_prefix (verb, "write-cancel") ? g_cancellable_new () : NULL;
  Batch *batch = g_new0 (Batch, 1);

  *batch = (Batch){ .number = all.n_batches++, .ordered = true };
  if (g_str_equal (verb, "write-cancelled"))
    g_cancellable_cancel (cancellable);
  for (gint64 i = 0; i < MAX (n[4], 1); i++)
    start_write (port, batch, n[2], (int) (n[3] + i), cancellable, g_str_equal (verb, "write-old"));
  if (g_str_equal (verb, "write-cancel"))
    g_cancellable_cancel (cancellable);
}

static void
on_flushed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (spice_channel_flush_finish (SPICE_CHANNEL (source), result, &error))
    viewer_say ("flushed");
  else
    viewer_say ("flush-failed %s:%d", g_quark_to_string (error->domain), error->code);
}

static const char *
run_port (Viewer *self, char **words, const gint64 *n)
{
  Port *port = NULL;

  for (guint i = 0; all.ports && i < all.ports->len; i++) {
    if (((Port *) all.ports->pdata[i])->id == (int) n[1])
      port = all.ports->pdata[i];
  }
  if (!port)
    return "no such port";
  if (g_str_has_prefix (words[0], "write"))
    run_write (port, words[0], n);
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

    viewer_say ("received %d %" G_GUINT64_FORMAT " %s", port->id, port->size, g_checksum_get_string (sum));
  } else if (!port_qmp_run (port->channel, port->id, words[0], (int) n[2]))
    return "unknown command";
  return NULL;
}

const ViewerCommand viewer_port_commands[] = {
  { "write", "ID SIZE SEED [TIMES]: a pattern, SEED counting up, from buffers of their own", run_port },
  { "write-old", "ID SIZE SEED: by the function's old name", run_port },
  { "write-cancelled", "ID SIZE SEED: with a cancellable cancelled before", run_port },
  { "write-cancel", "ID SIZE SEED: with one cancelled right after", run_port },
  { "event", "ID NUMBER", run_port },
  { "flush", "ID", run_port },
  { "received", "ID → received ID SIZE SHA256", run_port },
  { "leave-in", "ID WHAT: disconnect it in its next handler of opened, event or data", run_port },
  { "leave", "ID: disconnect it", run_port },
  { "enter", "ID: connect it", run_port },
  { "qmp", "ID …: see port-qmp.h", run_port },
  { "qmp-action", "ID …: see port-qmp.h", run_port },
  { "qmp-drop", "ID …: see port-qmp.h", run_port },
  { "qmp-quiet", "ID …: see port-qmp.h", run_port },
  { "qmp-status", "ID …: see port-qmp.h", run_port },
  { "qmp-status-cancel", "ID …: see port-qmp.h", run_port },
  { "qmp-status-lost", "ID …: see port-qmp.h", run_port },
  { NULL },
};

void
viewer_ports_end (void)
{
  viewer_say ("counts started=%u called=%u twice=%u early=%u", all.writes ? all.writes->len : 0, all.n_called,
              all.n_twice, all.n_early);
  g_clear_pointer (&all.ports, g_ptr_array_unref);
  g_clear_pointer (&all.writes, g_ptr_array_unref);
}
