/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a hub. */
#pragma once

#include "feature/usb/filter.h"
#include "feature/usb/hub.h"
#include "feature/usb/slot.h"

struct CwUsbHub {
  unsigned refs;
  SpiceSession *session; /* borrowed; NULL when closed */
  GMainContext *context;
  const CwUsbHubEvents *events;
  gpointer data;
  CwUsbBus *bus;
  GPtrArray *devices; /* SpiceUsbDevice */
  GPtrArray *slots;   /* CwUsbSlot */
  CwUsbFilter *auto_filter, *redirect_filter;
  bool automatic;
  unsigned n_redirecting;
  int next_address;
};

/* Something to do in a later turn. */
typedef struct {
  CwUsbHub *hub; /* strong */
  SpiceUsbDevice *device;
  GError *error;
  GTask *task;
  void (*run) (CwUsbHub *hub, SpiceUsbDevice *device, GError *error, GTask *task);
} CwUsbLater;

void cw_usb_later_free (gpointer later);

/* error and task may be NULL. */
void cw_usb_hub_do_later (CwUsbHub *self, SpiceUsbDevice *device, const GError *error, GTask *task,
                          void (*run) (CwUsbHub *hub, SpiceUsbDevice *device, GError *error, GTask *task));

CwUsbHub *cw_usb_hub_ref (CwUsbHub *self);

/* NULL as device: a free one. */
CwUsbSlot *cw_usb_hub_slot_of (CwUsbHub *self, SpiceUsbDevice *device);
void cw_usb_hub_tell_free_channels (CwUsbHub *self);

void cw_usb_hub_remove (CwUsbHub *self, SpiceUsbDevice *device);
/* An emulated drive that was unplugged for good. */
void cw_usb_hub_remove_emulated (CwUsbHub *self, SpiceUsbDevice *device);

/* Failing is told by an emission. */
void cw_usb_hub_connect_by_itself (CwUsbHub *self, SpiceUsbDevice *device);

/* Sets SPICE_CLIENT_ERROR_FAILED. Returns false. */
bool cw_usb_hub_fail (GError **error, const char *text);
