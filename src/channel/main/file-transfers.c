/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/file-transfers.h"

#include "base/i18n.h"
#include "spice-client.h"

#define GROUP "vdagent-file-xfer"

typedef enum {
  OFFERED,
  SENDING,
  SENT, /* all of it has been given to the agent's queue */
} State;

typedef struct {
  uint32_t id;
  State state;
  uint64_t size;
  uint64_t asked; /* bytes that have been read, or are being read */
  uint64_t given; /* to the agent's queue */
  uint64_t under_way;
  size_t reading;  /* bytes that are being read */
  GQueue blocks;   /* GBytes, read and not given yet */
  GQueue in_queue; /* sizes of what waits in the agent's queue */
} Transfer;

struct CwFileTransfers {
  CwAgent *agent;
  const CwFileTransfersObserver *observer;
  gpointer data;
  GHashTable *by_id; /* Transfer */
  GQueue turns;      /* Transfer, borrowed: whose turn is next comes first */
  size_t read_ahead; /* bytes in blocks, or being read */
};

static void
drop_blocks (CwFileTransfers *self, Transfer *transfer)
{
  GBytes *block;

  while ((block = g_queue_pop_head (&transfer->blocks))) {
    self->read_ahead -= g_bytes_get_size (block);
    g_bytes_unref (block);
  }
}

static void
transfer_free (gpointer data)
{
  Transfer *self = data;

  g_queue_clear_full (&self->blocks, (GDestroyNotify) g_bytes_unref);
  g_queue_clear (&self->in_queue);
  g_free (self);
}

CwFileTransfers *
cw_file_transfers_new (CwAgent *agent, const CwFileTransfersObserver *observer, gpointer data)
{
  CwFileTransfers *self = g_new0 (CwFileTransfers, 1);

  self->agent = agent;
  self->observer = observer;
  self->data = data;
  self->by_id = g_hash_table_new_full (NULL, NULL, NULL, transfer_free);
  return self;
}

void
cw_file_transfers_free (CwFileTransfers *self)
{
  if (!self)
    return;
  g_queue_clear (&self->turns);
  g_hash_table_unref (self->by_id);
  g_free (self);
}

static Transfer *
find (CwFileTransfers *self, uint32_t id)
{
  return g_hash_table_lookup (self->by_id, GUINT_TO_POINTER (id));
}

bool
cw_file_transfers_offer (CwFileTransfers *self, uint32_t id, const char *name, uint64_t size)
{
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autofree char *text = NULL;
  CwAgentFileXferStart start = { .id = id };
  Transfer *transfer;
  gsize length;

  g_key_file_set_string (keys, GROUP, "name", name);
  g_key_file_set_uint64 (keys, GROUP, "size", size);
  text = g_key_file_to_data (keys, &length, NULL);
  start.data = (CwSlice){ (const uint8_t *) text, length + 1 };
  if (!cw_agent_send (self->agent, CW_AGENT_TYPE_FILE_XFER_START, &start, 0))
    return false;
  transfer = g_new0 (Transfer, 1);
  transfer->id = id;
  transfer->size = size;
  g_hash_table_insert (self->by_id, GUINT_TO_POINTER (id), transfer);
  g_queue_push_tail (&self->turns, transfer);
  return true;
}

/* What is being read comes later and finds nobody. */
static void
forget (CwFileTransfers *self, Transfer *transfer)
{
  drop_blocks (self, transfer);
  self->read_ahead -= transfer->reading;
  cw_agent_drop (self->agent, transfer->id);
  g_queue_remove (&self->turns, transfer);
  g_hash_table_remove (self->by_id, GUINT_TO_POINTER (transfer->id));
}

static void
finish (CwFileTransfers *self, Transfer *transfer, const GError *error)
{
  uint32_t id = transfer->id;

  forget (self, transfer);
  self->observer->finished (self->data, id, error);
}

