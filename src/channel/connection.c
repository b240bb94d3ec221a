/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A channel's connections: beginning (dial.c does the work), events, the end.
 *
 * Whatever happens, the channel is unconnected before the application hears of it, so a handler may connect again;
 * `attempt` tells everything that belongs to an earlier connection. From the beginning of an attempt to its last
 * event each connection holds a reference on the channel (`n_running`). */
#include "base/i18n.h"
#include "channel/owner.h"
#include "channel/private.h"
#include "spice-client.h"

/* After the last event of a connection. */
static void
end_running (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;
  const CwChannelHost *host = priv->host;
  SpiceSession *session = NULL;

  if (--priv->n_running == 0)
    session = g_steal_pointer (&priv->departed_session);
  g_object_unref (self);
  if (!session)
    return;
  host->connection_ended (session, self);
  g_object_unref (session);
}

static void
reset (SpiceChannel *self)
{
  if (SPICE_CHANNEL_GET_CLASS (self)->channel_reset)
    SPICE_CHANNEL_GET_CLASS (self)->channel_reset (self, FALSE);
}

/* Who takes down what comes on this connection; NULL: nobody, or a recording that began later. */
static CwRecorder *
recorder_of (SpiceChannel *self, const CwLive *live)
{
  CwRecorder *recorder = self->priv->session ? self->priv->host->recorder (self->priv->session) : NULL;

  return recorder == live->recorder ? recorder : NULL;
}

static void
record_opened (SpiceChannel *self, CwLive *live)
{
  const CwConnection *connection = live->connection;
  CwRecorder *recorder = self->priv->host->recorder (self->priv->session);

  live->recorder = recorder;
  if (recorder)
    cw_recorder_opened (recorder, (uint8_t) self->priv->type, (uint8_t) self->priv->id, &connection->common_caps,
                        &connection->channel_caps, connection->mini_header);
}

/* A list holds its sub-messages; with full headers they stand elsewhere, and are recorded instead of the list. */
static void
record_frame (SpiceChannel *self, const CwLive *live, const CwPumpFrame *frame)
{
  CwRecorder *recorder = recorder_of (self, live);

  if (recorder && (live->connection->mini_header ? !frame->is_sub : frame->type != CW_MSG_LIST))
    cw_recorder_message (recorder, (uint8_t) self->priv->type, (uint8_t) self->priv->id, frame->type, frame->serial,
                         frame->body);
}

static void
record_closed (SpiceChannel *self, const CwLive *live)
{
  CwRecorder *recorder = recorder_of (self, live);

  if (recorder)
    cw_recorder_closed (recorder, (uint8_t) self->priv->type, (uint8_t) self->priv->id);
}

/* Programs count what the server sent before its first message, too. */
static void
drop_dial (SpiceChannelPrivate *priv)
{
  if (priv->dial)
    priv->read_before += cw_dial_bytes_read (priv->dial);
  g_clear_pointer (&priv->dial, cw_dial_free);
}

/* Ends an attempt or a connection without a word; what is to be told, the caller tells. */
static void
tear_down (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;
  CwLive *live = g_steal_pointer (&priv->live);

  cw_channel_set_state (self, CW_CHANNEL_UNCONNECTED);
  priv->attempt++;
  drop_dial (priv);
  cw_channel_shutdown_broken (self);
  if (!live)
    return;
  record_closed (self, live);
  cw_channel_messages_stop (self);
  cw_channel_drop_held (self);
  priv->read_before += cw_pump_bytes_read (live->pump);
  cw_live_close (live);
}

static void
fail_attempt (SpiceChannel *self, SpiceChannelEvent event, GError *error)
{
  SpiceChannelPrivate *priv = self->priv;

  tear_down (self);
  g_clear_error (&priv->error);
  priv->error = cw_channel_public_error (error);
  reset (self);
  cw_channel_emit_event (self, event);
  end_running (self);
}

