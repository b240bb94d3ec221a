/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A real device in a usbredir stream: libusbredirhost on a libusb of the test's, before the guest's side of
 * libusbredirparser. */
#include "fake-libusb.h"
#include "usb-guest.h"

#include "feature/usb/host-device.h"

#include "spice-client.h"

#include <string.h>

typedef struct {
  libusb_device drive;
  libusb_device *devices[2];
  CwUsbBus *bus;
  SpiceUsbDevice *device;
  CwUsbHostDevice *host;
  Guest guest;
} Case;

static void
on_added (gpointer data, SpiceUsbDevice *device)
{
  ((Case *) data)->device = device;
}

static void
begin (Case *self)
{
  static const CwUsbBusEvents events = { .added = on_added };

  *self = (Case){ .drive = { .address = 2, .n_interfaces = 1, .is_drive = true } };
  self->devices[0] = &self->drive;
  fake = (FakeLibusb){ .has_hotplug = true, .fd = -1, .devices = self->devices, .n_devices = 1 };
  fake.list = LIBUSB_ERROR_NO_MEM; /* it is plugged in later */
  self->bus = cw_usb_bus_new (g_main_context_default (), &events, self, NULL);
  g_assert_nonnull (self->bus);
  fake.on_hotplug (NULL, &self->drive, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED, fake.hotplug_data);
  g_assert_nonnull (self->device);
  guest_init (&self->guest, GUEST_CAPS);
  self->guest.control_size = 0; /* libusbredirhost does not tell */
}

static void
settle (Case *self)
{
  g_assert_true (guest_settle (&self->guest, NULL));
}

static void
plug (Case *self)
{
  self->host = cw_usb_host_device_new (self->bus, self->device, self->guest.host, NULL);
  g_assert_nonnull (self->host);
  settle (self);
}

static void
unplug (Case *self)
{
  g_clear_pointer (&self->host, cw_usb_host_device_free);
  settle (self);
  g_assert_false (cw_usb_redir_is_occupied (self->guest.host));
}

/* Nothing of the device is left with anybody. */
static void
end (Case *self)
{
  unplug (self);
  guest_clear (&self->guest);
  g_assert_cmpint (fake.n_opened, ==, 0);
  g_assert_cmpint (fake.n_claimed, ==, 0);
  g_assert_cmpint (fake.n_transfers, ==, 0);
  cw_usb_device_unref (self->device);
  cw_usb_bus_close (self->bus);
  g_assert_cmpint (self->drive.refs, ==, 0);
  g_assert_cmpint (fake.n_exits, ==, 1);
}

static void
ask (Case *self, uint64_t id)
{
  struct usb_redir_control_packet_header header
      = { .endpoint = 0x80, .request = 6, .requesttype = 0x80, .value = 0x0100, .length = 18 };

  usbredirparser_send_control_packet (self->guest.parser, id, &header, NULL, 0);
  settle (self);
}

/* The guest sees the device, asks it, and loses it; and again. One hello is heard, the stream's. */
static void
test_shown (void)
{
  static const char answer[] = "eighteen bytes...";
  Case c;

  begin (&c);
  for (unsigned n = 1; n <= 2; n++) {
    plug (&c);
    g_assert_true (cw_usb_redir_is_occupied (c.guest.host));
    g_assert_cmpuint (c.guest.n_hellos, ==, 1);
    g_assert_cmpuint (c.guest.n_connected, ==, n);
    g_assert_cmpuint (c.guest.n_interfaces, ==, n);
    g_assert_cmpuint (c.guest.n_endpoints, ==, n);
    g_assert_cmpint (c.guest.device.speed, ==, usb_redir_speed_high);
    g_assert_cmphex (c.guest.device.vendor_id, ==, 0x1234);
    g_assert_cmphex (c.guest.device.product_id, ==, 0x5678);
    g_assert_cmphex (c.guest.device.device_version_bcd, ==, 0x0102);
    g_assert_cmpint (fake.n_claimed, ==, 1);
    ask (&c, n);
    g_assert_nonnull (fake.submitted);
    g_assert_cmpint (libusb_control_transfer_get_setup (fake.submitted)->bRequest, ==, 6);
    c.guest.n_control = -1;
    fake_complete (LIBUSB_TRANSFER_COMPLETED, answer, sizeof answer);
    settle (&c);
    g_assert_cmpint (c.guest.control_status, ==, usb_redir_success);
    g_assert_cmpmem (c.guest.control, c.guest.n_control, answer, sizeof answer);
    g_assert_cmpuint (c.guest.n_disconnected, ==, n - 1);
    unplug (&c);
    g_assert_cmpuint (c.guest.n_disconnected, ==, n);
    g_assert_cmpint (fake.n_opened, ==, 0);
    g_assert_cmpint (fake.n_claimed, ==, 0);
  }
  end (&c);
}

