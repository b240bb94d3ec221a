/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for hub.c where the library is built without USB: there is never a hub, so nothing but its making is
 * called.
 */
#include "base/i18n.h"
#include "feature/usb/hub.h"

#include "spice-client.h"

CwUsbHub *
cw_usb_hub_new (SpiceSession *session, const CwUsbHubEvents *events, gpointer data, GError **error)
{
  g_set_error_literal (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("Built without USB redirection."));
  return NULL;
}

void
cw_usb_hub_close (CwUsbHub *self)
{
  g_assert_not_reached ();
}

void
cw_usb_hub_unref (CwUsbHub *self)
{
  g_assert_not_reached ();
}

void
cw_usb_hub_channel_added (CwUsbHub *self, SpiceChannel *channel)
{
  g_assert_not_reached ();
}

void
cw_usb_hub_channel_removed (CwUsbHub *self, SpiceChannel *channel)
{
  g_assert_not_reached ();
}

int
cw_usb_hub_free_channels (CwUsbHub *self)
{
  g_assert_not_reached ();
}

bool
cw_usb_hub_set_auto_filter (CwUsbHub *self, const char *text)
{
  g_assert_not_reached ();
}

bool
cw_usb_hub_set_redirect_filter (CwUsbHub *self, const char *text)
{
  g_assert_not_reached ();
}

void
cw_usb_hub_set_auto (CwUsbHub *self, bool automatic)
{
  g_assert_not_reached ();
}

GPtrArray *
cw_usb_hub_devices (CwUsbHub *self, const char *filter)
{
  g_assert_not_reached ();
}

bool
cw_usb_hub_add_drive (CwUsbHub *self, CwUsbKind kind, const char *path, bool writable, GError **error)
{
  g_assert_not_reached ();
}

SpiceUsbDevice *
cw_usb_hub_wrap (CwUsbHub *self, int fd, GError **error)
{
  g_assert_not_reached ();
}

bool
cw_usb_hub_set_loaded (CwUsbHub *self, SpiceUsbDevice *device, bool loaded, GError **error)
{
  g_assert_not_reached ();
}

bool
cw_usb_hub_is_connected (CwUsbHub *self, SpiceUsbDevice *device)
{
  g_assert_not_reached ();
}

bool
cw_usb_hub_can_connect (CwUsbHub *self, SpiceUsbDevice *device, GError **error)
{
  g_assert_not_reached ();
}

bool
cw_usb_hub_is_redirecting (CwUsbHub *self)
{
  g_assert_not_reached ();
}

void
cw_usb_hub_connect_async (CwUsbHub *self, SpiceUsbDevice *device, GCancellable *cancellable, GObject *source,
                          GAsyncReadyCallback callback, gpointer data)
{
  g_assert_not_reached ();
}

void
cw_usb_hub_disconnect (CwUsbHub *self, SpiceUsbDevice *device)
{
  g_assert_not_reached ();
}

void
cw_usb_hub_disconnect_async (CwUsbHub *self, SpiceUsbDevice *device, GCancellable *cancellable, GObject *source,
                             GAsyncReadyCallback callback, gpointer data)
{
  g_assert_not_reached ();
}
