/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A real device plugged into a usbredir stream: libusbredirhost speaks for it. */
#pragma once

#include "feature/usb/bus.h"
#include "feature/usb/redir.h"

typedef struct CwUsbHostDevice CwUsbHostDevice;

/* Opens the device and plugs it into redir, which outlives it. The device belongs to the guest from then on. Error:
 * SPICE_CLIENT_ERROR. */
CwUsbHostDevice *cw_usb_host_device_new (CwUsbBus *bus, SpiceUsbDevice *device, CwUsbRedir *redir, GError **error);

/* Tells the guest, and gives the device back to this machine. */
void cw_usb_host_device_free (CwUsbHostDevice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwUsbHostDevice, cw_usb_host_device_free)
