/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include <string.h>
#include <usbredirparser.h>

#define BLOCK 2048
#define AT_A_TIME 60 /* blocks: 120 KiB, as Linux reads */

typedef struct {
  PeerIo *io;
  struct usbredirparser *parser;
  uint8_t *in;
  size_t n_in, in_at;
  GByteArray *out;
  bool connected, answered;
  uint8_t endpoint_in, endpoint_out;
  uint8_t data[AT_A_TIME * BLOCK];
  int n_data, status;
} Guest;

static void
on_log (void *data, int level, const char *text)
{
  if (level <= usbredirparser_error)
    device_fail ("the guest complains: %s", text);
}

static int
on_read (void *data, uint8_t *bytes, int size)
{
  Guest *self = data;
  size_t n = MIN ((size_t) size, self->n_in - self->in_at);

  memcpy (bytes, self->in + self->in_at, n);
  self->in_at += n;
  return (int) n;
}

static int
on_write (void *data, uint8_t *bytes, int size)
{
  g_byte_array_append (((Guest *) data)->out, bytes, (guint) size);
  return size;
}

static void
on_connect (void *data, struct usb_redir_device_connect_header *device)
{
  ((Guest *) data)->connected = true;
}

static void
on_endpoints (void *data, struct usb_redir_ep_info_header *info)
{
  Guest *self = data;

  for (unsigned i = 0; i < 32; i++) {
    if (info->type[i] == usb_redir_type_bulk && i < 16)
      self->endpoint_out = (uint8_t) i;
    else if (info->type[i] == usb_redir_type_bulk)
      self->endpoint_in = (uint8_t) (0x80 | (i - 16));
  }
}

static void
on_configured (void *data, uint64_t id, struct usb_redir_configuration_status_header *header)
{
  ((Guest *) data)->status = header->status;
  ((Guest *) data)->answered = true;
}

static void
on_bulk (void *data, uint64_t id, struct usb_redir_bulk_packet_header *header, uint8_t *bytes, int size)
{
  Guest *self = data;

  if (size > (int) sizeof self->data)
    device_fail ("%d bytes came at once", size);
  if (size > 0)
    memcpy (self->data, bytes, (size_t) size);
  self->n_data = size;
  self->status = header->status;
  self->answered = true;
  usbredirparser_free_packet_data (self->parser, bytes);
}

/* What the parser ignores. */
static void
on_interfaces (void *data, struct usb_redir_interface_info_header *info)
{
}

static void
on_hello (void *data, struct usb_redir_hello_header *hello)
{
}

static void
on_disconnect (void *data)
{
}

static void
flush (Guest *self)
{
  uint8_t header[6] = { 101, 0 };
  guint32 size;

  while (usbredirparser_has_data_to_write (self->parser))
    usbredirparser_do_write (self->parser);
  if (self->out->len == sizeof header)
    return;
  size = GUINT32_TO_LE (self->out->len - sizeof header);
  memcpy (header + 2, &size, sizeof size);
  memcpy (self->out->data, header, sizeof header);
  if (!peer_write (self->io, self->out->data, self->out->len))
    device_fail ("the client went away");
  g_byte_array_set_size (self->out, sizeof header);
}

static void
wait_for (Guest *self, const bool *what)
{
  flush (self);
  while (!*what) {
    uint8_t header[6];
    guint32 size;

    if (!peer_read (self->io, header, sizeof header))
      device_fail ("the client went away");
    memcpy (&size, header + 2, sizeof size);
    self->n_in = GUINT32_FROM_LE (size);
    self->in = g_realloc (self->in, MAX (self->n_in, 1));
    self->in_at = 0;
    if (!peer_read (self->io, self->in, self->n_in))
      device_fail ("the client went away");
    if (header[0] == 101 && header[1] == 0 && usbredirparser_do_read (self->parser) != 0)
      device_fail ("the client's packet is damaged");
    flush (self);
  }
}

static void
bulk (Guest *self, uint8_t endpoint, const void *bytes, size_t size)
{
  struct usb_redir_bulk_packet_header header
      = { .endpoint = endpoint, .length = (uint16_t) size, .length_high = (uint16_t) (size >> 16) };

  self->answered = false;
  usbredirparser_send_bulk_packet (self->parser, 1, &header, (uint8_t *) bytes, bytes ? (int) size : 0);
  wait_for (self, &self->answered);
}