/* It goes while it is asked something. */
static void
test_asked (void)
{
  Case c;

  begin (&c);
  plug (&c);
  ask (&c, 1);
  g_assert_nonnull (fake.submitted);
  unplug (&c);
  g_assert_null (fake.submitted);
  g_assert_cmpuint (c.guest.n_disconnected, ==, 1);
  end (&c);
}

/* Nobody has said hello yet: it waits, or is given back unused. */
static void
test_early (void)
{
  Case c;

  begin (&c);
  c.host = cw_usb_host_device_new (c.bus, c.device, c.guest.host, NULL);
  g_assert_cmpint (fake.n_opened, ==, 1);
  g_assert_cmpint (fake.n_claimed, ==, 0);
  g_clear_pointer (&c.host, cw_usb_host_device_free);
  g_assert_cmpint (fake.n_opened, ==, 0);
  c.host = cw_usb_host_device_new (c.bus, c.device, c.guest.host, NULL);
  settle (&c);
  g_assert_cmpuint (c.guest.n_connected, ==, 1);
  g_assert_cmpint (fake.n_claimed, ==, 1);
  end (&c);
}

static void
test_not_opened (void)
{
  g_autoptr (GError) error = NULL;
  Case c;

  begin (&c);
  fake.open = LIBUSB_ERROR_ACCESS;
  g_assert_null (cw_usb_host_device_new (c.bus, c.device, c.guest.host, &error));
  g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_false (cw_usb_redir_is_occupied (c.guest.host));
  end (&c);
}

static void
expect_failure (Case *self, int code, const char *message)
{
  g_assert_error (self->guest.failed, SPICE_CLIENT_ERROR, code);
  g_assert_cmpstr (self->guest.failed->message, ==, message);
  g_clear_error (&self->guest.failed);
}

/* A driver of the system's keeps it, at first: the guest hears nothing of it, and has nothing to acknowledge. */
static void
test_stubborn (void)
{
  Case c;

  begin (&c);
  fake.claim = LIBUSB_ERROR_BUSY;
  plug (&c);
  expect_failure (&c, SPICE_CLIENT_ERROR_FAILED, "the system does not let go of the device");
  g_assert_cmpuint (c.guest.n_connected, ==, 0);
  unplug (&c);
  fake.claim = 0;
  plug (&c);
  g_assert_cmpuint (c.guest.n_connected, ==, 1);
  end (&c);
}

static void
test_rejected (void)
{
  Case c;

  begin (&c);
  plug (&c);
  usbredirparser_send_filter_reject (c.guest.parser);
  settle (&c);
  g_assert_cmpuint (c.guest.n_rejected, ==, 1);
  end (&c);
}

/* It has been pulled out; libusbredirhost has told the guest already. */
static void
test_lost (void)
{
  Case c;

  begin (&c);
  plug (&c);
  ask (&c, 1);
  fake_complete (LIBUSB_TRANSFER_COMPLETED, NULL, 0);
  fake.reset = LIBUSB_ERROR_NO_DEVICE;
  usbredirparser_send_reset (c.guest.parser);
  settle (&c);
  expect_failure (&c, SPICE_CLIENT_ERROR_USB_DEVICE_LOST, "the device is gone");
  g_assert_cmpuint (c.guest.n_disconnected, ==, 1);
  unplug (&c);
  g_assert_cmpuint (c.guest.n_disconnected, ==, 1);
  /* The guest's acknowledgement has come before. */
  fake.reset = 0;
  plug (&c);
  g_assert_cmpuint (c.guest.n_connected, ==, 2);
  end (&c);
}

/* What is no packet for a device fails it; the stream goes on. */
static void
test_damaged (void)
{
  static const uint8_t packet[] = { 0xff, 0xff, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 };
  Case c;

  begin (&c);
  plug (&c);
  g_byte_array_append (c.guest.to_host, packet, sizeof packet);
  settle (&c);
  expect_failure (&c, SPICE_CLIENT_ERROR_FAILED, "the guest sent a damaged packet");
  unplug (&c);
  g_assert_cmpuint (c.guest.n_disconnected, ==, 1);
  plug (&c);
  g_assert_cmpuint (c.guest.n_connected, ==, 2);
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cw_usb_host_device_free (NULL);
  g_test_add_func ("/usb-host-device/shown", test_shown);
  g_test_add_func ("/usb-host-device/asked", test_asked);
  g_test_add_func ("/usb-host-device/early", test_early);
  g_test_add_func ("/usb-host-device/not-opened", test_not_opened);
  g_test_add_func ("/usb-host-device/stubborn", test_stubborn);
  g_test_add_func ("/usb-host-device/rejected", test_rejected);
  g_test_add_func ("/usb-host-device/lost", test_lost);
  g_test_add_func ("/usb-host-device/damaged", test_damaged);
  return g_test_run ();
}
