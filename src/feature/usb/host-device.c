/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libusbredirhost brings a parser and a hello of its own. The stream has had both: the hello is left out, the guest's
 * is given to it first, and from then on packets pass as they are. Both announce the same capabilities, so that they
 * are of one form. */
#include "feature/usb/host-device.h"

#include "spice-client.h"

#include <string.h>
#include <usbredirhost.h>

struct CwUsbHostDevice {
  CwUsbRedir *redir;
  struct usbredirhost *host;
  libusb_device_handle *handle; /* until the guest's hello is there */
  bool hello_dropped;
  const uint8_t *input;
  size_t n_input;
};

static void
on_log (void *data, int level, const char *text)
{
  g_debug ("usbredir: %s", text);
}

static int
on_read (void *data, uint8_t *bytes, int size)
{
  CwUsbHostDevice *self = data;
  size_t n = MIN (self->n_input, (size_t) size);

  memcpy (bytes, self->input, n);
  self->input += n;
  self->n_input -= n;
  return (int) n;
}

/* Each call brings a whole packet, as none is taken in part. */
static int
on_write (void *data, uint8_t *bytes, int size)
{
  CwUsbHostDevice *self = data;

  if (self->hello_dropped)
    cw_usb_redir_send_raw (self->redir, bytes, (size_t) size);
  self->hello_dropped = true;
  return size;
}

static void
on_flush (void *data)
{
  CwUsbHostDevice *self = data;

  if (self->host && usbredirhost_has_data_to_write (self->host) > 0)
    usbredirhost_write_guest_data (self->host);
}

static bool
set_read_error (int code, GError **error)
{
  switch (code) {
  case 0:
    return true;
  case usbredirhost_read_device_rejected:
    g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED, "rejected by the guest");
    return false;
  case usbredirhost_read_device_lost:
    g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_USB_DEVICE_LOST, "the device is gone");
    return false;
  default:
    g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "the guest sent a damaged packet");
    return false;
  }
}

/* Takes the device from the system's drivers, and tells the guest of it. */
static bool
show (CwUsbHostDevice *self, GError **error)
{
  bool ok = usbredirhost_set_device (self->host, g_steal_pointer (&self->handle)) == usb_redir_success;

  on_flush (self);
  if (!ok)
    g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "the system does not let go of the device");
  return ok;
}

static bool
take (gpointer device, const uint8_t *bytes, size_t size, GError **error)
{
  CwUsbHostDevice *self = device;
  int code;

  self->input = bytes;
  self->n_input = size;
  code = usbredirhost_read_guest_data (self->host);
  if (code == 0 && self->handle)
    return show (self, error);
  on_flush (self);
  return set_read_error (code, error);
}

CwUsbHostDevice *
cw_usb_host_device_new (CwUsbBus *bus, SpiceUsbDevice *device, CwUsbRedir *redir, GError **error)
{
  static const CwUsbRawDevice funcs = { take };
  g_autoptr (CwUsbHostDevice) self = g_new0 (CwUsbHostDevice, 1);

  if (!cw_usb_bus_open (device, error))
    return NULL;
  self->handle = g_steal_pointer (&device->opened);
  self->host = usbredirhost_open_full (cw_usb_bus_context (bus), NULL, on_log, on_read, on_write, on_flush, NULL, NULL,
                                       NULL, NULL, self, CW_USB_REDIR_VERSION, usbredirparser_warning, 0);
  if (!self->host) {
    g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "no memory for the device");
    return NULL;
  }
  on_flush (self); /* its hello */
  self->redir = redir;
  cw_usb_redir_plug_raw (redir, &funcs, self);
  return g_steal_pointer (&self);
}

void
cw_usb_host_device_free (CwUsbHostDevice *self)
{
  if (!self)
    return;
  if (self->host) {
    usbredirhost_set_device (self->host, NULL);
    on_flush (self);
  }
  if (self->redir)
    cw_usb_redir_unplug (self->redir);
  if (self->host)
    usbredirhost_close (self->host);
  if (self->handle)
    libusb_close (self->handle);
  g_free (self);
}
