/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting until all messages have been sent. */
#include "base/i18n.h"
#include "channel/private.h"
#include "spice-client.h"
#include "transport/source.h"

/* The pump tells the end of each flush, once; the application may have heard of its cancellation by then. */
typedef struct {
  GTask *task;     /* NULL when it has been answered */
  GSource *source; /* waits for the cancellation, or NULL */
} Flush;

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Flush *self = data;
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  cw_clear_source (&self->source);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
flushed (gpointer data, const GError *error)
{
  Flush *self = data;

  cw_clear_source (&self->source);
  if (self->task && error)
    g_task_return_error (self->task, cw_channel_public_error (g_error_copy (error)));
  else if (self->task)
    g_task_return_boolean (self->task, TRUE);
  g_clear_object (&self->task);
  g_free (self);
}

/**
 * spice_channel_flush_async:
 * @channel: a channel
 * @cancellable: (nullable): cancels the waiting, not the sending
 * @callback: (scope async): called when everything has been sent
 * @user_data: for @callback
 *
 * Waits until all messages of the channel have been sent.
 */
void
spice_channel_flush_async (SpiceChannel *channel, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Flush *flush;

  g_return_if_fail (SPICE_IS_CHANNEL (channel));

  task = g_task_new (channel, cancellable, callback, user_data);
  g_task_set_source_tag (task, spice_channel_flush_async);
  if (!cw_channel_is_ready (channel)) {
    g_task_return_error (task, g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                                                    _ ("The channel is not connected.")));
    return;
  }
  flush = g_new0 (Flush, 1);
  flush->task = g_steal_pointer (&task);
  if (cancellable) {
    flush->source = g_cancellable_source_new (cancellable);
    g_source_set_callback (flush->source, G_SOURCE_FUNC (on_cancelled), flush, NULL);
    g_source_attach (flush->source, channel->priv->context);
  }
  cw_channel_flush (channel, flushed, flush);
}

/**
 * spice_channel_flush_finish:
 * @channel: a channel
 * @result: what the callback got
 * @error: why it failed
 *
 * Ends spice_channel_flush_async().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED when the channel is not connected, or its connection ends before,
 * %G_IO_ERROR_CANCELLED, or that of #GIOErrorEnum by which the connection broke.
 *
 * Returns: whether everything has been sent; %FALSE with @error if not
 */
gboolean
spice_channel_flush_finish (SpiceChannel *channel, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (SPICE_IS_CHANNEL (channel), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, channel), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
