/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An emulated drive in a usbredir stream: how it is announced, and what answers the guest's packets, in the order of
 * the protocol's numbers. What a drive does not have is refused. */
#include "feature/usb/redir-private.h"

#include <string.h>

/* Answers from here on are put together without the parser, which would copy them twice. */
#define LARGE_ANSWER 4096

static CwUsbStorage *
storage_of (CwUsbRedir *self)
{
  return self->drive ? cw_usb_drive_storage (self->drive) : NULL;
}

static void
send_interfaces (CwUsbRedir *self)
{
  struct usb_redir_interface_info_header info = { .interface_count = 1 };

  info.interface_class[0] = 0x08;    /* mass storage */
  info.interface_subclass[0] = 0x06; /* SCSI */
  info.interface_protocol[0] = 0x50; /* bulk-only */
  usbredirparser_send_interface_info (self->parser, &info);
}

/* Endpoints stand at their number, those that bring data 16 behind. */
static void
send_endpoints (CwUsbRedir *self)
{
  struct usb_redir_ep_info_header info = { 0 };

  memset (info.type, usb_redir_type_invalid, sizeof info.type);
  info.type[0] = info.type[16] = usb_redir_type_control;
  info.max_packet_size[0] = info.max_packet_size[16] = 64;
  info.type[CW_USB_STORAGE_OUT] = usb_redir_type_bulk;
  info.max_packet_size[CW_USB_STORAGE_OUT] = CW_BULK_ONLY_PACKET;
  info.type[16 + (CW_USB_STORAGE_IN & 0x0f)] = usb_redir_type_bulk;
  info.max_packet_size[16 + (CW_USB_STORAGE_IN & 0x0f)] = CW_BULK_ONLY_PACKET;
  usbredirparser_send_ep_info (self->parser, &info);
}

void
cw_usb_redir_announce_drive (CwUsbRedir *self)
{
  struct usb_redir_device_connect_header device = {
    .speed = usb_redir_speed_high,
    .vendor_id = CW_USB_STORAGE_VENDOR,
    .product_id
    = cw_usb_drive_kind (self->drive) == CW_SCSI_CD ? CW_USB_STORAGE_CD_PRODUCT : CW_USB_STORAGE_DISK_PRODUCT,
    .device_version_bcd = CW_USB_STORAGE_VERSION,
  };

  send_interfaces (self);
  send_endpoints (self);
  usbredirparser_send_device_connect (self->parser, &device);
  cw_usb_redir_flush (self);
}

static void
on_reset (void *data)
{
  CwUsbStorage *storage = storage_of (data);

  if (storage)
    cw_usb_storage_reset (storage);
}

static void
on_set_configuration (void *data, uint64_t id, struct usb_redir_set_configuration_header *header)
{
  CwUsbRedir *self = data;
  CwUsbStorage *storage = storage_of (self);
  struct usb_redir_configuration_status_header answer = { .status = usb_redir_inval };

  if (storage) {
    answer.status = (uint8_t) cw_usb_storage_set_configuration (storage, header->configuration);
    answer.configuration = cw_usb_storage_configuration (storage);
  }
  usbredirparser_send_configuration_status (self->parser, id, &answer);
}

static void
on_get_configuration (void *data, uint64_t id)
{
  CwUsbRedir *self = data;
  CwUsbStorage *storage = storage_of (self);
  struct usb_redir_configuration_status_header answer = { .status = usb_redir_inval };

  if (storage) {
    answer.status = usb_redir_success;
    answer.configuration = cw_usb_storage_configuration (storage);
  }
  usbredirparser_send_configuration_status (self->parser, id, &answer);
}

static void
answer_alt_setting (CwUsbRedir *self, uint64_t id, uint8_t interface, uint8_t alt)
{
  bool known = self->drive && interface == 0 && alt == 0;
  struct usb_redir_alt_setting_status_header answer
      = { known ? usb_redir_success : usb_redir_inval, interface, known ? alt : 0 };

  usbredirparser_send_alt_setting_status (self->parser, id, &answer);
}

static void
on_set_alt_setting (void *data, uint64_t id, struct usb_redir_set_alt_setting_header *header)
{
  answer_alt_setting (data, id, header->interface, header->alt);
}

static void
on_get_alt_setting (void *data, uint64_t id, struct usb_redir_get_alt_setting_header *header)
{
  answer_alt_setting (data, id, header->interface, 0);
}

