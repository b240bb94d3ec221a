/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CD or DVD drive: what MMC adds. One session, one data track. */
#include "feature/usb/scsi-unit.h"

#define LAST_CD_BLOCK 360000 /* what is larger is a DVD */
#define FRAMES_PER_SECOND 75
#define LEAD_IN_FRAMES 150
#define LEAD_OUT 0xaa

enum {
  PROFILE_NONE = 0,
  PROFILE_CD_ROM = 0x0008,
  PROFILE_DVD_ROM = 0x0010,
};

static uint16_t
current_profile (const CwScsi *self)
{
  if (self->size == 0)
    return PROFILE_NONE;
  return self->n_blocks <= LAST_CD_BLOCK ? PROFILE_CD_ROM : PROFILE_DVD_ROM;
}

/* The address as minute, second, frame; what is beyond minute 255 stays there. */
static void
put_msf (CwScsiReply *reply, uint64_t block)
{
  uint64_t frames = block + LEAD_IN_FRAMES;

  cw_scsi_put_u8 (reply, (uint8_t) MIN (frames / FRAMES_PER_SECOND / 60, 255));
  cw_scsi_put_u8 (reply, (uint8_t) (frames / FRAMES_PER_SECOND % 60));
  cw_scsi_put_u8 (reply, (uint8_t) (frames % FRAMES_PER_SECOND));
}

static void
put_address (CwScsiReply *reply, uint64_t block, bool msf)
{
  if (msf) {
    cw_scsi_put_u8 (reply, 0);
    put_msf (reply, block);
  } else {
    cw_scsi_put_u32 (reply, (uint32_t) MIN (block, UINT32_MAX));
  }
}

static void
put_track (CwScsiReply *reply, uint8_t track, uint64_t block, bool msf)
{
  const uint8_t head[] = { 0, 0x14 /* data, no copying forbidden */, track, 0 };

  cw_scsi_put (reply, head, sizeof head);
  put_address (reply, block, msf);
}

static bool
put_tracks (CwScsi *self, uint8_t start, bool msf, CwScsiReply *reply)
{
  if (start > 1 && start != LEAD_OUT)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  if (start != LEAD_OUT)
    put_track (reply, 1, 0, msf);
  put_track (reply, LEAD_OUT, self->n_blocks, msf);
  return true;
}

static void
put_full_entry (CwScsiReply *reply, uint8_t point)
{
  const uint8_t head[] = { 1, 0x14, 0, point, 0, 0, 0, 0 };

  cw_scsi_put (reply, head, sizeof head);
}

static void
put_full_toc (CwScsi *self, CwScsiReply *reply)
{
  static const uint8_t first_track[] = { 1, 0, 0 };

  put_full_entry (reply, 0xa0);
  cw_scsi_put (reply, first_track, sizeof first_track);
  put_full_entry (reply, 0xa1);
  cw_scsi_put (reply, first_track, sizeof first_track);
  put_full_entry (reply, 0xa2);
  put_msf (reply, self->n_blocks);
  put_full_entry (reply, 1);
  put_msf (reply, 0);
}

static bool
read_toc (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  CwScsiReply *reply = &result->reply;
  uint8_t format = cdb[2] & 0x0f;
  bool msf = cdb[1] & 2;

  if (format == 0 && (cdb[9] & 0xc0)) /* where the format stood in older drafts */
    format = cdb[9] >> 6;
  cw_scsi_put_u16 (reply, 0);
  cw_scsi_put_u16 (reply, 0x0101); /* first and last track, or session */
  switch (format) {
  case 0:
    if (!put_tracks (self, cdb[6], msf, reply))
      return false;
    break;
  case 1:
    put_track (reply, 1, 0, msf);
    break;
  case 2:
    put_full_toc (self, reply);
    break;
  default:
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  }
  cw_scsi_patch_u16 (reply, 0, 2);
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 7));
}

static bool
read_disc_information (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  static const uint8_t head[] = { 0, 0x20, 0x0e /* complete */, 1, 1, 1, 1, 0x20 };

  if (cdb[1] & 7)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  cw_scsi_put (&result->reply, head, sizeof head);
  cw_scsi_put_zeros (&result->reply, 34 - sizeof head);
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 7));
}

static bool
read_track_information (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  static const uint8_t head[] = { 0, 0x22, 1, 1, 0, 4 /* data track */, 1, 0 };
  CwScsiReply *reply = &result->reply;
  bool by_track = (cdb[1] & 3) == 1;

  if (by_track && cw_scsi_u32 (cdb + 2) != 1)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  cw_scsi_put (reply, head, sizeof head);
  cw_scsi_put_zeros (reply, 16); /* start, next writable, free, packet size */
  cw_scsi_put_u32 (reply, (uint32_t) MIN (self->n_blocks, UINT32_MAX));
  cw_scsi_put_zeros (reply, 8);
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 7));
}

static void
put_feature (CwScsiReply *reply, uint16_t code, uint8_t version, bool persistent, bool current, const uint8_t *body,
             uint8_t size)
{
  cw_scsi_put_u16 (reply, code);
  cw_scsi_put_u8 (reply, (uint8_t) (version << 2 | (persistent ? 2 : 0) | (current ? 1 : 0)));
  cw_scsi_put_u8 (reply, size);
  cw_scsi_put (reply, body, size);
}

typedef struct {
  uint16_t code;
  uint8_t version;
  bool persistent;
  uint16_t profile; /* the feature is current with this one; PROFILE_NONE: with any medium */
  uint8_t size;
  uint8_t body[8];
} Feature;

