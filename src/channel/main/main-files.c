/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending files to the guest: the operation that programs begin, its tasks, and the reading of files. Nothing here
 * waits for a disk: files are looked at, opened, read and closed by GIO's workers. */
#include "base/i18n.h"
#include "channel/main/file-transfer-task.h"
#include "channel/main/main.h"

#include "spice-client.h"

/* Files that are open at a time, of all operations: the others wait for one to end. */
#define MAX_OPEN 32

#define ATTRIBUTES G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE

typedef struct {
  int refs; /* of its tasks, and while it begins */
  GTask *task;
  GFileProgressCallback progress;
  gpointer progress_data;
  guint64 total, transferred; /* of those that have not failed */
  unsigned n_files, n_succeeded, n_cancelled, n_failed;
} Operation;

/* One file. Whatever is done with it asynchronously holds a reference. */
typedef struct {
  int refs;
  SpiceMainChannel *channel; /* the operation's task keeps it */
  Operation *operation;      /* NULL: finished */
  SpiceFileTransferTask *task;
  GSource *cancel_source;
  GFileInputStream *stream;
  guint64 size;
  bool is_open;    /* counts for MAX_OPEN */
  bool is_offered; /* cw_file_transfers knows it */
} Transfer;

static Transfer *
transfer_ref (Transfer *self)
{
  self->refs++;
  return self;
}

static void
transfer_unref (Transfer *self)
{
  if (--self->refs > 0)
    return;
  if (self->stream)
    g_input_stream_close_async (G_INPUT_STREAM (self->stream), G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  g_clear_object (&self->stream);
  g_object_unref (self->task);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Transfer, transfer_unref)

static GError *
summary (const Operation *self)
{
  if (self->n_failed == 0 && (self->n_cancelled == 0 || self->n_succeeded > 0))
    return NULL;
  return g_error_new (self->n_failed > 0 ? SPICE_CLIENT_ERROR : G_IO_ERROR,
                      self->n_failed > 0 ? SPICE_CLIENT_ERROR_FAILED : (int) G_IO_ERROR_CANCELLED,
                      _ ("Of %u files, %u were sent, %u were cancelled, %u failed."), self->n_files, self->n_succeeded,
                      self->n_cancelled, self->n_failed);
}

static void
tell_progress (Operation *self)
{
  if (self->progress)
    self->progress ((goffset) self->transferred, (goffset) self->total, self->progress_data);
}

static void
operation_unref (Operation *self)
{
  GError *error;

  if (--self->refs > 0)
    return;
  if (self->n_succeeded > 0)
    tell_progress (self);
  error = summary (self);
  if (error)
    g_task_return_error (self->task, error);
  else
    g_task_return_boolean (self->task, TRUE);
  g_object_unref (self->task);
  g_free (self);
}

static void
count_result (Operation *self, SpiceFileTransferTask *task, const GError *error)
{
  if (!error) {
    self->n_succeeded++;
    return;
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    self->n_cancelled++;
  else
    self->n_failed++;
  self->total -= spice_file_transfer_task_get_total_bytes (task);
  self->transferred -= spice_file_transfer_task_get_transferred_bytes (task);
}

static void open_next (SpiceMainChannel *channel);

/* The end of a file; the first one counts. */
static void
finish (Transfer *self, const GError *error)
{
  Operation *operation = g_steal_pointer (&self->operation);
  SpiceMainChannelPrivate *priv = self->channel->priv;
  g_autoptr (SpiceChannel) guard = NULL;

  if (!operation)
    return;
  guard = g_object_ref (SPICE_CHANNEL (self->channel));
  if (self->cancel_source) {
    g_source_destroy (self->cancel_source);
    g_clear_pointer (&self->cancel_source, g_source_unref);
  }
  g_hash_table_remove (priv->running_files, GUINT_TO_POINTER (cw_file_transfer_task_id (self->task)));
  if (!self->is_open)
    g_queue_remove (&priv->files_to_open, self);
  else
    priv->n_open_files--;
  count_result (operation, self->task, error);
  cw_file_transfer_task_finish (self->task, error);
  operation_unref (operation);
  open_next (SPICE_MAIN_CHANNEL (guard));
  transfer_unref (self);
}

static void
finish_failed (Transfer *self, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, text);

  finish (self, error);
}

/* Ends a transfer for a reason of ours: the guest is told what it has heard of. */
static void
give_up (Transfer *self, const GError *error)
{
  if (self->is_offered)
    cw_file_transfers_fail (self->channel->priv->file_transfers, cw_file_transfer_task_id (self->task), error);
  else
    finish (self, error);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (Transfer) self = transfer_ref (data);
  g_autoptr (GError) error
      = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The file transfer was cancelled."));

  give_up (self, error);
  return G_SOURCE_REMOVE;
}

static void
offer (Transfer *self)
{
  g_autofree char *base = spice_file_transfer_task_get_filename (self->task);
  g_autofree char *name = g_utf8_make_valid (base, -1);

  self->is_offered = cw_file_transfers_offer (self->channel->priv->file_transfers,
                                              cw_file_transfer_task_id (self->task), name, self->size);
  if (!self->is_offered)
    finish_failed (self, _ ("Too much waits for the guest agent already."));
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Transfer) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  if (!self->operation)
    return;
  if (!bytes)
    finish (self, error);
  else if (g_bytes_get_size (bytes) > 0)
    finish_failed (self, _ ("The file says that it is empty, but it is not: its size is not known."));
  else
    offer (self);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Transfer) self = data;
  g_autoptr (GError) error = NULL;

  self->stream = g_file_read_finish (G_FILE (source), result, &error);
  if (!self->operation)
    return;
  if (!self->stream)
    finish (self, error);
  else if (self->size == 0)
    g_input_stream_read_bytes_async (G_INPUT_STREAM (self->stream), 1, G_PRIORITY_DEFAULT, NULL, on_probed,
                                     transfer_ref (self));
  else
    offer (self);
}

