/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/usb/slot.h"

#include "channel/usbredir.h"
#include "feature/usb/filter.h"

#include "spice-client.h"

/* The guest is told if it has seen the device. FALSE: there is none. */
static bool
take_out (CwUsbSlot *slot)
{
  g_autoptr (SpiceUsbDevice) device = g_steal_pointer (&slot->device);

  if (!device)
    return false;
  if (slot->asking)
    g_cancellable_cancel (slot->asking);
  if (slot->host)
    g_clear_pointer (&slot->host, cw_usb_host_device_free);
  else if (slot->shown)
    cw_usb_redir_unplug (slot->redir);
  slot->shown = false;
  return true;
}

/* Who is told may free the slot. */
void
cw_usb_slot_unplug (CwUsbSlot *slot)
{
  if (take_out (slot))
    slot->events->changed (slot->data);
}

bool
cw_usb_slot_guest_allows (CwUsbSlot *slot, const SpiceUsbDevice *device)
{
  int n_rules;
  const struct usbredirfilter_rule *rules = slot->redir ? cw_usb_redir_filter (slot->redir, &n_rules) : NULL;

  return !rules || cw_usb_rules_allow (rules, n_rules, device);
}

static void
on_send (gpointer data, GBytes *bytes)
{
  cw_usbredir_send (((CwUsbSlot *) data)->channel, bytes);
}

static void
on_device_failed (gpointer data, const GError *error)
{
  CwUsbSlot *slot = data;

  if (slot->device)
    slot->events->failed (slot->data, slot->device, error);
}

static void
on_filter_changed (gpointer data)
{
  CwUsbSlot *slot = data;

  if (slot->device && !cw_usb_slot_guest_allows (slot, slot->device)) {
    g_autoptr (GError) error = g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED,
                                            "the guest does not take devices like this");

    slot->events->failed (slot->data, slot->device, error);
  }
}

/* A device that is in a slot with a stream is shown to the guest. */
void
cw_usb_slot_show (CwUsbSlot *slot)
{
  g_autoptr (GError) error = NULL;

  if (!slot->redir || !slot->device || slot->asking)
    return;
  slot->shown = true;
  if (slot->device->kind != CW_USB_REAL) {
    cw_usb_redir_plug_drive (slot->redir, slot->device->backend);
    return;
  }
  slot->host = cw_usb_host_device_new (slot->bus, slot->device, slot->redir, &error);
  if (!slot->host) {
    slot->shown = false;
    slot->events->failed (slot->data, slot->device, error);
  }
}

static void
on_up (gpointer data, SpiceChannel *channel)
{
  static const CwUsbRedirEvents events = { on_send, on_device_failed, on_filter_changed };
  CwUsbSlot *slot = data;

  slot->redir = cw_usb_redir_new (&events, slot);
  cw_usb_slot_show (slot);
}

static bool
on_received (gpointer data, SpiceChannel *channel, CwSlice bytes, GError **error)
{
  CwUsbSlot *slot = data;
  g_autoptr (GError) reason = NULL, shown = NULL;

  if (cw_usb_redir_take (slot->redir, bytes.data, bytes.size, &reason))
    return true;
  if (slot->device && reason) {
    shown = g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, reason->message);
    slot->events->failed (slot->data, slot->device, shown);
  }
  g_propagate_error (error, g_steal_pointer (&reason));
  return false;
}

static void
on_down (gpointer data, SpiceChannel *channel)
{
  CwUsbSlot *slot = data;

  bool changed = take_out (slot);

  g_clear_pointer (&slot->redir, cw_usb_redir_free);
  if (changed)
    slot->events->changed (slot->data);
}

/* A connection that did not come to be leaves the device where it was. */
static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, CwUsbSlot *slot)
{
  if (event != SPICE_CHANNEL_OPENED && !slot->redir)
    cw_usb_slot_unplug (slot);
}

CwUsbSlot *
cw_usb_slot_new (SpiceChannel *channel, CwUsbBus *bus, const CwUsbSlotEvents *events, gpointer data)
{
  static const CwUsbredirDriver driver = { on_up, on_received, on_down };
  CwUsbSlot *slot = g_new0 (CwUsbSlot, 1);

  slot->channel = g_object_ref (channel);
  slot->bus = bus;
  slot->events = events;
  slot->data = data;
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), slot);
  cw_usbredir_set_driver (channel, &driver, slot);
  return slot;
}

void
cw_usb_slot_free (gpointer data)
{
  CwUsbSlot *slot = data;

  take_out (slot);
  g_signal_handlers_disconnect_by_func (slot->channel, on_channel_event, slot); /* if it is there still */
  cw_usbredir_set_driver (slot->channel, NULL, NULL);
  g_clear_object (&slot->asking);
  g_object_unref (slot->channel);
  g_free (slot);
}
