/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a logical unit, for the files that implement its commands. */
#pragma once

#include "feature/usb/scsi.h"

/* cdb always has 16 bytes. False: failed, for the sense that was set. */
typedef bool (*CwScsiHandler) (CwScsi *self, const uint8_t *cdb, CwScsiResult *result);

typedef enum {
  CW_SCSI_NEEDS_MEDIUM = 1 << 0,
  CW_SCSI_KEEPS_ATTENTION = 1 << 1, /* runs also while the guest has to be told of something */
} CwScsiFlags;

typedef struct {
  uint8_t opcode;
  CwScsiFlags flags;
  CwScsiHandler run;
} CwScsiCommand;

/* The media events of GET EVENT STATUS NOTIFICATION. */
typedef enum {
  CW_SCSI_MEDIA_NO_CHANGE = 0,
  CW_SCSI_MEDIA_EJECT_REQUEST = 1,
  CW_SCSI_MEDIA_NEW = 2,
  CW_SCSI_MEDIA_REMOVED = 3,
} CwScsiMediaEvent;

/* One kind of unit. */
typedef struct {
  uint8_t device_type;
  uint32_t block_size;
  const char *product;
  const CwScsiCommand *commands; /* ends with run NULL */
  /* Appends the mode page of this number; true when the unit has it. changeable: all zeros but its head. */
  bool (*mode_page) (const CwScsi *self, uint8_t page, bool changeable, CwScsiReply *reply);
} CwScsiModel;

extern const CwScsiModel cw_scsi_cd_model;
extern const CwScsiModel cw_scsi_disk_model;

struct CwScsi {
  const CwScsiModel *model;
  char serial[21];
  CwScsiEventFunc on_event;
  gpointer data;

  uint64_t size; /* bytes of the medium, 0 without one */
  uint64_t n_blocks;
  uint64_t ejected_size; /* of the medium that the guest ejected and may load again */
  bool read_only, locked;
  CwScsiMediaEvent media_event; /* not asked for yet */
  CwScsiSense sense;            /* of the last command that failed */
  CwScsiSense attention;        /* the next command fails with it; CW_SENSE_NONE */
};

/* Sets the sense data, and returns false. */
bool cw_scsi_refuse (CwScsi *self, CwScsiSense sense);

/* Cuts the reply to the allocation length of the command. Returns true. */
bool cw_scsi_reply_cut (CwScsiResult *result, size_t allocation);

/* Fills result with a transfer of blocks, or refuses those that are not there. */
bool cw_scsi_transfer (CwScsi *self, CwScsiAction action, uint64_t block, uint64_t n_blocks, CwScsiResult *result);

/* The head of a mode page. */
void cw_scsi_put_page (CwScsiReply *reply, uint8_t page, bool changeable, const uint8_t *body, size_t size);

void cw_scsi_tell (CwScsi *self, CwScsiEvent event);
