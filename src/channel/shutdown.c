/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ending a channel so that the server has read everything. Bytes that were handed to the system may still be dropped:
 * a server that sees the main channel end closes the others as they are, with what it has not read in them. So sending
 * is ended first, and the end that the server answers with proves that it came to ours. */
#include "base/i18n.h"
#include "channel/private.h"
#include "spice-client.h"

static GError *
not_connected (void)
{
  return g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("The channel is not connected."));
}

/* Whether the task is still waiting; then it is not any more. */
static bool
take (SpiceChannel *self, GTask *task)
{
  if (self->priv->shutdown != task)
    return false;
  self->priv->shutdown = NULL;
  g_object_unref (task);
  return true;
}

void
cw_channel_shutdown_done (GTask *task, const GError *error)
{
  GSource *source = g_task_get_task_data (task);

  if (source)
    g_source_destroy (source);
  if (error)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

void
cw_channel_shutdown_broken (SpiceChannel *self)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->priv->shutdown);
  g_autoptr (GError) error = NULL;

  if (!task)
    return;
  error = g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                               _ ("The channel was disconnected before the server had closed it."));
  cw_channel_shutdown_done (task, error);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);

  if (take (g_task_get_source_object (task), task))
    g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
on_flushed (GObject *object, GAsyncResult *result, gpointer data)
{
  SpiceChannel *self = SPICE_CHANNEL (object);
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;

  if (!spice_channel_flush_finish (self, result, &error)) {
    if (take (self, task))
      cw_channel_shutdown_done (task, error);
  } else if (self->priv->shutdown == task) {
    cw_pump_end_writing (self->priv->live->pump);
  }
}

/**
 * spice_channel_shutdown_async:
 * @channel: a channel
 * @cancellable: (nullable): cancels the waiting; what has been sent stays sent
 * @callback: (scope async): called when the server has read everything, or when that cannot be known any more
 * @user_data: for @callback
 *
 * Sends what is queued, tells the server that nothing more comes, and waits until the server closes the channel. It has
 * then read all that was sent, which spice_channel_flush_async() does not promise: that only waits until everything
 * has been handed to the system, and a server drops what it has not read when the session ends.
 *
 * Nothing can be sent any more, but messages of the server are still handled. Call it for the channels whose messages
 * matter, before spice_session_disconnect(). Servers that do not close a channel are waited for without limit, so use
 * @cancellable. To be called from the thread of the session's main context.
 *
 * This function is not in 0.42.
 */
void
spice_channel_shutdown_async (SpiceChannel *channel, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (SPICE_IS_CHANNEL (channel));
  g_return_if_fail (!cancellable || G_IS_CANCELLABLE (cancellable));

  task = g_task_new (channel, cancellable, callback, user_data);
  g_task_set_source_tag (task, spice_channel_shutdown_async);
  if (!cw_channel_is_ready (channel)) {
    g_task_return_error (task, not_connected ());
    return;
  }
  if (channel->priv->shutdown) {
    g_task_return_new_error (task, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "%s",
                             _ ("The channel is being shut down already."));
    return;
  }
  if (cancellable) {
    GSource *source = g_cancellable_source_new (cancellable);

    g_source_set_callback (source, G_SOURCE_FUNC (on_cancelled), task, NULL);
    g_source_attach (source, channel->priv->context);
    g_task_set_task_data (task, source, (GDestroyNotify) g_source_unref);
  }
  channel->priv->shutdown = g_object_ref (task);
  spice_channel_flush_async (channel, NULL, on_flushed, g_steal_pointer (&task));
}

/**
 * spice_channel_shutdown_finish:
 * @channel: a channel
 * @result: what the callback got
 * @error: why it failed
 *
 * Ends spice_channel_shutdown_async().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED when the channel is not connected, is being shut down already, or was
 * disconnected before the server had closed it, %G_IO_ERROR_CANCELLED, or that of #GIOErrorEnum by which the connection
 * broke.
 *
 * Returns: whether the server has read everything and closed the channel; %FALSE with @error if not
 */
gboolean
spice_channel_shutdown_finish (SpiceChannel *channel, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (SPICE_IS_CHANNEL (channel), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, channel), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
