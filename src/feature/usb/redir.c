/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts: the usbredir protocol description, 0.7. Packets are parsed by libusbredirparser. */
#include "feature/usb/redir-private.h"

#include "spice-client.h"

#include <string.h>

#define SHORT_HEADER 12
#define LONG_HEADER 16
#define MAX_HELLO 1024

static uint32_t
load_u32 (const uint8_t *at)
{
  uint32_t value;

  memcpy (&value, at, sizeof value);
  return GUINT32_FROM_LE (value);
}

void
cw_usb_redir_flush (CwUsbRedir *self)
{
  while (usbredirparser_has_data_to_write (self->parser))
    if (usbredirparser_do_write (self->parser) != 0)
      break;
}

static void
on_log (void *data, int level, const char *text)
{
  g_debug ("usbredir: %s", text);
}

static int
on_read (void *data, uint8_t *bytes, int size)
{
  CwUsbRedir *self = data;
  size_t n = MIN (self->n_input, (size_t) size);

  memcpy (bytes, self->input, n);
  self->input += n;
  self->n_input -= n;
  return (int) n;
}

static int
on_write (void *data, uint8_t *bytes, int size)
{
  cw_usb_redir_send_raw (data, bytes, (size_t) size);
  return size;
}

static bool
give_raw (CwUsbRedir *self, const uint8_t *bytes, size_t size)
{
  g_autoptr (GError) error = NULL;

  if (!self->raw->take (self->raw_device, bytes, size, &error))
    self->events->device_failed (self->data, error);
  return true; /* the stream goes on */
}

static void
announce (CwUsbRedir *self)
{
  if (!self->has_hello || self->awaits_ack || self->announced || (!self->drive && !self->raw))
    return;
  self->announced = true;
  if (self->raw) {
    size_t size;
    const uint8_t *bytes = g_bytes_get_data (self->hello, &size);

    give_raw (self, bytes, size);
    return;
  }
  cw_usb_redir_announce_drive (self);
}

static void
on_hello (void *data, struct usb_redir_hello_header *hello)
{
  ((CwUsbRedir *) data)->has_hello = true;
}

static void
on_filter_reject (void *data)
{
  CwUsbRedir *self = data;
  g_autoptr (GError) error
      = g_error_new (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED, "rejected by the guest");

  if (self->drive && self->announced)
    self->events->device_failed (self->data, error);
}

static void
on_filter (void *data, struct usbredirfilter_rule *rules, int n_rules)
{
  CwUsbRedir *self = data;

  usbredirfilter_free (self->rules);
  self->rules = rules;
  self->n_rules = n_rules;
  self->events->filter_changed (self->data);
}

static void
on_disconnect_ack (void *data)
{
  ((CwUsbRedir *) data)->awaits_ack = false;
}

static void
set_callbacks (struct usbredirparser *parser, CwUsbRedir *self)
{
  parser->priv = self;
  parser->log_func = on_log;
  parser->read_func = on_read;
  parser->write_func = on_write;
  parser->hello_func = on_hello;
  parser->filter_reject_func = on_filter_reject;
  parser->filter_filter_func = on_filter;
  parser->device_disconnect_ack_func = on_disconnect_ack;
}

CwUsbRedir *
cw_usb_redir_new (const CwUsbRedirEvents *events, gpointer data)
{
  CwUsbRedir *self = g_new0 (CwUsbRedir, 1);
  uint32_t caps[USB_REDIR_CAPS_SIZE] = { 0 };

  self->events = events;
  self->data = data;
  self->packet = g_byte_array_new ();
  self->parser = usbredirparser_create ();
  set_callbacks (self->parser, self);
  cw_usb_redir_serve_drives (self);
  for (int cap = usb_redir_cap_bulk_streams; cap <= usb_redir_cap_bulk_receiving; cap++)
    usbredirparser_caps_set_cap (caps, cap);
  usbredirparser_init (self->parser, CW_USB_REDIR_VERSION, caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
  cw_usb_redir_flush (self);
  return self;
}

void
cw_usb_redir_free (CwUsbRedir *self)
{
  if (!self)
    return;
  self->spoilt = true;
  cw_usb_redir_unplug (self);
  usbredirparser_destroy (self->parser);
  usbredirfilter_free (self->rules);
  g_byte_array_unref (self->packet);
  g_clear_pointer (&self->hello, g_bytes_unref);
  g_free (self);
}

/* Packets that concern the stream, not the device. */
static bool
is_ours (uint32_t type)
{
  return type == usb_redir_hello || type == usb_redir_filter_filter || type == usb_redir_device_disconnect_ack;
}

static bool
take_packet (CwUsbRedir *self, const uint8_t *bytes, size_t size, uint32_t type, GError **error)
{
  if (!self->hello)
    self->hello = g_bytes_new (bytes, size);
  else if (self->raw && self->announced && !is_ours (type))
    return give_raw (self, bytes, size);
  self->input = bytes;
  self->n_input = size;
  if (usbredirparser_do_read (self->parser) != 0 || self->n_input > 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "usbredir: a packet of type %u and %zu bytes is damaged", type,
                 size);
    return false;
  }
  cw_usb_redir_flush (self);
  announce (self);
  return true;
}

