/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the main channel does with a file transfer task, which programs only look at. */
#pragma once

#include "channel-main.h"
#include "spice-file-transfer-task.h"

#include <gio/gio.h>
#include <stdbool.h>

SpiceFileTransferTask *cw_file_transfer_task_new (SpiceMainChannel *channel, guint32 id, GFile *file,
                                                  GCancellable *cancellable);
guint32 cw_file_transfer_task_id (SpiceFileTransferTask *self);
GFile *cw_file_transfer_task_file (SpiceFileTransferTask *self);
GCancellable *cw_file_transfer_task_cancellable (SpiceFileTransferTask *self);

/* These emit. */
void cw_file_transfer_task_set_total (SpiceFileTransferTask *self, guint64 bytes);
void cw_file_transfer_task_set_transferred (SpiceFileTransferTask *self, guint64 bytes);
void cw_file_transfer_task_finish (SpiceFileTransferTask *self, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceFileTransferTask, g_object_unref)
