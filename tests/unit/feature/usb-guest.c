/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "usb-guest.h"

#include "spice-client.h"

#include <string.h>

static void
on_host_send (gpointer data, GBytes *bytes)
{
  g_byte_array_append (((Guest *) data)->to_guest, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
}

static void
on_device_failed (gpointer data, const GError *error)
{
  Guest *self = data;

  if (g_error_matches (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED)) {
    self->n_rejected++;
  } else {
    g_assert_no_error (self->failed);
    self->failed = g_error_copy (error);
  }
}

static void
on_filter_changed (gpointer data)
{
  ((Guest *) data)->n_filters++;
}

static int
guest_read (void *data, uint8_t *bytes, int size)
{
  Guest *self = data;
  guint n = MIN (self->to_guest->len, (guint) size);

  memcpy (bytes, self->to_guest->data, n);
  g_byte_array_remove_range (self->to_guest, 0, n);
  return (int) n;
}

static int
guest_write (void *data, uint8_t *bytes, int size)
{
  g_byte_array_append (((Guest *) data)->to_host, bytes, (guint) size);
  return size;
}

static void
guest_log (void *data, int level, const char *text)
{
  if (level <= usbredirparser_warning)
    g_error ("the guest complains: %s", text);
}

static void
guest_hello (void *data, struct usb_redir_hello_header *hello)
{
  ((Guest *) data)->n_hellos++;
}

static void
guest_device_connect (void *data, struct usb_redir_device_connect_header *device)
{
  ((Guest *) data)->device = *device;
  ((Guest *) data)->n_connected++;
}

static void
guest_device_disconnect (void *data)
{
  Guest *self = data;

  self->n_disconnected++;
  /* The parser acknowledges by itself. */
}

static void
guest_interface_info (void *data, struct usb_redir_interface_info_header *info)
{
  g_assert_cmpuint (info->interface_count, ==, 1);
  g_assert_cmphex (info->interface_class[0] << 16 | info->interface_subclass[0] << 8 | info->interface_protocol[0], ==,
                   0x080650);
  ((Guest *) data)->n_interfaces++;
}

static void
guest_ep_info (void *data, struct usb_redir_ep_info_header *info)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (info->type); i++) {
    bool is_control = i == 0 || i == 16, is_bulk = i == 2 || i == 17;

    g_assert_cmpuint (info->type[i], ==,
                      is_control ? usb_redir_type_control
                      : is_bulk  ? usb_redir_type_bulk
                                 : usb_redir_type_invalid);
    if (((Guest *) data)->n_caps > usb_redir_cap_ep_info_max_packet_size)
      g_assert_cmpuint (info->max_packet_size[i], ==, is_control ? ((Guest *) data)->control_size : is_bulk ? 512 : 0);
  }
  ((Guest *) data)->n_endpoints++;
}

static void
note (Guest *self, uint64_t id, int status, unsigned what)
{
  self->last_id = id;
  self->last_status = status;
  self->last_what = what;
}

static void
guest_configuration_status (void *data, uint64_t id, struct usb_redir_configuration_status_header *header)
{
  note (data, id, header->status, header->configuration);
}

static void
guest_alt_setting_status (void *data, uint64_t id, struct usb_redir_alt_setting_status_header *header)
{
  note (data, id, header->status, (unsigned) header->interface << 8 | header->alt);
}

static void
guest_iso_status (void *data, uint64_t id, struct usb_redir_iso_stream_status_header *header)
{
  note (data, id, header->status, header->endpoint);
}

static void
guest_interrupt_status (void *data, uint64_t id, struct usb_redir_interrupt_receiving_status_header *header)
{
  note (data, id, header->status, header->endpoint);
}

static void
guest_bulk_streams_status (void *data, uint64_t id, struct usb_redir_bulk_streams_status_header *header)
{
  note (data, id, header->status, header->endpoints);
}

static void
guest_bulk_receiving_status (void *data, uint64_t id, struct usb_redir_bulk_receiving_status_header *header)
{
  note (data, id, header->status, header->endpoint);
}

