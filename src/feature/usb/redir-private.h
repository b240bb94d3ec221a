/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of a usbredir stream. */
#pragma once

#include "feature/usb/redir.h"

#include <usbredirparser.h>

struct CwUsbRedir {
  const CwUsbRedirEvents *events;
  gpointer data;
  struct usbredirparser *parser;
  struct usbredirfilter_rule *rules;
  int n_rules;
  bool has_hello, spoilt;
  bool awaits_ack; /* of the last device's end */
  bool announced;  /* the guest knows of the device that is plugged in */

  /* The packet that is coming. */
  GByteArray *packet;
  GBytes *hello; /* the guest's, as it came */

  /* What the parser is given to read. */
  const uint8_t *input;
  size_t n_input;

  CwUsbDrive *drive;
  const CwUsbRawDevice *raw;
  gpointer raw_device;
};

/* Sends what the parser has put together. */
void cw_usb_redir_flush (CwUsbRedir *self);

/* redir-drive.c: what an emulated drive answers. */
extern const CwUsbDriveGuest cw_usb_redir_guest;
void cw_usb_redir_serve_drives (CwUsbRedir *self);
void cw_usb_redir_announce_drive (CwUsbRedir *self);