/* A command and its data, which is compared with expected unless that is NULL. Returns its status. */
static int
command (Guest *self, const uint8_t *block, uint8_t n_block, size_t size, const uint8_t *expected)
{
  uint8_t wrapper[31] = { 'U', 'S', 'B', 'C', 1, 2, 3, 4 };
  guint32 le_size = GUINT32_TO_LE ((guint32) size);

  memcpy (wrapper + 8, &le_size, sizeof le_size);
  wrapper[12] = 0x80;
  wrapper[14] = n_block;
  memcpy (wrapper + 15, block, n_block);
  bulk (self, self->endpoint_out, wrapper, sizeof wrapper);
  if (size > 0) {
    bulk (self, self->endpoint_in, NULL, size);
    if (expected && (self->n_data != (int) size || memcmp (self->data, expected, size) != 0))
      device_fail ("%d bytes were read instead of %zu, or others than those of the file", self->n_data, size);
  }
  bulk (self, self->endpoint_in, NULL, 13);
  if (self->status != usb_redir_success || self->n_data != 13)
    device_fail ("a command has no end: status %d, %d bytes", self->status, self->n_data);
  return self->data[12];
}

static void
begin (Guest *self)
{
  static const int caps[]
      = { usb_redir_cap_connect_device_version,  usb_redir_cap_filter,     usb_redir_cap_device_disconnect_ack,
          usb_redir_cap_ep_info_max_packet_size, usb_redir_cap_64bits_ids, usb_redir_cap_32bits_bulk_length };
  uint32_t words[USB_REDIR_CAPS_SIZE] = { 0 };

  for (unsigned i = 0; i < G_N_ELEMENTS (caps); i++)
    usbredirparser_caps_set_cap (words, caps[i]);
  self->parser = usbredirparser_create ();
  self->parser->priv = self;
  self->parser->log_func = on_log;
  self->parser->read_func = on_read;
  self->parser->write_func = on_write;
  self->parser->hello_func = on_hello;
  self->parser->device_connect_func = on_connect;
  self->parser->device_disconnect_func = on_disconnect;
  self->parser->interface_info_func = on_interfaces;
  self->parser->ep_info_func = on_endpoints;
  self->parser->configuration_status_func = on_configured;
  self->parser->bulk_packet_func = on_bulk;
  usbredirparser_init (self->parser, "guest", words, USB_REDIR_CAPS_SIZE, 0);
  wait_for (self, &self->connected);
  self->answered = false;
  usbredirparser_send_set_configuration (self->parser, 1, &(struct usb_redir_set_configuration_header){ 1 });
  wait_for (self, &self->answered);
}

void
device_read_cd (PeerIo *io, const char *path)
{
  static const uint8_t test_ready[6] = { 0 }, request_sense[6] = { 0x03, 0, 0, 0, 18 };
  g_autofree char *content = NULL;
  g_autofree Guest *self = g_new0 (Guest, 1);
  gsize size;
  int64_t began;

  if (!g_file_get_contents (path, &content, &size, NULL))
    device_fail ("%s cannot be read", path);
  self->io = io;
  self->out = g_byte_array_new ();
  g_byte_array_set_size (self->out, 6); /* the place of a message's header */
  begin (self);
  for (unsigned i = 0; command (self, test_ready, sizeof test_ready, 0, NULL) != 0; i++) {
    if (i == 10)
      device_fail ("the CD does not become ready");
    command (self, request_sense, sizeof request_sense, 18, NULL);
  }
  began = g_get_monotonic_time ();
  for (uint32_t at = 0; at < size / BLOCK; at += AT_A_TIME) {
    uint32_t n = MIN (AT_A_TIME, (uint32_t) (size / BLOCK) - at);
    const uint8_t read[10] = {
      0x28, 0, (uint8_t) (at >> 24), (uint8_t) (at >> 16), (uint8_t) (at >> 8), (uint8_t) at, 0, 0, (uint8_t) n, 0
    };

    if (command (self, read, sizeof read, n * BLOCK, (const uint8_t *) content + (gsize) at * BLOCK) != 0)
      device_fail ("block %u cannot be read", at);
  }
  device_say ("mb-per-s=%.3f", (double) size / (double) (g_get_monotonic_time () - began));
  usbredirparser_destroy (self->parser);
  g_byte_array_unref (self->out);
  g_free (self->in);
}
