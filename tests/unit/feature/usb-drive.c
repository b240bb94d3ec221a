/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usb-drive.h"

static void
on_in (gpointer data, uint64_t id, CwUsbStatus status, const uint8_t *bytes, size_t size)
{
  Drive *self = data;
  DriveAnswer answer = { true, id, status, size };

  if (size > 0)
    g_byte_array_append (self->in, bytes, (guint) size);
  g_array_append_val (self->answers, answer);
}

static void
on_out (gpointer data, uint64_t id, CwUsbStatus status, size_t size)
{
  Drive *self = data;
  DriveAnswer answer = { false, id, status, size };

  g_array_append_val (self->answers, answer);
}

static void
end_medium (Drive *self, bool ok)
{
  if (self->later) {
    g_assert_false (self->pending);
    self->pending = true;
    self->pending_ok = ok;
  } else {
    cw_bulk_only_medium_done (self->bulk, ok);
  }
}

static void
on_read (gpointer data, uint64_t offset, uint8_t *buffer, size_t size)
{
  Drive *self = data;
  size_t there = offset < self->medium->len ? MIN (size, self->medium->len - offset) : 0;

  memset (buffer, 0, size);
  if (there > 0)
    memcpy (buffer, self->medium->data + offset, there);
  end_medium (self, !self->fail_medium);
}

static void
on_write (gpointer data, uint64_t offset, const uint8_t *buffer, size_t size)
{
  Drive *self = data;

  g_assert_cmpuint (offset + size, <=, self->medium->len);
  if (!self->fail_medium)
    memcpy (self->medium->data + offset, buffer, size);
  end_medium (self, !self->fail_medium);
}

static void
on_flush (gpointer data)
{
  Drive *self = data;

  self->n_flushes++;
  end_medium (self, !self->fail_medium);
}

static void
on_event (gpointer data, CwScsiEvent event)
{
  Drive *self = data;

  g_assert_cmpuint (self->n_events, <, G_N_ELEMENTS (self->events));
  self->events[self->n_events++] = event;
}

static const CwBulkOnlyObserver observer = { on_in, on_out, on_read, on_write, on_flush };

void
drive_init (Drive *self, CwScsiKind kind, size_t medium_size, bool read_only)
{
  *self = (Drive){ 0 };
  self->medium = g_byte_array_new ();
  g_byte_array_set_size (self->medium, (guint) medium_size);
  for (size_t i = 0; i < medium_size; i++)
    self->medium->data[i] = (uint8_t) (i * 7 + (i >> 8) * 13);
  self->in = g_byte_array_new ();
  self->answers = g_array_new (FALSE, TRUE, sizeof (DriveAnswer));
  self->storage = cw_usb_storage_new (kind, "0123456789ABCDEF", &observer, on_event, self);
  self->bulk = cw_usb_storage_bulk (self->storage);
  cw_scsi_set_medium (cw_usb_storage_unit (self->storage), medium_size, read_only);
}

void
drive_clear (Drive *self)
{
  cw_usb_storage_free (self->storage);
  g_byte_array_unref (self->medium);
  g_byte_array_unref (self->in);
  g_array_unref (self->answers);
}

const DriveAnswer *
drive_last (const Drive *self)
{
  g_assert_cmpuint (self->answers->len, >, 0);
  return &g_array_index (self->answers, DriveAnswer, self->answers->len - 1);
}

void
drive_medium (Drive *self)
{
  g_assert_true (self->pending);
  self->pending = false;
  cw_bulk_only_medium_done (self->bulk, self->pending_ok);
}

void
drive_wrap (uint8_t bytes[31], uint32_t tag, uint32_t size, bool in, unsigned unit, const uint8_t *cdb, size_t n_cdb)
{
  memset (bytes, 0, 31);
  memcpy (bytes, "USBC", 4);
  memcpy (bytes + 4, &(uint32_t){ GUINT32_TO_LE (tag) }, 4);
  memcpy (bytes + 8, &(uint32_t){ GUINT32_TO_LE (size) }, 4);
  bytes[12] = in ? 0x80 : 0;
  bytes[13] = (uint8_t) unit;
  bytes[14] = (uint8_t) n_cdb;
  memcpy (bytes + 15, cdb, n_cdb);
}

static void
start (Drive *self, const uint8_t *cdb, size_t n_cdb, uint32_t size, bool in)
{
  uint8_t bytes[31];

  g_byte_array_set_size (self->in, 0);
  drive_wrap (bytes, ++self->tag, size, in, 0, cdb, n_cdb);
  cw_bulk_only_out (self->bulk, 1000 + self->tag, bytes, sizeof bytes);
}

static void
clear_halt (Drive *self, uint8_t endpoint)
{
  CwUsbControlAnswer answer;

  cw_usb_storage_control (self->storage, 0x02, 0x01, 0, endpoint, 0, &answer);
  g_assert_cmpint (answer.status, ==, CW_USB_SUCCESS);
}