/* Lets files be read whose data is wanted next, as far as the budget goes. */
static void
read_more (CwFileTransfers *self)
{
  for (GList *at = self->turns.head; at && self->read_ahead < CW_FILE_READ_AHEAD; at = at->next) {
    Transfer *transfer = at->data;
    size_t size = (size_t) MIN (CW_FILE_READ, transfer->size - transfer->asked);

    /* One piece waits and one is being read, of each. */
    if (transfer->state != SENDING || size == 0 || transfer->reading > 0
        || transfer->blocks.length >= CW_FILE_READ / CW_FILE_BLOCK)
      continue;
    transfer->reading = size;
    transfer->asked += size;
    self->read_ahead += size;
    self->observer->read (self->data, transfer->id, size);
  }
}

static void
send_status (CwFileTransfers *self, uint32_t id, uint32_t result)
{
  const CwAgentFileXferStatus status = { .id = id, .result = result };

  cw_agent_send (self->agent, CW_AGENT_TYPE_FILE_XFER_STATUS, &status, 0);
}

void
cw_file_transfers_fail (CwFileTransfers *self, uint32_t id, const GError *error)
{
  Transfer *transfer = find (self, id);
  bool cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (!transfer)
    return;
  forget (self, transfer);
  send_status (self, id, cancelled ? CW_FILE_XFER_STATUS_CANCELLED : CW_FILE_XFER_STATUS_ERROR);
  read_more (self);
  self->observer->finished (self->data, id, error);
}

void
cw_file_transfers_fail_all (CwFileTransfers *self, const GError *error)
{
  /* Only those that are there now: who hears of the end may begin anew. */
  g_autoptr (GList) ids = g_hash_table_get_keys (self->by_id);

  for (GList *at = ids; at; at = at->next) {
    Transfer *transfer = find (self, GPOINTER_TO_UINT (at->data));

    if (transfer)
      finish (self, transfer, error);
  }
}

/* As large as messages are, with the rest of the file in the last one. */
static void
cut_into_blocks (Transfer *self, GBytes *bytes)
{
  gsize size = g_bytes_get_size (bytes);

  for (gsize at = 0; at < size; at += CW_FILE_BLOCK)
    g_queue_push_tail (&self->blocks, g_bytes_new_from_bytes (bytes, at, MIN (CW_FILE_BLOCK, size - at)));
}

void
cw_file_transfers_take (CwFileTransfers *self, uint32_t id, GBytes *bytes)
{
  Transfer *transfer = find (self, id);
  gsize size = g_bytes_get_size (bytes);

  if (!transfer)
    return;
  g_assert (size <= transfer->reading);
  transfer->asked -= transfer->reading - size;
  self->read_ahead -= transfer->reading - size;
  transfer->reading = 0;
  if (size == 0) {
    g_autofree char *read = g_strdup_printf ("%" G_GUINT64_FORMAT, transfer->asked);
    g_autofree char *all = g_strdup_printf ("%" G_GUINT64_FORMAT, transfer->size);
    g_autoptr (GError) error
        = g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                       _ ("The file ended after %s of %s bytes: it has become shorter."), read, all);

    cw_file_transfers_fail (self, id, error);
    return;
  }
  cut_into_blocks (transfer, bytes);
  read_more (self);
  cw_agent_resume (self->agent);
}

static bool
send_block (CwFileTransfers *self, Transfer *transfer, GBytes *block)
{
  CwAgentFileXferData message = { .id = transfer->id };
  gsize size = 0;

  if (block)
    message.data.data = g_bytes_get_data (block, &size);
  message.data.size = size;
  if (!cw_agent_send (self->agent, CW_AGENT_TYPE_FILE_XFER_DATA, &message, transfer->id))
    return false;
  g_queue_push_tail (&transfer->in_queue, GSIZE_TO_POINTER (size));
  transfer->given += size;
  if (transfer->given == transfer->size)
    transfer->state = SENT;
  return true;
}

/* Of an empty file, its nothing is sent. */
static bool
has_block (const Transfer *self)
{
  return self->state == SENDING && (self->size == 0 || self->blocks.length > 0);
}