static size_t
header_size (const CwUsbRedir *self)
{
  return self->has_hello && usbredirparser_peer_has_cap (self->parser, usb_redir_cap_64bits_ids) ? LONG_HEADER
                                                                                                 : SHORT_HEADER;
}

/* How large the packet that begins with these bytes is; 0: not known yet. */
static bool
packet_size (const CwUsbRedir *self, const uint8_t *bytes, size_t n, size_t *size, GError **error)
{
  size_t limit = self->hello ? CW_USB_REDIR_MAX_PACKET : MAX_HELLO;
  uint32_t length;

  *size = 0;
  if (n < header_size (self))
    return true;
  if (!self->hello && load_u32 (bytes) != usb_redir_hello) {
    g_set_error (error, CW_ERROR, CW_ERROR_STATE, "usbredir: a packet of type %u came before hello", load_u32 (bytes));
    return false;
  }
  length = load_u32 (bytes + 4);
  if (length > limit) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "usbredir: a packet of type %u has %u bytes, the limit is %zu",
                 load_u32 (bytes), length, limit);
    return false;
  }
  *size = header_size (self) + length;
  return true;
}

/* Whole packets are taken from where they are; only one that is not whole is kept. */
static bool
take_all (CwUsbRedir *self, const uint8_t *bytes, size_t n, size_t *taken, GError **error)
{
  *taken = 0;
  while (!self->spoilt) {
    size_t size;

    if (!packet_size (self, bytes + *taken, n - *taken, &size, error))
      return false;
    if (size == 0 || size > n - *taken)
      return true;
    if (!take_packet (self, bytes + *taken, size, load_u32 (bytes + *taken), error))
      return false;
    *taken += size;
  }
  return true;
}

bool
cw_usb_redir_take (CwUsbRedir *self, const uint8_t *bytes, size_t size, GError **error)
{
  size_t taken;
  bool ok;

  if (self->spoilt)
    return false;
  if (self->packet->len > 0) {
    g_byte_array_append (self->packet, bytes, (guint) size);
    ok = take_all (self, self->packet->data, self->packet->len, &taken, error);
    g_byte_array_remove_range (self->packet, 0, (guint) taken);
  } else {
    ok = take_all (self, bytes, size, &taken, error);
    if (ok && taken < size)
      g_byte_array_append (self->packet, bytes + taken, (guint) (size - taken));
  }
  self->spoilt |= !ok;
  return ok;
}

bool
cw_usb_redir_is_occupied (const CwUsbRedir *self)
{
  return self->drive || self->raw;
}

void
cw_usb_redir_plug_drive (CwUsbRedir *self, CwUsbDrive *drive)
{
  g_assert (!cw_usb_redir_is_occupied (self));

  self->drive = cw_usb_drive_ref (drive);
  cw_usb_drive_plug (drive, &cw_usb_redir_guest, self);
  announce (self);
}

void
cw_usb_redir_plug_raw (CwUsbRedir *self, const CwUsbRawDevice *funcs, gpointer device)
{
  g_assert (!cw_usb_redir_is_occupied (self));

  self->raw = funcs;
  self->raw_device = device;
  announce (self);
}

void
cw_usb_redir_unplug (CwUsbRedir *self)
{
  if (self->drive) {
    cw_usb_drive_unplug (self->drive);
    if (self->announced && !self->spoilt) {
      usbredirparser_send_device_disconnect (self->parser);
      cw_usb_redir_flush (self);
    }
  }
  self->announced = false;
  g_clear_pointer (&self->drive, cw_usb_drive_unref);
  self->raw = NULL;
}

void
cw_usb_redir_send_raw (CwUsbRedir *self, const uint8_t *bytes, size_t size)
{
  g_autoptr (GBytes) copy = g_bytes_new (bytes, size);

  /* A raw device may say so before it is taken out, and one that the guest has never seen does not. */
  if (load_u32 (bytes) == usb_redir_device_disconnect
      && usbredirparser_peer_has_cap (self->parser, usb_redir_cap_device_disconnect_ack))
    self->awaits_ack = true;
  self->events->send (self->data, copy);
}

const struct usbredirfilter_rule *
cw_usb_redir_filter (const CwUsbRedir *self, int *n_rules)
{
  *n_rules = self->n_rules;
  return self->rules;
}
