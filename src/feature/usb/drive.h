/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An emulated drive with a medium in it: what a guest may have plugged in. Belongs to one thread and its main context.
 */
#pragma once

#include "feature/usb/medium.h"
#include "feature/usb/storage.h"

typedef struct CwUsbDrive CwUsbDrive;

/* Where answers to bulk packets go while the drive is plugged in. */
typedef struct {
  void (*in_done) (gpointer data, uint64_t id, CwUsbStatus status, const uint8_t *bytes, size_t size);
  void (*out_done) (gpointer data, uint64_t id, CwUsbStatus status, size_t size);
} CwUsbDriveGuest;

/* on_event: what the guest does with the medium. */
CwUsbDrive *cw_usb_drive_new (CwScsiKind kind, CwUsbMedium *medium, CwScsiEventFunc on_event, gpointer data);
CwUsbDrive *cw_usb_drive_ref (CwUsbDrive *self);
void cw_usb_drive_unref (CwUsbDrive *self);

CwUsbStorage *cw_usb_drive_storage (CwUsbDrive *self);
CwScsiKind cw_usb_drive_kind (const CwUsbDrive *self);
CwUsbMedium *cw_usb_drive_medium (CwUsbDrive *self);

/* Nobody listens to on_event any more. */
void cw_usb_drive_forget_owner (CwUsbDrive *self);

/* Into one guest at a time. Unplugging resets the drive; what it was asked is answered before. */
void cw_usb_drive_plug (CwUsbDrive *self, const CwUsbDriveGuest *guest, gpointer data);
void cw_usb_drive_unplug (CwUsbDrive *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwUsbDrive, cw_usb_drive_unref)