static void
refuse_iso (CwUsbRedir *self, uint64_t id, uint8_t endpoint)
{
  struct usb_redir_iso_stream_status_header answer = { usb_redir_inval, endpoint };

  usbredirparser_send_iso_stream_status (self->parser, id, &answer);
}

static void
on_start_iso_stream (void *data, uint64_t id, struct usb_redir_start_iso_stream_header *header)
{
  refuse_iso (data, id, header->endpoint);
}

static void
on_stop_iso_stream (void *data, uint64_t id, struct usb_redir_stop_iso_stream_header *header)
{
  refuse_iso (data, id, header->endpoint);
}

static void
refuse_interrupts (CwUsbRedir *self, uint64_t id, uint8_t endpoint)
{
  struct usb_redir_interrupt_receiving_status_header answer = { usb_redir_inval, endpoint };

  usbredirparser_send_interrupt_receiving_status (self->parser, id, &answer);
}

static void
on_start_interrupt_receiving (void *data, uint64_t id, struct usb_redir_start_interrupt_receiving_header *header)
{
  refuse_interrupts (data, id, header->endpoint);
}

static void
on_stop_interrupt_receiving (void *data, uint64_t id, struct usb_redir_stop_interrupt_receiving_header *header)
{
  refuse_interrupts (data, id, header->endpoint);
}

static void
refuse_streams (CwUsbRedir *self, uint64_t id, uint32_t endpoints, uint32_t n)
{
  struct usb_redir_bulk_streams_status_header answer = { endpoints, n, usb_redir_inval };

  usbredirparser_send_bulk_streams_status (self->parser, id, &answer);
}

static void
on_alloc_bulk_streams (void *data, uint64_t id, struct usb_redir_alloc_bulk_streams_header *header)
{
  refuse_streams (data, id, header->endpoints, header->no_streams);
}

static void
on_free_bulk_streams (void *data, uint64_t id, struct usb_redir_free_bulk_streams_header *header)
{
  refuse_streams (data, id, header->endpoints, 0);
}

static void
refuse_bulk_receiving (CwUsbRedir *self, uint64_t id, uint32_t stream, uint8_t endpoint)
{
  struct usb_redir_bulk_receiving_status_header answer = { stream, endpoint, usb_redir_inval };

  usbredirparser_send_bulk_receiving_status (self->parser, id, &answer);
}

static void
on_start_bulk_receiving (void *data, uint64_t id, struct usb_redir_start_bulk_receiving_header *header)
{
  refuse_bulk_receiving (data, id, header->stream_id, header->endpoint);
}

static void
on_stop_bulk_receiving (void *data, uint64_t id, struct usb_redir_stop_bulk_receiving_header *header)
{
  refuse_bulk_receiving (data, id, header->stream_id, header->endpoint);
}

static void
on_cancel (void *data, uint64_t id)
{
  CwUsbStorage *storage = storage_of (data);

  if (storage)
    cw_bulk_only_cancel (cw_usb_storage_bulk (storage), id);
}

static void
on_control_packet (void *data, uint64_t id, struct usb_redir_control_packet_header *header, uint8_t *bytes, int size)
{
  CwUsbRedir *self = data;
  struct usb_redir_control_packet_header answer = *header;
  CwUsbStorage *storage = storage_of (self);
  CwUsbControlAnswer control = { .status = CW_USB_INVALID };

  usbredirparser_free_packet_data (self->parser, bytes);
  if (storage && (header->endpoint & 0x7f) == 0)
    cw_usb_storage_control (storage, header->requesttype, header->request, header->value, header->index, header->length,
                            &control);
  answer.status = (uint8_t) control.status;
  answer.length = (uint16_t) control.size;
  usbredirparser_send_control_packet (self->parser, id, &answer, control.data, (int) control.size);
}

/* False: the guest does not know the form that all do nowadays. */
static bool
send_large (CwUsbRedir *self, uint64_t id, const struct usb_redir_bulk_packet_header *answer, const uint8_t *bytes,
            size_t size)
{
  struct usb_redir_bulk_packet_header body = *answer;
  struct usb_redir_header header
      = { GUINT32_TO_LE (usb_redir_bulk_packet), GUINT32_TO_LE ((uint32_t) (sizeof body + size)), GUINT64_TO_LE (id) };
  g_autoptr (GBytes) packet = NULL;
  uint8_t *at;

  if (!usbredirparser_peer_has_cap (self->parser, usb_redir_cap_64bits_ids)
      || !usbredirparser_peer_has_cap (self->parser, usb_redir_cap_32bits_bulk_length))
    return false;
  body.length = GUINT16_TO_LE (body.length);
  body.length_high = GUINT16_TO_LE (body.length_high);
  cw_usb_redir_flush (self);
  at = g_malloc (sizeof header + sizeof body + size);
  memcpy (at, &header, sizeof header);
  memcpy (at + sizeof header, &body, sizeof body);
  memcpy (at + sizeof header + sizeof body, bytes, size);
  packet = g_bytes_new_take (at, sizeof header + sizeof body + size);
  self->events->send (self->data, packet);
  return true;
}

