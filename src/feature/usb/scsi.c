/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both kinds of logical units have: SPC-3's commands, and reading. Facts: the emulated CD and disk of the API
 * description, SPC-3, SBC-2. */
#include "feature/usb/scsi-unit.h"

#define VENDOR "Caraway"
#define REVISION "1.0"
#define MAX_TAKEN 65536 /* bytes of parameters that are taken and dropped; their length fields have 16 bits */

enum {
  OP_REQUEST_SENSE = 0x03,
  OP_INQUIRY = 0x12,
};

bool
cw_scsi_refuse (CwScsi *self, CwScsiSense sense)
{
  self->sense = sense;
  return false;
}

bool
cw_scsi_reply_cut (CwScsiResult *result, size_t allocation)
{
  result->reply.size = MIN (result->reply.size, allocation);
  return true;
}

void
cw_scsi_tell (CwScsi *self, CwScsiEvent event)
{
  if (self->on_event)
    self->on_event (self->data, event);
}

void
cw_scsi_put_page (CwScsiReply *reply, uint8_t page, bool changeable, const uint8_t *body, size_t size)
{
  cw_scsi_put_u8 (reply, page);
  cw_scsi_put_u8 (reply, (uint8_t) size);
  if (changeable) /* nothing is */
    cw_scsi_put_zeros (reply, size);
  else
    cw_scsi_put (reply, body, size);
}

bool
cw_scsi_transfer (CwScsi *self, CwScsiAction action, uint64_t block, uint64_t n_blocks, CwScsiResult *result)
{
  if (block > self->n_blocks || n_blocks > self->n_blocks - block)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_ADDRESS);
  if (n_blocks == 0)
    return true;
  result->action = action;
  result->offset = block * self->model->block_size;
  result->size = n_blocks * self->model->block_size;
  return true;
}

static bool
test_unit_ready (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return true;
}

static bool
request_sense (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  CwScsiReply *reply = &result->reply;
  CwScsiSense sense = self->sense;

  if (sense == CW_SENSE_NONE) {
    sense = self->attention;
    self->attention = CW_SENSE_NONE;
  }
  self->sense = CW_SENSE_NONE;
  cw_scsi_put_u8 (reply, 0x70); /* current, fixed format */
  cw_scsi_put_u8 (reply, 0);
  cw_scsi_put_u8 (reply, (uint8_t) (sense >> 16));
  cw_scsi_put_u32 (reply, 0);
  cw_scsi_put_u8 (reply, 10); /* bytes that follow */
  cw_scsi_put_u32 (reply, 0);
  cw_scsi_put_u16 (reply, (uint16_t) sense);
  cw_scsi_put_u32 (reply, 0);
  return cw_scsi_reply_cut (result, cdb[4]);
}

static bool
inquiry_page (CwScsi *self, uint8_t page, CwScsiReply *reply)
{
  static const uint8_t pages[] = { 0x00, 0x80, 0x83 };
  size_t serial = strlen (self->serial);

  cw_scsi_put_u8 (reply, self->model->device_type);
  cw_scsi_put_u8 (reply, page);
  switch (page) {
  case 0x00: /* which pages there are */
    cw_scsi_put_u16 (reply, sizeof pages);
    cw_scsi_put (reply, pages, sizeof pages);
    return true;
  case 0x80: /* serial number */
    cw_scsi_put_u16 (reply, (uint16_t) serial);
    cw_scsi_put (reply, self->serial, serial);
    return true;
  case 0x83: /* identification: one vendor-specific name in ASCII */
    cw_scsi_put_u16 (reply, (uint16_t) (4 + serial));
    cw_scsi_put_u32 (reply, 0x02000000 | (uint32_t) serial);
    cw_scsi_put (reply, self->serial, serial);
    return true;
  default:
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  }
}

static bool
inquiry (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  CwScsiReply *reply = &result->reply;
  bool vital = cdb[1] & 1;

  if (!vital && cdb[2] != 0)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  if (vital && !inquiry_page (self, cdb[2], reply))
    return false;
  if (!vital) {
    const uint8_t head[] = { self->model->device_type, 0x80 /* removable */, 0x05 /* SPC-3 */, 0x02, 31, 0, 0, 0 };

    cw_scsi_put (reply, head, sizeof head);
    cw_scsi_put_text (reply, VENDOR, 8);
    cw_scsi_put_text (reply, self->model->product, 16);
    cw_scsi_put_text (reply, REVISION, 4);
  }
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 3));
}

