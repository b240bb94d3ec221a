/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs do with a session: connecting, disconnecting, making its channels and asking for them. */
#include "session/session.h"

/**
 * spice_channel_new:
 * @s: a session
 * @type: the kind of channel
 * @id: which one of its kind
 *
 * Makes a channel and adds it to the session.
 *
 * Returns: (transfer none): the channel, owned by the session; %NULL for a kind that is unknown or disabled
 */
SpiceChannel *
spice_channel_new (SpiceSession *s, int type, int id)
{
  g_return_val_if_fail (SPICE_IS_SESSION (s), NULL);

  return cw_session_make_channel (s, type, id);
}

/* An attempt that is under way goes on, unless it waits for a socket or is to use another one. */
static void
end_connection (SpiceSession *self, bool client_sockets)
{
  SpiceChannel *main = self->priv->main;

  if (cw_channel_is_ready (main) || cw_channel_awaits_fd (main) || (cw_channel_is_connecting (main) && client_sockets))
    spice_channel_disconnect (main, SPICE_CHANNEL_NONE);
}

/* The main channel, unconnected, and no other. False: the session is gone from under us. */
static bool
start_over (SpiceSession *self, bool client_sockets)
{
  SpiceSessionPrivate *priv = self->priv;

  cw_session_abort_migration (self);
  priv->n_switches = 0;
  /* First, so that no channel of the old connection is announced any more. */
  if (priv->main)
    end_connection (self, client_sockets);
  cw_session_drop_channels (self, false);
  priv->connect_generation++;
  priv->client_sockets = client_sockets;
  return priv->main || cw_session_make_channel (self, CW_CHANNEL_MAIN, 0);
}

/**
 * spice_session_connect:
 * @session: a session
 *
 * Connects to the server. The result comes as #SpiceChannel::channel-event of the main channel.
 *
 * Returns: %FALSE if a disconnection is about to happen
 */
gboolean
spice_session_connect (SpiceSession *session)
{
  g_autoptr (SpiceSession) guard = NULL;

  g_return_val_if_fail (SPICE_IS_SESSION (session), FALSE);
  g_return_val_if_fail (!session->priv->disconnecting, FALSE);

  guard = g_object_ref (session);
  if (!start_over (session, false) || !session->priv->main)
    return TRUE;
  return spice_channel_connect (session->priv->main);
}

/**
 * spice_session_open_fd:
 * @session: a session
 * @fd: a connected socket for the main channel, or -1 to be asked for one
 *
 * Connects to the server by sockets of the application; every channel asks for its own by #SpiceChannel::open-fd.
 *
 * Returns: %TRUE on success
 */
gboolean
spice_session_open_fd (SpiceSession *session, int fd)
{
  g_autoptr (SpiceSession) guard = NULL;

  g_return_val_if_fail (SPICE_IS_SESSION (session), FALSE);
  g_return_val_if_fail (fd >= -1, FALSE);
  g_return_val_if_fail (!session->priv->disconnecting, FALSE);

  guard = g_object_ref (session);
  if (!start_over (session, true) || !session->priv->main)
    return FALSE;
  return spice_channel_open_fd (session->priv->main, fd);
}

/**
 * spice_session_disconnect:
 * @session: a session
 *
 * Disconnects all channels, in a later turn. #SpiceSession::disconnected tells when that is done.
 */
void
spice_session_disconnect (SpiceSession *session)
{
  g_return_if_fail (SPICE_IS_SESSION (session));

  cw_session_end (session);
}

/**
 * spice_session_get_channels:
 * @session: a session
 *
 * The channels that the session has now.
 *
 * Returns: (element-type SpiceChannel) (transfer container): the channels, newest first
 */
GList *
spice_session_get_channels (SpiceSession *session)
{
  g_return_val_if_fail (SPICE_IS_SESSION (session), NULL);

  return g_list_copy (session->priv->channels);
}

/**
 * spice_session_has_channel_type:
 * @session: a session
 * @type: a kind of channel
 *
 * Whether the session has a channel of this type now.
 *
 * Returns: whether the session has such a channel, connected or not
 */
gboolean
spice_session_has_channel_type (SpiceSession *session, gint type)
{
  g_return_val_if_fail (SPICE_IS_SESSION (session), FALSE);

  for (GList *at = session->priv->channels; at; at = at->next)
    if (cw_channel_type (at->data) == type)
      return TRUE;
  return FALSE;
}
