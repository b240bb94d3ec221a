/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A SCSI logical unit without I/O: a command block in, what is to be done out. Whoever carries the bytes (bulk-only.h)
 * reads and writes the medium. Two kinds: a CD drive (MMC) and a disk (SBC), each a table of commands in a file of its
 * own, over the ones all units have (SPC). */
#pragma once

#include "feature/usb/scsi-reply.h"

typedef struct CwScsi CwScsi;

typedef enum {
  CW_SCSI_CD,   /* read-only, blocks of 2048 bytes */
  CW_SCSI_DISK, /* blocks of 512 bytes */
} CwScsiKind;

/* Sense key, additional code and qualifier in one number: 0xKKAAQQ. */
typedef enum {
  CW_SENSE_NONE = 0,
  CW_SENSE_NOT_READY_NO_MEDIUM = 0x023a00,
  CW_SENSE_MEDIUM_WRITE = 0x030c00,
  CW_SENSE_MEDIUM_READ = 0x031100,
  CW_SENSE_ILLEGAL_OPCODE = 0x052000,
  CW_SENSE_ILLEGAL_ADDRESS = 0x052100,
  CW_SENSE_ILLEGAL_FIELD = 0x052400,
  CW_SENSE_ILLEGAL_UNIT = 0x052500,
  CW_SENSE_ILLEGAL_SAVING = 0x053900,
  CW_SENSE_ILLEGAL_REMOVAL = 0x055302,
  CW_SENSE_ATTENTION_MEDIUM = 0x062800,
  CW_SENSE_ATTENTION_RESET = 0x062900,
  CW_SENSE_PROTECTED = 0x072700,
} CwScsiSense;

typedef enum {
  CW_SCSI_REPLY, /* send reply (maybe nothing), which is cut to the allocation length already */
  CW_SCSI_READ,  /* send size bytes of the medium from offset on */
  CW_SCSI_WRITE, /* take size bytes and write them at offset */
  CW_SCSI_TAKE,  /* take size bytes and drop them */
  CW_SCSI_FLUSH, /* bring all that was written to the medium */
} CwScsiAction;

typedef struct {
  CwScsiAction action;
  bool failed; /* the sense data says why; there is no data */
  uint64_t offset, size;
  CwScsiReply reply;
} CwScsiResult;

/* What happens to the drive by a command of the guest. */
typedef enum {
  CW_SCSI_EJECTED,
  CW_SCSI_LOADED, /* the medium that was ejected is there again */
  CW_SCSI_LOCKED,
  CW_SCSI_UNLOCKED,
} CwScsiEvent;

typedef void (*CwScsiEventFunc) (gpointer data, CwScsiEvent event);

/* serial: unique for each medium and the same each time it is used; at most 20 characters are. on_event may be NULL. */
CwScsi *cw_scsi_new (CwScsiKind kind, const char *serial, CwScsiEventFunc on_event, gpointer data);
void cw_scsi_free (CwScsi *self);

uint32_t cw_scsi_block_size (const CwScsi *self);

/* Puts a medium of size bytes in, or 0: takes it out. A last block that is not whole counts on CDs. */
void cw_scsi_set_medium (CwScsi *self, uint64_t size, bool read_only);
bool cw_scsi_is_locked (const CwScsi *self);
bool cw_scsi_has_medium (const CwScsi *self);

/* Runs a command. cdb has n_cdb bytes, 1 to 16; what it lacks counts as zero. */
void cw_scsi_run (CwScsi *self, unsigned unit, const uint8_t *cdb, size_t n_cdb, CwScsiResult *result);

/* Reading or writing the medium failed, for the result that was carried out last. */
void cw_scsi_fail (CwScsi *self, CwScsiSense sense);

/* The bus was reset: locks are off, and the next command hears of it. */
void cw_scsi_reset (CwScsi *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwScsi, cw_scsi_free)
