/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usb-case.h"

#include "channel-usbredir.h"
#include "channel/host.h"
#include "session/registry.h"

#include <glib/gstdio.h>
#include <string.h>

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_USBREDIR, spice_usbredir_channel_get_type, "enable-usbredir" },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { &cw_usb_feature, NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = NULL;

static const uint8_t two_channels[] = { CW_CHANNEL_USBREDIR, 0, CW_CHANNEL_USBREDIR, 1 };

/* The bus */

CwUsbBus *hub_bus;
bool hub_has_no_usb;
unsigned hub_n_opened, hub_may_open;
bool hub_asks;

CwUsbBus *
cw_usb_bus_new (GMainContext *context, const CwUsbBusEvents *events, gpointer data, GError **error)
{
  if (hub_has_no_usb) {
    g_set_error_literal (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "no USB here");
    return NULL;
  }
  hub_bus = g_new (CwUsbBus, 1);
  *hub_bus = (CwUsbBus){ events, data };
  return hub_bus;
}

void
cw_usb_bus_close (CwUsbBus *self)
{
  g_assert_true (self == hub_bus);
  g_clear_pointer (&hub_bus, g_free);
}

libusb_context *
cw_usb_bus_context (CwUsbBus *self)
{
  return NULL;
}

SpiceUsbDevice *
hub_new_device (int address, uint8_t class, const char *name)
{
  const CwUsbIdentity identity = { .bus = 3,
                                   .address = address,
                                   .vendor = 0x1234,
                                   .product = (uint16_t) (0x5600 + address),
                                   .n_interfaces = 1,
                                   .interfaces = { { class, 0, 0 } } };

  return cw_usb_device_new (CW_USB_REAL, &identity, "", name, NULL, g_free);
}

SpiceUsbDevice *
cw_usb_bus_wrap (CwUsbBus *self, int fd, GError **error)
{
  g_assert_true (self == hub_bus);
  return hub_new_device (fd, 0xff, "wrapped");
}

bool
cw_usb_bus_open (SpiceUsbDevice *device, GError **error)
{
  if (hub_n_opened++ < hub_may_open)
    return true;
  g_set_error_literal (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "it is glued");
  return false;
}

bool
cw_usb_bus_may_open (const SpiceUsbDevice *device)
{
  return !hub_asks;
}

void
hub_plug_in (int address, uint8_t class, const char *name)
{
  hub_bus->events->added (hub_bus->data, hub_new_device (address, class, name));
}

void
hub_pull_out (int address)
{
  hub_bus->events->removed (hub_bus->data, 3, address);
}

/* The cases */

static HubCase *beginning;
static void (*set_up) (HubCase *self);

static void
tell_device (HubCase *self, const char *what, SpiceUsbDevice *device, const GError *error)
{
  g_autofree char *name = spice_usb_device_get_description (device, "%2$s");

  g_string_append_printf (self->told, "%s %s%s%s%s; ", what, name,
                          spice_usb_device_manager_is_device_connected (self->manager, device) ? " (connected)" : "",
                          error ? ": " : "", error ? error->message : "");
  if (error)
    g_assert_cmpint (error->domain, ==, SPICE_CLIENT_ERROR);
}

static void
on_added (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device, HubCase *self)
{
  tell_device (self, "added", device, NULL);
}

static void
on_removed (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device, HubCase *self)
{
  tell_device (self, "removed", device, NULL);
}

static void
on_auto_failed (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device, GError *error, HubCase *self)
{
  tell_device (self, "auto-failed", device, error);
}

static void
on_failed (SpiceUsbDeviceManager *manager, SpiceUsbDevice *device, GError *error, HubCase *self)
{
  tell_device (self, "failed", device, error);
}

static void
on_free_channels (SpiceUsbDeviceManager *manager, GParamSpec *pspec, HubCase *self)
{
  int n;

  g_object_get (manager, "free-channels", &n, NULL);
  g_string_append_printf (self->told, "free %d; ", n);
}

void
hub_expect (HubCase *self, const char *told)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (self->told->str, ==, told);
  g_string_truncate (self->told, 0);
}

static void
watch (SpiceSession *session)
{
  HubCase *self = beginning;

  self->session = session;
  self->manager = spice_usb_device_manager_get (session, NULL);
  g_assert_nonnull (self->manager);
  g_signal_connect (self->manager, "device-added", G_CALLBACK (on_added), self);
  g_signal_connect (self->manager, "device-removed", G_CALLBACK (on_removed), self);
  g_signal_connect (self->manager, "auto-connect-failed", G_CALLBACK (on_auto_failed), self);
  g_signal_connect (self->manager, "device-error", G_CALLBACK (on_failed), self);
  g_signal_connect (self->manager, "notify::free-channels", G_CALLBACK (on_free_channels), self);
  if (set_up)
    set_up (self);
}

