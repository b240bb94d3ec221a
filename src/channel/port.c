/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpicePortChannel: a named byte pipe. Its messages are those of the spicevmc family, and three of its own. */
#include "channel/port.h"

#include "base/i18n.h"
#include "channel/channel.h"

#include "spice-client.h"

#include <string.h>

#define MAX_NAME 255 /* bytes */

struct _SpicePortChannelPrivate {
  CwSpicevmc *pipe;
  const CwSpicevmcEvents *diverted; /* NULL: the bytes are the application's */
  char *name;
  bool announced; /* the server has told the name on this connection */
  bool opened;
  unsigned emitting; /* emissions under way, one inside the other */
};

enum {
  PROP_0,
  PROP_NAME,
  PROP_OPENED,
};

/**
 * SpicePortChannel:
 *
 * A named pipe of bytes and events to something in the virtual machine.
 *
 * What is said of threads at #SpiceChannel holds here too.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpicePortChannel, spice_port_channel, SPICE_TYPE_CHANNEL)

/* The functions that emit return false when a handler has ended the connection: what was to follow is outdated. */

static bool
set_opened (SpicePortChannel *self, bool opened)
{
  SpiceChannel *channel = SPICE_CHANNEL (self);
  unsigned attempt = cw_channel_attempt (channel);

  if (self->priv->opened == opened)
    return true;
  self->priv->opened = opened;
  g_object_notify (G_OBJECT (self), "port-opened");
  return attempt == cw_channel_attempt (channel);
}

/* The name of a connection that has ended is there until its last handler has run. That may be after the handler in
 * which it ended, as the notification of a property is not emitted inside another of the same. */
static void
end_emitting (SpicePortChannelPrivate *priv)
{
  if (--priv->emitting == 0 && !priv->announced)
    g_clear_pointer (&priv->name, g_free);
}

static bool
take_event (SpicePortChannel *self, uint8_t event)
{
  SpiceChannel *channel = SPICE_CHANNEL (self);
  unsigned attempt = cw_channel_attempt (channel);

  self->priv->emitting++;
  if (event > CW_PORT_EVENT_CLOSED || set_opened (self, event == CW_PORT_EVENT_OPENED))
    g_signal_emit_by_name (self, "port-event", (gint) event);
  end_emitting (self->priv);
  return attempt == cw_channel_attempt (channel);
}

/* The longest beginning of text that ends between two characters and has at most MAX_NAME bytes. */
static size_t
cut_name (const char *text, size_t size)
{
  if (size <= MAX_NAME)
    return size;
  size = MAX_NAME;
  while (size > 0 && (text[size] & 0xc0) == 0x80)
    size--;
  return size;
}

/* A port is worth more than its name: one that is too long is cut, one that is not UTF-8 is made so. */
static char *
parse_name (CwSlice bytes)
{
  const char *text = (const char *) bytes.data;
  size_t size = bytes.size > 0 ? cut_name (text, strnlen (text, bytes.size)) : 0;
  char *name = size > 0 ? g_utf8_make_valid (text, (gssize) size) : g_strdup ("");

  name[cut_name (name, strlen (name))] = '\0';
  return name;
}

/* The first message of a connection. It may be repeated; then only what has changed is told. */
static void
handle_init (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgPortInit *init = message->data;
  SpicePortChannel *self = SPICE_PORT_CHANNEL (channel);
  SpicePortChannelPrivate *priv = self->priv;
  g_autofree char *name = parse_name (init->name);
  bool opened = init->opened != 0;
  bool renamed = g_strcmp0 (name, priv->name) != 0;
  bool changed = priv->announced ? opened != priv->opened : opened;

  priv->announced = true;
  if (renamed) {
    g_free (priv->name);
    priv->name = g_steal_pointer (&name);
  }
  if (changed && !take_event (self, opened ? CW_PORT_EVENT_OPENED : CW_PORT_EVENT_CLOSED))
    return;
  if (renamed)
    g_object_notify (G_OBJECT (self), "port-name");
}

