/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/live.h"

CwLive *
cw_live_new (SpiceChannel *channel, CwConnection *connection, GMainContext *context, const CwPumpEvents *events,
             unsigned pause_reason)
{
  CwLive *self = g_new0 (CwLive, 1);

  *self = (CwLive){ .refs = 1, .channel = channel, .connection = connection };
  self->pump = cw_pump_new (connection->stream, context, connection->mini_header, events, self);
  cw_pump_set_sent (self->pump, connection->sent_first ? 1 : 0);
  cw_pump_pause (self->pump, pause_reason);
  return self;
}

CwLive *
cw_live_ref (CwLive *self)
{
  self->refs++;
  return self;
}

void
cw_live_unref (CwLive *self)
{
  if (--self->refs > 0)
    return;
  g_clear_pointer (&self->pump, cw_pump_unref);
  g_clear_pointer (&self->connection, cw_connection_free);
  cw_slab_clear (&self->memory);
  g_free (self);
}

void
cw_live_close (CwLive *self)
{
  self->channel = NULL;
  cw_pump_close (self->pump);
  g_clear_pointer (&self->connection, cw_connection_free);
  cw_live_unref (self);
}

void
cw_live_exchange (CwLive **a, CwLive **b)
{
  CwLive *kept = *a;
  SpiceChannel *owner = (*a)->channel;

  (*a)->channel = (*b)->channel;
  (*b)->channel = owner;
  *a = *b;
  *b = kept;
}

void
cw_live_continue (CwLive *self, const CwLive *before)
{
  self->received_serial = before->received_serial;
  cw_pump_continue (self->pump, before->pump);
}
