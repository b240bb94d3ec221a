/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The usbredir stream without a device, with a drive that is asked for what it has not, with an old guest, and with a
 * device that speaks the protocol itself. */
#include "usb-guest.h"

#include "spice-client.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define ID 0x4711

#define EXPECT(guest, status, what, call)                                                                              \
  do {                                                                                                                 \
    (guest)->last_status = -1;                                                                                         \
    call;                                                                                                              \
    g_assert_true (guest_settle (guest, NULL));                                                                        \
    g_assert_cmpint ((guest)->last_status, ==, status);                                                                \
    g_assert_cmphex ((guest)->last_what, ==, what);                                                                    \
    g_assert_cmphex ((guest)->last_id, ==, ID);                                                                        \
  } while (0)

static CwUsbDrive *
open_drive (void)
{
  g_autofree char *path = NULL, *content = g_strnfill (40 * 2048, 'x');
  g_autoptr (CwUsbMedium) medium = NULL;
  int fd = g_file_open_tmp ("caraway-stream-XXXXXX", &path, NULL);

  g_assert_cmpint (write (fd, content, 40 * 2048), ==, 40 * 2048);
  medium = cw_usb_medium_open (path, false, 2048, NULL);
  g_assert_nonnull (medium);
  close (fd);
  g_unlink (path);
  return cw_usb_drive_new (CW_SCSI_CD, medium, NULL, NULL);
}

static void
send_bulk (Guest *self, uint64_t id, uint8_t endpoint, const void *bytes, size_t size)
{
  struct usb_redir_bulk_packet_header header = { .endpoint = endpoint, .length = (uint16_t) size };

  usbredirparser_send_bulk_packet (self->parser, id, &header, (uint8_t *) bytes, bytes ? (int) size : 0);
}

static void
send_control (Guest *self, uint8_t endpoint, uint8_t type)
{
  struct usb_redir_control_packet_header header
      = { .endpoint = endpoint, .request = 0, .requesttype = type, .length = 2 };

  self->control_status = -1;
  usbredirparser_send_control_packet (self->parser, 77, &header, NULL, 0);
  g_assert_true (guest_settle (self, NULL));
}

/* What every question is answered with: the guest's own words for the endpoint, and that there is nothing. */
static void
ask_all (Guest *guest)
{
  struct usbredirparser *parser = guest->parser;

  EXPECT (guest, usb_redir_inval, 0x81,
          usbredirparser_send_start_iso_stream (parser, ID, &(struct usb_redir_start_iso_stream_header){ 0x81, 8, 4 }));
  EXPECT (guest, usb_redir_inval, 0x82,
          usbredirparser_send_stop_iso_stream (parser, ID, &(struct usb_redir_stop_iso_stream_header){ 0x82 }));
  EXPECT (guest, usb_redir_inval, 0x83,
          usbredirparser_send_start_interrupt_receiving (parser, ID,
                                                         &(struct usb_redir_start_interrupt_receiving_header){ 0x83 }));
  EXPECT (guest, usb_redir_inval, 0x84,
          usbredirparser_send_stop_interrupt_receiving (parser, ID,
                                                        &(struct usb_redir_stop_interrupt_receiving_header){ 0x84 }));
  EXPECT (guest, usb_redir_inval, 0x30,
          usbredirparser_send_alloc_bulk_streams (parser, ID,
                                                  &(struct usb_redir_alloc_bulk_streams_header){ 0x30, 4 }));
  EXPECT (guest, usb_redir_inval, 0x40,
          usbredirparser_send_free_bulk_streams (parser, ID, &(struct usb_redir_free_bulk_streams_header){ 0x40 }));
  EXPECT (guest, usb_redir_inval, 0x85,
          usbredirparser_send_start_bulk_receiving (parser, ID,
                                                    &(struct usb_redir_start_bulk_receiving_header){ 0, 512, 0x85,
                                                                                                     1 }));
  EXPECT (guest, usb_redir_inval, 0x86,
          usbredirparser_send_stop_bulk_receiving (parser, ID,
                                                   &(struct usb_redir_stop_bulk_receiving_header){ 0, 0x86 }));
  EXPECT (guest, usb_redir_inval, 0x07,
          usbredirparser_send_interrupt_packet (parser, ID,
                                                &(struct usb_redir_interrupt_packet_header){ .endpoint = 0x07,
                                                                                             .length = 2 },
                                                (uint8_t *) "ab", 2));
  /* Nothing answers these. */
  usbredirparser_send_iso_packet (parser, ID, &(struct usb_redir_iso_packet_header){ .endpoint = 0x05, .length = 2 },
                                  (uint8_t *) "ab", 2);
  usbredirparser_send_cancel_data_packet (parser, ID);
  usbredirparser_send_reset (parser);
  guest->last_status = -1;
  g_assert_true (guest_settle (guest, NULL));
  g_assert_cmpint (guest->last_status, ==, -1);
  send_control (guest, 0x81, 0x80);
  g_assert_cmpint (guest->control_status, ==, usb_redir_inval);
}

