/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceWebdavChannel: connections of the guest to the session's WebDAV server, carried in one stream. Each is a socket;
 * what the server does not take at once waits here, and the channel with it. */
#include "channel-webdav.h"
#include "channel/channel.h"
#include "channel/port.h"
#include "feature/webdav/mux.h"
#include "feature/webdav/webdav.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256

/* What one message brings, and something. */
#define MAX_WAITING (4 * 1024 * 1024)

/* Frame and header make one message. */
#define MAX_PIECE (CW_SPICEVMC_MAX_PIECE - CW_WEBDAV_HEADER)

/* How long the beginning of an answer waits for its content, in milliseconds: two frames would leave the guest's daemon
 * as two small packets, the second of which the system holds back until the first is acknowledged: on a connection that
 * is kept, 40 milliseconds for each answer. */
#define HOLD_MS 1

/* Frames of one connection before others have their turn. */
#define MAX_FRAMES 4

typedef struct {
  SpiceWebdavChannel *channel; /* borrowed */
  gint64 id;
  int fd;
  GSource *in, *out; /* or NULL */
  CwBuffer waiting;  /* for the server */
  bool ending;       /* the guest has closed it */
  bool answered;     /* something has come from the server */
  bool kept;         /* and more from the guest after it */
  bool held;         /* the beginning of an answer has waited */
} Connection;

struct _SpiceWebdavChannelPrivate {
  CwWebdavMux mux;
  GHashTable *connections; /* by id */
  unsigned n_blocked;      /* connections with bytes waiting for the server */
  bool full;               /* nothing is read from the server */
};

G_DEFINE_TYPE_WITH_PRIVATE (SpiceWebdavChannel, spice_webdav_channel, SPICE_TYPE_PORT_CHANNEL)

static CwSpicevmc *
pipe_of (SpiceWebdavChannel *self)
{
  return cw_port_channel_pipe (SPICE_PORT_CHANNEL (self));
}

static void
clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
set_waiting (Connection *self, bool waiting)
{
  SpiceWebdavChannelPrivate *priv = self->channel->priv;

  if (waiting && priv->n_blocked++ == 0)
    cw_spicevmc_pause (pipe_of (self->channel));
  else if (!waiting && --priv->n_blocked == 0)
    cw_spicevmc_resume (pipe_of (self->channel));
}

static void
free_connection (gpointer data)
{
  Connection *self = data;

  clear_source (&self->in);
  if (self->out)
    set_waiting (self, false);
  clear_source (&self->out);
  cw_buffer_clear (&self->waiting);
  close (self->fd);
  g_free (self);
}

static void
send_end (SpiceWebdavChannel *self, gint64 id)
{
  uint8_t header[CW_WEBDAV_HEADER];
  g_autoptr (GBytes) bytes = NULL;

  cw_webdav_header (header, id, 0);
  bytes = g_bytes_new (header, sizeof header);
  cw_spicevmc_write (pipe_of (self), bytes, NULL, NULL, NULL);
}

/* The server's side is over. */
static void
end_connection (Connection *self)
{
  SpiceWebdavChannel *channel = self->channel;
  gint64 id = self->id;

  send_end (channel, id);
  g_hash_table_remove (channel->priv->connections, &id);
}

/* False: nothing more comes for now. */
static bool
read_frame (Connection *self)
{
  uint8_t *frame = g_malloc (CW_WEBDAV_HEADER + MAX_PIECE);
  g_autoptr (GBytes) bytes = NULL;
  ssize_t n = recv (self->fd, frame + CW_WEBDAV_HEADER, MAX_PIECE, MSG_DONTWAIT);

  if (n <= 0) {
    g_free (frame);
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
      end_connection (self);
    return false;
  }
  self->answered = true;
  cw_webdav_header (frame, self->id, (unsigned) n);
  if (n < MAX_PIECE / 2)
    frame = g_realloc (frame, CW_WEBDAV_HEADER + (gsize) n);
  bytes = g_bytes_new_take (frame, CW_WEBDAV_HEADER + (gsize) n);
  cw_spicevmc_write (pipe_of (self->channel), bytes, NULL, NULL, NULL);
  return true;
}