static void
guest_interrupt (void *data, uint64_t id, struct usb_redir_interrupt_packet_header *header, uint8_t *bytes, int size)
{
  note (data, id, header->status, header->endpoint);
  g_assert_cmpint (size, ==, 0);
}

static void
guest_control (void *data, uint64_t id, struct usb_redir_control_packet_header *header, uint8_t *bytes, int size)
{
  Guest *self = data;

  self->control_status = header->status;
  self->n_control = size;
  if (size > 0)
    memcpy (self->control, bytes, (size_t) size);
  usbredirparser_free_packet_data (self->parser, bytes);
}

static void
guest_bulk (void *data, uint64_t id, struct usb_redir_bulk_packet_header *header, uint8_t *bytes, int size)
{
  Guest *self = data;

  self->n_bulk++;
  self->bulk_id = id;
  self->bulk_status = header->status;
  g_byte_array_append (self->bulk, bytes, (guint) size);
  usbredirparser_free_packet_data (self->parser, bytes);
}

bool
guest_settle (Guest *self, GError **error)
{
  do {
    while (usbredirparser_has_data_to_write (self->parser))
      g_assert_cmpint (usbredirparser_do_write (self->parser), ==, 0);
    while (self->to_host->len > 0) {
      guint n = self->byte_by_byte ? 1 : self->to_host->len;
      g_autofree uint8_t *bytes = g_memdup2 (self->to_host->data, n);

      g_byte_array_remove_range (self->to_host, 0, n);
      if (!cw_usb_redir_take (self->host, bytes, n, error))
        return false;
    }
    if (self->to_guest->len > 0)
      g_assert_cmpint (usbredirparser_do_read (self->parser), ==, 0);
    g_main_context_iteration (NULL, FALSE);
  } while (self->to_host->len > 0 || self->to_guest->len > 0 || usbredirparser_has_data_to_write (self->parser));
  return true;
}

void
guest_init (Guest *self, int n_caps)
{
  static const CwUsbRedirEvents events = { on_host_send, on_device_failed, on_filter_changed };
  uint32_t caps[USB_REDIR_CAPS_SIZE] = { 0 };

  *self = (Guest){ .n_caps = n_caps, .control_size = 64 };
  self->to_guest = g_byte_array_new ();
  self->to_host = g_byte_array_new ();
  self->bulk = g_byte_array_new ();
  self->host = cw_usb_redir_new (&events, self);
  self->parser = usbredirparser_create ();
  self->parser->priv = self;
  self->parser->log_func = guest_log;
  self->parser->read_func = guest_read;
  self->parser->write_func = guest_write;
  self->parser->hello_func = guest_hello;
  self->parser->device_connect_func = guest_device_connect;
  self->parser->device_disconnect_func = guest_device_disconnect;
  self->parser->interface_info_func = guest_interface_info;
  self->parser->ep_info_func = guest_ep_info;
  self->parser->configuration_status_func = guest_configuration_status;
  self->parser->alt_setting_status_func = guest_alt_setting_status;
  self->parser->iso_stream_status_func = guest_iso_status;
  self->parser->interrupt_receiving_status_func = guest_interrupt_status;
  self->parser->bulk_streams_status_func = guest_bulk_streams_status;
  self->parser->bulk_receiving_status_func = guest_bulk_receiving_status;
  self->parser->interrupt_packet_func = guest_interrupt;
  self->parser->control_packet_func = guest_control;
  self->parser->bulk_packet_func = guest_bulk;
  for (int cap = 0; cap < n_caps; cap++)
    usbredirparser_caps_set_cap (caps, cap);
  usbredirparser_init (self->parser, "a guest", caps, USB_REDIR_CAPS_SIZE, 0);
}

void
guest_clear (Guest *self)
{
  g_assert_no_error (self->failed);
  cw_usb_redir_free (self->host);
  usbredirparser_destroy (self->parser);
  g_byte_array_unref (self->to_guest);
  g_byte_array_unref (self->to_host);
  g_byte_array_unref (self->bulk);
}
