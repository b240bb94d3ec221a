/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending, and what a read-only session does not send. */
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
  if (!cw_channel_is_ready (self) || is_forbidden (self, type))
    return false;
  if (cw_message_write (info, data, &body)
      && cw_pump_send_buffer (priv->live->pump, type, &body, urgent ? CW_PUMP_URGENT : CW_PUMP_NORMAL, &error))
    return true;
  g_debug ("%s:%d: %s not sent: %s", info->channel, priv->id, info->name, error ? error->message : "bad content");
  return false;
}

bool
cw_channel_send_bytes (SpiceChannel *self, uint16_t type, GBytes *body, GError **error)
{
  GError *problem = NULL;

  if (!cw_channel_is_ready (self))
    problem = g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "The channel is not connected.");
  else if (is_forbidden (self, type))
    problem = g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "The session is read-only.");
  else
    cw_pump_send (self->priv->live->pump, type, body, CW_PUMP_NORMAL, &problem);
  if (!problem)
    return true;
  g_propagate_error (error, cw_channel_public_error (problem));
  return false;
}

void
cw_channel_flush (SpiceChannel *self, CwChannelFlushFunc done, gpointer data)
{
  cw_pump_flush (self->priv->live->pump, done, data);
}

void
cw_channel_set_queue_limit (SpiceChannel *self, size_t bytes)
{
  cw_pump_set_queue_limit (self->priv->live->pump, bytes);
}

size_t
cw_channel_queued_bytes (SpiceChannel *self)
{
  return self->priv->live ? cw_pump_queued_bytes (self->priv->live->pump) : 0;
}
