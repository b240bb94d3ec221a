/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session with a USB device manager, for tests: the bus of real devices is one of the test's, and all that the
 * manager tells is noted. */
#pragma once

#include "../session/steps.h"

#include "feature/usb/bus.h"
#include "feature/usb/manager.h"

struct CwUsbBus {
  const CwUsbBusEvents *events;
  gpointer data;
};

extern CwUsbBus *hub_bus;     /* the open one, or NULL */
extern bool hub_has_no_usb;   /* there is no USB on this machine */
extern unsigned hub_n_opened; /* real devices, or tries */
extern unsigned hub_may_open; /* so many of the tries work */
extern bool hub_asks;         /* somebody has to allow that one is opened */

typedef struct {
  char *folder;
  Steps *steps;
  SpiceSession *session; /* NULL: the test has ended it */
  SpiceUsbDeviceManager *manager;
  GString *told; /* what has happened, each with “; ” */
} HubCase;

typedef struct {
  bool done, disconnects;
  gboolean ok;
  GError *error;
} HubResult;

/* n: USB channels of the machine, 0 to 2. before: what happens before the session is connected; or NULL. */
void hub_begin (HubCase *self, unsigned n, void (*before) (HubCase *self));
void hub_end (HubCase *self);

/* What has been told since the last time; all that is due now is waited for. */
void hub_expect (HubCase *self, const char *told);

/* Real devices of bus 3, from 1234: on. */
SpiceUsbDevice *hub_new_device (int address, uint8_t class, const char *name);
void hub_plug_in (int address, uint8_t class, const char *name);
void hub_pull_out (int address);

/* A file for a drive. */
char *hub_make_image (HubCase *self, const char *name);
void hub_add_cd (HubCase *self, const char *name);

/* The device of this name, borrowed; NULL: there is none. */
SpiceUsbDevice *hub_device (HubCase *self, const char *name);
void hub_expect_devices (HubCase *self, const char *filter, const char *expected);

/* Why the device cannot be connected now; NULL: it can. */
void hub_expect_refusal (HubCase *self, SpiceUsbDevice *device, const char *text);

/* text: of the failure, or NULL. */
void hub_connect (HubCase *self, SpiceUsbDevice *device, const char *text);
void hub_disconnect (HubCase *self, SpiceUsbDevice *device, const char *text);
/* By the function that tells nothing of its end. */
void hub_disconnect_now (HubCase *self, SpiceUsbDevice *device);
void hub_on_done (GObject *manager, GAsyncResult *result, gpointer data);
bool hub_is_done (gpointer result);