void
cw_channel_end (SpiceChannel *self, GError *error)
{
  SpiceChannelPrivate *priv = self->priv;
  g_autoptr (GTask) shutdown = NULL;
  bool broken = error != NULL;

  if (!cw_channel_is_ready (self)) {
    g_clear_error (&error);
    return;
  }
  shutdown = g_steal_pointer (&priv->shutdown);
  tear_down (self);
  g_clear_error (&priv->error);
  priv->error = cw_channel_public_error (error);
  reset (self);
  if (shutdown)
    cw_channel_shutdown_done (shutdown, priv->error);
  if (broken)
    cw_channel_emit_event (self, SPICE_CHANNEL_ERROR_IO);
  cw_channel_emit_event (self, SPICE_CHANNEL_CLOSED);
  end_running (self);
}

void
cw_channel_finish (SpiceChannel *self, GError *error)
{
  SpiceChannelPrivate *priv = self->priv;
  const SpiceChannelClassPrivate *class = cw_channel_class (self);

  if (priv->state == CW_CHANNEL_STARTED && class->drain) {
    cw_pump_pause (priv->live->pump, CW_PAUSE_RETIRED);
    cw_channel_set_state (self, CW_CHANNEL_DRAINING);
    if (class->drain (self, error))
      return;
  }
  cw_channel_end (self, error);
}

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  const CwLive *live = data;
  g_autoptr (SpiceChannel) self = g_object_ref (live->channel);
  g_autoptr (GError) error = NULL;

  record_frame (self, live, frame);
  if (!cw_channel_frame (self, frame, &error))
    cw_channel_finish (self, g_steal_pointer (&error));
}

static void
on_closed (gpointer data, const GError *error)
{
  const CwLive *live = data;
  bool orderly = !error || g_error_matches (error, CW_ERROR, CW_ERROR_CLOSED);

  cw_channel_finish (live->channel, orderly ? NULL : g_error_copy (error));
}

static uint32_t
frame_limit (gpointer data, uint16_t type)
{
  const CwLive *live = data;

  return cw_message_most ((CwChannelType) live->channel->priv->type, type);
}

static bool
has_descriptors (gpointer data, uint16_t type, CwSlice body)
{
  const CwLive *live = data;
  const CwMessageInfo *info = cw_message_info (live->channel->priv->type, CW_FROM_SERVER, type);

  return info && cw_message_has_descriptors (info, body);
}

static void
on_dial_connected (gpointer data, CwConnection *connection)
{
  static const CwPumpEvents events = { on_frame, on_closed, frame_limit, has_descriptors };
  g_autoptr (SpiceChannel) self = g_object_ref (data);
  SpiceChannelPrivate *priv = self->priv;
  unsigned attempt = priv->attempt;
  bool prepared;

  if (priv->retired) {
    cw_connection_free (connection);
    return;
  }
  drop_dial (priv);
  priv->live = cw_live_new (self, connection, priv->context, &events, CW_PAUSE_EMIT);
  cw_pump_share_bodies (priv->live->pump, cw_channel_body_bytes (self));
  record_opened (self, priv->live);
  cw_channel_set_state (self, CW_CHANNEL_OPENING);
  cw_channel_messages_start (self);

  prepared = priv->host->is_for_migration (priv->session);
  if (prepared && priv->type != CW_CHANNEL_MAIN)
    cw_pump_pause (priv->live->pump, CW_PAUSE_PREPARED);
  if (prepared)
    cw_channel_set_state (self, CW_CHANNEL_PREPARED);
  cw_channel_emit_event (self, SPICE_CHANNEL_OPENED);
  if (attempt != priv->attempt)
    return;
  if (prepared) {
    cw_pump_resume (priv->live->pump, CW_PAUSE_EMIT);
    return;
  }
  if (SPICE_CHANNEL_GET_CLASS (self)->channel_up)
    SPICE_CHANNEL_GET_CLASS (self)->channel_up (self);
  if (attempt != priv->attempt)
    return;
  cw_channel_set_state (self, CW_CHANNEL_STARTED);
  cw_pump_resume (priv->live->pump, CW_PAUSE_EMIT);
}

