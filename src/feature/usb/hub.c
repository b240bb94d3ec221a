/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A slot is a usbredir channel, where one device can be plugged in. A device takes a slot when connecting it begins,
 * and is shown to the guest when there is a stream. */
#include "feature/usb/hub.h"

#include "base/i18n.h"
#include "feature/usb/hub-private.h"

#include "spice-client.h"

#include <string.h>

#define FIRST_EMULATED_ADDRESS 2

CwUsbHub *
cw_usb_hub_ref (CwUsbHub *self)
{
  self->refs++;
  return self;
}

/* NULL as device: a free one. */
CwUsbSlot *
cw_usb_hub_slot_of (CwUsbHub *self, SpiceUsbDevice *device)
{
  for (guint i = 0; i < self->slots->len; i++)
    if (((CwUsbSlot *) self->slots->pdata[i])->device == device)
      return self->slots->pdata[i];
  return NULL;
}

void
cw_usb_hub_tell_free_channels (CwUsbHub *self)
{
  if (self->session)
    self->events->free_channels_changed (self->data);
}

void
cw_usb_later_free (gpointer data)
{
  CwUsbLater *self = data;

  cw_usb_hub_unref (self->hub);
  cw_usb_device_unref (self->device);
  g_clear_error (&self->error);
  g_clear_object (&self->task);
  g_free (self);
}

static gboolean
run_later (gpointer data)
{
  CwUsbLater *self = data;

  self->run (self->hub, self->device, self->error, self->task);
  return G_SOURCE_REMOVE;
}

/* error and task may be NULL. */
void
cw_usb_hub_do_later (CwUsbHub *self, SpiceUsbDevice *device, const GError *error, GTask *task,
                     void (*run) (CwUsbHub *hub, SpiceUsbDevice *device, GError *error, GTask *task))
{
  g_autoptr (GSource) source = g_idle_source_new ();
  CwUsbLater *later = g_new (CwUsbLater, 1);

  *later = (CwUsbLater){ cw_usb_hub_ref (self), cw_usb_device_ref (device), error ? g_error_copy (error) : NULL,
                         task ? g_object_ref (task) : NULL, run };
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, run_later, later, cw_usb_later_free);
  g_source_attach (source, self->context);
}

bool
cw_usb_hub_fail (GError **error, const char *text)
{
  g_set_error_literal (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, text);
  return false;
}

static CwUsbSlot *
slot_of_channel (CwUsbHub *self, SpiceChannel *channel)
{
  for (guint i = 0; i < self->slots->len; i++)
    if (((CwUsbSlot *) self->slots->pdata[i])->channel == channel)
      return self->slots->pdata[i];
  return NULL;
}

/* The list of devices */

static SpiceUsbDevice *
find_device (CwUsbHub *self, int bus, int address)
{
  for (guint i = 0; i < self->devices->len; i++) {
    SpiceUsbDevice *device = self->devices->pdata[i];

    if (device->identity.bus == bus && device->identity.address == address)
      return device;
  }
  return NULL;
}

void
cw_usb_hub_remove (CwUsbHub *self, SpiceUsbDevice *device)
{
  g_autoptr (SpiceUsbDevice) guard = NULL;
  CwUsbSlot *slot = cw_usb_hub_slot_of (self, device);

  guard = cw_usb_device_ref (device);
  if (slot)
    cw_usb_slot_unplug (slot);
  if (g_ptr_array_remove (self->devices, device) && self->session)
    self->events->removed (self->data, device);
}

/* An emulated drive that was unplugged for good. */
void
cw_usb_hub_remove_emulated (CwUsbHub *self, SpiceUsbDevice *device)
{
  if (device->kind != CW_USB_REAL)
    cw_usb_hub_remove (self, device);
}

static void
give_up (CwUsbHub *self, SpiceUsbDevice *device, GError *reason, GTask *task)
{
  CwUsbSlot *slot = cw_usb_hub_slot_of (self, device);
  g_autofree char *name = spice_usb_device_get_description (device, NULL);
  g_autoptr (GError) error = g_error_new (reason->domain, reason->code, "%s: %s", name, reason->message);

  if (slot)
    cw_usb_slot_unplug (slot);
  if (!self->session)
    return;
  self->events->failed (self->data, device, error);
  cw_usb_hub_remove_emulated (self, device);
}

static void
add_device (CwUsbHub *self, SpiceUsbDevice *device)
{
  g_ptr_array_add (self->devices, cw_usb_device_ref (device));
  if (self->automatic && cw_usb_filter_allows (self->auto_filter, device)
      && cw_usb_hub_can_connect (self, device, NULL))
    cw_usb_hub_connect_by_itself (self, device);
  if (self->session) /* nor has who was told of the channel ended it */
    self->events->added (self->data, device);
}

