/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulated CD drive and disk: answers byte for byte, and the thirteen cases of the bulk-only transport. */
#include "usb-drive.h"

#define CD_SIZE (100 * 2048)
#define DISK_SIZE (64 * 1024)

static void
test_cd_answers (void)
{
  static const struct {
    const char *cdb, *answer;
    uint32_t size, residue;
  } rows[] = {
    { "12 00 00 00 24 00",
      "05 80 05 02 1f 00 00 00 43 61 72 61 77 61 79 20 53 68 61 72 65 64 20 43 44 20 20 20 20 20 20 "
      "20 31 2e 30 20",
      36, 0 },
    { "12 01 00 00 ff 00", "05 00 00 03 00 80 83", 255, 248 },
    { "12 01 80 00 ff 00", "05 80 00 10 30 31 32 33 34 35 36 37 38 39 41 42 43 44 45 46", 255, 235 },
    { "12 01 83 00 06 00", "05 83 00 14 02 00", 6, 0 },
    { "25 00 00 00 00 00 00 00 00 00", "00 00 00 63 00 00 08 00", 8, 0 },
    { "9e 10 00 00 00 00 00 00 00 00 00 00 00 10 00 00", "00 00 00 00 00 00 00 63 00 00 08 00 00 00 00 00", 16, 0 },
    { "23 00 00 00 00 00 00 00 0c 00", "00 00 00 08 00 00 00 64 02 00 08 00", 12, 0 },
    { "43 00 00 00 00 00 00 00 14 00", "00 12 01 01 00 14 01 00 00 00 00 00 00 14 aa 00 00 00 00 64", 20, 0 },
    { "43 02 00 00 00 00 01 00 14 00", "00 12 01 01 00 14 01 00 00 00 02 00 00 14 aa 00 00 00 03 19", 20, 0 },
    { "43 00 00 00 00 00 aa 00 0c 00", "00 0a 01 01 00 14 aa 00 00 00 00 64", 12, 0 },
    { "43 00 00 00 00 00 00 00 0c 40", "00 0a 01 01 00 14 01 00 00 00 00 00", 12, 0 },
    { "43 00 01 00 00 00 00 00 0c 00", "00 0a 01 01 00 14 01 00 00 00 00 00", 12, 0 },
    { "43 00 02 00 00 00 00 00 ff 00",
      "00 2e 01 01 01 14 00 a0 00 00 00 00 01 00 00 01 14 00 a1 00 00 00 00 01 00 00 01 14 "
      "00 a2 00 00 00 00 00 03 19 01 14 00 01 00 00 00 00 00 02 00",
      255, 207 },
    { "51 00 00 00 00 00 00 00 08 00", "00 20 0e 01 01 01 01 20", 8, 0 },
    { "52 01 00 00 00 01 00 00 24 00",
      "00 22 01 01 00 04 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 64 "
      "00 00 00 00 00 00 00 00",
      36, 0 },
    { "46 02 00 01 00 00 00 00 10 00", "00 00 00 10 00 00 00 08 00 01 0b 08 00 00 00 01", 16, 0 },
    { "46 02 00 28 00 00 00 00 10 00", "00 00 00 04 00 00 00 08", 16, 8 },
    { "46 00 00 1f 00 00 00 00 ff 00",
      "00 00 00 18 00 00 00 08 00 1f 04 04 00 00 00 00 01 00 03 00 01 05 07 04 00 00 00 00", 255, 227 },
    { "46 01 00 1e 00 00 00 00 0c 00", "00 00 00 18 00 00 00 08 00 1e 09 04", 12, 0 },
    { "46 02 00 00 00 00 00 00 ff 00", "00 00 00 10 00 00 00 08 00 00 03 08 00 10 00 00 00 08 01 00", 255, 235 },
    { "4a 01 00 00 10 00 00 00 08 00", "00 06 04 10 02 02 00 00", 8, 0 },
    { "4a 01 00 00 10 00 00 00 08 00", "00 06 04 10 00 02 00 00", 8, 0 },
    { "4a 01 00 00 02 00 00 00 08 00", "00 02 80 10", 8, 4 },
    { "5a 00 01 00 00 00 00 00 20 00", "00 12 00 00 00 00 00 00 01 0a 00 00 00 00 00 00 00 00 00 00", 32, 12 },
    { "5a 00 2a 00 00 00 00 00 20 00",
      "00 1c 00 00 00 00 00 00 2a 14 3b 00 7f ff 2d 00 22 60 00 02 08 00 0b 00 00 00 0b 00 "
      "0b 00",
      32, 2 },
    { "1a 00 5a 00 10 00", "0f 00 00 00 1a 0a 00 00 00 00 00 00 00 00 00 00", 16, 0 },
    { "bd 00 00 00 00 00 00 00 00 08 00 00", "00 00 00 00 00 00 00 00", 8, 0 },
  };
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_test_message ("%s", rows[i].cdb);
    drive_assert_good (drive_ask (&drive, rows[i].cdb, rows[i].size), rows[i].residue);
    drive_assert_in (&drive, rows[i].answer);
  }
  drive_assert_good (drive_ask (&drive, "5a 00 3f 00 00 00 00 00 ff 00", 255), 255 - (8 + 12 + 12 + 22));
  drive_clear (&drive);
}