static const Feature features[] = {
  { 0x0000, 0, true, PROFILE_NONE, 0, { 0 } }, /* the profiles, put by themselves */
  { 0x0001, 2, true, PROFILE_NONE, 8, { 0, 0, 0, 1, 1 } },
  { 0x0003, 2, true, PROFILE_NONE, 4, { 0x39 } }, /* tray, eject, load, lock */
  { 0x0010, 0, false, PROFILE_NONE, 8, { 0, 0, 8, 0, 0, 0x10, 1 } },
  { 0x001e, 2, false, PROFILE_CD_ROM, 4, { 0 } },
  { 0x001f, 1, false, PROFILE_DVD_ROM, 4, { 0 } },
  { 0x0100, 0, true, PROFILE_NONE, 0, { 0 } },
  { 0x0105, 1, true, PROFILE_NONE, 4, { 0 } },
};

static void
put_profiles (const CwScsi *self, CwScsiReply *reply)
{
  uint16_t profile = current_profile (self);
  const uint8_t list[] = { 0, 0x10, profile == PROFILE_DVD_ROM, 0, 0, 0x08, profile == PROFILE_CD_ROM, 0 };

  put_feature (reply, 0x0000, 0, true, true, list, sizeof list);
}

static bool
is_current (const CwScsi *self, const Feature *feature)
{
  if (feature->persistent)
    return true;
  return self->size > 0 && (feature->profile == PROFILE_NONE || feature->profile == current_profile (self));
}

static bool
get_configuration (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  CwScsiReply *reply = &result->reply;
  unsigned which = cdb[1] & 3, start = cw_scsi_u16 (cdb + 2);

  if (which == 3)
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  cw_scsi_put_u32 (reply, 0);
  cw_scsi_put_u16 (reply, 0);
  cw_scsi_put_u16 (reply, current_profile (self));
  for (unsigned i = 0; i < G_N_ELEMENTS (features); i++) {
    const Feature *feature = &features[i];
    bool current = is_current (self, feature);

    if (which == 2 ? feature->code != start : feature->code < start || (which == 1 && !current))
      continue;
    if (feature->code == 0)
      put_profiles (self, reply);
    else
      put_feature (reply, feature->code, feature->version, feature->persistent, current, feature->body, feature->size);
  }
  cw_scsi_patch_u16 (reply, 2, 4);
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 7));
}

static bool
get_event_status (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  static const uint8_t none[] = { 0, 2, 0x80, 0x10 };
  const uint8_t media[]
      = { 0, 6, 0x04, 0x10, (uint8_t) self->media_event, self->size > 0 ? 0x02 : 0 /* tray closed */, 0, 0 };

  if (!(cdb[1] & 1)) /* telling later is not offered */
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  if (cdb[4] & 0x10) {
    cw_scsi_put (&result->reply, media, sizeof media);
    if (cw_scsi_u16 (cdb + 7) > 4)
      self->media_event = CW_SCSI_MEDIA_NO_CHANGE;
  } else {
    cw_scsi_put (&result->reply, none, sizeof none);
  }
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 7));
}

static bool
mechanism_status (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  cw_scsi_put_zeros (&result->reply, 8); /* door closed, nothing to change */
  return cw_scsi_reply_cut (result, cw_scsi_u16 (cdb + 8));
}

static bool
accept (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  return true;
}

/* Only the user data of whole sectors, which is what there is. */
static bool
read_cd (CwScsi *self, const uint8_t *cdb, CwScsiResult *result)
{
  uint64_t n_blocks = (uint64_t) cdb[6] << 16 | cw_scsi_u16 (cdb + 7);
  uint8_t type = cdb[1] >> 2 & 7;

  if (type == 1 || (cdb[9] & 0xe6) || (cdb[10] & 7))
    return cw_scsi_refuse (self, CW_SENSE_ILLEGAL_FIELD);
  if (!(cdb[9] & 0x10))
    n_blocks = 0;
  return cw_scsi_transfer (self, CW_SCSI_READ, cw_scsi_u32 (cdb + 2), n_blocks, result);
}

static const CwScsiCommand commands[] = {
  { 0x43, CW_SCSI_NEEDS_MEDIUM, read_toc },
  { 0x46, CW_SCSI_KEEPS_ATTENTION, get_configuration },
  { 0x4a, CW_SCSI_KEEPS_ATTENTION, get_event_status },
  { 0x51, CW_SCSI_NEEDS_MEDIUM, read_disc_information },
  { 0x52, CW_SCSI_NEEDS_MEDIUM, read_track_information },
  { 0xbb, 0, accept }, /* SET CD SPEED */
  { 0xbd, 0, mechanism_status },
  { 0xbe, CW_SCSI_NEEDS_MEDIUM, read_cd },
  { 0, 0, NULL },
};

static bool
mode_page (const CwScsi *self, uint8_t page, bool changeable, CwScsiReply *reply)
{
  static const uint8_t error_recovery[10] = { 0 }, power[10] = { 0 };
  uint8_t capabilities[20]
      = { 0x3b, 0, 0x7f, 0xff, self->locked ? 0x2f : 0x2d, 0, 0x22, 0x60, 0, 2, 8, 0, 0x0b, 0, 0, 0, 0x0b, 0, 0x0b, 0 };

  if (page == 0x01)
    cw_scsi_put_page (reply, page, changeable, error_recovery, sizeof error_recovery);
  else if (page == 0x1a)
    cw_scsi_put_page (reply, page, changeable, power, sizeof power);
  else if (page == 0x2a)
    cw_scsi_put_page (reply, page, changeable, capabilities, sizeof capabilities);
  else
    return false;
  return true;
}

const CwScsiModel cw_scsi_cd_model = {
  .device_type = 0x05,
  .block_size = 2048,
  .product = "Shared CD",
  .commands = commands,
  .mode_page = mode_page,
};