/* Called while the agent's queue is being emptied: gives it one message. */
void
cw_file_transfers_low (CwFileTransfers *self)
{
  for (GList *at = self->turns.head; at; at = at->next) {
    Transfer *transfer = at->data;
    g_autoptr (GBytes) block = NULL;

    if (!has_block (transfer))
      continue;
    block = g_queue_pop_head (&transfer->blocks);
    if (block)
      self->read_ahead -= g_bytes_get_size (block);
    g_queue_unlink (&self->turns, at);
    g_queue_push_tail_link (&self->turns, at);
    if (!send_block (self, transfer, block)) {
      g_autoptr (GError) error = g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                                                      _ ("There is not enough memory to send the file."));

      cw_file_transfers_fail (self, transfer->id, error);
    }
    read_more (self);
    return;
  }
}

void
cw_file_transfers_sent (CwFileTransfers *self, uint32_t tag)
{
  Transfer *transfer = find (self, tag);

  if (!transfer || g_queue_is_empty (&transfer->in_queue))
    return;
  transfer->under_way += GPOINTER_TO_SIZE (g_queue_pop_head (&transfer->in_queue));
  self->observer->progress (self->data, tag, transfer->under_way);
}

static GError *
failed (const char *text)
{
  return g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, text);
}

static GError *
error_of_detail (const CwWireFileXferError *detail)
{
  if (!detail || detail->type != CW_FILE_XFER_ERROR_TYPE_GLIB_IO)
    return failed (_ ("The guest could not store the file."));
  switch (detail->code) {
  case G_IO_ERROR_INVALID_FILENAME:
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
                                _ ("The guest does not allow this file name."));
  case G_IO_ERROR_PERMISSION_DENIED:
    return failed (_ ("The guest could not store the file: permission denied."));
  case G_IO_ERROR_NO_SPACE:
    return failed (_ ("The guest could not store the file: its disk is full."));
  case G_IO_ERROR_READ_ONLY:
    return failed (_ ("The guest could not store the file: its disk is read-only."));
  default:
    return g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                        _ ("The guest could not store the file: error %u."), detail->code);
  }
}

static GError *
error_of_space (const CwWireFileXferSpace *detail, uint64_t size)
{
  g_autofree char *needed = g_format_size (size), *free_size = NULL;

  if (!detail)
    return g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                        _ ("The guest's disk has not enough space for the file of %s."), needed);
  free_size = g_format_size (detail->disk_free_space);
  return g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                      _ ("The guest's disk has not enough space: %s are free, the file has %s."), free_size, needed);
}

/* NULL: all is well. */
static GError *
error_of_status (const Transfer *self, const CwAgentFileXferStatus *status)
{
  switch (status->result) {
  case CW_FILE_XFER_STATUS_SUCCESS:
    if (self->state == SENT && self->under_way == self->size)
      return NULL;
    return failed (_ ("The guest ended the transfer before the whole file was sent."));
  case CW_FILE_XFER_STATUS_CANCELLED:
    return failed (_ ("The guest cancelled the transfer."));
  case CW_FILE_XFER_STATUS_ERROR:
    return error_of_detail (status->error_detail);
  case CW_FILE_XFER_STATUS_NOT_ENOUGH_SPACE:
    return error_of_space (status->space_detail, self->size);
  case CW_FILE_XFER_STATUS_SESSION_LOCKED:
    return failed (_ ("The guest's session is locked."));
  case CW_FILE_XFER_STATUS_VDAGENT_NOT_CONNECTED:
    return failed (_ ("Nobody is logged in to the guest."));
  case CW_FILE_XFER_STATUS_DISABLED:
    return failed (_ ("The guest does not allow file transfers."));
  default:
    return g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                        _ ("The guest ended the transfer with status %u."), status->result);
  }
}

void
cw_file_transfers_status (CwFileTransfers *self, const CwAgentFileXferStatus *status)
{
  Transfer *transfer = find (self, status->id);
  g_autoptr (GError) error = NULL;

  if (!transfer) {
    g_debug ("agent: status %u of a transfer %u that is not running", status->result, status->id);
    return;
  }
  if (status->result != CW_FILE_XFER_STATUS_CAN_SEND_DATA) {
    error = error_of_status (transfer, status);
    finish (self, transfer, error);
    read_more (self);
    return;
  }
  if (transfer->state != OFFERED) {
    g_debug ("agent: transfer %u is allowed to begin again", status->id);
    return;
  }
  transfer->state = SENDING;
  self->observer->progress (self->data, status->id, 0);
  read_more (self);
  cw_agent_resume (self->agent);
}