static void
test_cd_refusals (void)
{
  static const struct {
    const char *cdb;
    uint32_t size, sense;
  } rows[] = {
    { "85 08 2e 00 00 00 00 00 00 00 00 00 00 40 ec 00", 512, CW_SENSE_ILLEGAL_OPCODE },
    { "2a 00 00 00 00 00 00 00 01 00", 0, CW_SENSE_ILLEGAL_OPCODE },
    { "12 01 b0 00 ff 00", 255, CW_SENSE_ILLEGAL_FIELD },
    { "12 00 80 00 ff 00", 255, CW_SENSE_ILLEGAL_FIELD },
    { "28 00 00 00 00 64 00 00 01 00", 2048, CW_SENSE_ILLEGAL_ADDRESS },
    { "28 00 00 00 00 63 00 00 02 00", 4096, CW_SENSE_ILLEGAL_ADDRESS },
    { "28 00 ff ff ff ff 00 00 02 00", 4096, CW_SENSE_ILLEGAL_ADDRESS },
    { "88 00 ff ff ff ff ff ff ff ff 00 00 00 02 00 00", 4096, CW_SENSE_ILLEGAL_ADDRESS },
    { "43 00 00 00 00 00 02 00 0c 00", 12, CW_SENSE_ILLEGAL_FIELD },
    { "43 00 05 00 00 00 00 00 0c 00", 12, CW_SENSE_ILLEGAL_FIELD },
    { "5a 00 ea 00 00 00 00 00 20 00", 32, CW_SENSE_ILLEGAL_SAVING },
    { "5a 00 05 00 00 00 00 00 20 00", 32, CW_SENSE_ILLEGAL_FIELD },
    { "4a 00 00 00 10 00 00 00 08 00", 8, CW_SENSE_ILLEGAL_FIELD },
    { "9e 11 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32, CW_SENSE_ILLEGAL_OPCODE },
  };
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_test_message ("%s", rows[i].cdb);
    drive_assert_refused (&drive, rows[i].cdb, rows[i].size, rows[i].sense);
  }
  drive_clear (&drive);
}

static void
assert_medium (const Drive *drive, size_t offset, size_t size)
{
  g_assert_cmpmem (drive->in->data, drive->in->len, drive->medium->data + offset, size);
}