static void
open_next (SpiceMainChannel *channel)
{
  SpiceMainChannelPrivate *priv = channel->priv;
  Transfer *next;

  while (priv->n_open_files < MAX_OPEN && (next = g_queue_pop_head (&priv->files_to_open))) {
    priv->n_open_files++;
    next->is_open = true;
    g_file_read_async (cw_file_transfer_task_file (next->task), G_PRIORITY_DEFAULT,
                       cw_file_transfer_task_cancellable (next->task), on_opened, transfer_ref (next));
  }
}

/* False: what is there cannot be sent. Pipes and the like are not even opened: that could wait for ever. */
static bool
check_info (GFileInfo *info, GError **error)
{
  switch (g_file_info_get_file_type (info)) {
  case G_FILE_TYPE_REGULAR:
    if (g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_STANDARD_SIZE) && g_file_info_get_size (info) >= 0)
      return true;
    break;
  case G_FILE_TYPE_DIRECTORY:
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY, _ ("Folders cannot be sent, only files."));
    return false;
  default:
    break;
  }
  g_set_error_literal (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                       _ ("This is no regular file: its size is not known."));
  return false;
}

static void
on_looked_at (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Transfer) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, &error);

  if (!self->operation)
    return;
  if (!info || !check_info (info, &error)) {
    finish (self, error);
    return;
  }
  self->size = (guint64) g_file_info_get_size (info);
  self->operation->total += self->size;
  cw_file_transfer_task_set_total (self->task, self->size);
  if (!self->operation)
    return;
  g_queue_push_tail (&self->channel->priv->files_to_open, self);
  open_next (self->channel);
}

/* What the transfers ask for. */

static Transfer *
find (gpointer data, uint32_t id)
{
  return g_hash_table_lookup (SPICE_MAIN_CHANNEL (data)->priv->running_files, GUINT_TO_POINTER (id));
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Transfer) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  if (!self->operation)
    return;
  if (bytes)
    cw_file_transfers_take (self->channel->priv->file_transfers, cw_file_transfer_task_id (self->task), bytes);
  else
    give_up (self, error);
}

