/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signals of SpiceSession. */
#include "session/session.h"

guint cw_session_signals[CW_SESSION_N_SIGNALS];

void
cw_session_install_signals (SpiceSessionClass *class)
{
  GType type = G_OBJECT_CLASS_TYPE (class);

  /**
   * SpiceSession::channel-new:
   * @session: the session
   * @channel: the channel
   *
   * There is a new channel. It is not connected unless something in the library uses it.
   */
  cw_session_signals[CW_SESSION_CHANNEL_NEW]
      = g_signal_new ("channel-new", type, G_SIGNAL_RUN_FIRST, G_STRUCT_OFFSET (SpiceSessionClass, channel_new), NULL,
                      NULL, NULL, G_TYPE_NONE, 1, SPICE_TYPE_CHANNEL);
  /**
   * SpiceSession::channel-destroy:
   * @session: the session
   * @channel: the channel
   *
   * A channel is out of the session.
   */
  cw_session_signals[CW_SESSION_CHANNEL_DESTROY]
      = g_signal_new ("channel-destroy", type, G_SIGNAL_RUN_FIRST, G_STRUCT_OFFSET (SpiceSessionClass, channel_destroy),
                      NULL, NULL, NULL, G_TYPE_NONE, 1, SPICE_TYPE_CHANNEL);
  /**
   * SpiceSession::mm-time-reset:
   * @session: the session
   *
   * The multimedia time has jumped.
   */
  cw_session_signals[CW_SESSION_MM_TIME_RESET]
      = g_signal_new ("mm-time-reset", type, G_SIGNAL_RUN_FIRST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * SpiceSession::disconnected:
   * @session: the session
   *
   * After spice_session_disconnect(): all channels are gone and their connections closed.
   */
  cw_session_signals[CW_SESSION_DISCONNECTED]
      = g_signal_new ("disconnected", type, G_SIGNAL_RUN_FIRST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}