static void
test_reading (void)
{
  static const size_t pieces[] = { 64, 512, 2048, 4096, 65536, 1 << 20 };
  static const uint8_t all[] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 100, 0 };
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  for (unsigned i = 0; i < G_N_ELEMENTS (pieces); i++) {
    drive_assert_good (drive_command_in (&drive, all, sizeof all, CD_SIZE, pieces[i]), 0);
    assert_medium (&drive, 0, CD_SIZE);
  }
  drive_assert_good (drive_ask (&drive, "08 00 00 05 02 00", 4096), 0);
  assert_medium (&drive, 5 * 2048, 4096);
  drive_assert_good (drive_ask (&drive, "a8 00 00 00 00 63 00 00 00 01 00 00", 2048), 0);
  assert_medium (&drive, 99 * 2048, 2048);
  drive_assert_good (drive_ask (&drive, "88 00 00 00 00 00 00 00 00 01 00 00 00 01 00 00", 2048), 0);
  assert_medium (&drive, 2048, 2048);
  drive_assert_good (drive_ask (&drive, "be 00 00 00 00 03 00 00 01 10 00 00", 2048), 0);
  assert_medium (&drive, 3 * 2048, 2048);
  /* No blocks are asked for: nothing, and no harm. */
  drive_assert_good (drive_ask (&drive, "28 00 00 00 00 00 00 00 00 00", 0), 0);
  drive_assert_good (drive_ask (&drive, "28 00 00 00 00 00 00 00 01 00", 2048), 0);
  drive_clear (&drive);
}

/* The last block of a file that is no multiple of a block is padded. */
static void
test_partial_block (void)
{
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, 2048 + 10, true);
  drive_assert_good (drive_ask (&drive, "25 00 00 00 00 00 00 00 00 00", 8), 0);
  drive_assert_in (&drive, "00 00 00 01 00 00 08 00");
  drive_assert_good (drive_ask (&drive, "28 00 00 00 00 01 00 00 01 00", 2048), 0);
  g_assert_cmpuint (drive.in->len, ==, 2048);
  g_assert_cmpmem (drive.in->data, 10, drive.medium->data + 2048, 10);
  for (guint i = 10; i < 2048; i++)
    g_assert_cmpuint (drive.in->data[i], ==, 0);
  drive_clear (&drive);
}

static void
test_eject (void)
{
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  drive_assert_good (drive_ask (&drive, "1e 00 00 00 01 00", 0), 0);
  drive_assert_refused (&drive, "1b 00 00 00 02 00", 0, CW_SENSE_ILLEGAL_REMOVAL);
  drive_assert_good (drive_ask (&drive, "1e 00 00 00 00 00", 0), 0);
  drive_assert_good (drive_ask (&drive, "1b 00 00 00 02 00", 0), 0);
  drive_assert_refused (&drive, "28 00 00 00 00 00 00 00 01 00", 2048, CW_SENSE_NOT_READY_NO_MEDIUM);
  drive_assert_good (drive_ask (&drive, "4a 01 00 00 10 00 00 00 08 00", 8), 0);
  drive_assert_in (&drive, "00 06 04 10 03 00 00 00");
  drive_assert_good (drive_ask (&drive, "1b 00 00 00 03 00", 0), 0);
  drive_assert_refused (&drive, "00 00 00 00 00 00", 0, CW_SENSE_ATTENTION_MEDIUM);
  drive_assert_good (drive_ask (&drive, "28 00 00 00 00 00 00 00 01 00", 2048), 0);
  g_assert_cmpuint (drive.n_events, ==, 4);
  g_assert_cmpint (drive.events[0], ==, CW_SCSI_LOCKED);
  g_assert_cmpint (drive.events[1], ==, CW_SCSI_UNLOCKED);
  g_assert_cmpint (drive.events[2], ==, CW_SCSI_EJECTED);
  g_assert_cmpint (drive.events[3], ==, CW_SCSI_LOADED);
  drive_clear (&drive);
}