static void
test_no_device (void)
{
  struct usbredirparser *parser;
  Guest guest;

  guest_init (&guest, GUEST_CAPS);
  g_assert_true (guest_settle (&guest, NULL));
  parser = guest.parser;
  g_assert_false (cw_usb_redir_is_occupied (guest.host));
  ask_all (&guest);
  EXPECT (&guest, usb_redir_inval, 0,
          usbredirparser_send_set_configuration (parser, ID, &(struct usb_redir_set_configuration_header){ 1 }));
  EXPECT (&guest, usb_redir_inval, 0, usbredirparser_send_get_configuration (parser, ID));
  EXPECT (&guest, usb_redir_inval, 0,
          usbredirparser_send_set_alt_setting (parser, ID, &(struct usb_redir_set_alt_setting_header){ 0, 0 }));
  send_control (&guest, 0x80, 0x80);
  g_assert_cmpint (guest.control_status, ==, usb_redir_inval);
  send_bulk (&guest, 5, CW_USB_STORAGE_IN, NULL, 64);
  send_bulk (&guest, 6, CW_USB_STORAGE_OUT, "abc", 3);
  g_assert_true (guest_settle (&guest, NULL));
  g_assert_cmpuint (guest.n_bulk, ==, 2);
  g_assert_cmpint (guest.bulk_status, ==, usb_redir_inval);
  g_assert_cmpuint (guest.n_connected, ==, 0);
  guest_clear (&guest);
}

static void
test_drive (void)
{
  g_autoptr (CwUsbDrive) drive = open_drive ();
  struct usbredirparser *parser;
  Guest guest;

  guest_init (&guest, GUEST_CAPS);
  cw_usb_redir_plug_drive (guest.host, drive);
  g_assert_true (cw_usb_redir_is_occupied (guest.host));
  g_assert_true (guest_settle (&guest, NULL));
  parser = guest.parser;
  ask_all (&guest);
  EXPECT (&guest, usb_redir_success, 1,
          usbredirparser_send_set_configuration (parser, ID, &(struct usb_redir_set_configuration_header){ 1 }));
  EXPECT (&guest, usb_redir_success, 1, usbredirparser_send_get_configuration (parser, ID));
  EXPECT (&guest, usb_redir_stall, 1,
          usbredirparser_send_set_configuration (parser, ID, &(struct usb_redir_set_configuration_header){ 7 }));
  usbredirparser_send_reset (parser);
  EXPECT (&guest, usb_redir_success, 0, usbredirparser_send_get_configuration (parser, ID));
  EXPECT (&guest, usb_redir_success, 0,
          usbredirparser_send_get_alt_setting (parser, ID, &(struct usb_redir_get_alt_setting_header){ 0 }));
  EXPECT (&guest, usb_redir_inval, 0x0300,
          usbredirparser_send_get_alt_setting (parser, ID, &(struct usb_redir_get_alt_setting_header){ 3 }));
  EXPECT (&guest, usb_redir_inval, 0x0100,
          usbredirparser_send_set_alt_setting (parser, ID, &(struct usb_redir_set_alt_setting_header){ 1, 0 }));
  send_control (&guest, 0x80, 0x80);
  g_assert_cmpint (guest.control_status, ==, usb_redir_success);
  g_assert_cmpint (guest.n_control, ==, 2);
  /* A question that is taken back. */
  send_bulk (&guest, 9, CW_USB_STORAGE_IN, NULL, 64);
  g_assert_true (guest_settle (&guest, NULL));
  g_assert_cmpuint (guest.n_bulk, ==, 0);
  usbredirparser_send_cancel_data_packet (parser, 9);
  g_assert_true (guest_settle (&guest, NULL));
  g_assert_cmpuint (guest.n_bulk, ==, 1);
  g_assert_cmpuint (guest.bulk_id, ==, 9);
  g_assert_cmpint (guest.bulk_status, ==, usb_redir_cancelled);
  guest_clear (&guest);
}

