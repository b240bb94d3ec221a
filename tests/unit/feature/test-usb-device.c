/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands below the USB device manager: descriptions of devices, filters, and the files behind emulated drives. */
#include "feature/usb/device.h"
#include "feature/usb/filter.h"
#include "feature/usb/medium.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static SpiceUsbDevice *
new_device (uint16_t vendor, const char *manufacturer, const char *product)
{
  const CwUsbIdentity identity = {
    .bus = 3,
    .address = 17,
    .vendor = vendor,
    .product = 0xabcd,
    .version = 0x0123,
    .class = { 0xef, 2, 1 },
    .n_interfaces = 2,
    .interfaces = { { 3, 1, 2 }, { 8, 6, 0x50 } },
  };

  return cw_usb_device_new (CW_USB_REAL, &identity, manufacturer, product, g_strdup ("backend"), g_free);
}

static void
test_descriptions (void)
{
  static const struct {
    const char *format, *text;
  } rows[] = {
    { NULL, "Maker thing [1234:abcd] at 3-17" },
    { "", "" },
    { "%s", "Maker" },
    { "%s%s%s%d%d", "Makerthing[1234:abcd]317" },
    { "%%", "%" },
    { "100%% %2$s", "100% thing" },
    { "%2$s %1$s", "thing Maker" },
    { "%5$d-%4$d", "17-3" },
    { "%4$i %5$u", "3 17" },
    { "%4$04d|%4$4d|%4$-4d|", "0003|   3|3   |" },
    { "%4$-04d|", "0003|" },
    { "%1$8s|%1$-8s|", "   Maker|Maker   |" },
    { "%1$.2s|%1$4.1s|%1$.0s|", "Ma|   M||" },
    /* What does not fit the arguments stays as it is written. */
    { "%1$d", "%1$d" },
    { "%4$s", "%4$s" },
    { "%6$d", "%6$d" },
    { "%0$s", "%0$s" },
    { "%3$n|%x", "%3$n|%x" },
    { "%s%s%s%d%d%s", "Makerthing[1234:abcd]317%s" },
    { "%", "%" },
    { "%1$", "%1$" },
  };
  g_autoptr (SpiceUsbDevice) device = new_device (0x1234, "Maker", "thing");
  g_autofree char *wide = NULL;

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *text = spice_usb_device_get_description (device, rows[i].format);

    g_assert_cmpstr (text, ==, rows[i].text);
  }
  wide = spice_usb_device_get_description (device, "%1$99999999999s");
  g_assert_cmpuint (strlen (wide), ==, 1000);
}

static void
test_names (void)
{
  static const struct {
    const char *manufacturer, *product, *text;
  } rows[] = {
    { "Maker", "Maker thing", "Maker|thing" }, { "Maker", "Makers thing", "Maker|Makers thing" },
    { "Maker", "Maker", "Maker|Maker" },       { "", " thing ", "|thing" },
    { NULL, "a\nb\x1b[1m", "|ab[1m" },         { "\xff", "\xc3\xbc", "\xef\xbf\xbd|\xc3\xbc" },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (SpiceUsbDevice) device = new_device (0x1234, rows[i].manufacturer, rows[i].product);
    g_autofree char *text = spice_usb_device_get_description (device, "%s|%s");

    g_assert_cmpstr (text, ==, rows[i].text);
  }
}

static void
count (gpointer n)
{
  ++*(unsigned *) n;
}

/* A device holds what it stands on as long as somebody has it. */
static void
test_life (void)
{
  g_autoptr (SpiceUsbDevice) nameless = new_device (0, "", "thing");
  g_autofree char *text = spice_usb_device_get_description (nameless, "%2$s|%3$s|");
  unsigned n[3] = { 0 };
  SpiceUsbDevice *device = cw_usb_device_new (CW_USB_CD, &nameless->identity, "", "", &n[0], count);

  g_assert_cmpstr (text, ==, "thing||"); /* numbers that say nothing are not shown */
  g_assert_nonnull (spice_usb_device_get_libusb_device (nameless));
  g_assert_null (spice_usb_device_get_libusb_device (device));
  device->opened = &n[1];
  device->keeps = &n[2];
  device->free_opened = device->free_keeps = count;
  g_assert_true (g_boxed_copy (SPICE_TYPE_USB_DEVICE, device) == device);
  g_boxed_free (SPICE_TYPE_USB_DEVICE, device);
  g_assert_true (n[0] == 0 && n[1] == 0 && n[2] == 0);
  cw_usb_device_unref (device);
  g_assert_true (n[0] == 1 && n[1] == 1 && n[2] == 1);
}

