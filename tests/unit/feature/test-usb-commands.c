/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands and requests that systems send seldom to the emulated drives, at the ends of what they take. */
#include "usb-drive.h"

#define CD_SIZE (100 * 2048)
#define DISK_SIZE (64 * 1024)

#define Z4 " 00 00 00 00"
#define Z16 Z4 Z4 Z4 Z4

typedef struct {
  const char *cdb, *answer;
  uint32_t size, residue;
} Row;

static void
run_rows (Drive *drive, const Row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    g_test_message ("%s", rows[i].cdb);
    drive_assert_good (drive_ask (drive, rows[i].cdb, rows[i].size), rows[i].residue);
    drive_assert_in (drive, rows[i].answer);
  }
}

typedef struct {
  const char *cdb;
  uint32_t size, sense;
} Refusal;

static void
run_refusals (Drive *drive, const Refusal *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    g_test_message ("%s", rows[i].cdb);
    drive_assert_refused (drive, rows[i].cdb, rows[i].size, rows[i].sense);
  }
}

static CwScsi *
unit_of (Drive *drive)
{
  return cw_usb_storage_unit (drive->storage);
}

static void
test_cd (void)
{
  static const Row rows[] = {
    { "12 01 83 00 ff 00", "05 83 00 14 02 00 00 10 30 31 32 33 34 35 36 37 38 39 41 42 43 44 45 46", 255, 231 },
    { "03 00 00 00 ff 00", "70 00 00 00 00 00 00 0a" Z4 " 00 00" Z4, 255, 237 },
    { "9e 10 00 00 00 00 00 00 00 00 00 00 00 ff 00 00", "00 00 00 00 00 00 00 63 00 00 08 00" Z16 Z4, 255, 223 },
    { "43 02 01 00 00 00 00 00 0c 00", "00 0a 01 01 00 14 01 00 00 00 02 00", 12, 0 },
    { "43 00 00 00 00 00 00 00 04 80", "00 2e 01 01", 4, 0 },
    { "43 00 01 00 00 00 00 00 04 80", "00 0a 01 01", 4, 0 }, /* the newer place comes first */
    { "51 00 00 00 00 00 00 00 ff 00", "00 20 0e 01 01 01 01 20" Z16 Z4 Z4 " 00 00", 255, 221 },
    { "52 00 00 00 00 05 00 00 08 00", "00 22 01 01 00 04 01 00", 8, 0 },
    { "46 00 00 00 00 00 00 00 ff 00",
      "00 00 00 4c 00 00 00 08 00 00 03 08 00 10 00 00 00 08 01 00 00 01 0b 08 00 00 00 01 01 00 00 00 "
      "00 03 0b 04 39 00 00 00 00 10 01 08 00 00 08 00 00 10 01 00 00 1e 09 04" Z4 " 00 1f 04 04" Z4
      " 01 00 03 00 01 05 07 04" Z4,
      255, 175 },
    { "46 01 00 10 00 00 00 00 ff 00",
      "00 00 00 24 00 00 00 08 00 10 01 08 00 00 08 00 00 10 01 00 00 1e 09 04" Z4 " 01 00 03 00 01 05 07 04" Z4, 255,
      215 },
    { "bb 00 ff ff 00 00 00 00 00 00 00 00", "", 0, 0 },
    { "bd 00 00 00 00 00 00 00 00 03 00 00", "00 00 00", 8, 5 },
    { "1a 00 6a 00 ff 00", "19 00 00 00 2a 14" Z16 Z4, 255, 229 },
    { "1a 00 01 00 03 00", "0f 00 00", 3, 0 },
    { "1b 00 00 00 01 00", "", 0, 0 },
    { "1b 00 00 00 00 00", "", 0, 0 },
    { "2f 00 00 00 00 63 00 00 01 00", "", 0, 0 },
    { "2f 00 00 00 00 64 00 00 00 00", "", 0, 0 },
    { "2b 00 00 00 00 63 00 00 00 00", "", 0, 0 },
    { "28 00 00 00 00 64 00 00 00 00", "", 0, 0 },
    { "35 00 00 00 00 00 00 00 00 00", "", 0, 0 },
    { "be 00 00 00 00 03 00 00 01 00 00 00", "", 0, 0 }, /* nothing of the sectors */
    { "1e 00 00 00 01 00", "", 0, 0 },
    { "5a 00 2a 00 00 00 00 00 10 00", "00 1c 00 00 00 00 00 00 2a 14 3b 00 7f ff 2f 00", 16, 0 },
    { "1e 00 00 00 01 00", "", 0, 0 },
    { "1e 00 00 00 00 00", "", 0, 0 },
    { "5a 00 2a 00 00 00 00 00 10 00", "00 1c 00 00 00 00 00 00 2a 14 3b 00 7f ff 2d 00", 16, 0 },
  };
  static const Refusal refusals[] = {
    { "28 00 00 00 00 65 00 00 00 00", 0, CW_SENSE_ILLEGAL_ADDRESS },
    { "2f 00 00 00 00 63 00 00 02 00", 0, CW_SENSE_ILLEGAL_ADDRESS },
    { "2f 00 00 00 00 65 00 00 00 00", 0, CW_SENSE_ILLEGAL_ADDRESS },
    { "2f 02 00 00 00 00 00 00 01 00", 0, CW_SENSE_ILLEGAL_FIELD },
    { "2b 00 00 00 00 64 00 00 00 00", 0, CW_SENSE_ILLEGAL_ADDRESS },
    { "08 00 00 00 00 00", 2048, CW_SENSE_ILLEGAL_ADDRESS }, /* 256 blocks */
    { "be 04 00 00 00 03 00 00 01 10 00 00", 2048, CW_SENSE_ILLEGAL_FIELD },
    { "be 00 00 00 00 03 00 00 01 f8 00 00", 2048, CW_SENSE_ILLEGAL_FIELD },
    { "be 00 00 00 00 03 00 00 01 12 00 00", 2048, CW_SENSE_ILLEGAL_FIELD },
    { "be 00 00 00 00 03 00 00 01 10 01 00", 2048, CW_SENSE_ILLEGAL_FIELD },
    { "be 00 00 00 00 03 01 00 01 10 00 00", 2048, CW_SENSE_ILLEGAL_ADDRESS },
    { "51 01 00 00 00 00 00 00 08 00", 8, CW_SENSE_ILLEGAL_FIELD },
    { "52 01 00 00 00 02 00 00 24 00", 36, CW_SENSE_ILLEGAL_FIELD },
    { "46 03 00 00 00 00 00 00 10 00", 16, CW_SENSE_ILLEGAL_FIELD },
    { "1a 00 08 00 10 00", 16, CW_SENSE_ILLEGAL_FIELD },
    { "12 01 01 00 ff 00", 255, CW_SENSE_ILLEGAL_FIELD },
  };
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  run_rows (&drive, rows, G_N_ELEMENTS (rows));
  run_refusals (&drive, refusals, G_N_ELEMENTS (refusals));
  g_assert_cmpuint (drive.n_flushes, ==, 0);
  g_assert_cmpuint (drive.n_events, ==, 2); /* locked and unlocked, once each */
  /* An answer may be fetched in pieces. */
  drive_assert_good (drive_command_in (&drive, (const uint8_t[]){ 0x12, 0, 0, 0, 36, 0 }, 6, 36, 9), 0);
  g_assert_cmpmem (drive.in->data + 8, drive.in->len - 8, "Caraway Shared CD       1.0 ", 28);
  /* The upper bits of an address of three bytes are none of it. */
  drive_assert_good (drive_ask (&drive, "08 e0 00 05 01 00", 2048), 0);
  g_assert_cmpmem (drive.in->data, drive.in->len, drive.medium->data + 5 * 2048, 2048);
  drive_clear (&drive);
}

