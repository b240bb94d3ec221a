/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest.h"

static bool
has_announced (gpointer data)
{
  int capabilities = 0;

  g_object_get (data, "agent-caps-0", &capabilities, NULL);
  return capabilities != 0;
}

bool
guest_wait (Client *client, int capability, const char *what, GError **error)
{
  SpiceMainChannel *channel = client_main (client);

  if (!client_wait (client, has_announced, channel, "the guest agent", error))
    return false;
  if (capability < 0 || spice_main_channel_agent_test_capability (channel, (guint32) capability))
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED, "the guest agent cannot do that: no %s", what);
  return false;
}