static SpiceChannelEvent
event_of_failure (CwConnectFailure failure)
{
  switch (failure) {
  case CW_CONNECT_FAILURE_TLS:
    return SPICE_CHANNEL_ERROR_TLS;
  case CW_CONNECT_FAILURE_LINK:
  case CW_CONNECT_FAILURE_NEED_SECURED:
    return SPICE_CHANNEL_ERROR_LINK;
  case CW_CONNECT_FAILURE_AUTH:
    return SPICE_CHANNEL_ERROR_AUTH;
  case CW_CONNECT_FAILURE_CONNECT:
  case CW_CONNECT_FAILURE_CANCELLED:
    break;
  }
  return SPICE_CHANNEL_ERROR_CONNECT;
}

/* Which credentials a program has to ask its user for before it tries again. */
static SpiceClientError
auth_error_code (const GError *cause)
{
  if (g_error_matches (cause, CW_ERROR, CW_ERROR_AUTH_USER))
    return SPICE_CLIENT_ERROR_AUTH_NEEDS_USERNAME;
  if (g_error_matches (cause, CW_ERROR, CW_ERROR_AUTH_USER_AND_PASSWORD))
    return SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD_AND_USERNAME;
  return SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD;
}

static void
on_dial_failed (gpointer data, CwConnectFailure failure, GError *error)
{
  g_autoptr (SpiceChannel) self = g_object_ref (data);

  if (self->priv->retired) {
    g_error_free (error);
    return;
  }
  if (failure == CW_CONNECT_FAILURE_AUTH) {
    GError *cause = error;

    error = g_error_new (SPICE_CLIENT_ERROR, (int) auth_error_code (cause), _ ("Authentication failed: %s"),
                         cause->message);
    g_error_free (cause);
  }
  fail_attempt (self, event_of_failure (failure), error);
}

static void
on_dial_asks (gpointer data, bool with_tls)
{
  cw_channel_emit_open_fd (data, with_tls);
}

static CwTarget
target (gpointer data)
{
  SpiceChannelPrivate *priv = SPICE_CHANNEL (data)->priv;

  return priv->host->target (priv->session);
}

/* The target of a migration is told nothing before its turn. */
static GBytes *
first_message (gpointer data, uint16_t *type)
{
  SpiceChannel *self = data;
  const SpiceChannelClassPrivate *class = cw_channel_class (self);
  g_auto (CwBuffer) body;

  cw_buffer_init (&body, CW_MAX_BODY_SIZE);
  if (!class->first_message || self->priv->host->is_for_migration (self->priv->session))
    return NULL;
  *type = class->first_message (self, &body);
  return cw_buffer_steal (&body);
}

static const CwDialEvents dial_events = { on_dial_asks, on_dial_connected, on_dial_failed };

static void
end_by_force (SpiceChannel *self)
{
  if (cw_channel_is_ready (self))
    spice_channel_disconnect (self, SPICE_CHANNEL_CLOSED);
  /* Or before it was ready; and programs connect again when they hear of the end. */
  spice_channel_disconnect (self, SPICE_CHANNEL_NONE);
}

static void
begin_attempt (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;
  const CwDialParams params = {
    .channel_type = priv->type,
    .channel_id = priv->id,
    .caps = &priv->caps,
    .descriptor_caps = &priv->descriptor_caps,
    .common_caps = &priv->common_caps,
    .context = priv->context,
    .link_order = priv->host->link_order (priv->session),
    .links_first = cw_channel_class (self)->links_first,
    .target = target,
    .first_message = first_message,
    .events = &dial_events,
    .data = self,
  };

  cw_channel_set_state (self, CW_CHANNEL_DIALLING);
  priv->dial = cw_dial_new (&params);
  priv->end_by_force = end_by_force;
  g_clear_error (&priv->error);
  priv->n_running++;
  g_object_ref (self);
}

/**
 * spice_channel_connect:
 * @channel: a channel
 *
 * Connects the channel; the result comes as #SpiceChannel::channel-event.
 *
 * Returns: %TRUE unless the channel belongs to no session any more
 */
gboolean
spice_channel_connect (SpiceChannel *channel)
{
  SpiceChannelPrivate *priv;

  g_return_val_if_fail (SPICE_IS_CHANNEL (channel), FALSE);

  priv = channel->priv;
  if (!priv->session || !priv->host)
    return FALSE;
  if (cw_channel_is_active (channel))
    return TRUE;
  begin_attempt (channel);
  cw_dial_start (priv->dial);
  return TRUE;
}