/* Sizes at which the answers change. */
static void
test_sizes (void)
{
  static const struct {
    CwScsiKind kind;
    uint64_t size;
    Row row;
  } rows[] = {
    { CW_SCSI_CD,
      UINT64_C (360000) * 2048,
      { "46 02 00 00 00 00 00 00 14 00", "00 00 00 10 00 00 00 08 00 00 03 08 00 10 00 00 00 08 01 00", 20, 0 } },
    { CW_SCSI_CD,
      UINT64_C (360001) * 2048,
      { "46 02 00 00 00 00 00 00 14 00", "00 00 00 10 00 00 00 10 00 00 03 08 00 10 01 00 00 08 00 00", 20, 0 } },
    { CW_SCSI_CD,
      UINT64_C (360001) * 2048,
      { "46 01 00 1e 00 00 00 00 10 00", "00 00 00 18 00 00 00 10 00 1f 05 04" Z4, 16, 0 } },
    { CW_SCSI_CD,
      UINT64_C (360000) * 2048,
      { "43 02 00 00 00 00 aa 00 0c 00", "00 0a 01 01 00 14 aa 00 00 50 02 00", 12, 0 } },
    { CW_SCSI_CD,
      UINT64_C (2000000) * 2048,
      { "43 02 00 00 00 00 aa 00 0c 00", "00 0a 01 01 00 14 aa 00 00 ff 1c 32", 12, 0 } },
    { CW_SCSI_CD, 2047, { "25 00 00 00 00 00 00 00 00 00", "00 00 00 00 00 00 08 00", 8, 0 } },
    { CW_SCSI_CD, 2048, { "25 00 00 00 00 00 00 00 00 00", "00 00 00 00 00 00 08 00", 8, 0 } },
    { CW_SCSI_DISK,
      UINT64_C (0x100000000) * 512,
      { "25 00 00 00 00 00 00 00 00 00", "ff ff ff ff 00 00 02 00", 8, 0 } },
    { CW_SCSI_DISK,
      UINT64_C (0x100000005) * 512,
      { "25 00 00 00 00 00 00 00 00 00", "ff ff ff ff 00 00 02 00", 8, 0 } },
    { CW_SCSI_DISK,
      UINT64_C (0x100000005) * 512,
      { "9e 10 00 00 00 00 00 00 00 00 00 00 00 0c 00 00", "00 00 00 01 00 00 00 04 00 00 02 00", 12, 0 } },
    { CW_SCSI_DISK,
      UINT64_C (0x100000005) * 512,
      { "23 00 00 00 00 00 00 00 0c 00", "00 00 00 08 ff ff ff ff 02 00 02 00", 12, 0 } },
    { CW_SCSI_DISK, UINT64_C (0xfffffe) * 512, { "1a 00 08 00 0c 00", "1f 00 80 08 00 ff ff fe 00 00 02 00", 12, 0 } },
    { CW_SCSI_DISK, UINT64_C (0x1000000) * 512, { "1a 00 08 00 0c 00", "1f 00 80 08 00 ff ff ff 00 00 02 00", 12, 0 } },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    Drive drive;

    drive_ready (&drive, rows[i].kind, CD_SIZE, true);
    cw_scsi_set_medium (unit_of (&drive), rows[i].size, true);
    drive_assert_refused (&drive, "00 00 00 00 00 00", 0, CW_SENSE_ATTENTION_MEDIUM);
    run_rows (&drive, &rows[i].row, 1);
    drive_clear (&drive);
  }
}

