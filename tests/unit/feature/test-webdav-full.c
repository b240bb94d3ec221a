/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk that takes no more, in the middle: whatever was asked for, the guest is told, nothing half-written has a name,
 * and what stood there stays. */
#include "webdav-case.h"

#include "spice-client.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

/* Bytes that a file may have; no whole number of chunks, so that the last write is a short one. */
#define ROOM 300001

static struct rlimit before;

static void
limit (bool limited)
{
  const struct rlimit little = { ROOM, before.rlim_max };

  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, limited ? &little : &before), ==, 0);
}

static void
put_large (WebdavCase *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL), *bytes = g_strnfill (2 * ROOM, 'x');

  g_assert_true (g_file_set_contents (path, bytes, -1, NULL));
}

static void
check_content (WebdavCase *self, const char *name, const char *expected)
{
  g_autofree char *content = webdav_content_of (self, name);

  g_assert_cmpstr (content, ==, expected);
}

/* Rows on a disk that is nearly full. */
static void
run_limited (WebdavCase *self, const WebdavRow *rows, size_t n)
{
  limit (true);
  webdav_run_rows (self, rows, n);
  limit (false);
  client_await (webdav_has_no_upload, self);
}

static void
upload (WebdavCase *self, const char *path, size_t size, unsigned status)
{
  g_autofree char *bytes = g_strnfill (size, 'x');
  const WebdavRow row = { "PUT", path, NULL, bytes, status, NULL, NULL };

  run_limited (self, &row, 1);
}

static void
test_upload (void)
{
  g_autofree char *fits = NULL;
  WebdavCase c;

  webdav_begin (&c);
  upload (&c, "/fits", ROOM - 1, 201);
  upload (&c, "/fits", ROOM, 204);
  upload (&c, "/fits", ROOM + 1, 507);
  fits = webdav_content_of (&c, "fits");
  g_assert_cmpuint (strlen (fits), ==, ROOM);
  upload (&c, "/new", ROOM + 1, 507);
  upload (&c, "/hello.txt", 4 * ROOM, 507);
  check_content (&c, "new", NULL);
  check_content (&c, "hello.txt", "Hello, guest\n");
  webdav_end (&c);
}

static const WebdavRow copies[] = {
  { "COPY", "/large", "Destination: http://h/new\r\n", NULL, 507, NULL, NULL },
  { "COPY", "/large", "Destination: http://h/hello.txt\r\n", NULL, 507, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/new\r\n", NULL, 507, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/other\r\n", NULL, 507, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/digits\r\n", NULL, 507, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/other\r\nDepth: 0\r\n", NULL, 204, NULL, NULL },
};

static void
test_copy (void)
{
  g_autofree char *other = NULL, *inside = NULL;
  WebdavCase c;

  webdav_begin (&c);
  other = g_build_filename (c.folder, "other", NULL);
  inside = g_build_filename (other, "kept", NULL);
  put_large (&c, "large");
  put_large (&c, "folder/large");
  g_assert_cmpint (g_mkdir (other, 0700), ==, 0);
  g_assert_true (g_file_set_contents (inside, "kept", -1, NULL));
  run_limited (&c, copies, G_N_ELEMENTS (copies) - 1);
  check_content (&c, "new", NULL);
  check_content (&c, "hello.txt", "Hello, guest\n");
  check_content (&c, "digits", "0123456789");
  check_content (&c, "other/kept", "kept");
  check_content (&c, "other/inside", NULL);
  run_limited (&c, &copies[G_N_ELEMENTS (copies) - 1], 1);
  check_content (&c, "other/kept", NULL);
  check_content (&c, "folder/inside", "inside");
  webdav_end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_test_add_func ("/webdav-full/upload", test_upload);
  g_test_add_func ("/webdav-full/copy", test_copy);
  return g_test_run ();
}
