/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceWebdavChannel: connections of the guest to the session's WebDAV server, carried in one stream. When one has more
 * for the server than that takes, the channel waits. */
#include "channel-webdav.h"
#include "channel/channel.h"
#include "channel/port.h"
#include "feature/webdav/mux.h"
#include "feature/webdav/webdav.h"

#define MAX_CONNECTIONS 256

/* What may wait for the server before the channel does. */
#define MUCH_WAITING (256 * 1024)

/* What one message brings, and something. */
#define MAX_WAITING (4 * 1024 * 1024)

/* Frames of one connection before others have their turn. */
#define MAX_FRAMES 4

typedef struct {
  SpiceWebdavChannel *channel; /* borrowed */
  gint64 id;
  CwWebdavTube *tube;
  bool blocked;  /* the channel waits for it */
  bool ending;   /* the guest has closed it */
  bool answered; /* the server has said something since the guest has */
  guint64 idle;  /* … and nothing more: when, as a number of such moments; 0: not idle */
} Connection;

struct _SpiceWebdavChannelPrivate {
  CwWebdavMux mux;
  GHashTable *connections; /* by id */
  unsigned n_blocked;      /* connections the channel waits for */
  guint64 n_idle;          /* moments in which one has become idle */
};

G_DEFINE_TYPE_WITH_PRIVATE (SpiceWebdavChannel, spice_webdav_channel, SPICE_TYPE_PORT_CHANNEL)

static CwSpicevmc *
pipe_of (SpiceWebdavChannel *self)
{
  return cw_port_channel_pipe (SPICE_PORT_CHANNEL (self));
}

static void
set_blocked (Connection *self, bool blocked)
{
  SpiceWebdavChannelPrivate *priv = self->channel->priv;

  if (self->blocked == blocked)
    return;
  self->blocked = blocked;
  if (blocked && priv->n_blocked++ == 0)
    cw_spicevmc_pause (pipe_of (self->channel));
  else if (!blocked && --priv->n_blocked == 0)
    cw_spicevmc_resume (pipe_of (self->channel));
}

static void
free_connection (gpointer data)
{
  Connection *self = data;

  set_blocked (self, false);
  cw_webdav_tube_free (self->tube);
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

static void
drop (Connection *self)
{
  g_hash_table_remove (self->channel->priv->connections, &self->id);
}

/* The server's side is over. */
static void
end_connection (Connection *self)
{
  send_end (self->channel, self->id);
  drop (self);
}

/* False: nothing more comes for now. */
static bool
send_frame (Connection *self)
{
  bool over;
  CwPiped piped;
  g_autoptr (GBytes) frame = cw_webdav_tube_take (self->tube, self->id, &piped, &over);

  if (!frame && over)
    end_connection (self);
  else if (!frame && self->answered && self->idle == 0)
    self->idle = ++self->channel->priv->n_idle;
  if (!frame)
    return false;
  self->answered = true;
  self->idle = 0;
  if (piped.size == 0) {
    cw_spicevmc_write (pipe_of (self->channel), frame, NULL, NULL, NULL);
  } else if (!cw_spicevmc_write_piped (pipe_of (self->channel), frame, &piped, NULL)) {
    /* What is still in the pipe is in the way of all that follows. */
    piped.done (piped.data);
    end_connection (self);
    return false;
  }
  return true;
}

static void
send_frames (Connection *self)
{
  CwWebdavTube *tube = self->tube;

  for (int i = 0; i < MAX_FRAMES; i++) {
    /* Each connection stops when it finds so, and all go on together. */
    if (cw_spicevmc_is_full (pipe_of (self->channel)))
      return;
    if (!send_frame (self))
      return;
  }
  cw_webdav_tube_wake (tube);
}

static gboolean
on_ready (gpointer data)
{
  Connection *self = data;
  size_t waiting = cw_webdav_tube_waiting (self->tube);

  if (self->ending) {
    if (waiting == 0)
      drop (self);
    return G_SOURCE_CONTINUE;
  }
  if (waiting < MUCH_WAITING)
    set_blocked (self, false);
  send_frames (self);
  return G_SOURCE_CONTINUE;
}

static void
take_room (SpiceChannel *channel)
{
  SpiceWebdavChannelPrivate *priv = SPICE_WEBDAV_CHANNEL (channel)->priv;
  GHashTableIter iter;
  gpointer connection;

  g_hash_table_iter_init (&iter, priv->connections);
  while (g_hash_table_iter_next (&iter, NULL, &connection))
    cw_webdav_tube_wake (((Connection *) connection)->tube);
}

/* Programs of the guest keep connections for later, and it does not close them for us. One that goes on is a new one
 * here. */
static void
make_room (SpiceWebdavChannelPrivate *priv)
{
  Connection *oldest = NULL, *at;
  GHashTableIter iter;

  if (g_hash_table_size (priv->connections) < MAX_CONNECTIONS)
    return;
  g_hash_table_iter_init (&iter, priv->connections);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &at))
    if (at->idle > 0 && !at->ending && (!oldest || at->idle < oldest->idle))
      oldest = at;
  if (oldest)
    end_connection (oldest);
}

static Connection *
open_connection (SpiceWebdavChannel *self, gint64 id)
{
  SpiceWebdavChannelPrivate *priv = self->priv;
  g_autoptr (GObject) session = NULL;
  Connection *connection = g_new0 (Connection, 1);

  g_object_get (self, "spice-session", &session, NULL);
  make_room (priv);
  if (session && g_hash_table_size (priv->connections) < MAX_CONNECTIONS)
    connection->tube
        = cw_webdav_connect (SPICE_SESSION (session), cw_channel_context (SPICE_CHANNEL (self)), on_ready, connection);
  if (!connection->tube) {
    g_free (connection);
    return NULL;
  }
  if (cw_spicevmc_can_pipe (pipe_of (self)))
    cw_webdav_tube_allow_pipe (connection->tube);
  connection->channel = self;
  connection->id = id;
  g_hash_table_insert (priv->connections, &connection->id, connection);
  return connection;
}

static void
on_frame (gpointer data, gint64 id, CwSlice bytes)
{
  SpiceWebdavChannel *self = data;
  Connection *connection = g_hash_table_lookup (self->priv->connections, &id);
  size_t waiting;

  if (!connection)
    connection = open_connection (self, id);
  if (!connection) {
    send_end (self, id);
    return;
  }
  if (connection->ending)
    return;
  connection->answered = false;
  connection->idle = 0;
  waiting = cw_webdav_tube_give (connection->tube, bytes);
  if (waiting > MAX_WAITING)
    end_connection (connection);
  else if (waiting >= MUCH_WAITING)
    set_blocked (connection, true);
}

/* What the server has not read yet, it still gets; until then, the guest cannot bring more of that kind. */
static void
on_ended (gpointer data, gint64 id)
{
  SpiceWebdavChannel *self = data;
  Connection *connection = g_hash_table_lookup (self->priv->connections, &id);

  if (!connection || connection->ending)
    return;
  cw_webdav_tube_hang_up (connection->tube);
  if (cw_webdav_tube_waiting (connection->tube) == 0) {
    drop (connection);
    return;
  }
  connection->ending = true;
  set_blocked (connection, true);
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
  cw_channel_disposed (SPICE_CHANNEL (object));
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
