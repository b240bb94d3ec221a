/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper that asks the person at the machine whether this program may use a USB device, and makes its node
 * accessible as long as it runs. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* Environment: SPICE_USB_ACL_BINARY names another program. callback gets the running helper, which takes the permission
 * back when cw_usb_acl_close () ends it. */
void cw_usb_acl_open_async (int bus, int address, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer data);
GSubprocess *cw_usb_acl_open_finish (GAsyncResult *result, GError **error);
void cw_usb_acl_close (GSubprocess *helper);
