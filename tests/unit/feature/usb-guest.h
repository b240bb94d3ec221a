/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's side of a usbredir stream, by libusbredirparser, and the host's it speaks with; for tests. */
#pragma once

#include "feature/usb/redir.h"

#include <usbredirparser.h>

/* All that the protocol has. */
#define GUEST_CAPS (usb_redir_cap_bulk_receiving + 1)

typedef struct {
  CwUsbRedir *host;
  GByteArray *to_guest; /* sent and not read yet */
  bool byte_by_byte;
  int n_caps;
  int control_size; /* of packets, as the device tells it */
  unsigned n_rejected, n_filters;
  GError *failed; /* of a device, but by rejection; a test that expects it clears it */

  struct usbredirparser *parser;
  GByteArray *to_host;
  struct usb_redir_device_connect_header device;
  unsigned n_hellos, n_connected, n_disconnected, n_interfaces, n_endpoints;
  bool holds_ack;
  uint8_t control[256];
  int n_control, control_status;
  uint64_t bulk_id;
  int bulk_status;
  GByteArray *bulk;
  unsigned n_bulk;
  int last_status;    /* of what is not a data packet */
  unsigned last_what; /* the endpoint, the configuration, or interface and setting */
  uint64_t last_id;
} Guest;

/* n_caps: how many of the protocol's capabilities it has. */
void guest_init (Guest *self, int n_caps);
void guest_clear (Guest *self);

/* Carries bytes both ways until there are none. */
bool guest_settle (Guest *self, GError **error);
