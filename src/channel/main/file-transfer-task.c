/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceFileTransferTask: a file on its way to the guest, as programs see it. */
#include "channel/main/file-transfer-task.h"

struct _SpiceFileTransferTask {
  GObject parent;

  guint32 id;
  GFile *file;
  GWeakRef channel; /* who keeps the task does not keep the session */
  GCancellable *cancellable;
  guint64 total, transferred;
  bool succeeded;
};

struct _SpiceFileTransferTaskClass {
  GObjectClass parent_class;
};

enum {
  PROP_0,
  PROP_ID,
  PROP_FILE,
  PROP_CHANNEL,
  PROP_CANCELLABLE,
  PROP_TOTAL_BYTES,
  PROP_TRANSFERRED_BYTES,
  PROP_PROGRESS,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];
static guint finished_signal;

/**
 * SpiceFileTransferTask:
 *
 * One file on its way to the guest, made by spice_main_channel_file_copy_async().
 *
 * Its functions are to be called, and its signals come, in the thread of the session's main context.
 */
G_DEFINE_TYPE (SpiceFileTransferTask, spice_file_transfer_task, G_TYPE_OBJECT)

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceFileTransferTask *self = SPICE_FILE_TRANSFER_TASK (object);

  switch (id) {
  case PROP_ID:
    g_value_set_uint (value, self->id);
    break;
  case PROP_FILE:
    g_value_set_object (value, self->file);
    break;
  case PROP_CHANNEL:
    g_value_take_object (value, g_weak_ref_get (&self->channel));
    break;
  case PROP_CANCELLABLE:
    g_value_set_object (value, self->cancellable);
    break;
  case PROP_TOTAL_BYTES:
    g_value_set_uint64 (value, self->total);
    break;
  case PROP_TRANSFERRED_BYTES:
    g_value_set_uint64 (value, self->transferred);
    break;
  case PROP_PROGRESS:
    g_value_set_double (value, spice_file_transfer_task_get_progress (self));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpiceFileTransferTask *self = SPICE_FILE_TRANSFER_TASK (object);

  switch (id) {
  case PROP_ID:
    self->id = g_value_get_uint (value);
    break;
  case PROP_FILE:
    self->file = g_value_dup_object (value);
    break;
  case PROP_CHANNEL:
    g_weak_ref_set (&self->channel, g_value_get_object (value));
    break;
  case PROP_CANCELLABLE:
    self->cancellable = g_value_dup_object (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
finalize (GObject *object)
{
  SpiceFileTransferTask *self = SPICE_FILE_TRANSFER_TASK (object);

  g_clear_object (&self->file);
  g_clear_object (&self->cancellable);
  g_weak_ref_clear (&self->channel);
  G_OBJECT_CLASS (spice_file_transfer_task_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags construct = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * SpiceFileTransferTask:id:
   *
   * Which transfer of the channel this is, counted from 1.
   */
  props[PROP_ID] = g_param_spec_uint ("id", "Id", "Which transfer of the channel this is", 0, G_MAXUINT, 0, construct);
  /**
   * SpiceFileTransferTask:file:
   *
   * What is sent. The task keeps a reference.
   */
  props[PROP_FILE] = g_param_spec_object ("file", "File", "What is sent", G_TYPE_FILE, construct);
  /**
   * SpiceFileTransferTask:channel:
   *
   * The main channel that sends it. The task does not keep it alive: %NULL once it has gone.
   */
  props[PROP_CHANNEL]
      = g_param_spec_object ("channel", "Channel", "The main channel that sends it, as long as it is there",
                             SPICE_TYPE_MAIN_CHANNEL, construct);
  /**
   * SpiceFileTransferTask:cancellable:
   *
   * Cancels this transfer; and all that were begun with it, when it was given to spice_main_channel_file_copy_async().
   * The task keeps a reference.
   */
  props[PROP_CANCELLABLE]
      = g_param_spec_object ("cancellable", "Cancellable", "Cancels the transfer", G_TYPE_CANCELLABLE, construct);
  /**
   * SpiceFileTransferTask:total-bytes:
   *
   * Size of the file in bytes, 0 until it is known.
   */
  props[PROP_TOTAL_BYTES] = g_param_spec_uint64 ("total-bytes", "Total bytes", "Size of the file, 0 until it is known",
                                                 0, G_MAXUINT64, 0, readable);
  /**
   * SpiceFileTransferTask:transferred-bytes:
   *
   * How many bytes of the file are under way to the guest, or there.
   */
  props[PROP_TRANSFERRED_BYTES]
      = g_param_spec_uint64 ("transferred-bytes", "Transferred bytes", "How many of them are under way to the guest", 0,
                             G_MAXUINT64, 0, readable);
  /**
   * SpiceFileTransferTask:progress:
   *
   * The part of the file that is under way to the guest, or there, from 0 to 1.
   */
  props[PROP_PROGRESS]
      = g_param_spec_double ("progress", "Progress", "Transferred bytes as a part of all", 0.0, 1.0, 0.0, readable);
  g_object_class_install_properties (class, N_PROPS, props);
}

static void
spice_file_transfer_task_class_init (SpiceFileTransferTaskClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->finalize = finalize;
  install_properties (object_class);
  /**
   * SpiceFileTransferTask::finished:
   * @task: the task
   * @object: why it failed, a #GError, or %NULL on success
   *
   * The transfer has ended. Comes once.
   */
  finished_signal = g_signal_new ("finished", G_OBJECT_CLASS_TYPE (class), G_SIGNAL_RUN_FIRST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
spice_file_transfer_task_init (SpiceFileTransferTask *self)
{
  g_weak_ref_init (&self->channel, NULL);
}

SpiceFileTransferTask *
cw_file_transfer_task_new (SpiceMainChannel *channel, guint32 id, GFile *file, GCancellable *cancellable)
{
  return g_object_new (SPICE_TYPE_FILE_TRANSFER_TASK, "id", id, "file", file, "channel", channel, "cancellable",
                       cancellable, NULL);
}

guint32
cw_file_transfer_task_id (SpiceFileTransferTask *self)
{
  return self->id;
}

GFile *
cw_file_transfer_task_file (SpiceFileTransferTask *self)
{
  return self->file;
}

GCancellable *
cw_file_transfer_task_cancellable (SpiceFileTransferTask *self)
{
  return self->cancellable;
}

void
cw_file_transfer_task_set_total (SpiceFileTransferTask *self, guint64 bytes)
{
  self->total = bytes;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TOTAL_BYTES]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROGRESS]);
}

void
cw_file_transfer_task_set_transferred (SpiceFileTransferTask *self, guint64 bytes)
{
  self->transferred = bytes;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROGRESS]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TRANSFERRED_BYTES]);
}

