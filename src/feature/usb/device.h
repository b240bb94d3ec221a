/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceUsbDevice: what is known of a device, and what stands behind it. */
#pragma once

#include "spice-client.h"

#include <stdbool.h>
#include <stdint.h>

#define CW_USB_EMULATED_BUS 65535
#define CW_USB_MAX_INTERFACES 32

typedef enum {
  CW_USB_REAL, /* backend: libusb_device */
  CW_USB_CD,   /* backend: CwUsbDrive */
  CW_USB_DISK, /* likewise */
} CwUsbKind;

typedef struct {
  uint8_t class, subclass, protocol;
} CwUsbClass;

/* What a device says of itself, for people and for filters. */
typedef struct {
  int bus, address;
  uint16_t vendor, product, version;
  CwUsbClass class;
  unsigned n_interfaces;
  CwUsbClass interfaces[CW_USB_MAX_INTERFACES];
} CwUsbIdentity;

struct _SpiceUsbDevice {
  gatomicrefcount refs;
  CwUsbKind kind;
  CwUsbIdentity identity;
  char *manufacturer, *product; /* names for people */
  gpointer backend;
  GDestroyNotify free_backend;
  gpointer opened; /* a handle that came with the device, not used yet, or NULL */
  GDestroyNotify free_opened;
  gpointer keeps; /* what has to be there as long as the others are, or NULL */
  GDestroyNotify free_keeps;
};

/* Takes backend; the names are made safe to show. */
SpiceUsbDevice *cw_usb_device_new (CwUsbKind kind, const CwUsbIdentity *identity, const char *manufacturer,
                                   const char *product, gpointer backend, GDestroyNotify free_backend);
SpiceUsbDevice *cw_usb_device_ref (SpiceUsbDevice *self);
void cw_usb_device_unref (SpiceUsbDevice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceUsbDevice, cw_usb_device_unref)