static void
test_other_units (void)
{
  uint8_t bytes[31];
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  drive_wrap (bytes, 77, 36, true, 3, (const uint8_t[]){ 0x12, 0, 0, 0, 36, 0 }, 6);
  cw_bulk_only_out (drive.bulk, 1, bytes, sizeof bytes);
  g_byte_array_set_size (drive.in, 0);
  cw_bulk_only_in (drive.bulk, 2, 36);
  g_assert_cmpuint (drive.in->len, ==, 36);
  g_assert_cmpuint (drive.in->data[0], ==, 0x7f);
  cw_bulk_only_in (drive.bulk, 3, 13);
  g_assert_cmpuint (drive.in->data[36 + 12], ==, 0);
  drive_wrap (bytes, 78, 0, true, 3, (const uint8_t[]){ 0 }, 1);
  cw_bulk_only_out (drive.bulk, 4, bytes, sizeof bytes);
  g_byte_array_set_size (drive.in, 0);
  cw_bulk_only_in (drive.bulk, 5, 13);
  g_assert_cmpuint (drive.in->data[12], ==, 1);
  g_assert_cmphex (drive_sense (&drive), ==, CW_SENSE_ILLEGAL_UNIT);
  drive_clear (&drive);
}

static void
test_disk (void)
{
  static const uint8_t write[] = { 0x2a, 0, 0, 0, 0, 3, 0, 0, 8, 0 };
  static const size_t pieces[] = { 512, 1000, 4096 };
  g_autofree uint8_t *data = g_malloc (8 * 512);
  DriveStatus status;
  Drive drive;

  drive_ready (&drive, CW_SCSI_DISK, DISK_SIZE, false);
  drive_assert_good (drive_ask (&drive, "25 00 00 00 00 00 00 00 00 00", 8), 0);
  drive_assert_in (&drive, "00 00 00 7f 00 00 02 00");
  drive_assert_good (drive_ask (&drive, "1a 00 3f 00 c0 00", 192), 192 - 32);
  drive_assert_in (&drive,
                   "1f 00 00 08 00 00 00 80 00 00 02 00 08 12 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
  for (unsigned i = 0; i < G_N_ELEMENTS (pieces); i++) {
    memset (data, 0x30 + (int) i, 8 * 512);
    drive_assert_good (drive_command_out (&drive, write, sizeof write, data, 8 * 512, pieces[i]), 0);
    g_assert_cmpmem (drive.medium->data + 3 * 512, 8 * 512, data, 8 * 512);
  }
  g_assert_cmpuint (drive.n_flushes, ==, 0);
  drive_assert_good (drive_ask (&drive, "35 00 00 00 00 00 00 00 00 00", 0), 0);
  g_assert_cmpuint (drive.n_flushes, ==, 1);
  drive.fail_medium = true;
  drive_assert_refused (&drive, "35 00 00 00 00 00 00 00 00 00", 0, CW_SENSE_MEDIUM_WRITE);
  status = drive_command_out (&drive, write, sizeof write, data, 8 * 512, 512);
  g_assert_cmpint (status.status, ==, 1);
  g_assert_cmpuint (status.residue, ==, 8 * 512); /* nothing of it counted */
  g_assert_cmphex (drive_sense (&drive), ==, CW_SENSE_MEDIUM_WRITE);
  g_assert_cmpint (drive_ask (&drive, "28 00 00 00 00 00 00 00 01 00", 512).status, ==, 1);
  g_assert_cmphex (drive_sense (&drive), ==, CW_SENSE_MEDIUM_READ);
  drive.fail_medium = false;
  drive_assert_good (drive_ask (&drive, "1b 00 00 00 02 00", 0),
                     0); /* what was written is safe before the medium goes */
  g_assert_cmpuint (drive.n_flushes, ==, 3);
  drive_clear (&drive);

  drive_ready (&drive, CW_SCSI_DISK, DISK_SIZE, true);
  g_assert_cmpint (drive_command_out (&drive, write, sizeof write, data, 8 * 512, 512).status, ==, 1);
  g_assert_cmphex (drive_sense (&drive), ==, CW_SENSE_PROTECTED);
  drive_clear (&drive);
}

/* Host against device: what each expects, and what comes of it. */
static void
test_thirteen_cases (void)
{
  static const uint8_t none[6] = { 0 }, read[] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 },
                       write[] = { 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
  static const uint8_t data[2048] = { 1 };
  DriveStatus status;
  Drive drive;

  drive_ready (&drive, CW_SCSI_DISK, DISK_SIZE, false);
  status = drive_command_in (&drive, none, 6, 0, 512); /* Hn = Dn */
  drive_assert_good (status, 0);
  status = drive_command_in (&drive, read, 10, 0, 512); /* Hn < Di */
  g_assert_cmpint (status.status, ==, 2);
  status = drive_command_in (&drive, write, 10, 0, 512); /* Hn < Do */
  g_assert_cmpint (status.status, ==, 2);
  status = drive_command_in (&drive, none, 6, 512, 512); /* Hi > Dn */
  drive_assert_good (status, 512);
  g_assert_true (status.stalled);
  status = drive_command_in (&drive, read, 10, 1024, 512); /* Hi > Di, told by a stall */
  drive_assert_good (status, 512);
  g_assert_true (status.stalled);
  g_assert_cmpuint (drive.in->len, ==, 512);
  status = drive_command_in (&drive, read, 10, 1024, 1024); /* Hi > Di, told by a short packet */
  drive_assert_good (status, 512);
  g_assert_false (status.stalled);
  status = drive_command_in (&drive, read, 10, 512, 512); /* Hi = Di */
  drive_assert_good (status, 0);
  status = drive_command_in (&drive, read, 10, 100, 512); /* Hi < Di */
  g_assert_cmpint (status.status, ==, 2);
  g_assert_cmpuint (status.residue, ==, 0);
  status = drive_command_in (&drive, write, 10, 512, 512); /* Hi <> Do */
  g_assert_cmpint (status.status, ==, 2);
  g_assert_cmpuint (status.residue, ==, 512);
  status = drive_command_out (&drive, none, 6, data, 512, 512); /* Ho > Dn */
  drive_assert_good (status, 512);
  status = drive_command_out (&drive, read, 10, data, 512, 512); /* Ho <> Di */
  g_assert_cmpint (status.status, ==, 2);
  g_assert_cmpuint (status.residue, ==, 512);
  status = drive_command_out (&drive, write, 10, data, 1024, 512); /* Ho > Do */
  drive_assert_good (status, 512);
  g_assert_cmpmem (drive.medium->data, 512, data, 512);
  status = drive_command_out (&drive, write, 10, data, 512, 512); /* Ho = Do */
  drive_assert_good (status, 0);
  status = drive_command_out (&drive, write, 10, data, 100, 512); /* Ho < Do */
  g_assert_cmpint (status.status, ==, 2);
  g_assert_cmpuint (status.residue, ==, 0);
  drive_assert_good (drive_command_in (&drive, none, 6, 0, 512), 0);
  drive_clear (&drive);
}

static void
test_nonsense (void)
{
  uint8_t bytes[31], good[31];
  CwUsbControlAnswer answer;
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  drive_wrap (good, 5, 0, false, 0, (const uint8_t[6]){ 0 }, 6);
  for (unsigned i = 0; i < 6; i++) {
    memcpy (bytes, good, sizeof bytes);
    if (i == 1)
      bytes[0] = 'X';
    else if (i == 2)
      bytes[12] = 0x01;
    else if (i == 3)
      bytes[13] = 0x10;
    else if (i >= 4)
      bytes[14] = i == 4 ? 0 : 17;
    cw_bulk_only_out (drive.bulk, i, bytes, i == 0 ? 30 : 31);
    g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_STALL);
    /* Clearing the halts alone mends nothing. */
    cw_bulk_only_clear_halt (drive.bulk, true);
    cw_bulk_only_clear_halt (drive.bulk, false);
    cw_bulk_only_out (drive.bulk, 100, good, 31);
    g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_STALL);
    cw_bulk_only_in (drive.bulk, 101, 13);
    g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_STALL);
    /* Neither does a reset alone. */
    cw_usb_storage_control (drive.storage, 0x21, 0xff, 0, 0, 0, &answer);
    g_assert_cmpint (answer.status, ==, CW_USB_SUCCESS);
    cw_bulk_only_out (drive.bulk, 102, good, 31);
    g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_STALL);
    cw_bulk_only_clear_halt (drive.bulk, true);
    cw_bulk_only_clear_halt (drive.bulk, false);
    g_assert_cmphex (drive_sense (&drive), ==, CW_SENSE_ATTENTION_RESET);
  }
  drive_clear (&drive);
}

