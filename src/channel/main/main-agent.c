/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main channel's side of the guest agent: whether there is one, and what is told it when it comes. */
#include "base/i18n.h"
#include "channel/main/main.h"
#include "channel/main/volume.h"

/* The server sends without waiting for us; what it may send ahead is bounded by its own buffers and the socket's. */
#define CREDIT_FOR_SERVER UINT32_MAX

/* What may wait in the channel's queue, of all that waits for the agent: the rest keeps its order here, and can still
 * be dropped. */
#define MAX_QUEUED (128 * 1024)

typedef struct {
  SpiceChannel *channel; /* strong */
  unsigned attempt;
} Drain;

static void
drained (gpointer data, const GError *error)
{
  g_autofree Drain *self = data;
  g_autoptr (SpiceChannel) channel = self->channel;
  SpiceMainChannelPrivate *priv = SPICE_MAIN_CHANNEL (channel)->priv;

  if (self->attempt != cw_channel_attempt (channel))
    return;
  priv->draining = false;
  cw_agent_resume (priv->agent);
}

bool
cw_main_is_read_only (SpiceMainChannel *self)
{
  SpiceSession *session = cw_channel_session (SPICE_CHANNEL (self));
  gboolean read_only = FALSE;

  if (session)
    g_object_get (session, "read-only", &read_only, NULL);
  return read_only;
}

static bool
has_room (SpiceMainChannel *self)
{
  SpiceChannel *channel = SPICE_CHANNEL (self);
  Drain *drain;

  if (cw_channel_queued_bytes (channel) <= MAX_QUEUED)
    return true;
  if (self->priv->draining)
    return false;
  drain = g_new (Drain, 1);
  *drain = (Drain){ g_object_ref (channel), cw_channel_attempt (channel) };
  self->priv->draining = true;
  cw_channel_flush (channel, drained, drain);
  return false;
}

static bool
send_bodies (gpointer data, GBytes *bytes)
{
  SpiceChannel *channel = data;

  if (!cw_channel_is_ready (channel) || !has_room (data))
    return false;
  /* What a read-only session does not let through is as good as sent. */
  cw_channel_send_pieces (channel, CW_MSGC_MAIN_AGENT_DATA, bytes, CW_AGENT_MAX_DATA_SIZE, NULL);
  return true;
}

static void
stop_timer (GSource **timer)
{
  g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}

void
cw_main_stop_timer (SpiceMainChannel *self)
{
  if (self->priv->timer)
    stop_timer (&self->priv->timer);
}

static gboolean
on_time (gpointer data)
{
  g_autoptr (SpiceChannel) guard = g_object_ref (data);
  SpiceMainChannel *self = SPICE_MAIN_CHANNEL (guard);
  int64_t now = g_get_monotonic_time ();

  cw_main_stop_timer (self);
  cw_clipboard_expire (self->priv->clipboard, now);
  cw_monitors_expire (self->priv->monitors, now);
  cw_main_schedule (self);
  return G_SOURCE_REMOVE;
}

void
cw_main_schedule (SpiceMainChannel *self)
{
  SpiceMainChannelPrivate *priv = self->priv;
  int64_t due = MIN (cw_clipboard_due (priv->clipboard), cw_monitors_due (priv->monitors));
  GMainContext *context = cw_channel_context (SPICE_CHANNEL (self));

  if (due == INT64_MAX || !context) {
    cw_main_stop_timer (self);
    return;
  }
  if (!priv->timer) {
    priv->timer = g_timeout_source_new (0);
    g_source_set_callback (priv->timer, on_time, self, NULL);
    g_source_attach (priv->timer, context);
  }
  g_source_set_ready_time (priv->timer, due);
}

static void
emit_update (SpiceMainChannel *self)
{
  g_signal_emit (self, cw_main_signals[CW_MAIN_AGENT_UPDATE], 0);
}

/* What the agent is told once it has said what it understands. */
static void
tell_wishes (SpiceMainChannel *self)
{
  SpiceMainChannelPrivate *priv = self->priv;

  cw_display_config_ask (&priv->display_config, priv->agent);
  cw_volume_sync_tell (&priv->volume_sync, priv->agent);
  cw_clipboard_tell_max (priv->clipboard);
  cw_monitors_announced (priv->monitors);
}

/* An agent that asks begins anew: a new one behind the same port. */
static void
handle_announcement (SpiceMainChannel *self, const CwAgentAnnounceCapabilities *announce)
{
  unsigned attempt = cw_channel_attempt (SPICE_CHANNEL (self));

  if (announce->request)
    cw_clipboard_reset (self->priv->clipboard);
  emit_update (self);
  if (attempt != cw_channel_attempt (SPICE_CHANNEL (self)))
    return;
  if (announce->request)
    cw_agent_announce (self->priv->agent, false);
  tell_wishes (self);
}

static void
handle_reply (SpiceMainChannel *self, const CwAgentReply *reply)
{
  if (reply->type == CW_AGENT_TYPE_MONITORS_CONFIG)
    cw_monitors_replied (self->priv->monitors);
}

