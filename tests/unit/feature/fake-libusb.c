/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-libusb.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FakeLibusb fake;
char fake_context, fake_handle;

int LIBUSB_CALL
libusb_init (libusb_context **usb)
{
  *usb = FAKE_CONTEXT;
  return fake.init;
}

void LIBUSB_CALL
libusb_exit (libusb_context *usb)
{
  g_assert_true (usb == FAKE_CONTEXT);
  fake.n_exits++;
}

int LIBUSB_CALL
libusb_has_capability (uint32_t capability)
{
  g_assert_cmpuint (capability, ==, LIBUSB_CAP_HAS_HOTPLUG);
  return fake.has_hotplug;
}

const char *LIBUSB_CALL
libusb_strerror (int code)
{
  return code == LIBUSB_ERROR_ACCESS ? "no access" : code == LIBUSB_ERROR_NOT_SUPPORTED ? "not here" : "gone";
}

int LIBUSB_CALL
libusb_hotplug_register_callback (libusb_context *usb, int events, int flags, int vendor, int product, int class,
                                  libusb_hotplug_callback_fn on_event, void *data, libusb_hotplug_callback_handle *own)
{
  g_assert_cmpint (events, ==, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT);
  g_assert_true (flags == 0 && vendor == LIBUSB_HOTPLUG_MATCH_ANY && product == LIBUSB_HOTPLUG_MATCH_ANY
                 && class == LIBUSB_HOTPLUG_MATCH_ANY);
  fake.on_hotplug = on_event;
  fake.hotplug_data = data;
  fake.n_registered += fake.hotplug == 0;
  *own = 42;
  return fake.hotplug;
}

void LIBUSB_CALL
libusb_hotplug_deregister_callback (libusb_context *usb, libusb_hotplug_callback_handle own)
{
  g_assert_cmpint (own, ==, 42);
  fake.n_registered--;
}

void LIBUSB_CALL
libusb_set_pollfd_notifiers (libusb_context *usb, libusb_pollfd_added_cb added, libusb_pollfd_removed_cb removed,
                             void *data)
{
  fake.on_added = added;
  fake.on_removed = removed;
  fake.notifier_data = data;
}

const struct libusb_pollfd **LIBUSB_CALL
libusb_get_pollfds (libusb_context *usb)
{
  static struct libusb_pollfd descriptor;
  const struct libusb_pollfd **list = g_new0 (const struct libusb_pollfd *, 2);

  descriptor = (struct libusb_pollfd){ fake.fd, G_IO_IN };
  list[0] = &descriptor;
  return list;
}

void LIBUSB_CALL
libusb_free_pollfds (const struct libusb_pollfd **list)
{
  g_free (list);
}

int LIBUSB_CALL
libusb_handle_events_timeout_completed (libusb_context *usb, struct timeval *time, int *completed)
{
  char byte;

  g_assert_true (time->tv_sec == 0 && time->tv_usec == 0);
  g_assert_cmpint (read (fake.fd, &byte, 1), ==, 1);
  fake.n_handled++;
  return 0;
}

ssize_t LIBUSB_CALL
libusb_get_device_list (libusb_context *usb, libusb_device ***list)
{
  if (fake.list < 0)
    return fake.list;
  *list = g_memdup2 (fake.devices, sizeof *fake.devices * (size_t) (fake.n_devices + 1));
  for (int i = 0; i < fake.n_devices; i++)
    libusb_ref_device ((*list)[i]);
  return fake.n_devices;
}

void LIBUSB_CALL
libusb_free_device_list (libusb_device **list, int unref)
{
  for (int i = 0; unref && i < fake.n_devices; i++)
    libusb_unref_device (list[i]);
  g_free (list);
}

libusb_device *LIBUSB_CALL
libusb_ref_device (libusb_device *device)
{
  device->refs++;
  return device;
}

void LIBUSB_CALL
libusb_unref_device (libusb_device *device)
{
  device->refs--;
}

uint8_t LIBUSB_CALL
libusb_get_bus_number (libusb_device *device)
{
  return FAKE_BUS;
}

uint8_t LIBUSB_CALL
libusb_get_device_address (libusb_device *device)
{
  return device->address;
}

int LIBUSB_CALL
libusb_get_port_numbers (libusb_device *device, uint8_t *ports, int size)
{
  g_assert_cmpint (size, ==, 7);
  ports[0] = ports[1] = 1;
  return 2;
}

int LIBUSB_CALL
libusb_get_device_descriptor (libusb_device *device, struct libusb_device_descriptor *descriptor)
{
  *descriptor = (struct libusb_device_descriptor){ .bMaxPacketSize0 = 64,
                                                   .bNumConfigurations = 1,
                                                   .bDeviceClass = device->class,
                                                   .bDeviceSubClass = 2,
                                                   .bDeviceProtocol = 3,
                                                   .idVendor = 0x1234,
                                                   .idProduct = 0x5678,
                                                   .bcdDevice = 0x0102 };
  return device->is_broken ? LIBUSB_ERROR_IO : 0;
}

/* The second interface has no setting, of the others the class is their number; a drive has one with two endpoints. */
static struct libusb_interface_descriptor
describe_interface (const libusb_device *device, unsigned i)
{
  static const struct libusb_endpoint_descriptor endpoints[] = {
    { .bEndpointAddress = 0x81, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 512 },
    { .bEndpointAddress = 0x02, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 512 },
  };

  if (device->is_drive)
    return (struct libusb_interface_descriptor){ .bInterfaceClass = 8,
                                                 .bInterfaceSubClass = 6,
                                                 .bInterfaceProtocol = 0x50,
                                                 .bNumEndpoints = G_N_ELEMENTS (endpoints),
                                                 .endpoint = endpoints };
  return (struct libusb_interface_descriptor){ .bInterfaceClass = (uint8_t) i,
                                               .bInterfaceSubClass = 5,
                                               .bInterfaceProtocol = 6 };
}

