/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether there is a guest agent. */
#include "channel/main/main.h"

void
cw_main_agent_set_connected (SpiceMainChannel *self, bool connected)
{
  if (self->priv->agent_connected != connected) {
    self->priv->agent_connected = connected;
    g_object_notify (G_OBJECT (self), "agent-connected");
  }
  g_signal_emit_by_name (self, "main-agent-update");
}

void
cw_main_agent_reset (SpiceMainChannel *self)
{
  cw_main_agent_set_connected (self, false);
}
