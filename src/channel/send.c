/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending, and what a read-only session does not send. */
#include "base/i18n.h"
#include "channel/private.h"

#include "spice-client.h"

static bool
alters_guest (SpiceChannel *self, uint16_t type)
{
  const uint16_t *allowed = cw_channel_class (self)->read_only_messages;

  if (type <= CW_MSGC_DISCONNECTING)
    return false;
  for (; allowed && *allowed; allowed++)
    if (*allowed == type)
      return false;
  return true;
}

static bool
is_forbidden (SpiceChannel *self, uint16_t type)
{
  SpiceChannelPrivate *priv = self->priv;

  return alters_guest (self, type) && priv->session && priv->host->read_only (priv->session);
}

/* Before its turn only the main channel has something to say to the target of a migration. */
static bool
may_send (SpiceChannel *self)
{
  return cw_channel_is_ready (self)
         && (self->priv->state != CW_CHANNEL_PREPARED || self->priv->type == CW_CHANNEL_MAIN);
}

static bool
send_body (SpiceChannel *self, uint16_t type, CwBuffer *body, bool urgent, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  if (self->priv->state != CW_CHANNEL_MIGRATING)
    return cw_pump_send_buffer (self->priv->live->pump, type, body, urgent ? CW_PUMP_URGENT : CW_PUMP_NORMAL, error);
  /* What answers the source means nothing to the target. */
  if (urgent)
    return true;
  bytes = cw_buffer_steal (body);
  return bytes && cw_channel_hold (self, type, bytes);
}

bool
cw_channel_send (SpiceChannel *self, uint16_t type, const void *data)
{
  SpiceChannelPrivate *priv = self->priv;
  const CwMessageInfo *info = cw_message_info (priv->type, CW_FROM_CLIENT, type);
  bool urgent = type == CW_MSGC_PONG || type == CW_MSGC_ACK || type == CW_MSGC_ACK_SYNC;
  g_autoptr (GError) error = NULL;
  g_auto (CwBuffer) body;

  cw_buffer_init (&body, CW_MAX_BODY_SIZE);
  g_assert (info);
  if (!may_send (self) || is_forbidden (self, type))
    return false;
  if (cw_message_write (info, data, &body) && send_body (self, type, &body, urgent, &error))
    return true;
  g_debug ("%s:%d: %s not sent: %s", info->channel, priv->id, info->name, error ? error->message : "bad content");
  return false;
}

bool
cw_channel_sent_first (SpiceChannel *self)
{
  return self->priv->live->connection->sent_first;
}

/* Each message for itself, as they are counted. */
static bool
hold_pieces (SpiceChannel *self, uint16_t type, GBytes *bytes, size_t piece)
{
  size_t size = g_bytes_get_size (bytes), at = 0;

  do {
    g_autoptr (GBytes) body = g_bytes_new_from_bytes (bytes, at, MIN (piece, size - at));

    if (!cw_channel_hold (self, type, body))
      return false;
    at += g_bytes_get_size (body);
  } while (at < size);
  return true;
}

/* What stands against sending bytes of the application; NULL: nothing. */
static GError *
objection (SpiceChannel *self, uint16_t type)
{
  if (!may_send (self))
    return g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("The channel is not connected."));
  if (is_forbidden (self, type))
    return g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("The session is read-only."));
  return NULL;
}

static GError *
too_much (void)
{
  return g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("Too much waits to be sent already."));
}

static bool
is_fine (GError *problem, GError **error)
{
  if (problem)
    g_propagate_error (error, cw_channel_public_error (problem));
  return !problem;
}

bool
cw_channel_send_pieces (SpiceChannel *self, uint16_t type, GBytes *bytes, size_t piece, GError **error)
{
  GError *problem = objection (self, type);

  if (!problem && self->priv->state != CW_CHANNEL_MIGRATING)
    cw_pump_send_pieces (self->priv->live->pump, type, bytes, piece, &problem);
  else if (!problem && !hold_pieces (self, type, bytes, piece))
    problem = too_much ();
  return is_fine (problem, error);
}

bool
cw_channel_can_pipe (SpiceChannel *self)
{
  return may_send (self) && self->priv->state != CW_CHANNEL_MIGRATING && cw_pump_can_pipe (self->priv->live->pump);
}

bool
cw_channel_send_piped (SpiceChannel *self, uint16_t type, GBytes *body, const CwPiped *piped, GError **error)
{
  GError *problem = objection (self, type);

  if (!problem && self->priv->state == CW_CHANNEL_MIGRATING)
    problem = too_much ();
  if (!problem)
    cw_pump_send_piped (self->priv->live->pump, type, body, piped, &problem);
  return is_fine (problem, error);
}

bool
cw_channel_send_bytes (SpiceChannel *self, uint16_t type, GBytes *body, GError **error)
{
  return cw_channel_send_pieces (self, type, body, SIZE_MAX, error);
}

void
cw_channel_flush (SpiceChannel *self, CwChannelFlushFunc done, gpointer data)
{
  if (self->priv->state == CW_CHANNEL_MIGRATING)
    cw_channel_hold_flush (self, done, data);
  else
    cw_pump_flush (self->priv->live->pump, done, data);
}

void
cw_channel_await_room (SpiceChannel *self, size_t low_water, CwChannelFlushFunc done, gpointer data)
{
  if (self->priv->state == CW_CHANNEL_MIGRATING)
    cw_channel_hold_flush (self, done, data);
  else
    cw_pump_await_room (self->priv->live->pump, low_water, done, data);
}

void
cw_channel_set_queue_limit (SpiceChannel *self, size_t bytes)
{
  cw_pump_set_queue_limit (self->priv->live->pump, bytes);
}

void
cw_channel_set_stream (SpiceChannel *self, uint16_t type)
{
  cw_pump_set_stream (self->priv->live->pump, type);
}

size_t
cw_channel_queued_bytes (SpiceChannel *self)
{
  return self->priv->live ? cw_pump_queued_bytes (self->priv->live->pump) : 0;
}