static void
on_bus_added (gpointer data, SpiceUsbDevice *device)
{
  g_autoptr (CwUsbHub) self = cw_usb_hub_ref (data);
  g_autoptr (SpiceUsbDevice) owned = NULL;

  owned = device;
  if (!find_device (self, device->identity.bus, device->identity.address))
    add_device (self, device);
}

static void
on_bus_removed (gpointer data, int bus, int address)
{
  g_autoptr (CwUsbHub) self = cw_usb_hub_ref (data);
  SpiceUsbDevice *device = find_device (self, bus, address);

  if (device)
    cw_usb_hub_remove (self, device);
}

static void
add_drive_later (CwUsbHub *self, SpiceUsbDevice *device, GError *error, GTask *task)
{
  if (self->session)
    add_device (self, device);
}

bool
cw_usb_hub_add_drive (CwUsbHub *self, CwUsbKind kind, const char *path, bool writable, GError **error)
{
  CwScsiKind scsi = kind == CW_USB_CD ? CW_SCSI_CD : CW_SCSI_DISK;
  g_autoptr (CwUsbMedium) medium = cw_usb_medium_open (path, writable, kind == CW_USB_CD ? 2048 : 512, error);
  g_autoptr (SpiceUsbDevice) device = NULL;
  g_autofree char *base = g_path_get_basename (path), *name = NULL;
  CwUsbIdentity identity = {
    .bus = CW_USB_EMULATED_BUS,
    .address = self->next_address,
    .vendor = CW_USB_STORAGE_VENDOR,
    .product = kind == CW_USB_CD ? CW_USB_STORAGE_CD_PRODUCT : CW_USB_STORAGE_DISK_PRODUCT,
    .version = CW_USB_STORAGE_VERSION,
    .n_interfaces = 1,
    .interfaces = { { 0x08, 0x06, 0x50 } },
  };

  if (!medium)
    return false;
  self->next_address++;
  name = g_strdup_printf ("SPICE %s (%s)", kind == CW_USB_CD ? "CD" : "disk", base);
  device = cw_usb_device_new (kind, &identity, "", name, cw_usb_drive_new (scsi, medium, NULL, NULL),
                              (GDestroyNotify) cw_usb_drive_unref);
  cw_usb_hub_do_later (self, device, NULL, NULL, add_drive_later);
  return true;
}

SpiceUsbDevice *
cw_usb_hub_wrap (CwUsbHub *self, int fd, GError **error)
{
  return cw_usb_bus_wrap (self->bus, fd, error);
}

bool
cw_usb_hub_set_loaded (CwUsbHub *self, SpiceUsbDevice *device, bool loaded, GError **error)
{
  CwScsi *unit;
  CwUsbMedium *medium;

  if (device->kind == CW_USB_REAL)
    return cw_usb_hub_fail (error, _ ("The device has no medium of ours."));
  unit = cw_usb_storage_unit (cw_usb_drive_storage (device->backend));
  medium = cw_usb_drive_medium (device->backend);
  if (cw_scsi_has_medium (unit) == loaded)
    return true;
  if (!loaded && cw_scsi_is_locked (unit))
    return cw_usb_hub_fail (error, _ ("The guest has locked the medium."));
  cw_scsi_set_medium (unit, loaded ? cw_usb_medium_size (medium) : 0, !cw_usb_medium_is_writable (medium));
  return true;
}

/* Channels */

static void
on_slot_changed (gpointer data)
{
  cw_usb_hub_tell_free_channels (data);
}

static void
on_slot_failed (gpointer data, SpiceUsbDevice *device, const GError *error)
{
  cw_usb_hub_do_later (data, device, error, NULL, give_up);
}

void
cw_usb_hub_channel_added (CwUsbHub *self, SpiceChannel *channel)
{
  static const CwUsbSlotEvents events = { on_slot_changed, on_slot_failed };
  g_autoptr (CwUsbHub) guard = NULL; /* who is told of a channel may end the session */

  guard = cw_usb_hub_ref (self);
  g_ptr_array_add (self->slots, cw_usb_slot_new (channel, self->bus, &events, self));
  cw_usb_hub_tell_free_channels (self);
  for (guint i = 0; self->redirect_filter && i < self->devices->len; i++) {
    SpiceUsbDevice *device = self->devices->pdata[i];

    if (cw_usb_hub_slot_of (self, device)
        || (device->kind == CW_USB_REAL && !cw_usb_filter_allows (self->redirect_filter, device)))
      continue;
    cw_usb_hub_connect_by_itself (self, device);
    break;
  }
  spice_channel_connect (channel);
}