/* Asking before the command, and in pieces, while the medium takes its time. */
static void
test_early_requests (void)
{
  static const uint8_t read[] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
  uint8_t bytes[31];
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  drive.later = true;
  g_array_set_size (drive.answers, 0);
  g_byte_array_set_size (drive.in, 0);
  for (uint64_t id = 1; id <= 4; id++)
    cw_bulk_only_in (drive.bulk, id, 512);
  cw_bulk_only_in (drive.bulk, 5, 13);
  g_assert_cmpuint (drive.answers->len, ==, 0);
  drive_wrap (bytes, 9, 2048, true, 0, read, sizeof read);
  cw_bulk_only_out (drive.bulk, 6, bytes, sizeof bytes);
  for (unsigned i = 0; i < 4; i++)
    drive_medium (&drive);
  g_assert_cmpuint (drive.answers->len, ==, 6);
  g_assert_cmpuint (drive.in->len, ==, 2048 + 13);
  g_assert_cmpmem (drive.in->data, 2048, drive.medium->data, 2048);
  g_assert_cmpuint (drive.in->data[2048 + 12], ==, 0);
  drive_clear (&drive);
}

static void
test_cancel_and_reset (void)
{
  static const uint8_t read[] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
  uint8_t bytes[31];
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  cw_bulk_only_in (drive.bulk, 50, 512);
  cw_bulk_only_cancel (drive.bulk, 50);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_CANCELLED);
  cw_bulk_only_cancel (drive.bulk, 50); /* nothing of that name any more */

  drive.later = drive.fail_medium = true;
  drive_wrap (bytes, 9, 2048, true, 0, read, sizeof read);
  cw_bulk_only_out (drive.bulk, 51, bytes, sizeof bytes);
  cw_bulk_only_in (drive.bulk, 52, 2048);
  g_assert_true (cw_bulk_only_is_busy (drive.bulk));
  cw_usb_storage_reset (drive.storage);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_CANCELLED);
  g_assert_cmpuint (drive_last (&drive)->id, ==, 52);
  /* A command that comes meanwhile waits for the medium, and is answered by its own bytes only. */
  g_byte_array_set_size (drive.in, 0);
  drive_wrap (bytes, 10, 0, true, 0, (const uint8_t[6]){ 0 }, 6);
  cw_bulk_only_out (drive.bulk, 53, bytes, sizeof bytes);
  cw_bulk_only_in (drive.bulk, 54, 13);
  g_assert_cmpuint (drive_last (&drive)->id, ==, 52);
  drive_medium (&drive);
  g_assert_cmpuint (drive_last (&drive)->id, ==, 54);
  g_assert_cmpuint (drive.in->len, ==, 13);
  g_assert_cmpuint (drive.in->data[12], ==, 1);
  g_assert_cmphex (drive_sense (&drive), ==, CW_SENSE_ATTENTION_RESET); /* that the medium failed is past */
  drive_clear (&drive);
}

