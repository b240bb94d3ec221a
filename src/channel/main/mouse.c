/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of the two mouse modes is in use, and which one is wanted. */
#include "channel/main/main.h"

void
cw_main_mouse_mode (SpiceMainChannel *self, uint32_t supported, uint32_t current)
{
  SpiceMainChannelPrivate *priv = self->priv;
  SpiceChannel *channel = SPICE_CHANNEL (self);
  unsigned attempt = cw_channel_attempt (channel);

  if (priv->mouse_mode != (int) current) {
    priv->mouse_mode = (int) MIN (current, G_MAXINT);
    g_signal_emit (self, cw_main_signals[CW_MAIN_MOUSE_UPDATE], 0);
    g_object_notify (G_OBJECT (self), "mouse-mode");
  }
  if (attempt == cw_channel_attempt (channel) && priv->wanted_mouse_mode != (int) current
      && (supported & (uint32_t) priv->wanted_mouse_mode))
    cw_channel_send (channel, CW_MSGC_MAIN_MOUSE_MODE_REQUEST,
                     &(CwMsgcMainMouseModeRequest){ .mode = (uint16_t) priv->wanted_mouse_mode });
}

/**
 * spice_main_channel_request_mouse_mode:
 * @channel: the main channel
 * @mode: 1 for the server's mode (relative motion), 2 for the client's (absolute positions)
 *
 * Asks the server for a mouse mode, now and whenever it offers it.
 */
void
spice_main_channel_request_mouse_mode (SpiceMainChannel *channel, int mode)
{
  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));
  g_return_if_fail (mode == CW_MOUSE_MODE_SERVER || mode == CW_MOUSE_MODE_CLIENT);

  channel->priv->wanted_mouse_mode = mode;
  cw_channel_send (SPICE_CHANNEL (channel), CW_MSGC_MAIN_MOUSE_MODE_REQUEST,
                   &(CwMsgcMainMouseModeRequest){ .mode = (uint16_t) mode });
}

/**
 * spice_main_request_mouse_mode:
 * @channel: the main channel
 * @mode: a mouse mode
 *
 * The older name of spice_main_channel_request_mouse_mode().
 *
 * Deprecated: 0.38: use spice_main_channel_request_mouse_mode()
 */
void
spice_main_request_mouse_mode (SpiceMainChannel *channel, int mode)
{
  spice_main_channel_request_mouse_mode (channel, mode);
}
