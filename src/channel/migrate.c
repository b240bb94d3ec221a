/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each channel does when the guest moves to another host. The session has a second channel, linked to the target
 * already, for each; the two exchange their connections. */
#include "channel/owner.h"
#include "base/i18n.h"
#include "channel/private.h"

/* The session's host table says nothing of it, so it is bounded here: bytes, and 128 more for each message. */
#define MAX_HELD (16 * 1024 * 1024)
#define HELD_COST 128

/* A message, or a flush if there is a function. */
typedef struct {
  uint16_t type;
  GBytes *body;
  CwChannelFlushFunc done;
  gpointer data;
} Held;

static void
hold (SpiceChannel *self, Held held)
{
  g_queue_push_tail (&self->priv->held, g_memdup2 (&held, sizeof held));
}

bool
cw_channel_hold (SpiceChannel *self, uint16_t type, GBytes *body)
{
  size_t cost = HELD_COST + (body ? g_bytes_get_size (body) : 0);

  if (cost > MAX_HELD - self->priv->held_bytes)
    return false;
  self->priv->held_bytes += cost;
  hold (self, (Held){ .type = type, .body = body ? g_bytes_ref (body) : NULL });
  return true;
}

void
cw_channel_hold_flush (SpiceChannel *self, CwChannelFlushFunc done, gpointer data)
{
  hold (self, (Held){ .done = done, .data = data });
}

static gboolean
fail_flush (gpointer data)
{
  Held *held = data;
  g_autoptr (GError) error = g_error_new_literal (CW_ERROR, CW_ERROR_CLOSED, _ ("The connection has ended."));

  held->done (held->data, error);
  return G_SOURCE_REMOVE;
}

void
cw_channel_drop_held (SpiceChannel *self)
{
  Held *held;

  self->priv->held_bytes = 0;
  while ((held = g_queue_pop_head (&self->priv->held))) {
    g_clear_pointer (&held->body, g_bytes_unref);
    if (held->done) {
      g_autoptr (GSource) source = g_idle_source_new ();

      g_source_set_priority (source, G_PRIORITY_DEFAULT);
      g_source_set_callback (source, fail_flush, held, g_free);
      g_source_attach (source, self->priv->context);
    } else {
      g_free (held);
    }
  }
}

static void
release_held (SpiceChannel *self)
{
  CwPump *pump = self->priv->live->pump;
  Held *held;

  self->priv->held_bytes = 0;
  while ((held = g_queue_pop_head (&self->priv->held))) {
    if (held->done)
      cw_pump_flush (pump, held->done, held->data);
    else
      cw_pump_send (pump, held->type, held->body, CW_PUMP_NORMAL, NULL);
    g_clear_pointer (&held->body, g_bytes_unref);
    g_free (held);
  }
}

/* Each channel counts what it has read itself. */
static void
exchange (SpiceChannel *self, SpiceChannel *peer)
{
  SpiceChannelPrivate *mine = self->priv, *its = peer->priv;

  mine->read_before += cw_pump_bytes_read (mine->live->pump);
  its->read_before += cw_pump_bytes_read (its->live->pump);
  cw_live_exchange (&mine->live, &its->live);
  mine->read_before -= MIN (mine->read_before, cw_pump_bytes_read (mine->live->pump));
  its->read_before -= MIN (its->read_before, cw_pump_bytes_read (its->live->pump));
}

/* The target continues where the source has ended; data is what it needs for that, or NULL. */
static void
continue_on (SpiceChannel *self, SpiceChannel *peer, GBytes *data)
{
  SpiceChannelPrivate *priv = self->priv;
  CwLive *source = priv->live;

  cw_pump_pause (source->pump, CW_PAUSE_RETIRED);
  exchange (self, peer);
  cw_live_continue (priv->live, source);
  if (priv->state == CW_CHANNEL_MIGRATING)
    cw_channel_set_state (self, CW_CHANNEL_STARTED);
  if (data)
    cw_pump_send (priv->live->pump, CW_MSGC_MIGRATE_DATA, data, CW_PUMP_NORMAL, NULL);
  release_held (self);
  cw_pump_resume (priv->live->pump, CW_PAUSE_PREPARED);
  priv->host->channel_migrated (priv->session, self);
}

static SpiceChannel *
find_peer (SpiceChannel *self, GError **error)
{
  SpiceChannelPrivate *priv = self->priv;
  SpiceChannel *peer = priv->session ? priv->host->migration_peer (priv->session, self) : NULL;

  if (!peer)
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "migrate: nothing is connected to move to");
  return peer;
}

bool
cw_channel_handle_migrate (SpiceChannel *self, const CwMessage *message, GError **error)
{
  const CwMsgMigrate *migrate = message->data;
  SpiceChannel *peer = find_peer (self, error);

  if (!peer)
    return false;
  if (self->priv->state != CW_CHANNEL_STARTED) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "migrate: the channel does not work yet");
    return false;
  }
  if (migrate->flags & CW_MIGRATE_NEED_FLUSH)
    cw_channel_send (self, CW_MSGC_MIGRATE_FLUSH_MARK, NULL);
  if (migrate->flags & CW_MIGRATE_NEED_DATA_TRANSFER)
    cw_channel_set_state (self, CW_CHANNEL_MIGRATING);
  else
    continue_on (self, peer, NULL);
  return true;
}

bool
cw_channel_handle_migrate_data (SpiceChannel *self, const CwMessage *message, GError **error)
{
  g_autoptr (GBytes) body = cw_message_get_body (message);
  SpiceChannel *peer = find_peer (self, error);

  if (!peer)
    return false;
  if (self->priv->state != CW_CHANNEL_MIGRATING) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "migrate-data: no migrate came before");
    return false;
  }
  continue_on (self, peer, body);
  return true;
}

void
cw_channel_take_over (SpiceChannel *self, SpiceChannel *peer)
{
  SpiceChannelPrivate *priv = self->priv;

  priv->attempt++;
  cw_channel_messages_stop (self);
  cw_pump_pause (priv->live->pump, CW_PAUSE_RETIRED);
  exchange (self, peer);
  cw_channel_set_state (self, CW_CHANNEL_PREPARED);
  cw_channel_messages_start (self);
  if (SPICE_CHANNEL_GET_CLASS (self)->channel_reset)
    SPICE_CHANNEL_GET_CLASS (self)->channel_reset (self, TRUE);
}

void
cw_channel_start_over (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;
  unsigned attempt = priv->attempt;

  if (priv->state != CW_CHANNEL_PREPARED)
    return;
  cw_channel_set_state (self, CW_CHANNEL_STARTED);
  if (SPICE_CHANNEL_GET_CLASS (self)->channel_up)
    SPICE_CHANNEL_GET_CLASS (self)->channel_up (self);
  if (attempt == priv->attempt)
    cw_pump_resume (priv->live->pump, CW_PAUSE_PREPARED);
}

void
cw_channel_take_back (SpiceChannel *self, SpiceChannel *peer)
{
  if (!cw_channel_is_ready (self) || !cw_channel_is_prepared (peer))
    return;
  cw_pump_pause (self->priv->live->pump, CW_PAUSE_PREPARED);
  exchange (self, peer);
  cw_pump_resume (self->priv->live->pump, CW_PAUSE_RETIRED);
}