/* The pages asked for; without them, there is nothing to say. */
static bool
put_pages (CwScsi *self, const uint8_t *cdb, CwScsiReply *reply)
{
  uint8_t page = cdb[2] & 0x3f, control = cdb[2] >> 6;
  bool found = page == 0x3f;

  if (control == 3)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_SAVING);
  if (page != 0x3f)
    found = self->model->mode_page (self, page, control == 1, reply);
  else
    for (uint8_t each = 1; each < 0x3f; each++)
      self->model->mode_page (self, each, control == 1, reply);
  return found || cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
}

static size_t
put_block_descriptor (const CwScsi *self, const uint8_t *cdb, CwScsiReply *reply)
{
  if (self->model->device_type != 0 || (cdb[1] & 0x08))
    return 0;
  cw_scsi_put_u32 (reply, self->n_blocks < 0xffffff ? (uint32_t) self->n_blocks : 0xffffff);
  cw_scsi_put_u32 (reply, self->model->block_size);
  return 8;
}

static uint8_t
device_bits (const CwScsi *self)
{
  return self->model->device_type == 0 && self->read_only ? 0x80 : 0; /* write-protected */
}

static bool
mode_sense_6 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  CwScsiReply *reply = &result->reply;

  cw_scsi_put_u16 (reply, 0); /* length, medium type */
  cw_scsi_put_u8 (reply, device_bits (self));
  cw_scsi_put_u8 (reply, 0);
  reply->data[3] = (uint8_t) put_block_descriptor (self, cdb, reply);
  if (!put_pages (self, cdb, reply))
    return false;
  reply->data[0] = (uint8_t) (reply->size - 1);
  return cw_scsi_reply_cut (result, cdb[4]);
}

static bool
mode_sense_10 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  CwScsiReply *reply = &result->reply;

  cw_scsi_put_u16 (reply, 0);
  cw_scsi_put_u8 (reply, 0);
  cw_scsi_put_u8 (reply, device_bits (self));
  cw_scsi_put_u32 (reply, 0);
  reply->data[7] = (uint8_t) put_block_descriptor (self, cdb, reply);
  if (!put_pages (self, cdb, reply))
    return false;
  cw_scsi_patch_u16 (reply, 0, 2);
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 7));
}

/* Nothing can be changed, but systems try to set what they have read. */
static bool
take_parameters (CwScsiResult *result, size_t size)
{
  result->action = size > 0 ? CW_SCSI_TAKE : CW_SCSI_REPLY;
  result->size = MIN (size, MAX_TAKEN);
  return true;
}

static bool
mode_select_6 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return take_parameters (result, cdb[4]);
}

static bool
mode_select_10 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return take_parameters (result, cw_scsi_u16 (cdb + 7));
}

static bool
eject (CwScsi *self, CwScsiResult *result)
{
  if (self->locked)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_REMOVAL);
  if (self->size == 0)
    return true;
  if (!self->read_only)
    result->action = CW_SCSI_FLUSH;
  self->ejected_size = self->size;
  self->size = self->n_blocks = 0;
  self->media_event = CW_SCSI_MEDIA_REMOVED;
  cw_scsi_tell (self, CW_SCSI_EJECTED);
  return true;
}

static bool
load (CwScsi *self)
{
  if (self->size > 0 || self->ejected_size == 0)
    return true;
  cw_scsi_set_medium (self, self->ejected_size, self->read_only);
  cw_scsi_tell (self, CW_SCSI_LOADED);
  return true;
}

static bool
start_stop (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  bool tray = cdb[4] & 2, start = cdb[4] & 1;

  if (!tray)
    return true;
  return start ? load (self) : eject (self, result);
}

static bool
prevent_removal (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  bool lock = cdb[4] & 1;

  if (lock != self->locked) {
    self->locked = lock;
    cw_scsi_tell (self, lock ? CW_SCSI_LOCKED : CW_SCSI_UNLOCKED);
  }
  return true;
}