static void
test_filters (void)
{
  static const struct {
    const char *text;
    bool allowed;
  } rows[] = {
    { "-1,-1,-1,-1,1", true },
    { "-1,-1,-1,-1,0", false },
    { "", false }, /* what no rule knows is refused */
    { "0x03,-1,-1,-1,0|-1,-1,-1,-1,1", false },
    { "0x08,-1,-1,-1,0|-1,-1,-1,-1,1", false },
    { "0x09,-1,-1,-1,0|-1,-1,-1,-1,1", true },
    { "-1,0x1234,-1,-1,1", true },
    { "-1,0x1235,-1,-1,1", false },
    { "-1,-1,0xabcd,-1,1", true },
    { "-1,-1,0xabce,-1,1", false },
    { "-1,-1,-1,0x0123,1", true },
    { "-1,-1,-1,0x0124,1", false },
    { "-1,-1,-1,-1,1|-1,-1,-1,-1,0", true }, /* the first one decides */
  };
  static const char *const wrong[] = { "nonsense", "-1,-1,-1,1", "-1,-1,-1,-1,x", "1,2,3,4,5,6" };
  g_autoptr (SpiceUsbDevice) device = new_device (0x1234, "", "thing");

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (CwUsbFilter) filter = cw_usb_filter_parse (rows[i].text);

    g_test_message ("%s", rows[i].text);
    g_assert_nonnull (filter);
    g_assert_true (cw_usb_filter_allows (filter, device) == rows[i].allowed);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_null (cw_usb_filter_parse (wrong[i]));
  g_assert_null (cw_usb_filter_parse (NULL));
}

/* Media */

typedef struct {
  char *folder, *path;
  uint8_t bytes[8192];
  bool done, ok;
} Case;

static void
begin (Case *self, size_t size)
{
  g_autofree char *content = g_malloc (size);

  for (size_t i = 0; i < size; i++)
    content[i] = (char) ('a' + i % 23);
  *self = (Case){ .folder = g_dir_make_tmp ("caraway-medium-XXXXXX", NULL) };
  self->path = g_build_filename (self->folder, "image", NULL);
  g_assert_true (g_file_set_contents (self->path, content, (gssize) size, NULL));
}

static void
end (Case *self)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->path);
  g_free (self->folder);
}

static void
on_done (gpointer data, bool ok)
{
  Case *self = data;

  g_assert_false (self->done);
  self->done = true;
  self->ok = ok;
}

static bool
wait (Case *self)
{
  while (!self->done)
    g_main_context_iteration (NULL, TRUE);
  self->done = false;
  return self->ok;
}

static bool
read_some (Case *self, CwUsbMedium *medium, uint64_t offset, size_t size)
{
  memset (self->bytes, 0xee, sizeof self->bytes);
  cw_usb_medium_read (medium, offset, self->bytes, size, on_done, self);
  return wait (self);
}

static void
assert_bytes (Case *self, size_t offset, size_t n, size_t n_zeros)
{
  for (size_t i = 0; i < n; i++)
    g_assert_cmpint (self->bytes[i], ==, 'a' + (int) ((offset + i) % 23));
  for (size_t i = n; i < n + n_zeros; i++)
    g_assert_cmpint (self->bytes[i], ==, 0);
  g_assert_cmpint (self->bytes[n + n_zeros], ==, 0xee);
}

/* What is behind the end of the file is the filling of its last block. */
static void
test_medium_read (void)
{
  g_autoptr (CwUsbMedium) medium = NULL;
  Case c;

  begin (&c, 5000);
  medium = cw_usb_medium_open (c.path, false, 2048, NULL);
  g_assert_cmpuint (cw_usb_medium_size (medium), ==, 5000);
  g_assert_false (cw_usb_medium_is_writable (medium));
  g_assert_cmpstr (cw_usb_medium_path (medium), ==, c.path);
  g_assert_true (read_some (&c, medium, 100, 2048));
  assert_bytes (&c, 100, 2048, 0);
  g_assert_true (read_some (&c, medium, 4096, 2048));
  assert_bytes (&c, 4096, 904, 1144);
  g_assert_true (read_some (&c, medium, 5000, 100));
  assert_bytes (&c, 0, 0, 100);
  g_assert_true (read_some (&c, medium, UINT64_C (1) << 40, 100));
  assert_bytes (&c, 0, 0, 100);
  /* It has become shorter. */
  g_assert_cmpint (truncate (c.path, 1000), ==, 0);
  g_assert_true (read_some (&c, medium, 0, 1000));
  g_assert_false (read_some (&c, medium, 500, 1000));
  g_assert_false (read_some (&c, medium, 1000, 1000));
  end (&c);
}

