/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/usb/bus.h"

#include "spice-client.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define CLASS_HUB 0x09
#define MAX_PORTS 7 /* USB's limit of hubs in a row */

struct CwUsbBus {
  gatomicrefcount refs; /* the owner's, and one of each device */
  GMainContext *context;
  const CwUsbBusEvents *events;
  gpointer data;
  libusb_context *usb;
  libusb_hotplug_callback_handle hotplug;
  bool has_hotplug;
  GHashTable *sources; /* descriptor → GSource */
  GSource *listing;    /* the devices that were there first are still to be told of */
};

static void
set_error (GError **error, const char *what, int code)
{
  g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "%s: %s", what, libusb_strerror (code));
}

/* A file below the device's folder of sysfs; empty if there is none. */
static char *
read_sysfs (libusb_device *device, const char *name)
{
  g_autoptr (GString) path = g_string_new ("/sys/bus/usb/devices/");
  uint8_t ports[MAX_PORTS];
  int n = libusb_get_port_numbers (device, ports, sizeof ports);
  char *text = NULL;

  g_string_append_printf (path, "%d", libusb_get_bus_number (device));
  for (int i = 0; i < n; i++)
    g_string_append_printf (path, "%c%d", i == 0 ? '-' : '.', ports[i]);
  g_string_append_printf (path, "/%s", name);
  return n > 0 && g_file_get_contents (path->str, &text, NULL, NULL) ? text : NULL;
}

static bool
identify (libusb_device *device, CwUsbIdentity *identity)
{
  struct libusb_device_descriptor descriptor;
  struct libusb_config_descriptor *config = NULL;

  if (libusb_get_device_descriptor (device, &descriptor) != 0 || descriptor.bDeviceClass == CLASS_HUB)
    return false;
  *identity = (CwUsbIdentity){
    .bus = libusb_get_bus_number (device),
    .address = libusb_get_device_address (device),
    .vendor = descriptor.idVendor,
    .product = descriptor.idProduct,
    .version = descriptor.bcdDevice,
    .class = { descriptor.bDeviceClass, descriptor.bDeviceSubClass, descriptor.bDeviceProtocol },
  };
  if (libusb_get_active_config_descriptor (device, &config) != 0)
    return true;
  for (unsigned i = 0; i < config->bNumInterfaces && i < CW_USB_MAX_INTERFACES; i++) {
    const struct libusb_interface *interface = &config->interface[i];

    if (interface->num_altsetting > 0)
      identity->interfaces[identity->n_interfaces++]
          = (CwUsbClass){ interface->altsetting[0].bInterfaceClass, interface->altsetting[0].bInterfaceSubClass,
                          interface->altsetting[0].bInterfaceProtocol };
  }
  libusb_free_config_descriptor (config);
  return true;
}

static void
bus_unref (gpointer data)
{
  CwUsbBus *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->usb)
    libusb_exit (self->usb);
  g_hash_table_unref (self->sources);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
unref_backend (gpointer device)
{
  libusb_unref_device (device);
}

static SpiceUsbDevice *
describe (CwUsbBus *self, libusb_device *device)
{
  CwUsbIdentity identity;
  SpiceUsbDevice *described;
  g_autofree char *manufacturer = NULL, *product = NULL;

  if (!identify (device, &identity))
    return NULL;
  manufacturer = read_sysfs (device, "manufacturer");
  product = read_sysfs (device, "product");
  described = cw_usb_device_new (CW_USB_REAL, &identity, manufacturer, product ? product : "USB device",
                                 libusb_ref_device (device), unref_backend);
  g_atomic_ref_count_inc (&self->refs);
  described->keeps = self;
  described->free_keeps = bus_unref;
  return described;
}

static void
tell_added (CwUsbBus *self, libusb_device *usb_device)
{
  SpiceUsbDevice *device = describe (self, usb_device);

  if (device)
    self->events->added (self->data, device);
}

static int LIBUSB_CALL
on_hotplug (libusb_context *usb, libusb_device *device, libusb_hotplug_event event, void *data)
{
  CwUsbBus *self = data;

  if (event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED)
    tell_added (self, device);
  else
    self->events->removed (self->data, libusb_get_bus_number (device), libusb_get_device_address (device));
  return 0;
}

static gboolean
on_ready (gint fd, GIOCondition condition, gpointer data)
{
  struct timeval none = { 0, 0 };

  libusb_handle_events_timeout_completed (((CwUsbBus *) data)->usb, &none, NULL);
  return G_SOURCE_CONTINUE;
}

static void LIBUSB_CALL
add_descriptor (int fd, short events, void *data)
{
  CwUsbBus *self = data;
  GSource *source = g_unix_fd_source_new (fd, (GIOCondition) events); /* the same bits as poll's */

  g_source_set_callback (source, G_SOURCE_FUNC (on_ready), self, NULL);
  g_source_attach (source, self->context);
  g_hash_table_replace (self->sources, GINT_TO_POINTER (fd), source);
}