/* As the standard has it: a stall instead of the status is cleared, and the status asked for again. */
static DriveStatus
fetch_status (Drive *self, DriveStatus status)
{
  guint before = self->in->len;
  const uint8_t *csw;

  cw_bulk_only_in (self->bulk, 3000 + self->tag, 64);
  if (drive_last (self)->status == CW_USB_STALL) {
    clear_halt (self, CW_USB_STORAGE_IN);
    cw_bulk_only_in (self->bulk, 3000 + self->tag, 64);
  }
  status.status = -1;
  if (self->in->len != before + 13)
    return status;
  csw = self->in->data + before;
  g_assert_cmpmem (csw, 4, "USBS", 4);
  g_assert_cmpmem (csw + 4, 4, &(uint32_t){ GUINT32_TO_LE (self->tag) }, 4);
  memcpy (&status.residue, csw + 8, 4);
  status.residue = GUINT32_FROM_LE (status.residue);
  status.status = csw[12];
  g_byte_array_set_size (self->in, before);
  return status;
}

DriveStatus
drive_command_in (Drive *self, const uint8_t *cdb, size_t n_cdb, uint32_t size, size_t piece)
{
  DriveStatus status = { 0 };

  start (self, cdb, n_cdb, size, true);
  for (uint32_t got = 0; got < size;) {
    const DriveAnswer *answer;
    size_t asked = MIN (piece, size - got);

    cw_bulk_only_in (self->bulk, 2000 + self->tag, asked);
    answer = drive_last (self);
    if (answer->status == CW_USB_STALL) {
      status.stalled = true;
      clear_halt (self, CW_USB_STORAGE_IN);
      break;
    }
    g_assert_cmpint (answer->status, ==, CW_USB_SUCCESS);
    got += (uint32_t) answer->size;
    if (answer->size < asked)
      break;
  }
  return fetch_status (self, status);
}

DriveStatus
drive_command_out (Drive *self, const uint8_t *cdb, size_t n_cdb, const uint8_t *data, uint32_t size, size_t piece)
{
  DriveStatus status = { 0 };

  start (self, cdb, n_cdb, size, false);
  for (uint32_t at = 0; at < size; at += (uint32_t) piece) {
    cw_bulk_only_out (self->bulk, 2000 + self->tag, data + at, MIN (piece, size - at));
    if (drive_last (self)->status == CW_USB_STALL) {
      status.stalled = true;
      clear_halt (self, CW_USB_STORAGE_OUT);
      break;
    }
  }
  return fetch_status (self, status);
}

uint32_t
drive_sense (Drive *self)
{
  static const uint8_t cdb[] = { 0x03, 0, 0, 0, 18, 0 };
  DriveStatus status = drive_command_in (self, cdb, sizeof cdb, 18, 18);

  g_assert_cmpint (status.status, ==, 0);
  g_assert_cmpuint (self->in->len, ==, 18);
  g_assert_cmpuint (self->in->data[0], ==, 0x70);
  return (uint32_t) self->in->data[2] << 16 | (uint32_t) self->in->data[12] << 8 | self->in->data[13];
}

DriveStatus
drive_ask (Drive *drive, const char *hex, uint32_t size)
{
  uint8_t cdb[16];
  size_t n = 0;

  for (const char *at = hex; *at; at += at[2] ? 3 : 2)
    cdb[n++] = (uint8_t) g_ascii_strtoull ((char[]){ at[0], at[1], 0 }, NULL, 16);
  return drive_command_in (drive, cdb, n, size, 512);
}

void
drive_assert_in (const Drive *drive, const char *hex)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < drive->in->len; i++)
    g_string_append_printf (text, i > 0 ? " %02x" : "%02x", drive->in->data[i]);
  g_assert_cmpstr (text->str, ==, hex);
}

void
drive_assert_good (DriveStatus status, uint32_t residue)
{
  g_assert_cmpint (status.status, ==, 0);
  g_assert_cmpuint (status.residue, ==, residue);
}

void
drive_assert_refused (Drive *drive, const char *hex, uint32_t size, uint32_t sense)
{
  DriveStatus status = drive_ask (drive, hex, size);

  g_assert_cmpint (status.status, ==, 1);
  g_assert_cmpuint (status.residue, ==, size);
  g_assert_cmpuint (drive->in->len, ==, 0);
  g_assert_cmphex (drive_sense (drive), ==, sense);
  g_assert_cmphex (drive_sense (drive), ==, 0); /* told once */
}

void
drive_ready (Drive *drive, CwScsiKind kind, size_t size, bool read_only)
{
  drive_init (drive, kind, size, read_only);
  drive_assert_refused (drive, "00 00 00 00 00 00", 0, CW_SENSE_ATTENTION_RESET);
  drive_assert_good (drive_ask (drive, "00 00 00 00 00 00", 0), 0);
}