/**
 * spice_channel_open_fd:
 * @channel: a channel
 * @fd: a connected socket, owned by the channel from now on; -1 to be asked for one
 *
 * Connects the channel by a socket of the application.
 *
 * Returns: %TRUE on success; on failure the socket still belongs to the caller
 */
gboolean
spice_channel_open_fd (SpiceChannel *channel, int fd)
{
  SpiceChannelPrivate *priv;

  g_return_val_if_fail (SPICE_IS_CHANNEL (channel), FALSE);
  g_return_val_if_fail (fd >= -1, FALSE);

  priv = channel->priv;
  g_return_val_if_fail (!priv->dial || !cw_dial_has_socket (priv->dial), FALSE);
  if (!priv->session || !priv->host)
    return FALSE;
  if (cw_channel_is_active (channel) && !cw_channel_awaits_fd (channel)) {
    g_warning ("%s:%d: the channel is connected already, or connecting", spice_channel_type_to_string (priv->type),
               priv->id);
    return FALSE;
  }
  if (!cw_channel_is_active (channel))
    begin_attempt (channel);
  if (fd < 0)
    cw_dial_ask_for_socket (priv->dial);
  else
    cw_dial_give_socket (priv->dial, fd);
  return TRUE;
}

/* A turn after spice_channel_disconnect (). */
static void
announce_closed (SpiceChannel *self)
{
  reset (self);
  cw_channel_emit_event (self, SPICE_CHANNEL_CLOSED);
  end_running (self);
}

/**
 * spice_channel_disconnect:
 * @channel: a channel
 * @reason: an event to emit at once, or %SPICE_CHANNEL_NONE
 *
 * Closes the channel's connection. It stays in its session and may be connected again.
 */
void
spice_channel_disconnect (SpiceChannel *channel, SpiceChannelEvent reason)
{
  g_autoptr (SpiceChannel) guard = NULL;
  bool was_ready;

  g_return_if_fail (SPICE_IS_CHANNEL (channel));

  if (!cw_channel_is_active (channel))
    return;
  guard = g_object_ref (channel);
  was_ready = cw_channel_is_ready (channel);
  /* What the program said before, a key release maybe, is to arrive. */
  if (was_ready)
    cw_pump_write_now (channel->priv->live->pump);
  tear_down (channel);
  if (was_ready && reason == SPICE_CHANNEL_CLOSED) {
    announce_closed (channel);
    return;
  }
  if (was_ready)
    cw_channel_defer (channel, announce_closed);
  if (reason != SPICE_CHANNEL_NONE)
    cw_channel_emit_event (channel, reason);
  if (!was_ready)
    end_running (channel);
}

void
cw_channel_switch (SpiceChannel *self)
{
  tear_down (self);
  cw_channel_emit_event (self, SPICE_CHANNEL_SWITCHING);
}

void
cw_channel_switched (SpiceChannel *self)
{
  reset (self);
  end_running (self);
}

bool
cw_channel_is_secured (SpiceChannel *self)
{
  return self->priv->live && self->priv->live->connection->is_tls;
}

void
cw_channel_retire (SpiceChannel *self)
{
  self->priv->retired = true;
  if (self->priv->live)
    cw_pump_pause (self->priv->live->pump, CW_PAUSE_RETIRED);
}

bool
cw_channel_detach (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;

  spice_channel_disconnect (self, SPICE_CHANNEL_NONE);
  if (priv->n_running == 0) {
    g_clear_object (&priv->session);
    return false;
  }
  g_set_object (&priv->departed_session, priv->session);
  g_clear_object (&priv->session);
  return true;
}

/**
 * spice_channel_destroy:
 * @channel: a channel
 *
 * Disconnects the channel and drops a reference.
 *
 * Deprecated: 0.27: use spice_channel_disconnect() and g_object_unref()
 */
void
spice_channel_destroy (SpiceChannel *channel)
{
  g_return_if_fail (SPICE_IS_CHANNEL (channel));

  spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
  g_object_unref (channel);
}
