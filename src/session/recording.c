/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps what the servers say. */
#include "session/session.h"

#include "channel/channel.h"

CwRecorder *
cw_session_recorder (SpiceSession *self)
{
  return self->priv->recorder;
}

/**
 * spice_session_start_recording:
 * @session: a session
 * @filename: (type filename): the file to write; one that is there is overwritten
 * @error: (nullable): where to store why it cannot be written
 *
 * Records what the server says from now on: the messages of every channel that connects after this, with the time at
 * which they came, and the server's capabilities. Nothing of the client's is in it, and no password; but what the
 * server sends may be the content of the guest's screen and clipboard. The file is readable for its owner only. Writing
 * goes on in a thread of its own.
 *
 * Call it from the thread of the session's main context, before spice_session_connect(). One that runs is ended.
 *
 * The error is of #GFileError (such as %G_FILE_ERROR_ACCES): the file cannot be written.
 *
 * Returns: %TRUE if the recording has begun; %FALSE with @error, and one that ran goes on
 */
gboolean
spice_session_start_recording (SpiceSession *session, const gchar *filename, GError **error)
{
  CwRecorder *recorder;

  g_return_val_if_fail (SPICE_IS_SESSION (session), FALSE);
  g_return_val_if_fail (filename != NULL, FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  recorder = cw_recorder_new (filename, error);
  if (!recorder)
    return FALSE;
  cw_session_clear_recording (session);
  session->priv->recorder = recorder;
  return TRUE;
}

/**
 * spice_session_stop_recording:
 * @session: a session
 * @error: (nullable): where to store what the disk said first
 *
 * Ends a recording and waits until it is written. Call it from the thread of the session's main context. A session that
 * goes ends its recording by itself.
 *
 * The error is of #GFileError (such as %G_FILE_ERROR_NOSPC), or %SPICE_CLIENT_ERROR_FAILED when the disk was too slow
 * or there was no memory. What had come before is in the file.
 *
 * Returns: %TRUE if all that came is in the file, or if nothing was recorded; %FALSE with @error if not
 */
gboolean
spice_session_stop_recording (SpiceSession *session, GError **error)
{
  CwRecorder *recorder;
  GError *problem = NULL;

  g_return_val_if_fail (SPICE_IS_SESSION (session), FALSE);
  g_return_val_if_fail (!error || !*error, FALSE);

  recorder = g_steal_pointer (&session->priv->recorder);
  if (!recorder || cw_recorder_finish (recorder, &problem))
    return TRUE;
  g_propagate_error (error, cw_channel_public_error (problem));
  return FALSE;
}

void
cw_session_clear_recording (SpiceSession *self)
{
  g_autoptr (GError) error = NULL;

  if (!spice_session_stop_recording (self, &error))
    g_warning ("%s", error->message);
}
