/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A usbredir channel, where one device can be plugged in: whoever has a device in it shows it to the guest as long as
 * there is a stream. */
#pragma once

#include "feature/usb/host-device.h"

typedef struct {
  /* A device has been taken out; the slot may be freed in this. */
  void (*changed) (gpointer data);
  /* The device has to be taken out, later. Error: SPICE_CLIENT_ERROR. */
  void (*failed) (gpointer data, SpiceUsbDevice *device, const GError *error);
} CwUsbSlotEvents;

typedef struct {
  SpiceChannel *channel;
  CwUsbBus *bus; /* borrowed */
  const CwUsbSlotEvents *events;
  gpointer data;
  CwUsbRedir *redir;      /* while there is a stream */
  SpiceUsbDevice *device; /* what is plugged in, or about to be; set by the owner */
  CwUsbHostDevice *host;  /* of a real device that is shown to the guest */
  bool shown;
  GCancellable *asking; /* while the permission to use the device is asked for; set by the owner */
} CwUsbSlot;

/* Takes the channel over. Borrows bus. */
CwUsbSlot *cw_usb_slot_new (SpiceChannel *channel, CwUsbBus *bus, const CwUsbSlotEvents *events, gpointer data);
void cw_usb_slot_free (gpointer slot); /* nobody is told */

/* Shows the device to the guest, now or when there is a stream. */
void cw_usb_slot_show (CwUsbSlot *slot);

/* Empties the slot; the guest is told if it has seen the device. */
void cw_usb_slot_unplug (CwUsbSlot *slot);

/* What the guest has said of devices like this. */
bool cw_usb_slot_guest_allows (CwUsbSlot *slot, const SpiceUsbDevice *device);