void
cw_file_transfer_task_finish (SpiceFileTransferTask *self, const GError *error)
{
  self->succeeded = !error;
  if (self->succeeded && self->total == 0)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROGRESS]);
  g_signal_emit (self, finished_signal, 0, error);
}

/**
 * spice_file_transfer_task_get_filename:
 * @self: a task
 *
 * Name of the file, without its folder.
 *
 * Returns: (transfer full): the name of the file without its folder
 */
char *
spice_file_transfer_task_get_filename (SpiceFileTransferTask *self)
{
  g_return_val_if_fail (SPICE_IS_FILE_TRANSFER_TASK (self), NULL);

  return self->file ? g_file_get_basename (self->file) : NULL;
}

/**
 * spice_file_transfer_task_cancel:
 * @self: a task
 *
 * Cancels the transfer, and all others of its operation if that was begun with a #GCancellable. The task tells the end
 * by #SpiceFileTransferTask::finished, later.
 */
void
spice_file_transfer_task_cancel (SpiceFileTransferTask *self)
{
  g_return_if_fail (SPICE_IS_FILE_TRANSFER_TASK (self));

  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
}

/**
 * spice_file_transfer_task_get_total_bytes: (get-property total-bytes)
 * @self: a task
 *
 * Size of the file in bytes; 0 until it is known.
 *
 * Returns: the size of the file in bytes, 0 until it is known
 */
guint64
spice_file_transfer_task_get_total_bytes (SpiceFileTransferTask *self)
{
  g_return_val_if_fail (SPICE_IS_FILE_TRANSFER_TASK (self), 0);

  return self->total;
}

/**
 * spice_file_transfer_task_get_transferred_bytes: (get-property transferred-bytes)
 * @self: a task
 *
 * How many bytes have been sent.
 *
 * Returns: how many bytes of the file are under way to the guest
 */
guint64
spice_file_transfer_task_get_transferred_bytes (SpiceFileTransferTask *self)
{
  g_return_val_if_fail (SPICE_IS_FILE_TRANSFER_TASK (self), 0);

  return self->transferred;
}

/**
 * spice_file_transfer_task_get_progress: (get-property progress)
 * @self: a task
 *
 * How much of the file has been sent.
 *
 * Returns: transferred bytes as a part of all, from 0 to 1
 */
double
spice_file_transfer_task_get_progress (SpiceFileTransferTask *self)
{
  g_return_val_if_fail (SPICE_IS_FILE_TRANSFER_TASK (self), 0.0);

  if (self->total == 0)
    return self->succeeded ? 1.0 : 0.0;
  return (double) self->transferred / (double) self->total;
}