static void
read_file (gpointer data, uint32_t id, size_t size)
{
  Transfer *transfer = find (data, id);

  g_return_if_fail (transfer);
  g_input_stream_read_bytes_async (G_INPUT_STREAM (transfer->stream), size, G_PRIORITY_DEFAULT, NULL, on_read,
                                   transfer_ref (transfer));
}

static void
on_progress (gpointer data, uint32_t id, uint64_t bytes)
{
  Transfer *found = find (data, id);
  g_autoptr (Transfer) self = NULL;

  if (!found)
    return;
  self = transfer_ref (found);
  self->operation->transferred += bytes - spice_file_transfer_task_get_transferred_bytes (self->task);
  cw_file_transfer_task_set_transferred (self->task, bytes);
  if (self->operation && bytes > 0)
    tell_progress (self->operation);
}

static void
on_finished (gpointer data, uint32_t id, const GError *error)
{
  Transfer *transfer = find (data, id);

  if (!transfer)
    return;
  transfer->is_offered = false;
  finish (transfer, error);
}

static const CwFileTransfersObserver observer = { read_file, on_progress, on_finished };

void
cw_main_files_init (SpiceMainChannel *self)
{
  SpiceMainChannelPrivate *priv = self->priv;

  priv->file_transfers = cw_file_transfers_new (priv->agent, &observer, self);
  priv->running_files = g_hash_table_new (NULL, NULL);
}

void
cw_main_files_clear (SpiceMainChannel *self)
{
  cw_file_transfers_free (self->priv->file_transfers);
  g_hash_table_unref (self->priv->running_files);
}

void
cw_main_files_fail_all (SpiceMainChannel *self, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, text);
  g_autoptr (GList) ids = NULL;

  cw_file_transfers_fail_all (self->priv->file_transfers, error);
  /* And those that the guest has not heard of. Who hears of the end may begin anew. */
  ids = g_hash_table_get_keys (self->priv->running_files);
  for (GList *at = ids; at; at = at->next) {
    Transfer *transfer = find (self, GPOINTER_TO_UINT (at->data));

    if (transfer)
      give_up (transfer, error);
  }
}

/* What programs do. */

/* NULL: files can be sent. */
static const char *
reason_against (SpiceMainChannel *self)
{
  if (cw_main_is_read_only (self))
    return _ ("The session is read-only.");
  if (!cw_agent_is_connected (self->priv->agent))
    return _ ("The guest agent is not connected.");
  if (cw_agent_can (self->priv->agent, CW_AGENT_CAP_FILE_XFER_DISABLED))
    return _ ("The guest does not allow file transfers.");
  return NULL;
}

static void
watch_cancellable (Transfer *self)
{
  self->cancel_source = g_cancellable_source_new (cw_file_transfer_task_cancellable (self->task));
  g_source_set_callback (self->cancel_source, G_SOURCE_FUNC (on_cancelled), self, NULL);
  g_source_attach (self->cancel_source, cw_channel_context (SPICE_CHANNEL (self->channel)));
}

static void
begin (SpiceMainChannel *channel, Operation *operation, GFile *file, GCancellable *shared)
{
  g_autoptr (GCancellable) cancellable = shared ? g_object_ref (shared) : g_cancellable_new ();
  SpiceMainChannelPrivate *priv = channel->priv;
  g_autoptr (Transfer) self = g_new0 (Transfer, 1);
  const char *reason;

  self->refs = 2; /* one until it is finished */
  self->channel = channel;
  self->operation = operation;
  self->task = cw_file_transfer_task_new (channel, ++priv->last_file, file, cancellable);
  operation->refs++;
  operation->n_files++;
  g_hash_table_insert (priv->running_files, GUINT_TO_POINTER (priv->last_file), self);
  watch_cancellable (self);
  g_signal_emit (channel, cw_main_signals[CW_MAIN_NEW_FILE_TRANSFER], 0, self->task);
  reason = reason_against (channel);
  if (!self->operation)
    return;
  if (reason)
    finish_failed (self, reason);
  else
    g_file_query_info_async (file, ATTRIBUTES, G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT,
                             cw_file_transfer_task_cancellable (self->task), on_looked_at, transfer_ref (self));
}