static void
answer_bulk (CwUsbRedir *self, uint64_t id, uint8_t endpoint, CwUsbStatus status, const uint8_t *bytes, size_t size)
{
  struct usb_redir_bulk_packet_header answer = {
    .endpoint = endpoint,
    .status = (uint8_t) status,
    .length = (uint16_t) size,
    .length_high = (uint16_t) (size >> 16),
  };

  if (bytes && size >= LARGE_ANSWER && send_large (self, id, &answer, bytes, size))
    return;
  usbredirparser_send_bulk_packet (self->parser, id, &answer, (uint8_t *) bytes, bytes ? (int) size : 0);
  cw_usb_redir_flush (self);
}

static void
on_bulk_packet (void *data, uint64_t id, struct usb_redir_bulk_packet_header *header, uint8_t *bytes, int size)
{
  CwUsbRedir *self = data;
  CwUsbStorage *storage = storage_of (self);
  size_t wanted = (size_t) header->length | (size_t) header->length_high << 16;

  if (storage && header->endpoint == CW_USB_STORAGE_IN)
    cw_bulk_only_in (cw_usb_storage_bulk (storage), id, wanted);
  else if (storage && header->endpoint == CW_USB_STORAGE_OUT)
    cw_bulk_only_out (cw_usb_storage_bulk (storage), id, bytes, (size_t) size);
  else
    answer_bulk (self, id, header->endpoint, CW_USB_INVALID, NULL, 0);
  usbredirparser_free_packet_data (self->parser, bytes);
}

static void
on_iso_packet (void *data, uint64_t id, struct usb_redir_iso_packet_header *header, uint8_t *bytes, int size)
{
  usbredirparser_free_packet_data (((CwUsbRedir *) data)->parser, bytes);
}

static void
on_interrupt_packet (void *data, uint64_t id, struct usb_redir_interrupt_packet_header *header, uint8_t *bytes,
                     int size)
{
  CwUsbRedir *self = data;
  struct usb_redir_interrupt_packet_header answer = { .endpoint = header->endpoint, .status = usb_redir_inval };

  usbredirparser_free_packet_data (self->parser, bytes);
  usbredirparser_send_interrupt_packet (self->parser, id, &answer, NULL, 0);
}

static void
on_drive_in (gpointer data, uint64_t id, CwUsbStatus status, const uint8_t *bytes, size_t size)
{
  answer_bulk (data, id, CW_USB_STORAGE_IN, status, bytes, size);
}

static void
on_drive_out (gpointer data, uint64_t id, CwUsbStatus status, size_t size)
{
  answer_bulk (data, id, CW_USB_STORAGE_OUT, status, NULL, size);
}

const CwUsbDriveGuest cw_usb_redir_guest = { on_drive_in, on_drive_out };

void
cw_usb_redir_serve_drives (CwUsbRedir *self)
{
  struct usbredirparser *parser = self->parser;

  parser->reset_func = on_reset;
  parser->set_configuration_func = on_set_configuration;
  parser->get_configuration_func = on_get_configuration;
  parser->set_alt_setting_func = on_set_alt_setting;
  parser->get_alt_setting_func = on_get_alt_setting;
  parser->start_iso_stream_func = on_start_iso_stream;
  parser->stop_iso_stream_func = on_stop_iso_stream;
  parser->start_interrupt_receiving_func = on_start_interrupt_receiving;
  parser->stop_interrupt_receiving_func = on_stop_interrupt_receiving;
  parser->alloc_bulk_streams_func = on_alloc_bulk_streams;
  parser->free_bulk_streams_func = on_free_bulk_streams;
  parser->start_bulk_receiving_func = on_start_bulk_receiving;
  parser->stop_bulk_receiving_func = on_stop_bulk_receiving;
  parser->cancel_data_packet_func = on_cancel;
  parser->control_packet_func = on_control_packet;
  parser->bulk_packet_func = on_bulk_packet;
  parser->iso_packet_func = on_iso_packet;
  parser->interrupt_packet_func = on_interrupt_packet;
}