static void
assert_cancels (Drive *drive, uint64_t id)
{
  guint n = drive->answers->len;

  cw_bulk_only_cancel (drive->bulk, id);
  g_assert_cmpuint (drive->answers->len, ==, n + 1);
  g_assert_cmpint (drive_last (drive)->status, ==, CW_USB_CANCELLED);
  g_assert_cmpuint (drive_last (drive)->id, ==, id);
  g_assert_false (drive_last (drive)->is_in);
  cw_bulk_only_cancel (drive->bulk, id);
  g_assert_cmpuint (drive->answers->len, ==, n + 1);
}

/* Data for a disk that the host gives up: while it waits, and while it is written already, which counts. */
static void
test_cancel_writing (void)
{
  static const uint8_t write[] = { 0x2a, 0, 0, 0, 0, 3, 0, 0, 8, 0 };
  g_autofree uint8_t *data = g_malloc (8 * 512);
  uint8_t bytes[31];
  Drive drive;

  memset (data, 0x5a, 8 * 512);
  drive_ready (&drive, CW_SCSI_DISK, DISK_SIZE, false);
  drive.later = true;
  drive_wrap (bytes, 9, 8 * 512, false, 0, write, sizeof write);
  cw_bulk_only_out (drive.bulk, 60, bytes, sizeof bytes);
  cw_bulk_only_out (drive.bulk, 61, data, 512);
  cw_bulk_only_out (drive.bulk, 62, data, 512);
  assert_cancels (&drive, 62);
  assert_cancels (&drive, 61);
  drive_medium (&drive);
  g_assert_cmpuint (drive_last (&drive)->id, ==, 61); /* and no more of it */
  cw_bulk_only_out (drive.bulk, 63, data, 7 * 512);
  drive_medium (&drive);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_SUCCESS);
  g_byte_array_set_size (drive.in, 0);
  cw_bulk_only_in (drive.bulk, 64, 13);
  g_assert_cmpuint (drive.in->len, ==, 13);
  g_assert_cmpmem (drive.in->data + 8, 5, "\0\0\0\0\0", 5); /* no residue, good */
  g_assert_cmpmem (drive.medium->data + 3 * 512, 8 * 512, data, 8 * 512);
  drive_clear (&drive);
}

