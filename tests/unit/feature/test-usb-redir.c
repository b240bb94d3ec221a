/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The usbredir stream against the guest's side of libusbredirparser: an emulated drive with a real file in it. */
#include "usb-guest.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE (40 * 2048)

static char *
make_file (void)
{
  char *path = g_strdup ("caraway-usb-XXXXXX");
  g_autofree uint8_t *content = g_malloc (FILE_SIZE);
  g_autofree char *whole = NULL;
  int fd;

  whole = g_build_filename (g_get_tmp_dir (), path, NULL);
  fd = g_mkstemp (whole);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
  for (int i = 0; i < FILE_SIZE; i++)
    content[i] = (uint8_t) (i * 31 + (i >> 11));
  g_assert_true (g_file_set_contents (whole, (char *) content, FILE_SIZE, NULL));
  g_free (path);
  return g_steal_pointer (&whole);
}

static CwUsbDrive *
open_drive (CwScsiKind kind, const char *path, bool writable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CwUsbMedium) medium = cw_usb_medium_open (path, writable, kind == CW_SCSI_CD ? 2048 : 512, &error);

  g_assert_no_error (error);
  return cw_usb_drive_new (kind, medium, NULL, NULL);
}

static void
wait_bulk (Guest *self, unsigned n)
{
  while (self->n_bulk < n) {
    g_assert_true (guest_settle (self, NULL));
    if (self->n_bulk < n)
      g_main_context_iteration (NULL, TRUE);
  }
}

static void
send_bulk (Guest *self, uint64_t id, uint8_t endpoint, const void *bytes, size_t size)
{
  struct usb_redir_bulk_packet_header header
      = { .endpoint = endpoint, .length = (uint16_t) size, .length_high = (uint16_t) (size >> 16) };

  usbredirparser_send_bulk_packet (self->parser, id, &header, (uint8_t *) bytes, bytes ? (int) size : 0);
}

static void
send_control (Guest *self, uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint16_t length)
{
  struct usb_redir_control_packet_header header = {
    .endpoint = type & 0x80, .request = request, .requesttype = type, .value = value, .index = index, .length = length
  };

  self->control_status = -1;
  usbredirparser_send_control_packet (self->parser, 77, &header, NULL, 0);
  g_assert_true (guest_settle (self, NULL));
}

/* One command; its data, if any, is then in self->bulk. Returns the status of the CSW. */
static int
command (Guest *self, const uint8_t *cdb, uint8_t n_cdb, uint32_t size, const uint8_t *out)
{
  uint8_t wrapper[31] = { 'U', 'S', 'B', 'C', 1, 2, 3, 4 };
  unsigned n = self->n_bulk;
  int status;

  memcpy (wrapper + 8, &(uint32_t){ GUINT32_TO_LE (size) }, 4);
  wrapper[12] = out ? 0 : 0x80;
  wrapper[14] = n_cdb;
  memcpy (wrapper + 15, cdb, n_cdb);
  g_byte_array_set_size (self->bulk, 0);
  send_bulk (self, 1, CW_USB_STORAGE_OUT, wrapper, sizeof wrapper);
  wait_bulk (self, ++n);
  if (size > 0) {
    send_bulk (self, 2, out ? CW_USB_STORAGE_OUT : CW_USB_STORAGE_IN, out, size);
    wait_bulk (self, ++n);
  }
  if (self->bulk_status == usb_redir_stall)
    send_control (self, 0x02, 0x01, 0, CW_USB_STORAGE_IN, 0); /* clear the halt */
  send_bulk (self, UINT64_C (0x100000003), CW_USB_STORAGE_IN, NULL, 13);
  wait_bulk (self, ++n);
  g_assert_cmphex (self->bulk_id, ==, UINT64_C (0x100000003));
  g_assert_cmpuint (self->bulk->len, >=, 13);
  status = self->bulk->data[self->bulk->len - 1];
  g_byte_array_set_size (self->bulk, self->bulk->len - 13);
  return status;
}

static const uint8_t test_ready[6] = { 0 };

static void
plug (Guest *guest, CwUsbDrive *drive)
{
  cw_usb_redir_plug_drive (guest->host, drive);
  g_assert_true (guest_settle (guest, NULL));
  g_assert_cmpuint (guest->n_hellos, ==, 1);
  g_assert_cmpint (command (guest, test_ready, 6, 0, NULL), ==, 1); /* it was reset */
  g_assert_cmpint (command (guest, test_ready, 6, 0, NULL), ==, 0);
}