/* A guest that knows short ids and lengths only, and acknowledges nothing: it gets as much, in its own form. */
static void
test_old_guest (void)
{
  static const uint8_t read[] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 4, 0 };
  g_autoptr (CwUsbDrive) drive = open_drive ();
  uint8_t wrapper[31] = { 'U', 'S', 'B', 'C', 1, 2, 3, 4, 0, 0x20, 0, 0, 0x80, 0, 10 }, ready[31];
  Guest guest;

  memcpy (ready, wrapper, sizeof ready);
  ready[9] = 0;
  ready[14] = 6;
  memcpy (wrapper + 15, read, sizeof read);
  guest_init (&guest, 0);
  cw_usb_redir_plug_drive (guest.host, drive);
  g_assert_true (guest_settle (&guest, NULL));
  g_assert_cmpuint (guest.n_connected, ==, 1);
  send_bulk (&guest, 1, CW_USB_STORAGE_OUT, ready, sizeof ready); /* it was reset */
  send_bulk (&guest, 2, CW_USB_STORAGE_IN, NULL, 13);
  g_assert_true (guest_settle (&guest, NULL));
  g_byte_array_set_size (guest.bulk, 0);
  send_bulk (&guest, 3, CW_USB_STORAGE_OUT, wrapper, sizeof wrapper);
  send_bulk (&guest, 4, CW_USB_STORAGE_IN, NULL, 8192);
  while (guest.n_bulk < 4) {
    g_assert_true (guest_settle (&guest, NULL));
    if (guest.n_bulk < 4)
      g_main_context_iteration (NULL, TRUE);
  }
  g_assert_cmpuint (guest.bulk->len, ==, 8192);
  g_assert_cmpint (guest.bulk->data[8191], ==, 'x');
  cw_usb_redir_unplug (guest.host);
  cw_usb_redir_plug_drive (guest.host, drive);
  g_assert_true (guest_settle (&guest, NULL));
  g_assert_cmpuint (guest.n_connected, ==, 2);
  guest_clear (&guest);
}

/* A device of its own */

typedef struct {
  GString *taken; /* the types of the packets */
  bool fails;
} Raw;

static bool
take (gpointer device, const uint8_t *bytes, size_t size, GError **error)
{
  Raw *self = device;
  uint32_t words[2];

  memcpy (words, bytes, sizeof words);
  g_string_append_printf (self->taken, "%u ", GUINT32_FROM_LE (words[0]));
  g_assert_cmpuint (GUINT32_FROM_LE (words[1]) + (size_t) (words[0] == 0 ? 12 : 16), ==, size);
  if (self->fails)
    g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED, "it fails");
  return !self->fails;
}

static void
expect_taken (Guest *guest, Raw *raw, const char *expected)
{
  g_assert_true (guest_settle (guest, NULL));
  g_assert_cmpstr (raw->taken->str, ==, expected);
  g_string_truncate (raw->taken, 0);
}

/* It gets the guest's hello first and then what concerns it, and is asked again only when the guest is done with the
 * last one. One that fails does not end the stream. */
static void
test_raw (void)
{
  static const CwUsbRawDevice funcs = { take };
  static const struct usbredirfilter_rule rules[] = { { 8, -1, -1, -1, 0 } };
  static const uint8_t disconnect[16] = { usb_redir_device_disconnect };
  Raw raw = { g_string_new (NULL), false };
  Guest guest;
  int n_rules;

  guest_init (&guest, GUEST_CAPS);
  cw_usb_redir_plug_raw (guest.host, &funcs, &raw);
  g_assert_cmpstr (raw.taken->str, ==, "");
  expect_taken (&guest, &raw, "0 ");
  usbredirparser_send_reset (guest.parser);
  usbredirparser_send_filter_filter (guest.parser, rules, 1);
  usbredirparser_send_get_configuration (guest.parser, 1);
  usbredirparser_send_filter_reject (guest.parser);
  expect_taken (&guest, &raw, "3 7 22 ");
  g_assert_nonnull (cw_usb_redir_filter (guest.host, &n_rules));
  g_assert_cmpuint (guest.n_filters, ==, 1);
  g_assert_cmpuint (guest.n_rejected, ==, 0); /* the device itself says so */
  raw.fails = true;
  usbredirparser_send_reset (guest.parser);
  usbredirparser_send_reset (guest.parser);
  expect_taken (&guest, &raw, "3 3 ");
  g_assert_cmpuint (guest.n_rejected, ==, 2);
  raw.fails = false;
  cw_usb_redir_send_raw (guest.host, disconnect, sizeof disconnect);
  cw_usb_redir_unplug (guest.host);
  g_assert_false (cw_usb_redir_is_occupied (guest.host));
  usbredirparser_send_reset (guest.parser);
  cw_usb_redir_plug_raw (guest.host, &funcs, &raw);
  g_assert_cmpstr (raw.taken->str, ==, "");
  expect_taken (&guest, &raw, "0 ");
  g_assert_cmpuint (guest.n_disconnected, ==, 1);
  /* One that has not told the guest of its end was none to it: there is nothing to wait for. */
  cw_usb_redir_unplug (guest.host);
  cw_usb_redir_plug_raw (guest.host, &funcs, &raw);
  g_assert_cmpstr (raw.taken->str, ==, "0 ");
  guest_clear (&guest);
  g_string_free (raw.taken, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/usb-stream/no-device", test_no_device);
  g_test_add_func ("/usb-stream/drive", test_drive);
  g_test_add_func ("/usb-stream/old-guest", test_old_guest);
  g_test_add_func ("/usb-stream/raw", test_raw);
  return g_test_run ();
}