/* A guest that asks without end is told so, and memory stays where it is. */
static void
test_bounds (void)
{
  const size_t most = 16 << 20;
  g_autofree uint8_t *data = g_malloc0 (most);
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  g_array_set_size (drive.answers, 0);
  for (uint64_t id = 0; id < 64; id++)
    cw_bulk_only_in (drive.bulk, id, 512);
  g_assert_cmpuint (drive.answers->len, ==, 0);
  cw_bulk_only_in (drive.bulk, 1000, 512);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_INVALID);
  g_assert_cmpuint (drive_last (&drive)->id, ==, 1000);
  drive_clear (&drive);

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  g_array_set_size (drive.answers, 0);
  cw_bulk_only_in (drive.bulk, 1, most - 1);
  cw_bulk_only_in (drive.bulk, 2, 1);
  g_assert_cmpuint (drive.answers->len, ==, 0);
  cw_bulk_only_in (drive.bulk, 3, 1);
  g_assert_cmpuint (drive_last (&drive)->id, ==, 3);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_INVALID);
  cw_bulk_only_out (drive.bulk, 4, NULL, most + 1); /* not looked at */
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_INVALID);
  cw_bulk_only_out (drive.bulk, 5, data, most);
  g_assert_cmpint (drive_last (&drive)->status, ==, CW_USB_STALL); /* it is no command, but it was taken */
  drive_clear (&drive);
}

static void
assert_control (Drive *drive, const uint8_t setup[2], uint16_t value, uint16_t index, int status, const char *hex)
{
  g_autoptr (GString) text = g_string_new (NULL);
  CwUsbControlAnswer answer;

  cw_usb_storage_control (drive->storage, setup[0], setup[1], value, index, 255, &answer);
  g_assert_cmpint (answer.status, ==, status);
  for (size_t i = 0; i < answer.size; i++)
    g_string_append_printf (text, i > 0 ? " %02x" : "%02x", answer.data[i]);
  g_assert_cmpstr (text->str, ==, hex);
}

