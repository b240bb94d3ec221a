/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/usb/drive.h"

struct CwUsbDrive {
  unsigned refs;
  CwScsiKind kind;
  CwUsbStorage *storage;
  CwUsbMedium *medium;
  const CwUsbDriveGuest *guest;
  gpointer guest_data;
  CwScsiEventFunc on_event;
  gpointer event_data;
};

static void
on_in_done (gpointer data, uint64_t id, CwUsbStatus status, const uint8_t *bytes, size_t size)
{
  CwUsbDrive *self = data;

  if (self->guest)
    self->guest->in_done (self->guest_data, id, status, bytes, size);
}

static void
on_out_done (gpointer data, uint64_t id, CwUsbStatus status, size_t size)
{
  CwUsbDrive *self = data;

  if (self->guest)
    self->guest->out_done (self->guest_data, id, status, size);
}

/* The reference was taken when the medium was asked. */
static void
on_medium_done (gpointer data, bool ok)
{
  g_autoptr (CwUsbDrive) self = data;

  cw_bulk_only_medium_done (cw_usb_storage_bulk (self->storage), ok);
}

static void
on_read (gpointer data, uint64_t offset, uint8_t *buffer, size_t size)
{
  CwUsbDrive *self = data;

  cw_usb_medium_read (self->medium, offset, buffer, size, on_medium_done, cw_usb_drive_ref (self));
}

static void
on_write (gpointer data, uint64_t offset, const uint8_t *buffer, size_t size)
{
  CwUsbDrive *self = data;

  cw_usb_medium_write (self->medium, offset, buffer, size, on_medium_done, cw_usb_drive_ref (self));
}

static void
on_flush (gpointer data)
{
  CwUsbDrive *self = data;

  cw_usb_medium_flush (self->medium, on_medium_done, cw_usb_drive_ref (self));
}

static void
on_scsi_event (gpointer data, CwScsiEvent event)
{
  CwUsbDrive *self = data;

  if (self->on_event)
    self->on_event (self->event_data, event);
}

CwUsbDrive *
cw_usb_drive_new (CwScsiKind kind, CwUsbMedium *medium, CwScsiEventFunc on_event, gpointer data)
{
  static const CwBulkOnlyObserver observer = { on_in_done, on_out_done, on_read, on_write, on_flush };
  CwUsbDrive *self = g_new0 (CwUsbDrive, 1);

  self->refs = 1;
  self->kind = kind;
  self->medium = cw_usb_medium_ref (medium);
  self->on_event = on_event;
  self->event_data = data;
  self->storage = cw_usb_storage_new (kind, cw_usb_medium_serial (medium), &observer, on_scsi_event, self);
  cw_scsi_set_medium (cw_usb_storage_unit (self->storage), cw_usb_medium_size (medium),
                      !cw_usb_medium_is_writable (medium));
  return self;
}

CwUsbDrive *
cw_usb_drive_ref (CwUsbDrive *self)
{
  self->refs++;
  return self;
}

void
cw_usb_drive_unref (CwUsbDrive *self)
{
  if (!self || --self->refs > 0)
    return;
  cw_usb_storage_free (self->storage);
  cw_usb_medium_unref (self->medium);
  g_free (self);
}

CwUsbStorage *
cw_usb_drive_storage (CwUsbDrive *self)
{
  return self->storage;
}

CwScsiKind
cw_usb_drive_kind (const CwUsbDrive *self)
{
  return self->kind;
}

CwUsbMedium *
cw_usb_drive_medium (CwUsbDrive *self)
{
  return self->medium;
}

void
cw_usb_drive_forget_owner (CwUsbDrive *self)
{
  self->on_event = NULL;
}

void
cw_usb_drive_plug (CwUsbDrive *self, const CwUsbDriveGuest *guest, gpointer data)
{
  g_assert (!self->guest);

  self->guest = guest;
  self->guest_data = data;
}

void
cw_usb_drive_unplug (CwUsbDrive *self)
{
  cw_usb_storage_reset (self->storage);
  self->guest = NULL;
}
