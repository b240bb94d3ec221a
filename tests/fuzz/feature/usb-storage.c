/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hostile guest at an emulated drive: packets, cancellations, resets and control requests in any order, with a medium
 * that answers at once, later or by failing. Every packet has to be answered exactly once, in the end. Input: steps of
 * one byte that says what, and what that needs. */
#include "feature/usb/storage.h"
#include "fuzz/fuzz.h"

#include <stdlib.h>

#define MEDIUM_SIZE (8 * 2048 + 100)

typedef struct {
  CwUsbStorage *storage;
  CwBulkOnly *bulk;
  unsigned n_asked, n_answered;
  bool pending, fail;
} Guest;

static void
on_in (gpointer data, uint64_t id, CwUsbStatus status, const uint8_t *bytes, size_t size)
{
  Guest *self = data;
  volatile uint8_t sum = 0;

  if (status != CW_USB_SUCCESS && size > 0)
    abort ();
  for (size_t i = 0; i < size; i++) /* all there */
    sum ^= bytes[i];
  (void) sum;
  self->n_answered++;
}

static void
on_out (gpointer data, uint64_t id, CwUsbStatus status, size_t size)
{
  ((Guest *) data)->n_answered++;
}

static void
on_read (gpointer data, uint64_t offset, uint8_t *buffer, size_t size)
{
  if (offset > MEDIUM_SIZE + 2047 || size > MEDIUM_SIZE + 2047)
    abort ();
  memset (buffer, 0x5a, size);
  ((Guest *) data)->pending = true;
}

static void
on_write (gpointer data, uint64_t offset, const uint8_t *buffer, size_t size)
{
  if (offset + size > MEDIUM_SIZE + 511)
    abort ();
  ((Guest *) data)->pending = true;
}

static void
on_flush (gpointer data)
{
  ((Guest *) data)->pending = true;
}

static void
end_medium (Guest *self)
{
  while (self->pending) {
    self->pending = false;
    cw_bulk_only_medium_done (self->bulk, !self->fail);
  }
}

static const uint8_t *
take (const uint8_t **at, size_t *left, size_t size)
{
  const uint8_t *bytes = *at;

  if (size > *left)
    return NULL;
  *at += size;
  *left -= size;
  return bytes;
}

static bool
step (Guest *self, uint64_t id, const uint8_t **at, size_t *left)
{
  const uint8_t *what = take (at, left, 2), *more;
  CwUsbControlAnswer answer;

  if (!what)
    return false;
  switch (what[0] % 8) {
  case 0: /* a command */
    more = take (at, left, 31);
    if (!more)
      return false;
    self->n_asked++;
    cw_bulk_only_out (self->bulk, id, more, 31);
    break;
  case 1:
    self->n_asked++;
    cw_bulk_only_in (self->bulk, id, what[1] * 37);
    break;
  case 2:
    more = take (at, left, what[1]);
    if (!more)
      return false;
    self->n_asked++;
    cw_bulk_only_out (self->bulk, id, more, what[1]);
    break;
  case 3:
    cw_bulk_only_cancel (self->bulk, id - what[1] % 8);
    break;
  case 4:
    cw_usb_storage_reset (self->storage);
    break;
  case 5:
    more = take (at, left, 6);
    if (!more)
      return false;
    cw_usb_storage_control (self->storage, more[0], more[1], (uint16_t) (more[2] | more[3] << 8), more[4], more[5],
                            &answer);
    break;
  case 6:
    self->fail = what[1] & 1;
    end_medium (self);
    break;
  default:
    cw_bulk_only_clear_halt (self->bulk, what[1] & 1);
    break;
  }
  return true;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const CwBulkOnlyObserver observer = { on_in, on_out, on_read, on_write, on_flush };
  Guest self = { 0 };
  CwScsiKind kind;

  if (size == 0)
    return 0;
  kind = data[0] & 1 ? CW_SCSI_DISK : CW_SCSI_CD;
  self.storage = cw_usb_storage_new (kind, "FUZZ", &observer, NULL, &self);
  self.bulk = cw_usb_storage_bulk (self.storage);
  cw_scsi_set_medium (cw_usb_storage_unit (self.storage), MEDIUM_SIZE, data[0] & 2);
  data++;
  size--;
  for (uint64_t id = 1; id < 4096 && step (&self, id, &data, &size); id++)
    ;
  end_medium (&self);
  cw_usb_storage_reset (self.storage);
  if (self.n_asked != self.n_answered)
    abort ();
  cw_usb_storage_free (self.storage);
  return 0;
}