static void
test_cd (gconstpointer data)
{
  static const uint8_t read[] = { 0x28, 0, 0, 0, 0, 0, 0, 0, FILE_SIZE / 2048, 0 };
  g_autofree char *path = make_file ();
  g_autofree char *content = NULL;
  g_autoptr (CwUsbDrive) drive = open_drive (CW_SCSI_CD, path, false);
  gsize size;
  Guest guest;

  guest_init (&guest, GUEST_CAPS);
  guest.byte_by_byte = GPOINTER_TO_INT (data);
  plug (&guest, drive);
  g_assert_cmpuint (guest.n_connected, ==, 1);
  g_assert_cmpuint (guest.n_interfaces, ==, 1);
  g_assert_cmpuint (guest.n_endpoints, ==, 1);
  g_assert_cmphex (guest.device.vendor_id, ==, 0x2b23);
  g_assert_cmphex (guest.device.product_id, ==, 0xcdcd);
  g_assert_cmphex (guest.device.device_version_bcd, ==, 0x0100);
  g_assert_cmpint (guest.device.speed, ==, usb_redir_speed_high);
  send_control (&guest, 0x80, 6, 0x0100, 0, 18);
  g_assert_cmpint (guest.control_status, ==, usb_redir_success);
  g_assert_cmpint (guest.n_control, ==, 18);
  g_assert_cmpint (command (&guest, read, sizeof read, FILE_SIZE, NULL), ==, 0);
  g_assert_true (g_file_get_contents (path, &content, &size, NULL));
  g_assert_cmpmem (guest.bulk->data, guest.bulk->len, content, size);
  guest_clear (&guest);
  g_unlink (path);
}

static void
test_disk (void)
{
  static const uint8_t write[] = { 0x2a, 0, 0, 0, 0, 2, 0, 0, 16, 0 }, flush[10] = { 0x35 };
  g_autofree char *path = make_file ();
  g_autofree char *content = NULL;
  g_autofree uint8_t *bytes = g_malloc (8192);
  g_autoptr (CwUsbDrive) drive = open_drive (CW_SCSI_DISK, path, true);
  gsize size;
  Guest guest;

  /* Nobody else writes on it meanwhile. */
  g_assert_null (cw_usb_medium_open (path, true, 512, NULL));
  memset (bytes, 0xa5, 8192);
  guest_init (&guest, GUEST_CAPS);
  plug (&guest, drive);
  g_assert_cmphex (guest.device.product_id, ==, 0xcdce);
  g_assert_cmpint (command (&guest, write, sizeof write, 8192, bytes), ==, 0);
  g_assert_cmpint (command (&guest, flush, sizeof flush, 0, NULL), ==, 0);
  g_assert_true (g_file_get_contents (path, &content, &size, NULL));
  g_assert_cmpuint (size, ==, FILE_SIZE);
  g_assert_cmpmem (content + 1024, 8192, bytes, 8192);
  guest_clear (&guest);
  g_unlink (path);
}

/* Devices come and go on one stream; the next one waits until the guest is done with the last. */
static void
test_one_after_the_other (void)
{
  g_autofree char *path = make_file ();
  g_autoptr (CwUsbDrive) drive = open_drive (CW_SCSI_CD, path, false);
  Guest guest;

  guest_init (&guest, GUEST_CAPS);
  for (unsigned i = 1; i <= 3; i++) {
    cw_usb_redir_plug_drive (guest.host, drive);
    g_assert_true (guest_settle (&guest, NULL));
    g_assert_cmpuint (guest.n_connected, ==, i);
    cw_usb_redir_unplug (guest.host);
    cw_usb_redir_plug_drive (guest.host, drive);
    g_assert_cmpuint (guest.n_connected, ==, i);
    cw_usb_redir_unplug (guest.host); /* before the guest heard of it */
    g_assert_true (guest_settle (&guest, NULL));
    g_assert_cmpuint (guest.n_disconnected, ==, i);
    g_assert_cmpuint (guest.n_connected, ==, i);
  }
  g_assert_cmpuint (guest.n_hellos, ==, 1);
  guest_clear (&guest);
  g_unlink (path);
}