void
cw_usb_hub_channel_removed (CwUsbHub *self, SpiceChannel *channel)
{
  CwUsbSlot *slot = slot_of_channel (self, channel);

  if (!slot)
    return;
  g_ptr_array_remove (self->slots, slot);
  cw_usb_hub_tell_free_channels (self);
}

int
cw_usb_hub_free_channels (CwUsbHub *self)
{
  int n = 0;

  for (guint i = 0; i < self->slots->len; i++)
    n += ((CwUsbSlot *) self->slots->pdata[i])->device == NULL;
  return n;
}

/* Questions */

bool
cw_usb_hub_is_connected (CwUsbHub *self, SpiceUsbDevice *device)
{
  return cw_usb_hub_slot_of (self, device) != NULL;
}

bool
cw_usb_hub_is_redirecting (CwUsbHub *self)
{
  return self->n_redirecting > 0;
}

static bool
guest_allows (CwUsbHub *self, SpiceUsbDevice *device)
{
  return cw_usb_slot_guest_allows (self->slots->pdata[0], device);
}

bool
cw_usb_hub_can_connect (CwUsbHub *self, SpiceUsbDevice *device, GError **error)
{
  gboolean enabled = FALSE;

  if (self->session)
    g_object_get (self->session, "enable-usbredir", &enabled, NULL);
  if (!enabled)
    return cw_usb_hub_fail (error, _ ("USB redirection is switched off."));
  if (self->slots->len == 0)
    return cw_usb_hub_fail (error, _ ("The virtual machine is not set up for USB redirection."));
  if (cw_usb_hub_is_connected (self, device))
    return true;
  if (!guest_allows (self, device))
    return cw_usb_hub_fail (error, _ ("The virtual machine does not take devices like this."));
  return cw_usb_hub_slot_of (self, NULL)
         || cw_usb_hub_fail (error, _ ("All USB channels of the virtual machine are in use."));
}

GPtrArray *
cw_usb_hub_devices (CwUsbHub *self, const char *filter)
{
  g_autoptr (CwUsbFilter) rules = filter ? cw_usb_filter_parse (filter) : NULL;
  GPtrArray *devices = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_usb_device_unref);

  if (filter && !rules)
    g_warning ("'%.256s' is no filter for USB devices; all are listed", filter);
  for (guint i = 0; i < self->devices->len; i++)
    if (!rules || cw_usb_filter_allows (rules, self->devices->pdata[i]))
      g_ptr_array_add (devices, cw_usb_device_ref (self->devices->pdata[i]));
  return devices;
}

static bool
set_filter (CwUsbFilter **filter, const char *text)
{
  CwUsbFilter *parsed = cw_usb_filter_parse (text);

  if (!parsed)
    return false;
  cw_usb_filter_free (*filter);
  *filter = parsed;
  return true;
}

bool
cw_usb_hub_set_auto_filter (CwUsbHub *self, const char *text)
{
  return set_filter (&self->auto_filter, text);
}

bool
cw_usb_hub_set_redirect_filter (CwUsbHub *self, const char *text)
{
  if (text)
    return set_filter (&self->redirect_filter, text);
  g_clear_pointer (&self->redirect_filter, cw_usb_filter_free);
  return true;
}

void
cw_usb_hub_set_auto (CwUsbHub *self, bool automatic)
{
  self->automatic = automatic;
}

/* Life */

CwUsbHub *
cw_usb_hub_new (SpiceSession *session, const CwUsbHubEvents *events, gpointer data, GError **error)
{
  static const CwUsbBusEvents bus_events = { on_bus_added, on_bus_removed };
  g_autoptr (CwUsbHub) self = g_new0 (CwUsbHub, 1);

  self->refs = 1;
  self->session = session;
  self->context = g_main_context_ref_thread_default ();
  self->events = events;
  self->data = data;
  self->next_address = FIRST_EMULATED_ADDRESS;
  self->devices = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_usb_device_unref);
  self->slots = g_ptr_array_new_with_free_func (cw_usb_slot_free);
  self->bus = cw_usb_bus_new (self->context, &bus_events, self, error);
  return self->bus ? g_steal_pointer (&self) : NULL;
}

void
cw_usb_hub_close (CwUsbHub *self)
{
  self->session = NULL;
  g_ptr_array_set_size (self->slots, 0);
  g_ptr_array_set_size (self->devices, 0);
  g_clear_pointer (&self->bus, cw_usb_bus_close);
}

void
cw_usb_hub_unref (CwUsbHub *self)
{
  if (--self->refs > 0)
    return;
  cw_usb_hub_close (self);
  g_ptr_array_unref (self->slots);
  g_ptr_array_unref (self->devices);
  cw_usb_filter_free (self->auto_filter);
  cw_usb_filter_free (self->redirect_filter);
  g_main_context_unref (self->context);
  g_free (self);
}