int LIBUSB_CALL
libusb_get_active_config_descriptor (libusb_device *device, struct libusb_config_descriptor **config)
{
  struct libusb_interface *interfaces;
  struct libusb_interface_descriptor *settings;

  if (device->n_interfaces == 0)
    return LIBUSB_ERROR_NOT_FOUND;
  interfaces = g_new0 (struct libusb_interface, device->n_interfaces);
  settings = g_new0 (struct libusb_interface_descriptor, device->n_interfaces);
  for (unsigned i = 0; i < device->n_interfaces; i++) {
    settings[i] = describe_interface (device, i);
    interfaces[i] = (struct libusb_interface){ &settings[i], i != 1 };
  }
  *config = g_new0 (struct libusb_config_descriptor, 1);
  **config = (struct libusb_config_descriptor){ .bNumInterfaces = (uint8_t) device->n_interfaces,
                                                .bConfigurationValue = 1,
                                                .interface = interfaces };
  return 0;
}

void LIBUSB_CALL
libusb_free_config_descriptor (struct libusb_config_descriptor *config)
{
  g_free ((gpointer) config->interface->altsetting);
  g_free ((gpointer) config->interface);
  g_free (config);
}

int LIBUSB_CALL
libusb_open (libusb_device *device, libusb_device_handle **opened)
{
  if (fake.open == 0) {
    *opened = FAKE_HANDLE;
    fake.behind = device;
    fake.n_opened++;
  }
  return fake.open;
}

int LIBUSB_CALL
libusb_wrap_sys_device (libusb_context *usb, intptr_t fd, libusb_device_handle **opened)
{
  g_assert_cmpint (fd, ==, 77);
  if (fake.wrap == 0) {
    *opened = FAKE_HANDLE;
    fake.n_opened++;
  }
  return fake.wrap;
}

libusb_device *LIBUSB_CALL
libusb_get_device (libusb_device_handle *opened)
{
  return fake.behind;
}

void LIBUSB_CALL
libusb_close (libusb_device_handle *opened)
{
  g_assert_true (opened == FAKE_HANDLE);
  fake.n_opened--;
}

/* What libusbredirhost needs besides */

int LIBUSB_CALL
libusb_get_device_speed (libusb_device *device)
{
  return LIBUSB_SPEED_HIGH;
}

int LIBUSB_CALL
libusb_set_auto_detach_kernel_driver (libusb_device_handle *opened, int enable)
{
  return LIBUSB_ERROR_NOT_SUPPORTED;
}

int LIBUSB_CALL
libusb_claim_interface (libusb_device_handle *opened, int interface)
{
  g_assert_true (opened == FAKE_HANDLE);
  fake.n_claimed += fake.claim == 0;
  return fake.claim;
}

int LIBUSB_CALL
libusb_release_interface (libusb_device_handle *opened, int interface)
{
  if (fake.n_claimed == 0)
    return LIBUSB_ERROR_NOT_FOUND;
  fake.n_claimed--;
  return 0;
}

int LIBUSB_CALL
libusb_attach_kernel_driver (libusb_device_handle *opened, int interface)
{
  return 0;
}

int LIBUSB_CALL
libusb_reset_device (libusb_device_handle *opened)
{
  return fake.reset;
}

int LIBUSB_CALL
libusb_set_configuration (libusb_device_handle *opened, int configuration)
{
  return 0;
}

struct libusb_transfer *LIBUSB_CALL
libusb_alloc_transfer (int n_packets)
{
  g_assert_cmpint (n_packets, ==, 0);
  fake.n_transfers++;
  return g_new0 (struct libusb_transfer, 1);
}

/* Buffers are given as malloc () has them. */
void LIBUSB_CALL
libusb_free_transfer (struct libusb_transfer *transfer)
{
  if (!transfer)
    return;
  if (transfer->flags & LIBUSB_TRANSFER_FREE_BUFFER)
    free (transfer->buffer);
  g_free (transfer);
  fake.n_transfers--;
}

int LIBUSB_CALL
libusb_submit_transfer (struct libusb_transfer *transfer)
{
  g_assert_null (fake.submitted);
  fake.submitted = transfer;
  return 0;
}

void
fake_complete (enum libusb_transfer_status status, const void *answer, int size)
{
  struct libusb_transfer *transfer = g_steal_pointer (&fake.submitted);

  g_assert_nonnull (transfer);
  g_assert_cmpint (size, <=, transfer->length - LIBUSB_CONTROL_SETUP_SIZE);
  if (size > 0)
    memcpy (libusb_control_transfer_get_data (transfer), answer, (size_t) size);
  transfer->status = status;
  transfer->actual_length = size;
  transfer->callback (transfer);
}

int LIBUSB_CALL
libusb_cancel_transfer (struct libusb_transfer *transfer)
{
  g_assert_true (transfer == fake.submitted);
  fake.is_cancelled = true;
  return 0;
}

int LIBUSB_CALL
libusb_handle_events_timeout (libusb_context *usb, struct timeval *time)
{
  g_assert_true (usb == FAKE_CONTEXT && fake.is_cancelled);
  fake.is_cancelled = false;
  fake_complete (LIBUSB_TRANSFER_CANCELLED, NULL, 0);
  return 0;
}