static void
test_control (void)
{
  static const uint8_t descriptor[] = { 0x80, 6 }, device_status[] = { 0x80, 0 }, endpoint_status[] = { 0x82, 0 },
                       units[] = { 0xa1, 0xfe }, unknown[] = { 0xc0, 1 }, configure[] = { 0x00, 9 },
                       configuration[] = { 0x80, 8 };
  Drive drive;

  drive_ready (&drive, CW_SCSI_CD, CD_SIZE, true);
  assert_control (&drive, descriptor, 0x0100, 0, CW_USB_SUCCESS,
                  "12 01 00 02 00 00 00 40 23 2b cd cd 00 01 01 02 03 01");
  assert_control (&drive, descriptor, 0x0200, 0, CW_USB_SUCCESS,
                  "09 02 20 00 01 01 00 80 32 09 04 00 00 02 08 06 50 00 07 05 81 02 00 02 00 07 05 02 02 00 02 00");
  assert_control (&drive, descriptor, 0x0300, 0, CW_USB_SUCCESS, "04 03 09 04");
  assert_control (&drive, descriptor, 0x0302, 0x0409, CW_USB_SUCCESS,
                  "14 03 53 00 68 00 61 00 72 00 65 00 64 00 20 00 43 00 44 00");
  assert_control (&drive, descriptor, 0x0304, 0x0409, CW_USB_STALL, "");
  assert_control (&drive, descriptor, 0x0600, 0, CW_USB_SUCCESS, "0a 06 00 02 00 00 00 40 01 00");
  assert_control (&drive, descriptor, 0x0f00, 0, CW_USB_STALL, "");
  assert_control (&drive, device_status, 0, 0, CW_USB_SUCCESS, "00 00");
  assert_control (&drive, endpoint_status, 0, 0x81, CW_USB_SUCCESS, "00 00");
  assert_control (&drive, endpoint_status, 0, 0x83, CW_USB_STALL, "");
  assert_control (&drive, units, 0, 0, CW_USB_SUCCESS, "00");
  assert_control (&drive, unknown, 0, 0, CW_USB_STALL, "");
  assert_control (&drive, configuration, 0, 0, CW_USB_SUCCESS, "00");
  assert_control (&drive, configure, 1, 0, CW_USB_SUCCESS, "");
  assert_control (&drive, configuration, 0, 0, CW_USB_SUCCESS, "01");
  assert_control (&drive, configure, 2, 0, CW_USB_STALL, "");
  cw_usb_storage_reset (drive.storage);
  assert_control (&drive, configuration, 0, 0, CW_USB_SUCCESS, "00");
  drive_clear (&drive);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/usb-storage/cd-answers", test_cd_answers);
  g_test_add_func ("/usb-storage/cd-refusals", test_cd_refusals);
  g_test_add_func ("/usb-storage/reading", test_reading);
  g_test_add_func ("/usb-storage/partial-block", test_partial_block);
  g_test_add_func ("/usb-storage/eject", test_eject);
  g_test_add_func ("/usb-storage/other-units", test_other_units);
  g_test_add_func ("/usb-storage/disk", test_disk);
  g_test_add_func ("/usb-storage/thirteen-cases", test_thirteen_cases);
  g_test_add_func ("/usb-storage/nonsense", test_nonsense);
  g_test_add_func ("/usb-storage/early-requests", test_early_requests);
  g_test_add_func ("/usb-storage/cancel-and-reset", test_cancel_and_reset);
  g_test_add_func ("/usb-storage/cancel-writing", test_cancel_writing);
  g_test_add_func ("/usb-storage/bounds", test_bounds);
  g_test_add_func ("/usb-storage/control", test_control);
  return g_test_run ();
}