static bool
read_capacity_10 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  cw_scsi_put_u32 (&result->reply, (uint32_t) MIN (self->n_blocks - 1, UINT32_MAX));
  cw_scsi_put_u32 (&result->reply, self->model->block_size);
  return true;
}

static bool
service_in (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  if ((cdb[1] & 0x1f) != 0x10) /* read capacity */
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_OPCODE);
  cw_scsi_put_u64 (&result->reply, self->n_blocks - 1);
  cw_scsi_put_u32 (&result->reply, self->model->block_size);
  cw_scsi_put_zeros (&result->reply, 20);
  return cw_scsi_reply_cut (result, cw_scsi_u32 (cdb + 10));
}

static bool
read_format_capacities (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  cw_scsi_put_u32 (&result->reply, 8);
  cw_scsi_put_u32 (&result->reply, (uint32_t) MIN (self->n_blocks, UINT32_MAX));
  cw_scsi_put_u8 (&result->reply, 2); /* formatted */
  cw_scsi_put_u24 (&result->reply, self->model->block_size);
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 7));
}

static bool
read_6 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  uint32_t block = cw_scsi_u32 (cdb) & 0x1fffff;

  return cw_scsi_transfer (self, CW_SCSI_READ, block, cdb[4] ? cdb[4] : 256, result);
}

static bool
read_10 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return cw_scsi_transfer (self, CW_SCSI_READ, cw_scsi_u32 (cdb + 2), cw_scsi_u16 (cdb + 7), result);
}

static bool
read_12 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return cw_scsi_transfer (self, CW_SCSI_READ, cw_scsi_u32 (cdb + 2), cw_scsi_u32 (cdb + 6), result);
}

static bool
read_16 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return cw_scsi_transfer (self, CW_SCSI_READ, cw_scsi_u64 (cdb + 2), cw_scsi_u32 (cdb + 10), result);
}

/* Checks that the blocks are there; comparing them with data of the guest is not offered. */
static bool
verify_10 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  uint64_t block = cw_scsi_u32 (cdb + 2), n = cw_scsi_u16 (cdb + 7);

  if (cdb[1] & 2)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  return (block <= self->n_blocks && n <= self->n_blocks - block) || cw_scsi_refuse (self, CW_SENSE_ILLEGAL_ADDRESS);
}

static bool
seek_10 (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return cw_scsi_u32 (cdb + 2) < self->n_blocks || cw_scsi_refuse (self, CW_SENSE_ILLEGAL_ADDRESS);
}

static bool
synchronize_cache (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  if (!self->read_only)
    result->action = CW_SCSI_FLUSH;
  return true;
}

static const CwScsiCommand common_commands[] = {
  { 0x00, CW_SCSI_NEEDS_MEDIUM, test_unit_ready },
  { OP_REQUEST_SENSE, CW_SCSI_KEEPS_ATTENTION, request_sense },
  { 0x08, CW_SCSI_NEEDS_MEDIUM, read_6 },
  { OP_INQUIRY, CW_SCSI_KEEPS_ATTENTION, inquiry },
  { 0x15, 0, mode_select_6 },
  { 0x1a, 0, mode_sense_6 },
  { 0x1b, 0, start_stop },
  { 0x1e, 0, prevent_removal },
  { 0x23, CW_SCSI_NEEDS_MEDIUM, read_format_capacities },
  { 0x25, CW_SCSI_NEEDS_MEDIUM, read_capacity_10 },
  { 0x28, CW_SCSI_NEEDS_MEDIUM, read_10 },
  { 0x2b, CW_SCSI_NEEDS_MEDIUM, seek_10 },
  { 0x2f, CW_SCSI_NEEDS_MEDIUM, verify_10 },
  { 0x35, CW_SCSI_NEEDS_MEDIUM, synchronize_cache },
  { 0x55, 0, mode_select_10 },
  { 0x5a, 0, mode_sense_10 },
  { 0x88, CW_SCSI_NEEDS_MEDIUM, read_16 },
  { 0x9e, CW_SCSI_NEEDS_MEDIUM, service_in },
  { 0xa8, CW_SCSI_NEEDS_MEDIUM, read_12 },
  { 0, 0, NULL },
};