/* Programs rely on the name when they hear of a port. */
static bool
is_announced (SpiceChannel *channel, const CwMessage *message)
{
  if (SPICE_PORT_CHANNEL (channel)->priv->announced)
    return true;
  cw_channel_end (channel, g_error_new (CW_ERROR, CW_ERROR_STATE, "port: %s came before init", message->info->name));
  return false;
}

static void
handle_event (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgPortEvent *event = message->data;

  if (is_announced (channel, message))
    take_event (SPICE_PORT_CHANNEL (channel), event->event);
}

/* Data comes from open ports only, whatever has been said. */
static void
take_data (SpiceChannel *channel, CwSlice data)
{
  SpicePortChannel *self = SPICE_PORT_CHANNEL (channel);

  if (self->priv->diverted) {
    if (self->priv->opened)
      self->priv->diverted->received (channel, data);
    return;
  }
  self->priv->emitting++;
  if (set_opened (self, true))
    g_signal_emit_by_name (self, "port-data", data.data, (gint) data.size);
  end_emitting (self->priv);
}

static void
handle_data (SpiceChannel *channel, const CwMessage *message)
{
  if (is_announced (channel, message))
    cw_spicevmc_take (SPICE_PORT_CHANNEL (channel)->priv->pipe, message);
}

static void
take_room (SpiceChannel *channel)
{
  const CwSpicevmcEvents *diverted = SPICE_PORT_CHANNEL (channel)->priv->diverted;

  if (diverted)
    diverted->room (channel);
}

static const CwSpicevmcEvents pipe_events = { take_data, take_room };

void
cw_port_channel_divert (SpicePortChannel *self, const CwSpicevmcEvents *events)
{
  self->priv->diverted = events;
}

CwSpicevmc *
cw_port_channel_pipe (SpicePortChannel *self)
{
  return self->priv->pipe;
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_PORT_INIT, handle_init },
  { CW_MSG_PORT_EVENT, handle_event },
  { CW_MSG_SPICEVMC_DATA, handle_data },
  { CW_MSG_SPICEVMC_COMPRESSED_DATA, handle_data },
  { 0, NULL },
};

/* Compressed data is understood but not asked for, as servers know it of ports. */
static SpiceChannelClassPrivate port_class = {
  .handlers = handlers,
};