/* The sense data that a command gets from a unit; 0: it runs. */
static CwScsiSense
sense_of (CwScsi *unit, uint8_t opcode)
{
  static const uint8_t request_sense[] = { 0x03, 0, 0, 0, 18, 0 };
  CwScsiResult result;

  cw_scsi_run (unit, 0, &opcode, 1, &result);
  if (!result.failed)
    return CW_SENSE_NONE;
  cw_scsi_run (unit, 0, request_sense, sizeof request_sense, &result);
  return (CwScsiSense) ((uint32_t) result.reply.data[2] << 16 | result.reply.data[12] << 8 | result.reply.data[13]);
}

/* Which commands there are, which of them wait for a medium, and which run before the guest has heard of a reset. */
static void
test_each (void)
{
  static const struct {
    CwScsiKind kind;
    const char *without_medium, *with_medium, *at_once;
  } rows[] = {
    { CW_SCSI_CD, "15 1a 1b 1e 55 5a bb bd", "00 08 23 25 28 2b 2f 35 43 51 52 88 9e a8 be", "03 12 46 4a" },
    { CW_SCSI_DISK, "15 1a 1b 1e 55 5a", "00 08 0a 23 25 28 2a 2b 2f 35 88 8a 9e a8 aa", "03 12" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    for (unsigned opcode = 0; opcode < 256; opcode++) {
      g_autoptr (CwScsi) unit = cw_scsi_new (rows[i].kind, "1", NULL, NULL);
      g_autofree char *name = g_strdup_printf ("%02x", opcode);
      bool at_once = strstr (rows[i].at_once, name), with_medium = strstr (rows[i].with_medium, name);
      bool there = at_once || with_medium || strstr (rows[i].without_medium, name);
      CwScsiSense first = sense_of (unit, (uint8_t) opcode), then = sense_of (unit, (uint8_t) opcode);

      g_test_message ("%s", name);
      g_assert_cmpint (first == CW_SENSE_ILLEGAL_OPCODE, ==, !there);
      g_assert_cmpint (first == CW_SENSE_ATTENTION_RESET, ==, there && !at_once);
      g_assert_cmpint (then == CW_SENSE_NOT_READY_NO_MEDIUM, ==, with_medium);
    }
}

/* What a drive tells before it is asked whether it is ready, of the reset and of the medium. */
static void
test_attention (void)
{
  static const Row early[] = {
    { "12 00 00 00 04 00", "05 80 05 02", 4, 0 },
    { "46 02 00 28 00 00 00 00 08 00", "00 00 00 04 00 00 00 08", 8, 0 },
    { "4a 01 00 00 10 00 00 00 04 00", "00 06 04 10", 4, 0 }, /* too little to have told it */
    { "4a 01 00 00 10 00 00 00 08 00", "00 06 04 10 02 02 00 00", 8, 0 },
  };
  static const Row gone[] = {
    { "4a 01 00 00 10 00 00 00 08 00", "00 06 04 10 03 00 00 00", 8, 0 },
    { "4a 01 00 00 10 00 00 00 08 00", "00 06 04 10 00 00 00 00", 8, 0 },
    { "46 02 00 00 00 00 00 00 14 00", "00 00 00 10 00 00 00 00 00 00 03 08 00 10 00 00 00 08 00 00", 20, 0 },
    { "46 01 00 10 00 00 00 00 ff 00", "00 00 00 10 00 00 00 00 01 00 03 00 01 05 07 04" Z4, 255, 235 },
    { "1b 00 00 00 02 00", "", 0, 0 },
    { "1b 00 00 00 03 00", "", 0, 0 }, /* it was not ejected by the guest: there is nothing to load */
  };
  Drive drive;

  drive_init (&drive, CW_SCSI_CD, CD_SIZE, true);
  run_rows (&drive, early, G_N_ELEMENTS (early));
  /* The reset is told of, not the medium that has come meanwhile; once. */
  cw_scsi_set_medium (unit_of (&drive), CD_SIZE, true);
  g_assert_cmphex (drive_sense (&drive), ==, CW_SENSE_ATTENTION_RESET);
  drive_assert_good (drive_ask (&drive, "00 00 00 00 00 00", 0), 0);
  cw_scsi_set_medium (unit_of (&drive), 0, true);
  g_assert_false (cw_scsi_has_medium (unit_of (&drive)));
  run_rows (&drive, gone, G_N_ELEMENTS (gone));
  drive_assert_refused (&drive, "00 00 00 00 00 00", 0, CW_SENSE_NOT_READY_NO_MEDIUM);
  g_assert_cmpuint (drive.n_events, ==, 0);
  /* A reset ends the guest's lock. */
  cw_scsi_set_medium (unit_of (&drive), CD_SIZE, true);
  g_assert_true (cw_scsi_has_medium (unit_of (&drive)));
  drive_assert_refused (&drive, "1e 00 00 00 01 00", 0, CW_SENSE_ATTENTION_MEDIUM);
  drive_assert_good (drive_ask (&drive, "1e 00 00 00 01 00", 0), 0);
  g_assert_true (cw_scsi_is_locked (unit_of (&drive)));
  cw_usb_storage_reset (drive.storage);
  cw_usb_storage_reset (drive.storage);
  g_assert_false (cw_scsi_is_locked (unit_of (&drive)));
  g_assert_cmpuint (drive.n_events, ==, 2);
  g_assert_cmpint (drive.events[1], ==, CW_SCSI_UNLOCKED);
  drive_clear (&drive);
}

static DriveStatus
say (Drive *drive, const char *hex, const uint8_t *data, uint32_t size)
{
  uint8_t cdb[16];
  size_t n = 0;

  for (const char *at = hex; *at; at += at[2] ? 3 : 2)
    cdb[n++] = (uint8_t) g_ascii_strtoull ((char[]){ at[0], at[1], 0 }, NULL, 16);
  return drive_command_out (drive, cdb, n, data, size, 512);
}

static void
test_disk (void)
{
  static const struct {
    const char *cdb;
    unsigned block, n;
  } writes[] = {
    { "0a 00 00 05 01 00", 5, 1 },
    { "0a e0 00 06 02 00", 6, 2 },
    { "2a 00 00 00 00 7f 00 00 01 00", 127, 1 },
    { "8a 00 00 00 00 00 00 00 00 10 00 00 00 02 00 00", 16, 2 },
    { "aa 00 00 00 00 20 00 00 00 01 00 00", 32, 1 },
  };
  static const Row of_read_only[] = {
    { "1a 00 08 00 ff 00", "1f 00 80 08 00 00 00 80 00 00 02 00 08 12 04 00" Z16, 255, 223 },
    { "1a 08 08 00 ff 00", "17 00 80 00 08 12 04 00" Z16, 255, 231 },
    { "1a 00 48 00 ff 00", "1f 00 80 08 00 00 00 80 00 00 02 00 08 12 00 00" Z16, 255, 223 },
    { "5a 00 08 00 00 00 00 00 10 00", "00 22 00 80 00 00 00 08 00 00 00 80 00 00 02 00", 16, 0 },
    { "12 00 00 00 24 00",
      "00 80 05 02 1f 00 00 00 43 61 72 61 77 61 79 20 53 68 61 72 65 64 20 44 69 73 6b 20 20 20 20 20 31 2e 30 20", 36,
      0 },
    { "1b 00 00 00 02 00", "", 0, 0 },
  };
  static const Refusal refusals[] = {
    { "43 00 00 00 00 00 00 00 14 00", 20, CW_SENSE_ILLEGAL_OPCODE },
    { "1a 00 2a 00 10 00", 16, CW_SENSE_ILLEGAL_FIELD },
  };
  g_autofree uint8_t *data = g_malloc (4096);
  DriveStatus status;
  Drive drive;

  drive_ready (&drive, CW_SCSI_DISK, DISK_SIZE, false);
  for (unsigned i = 0; i < G_N_ELEMENTS (writes); i++) {
    memset (data, 0x40 + (int) i, 4096);
    drive_assert_good (say (&drive, writes[i].cdb, data, writes[i].n * 512), 0);
    g_assert_cmpmem (drive.medium->data + writes[i].block * 512, writes[i].n * 512, data, writes[i].n * 512);
  }
  g_assert_cmpint (say (&drive, "0a 00 00 00 00 00", data, 512).status, ==, 1); /* 256 of 128 blocks */
  g_assert_cmphex (drive_sense (&drive), ==, CW_SENSE_ILLEGAL_ADDRESS);
  /* What systems try to set is taken, and changes nothing. */
  drive_assert_good (say (&drive, "15 10 00 00 0c 00", data, 12), 0);
  drive_assert_good (say (&drive, "55 10 00 00 00 00 00 00 10 00", data, 16), 0);
  drive_assert_good (say (&drive, "55 10 00 00 00 00 00 02 00 00", data, 512), 0);
  drive_assert_good (drive_ask (&drive, "15 10 00 00 00 00", 0), 0);
  run_refusals (&drive, refusals, G_N_ELEMENTS (refusals));
  /* More than was announced. */
  drive.later = false;
  status = say (&drive, "15 10 00 00 0c 00", data, 10);
  g_assert_cmpint (status.status, ==, 2);
  drive_clear (&drive);
  drive_ready (&drive, CW_SCSI_DISK, DISK_SIZE, true);
  run_rows (&drive, of_read_only, G_N_ELEMENTS (of_read_only));
  g_assert_cmpuint (drive.n_flushes, ==, 0);
  drive_clear (&drive);
}

/* Requests that do not fit the phase of a command. */
static void
test_packets (void)
{
  static const uint8_t read[] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 }, select[] = { 0x15, 0, 0, 0, 8, 0 },
                       ready[6] = { 0 };
  uint8_t bytes[31];
  guint n;
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  /* A status that has no room stays to be fetched. */
  drive_wrap (bytes, 0x01020304, 0, true, 0, ready, sizeof ready);
  cw_bulk_only_out (drive.bulk, 1, bytes, sizeof bytes);
  g_assert_cmpuint (drive_last (&drive)->size, ==, sizeof bytes);
  cw_bulk_only_in (drive.bulk, 2, 12);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_BABBLE);
  g_byte_array_set_size (drive.in, 0);
  cw_bulk_only_in (drive.bulk, 3, 13);
  drive_assert_in (&drive, "55 53 42 53 04 03 02 01 00 00 00 00 00");
  /* Nothing asked for is nothing got, and the data is still there. */
  drive_wrap (bytes, 5, 2048, true, 0, read, sizeof read);
  cw_bulk_only_out (drive.bulk, 4, bytes, sizeof bytes);
  cw_bulk_only_in (drive.bulk, 5, 0);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_SUCCESS);
  /* One that is given up while the medium is asked has got nothing either. */
  drive.later = true;
  g_byte_array_set_size (drive.in, 0);
  cw_bulk_only_in (drive.bulk, 6, 2048);
  cw_bulk_only_cancel (drive.bulk, 6);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_CANCELLED);
  g_assert_true (drive_last (&drive)->is_in);
  n = drive.answers->len;
  drive_medium (&drive);
  g_assert_cmpuint (drive.answers->len, ==, n);
  drive.later = false;
  cw_bulk_only_in (drive.bulk, 7, 2048);
  g_assert_cmpmem (drive.in->data, drive.in->len, drive.medium->data, 2048);
  cw_bulk_only_in (drive.bulk, 8, 13);
  /* More data than was announced. */
  drive_wrap (bytes, 6, 8, false, 0, select, sizeof select);
  cw_bulk_only_out (drive.bulk, 9, bytes, sizeof bytes);
  cw_bulk_only_out (drive.bulk, 10, bytes, 9);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_STALL);
  g_assert_cmpuint (drive_last (&drive)->size, ==, 0);
  g_byte_array_set_size (drive.in, 0);
  cw_bulk_only_in (drive.bulk, 11, 13);
  drive_assert_in (&drive, "55 53 42 53 06 00 00 00 08 00 00 00 02");
  g_assert_false (cw_bulk_only_is_busy (drive.bulk));
  drive_clear (&drive);
}

