/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real USB devices of this machine, by libusb: which there are, and their coming and going. Events are handled on
 * a main context, without a thread of ours. */
#pragma once

#include "feature/usb/device.h"

#include <libusb.h>

typedef struct CwUsbBus CwUsbBus;

typedef struct {
  void (*added) (gpointer data, SpiceUsbDevice *device); /* taken over by the callee */
  void (*removed) (gpointer data, int bus, int address);
} CwUsbBusEvents;

/* Devices that are there already are told of in a later turn. NULL with error, as USB cannot be used here. */
CwUsbBus *cw_usb_bus_new (GMainContext *context, const CwUsbBusEvents *events, gpointer data, GError **error);
/* No event comes any more; devices that are still in somebody's hands stay valid. */
void cw_usb_bus_close (CwUsbBus *self);
libusb_context *cw_usb_bus_context (CwUsbBus *self);

/* A device of an opened node, which stays the caller's; error says why it is none. */
SpiceUsbDevice *cw_usb_bus_wrap (CwUsbBus *self, int fd, GError **error);

/* Opens a real device, unless it came with an open node. Error: SPICE_CLIENT_ERROR. */
bool cw_usb_bus_open (SpiceUsbDevice *device, GError **error);

/* Whether this program may open it as it is. */
bool cw_usb_bus_may_open (const SpiceUsbDevice *device);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwUsbBus, cw_usb_bus_close)
