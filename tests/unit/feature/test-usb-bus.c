/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bus of real USB devices on a libusb of the test's, which fails where it is told to: what is told of devices,
 * when, and that nothing is left behind. */
#include "fake-libusb.h"

#include "feature/usb/bus.h"

#include "spice-client.h"

#include <string.h>
#include <unistd.h>

typedef struct {
  CwUsbBus *bus;
  GPtrArray *devices; /* that were told of */
  int pipe[2];
} Case;

static void
on_added (gpointer data, SpiceUsbDevice *device)
{
  g_autofree char *text = spice_usb_device_get_description (device, "added %2$s %3$s at %4$d-%5$d; ");

  g_string_append (fake.told, text);
  g_ptr_array_add (((Case *) data)->devices, device);
}

static void
on_removed (gpointer data, int number, int address)
{
  g_string_append_printf (fake.told, "removed %d-%d; ", number, address);
}

static const CwUsbBusEvents events = { on_added, on_removed };

static void
expect (const char *told)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (fake.told->str, ==, told);
  g_string_truncate (fake.told, 0);
}

static void
begin (Case *self, libusb_device **devices, int n)
{
  *self = (Case){ .devices = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_usb_device_unref) };
  fake = (FakeLibusb){ 0 };
  g_assert_cmpint (pipe (self->pipe), ==, 0);
  fake.has_hotplug = true;
  fake.fd = self->pipe[0];
  fake.devices = devices;
  fake.n_devices = n;
  fake.told = g_string_new (NULL);
}

static void
open_bus (Case *self)
{
  g_autoptr (GError) error = NULL;

  self->bus = cw_usb_bus_new (g_main_context_default (), &events, self, &error);
  g_assert_no_error (error);
  g_assert_true (cw_usb_bus_context (self->bus) == FAKE_CONTEXT);
}

static void
end (Case *self)
{
  g_clear_pointer (&self->bus, cw_usb_bus_close);
  g_ptr_array_unref (self->devices);
  g_assert_cmpint (fake.n_exits, ==, 1);
  g_assert_cmpint (fake.n_registered, ==, 0);
  g_assert_cmpint (fake.n_opened, ==, 0);
  g_assert_true (fake.on_added == NULL && fake.on_removed == NULL);
  for (int i = 0; i < fake.n_devices; i++)
    g_assert_cmpint (fake.devices[i]->refs, ==, 0);
  close (self->pipe[0]);
  close (self->pipe[1]);
  g_string_free (fake.told, TRUE);
}