static void LIBUSB_CALL
remove_descriptor (int fd, void *data)
{
  g_hash_table_remove (((CwUsbBus *) data)->sources, GINT_TO_POINTER (fd));
}

static void
drop_source (gpointer source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

static gboolean
list_devices (gpointer data)
{
  CwUsbBus *self = data;
  libusb_device **devices = NULL;
  ssize_t n = libusb_get_device_list (self->usb, &devices);

  g_clear_pointer (&self->listing, g_source_unref);
  for (ssize_t i = 0; i < n; i++)
    tell_added (self, devices[i]);
  if (n >= 0)
    libusb_free_device_list (devices, 1);
  return G_SOURCE_REMOVE;
}

static bool
watch (CwUsbBus *self, GError **error)
{
  const struct libusb_pollfd **descriptors;
  int code;

  code = libusb_hotplug_register_callback (self->usb,
                                           LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
                                           LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
                                           on_hotplug, self, &self->hotplug);
  if (code != 0) {
    set_error (error, "The coming and going of USB devices cannot be watched", code);
    return false;
  }
  self->has_hotplug = true;
  libusb_set_pollfd_notifiers (self->usb, add_descriptor, remove_descriptor, self);
  descriptors = libusb_get_pollfds (self->usb);
  for (unsigned i = 0; descriptors && descriptors[i]; i++)
    add_descriptor (descriptors[i]->fd, descriptors[i]->events, self);
  libusb_free_pollfds (descriptors);
  self->listing = g_idle_source_new ();
  g_source_set_priority (self->listing, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->listing, list_devices, self, NULL);
  g_source_attach (self->listing, self->context);
  return true;
}

CwUsbBus *
cw_usb_bus_new (GMainContext *context, const CwUsbBusEvents *events, gpointer data, GError **error)
{
  g_autoptr (CwUsbBus) self = g_new0 (CwUsbBus, 1);
  int code;

  g_atomic_ref_count_init (&self->refs);
  self->context = g_main_context_ref (context);
  self->events = events;
  self->data = data;
  self->sources = g_hash_table_new_full (NULL, NULL, NULL, drop_source);
  code = libusb_init (&self->usb);
  if (code != 0) {
    self->usb = NULL;
    set_error (error, "USB devices cannot be used here", code);
    return NULL;
  }
  if (!libusb_has_capability (LIBUSB_CAP_HAS_HOTPLUG)) {
    set_error (error, "USB devices cannot be used here", LIBUSB_ERROR_NOT_SUPPORTED);
    return NULL;
  }
  return watch (self, error) ? g_steal_pointer (&self) : NULL;
}

void
cw_usb_bus_close (CwUsbBus *self)
{
  if (!self)
    return;
  if (self->listing)
    drop_source (g_steal_pointer (&self->listing));
  if (self->usb) {
    libusb_set_pollfd_notifiers (self->usb, NULL, NULL, NULL);
    if (self->has_hotplug)
      libusb_hotplug_deregister_callback (self->usb, self->hotplug);
  }
  g_hash_table_remove_all (self->sources);
  bus_unref (self);
}

libusb_context *
cw_usb_bus_context (CwUsbBus *self)
{
  return self->usb;
}

static void
close_opened (gpointer handle)
{
  libusb_close (handle);
}

SpiceUsbDevice *
cw_usb_bus_wrap (CwUsbBus *self, int fd, GError **error)
{
  libusb_device_handle *handle = NULL;
  SpiceUsbDevice *device;
  int code = libusb_wrap_sys_device (self->usb, fd, &handle);

  if (code != 0) {
    set_error (error, "The descriptor is none of a USB device", code);
    return NULL;
  }
  device = describe (self, libusb_get_device (handle));
  if (!device) {
    libusb_close (handle);
    set_error (error, "The descriptor is none of a USB device", LIBUSB_ERROR_NO_DEVICE);
    return NULL;
  }
  device->opened = handle;
  device->free_opened = close_opened;
  return device;
}

bool
cw_usb_bus_open (SpiceUsbDevice *device, GError **error)
{
  libusb_device_handle *handle = NULL;
  int code = device->opened ? 0 : libusb_open (device->backend, &handle);

  if (code != 0) {
    set_error (error, "The device cannot be opened", code);
    return false;
  }
  if (handle) {
    device->opened = handle;
    device->free_opened = close_opened;
  }
  return true;
}

bool
cw_usb_bus_may_open (const SpiceUsbDevice *device)
{
  g_autofree char *path = g_strdup_printf ("/dev/bus/usb/%03d/%03d", device->identity.bus, device->identity.address);

  return device->opened || access (path, R_OK | W_OK) == 0;
}