/* What a drive does not have is refused, and does no harm. */
static void
test_refusals (void)
{
  g_autofree char *path = make_file ();
  g_autoptr (CwUsbDrive) drive = open_drive (CW_SCSI_CD, path, false);
  Guest guest;
  struct usbredirparser *parser;

  guest_init (&guest, GUEST_CAPS);
  plug (&guest, drive);
  parser = guest.parser;
#define EXPECT(status, call)                                                                                           \
  do {                                                                                                                 \
    guest.last_status = -1;                                                                                            \
    call;                                                                                                              \
    g_assert_true (guest_settle (&guest, NULL));                                                                       \
    g_assert_cmpint (guest.last_status, ==, status);                                                                   \
  } while (0)
  EXPECT (usb_redir_success,
          usbredirparser_send_set_configuration (parser, 1, &(struct usb_redir_set_configuration_header){ 1 }));
  EXPECT (usb_redir_success, usbredirparser_send_get_configuration (parser, 1));
  EXPECT (usb_redir_stall,
          usbredirparser_send_set_configuration (parser, 1, &(struct usb_redir_set_configuration_header){ 9 }));
  EXPECT (usb_redir_success,
          usbredirparser_send_set_alt_setting (parser, 1, &(struct usb_redir_set_alt_setting_header){ 0, 0 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_set_alt_setting (parser, 1, &(struct usb_redir_set_alt_setting_header){ 0, 1 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_get_alt_setting (parser, 1, &(struct usb_redir_get_alt_setting_header){ 3 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_start_iso_stream (parser, 1, &(struct usb_redir_start_iso_stream_header){ 0x81, 8, 4 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_stop_iso_stream (parser, 1, &(struct usb_redir_stop_iso_stream_header){ 0x81 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_start_interrupt_receiving (parser, 1,
                                                         &(struct usb_redir_start_interrupt_receiving_header){ 0x81 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_stop_interrupt_receiving (parser, 1,
                                                        &(struct usb_redir_stop_interrupt_receiving_header){ 0x81 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_alloc_bulk_streams (parser, 1, &(struct usb_redir_alloc_bulk_streams_header){ 2, 4 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_free_bulk_streams (parser, 1, &(struct usb_redir_free_bulk_streams_header){ 2 }));
  EXPECT (usb_redir_inval, usbredirparser_send_start_bulk_receiving (parser, 1,
                                                                     &(struct usb_redir_start_bulk_receiving_header){
                                                                         0, 512, 0x81, 1 }));
  EXPECT (usb_redir_inval,
          usbredirparser_send_stop_bulk_receiving (parser, 1,
                                                   &(struct usb_redir_stop_bulk_receiving_header){ 0, 0x81 }));
#undef EXPECT
  send_bulk (&guest, 5, 0x85, NULL, 64);
  wait_bulk (&guest, guest.n_bulk + 1);
  g_assert_cmpint (guest.bulk_status, ==, usb_redir_inval);
  g_assert_cmpint (command (&guest, test_ready, 6, 0, NULL), ==, 0);
  guest_clear (&guest);
  g_unlink (path);
}

static void
test_guest_decides (void)
{
  static const struct usbredirfilter_rule rules[] = { { 8, -1, -1, -1, 0 }, { -1, -1, -1, -1, 1 } };
  g_autofree char *path = make_file ();
  g_autoptr (CwUsbDrive) drive = open_drive (CW_SCSI_CD, path, false);
  const struct usbredirfilter_rule *told;
  int n_rules;
  Guest guest;

  guest_init (&guest, GUEST_CAPS);
  g_assert_null (cw_usb_redir_filter (guest.host, &n_rules));
  g_assert_true (guest_settle (&guest, NULL));
  usbredirparser_send_filter_filter (guest.parser, rules, G_N_ELEMENTS (rules));
  usbredirparser_send_filter_reject (guest.parser); /* of nothing */
  g_assert_true (guest_settle (&guest, NULL));
  g_assert_cmpuint (guest.n_rejected, ==, 0);
  g_assert_cmpuint (guest.n_filters, ==, 1);
  told = cw_usb_redir_filter (guest.host, &n_rules);
  g_assert_cmpint (n_rules, ==, 2);
  g_assert_cmpint (told[0].device_class, ==, 8);
  g_assert_cmpint (told[0].allow, ==, 0);
  plug (&guest, drive);
  usbredirparser_send_filter_reject (guest.parser);
  g_assert_true (guest_settle (&guest, NULL));
  g_assert_cmpuint (guest.n_rejected, ==, 1);
  guest_clear (&guest);
  g_unlink (path);
}

/* Numbers are little-endian in the packets. */
static void
push_packet (GByteArray *to, uint32_t type, uint32_t length, bool long_id, const void *body, guint n_body)
{
  const uint32_t words[] = { GUINT32_TO_LE (type), GUINT32_TO_LE (length), 0, 0 };

  g_byte_array_append (to, (const guint8 *) words, long_id ? 16 : 12);
  g_byte_array_append (to, body, n_body);
}

static void
assert_spoilt (Guest *guest, int code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (guest_settle (guest, &error));
  g_assert_error (error, CW_ERROR, code);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_false (cw_usb_redir_take (guest->host, (const uint8_t *) "x", 1, NULL));
}

static void
test_nonsense (void)
{
  uint8_t zeros[68] = { 0 };
  Guest guest;

  guest_init (&guest, GUEST_CAPS); /* anything before the hello */
  push_packet (guest.to_host, usb_redir_reset, 0, false, NULL, 0);
  assert_spoilt (&guest, CW_ERROR_STATE, "before hello");
  guest_clear (&guest);

  guest_init (&guest, GUEST_CAPS); /* a long one */
  push_packet (guest.to_host, usb_redir_hello, 1025, false, NULL, 0);
  assert_spoilt (&guest, CW_ERROR_LIMIT, "1025 bytes, the limit is 1024");
  guest_clear (&guest);

  guest_init (&guest, GUEST_CAPS); /* an endless hello */
  push_packet (guest.to_host, usb_redir_hello, UINT32_MAX, false, NULL, 0);
  assert_spoilt (&guest, CW_ERROR_LIMIT, "4294967295");
  guest_clear (&guest);

  guest_init (&guest, GUEST_CAPS);
  g_assert_true (guest_settle (&guest, NULL));
  push_packet (guest.to_host, 4711, 4, true, zeros, 4); /* a type there is not */
  assert_spoilt (&guest, CW_ERROR_MALFORMED, "4711");
  guest_clear (&guest);

  guest_init (&guest, GUEST_CAPS);
  g_assert_true (guest_settle (&guest, NULL));
  push_packet (guest.to_host, usb_redir_bulk_packet, 16778241, true, NULL, 0);
  assert_spoilt (&guest, CW_ERROR_LIMIT, "16778241 bytes, the limit is 16778240");
  guest_clear (&guest);

  guest_init (&guest, GUEST_CAPS);
  g_assert_true (guest_settle (&guest, NULL));
  push_packet (guest.to_host, usb_redir_set_configuration, 0, true, NULL, 0); /* too short */
  assert_spoilt (&guest, CW_ERROR_MALFORMED, "damaged");
  guest_clear (&guest);
}

static void
test_media (void)
{
  g_autofree char *folder = g_dir_make_tmp ("caraway-usb-XXXXXX", NULL);
  g_autofree char *empty = g_build_filename (folder, "empty", NULL), *odd = g_build_filename (folder, "odd", NULL),
                  *pipe = g_build_filename (folder, "pipe", NULL), *none = g_build_filename (folder, "none", NULL);
  const struct {
    const char *path, *reason;
    bool writable;
  } rows[] = {
    { empty, "it is empty", false },         { none, "No such file", false },
    { folder, "neither a file", false },     { pipe, "neither a file", false },
    { odd, "no multiple of a block", true }, { "/dev/null", "neither a file", false },
  };

  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  g_assert_true (g_file_set_contents (odd, "odd", 3, NULL));
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (cw_usb_medium_open (rows[i].path, rows[i].writable, 512, &error));
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error->message, rows[i].path));
    g_assert_nonnull (strstr (error->message, rows[i].reason));
  }
  {
    g_autoptr (CwUsbMedium) first = cw_usb_medium_open (odd, false, 2048, NULL);
    g_autoptr (CwUsbMedium) again = cw_usb_medium_open (odd, false, 2048, NULL);

    g_assert_cmpstr (cw_usb_medium_serial (first), ==, cw_usb_medium_serial (again));
    g_assert_cmpuint (strlen (cw_usb_medium_serial (first)), ==, 20);
    g_assert_cmpuint (cw_usb_medium_size (first), ==, 3);
  }
  g_unlink (empty);
  g_unlink (odd);
  g_unlink (pipe);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/usb-redir/cd", GINT_TO_POINTER (false), test_cd);
  g_test_add_data_func ("/usb-redir/cd-byte-by-byte", GINT_TO_POINTER (true), test_cd);
  g_test_add_func ("/usb-redir/disk", test_disk);
  g_test_add_func ("/usb-redir/one-after-the-other", test_one_after_the_other);
  g_test_add_func ("/usb-redir/refusals", test_refusals);
  g_test_add_func ("/usb-redir/guest-decides", test_guest_decides);
  g_test_add_func ("/usb-redir/nonsense", test_nonsense);
  g_test_add_func ("/usb-redir/media", test_media);
  return g_test_run ();
}