static void
channel_up (SpiceChannel *channel)
{
  cw_spicevmc_start (SPICE_PORT_CHANNEL (channel)->priv->pipe, false);
}

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  SpicePortChannel *self = SPICE_PORT_CHANNEL (channel);
  SpicePortChannelPrivate *priv = self->priv;

  priv->announced = false;
  priv->emitting++;
  if (priv->opened)
    take_event (self, CW_PORT_EVENT_CLOSED);
  end_emitting (priv);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpicePortChannelPrivate *priv = SPICE_PORT_CHANNEL (object)->priv;

  switch (id) {
  case PROP_NAME:
    g_value_set_string (value, priv->name);
    break;
  case PROP_OPENED:
    g_value_set_boolean (value, priv->opened);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
finalize (GObject *object)
{
  SpicePortChannelPrivate *priv = SPICE_PORT_CHANNEL (object)->priv;

  g_free (priv->name);
  cw_spicevmc_unref (priv->pipe);
  G_OBJECT_CLASS (spice_port_channel_parent_class)->finalize (object);
}

static void
spice_port_channel_class_init (SpicePortChannelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  SpiceChannelClass *channel_class = SPICE_CHANNEL_CLASS (class);

  object_class->get_property = get_property;
  object_class->finalize = finalize;
  channel_class->channel_up = channel_up;
  channel_class->channel_reset = channel_reset;
  channel_class->priv = &port_class;

  /**
   * SpicePortChannel:port-name:
   *
   * The name of the port, at most 255 bytes of UTF-8; %NULL before the server has told it.
   */
  g_object_class_install_property (object_class, PROP_NAME,
                                   g_param_spec_string ("port-name", "Port name",
                                                        "The name of the port, once the server has told it", NULL,
                                                        G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * SpicePortChannel:port-opened:
   *
   * Whether something listens at the other end.
   */
  g_object_class_install_property (object_class, PROP_OPENED,
                                   g_param_spec_boolean ("port-opened", "Port opened",
                                                         "Whether something listens at the other end", FALSE,
                                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * SpicePortChannel::port-data:
   * @channel: the channel
   * @data: the bytes, valid during the emission
   * @size: their number
   *
   * Bytes came through the port. They are a stream: how many come at a time means nothing.
   */
  g_signal_new ("port-data", G_OBJECT_CLASS_TYPE (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                G_TYPE_POINTER, G_TYPE_INT);
  /**
   * SpicePortChannel::port-event:
   * @channel: the channel
   * @event: 0 opened, 1 closed, 2 break; others have no meaning yet
   *
   * Something happened at the other end.
   */
  g_signal_new ("port-event", G_OBJECT_CLASS_TYPE (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                G_TYPE_INT);
}

static void
spice_port_channel_init (SpicePortChannel *self)
{
  self->priv = spice_port_channel_get_instance_private (self);
  self->priv->pipe = cw_spicevmc_new (SPICE_CHANNEL (self), &pipe_events);
}

typedef struct {
  SpicePortChannel *port; /* strong */
  GTask *task;            /* NULL: it was cancelled, and has been answered */
  GSource *cancelled;     /* or NULL */
  gssize size;
} PortWrite;

static void
end_write (PortWrite *self)
{
  if (self->cancelled)
    g_source_destroy (self->cancelled);
  g_clear_pointer (&self->cancelled, g_source_unref);
  g_clear_object (&self->task);
}

static void
written (gpointer data, const GError *error)
{
  PortWrite *self = data;

  if (self->task && error)
    g_task_return_error (self->task, cw_channel_public_error (g_error_copy (error)));
  else if (self->task)
    g_task_return_int (self->task, self->size);
  end_write (self);
  g_object_unref (self->port);
  g_free (self);
}

/* Its bytes go on their way; nobody waits for a machine that does not read. */
static gboolean
on_write_cancelled (GCancellable *cancellable, gpointer data)
{
  PortWrite *self = data;

  g_task_return_error_if_cancelled (self->task);
  end_write (self);
  return G_SOURCE_REMOVE;
}

static PortWrite *
begin_write (SpicePortChannel *port, GTask *task, gsize size)
{
  PortWrite *self = g_new0 (PortWrite, 1);
  GCancellable *cancellable = g_task_get_cancellable (task);

  *self = (PortWrite){ g_object_ref (port), g_object_ref (task), NULL, (gssize) size };
  if (!cancellable)
    return self;
  self->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_callback (self->cancelled, G_SOURCE_FUNC (on_write_cancelled), self, NULL);
  g_source_attach (self->cancelled, g_task_get_context (task));
  return self;
}

/**
 * spice_port_channel_write_async:
 * @port: the channel
 * @buffer: (array length=count) (element-type guint8): what to send; has to stay as it is until @callback is called
 * @count: bytes in @buffer
 * @cancellable: (nullable): cancels the waiting; what has been queued is sent nevertheless. With one, the bytes are
 * copied
 * @callback: (scope async) (nullable): called when all of it has been handed to the system, or never will be
 * @user_data: for @callback
 *
 * Sends bytes through the port, which has to be open. Several writes may wait at the same time and keep their order.
 * Of many, wait for some before going on: when 64 MiB wait (each write counts for 1 KiB more than its bytes), the next
 * fails with %G_IO_ERROR_BUSY. A single write may have any size.
 */
void
spice_port_channel_write_async (SpicePortChannel *port, const void *buffer, gsize count, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  PortWrite *write;

  g_return_if_fail (SPICE_IS_PORT_CHANNEL (port));
  g_return_if_fail (buffer != NULL || count == 0);
  g_return_if_fail (count <= G_MAXSSIZE);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (port, cancellable, callback, user_data);
  g_task_set_source_tag (task, spice_port_channel_write_async);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (!port->priv->opened || !cw_channel_is_ready (SPICE_CHANNEL (port))) {
    g_task_return_new_error (task, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("The port is not open."));
    return;
  }
  /* After the callback the buffer is the caller's, and a cancelled write has its callback before its bytes have gone.
   */
  bytes = cancellable ? g_bytes_new (buffer, count) : g_bytes_new_static (buffer, count);
  write = begin_write (port, task, count);
  if (!cw_spicevmc_write (port->priv->pipe, bytes, written, write, &error))
    written (write, error);
}

/**
 * spice_port_channel_write_finish:
 * @port: the channel
 * @result: what the callback got
 * @error: why it failed
 *
 * Ends spice_port_channel_write_async().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED when the port is not open, the session is read-only, or the connection ends
 * before the system has taken all bytes; %G_IO_ERROR_BUSY when too much waits already; %G_IO_ERROR_CANCELLED; or that
 * of #GIOErrorEnum by which the connection broke.
 *
 * Returns: the number of bytes sent, -1 with @error on failure
 */
gssize
spice_port_channel_write_finish (SpicePortChannel *port, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (SPICE_IS_PORT_CHANNEL (port), -1);
  g_return_val_if_fail (g_task_is_valid (result, port), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

/**
 * spice_port_channel_event:
 * @port: the channel
 * @event: what to tell; 0 and 1 (opened and closed) are the server's to tell
 *
 * Tells the other end of something, such as a break (2), after what has been written before. It is lost without a
 * connection, in a read-only session, and when too much waits to be sent already.
 */
void
spice_port_channel_event (SpicePortChannel *port, guint8 event)
{
  g_return_if_fail (SPICE_IS_PORT_CHANNEL (port));
  g_return_if_fail (event > CW_PORT_EVENT_CLOSED);

  if (cw_spicevmc_has_room (port->priv->pipe, 1))
    cw_channel_send (SPICE_CHANNEL (port), CW_MSGC_PORT_EVENT, &(CwMsgcPortEvent){ .event = event });
}

/**
 * spice_port_write_async:
 * @port: the channel
 * @buffer: (array length=count) (element-type guint8): what to send; has to stay as it is until @callback is called
 * @count: bytes in @buffer
 * @cancellable: (nullable): cancels the waiting
 * @callback: (scope async) (nullable): called when all of it has been sent, or never will be
 * @user_data: for @callback
 *
 * The older name of spice_port_channel_write_async().
 *
 * Deprecated: 0.35: use spice_port_channel_write_async()
 */
void
spice_port_write_async (SpicePortChannel *port, const void *buffer, gsize count, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  spice_port_channel_write_async (port, buffer, count, cancellable, callback, user_data);
}

/**
 * spice_port_write_finish:
 * @port: the channel
 * @result: what the callback got
 * @error: why it failed
 *
 * The older name of spice_port_channel_write_finish().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED, %G_IO_ERROR_BUSY and %G_IO_ERROR_CANCELLED, as there.
 *
 * Returns: the number of bytes sent, -1 with @error on failure
 *
 * Deprecated: 0.35: use spice_port_channel_write_finish()
 */
gssize
spice_port_write_finish (SpicePortChannel *port, GAsyncResult *result, GError **error)
{
  return spice_port_channel_write_finish (port, result, error);
}

/**
 * spice_port_event:
 * @port: the channel
 * @event: what to tell
 *
 * The older name of spice_port_channel_event().
 *
 * Deprecated: 0.35: use spice_port_channel_event()
 */
void
spice_port_event (SpicePortChannel *port, guint8 event)
{
  spice_port_channel_event (port, event);
}
