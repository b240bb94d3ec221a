/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device takes a slot when connecting it begins; the slot shows it to the guest when it can. */
#include "base/i18n.h"
#include "feature/usb/acl.h"
#include "feature/usb/hub-private.h"

#include "spice-client.h"

static void
end_redirecting (CwUsbHub *self, SpiceUsbDevice *device, GError *error, GTask *task)
{
  self->n_redirecting--;
  if (error)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
}

/* The permission is there, or was never needed. */
static void
open_and_show (CwUsbHub *self, SpiceUsbDevice *device, GTask *task)
{
  CwUsbSlot *slot = cw_usb_hub_slot_of (self, device);
  g_autoptr (GError) error = NULL;

  if (!slot)
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The device was disconnected meanwhile."));
  else if (device->kind != CW_USB_REAL || cw_usb_bus_open (device, &error))
    cw_usb_slot_show (slot);
  else
    cw_usb_slot_unplug (slot);
  cw_usb_hub_do_later (self, device, error, task, end_redirecting);
}

typedef struct {
  CwUsbHub *hub; /* strong */
  SpiceUsbDevice *device;
  GTask *task;
  GCancellable *asking;
  gulong chained; /* handler on the caller's cancellable */
} Asking;

static void
set_keyboard_free (CwUsbHub *self, bool free)
{
  if (self->session)
    g_object_set (self->session, "inhibit-keyboard-grab", free, NULL);
}

static void
on_permission (GObject *source, GAsyncResult *result, gpointer data)
{
  Asking *asking = data;
  CwUsbSlot *slot = cw_usb_hub_slot_of (asking->hub, asking->device);
  g_autoptr (GError) error = NULL;
  GSubprocess *helper = cw_usb_acl_open_finish (result, &error);

  g_cancellable_disconnect (g_task_get_cancellable (asking->task), asking->chained);
  if (slot && slot->asking == asking->asking)
    g_clear_object (&slot->asking);
  set_keyboard_free (asking->hub, false);
  if (error) {
    if (slot)
      cw_usb_slot_unplug (slot);
    cw_usb_hub_do_later (asking->hub, asking->device, error, asking->task, end_redirecting);
  } else {
    open_and_show (asking->hub, asking->device, asking->task);
  }
  cw_usb_acl_close (helper); /* the node is open */
  g_object_unref (asking->task);
  g_object_unref (asking->asking);
  cw_usb_device_unref (asking->device);
  cw_usb_hub_unref (asking->hub);
  g_free (asking);
}

static void
on_cancelled (GCancellable *cancellable, gpointer asking)
{
  g_cancellable_cancel (asking);
}

static void
ask (CwUsbHub *self, CwUsbSlot *slot, GTask *task)
{
  Asking *asking = g_new0 (Asking, 1);
  GCancellable *outer = g_task_get_cancellable (task);

  slot->asking = g_cancellable_new ();
  *asking = (Asking){ cw_usb_hub_ref (self), cw_usb_device_ref (slot->device), g_object_ref (task),
                      g_object_ref (slot->asking), 0 };
  if (outer)
    asking->chained
        = g_cancellable_connect (outer, G_CALLBACK (on_cancelled), g_object_ref (slot->asking), g_object_unref);
  set_keyboard_free (self, true);
  cw_usb_acl_open_async (slot->device->identity.bus, slot->device->identity.address, asking->asking, on_permission,
                         asking);
}

void
cw_usb_hub_connect_async (CwUsbHub *self, SpiceUsbDevice *device, GCancellable *cancellable, GObject *source,
                          GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (source, cancellable, callback, data);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpiceUsbDevice) guard = NULL;
  g_autoptr (CwUsbHub) hub_guard = NULL; /* who is told of a channel may end the session */
  CwUsbSlot *slot = cw_usb_hub_slot_of (self, NULL);

  guard = cw_usb_device_ref (device);
  hub_guard = cw_usb_hub_ref (self);
  g_task_set_source_tag (task, cw_usb_hub_connect_async);
  /* What happened is told, whenever it was cancelled. */
  g_task_set_check_cancellable (task, FALSE);
  self->n_redirecting++;
  if (g_cancellable_set_error_if_cancelled (cancellable, &error))
    ;
  else if (cw_usb_hub_slot_of (self, device))
    cw_usb_hub_fail (&error, _ ("The device is connected already."));
  else if (!slot)
    cw_usb_hub_fail (&error, _ ("There is no free USB channel."));
  if (error) {
    cw_usb_hub_do_later (self, device, error, task, end_redirecting);
    return;
  }
  slot->device = cw_usb_device_ref (device);
  cw_usb_hub_tell_free_channels (self);
  slot = cw_usb_hub_slot_of (self, device); /* NULL: who was told has disconnected it, or ended the session */
  if (slot && device->kind == CW_USB_REAL && !cw_usb_bus_may_open (device))
    ask (self, slot, task);
  else
    open_and_show (self, device, task);
}

void
cw_usb_hub_disconnect (CwUsbHub *self, SpiceUsbDevice *device)
{
  g_autoptr (SpiceUsbDevice) guard = NULL;
  g_autoptr (CwUsbHub) hub_guard = NULL;
  CwUsbSlot *slot = cw_usb_hub_slot_of (self, device);

  guard = cw_usb_device_ref (device);
  hub_guard = cw_usb_hub_ref (self);
  if (!slot)
    return;
  cw_usb_slot_unplug (slot);
  cw_usb_hub_remove_emulated (self, device);
}

static void
end_disconnecting (CwUsbHub *self, SpiceUsbDevice *device, GError *error, GTask *task)
{
  end_redirecting (self, device, error, task);
  if (!error)
    cw_usb_hub_remove_emulated (self, device);
}

void
cw_usb_hub_disconnect_async (CwUsbHub *self, SpiceUsbDevice *device, GCancellable *cancellable, GObject *source,
                             GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (source, cancellable, callback, data);
  g_autoptr (GError) error = NULL;
  g_autoptr (SpiceUsbDevice) guard = NULL;
  g_autoptr (CwUsbHub) hub_guard = NULL;
  CwUsbSlot *slot = cw_usb_hub_slot_of (self, device);

  guard = cw_usb_device_ref (device);
  hub_guard = cw_usb_hub_ref (self);
  g_task_set_source_tag (task, cw_usb_hub_disconnect_async);
  self->n_redirecting++;
  if (slot)
    cw_usb_slot_unplug (slot);
  else
    cw_usb_hub_fail (&error, _ ("The device is not connected."));
  cw_usb_hub_do_later (self, device, error, task, end_disconnecting);
}

static void
on_auto_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  CwUsbLater *later = data;
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error) && later->hub->session) {
    g_autofree char *name = spice_usb_device_get_description (later->device, NULL);

    g_prefix_error (&error, "%s: ", name);
    later->hub->events->auto_failed (later->hub->data, later->device, error);
  }
  cw_usb_later_free (later);
}

void
cw_usb_hub_connect_by_itself (CwUsbHub *self, SpiceUsbDevice *device)
{
  CwUsbLater *later = g_new0 (CwUsbLater, 1);

  later->hub = cw_usb_hub_ref (self);
  later->device = cw_usb_device_ref (device);
  cw_usb_hub_connect_async (self, device, NULL, NULL, on_auto_connected, later);
}
