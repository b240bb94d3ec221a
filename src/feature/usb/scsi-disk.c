/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A removable disk: what SBC-2 adds for writing. */
#include "feature/usb/scsi-unit.h"

static bool
write_blocks (CwScsi *self, uint64_t block, uint64_t n_blocks, CwScsiResult *result)
{
  if (self->read_only)
    return cw_scsi_refuse (self, CW_SENSE_PROTECTED);
  return cw_scsi_transfer (self, CW_SCSI_WRITE, block, n_blocks, result);
}

static bool
write_6 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return write_blocks (self, cw_scsi_u32 (cdb) & 0x1fffff, cdb[4] ? cdb[4] : 256, result);
}

static bool
write_10 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return write_blocks (self, cw_scsi_u32 (cdb + 2), cw_scsi_u16 (cdb + 7), result);
}

static bool
write_12 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return write_blocks (self, cw_scsi_u32 (cdb + 2), cw_scsi_u32 (cdb + 6), result);
}

static bool
write_16 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return write_blocks (self, cw_scsi_u64 (cdb + 2), cw_scsi_u32 (cdb + 10), result);
}

static const CwScsiCommand commands[] = {
  { 0x0a, CW_SCSI_NEEDS_MEDIUM, write_6 },
  { 0x2a, CW_SCSI_NEEDS_MEDIUM, write_10 },
  { 0x8a, CW_SCSI_NEEDS_MEDIUM, write_16 },
  { 0xaa, CW_SCSI_NEEDS_MEDIUM, write_12 },
  { 0, 0, NULL },
};

static bool
mode_page (const CwScsi *self, uint8_t page, bool changeable, CwScsiReply *reply)
{
  /* A volatile cache: guests then ask for SYNCHRONIZE CACHE. */
  static const uint8_t caching[18] = { 0x04 };

  if (page != 0x08)
    return false;
  cw_scsi_put_page (reply, page, changeable, caching, sizeof caching);
  return true;
}

const CwScsiModel cw_scsi_disk_model = {
  .device_type = 0x00,
  .block_size = 512,
  .product = "Shared Disk",
  .commands = commands,
  .mode_page = mode_page,
};