void
hub_begin (HubCase *self, unsigned n, void (*before) (HubCase *self))
{
  *self = (HubCase){ .folder = g_dir_make_tmp ("caraway-hub-XXXXXX", NULL), .told = g_string_new (NULL) };
  hub_n_opened = hub_may_open = 0;
  hub_asks = false;
  beginning = self;
  set_up = before;
  self->steps = steps_new (two_channels, n, 0);
  steps_session (self->steps, watch);
}

static void
remove_folder (HubCase *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (self->folder, name, NULL);

    g_unlink (path);
  }
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
}

void
hub_end (HubCase *self)
{
  remove_folder (self);
  if (self->session) {
    g_signal_handlers_disconnect_by_data (self->manager, self);
    client_end (self->session);
  }
  steps_free (self->steps);
  g_string_free (self->told, TRUE);
}

char *
hub_make_image (HubCase *self, const char *name)
{
  char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *content = g_strnfill (4096, 'x');

  g_assert_true (g_file_set_contents (path, content, 4096, NULL));
  return path;
}

void
hub_add_cd (HubCase *self, const char *name)
{
  g_autofree char *path = hub_make_image (self, name);

  g_assert_true (spice_usb_device_manager_create_shared_cd_device (self->manager, path, NULL));
}

SpiceUsbDevice *
hub_device (HubCase *self, const char *name)
{
  g_autoptr (GPtrArray) devices = spice_usb_device_manager_get_devices (self->manager);

  for (guint i = 0; i < devices->len; i++) {
    g_autofree char *own = spice_usb_device_get_description (devices->pdata[i], "%2$s");

    if (g_str_equal (own, name))
      return devices->pdata[i];
  }
  return NULL;
}

void
hub_expect_devices (HubCase *self, const char *filter, const char *expected)
{
  g_autoptr (GPtrArray) devices = spice_usb_device_manager_get_devices_with_filter (self->manager, filter);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < devices->len; i++) {
    g_autofree char *name = spice_usb_device_get_description (devices->pdata[i], "%2$s; ");

    g_string_append (names, name);
  }
  g_assert_cmpstr (names->str, ==, expected);
}

void
hub_expect_refusal (HubCase *self, SpiceUsbDevice *device, const char *text)
{
  g_autoptr (GError) error = NULL;
  bool ok = spice_usb_device_manager_can_redirect_device (self->manager, device, &error);

  g_assert_true (ok == (text == NULL));
  g_assert_cmpstr (error ? error->message : NULL, ==, text);
}

void
hub_on_done (GObject *manager, GAsyncResult *result, gpointer data)
{
  HubResult *self = data;

  g_assert_false (self->done);
  g_assert_true (g_task_is_valid (result, manager));
  self->done = true;
  self->ok = self->disconnects ? spice_usb_device_manager_disconnect_device_finish (SPICE_USB_DEVICE_MANAGER (manager),
                                                                                    result, &self->error)
                               : spice_usb_device_manager_connect_device_finish (SPICE_USB_DEVICE_MANAGER (manager),
                                                                                 result, &self->error);
}

bool
hub_is_done (gpointer data)
{
  return ((HubResult *) data)->done;
}

/* text: of the failure, or NULL. */
static void
expect_call (HubCase *self, SpiceUsbDevice *device, bool disconnects, const char *text)
{
  HubResult result = { .disconnects = disconnects };

  if (disconnects)
    spice_usb_device_manager_disconnect_device_async (self->manager, device, NULL, hub_on_done, &result);
  else
    spice_usb_device_manager_connect_device_async (self->manager, device, NULL, hub_on_done, &result);
  g_assert_false (result.done);
  g_assert_true (hub_bus == NULL || spice_usb_device_manager_is_redirecting (self->manager));
  client_await (hub_is_done, &result);
  g_assert_false (spice_usb_device_manager_is_redirecting (self->manager));
  g_assert_true (result.ok == (text == NULL));
  g_assert_cmpstr (result.error ? result.error->message : NULL, ==, text);
  g_clear_error (&result.error);
}

void
hub_connect (HubCase *self, SpiceUsbDevice *device, const char *text)
{
  expect_call (self, device, false, text);
}

void
hub_disconnect (HubCase *self, SpiceUsbDevice *device, const char *text)
{
  expect_call (self, device, true, text);
}

void
hub_disconnect_now (HubCase *self, SpiceUsbDevice *device)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  spice_usb_device_manager_disconnect_device (self->manager, device);
  G_GNUC_END_IGNORE_DEPRECATIONS
}