typedef struct {
  uint8_t type, request;
  uint16_t value, index, length;
  CwUsbStatus status;
  const char *answer;
} Control;

static void
run_controls (Drive *drive, const Control *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const Control *row = &rows[i];
    g_autoptr (GString) text = g_string_new (NULL);
    CwUsbControlAnswer answer;

    g_test_message ("%02x %02x %04x", row->type, row->request, row->value);
    cw_usb_storage_control (drive->storage, row->type, row->request, row->value, row->index, row->length, &answer);
    g_assert_cmpint (answer.status, ==, row->status);
    for (size_t k = 0; k < answer.size; k++)
      g_string_append_printf (text, k > 0 ? " %02x" : "%02x", answer.data[k]);
    g_assert_cmpstr (text->str, ==, row->answer);
  }
}

static void
test_controls (void)
{
  static const Control rows[] = {
    { 0x80, 6, 0x0100, 0, 12, CW_USB_SUCCESS, "12 01 00 02 00 00 00 40 23 2b ce cd" },
    { 0x80, 6, 0x0201, 0, 255, CW_USB_STALL, "" },
    { 0x80, 6, 0x0301, 0x0409, 255, CW_USB_SUCCESS, "10 03 43 00 61 00 72 00 61 00 77 00 61 00 79 00" },
    { 0x80, 6, 0x0302, 0x0409, 8, CW_USB_SUCCESS, "18 03 53 00 68 00 61 00" },
    { 0x80, 6, 0x0303, 0x0409, 6, CW_USB_SUCCESS, "22 03 30 00 31 00" },
    { 0x81, 6, 0x0100, 0, 255, CW_USB_STALL, "" },
    { 0x82, 6, 0x0100, 0, 255, CW_USB_STALL, "" },
    { 0x80, 7, 0, 0, 255, CW_USB_STALL, "" },
    { 0x81, 0, 0, 0, 255, CW_USB_SUCCESS, "00 00" },
    { 0x82, 0, 0, 0x00, 255, CW_USB_SUCCESS, "00 00" },
    { 0x82, 0, 0, 0x80, 255, CW_USB_SUCCESS, "00 00" },
    { 0x82, 0, 0, 0x02, 255, CW_USB_SUCCESS, "00 00" },
    { 0x82, 0, 0, 0x82, 255, CW_USB_STALL, "" },
    { 0x81, 10, 0, 0, 255, CW_USB_SUCCESS, "00" },
    { 0x01, 11, 0, 0, 0, CW_USB_SUCCESS, "" },
    { 0x01, 11, 1, 0, 0, CW_USB_STALL, "" },
    { 0x01, 11, 0, 1, 0, CW_USB_STALL, "" },
    { 0x01, 9, 1, 0, 0, CW_USB_STALL, "" },
    { 0x02, 1, 0, 0x81, 0, CW_USB_SUCCESS, "" },
    { 0x02, 1, 0, 0x02, 0, CW_USB_SUCCESS, "" },
    { 0x02, 1, 1, 0x81, 0, CW_USB_STALL, "" },
    { 0x02, 1, 0, 0x83, 0, CW_USB_STALL, "" },
    { 0x00, 1, 0, 0x81, 0, CW_USB_STALL, "" },
    { 0x03, 9, 1, 0, 0, CW_USB_STALL, "" },
    { 0x83, 0, 0, 0, 255, CW_USB_STALL, "" },
    { 0x21, 0xfe, 0, 0, 255, CW_USB_STALL, "" },
    { 0xa1, 0xff, 0, 0, 255, CW_USB_STALL, "" },
    { 0xa1, 0xfe, 0, 0, 0, CW_USB_SUCCESS, "" },
    { 0x80, 8, 0, 0, 255, CW_USB_SUCCESS, "00" },
    { 0x00, 9, 1, 0, 0, CW_USB_SUCCESS, "" },
    { 0x00, 9, 0, 0, 0, CW_USB_SUCCESS, "" },
    { 0x80, 8, 0, 0, 255, CW_USB_SUCCESS, "00" },
  };
  static const Control halted[] = {
    { 0x82, 0, 0, 0x81, 255, CW_USB_SUCCESS, "01 00" }, { 0x82, 0, 0, 0x02, 255, CW_USB_SUCCESS, "01 00" },
    { 0x21, 0xff, 0, 0, 0, CW_USB_SUCCESS, "" },        { 0x02, 1, 0, 0x81, 0, CW_USB_SUCCESS, "" },
    { 0x82, 0, 0, 0x81, 255, CW_USB_SUCCESS, "00 00" }, { 0x82, 0, 0, 0x02, 255, CW_USB_SUCCESS, "01 00" },
    { 0x02, 1, 0, 0x02, 0, CW_USB_SUCCESS, "" },        { 0x82, 0, 0, 0x02, 255, CW_USB_SUCCESS, "00 00" },
  };
  Drive drive;

  drive_ready (&drive, CW_SCSI_DISK, DISK_SIZE, true);
  run_controls (&drive, rows, G_N_ELEMENTS (rows));
  cw_bulk_only_out (drive.bulk, 1, (const uint8_t *) "nonsense", 8);
  run_controls (&drive, halted, G_N_ELEMENTS (halted));
  drive_clear (&drive);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/usb-commands/cd", test_cd);
  g_test_add_func ("/usb-commands/sizes", test_sizes);
  g_test_add_func ("/usb-commands/each", test_each);
  g_test_add_func ("/usb-commands/attention", test_attention);
  g_test_add_func ("/usb-commands/disk", test_disk);
  g_test_add_func ("/usb-commands/packets", test_packets);
  g_test_add_func ("/usb-commands/controls", test_controls);
  return g_test_run ();
}
