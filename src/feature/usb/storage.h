/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An emulated USB mass-storage device, high speed, without I/O: control requests are answered here, bulk packets by its
 * bulk-only transport. */
#pragma once

#include "feature/usb/bulk-only.h"

#define CW_USB_STORAGE_IN 0x81
#define CW_USB_STORAGE_OUT 0x02
#define CW_USB_STORAGE_VENDOR 0x2b23
#define CW_USB_STORAGE_CD_PRODUCT 0xcdcd
#define CW_USB_STORAGE_DISK_PRODUCT 0xcdce
#define CW_USB_STORAGE_VERSION 0x0100

typedef struct CwUsbStorage CwUsbStorage;

typedef struct {
  CwUsbStatus status;
  uint8_t data[256];
  size_t size;
} CwUsbControlAnswer;

/* As cw_scsi_new (); observer carries the bulk packets and the medium's data, and takes data as on_event does. */
CwUsbStorage *cw_usb_storage_new (CwScsiKind kind, const char *serial, const CwBulkOnlyObserver *observer,
                                  CwScsiEventFunc on_event, gpointer data);

/* Not while the transport is busy. */
void cw_usb_storage_free (CwUsbStorage *self);

CwScsi *cw_usb_storage_unit (CwUsbStorage *self);
CwBulkOnly *cw_usb_storage_bulk (CwUsbStorage *self);

/* A request of the control endpoint; length is what the host asks for at most. */
void cw_usb_storage_control (CwUsbStorage *self, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
                             uint16_t length, CwUsbControlAnswer *answer);

/* The bus was reset: not configured. */
void cw_usb_storage_reset (CwUsbStorage *self);

/* 0 or 1; anything else is refused. */
CwUsbStatus cw_usb_storage_set_configuration (CwUsbStorage *self, uint8_t configuration);
uint8_t cw_usb_storage_configuration (const CwUsbStorage *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwUsbStorage, cw_usb_storage_free)
