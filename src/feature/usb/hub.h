/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a USB device manager does, without its public face: the devices there are, the usbredir channels of the session,
 * and which device is plugged into which. Everything belongs to the owner's thread. */
#pragma once

#include "feature/usb/device.h"

typedef struct CwUsbHub CwUsbHub;

/* All are emissions: the application may do anything in them. */
typedef struct {
  void (*added) (gpointer data, SpiceUsbDevice *device);
  void (*removed) (gpointer data, SpiceUsbDevice *device);
  void (*auto_failed) (gpointer data, SpiceUsbDevice *device, GError *error);
  void (*failed) (gpointer data, SpiceUsbDevice *device, GError *error);
  void (*free_channels_changed) (gpointer data);
} CwUsbHubEvents;

/* NULL: this build, or this machine, has no USB. Borrows session. */
CwUsbHub *cw_usb_hub_new (SpiceSession *session, const CwUsbHubEvents *events, gpointer data, GError **error);

/* Unplugs everything. No event comes any more. */
void cw_usb_hub_close (CwUsbHub *self);
void cw_usb_hub_unref (CwUsbHub *self);

void cw_usb_hub_channel_added (CwUsbHub *self, SpiceChannel *channel);
void cw_usb_hub_channel_removed (CwUsbHub *self, SpiceChannel *channel);
int cw_usb_hub_free_channels (CwUsbHub *self);

/* Filters; false: no filter. NULL as text of the second: none. */
bool cw_usb_hub_set_auto_filter (CwUsbHub *self, const char *text);
bool cw_usb_hub_set_redirect_filter (CwUsbHub *self, const char *text);
void cw_usb_hub_set_auto (CwUsbHub *self, bool automatic);

/* (element-type SpiceUsbDevice), each with a reference; filter may be NULL. */
GPtrArray *cw_usb_hub_devices (CwUsbHub *self, const char *filter);

/* An emulated drive; told of in a later turn. */
bool cw_usb_hub_add_drive (CwUsbHub *self, CwUsbKind kind, const char *path, bool writable, GError **error);
SpiceUsbDevice *cw_usb_hub_wrap (CwUsbHub *self, int fd, GError **error);

/* What the guest, or the application, does with the medium of an emulated drive. */
bool cw_usb_hub_set_loaded (CwUsbHub *self, SpiceUsbDevice *device, bool loaded, GError **error);

bool cw_usb_hub_is_connected (CwUsbHub *self, SpiceUsbDevice *device);
bool cw_usb_hub_can_connect (CwUsbHub *self, SpiceUsbDevice *device, GError **error);
bool cw_usb_hub_is_redirecting (CwUsbHub *self);

/* source is that of the result: the manager. */
void cw_usb_hub_connect_async (CwUsbHub *self, SpiceUsbDevice *device, GCancellable *cancellable, GObject *source,
                               GAsyncReadyCallback callback, gpointer data);
void cw_usb_hub_disconnect (CwUsbHub *self, SpiceUsbDevice *device);
void cw_usb_hub_disconnect_async (CwUsbHub *self, SpiceUsbDevice *device, GCancellable *cancellable, GObject *source,
                                  GAsyncReadyCallback callback, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwUsbHub, cw_usb_hub_unref)
