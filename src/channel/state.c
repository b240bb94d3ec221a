/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states of a channel's connection, and which may follow which. */
#include "channel/owner.h"
#include "channel/private.h"

#define BIT(state) (1u << CW_CHANNEL_##state)

static const unsigned may_follow[CW_CHANNEL_N_STATES] = {
  [CW_CHANNEL_UNCONNECTED] = BIT (DIALLING),
  [CW_CHANNEL_DIALLING] = BIT (OPENING) | BIT (UNCONNECTED),
  [CW_CHANNEL_OPENING] = BIT (PREPARED) | BIT (STARTED) | BIT (UNCONNECTED),
  [CW_CHANNEL_PREPARED] = BIT (STARTED) | BIT (UNCONNECTED),
  [CW_CHANNEL_STARTED] = BIT (PREPARED) | BIT (MIGRATING) | BIT (DRAINING) | BIT (UNCONNECTED),
  [CW_CHANNEL_MIGRATING] = BIT (STARTED) | BIT (UNCONNECTED),
  [CW_CHANNEL_DRAINING] = BIT (UNCONNECTED),
};

void
cw_channel_set_state (SpiceChannel *self, CwChannelState next)
{
  g_assert (may_follow[self->priv->state] & (1u << next));
  self->priv->state = next;
}

bool
cw_channel_is_active (SpiceChannel *self)
{
  return self->priv->state != CW_CHANNEL_UNCONNECTED;
}

bool
cw_channel_is_running (SpiceChannel *self)
{
  return self->priv->n_running > 0;
}

bool
cw_channel_was_connected (SpiceChannel *self)
{
  return cw_channel_is_active (self) || self->priv->attempt > 0;
}

bool
cw_channel_is_connecting (SpiceChannel *self)
{
  return self->priv->state == CW_CHANNEL_DIALLING;
}

bool
cw_channel_awaits_fd (SpiceChannel *self)
{
  return self->priv->dial && cw_dial_awaits_socket (self->priv->dial);
}

bool
cw_channel_is_ready (SpiceChannel *self)
{
  return self->priv->state >= CW_CHANNEL_OPENING;
}

bool
cw_channel_is_prepared (SpiceChannel *self)
{
  return self->priv->state == CW_CHANNEL_PREPARED;
}

bool
cw_channel_is_started (SpiceChannel *self)
{
  return self->priv->state >= CW_CHANNEL_STARTED && !self->priv->retired;
}
