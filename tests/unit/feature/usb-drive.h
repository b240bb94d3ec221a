/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An emulated drive with its medium in memory, and a host's side of the bulk-only transport, for tests. */
#pragma once

#include "feature/usb/storage.h"

typedef struct {
  CwUsbStorage *storage;
  CwBulkOnly *bulk;
  GByteArray *medium;
  bool fail_medium; /* reading, writing and flushing fail */
  bool later;       /* the medium answers by drive_medium (), not at once */
  unsigned n_flushes;
  GByteArray *in;  /* what IN packets brought since the last command */
  GArray *answers; /* DriveAnswer, in order */
  uint32_t tag;
  bool pending, pending_ok;
  CwScsiEvent events[16];
  unsigned n_events;
} Drive;

typedef struct {
  bool is_in;
  uint64_t id;
  CwUsbStatus status;
  size_t size;
} DriveAnswer;

typedef struct {
  int status; /* of the CSW; -1: none came */
  uint32_t residue;
  bool stalled; /* the data ended so */
} DriveStatus;

void drive_init (Drive *self, CwScsiKind kind, size_t medium_size, bool read_only);
void drive_clear (Drive *self);

/* Whole commands, as a host does them: data in goes to self->in. piece: bytes of each bulk packet. */
DriveStatus drive_command_in (Drive *self, const uint8_t *cdb, size_t n_cdb, uint32_t size, size_t piece);
DriveStatus drive_command_out (Drive *self, const uint8_t *cdb, size_t n_cdb, const uint8_t *data, uint32_t size,
                               size_t piece);
/* The command block wrapper alone. */
void drive_wrap (uint8_t bytes[31], uint32_t tag, uint32_t size, bool in, unsigned unit, const uint8_t *cdb,
                 size_t n_cdb);
void drive_medium (Drive *self);

/* The sense data of the last failure, as CwScsiSense. */
uint32_t drive_sense (Drive *self);

const DriveAnswer *drive_last (const Drive *self);

/* Commands in words of hexadecimal digits, and what came of them. */
DriveStatus drive_ask (Drive *self, const char *hex, uint32_t size);
void drive_assert_in (const Drive *self, const char *hex);
void drive_assert_good (DriveStatus status, uint32_t residue);
void drive_assert_refused (Drive *self, const char *hex, uint32_t size, uint32_t sense);

/* A drive whose reset the host has heard of. */
void drive_ready (Drive *self, CwScsiKind kind, size_t size, bool read_only);