static void listen_to (Connection *self);

/* What there is ends with the headers of an answer that has content. */
static bool
is_beginning (int fd)
{
  char text[2048];
  ssize_t n = recv (fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_PEEK);

  if (n < 4 || n >= (ssize_t) sizeof text - 1 || memcmp (text + n - 4, "\r\n\r\n", 4) != 0)
    return false;
  text[n] = '\0';
  return strstr (text, "\r\nContent-Length: ") && !strstr (text, "\r\nContent-Length: 0\r\n");
}

static gboolean
on_held (gpointer data)
{
  Connection *self = data;

  clear_source (&self->in);
  listen_to (self);
  return G_SOURCE_REMOVE;
}

static void
hold (Connection *self)
{
  clear_source (&self->in);
  self->held = true;
  self->in = g_timeout_source_new (HOLD_MS);
  g_source_set_callback (self->in, on_held, self, NULL);
  g_source_attach (self->in, cw_channel_context (SPICE_CHANNEL (self->channel)));
}

static gboolean
on_readable (gint fd, GIOCondition condition, gpointer data)
{
  Connection *self = data;
  SpiceWebdavChannelPrivate *priv = self->channel->priv;

  if (self->kept && !self->held && is_beginning (fd)) {
    hold (self);
    return G_SOURCE_REMOVE;
  }
  self->held = false;
  for (int i = 0; i < MAX_FRAMES; i++) {
    if (cw_spicevmc_is_full (pipe_of (self->channel))) {
      /* Each connection stops when it finds so, and all go on together. */
      priv->full = true;
      clear_source (&self->in);
      return G_SOURCE_REMOVE;
    }
    if (!read_frame (self))
      break;
  }
  return G_SOURCE_CONTINUE;
}

static GSource *
watch (Connection *self, GIOCondition condition, GUnixFDSourceFunc func)
{
  GSource *source = g_unix_fd_source_new (self->fd, condition);

  g_source_set_callback (source, G_SOURCE_FUNC (func), self, NULL);
  g_source_attach (source, cw_channel_context (SPICE_CHANNEL (self->channel)));
  return source;
}

static void
listen_to (Connection *self)
{
  if (!self->in)
    self->in = watch (self, G_IO_IN, on_readable);
}

static void
take_room (SpiceChannel *channel)
{
  SpiceWebdavChannelPrivate *priv = SPICE_WEBDAV_CHANNEL (channel)->priv;
  GHashTableIter iter;
  gpointer connection;

  priv->full = false;
  g_hash_table_iter_init (&iter, priv->connections);
  while (g_hash_table_iter_next (&iter, NULL, &connection))
    listen_to (connection);
}

