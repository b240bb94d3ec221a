/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything. */
#pragma once

#include <glib.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <spice/vd_agent.h>
#include "spice-types.h"
#include "spice-channel.h"
#include "spice-glib-enums.h"
#include "spice-option.h"
#include "spice-session.h"
#include "spice-uri.h"
#include "spice-util.h"
#include "spice-version.h"
#include "channel-cursor.h"
#include "channel-display.h"
#include "channel-inputs.h"
#include "channel-main.h"
#include "channel-port.h"

G_BEGIN_DECLS

#define SPICE_CLIENT_ERROR (spice_client_error_quark ())

/**
 * SpiceClientError:
 * @SPICE_CLIENT_ERROR_FAILED: the operation failed
 * @SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED: the host refuses the USB device
 * @SPICE_CLIENT_ERROR_USB_DEVICE_LOST: the USB device does not answer any more
 * @SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD: a password is needed, or the one given is wrong
 * @SPICE_CLIENT_ERROR_AUTH_NEEDS_USERNAME: a user name is needed
 * @SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD_AND_USERNAME: a password and a user name are needed
 * @SPICE_CLIENT_ERROR_USB_SERVICE: a service for USB devices is missing
 *
 * Errors of the library.
 */
typedef enum {
  SPICE_CLIENT_ERROR_FAILED,
  SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED,
  SPICE_CLIENT_ERROR_USB_DEVICE_LOST,
  SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD,
  SPICE_CLIENT_ERROR_AUTH_NEEDS_USERNAME,
  SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD_AND_USERNAME,
  SPICE_CLIENT_ERROR_USB_SERVICE,
} SpiceClientError;

#ifndef SPICE_DISABLE_DEPRECATED
#  define SPICE_CLIENT_USB_DEVICE_REJECTED SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED
#  define SPICE_CLIENT_USB_DEVICE_LOST SPICE_CLIENT_ERROR_USB_DEVICE_LOST
#endif

GQuark spice_client_error_quark (void);

G_END_DECLS
