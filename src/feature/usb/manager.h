/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceUsbDeviceManager, the public face of a hub. */
#pragma once

#include "feature/usb/hub.h"
#include "session/feature.h"

struct _SpiceUsbDeviceManagerPrivate {
  SpiceSession *session; /* weak */
  CwUsbHub *hub;         /* NULL before initialisation and when the session has gone */
  bool auto_connect;
  char *auto_connect_filter, *redirect_on_connect;
};

extern const CwFeature cw_usb_feature;