static void
handle_message (gpointer data, const CwMessage *message)
{
  SpiceMainChannel *self = data;

  if (message->type == CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES)
    handle_announcement (self, message->data);
  else if (message->type == CW_AGENT_TYPE_REPLY)
    handle_reply (self, message->data);
  else if (message->type == CW_AGENT_TYPE_FILE_XFER_STATUS)
    cw_file_transfers_status (self->priv->file_transfers, message->data);
  else if (!cw_clipboard_handle (self->priv->clipboard, message, g_get_monotonic_time ()))
    g_debug ("agent: %s is not for clients", message->info->name);
  cw_main_schedule (self);
}

static void
handle_part (gpointer data, size_t size, CwSlice so_far)
{
  cw_channel_expect (data, size - so_far.size);
  cw_clipboard_part (SPICE_MAIN_CHANNEL (data)->priv->clipboard, so_far);
}

static void
handle_sent (gpointer data, uint32_t tag)
{
  cw_file_transfers_sent (SPICE_MAIN_CHANNEL (data)->priv->file_transfers, tag);
}

static void
handle_low (gpointer data)
{
  cw_file_transfers_low (SPICE_MAIN_CHANNEL (data)->priv->file_transfers);
}

static const CwAgentObserver observer = {
  .send = send_bodies,
  .message = handle_message,
  .part = handle_part,
  .sent = handle_sent,
  .low = handle_low,
};

void
cw_main_agent_init (SpiceMainChannel *self)
{
  self->priv->agent = cw_agent_new (&observer, self);
}

/* What was between us and an earlier agent is void. */
static void
forget_agent (SpiceMainChannel *self)
{
  SpiceMainChannelPrivate *priv = self->priv;

  cw_clipboard_reset (priv->clipboard);
  cw_monitors_reset (priv->monitors);
  cw_display_config_reset (&priv->display_config);
  cw_volume_sync_reset (&priv->volume_sync);
}

/* The state has changed before anybody hears of it: some wait for the notification in a loop of their own. */
void
cw_main_agent_connected (SpiceMainChannel *self)
{
  SpiceChannel *channel = SPICE_CHANNEL (self);
  unsigned attempt = cw_channel_attempt (channel);
  bool is_new = !cw_agent_is_connected (self->priv->agent);

  cw_agent_connect (self->priv->agent);
  forget_agent (self);
  if (is_new)
    g_object_notify (G_OBJECT (self), "agent-connected");
  else
    cw_main_files_fail_all (self, _ ("The guest agent has begun anew."));
  if (attempt == cw_channel_attempt (channel))
    emit_update (self);
  if (attempt != cw_channel_attempt (channel))
    return;
  cw_channel_send (channel, CW_MSGC_MAIN_AGENT_START, &(CwMsgcMainAgentStart){ .num_tokens = CREDIT_FOR_SERVER });
  cw_agent_announce (self->priv->agent, true);
}

static void
tell_disconnected (SpiceMainChannel *self, bool was_connected)
{
  forget_agent (self);
  if (was_connected)
    g_object_notify (G_OBJECT (self), "agent-connected");
  cw_main_files_fail_all (self, _ ("The guest agent has gone."));
  emit_update (self);
}

void
cw_main_agent_disconnected (SpiceMainChannel *self)
{
  bool was_connected = cw_agent_is_connected (self->priv->agent);

  cw_agent_disconnect (self->priv->agent);
  tell_disconnected (self, was_connected);
}

void
cw_main_agent_reset (SpiceMainChannel *self)
{
  bool was_connected = cw_agent_is_connected (self->priv->agent);

  cw_agent_reset (self->priv->agent);
  self->priv->draining = false;
  tell_disconnected (self, was_connected);
}

void
cw_main_agent_data (SpiceMainChannel *self, GBytes *body)
{
  GError *error = NULL;

  if (!cw_agent_receive (self->priv->agent, body, &error))
    cw_channel_end (SPICE_CHANNEL (self), error);
}

void
cw_main_channel_set_volume (SpiceMainChannel *self, bool playback, bool mute, const uint16_t *volume,
                            unsigned n_channels)
{
  cw_volume_sync_set (&self->priv->volume_sync, playback, mute, volume, n_channels);
  cw_volume_sync_tell (&self->priv->volume_sync, self->priv->agent);
}

/**
 * spice_main_channel_agent_test_capability:
 * @channel: the main channel
 * @cap: a capability of guest agents
 *
 * Whether the guest agent has announced a capability (enum VD_AGENT_CAP); FALSE without an agent.
 *
 * Returns: whether there is a guest agent that has told to have it
 */
gboolean
spice_main_channel_agent_test_capability (SpiceMainChannel *channel, guint32 cap)
{
  g_return_val_if_fail (SPICE_IS_MAIN_CHANNEL (channel), FALSE);

  return cw_agent_can (channel->priv->agent, cap);
}

/**
 * spice_main_agent_test_capability:
 * @channel: the main channel
 * @cap: a capability of guest agents
 *
 * The older name of spice_main_channel_agent_test_capability().
 *
 * Returns: whether there is a guest agent that has told to have it
 *
 * Deprecated: 0.38: use spice_main_channel_agent_test_capability()
 */
gboolean
spice_main_agent_test_capability (SpiceMainChannel *channel, guint32 cap)
{
  return spice_main_channel_agent_test_capability (channel, cap);
}
