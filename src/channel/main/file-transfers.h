/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files on their way to the guest: what is said about each, and whose turn it is. No I/O, no main loop.
 *
 * Several files take turns message by message. Somebody else reads them, ahead of what is sent, within a budget for all
 * together. */
#pragma once

#include "channel/main/agent.h"

/* Bytes of a file in one message. */
#define CW_FILE_BLOCK 65536

/* Asked for at a time, and the most that is read ahead of all files together. */
#define CW_FILE_READ (4 * CW_FILE_BLOCK)
#define CW_FILE_READ_AHEAD (8 * CW_FILE_READ)

typedef struct CwFileTransfers CwFileTransfers;

/* All may do anything but free the transfers. */
typedef struct {
  /* Read this many bytes more of the file; cw_file_transfers_take () or cw_file_transfers_fail () answers, later. */
  void (*read) (gpointer data, uint32_t id, size_t size);
  /* So many bytes of the file are under way. */
  void (*progress) (gpointer data, uint32_t id, uint64_t bytes);
  /* The transfer has ended, and id is forgotten. error: NULL on success. */
  void (*finished) (gpointer data, uint32_t id, const GError *error);
} CwFileTransfersObserver;

/* agent must outlive it. */
CwFileTransfers *cw_file_transfers_new (CwAgent *agent, const CwFileTransfersObserver *observer, gpointer data);
void cw_file_transfers_free (CwFileTransfers *self);

/* Offers the guest a file; name is UTF-8 without a folder. False: there is no agent, or too much waits for it. */
bool cw_file_transfers_offer (CwFileTransfers *self, uint32_t id, const char *name, uint64_t size);

/* The next bytes of the file, not more than were asked for; none: it has ended. */
void cw_file_transfers_take (CwFileTransfers *self, uint32_t id, GBytes *bytes);

/* Ends a transfer for a reason of the client's, which the guest is told. Nothing happens when id is unknown. */
void cw_file_transfers_fail (CwFileTransfers *self, uint32_t id, const GError *error);

/* Ends all, as there is nobody to be told. */
void cw_file_transfers_fail_all (CwFileTransfers *self, const GError *error);

/* The agent's word on a transfer. */
void cw_file_transfers_status (CwFileTransfers *self, const CwAgentFileXferStatus *status);

/* As from CwAgentObserver. */
void cw_file_transfers_sent (CwFileTransfers *self, uint32_t tag);
void cw_file_transfers_low (CwFileTransfers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwFileTransfers, cw_file_transfers_free)
