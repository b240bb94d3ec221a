/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* USB mass storage, bulk-only transport 1.0, without I/O: packets of two bulk endpoints in, answers out, between a host
 * and a SCSI unit. Hosts cut transfers into packets of any size, and ask for answers before they have sent the command;
 * so packets queue up, within bounds, and are answered as the command goes on.
 *
 * The medium is read and written by the observer, one thing at a time, each ended by cw_bulk_only_medium_done (). */
#pragma once

#include "feature/usb/scsi.h"

/* As the usbredir protocol numbers them. */
typedef enum {
  CW_USB_SUCCESS = 0,
  CW_USB_CANCELLED = 1,
  CW_USB_INVALID = 2,
  CW_USB_IO_ERROR = 3,
  CW_USB_STALL = 4,
  CW_USB_BABBLE = 6,
} CwUsbStatus;

#define CW_BULK_ONLY_PACKET 512
#define CW_BULK_ONLY_MAX_SIZE (16 * 1024 * 1024) /* of all packets of one endpoint that wait */
#define CW_BULK_ONLY_MAX_WAITING 64              /* packets of one endpoint */

typedef struct CwBulkOnly CwBulkOnly;

/* All must be set. in_done and out_done answer packets; bytes are valid during the call. */
typedef struct {
  void (*in_done) (gpointer data, uint64_t id, CwUsbStatus status, const uint8_t *bytes, size_t size);
  void (*out_done) (gpointer data, uint64_t id, CwUsbStatus status, size_t size);
  /* The buffer is left alone until cw_bulk_only_medium_done (), which may be called from inside. */
  void (*read) (gpointer data, uint64_t offset, uint8_t *buffer, size_t size);
  void (*write) (gpointer data, uint64_t offset, const uint8_t *buffer, size_t size);
  void (*flush) (gpointer data);
} CwBulkOnlyObserver;

/* Borrows unit. */
CwBulkOnly *cw_bulk_only_new (CwScsi *unit, const CwBulkOnlyObserver *observer, gpointer data);

/* Not while the observer reads, writes or flushes. Waiting packets are dropped. */
void cw_bulk_only_free (CwBulkOnly *self);
bool cw_bulk_only_is_busy (const CwBulkOnly *self);

/* Packets; ids are given back. An IN packet asks for up to size bytes. */
void cw_bulk_only_in (CwBulkOnly *self, uint64_t id, size_t size);
void cw_bulk_only_out (CwBulkOnly *self, uint64_t id, const uint8_t *data, size_t size);
void cw_bulk_only_cancel (CwBulkOnly *self, uint64_t id);

/* What was asked of the observer is done, or has failed. */
void cw_bulk_only_medium_done (CwBulkOnly *self, bool ok);

/* Control requests. usb: a reset of the whole device, which also clears the halts. */
void cw_bulk_only_reset (CwBulkOnly *self, bool usb);
void cw_bulk_only_clear_halt (CwBulkOnly *self, bool in);
bool cw_bulk_only_is_halted (const CwBulkOnly *self, bool in);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwBulkOnly, cw_bulk_only_free)