static void
test_absent (void)
{
  static const struct {
    int init, hotplug;
    bool has_hotplug;
    int n_exits;
    const char *text;
  } rows[] = {
    { LIBUSB_ERROR_ACCESS, 0, true, 0, "USB devices cannot be used here: no access" },
    { 0, 0, false, 1, "USB devices cannot be used here: not here" },
    { 0, LIBUSB_ERROR_NO_MEM, true, 1, "The coming and going of USB devices cannot be watched: gone" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    Case c;

    begin (&c, NULL, 0);
    fake.init = rows[i].init;
    fake.hotplug = rows[i].hotplug;
    fake.has_hotplug = rows[i].has_hotplug;
    g_assert_null (cw_usb_bus_new (g_main_context_default (), &events, &c, &error));
    g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
    g_assert_cmpstr (error->message, ==, rows[i].text);
    g_assert_cmpint (fake.n_exits, ==, rows[i].n_exits);
    fake.n_exits = 1;
    end (&c);
  }
}

static const CwUsbIdentity *
identity_of (Case *self, guint i)
{
  return &((SpiceUsbDevice *) self->devices->pdata[i])->identity;
}

static void
test_listed (void)
{
  libusb_device hub = { .address = 1, .class = 9, .n_interfaces = 1 }, plain = { .address = 2, .class = 1 },
                composite = { .address = 3, .n_interfaces = 3 }, broken = { .address = 4, .is_broken = true },
                rich = { .address = 5, .n_interfaces = 34 };
  libusb_device *devices[] = { &hub, &plain, &composite, &broken, &rich, NULL };
  const CwUsbIdentity *identity;
  Case c;

  begin (&c, devices, 5);
  open_bus (&c);
  g_assert_cmpuint (c.devices->len, ==, 0); /* in a later turn */
  expect ("added USB device [1234:5678] at 250-2; added USB device [1234:5678] at 250-3; "
          "added USB device [1234:5678] at 250-5; ");
  identity = identity_of (&c, 0);
  g_assert_cmphex (identity->version, ==, 0x0102);
  g_assert_cmphex (identity->class.class << 16 | identity->class.subclass << 8 | identity->class.protocol, ==,
                   0x010203);
  g_assert_cmpuint (identity->n_interfaces, ==, 0);
  identity = identity_of (&c, 1);
  g_assert_cmpuint (identity->n_interfaces, ==, 2);
  g_assert_cmpint (identity->interfaces[1].class, ==, 2);
  g_assert_cmpint (identity->interfaces[1].subclass, ==, 5);
  g_assert_cmpint (identity->interfaces[1].protocol, ==, 6);
  g_assert_cmpuint (identity_of (&c, 2)->n_interfaces, ==, 31);
  g_assert_true (spice_usb_device_get_libusb_device (c.devices->pdata[0]) == &plain);
  expect (""); /* once */
  /* Devices that somebody holds keep libusb. */
  g_clear_pointer (&c.bus, cw_usb_bus_close);
  g_assert_cmpint (fake.n_exits, ==, 0);
  end (&c);
}

static void
test_not_listed (void)
{
  libusb_device plain = { .address = 2 };
  libusb_device *devices[] = { &plain, NULL };
  Case c;

  begin (&c, devices, 1); /* closed before */
  open_bus (&c);
  g_clear_pointer (&c.bus, cw_usb_bus_close);
  expect ("");
  end (&c);
  begin (&c, devices, 1);
  fake.list = LIBUSB_ERROR_NO_MEM;
  open_bus (&c);
  expect ("");
  end (&c);
}

static void
test_hotplug (void)
{
  libusb_device hub = { .address = 1, .class = 9 }, plain = { .address = 2 };
  libusb_device *devices[] = { &hub, &plain, NULL };
  Case c;

  begin (&c, devices, 2);
  fake.list = LIBUSB_ERROR_NO_MEM;
  open_bus (&c);
  expect ("");
  for (unsigned i = 0; i < 2; i++)
    g_assert_cmpint (fake.on_hotplug (NULL, devices[i], LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED, fake.hotplug_data), ==, 0);
  expect ("added USB device [1234:5678] at 250-2; ");
  g_assert_cmpint (fake.on_hotplug (NULL, &plain, LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, fake.hotplug_data), ==, 0);
  expect ("removed 250-2; ");
  end (&c);
}

static void
expect_handled (Case *self, int n)
{
  g_assert_cmpint (write (self->pipe[1], "x", 1), ==, 1);
  expect ("");
  g_assert_cmpint (fake.n_handled, ==, n);
}

/* libusb is given its turn when one of its descriptors has something, and only then. */
static void
test_descriptors (void)
{
  Case c;

  begin (&c, NULL, 0);
  open_bus (&c);
  expect ("");
  g_assert_cmpint (fake.n_handled, ==, 0);
  expect_handled (&c, 1);
  expect_handled (&c, 2);
  fake.on_removed (fake.fd, fake.notifier_data);
  expect_handled (&c, 2);
  fake.on_added (fake.fd, G_IO_IN, fake.notifier_data);
  expect ("");
  g_assert_cmpint (fake.n_handled, ==, 3);
  g_clear_pointer (&c.bus, cw_usb_bus_close);
  expect_handled (&c, 3);
  end (&c);
}

static void
test_opened (void)
{
  libusb_device plain = { .address = 2 };
  libusb_device *devices[] = { &plain, NULL };
  g_autoptr (GError) error = NULL;
  SpiceUsbDevice *device;
  Case c;

  begin (&c, devices, 1);
  open_bus (&c);
  expect ("added USB device [1234:5678] at 250-2; ");
  device = c.devices->pdata[0];
  g_assert_false (cw_usb_bus_may_open (device)); /* there is no such node */
  fake.open = LIBUSB_ERROR_ACCESS;
  g_assert_false (cw_usb_bus_open (device, &error));
  g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "The device cannot be opened: no access");
  g_assert_null (device->opened);
  fake.open = 0;
  g_assert_true (cw_usb_bus_open (device, NULL));
  g_assert_true (device->opened == FAKE_HANDLE);
  g_assert_true (cw_usb_bus_open (device, NULL)); /* it is open already */
  g_assert_cmpint (fake.n_opened, ==, 1);
  g_assert_true (cw_usb_bus_may_open (device));
  end (&c);
}

static void
test_wrapped (void)
{
  libusb_device plain = { .address = 2 }, hub = { .address = 1, .class = 9 };
  libusb_device *devices[] = { &plain, &hub, NULL };
  g_autoptr (GError) error = NULL;
  SpiceUsbDevice *device;
  Case c;

  begin (&c, devices, 2);
  fake.list = LIBUSB_ERROR_NO_MEM;
  open_bus (&c);
  fake.wrap = LIBUSB_ERROR_ACCESS;
  g_assert_null (cw_usb_bus_wrap (c.bus, 77, &error));
  g_assert_cmpstr (error->message, ==, "The descriptor is none of a USB device: no access");
  g_clear_error (&error);
  fake.wrap = 0;
  fake.behind = &hub;
  g_assert_null (cw_usb_bus_wrap (c.bus, 77, &error));
  g_assert_cmpstr (error->message, ==, "The descriptor is none of a USB device: gone");
  g_assert_cmpint (fake.n_opened, ==, 0);
  fake.behind = &plain;
  device = cw_usb_bus_wrap (c.bus, 77, NULL);
  g_assert_nonnull (device);
  g_assert_true (cw_usb_bus_may_open (device) && cw_usb_bus_open (device, NULL));
  g_assert_cmpint (fake.n_opened, ==, 1);
  cw_usb_device_unref (device);
  g_assert_cmpint (fake.n_opened, ==, 0);
  expect (""); /* it is the program's own */
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  cw_usb_bus_close (NULL);
  g_test_add_func ("/usb-bus/absent", test_absent);
  g_test_add_func ("/usb-bus/listed", test_listed);
  g_test_add_func ("/usb-bus/not-listed", test_not_listed);
  g_test_add_func ("/usb-bus/hotplug", test_hotplug);
  g_test_add_func ("/usb-bus/descriptors", test_descriptors);
  g_test_add_func ("/usb-bus/opened", test_opened);
  g_test_add_func ("/usb-bus/wrapped", test_wrapped);
  return g_test_run ();
}