static void
test_medium_written (void)
{
  g_autoptr (CwUsbMedium) medium = NULL;
  g_autofree char *content = NULL;
  gsize size;
  Case c;

  begin (&c, 4096);
  medium = cw_usb_medium_open (c.path, true, 512, NULL);
  g_assert_true (cw_usb_medium_is_writable (medium));
  memset (c.bytes, 'X', sizeof c.bytes);
  cw_usb_medium_write (medium, 512, c.bytes, 1024, on_done, &c);
  g_assert_false (c.done); /* it may take its time, and the medium may be let go of */
  g_assert_true (wait (&c));
  /* A file does not grow. */
  cw_usb_medium_write (medium, 4000, c.bytes, 512, on_done, &c);
  g_assert_true (wait (&c));
  cw_usb_medium_write (medium, 8192, c.bytes, 512, on_done, &c);
  g_assert_true (wait (&c));
  cw_usb_medium_flush (medium, on_done, &c);
  g_assert_true (wait (&c));
  g_assert_true (read_some (&c, medium, 0, 513));
  g_assert_cmpint (c.bytes[511], ==, 'a' + 511 % 23);
  g_assert_cmpint (c.bytes[512], ==, 'X');
  g_assert_true (g_file_get_contents (c.path, &content, &size, NULL));
  g_assert_cmpuint (size, ==, 4096);
  for (gsize i = 0; i < size; i++)
    g_assert_cmpint (content[i], ==, (i >= 512 && i < 1536) || i >= 4000 ? 'X' : 'a' + (int) (i % 23));
  end (&c);
}

static void
test_medium_read_only (void)
{
  g_autoptr (CwUsbMedium) medium = NULL;
  Case c;

  begin (&c, 4096);
  medium = cw_usb_medium_open (c.path, false, 512, NULL);
  cw_usb_medium_write (medium, 0, c.bytes, 512, on_done, &c);
  g_assert_false (wait (&c));
  end (&c);
}

/* The last reference goes while the medium is asked. */
static void
test_medium_let_go (void)
{
  CwUsbMedium *medium;
  Case c;

  begin (&c, 4096);
  medium = cw_usb_medium_open (c.path, true, 512, NULL);
  memset (c.bytes, 'X', sizeof c.bytes);
  cw_usb_medium_write (medium, 0, c.bytes, 512, on_done, &c);
  cw_usb_medium_unref (medium);
  g_assert_true (wait (&c));
  cw_usb_medium_unref (NULL);
  end (&c);
}

/* Readers share a file, also with one that writes; writers do not. The serial number is that of the file. */
static void
test_medium_shared (void)
{
  g_autoptr (CwUsbMedium) writer = NULL, reader = NULL, linked = NULL, other = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *link = NULL, *other_path = NULL;
  Case c;

  begin (&c, 4096);
  link = g_build_filename (c.folder, "link", NULL);
  other_path = g_build_filename (c.folder, "other", NULL);
  g_assert_cmpint (symlink ("image", link), ==, 0);
  g_assert_true (g_file_set_contents (other_path, "xx", 2, NULL));
  writer = cw_usb_medium_open (c.path, true, 512, NULL);
  reader = cw_usb_medium_open (c.path, false, 512, NULL);
  linked = cw_usb_medium_open (link, false, 512, NULL);
  other = cw_usb_medium_open (other_path, false, 512, NULL);
  g_assert_true (writer && reader && linked && other);
  g_assert_null (cw_usb_medium_open (link, true, 512, &error));
  g_assert_nonnull (strstr (error->message, "another program uses it"));
  g_assert_cmpstr (cw_usb_medium_serial (writer), ==, cw_usb_medium_serial (linked));
  g_assert_cmpstr (cw_usb_medium_serial (writer), !=, cw_usb_medium_serial (other));
  g_assert_cmpuint (strspn (cw_usb_medium_serial (writer), "0123456789ABCDEF"), ==, 20);
  g_clear_pointer (&writer, cw_usb_medium_unref);
  again = cw_usb_medium_open (link, true, 512, NULL);
  g_assert_nonnull (again);
  g_unlink (link);
  g_unlink (other_path);
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/usb-device/descriptions", test_descriptions);
  g_test_add_func ("/usb-device/names", test_names);
  g_test_add_func ("/usb-device/life", test_life);
  g_test_add_func ("/usb-device/filters", test_filters);
  g_test_add_func ("/usb-device/medium/read", test_medium_read);
  g_test_add_func ("/usb-device/medium/written", test_medium_written);
  g_test_add_func ("/usb-device/medium/read-only", test_medium_read_only);
  g_test_add_func ("/usb-device/medium/let-go", test_medium_let_go);
  g_test_add_func ("/usb-device/medium/shared", test_medium_shared);
  return g_test_run ();
}