static const CwScsiCommand *
find_in (const CwScsiCommand *commands, uint8_t opcode)
{
  for (; commands->run; commands++)
    if (commands->opcode == opcode)
      return commands;
  return NULL;
}

/* Units that are not there still say so when they are asked who they are. */
static bool
run_absent (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  if (cdb[0] != OP_INQUIRY)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_UNIT);
  cw_scsi_put_u8 (&result->reply, 0x7f);
  cw_scsi_put_zeros (&result->reply, 35);
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 3));
}

static bool
run (CwScsi *self, unsigned unit, const uint8_t *cdb, CwScsiResult *result)
{
  const CwScsiCommand *command;
  CwScsiSense attention = self->attention;

  if (unit != 0)
    return run_absent (self, cdb, result);
  command = find_in (self->model->commands, cdb[0]);
  if (!command)
    command = find_in (common_commands, cdb[0]);
  if (!command)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_OPCODE);
  if (attention != CW_SENSE_NONE && !(command->flags & CW_SCSI_KEEPS_ATTENTION)) {
    self->attention = CW_SENSE_NONE;
    return cw_scsi_refuse (self, attention);
  }
  if ((command->flags & CW_SCSI_NEEDS_MEDIUM) && self->size == 0)
    return cw_scsi_refuse (self, CW_SENSE_NOT_READY_NO_MEDIUM);
  return command->run (self, cdb, result);
}

void
cw_scsi_run (CwScsi *self, unsigned unit, const uint8_t *cdb, size_t n_cdb, CwScsiResult *result)
{
  uint8_t whole[16] = { 0 };

  g_assert (n_cdb >= 1 && n_cdb <= sizeof whole);
  memcpy (whole, cdb, n_cdb);
  result->action = CW_SCSI_REPLY;
  result->failed = false;
  result->offset = result->size = result->reply.size = 0;
  /* Sense data is there until the next command. */
  if (whole[0] != OP_REQUEST_SENSE)
    self->sense = CW_SENSE_NONE;
  if (run (self, unit, whole, result))
    return;
  result->failed = true;
  result->action = CW_SCSI_REPLY;
  result->reply.size = 0;
}

void
cw_scsi_fail (CwScsi *self, CwScsiSense sense)
{
  self->sense = sense;
}

void
cw_scsi_reset (CwScsi *self)
{
  if (self->locked)
    cw_scsi_tell (self, CW_SCSI_UNLOCKED);
  self->locked = false;
  self->sense = CW_SENSE_NONE;
  self->attention = CW_SENSE_ATTENTION_RESET;
}

CwScsi *
cw_scsi_new (CwScsiKind kind, const char *serial, CwScsiEventFunc on_event, gpointer data)
{
  CwScsi *self = g_new0 (CwScsi, 1);

  self->model = kind == CW_SCSI_CD ? &cw_scsi_cd_model : &cw_scsi_disk_model;
  g_strlcpy (self->serial, serial, sizeof self->serial);
  self->on_event = on_event;
  self->data = data;
  self->read_only = true;
  self->attention = CW_SENSE_ATTENTION_RESET;
  return self;
}

void
cw_scsi_free (CwScsi *self)
{
  g_free (self);
}

uint32_t
cw_scsi_block_size (const CwScsi *self)
{
  return self->model->block_size;
}

void
cw_scsi_set_medium (CwScsi *self, uint64_t size, bool read_only)
{
  bool had = self->size > 0;

  self->size = size;
  self->n_blocks = size / self->model->block_size + (size % self->model->block_size ? 1 : 0);
  self->read_only = read_only || self->model == &cw_scsi_cd_model;
  self->ejected_size = 0;
  if (size > 0) {
    self->media_event = CW_SCSI_MEDIA_NEW;
    /* A reset that the guest has not heard of tells it no less. */
    if (self->attention == CW_SENSE_NONE)
      self->attention = CW_SENSE_ATTENTION_MEDIUM;
  } else if (had) {
    self->media_event = CW_SCSI_MEDIA_REMOVED;
  }
}

bool
cw_scsi_is_locked (const CwScsi *self)
{
  return self->locked;
}

bool
cw_scsi_has_medium (const CwScsi *self)
{
  return self->size > 0;
}