/* How much of this the server's socket takes; negative when it is closed. */
static ssize_t
pass_on (Connection *self, const uint8_t *data, size_t size)
{
  ssize_t n = send (self->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

  return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

static gboolean
on_writable (gint fd, GIOCondition condition, gpointer data)
{
  Connection *self = data;
  ssize_t n = pass_on (self, self->waiting.data, self->waiting.size);
  size_t max = self->waiting.max;
  CwBuffer rest;

  if (n < 0) {
    end_connection (self);
    return G_SOURCE_REMOVE;
  }
  cw_buffer_init (&rest, max);
  cw_buffer_append (&rest, self->waiting.data + n, self->waiting.size - (size_t) n);
  cw_buffer_clear (&self->waiting);
  self->waiting = rest;
  if (self->waiting.size > 0)
    return G_SOURCE_CONTINUE;
  set_waiting (self, false);
  clear_source (&self->out);
  if (self->ending)
    g_hash_table_remove (self->channel->priv->connections, &self->id);
  return G_SOURCE_REMOVE;
}

static Connection *
open_connection (SpiceWebdavChannel *self, gint64 id)
{
  SpiceWebdavChannelPrivate *priv = self->priv;
  g_autoptr (GObject) session = NULL;
  Connection *connection;
  int fd = -1;

  g_object_get (self, "spice-session", &session, NULL);
  if (session && g_hash_table_size (priv->connections) < MAX_CONNECTIONS)
    fd = cw_webdav_connect (SPICE_SESSION (session));
  if (fd < 0)
    return NULL;
  connection = g_new0 (Connection, 1);
  connection->channel = self;
  connection->id = id;
  connection->fd = fd;
  cw_buffer_init (&connection->waiting, MAX_WAITING);
  g_hash_table_insert (priv->connections, &connection->id, connection);
  if (!priv->full)
    listen_to (connection);
  return connection;
}

static void
on_frame (gpointer data, gint64 id, CwSlice bytes)
{
  SpiceWebdavChannel *self = data;
  Connection *connection = g_hash_table_lookup (self->priv->connections, &id);
  ssize_t n = 0;

  if (!connection)
    connection = open_connection (self, id);
  if (!connection) {
    send_end (self, id);
    return;
  }
  if (connection->ending)
    return;
  connection->kept = connection->answered;
  if (!connection->out)
    n = pass_on (connection, bytes.data, bytes.size);
  if (n >= 0 && (size_t) n < bytes.size) {
    cw_buffer_append (&connection->waiting, bytes.data + n, bytes.size - (size_t) n);
    if (!connection->out) {
      connection->out = watch (connection, G_IO_OUT, on_writable);
      set_waiting (connection, true);
    }
  }
  if (n < 0 || cw_buffer_failed (&connection->waiting))
    end_connection (connection);
}

static void
on_ended (gpointer data, gint64 id)
{
  SpiceWebdavChannel *self = data;
  Connection *connection = g_hash_table_lookup (self->priv->connections, &id);

  if (connection && connection->out)
    connection->ending = true;
  else if (connection)
    g_hash_table_remove (self->priv->connections, &id);
}

static void
received (SpiceChannel *channel, CwSlice bytes)
{
  cw_webdav_mux_push (&SPICE_WEBDAV_CHANNEL (channel)->priv->mux, bytes);
}

static void
drop_all (SpiceWebdavChannel *self)
{
  cw_webdav_mux_reset (&self->priv->mux);
  g_hash_table_remove_all (self->priv->connections);
  self->priv->full = false;
}

static void
notify (GObject *object, GParamSpec *pspec)
{
  gboolean opened;

  if (g_str_equal (pspec->name, "port-opened")) {
    g_object_get (object, "port-opened", &opened, NULL);
    if (!opened)
      drop_all (SPICE_WEBDAV_CHANNEL (object));
  }
  if (G_OBJECT_CLASS (spice_webdav_channel_parent_class)->notify)
    G_OBJECT_CLASS (spice_webdav_channel_parent_class)->notify (object, pspec);
}

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  drop_all (SPICE_WEBDAV_CHANNEL (channel));
  SPICE_CHANNEL_CLASS (spice_webdav_channel_parent_class)->channel_reset (channel, migrating);
}

static void
dispose (GObject *object)
{
  drop_all (SPICE_WEBDAV_CHANNEL (object));
  G_OBJECT_CLASS (spice_webdav_channel_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  g_hash_table_unref (SPICE_WEBDAV_CHANNEL (object)->priv->connections);
  G_OBJECT_CLASS (spice_webdav_channel_parent_class)->finalize (object);
}

static void
spice_webdav_channel_class_init (SpiceWebdavChannelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->notify = notify;
  object_class->dispose = dispose;
  object_class->finalize = finalize;
  SPICE_CHANNEL_CLASS (class)->channel_reset = channel_reset;
}

static void
spice_webdav_channel_init (SpiceWebdavChannel *self)
{
  static const CwSpicevmcEvents pipe_events = { received, take_room };
  static const CwWebdavEvents mux_events = { on_frame, on_ended };

  self->priv = spice_webdav_channel_get_instance_private (self);
  self->priv->connections = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, free_connection);
  cw_webdav_mux_init (&self->priv->mux, &mux_events, self);
  cw_port_channel_divert (SPICE_PORT_CHANNEL (self), &pipe_events);
}
