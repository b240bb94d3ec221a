/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One usbredir stream, the side of the USB host: hello, then devices come and go. Emulated drives are answered here; a
 * real device takes and gives whole packets by itself (host-device.h). Everything belongs to one thread.
 *
 * The guest's bytes are hostile: they are cut into packets here, of a bounded size, before any parser sees them. */
#pragma once

#include "feature/usb/drive.h"
#include "base/error.h"

#include <usbredirfilter.h>

#define CW_USB_REDIR_VERSION "Caraway"
#define CW_USB_REDIR_MAX_PACKET (CW_BULK_ONLY_MAX_SIZE + 1024)

typedef struct CwUsbRedir CwUsbRedir;

typedef struct {
  /* Bytes for the guest. */
  void (*send) (gpointer data, GBytes *bytes);
  /* The device has to be given up, later: the guest does not want it, or it failed. Error: SPICE_CLIENT_ERROR. */
  void (*device_failed) (gpointer data, const GError *error);
  /* The guest has said which devices it takes. */
  void (*filter_changed) (gpointer data);
} CwUsbRedirEvents;

/* A device that speaks the protocol itself. */
typedef struct {
  /* A whole packet of the guest, its hello first. False: the device is to be given up; error is SPICE_CLIENT_ERROR. */
  bool (*take) (gpointer device, const uint8_t *bytes, size_t size, GError **error);
} CwUsbRawDevice;

/* The hello is sent at once. */
CwUsbRedir *cw_usb_redir_new (const CwUsbRedirEvents *events, gpointer data);
void cw_usb_redir_free (CwUsbRedir *self);

/* Bytes of the guest. False: the stream is spoilt; nothing is taken any more. */
bool cw_usb_redir_take (CwUsbRedir *self, const uint8_t *bytes, size_t size, GError **error);

/* Plugs a device in; the guest hears of it once both hellos and the acknowledgement of the last device are there. */
void cw_usb_redir_plug_drive (CwUsbRedir *self, CwUsbDrive *drive);
void cw_usb_redir_plug_raw (CwUsbRedir *self, const CwUsbRawDevice *funcs, gpointer device);
bool cw_usb_redir_is_occupied (const CwUsbRedir *self);

/* Takes the device out and tells the guest. A raw device has told it already, if the guest had seen it. */
void cw_usb_redir_unplug (CwUsbRedir *self);

/* A packet of a raw device. */
void cw_usb_redir_send_raw (CwUsbRedir *self, const uint8_t *bytes, size_t size);

/* The rules of the guest, NULL without any. */
const struct usbredirfilter_rule *cw_usb_redir_filter (const CwUsbRedir *self, int *n_rules);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwUsbRedir, cw_usb_redir_free)
