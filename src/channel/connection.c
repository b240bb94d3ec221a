/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A channel's connection: attempts, events, the end.
 *
 * Whatever happens, the channel is unconnected before the application hears of it, so a handler may connect again;
 * `attempt` tells everything that belongs to an earlier connection. From the beginning of an attempt to its last
 * event each connection holds a reference on the channel (`n_running`). */
#include "channel/owner.h"
#include "channel/private.h"
#include "spice-client.h"

#include <unistd.h>

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

static void
drop_fd (SpiceChannelPrivate *priv)
{
  if (priv->fd >= 0)
    close (priv->fd);
  priv->fd = -1;
}

/* Ends an attempt or a connection without a word; what is to be told, the caller tells. */
static void
tear_down (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;
  bool was_ready = cw_channel_is_ready (self);
  g_autoptr (CwPump) pump = g_steal_pointer (&priv->pump);

  cw_channel_set_state (self, CW_CHANNEL_UNCONNECTED);
  priv->attempt++;
  drop_fd (priv);
  if (priv->scheduled)
    g_source_destroy (priv->scheduled);
  priv->scheduled = NULL;
  if (priv->cancellable)
    g_cancellable_cancel (priv->cancellable);
  g_clear_object (&priv->cancellable);
  if (was_ready)
    cw_channel_messages_stop (self);
  if (pump) {
    priv->read_before += cw_pump_bytes_read (pump);
    cw_pump_close (pump);
  }
  g_clear_pointer (&priv->connection, cw_connection_free);
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
  bool broken = error != NULL;

  if (!cw_channel_is_ready (self)) {
    g_clear_error (&error);
    return;
  }
  tear_down (self);
  g_clear_error (&priv->error);
  priv->error = cw_channel_public_error (error);
  reset (self);
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
    cw_pump_pause (priv->pump, CW_PAUSE_RETIRED);
    cw_channel_set_state (self, CW_CHANNEL_DRAINING);
    if (class->drain (self, error))
      return;
  }
  cw_channel_end (self, error);
}

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  g_autoptr (SpiceChannel) self = g_object_ref (data);
  g_autoptr (GError) error = NULL;

  if (!cw_channel_frame (self, frame, &error))
    cw_channel_finish (self, g_steal_pointer (&error));
}

static void
on_closed (gpointer data, const GError *error)
{
  bool orderly = !error || g_error_matches (error, CW_ERROR, CW_ERROR_CLOSED);

  cw_channel_finish (data, orderly ? NULL : g_error_copy (error));
}

static uint32_t
frame_limit (gpointer data, uint16_t type)
{
  const SpiceChannelClassPrivate *class = cw_channel_class (data);
  uint32_t limit = class->frame_limit ? class->frame_limit (type) : 0;

  return limit > 0 ? limit : CW_FRAME_LIMIT;
}

static bool
has_descriptors (gpointer data, uint16_t type, CwSlice body)
{
  const CwMessageInfo *info = cw_message_info (SPICE_CHANNEL (data)->priv->type, CW_FROM_SERVER, type);

  return info && cw_message_has_descriptors (info, body);
}

/* What the server sent before its first message: programs count it. */
static uint64_t
link_bytes (const CwConnection *connection)
{
  uint32_t words = connection->common_caps.n_words + connection->channel_caps.n_words;

  return CW_LINK_HEADER_SIZE + CW_LINK_REPLY_SIZE + 4 * (uint64_t) words + 4;
}