/**
 * spice_main_channel_file_copy_async:
 * @channel: the main channel
 * @sources: (array zero-terminated=1): the files
 * @flags: ignored
 * @cancellable: (nullable): cancels all of them
 * @progress_callback: (scope notified) (nullable) (closure progress_callback_data): is told how many bytes of all files
 *    are under way, and of how many, until @callback has been called
 * @progress_callback_data: for @progress_callback
 * @callback: (scope async) (nullable) (closure user_data): called when all have ended
 * @user_data: for @callback
 *
 * Sends files to the guest, where its agent stores them in a folder for that. They are sent side by side. Folders, and
 * whatever has no known size, are refused.
 *
 * #SpiceMainChannel::new-file-transfer comes for each file before this returns; the task tells all about that file.
 * Without a guest agent, or if it does not allow file transfers, each task fails at once.
 */
void
spice_main_channel_file_copy_async (SpiceMainChannel *channel, GFile **sources, GFileCopyFlags flags,
                                    GCancellable *cancellable, GFileProgressCallback progress_callback,
                                    gpointer progress_callback_data, GAsyncReadyCallback callback, gpointer user_data)
{
  Operation *operation;

  g_return_if_fail (SPICE_IS_MAIN_CHANNEL (channel));
  g_return_if_fail (sources != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  operation = g_new0 (Operation, 1);
  operation->refs = 1;
  operation->progress = progress_callback;
  operation->progress_data = progress_callback_data;
  operation->task = g_task_new (channel, cancellable, callback, user_data);
  g_task_set_source_tag (operation->task, spice_main_channel_file_copy_async);
  for (unsigned i = 0; sources[i]; i++)
    begin (channel, operation, sources[i], cancellable);
  operation_unref (operation);
}

/**
 * spice_main_channel_file_copy_finish:
 * @channel: the main channel
 * @result: what the callback got
 * @error: why it failed: %G_IO_ERROR_CANCELLED if nothing was sent as all was cancelled
 *
 * Ends spice_main_channel_file_copy_async().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED when at least one file has failed, and %G_IO_ERROR_CANCELLED when none has, but
 * none was sent, as all were cancelled. Why each has failed is told by #SpiceFileTransferTask::finished.
 *
 * Returns: whether no file failed; %FALSE with @error if not
 */
gboolean
spice_main_channel_file_copy_finish (SpiceMainChannel *channel, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (SPICE_IS_MAIN_CHANNEL (channel), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, channel), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * spice_main_file_copy_async:
 * @channel: the main channel
 * @sources: (array zero-terminated=1): the files
 * @flags: ignored
 * @cancellable: (nullable): cancels all of them
 * @progress_callback: (scope notified) (nullable) (closure progress_callback_data): is told the progress
 * @progress_callback_data: for @progress_callback
 * @callback: (scope async) (nullable) (closure user_data): called when all have ended
 * @user_data: for @callback
 *
 * Sends files to the guest.
 *
 * Deprecated: 0.38: use spice_main_channel_file_copy_async()
 */
void
spice_main_file_copy_async (SpiceMainChannel *channel, GFile **sources, GFileCopyFlags flags, GCancellable *cancellable,
                            GFileProgressCallback progress_callback, gpointer progress_callback_data,
                            GAsyncReadyCallback callback, gpointer user_data)
{
  spice_main_channel_file_copy_async (channel, sources, flags, cancellable, progress_callback, progress_callback_data,
                                      callback, user_data);
}

/**
 * spice_main_file_copy_finish:
 * @channel: the main channel
 * @result: what the callback got
 * @error: why it failed
 *
 * The older name of spice_main_channel_file_copy_finish().
 *
 * Errors are %SPICE_CLIENT_ERROR_FAILED and %G_IO_ERROR_CANCELLED, as there.
 *
 * Returns: whether no file failed; %FALSE with @error if not
 */
gboolean
spice_main_file_copy_finish (SpiceMainChannel *channel, GAsyncResult *result, GError **error)
{
  return spice_main_channel_file_copy_finish (channel, result, error);
}