static void
open_connection (SpiceChannel *self, CwConnection *connection)
{
  static const CwPumpEvents events = { on_frame, on_closed, frame_limit, has_descriptors };
  SpiceChannelPrivate *priv = self->priv;
  unsigned attempt = priv->attempt;

  g_clear_object (&priv->cancellable);
  priv->connection = connection;
  priv->read_before += link_bytes (connection);
  priv->pump = cw_pump_new (connection->stream, priv->context, connection->mini_header, &events, self);
  cw_pump_pause (priv->pump, CW_PAUSE_EMIT);
  cw_channel_set_state (self, CW_CHANNEL_OPENING);
  cw_channel_messages_start (self);

  cw_channel_emit_event (self, SPICE_CHANNEL_OPENED);
  if (attempt != priv->attempt)
    return;
  if (SPICE_CHANNEL_GET_CLASS (self)->channel_up)
    SPICE_CHANNEL_GET_CLASS (self)->channel_up (self);
  if (attempt != priv->attempt)
    return;
  cw_channel_set_state (self, CW_CHANNEL_STARTED);
  cw_pump_resume (priv->pump, CW_PAUSE_EMIT);
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

typedef struct {
  SpiceChannel *channel; /* strong */
  unsigned attempt;
} Attempt;

static void
free_attempt (Attempt *self)
{
  g_object_unref (self->channel);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, free_attempt)

static void begin_connect (SpiceChannel *self);

static void
ask_for_fd (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;

  cw_channel_set_state (self, CW_CHANNEL_AWAITING_FD);
  priv->secured = priv->secured || priv->host->needs_tls (priv->session, priv->type);
  cw_channel_emit_open_fd (self, priv->secured);
}

/* The server wants this channel secured: the same attempt goes on so, once. */
static void
secure (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;

  priv->secured = true;
  if (priv->session && priv->host->asks_for_fd (priv->session))
    ask_for_fd (self);
  else
    begin_connect (self);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Attempt) attempt = data;
  SpiceChannel *self = attempt->channel;
  SpiceChannelPrivate *priv = self->priv;
  g_autoptr (GError) error = NULL;
  CwConnectFailure failure = CW_CONNECT_FAILURE_CONNECT;
  g_autoptr (CwConnection) connection = cw_connect_finish (result, &failure, &error);

  if (attempt->attempt != priv->attempt || priv->retired)
    return;
  if (connection) {
    open_connection (self, g_steal_pointer (&connection));
  } else if (failure == CW_CONNECT_FAILURE_NEED_SECURED && !priv->secured) {
    secure (self);
  } else if (failure == CW_CONNECT_FAILURE_AUTH) {
    fail_attempt (self, SPICE_CHANNEL_ERROR_AUTH,
                  g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD, "Authentication failed: %s",
                               error->message));
  } else {
    fail_attempt (self, event_of_failure (failure), g_steal_pointer (&error));
  }
}

static void
begin_connect (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  CwTlsParams tls = { 0 };
  GError *error = NULL;
  Attempt *attempt;

  priv->scheduled = NULL;
  if (priv->retired)
    return;
  cw_channel_set_state (self, CW_CHANNEL_CONNECTING);
  params.fd = priv->fd;
  if (!priv->session || !priv->host->target (priv->session, priv->type, &priv->secured, &params, &tls, &error)) {
    fail_attempt (self, SPICE_CHANNEL_ERROR_CONNECT, error);
    return;
  }
  priv->fd = -1;
  params.context = priv->context;
  params.link.channel_type = (uint8_t) priv->type;
  params.link.channel_id = (uint8_t) priv->id;
  params.link.channel_caps = &priv->caps;
  params.link.common_caps = &priv->common_caps;
  attempt = g_new (Attempt, 1);
  *attempt = (Attempt){ g_object_ref (self), priv->attempt };
  g_clear_object (&priv->cancellable);
  priv->cancellable = g_cancellable_new ();
  cw_connect_async (&params, priv->cancellable, on_connected, attempt);
}

static void
schedule_connect (SpiceChannel *self)
{
  cw_channel_set_state (self, CW_CHANNEL_SCHEDULED);
  self->priv->scheduled = cw_channel_defer (self, begin_connect);
}

static void
begin_attempt (SpiceChannel *self)
{
  SpiceChannelPrivate *priv = self->priv;

  priv->secured = false;
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
  if (priv->host->asks_for_fd (priv->session))
    ask_for_fd (channel);
  else
    schedule_connect (channel);
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
  g_return_val_if_fail (priv->fd < 0, FALSE);
  if (!priv->session || !priv->host)
    return FALSE;
  if (cw_channel_is_active (channel) && !cw_channel_awaits_fd (channel)) {
    g_warning ("%s:%d: the channel is connected already, or connecting", spice_channel_type_to_string (priv->type),
               priv->id);
    return FALSE;
  }
  if (!cw_channel_is_active (channel)) {
    begin_attempt (channel);
    priv->secured = priv->host->needs_tls (priv->session, priv->type);
  }
  if (fd < 0) {
    ask_for_fd (channel);
    return TRUE;
  }
  priv->fd = fd;
  schedule_connect (channel);
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
cw_channel_retire (SpiceChannel *self)
{
  self->priv->retired = true;
  if (self->priv->pump)
    cw_pump_pause (self->priv->pump, CW_PAUSE_RETIRED);
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
