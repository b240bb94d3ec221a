/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shared folder's answers in their details: headers, properties, conditions, and what the file system refuses. */
#include "webdav-case.h"

#include "feature/webdav/webdav.h"
#include "spice-client.h"

#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <libphodav/phodav.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define XML "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define LOCK(scope) XML "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:" scope "/></D:lockscope></D:lockinfo>"
#define PROP(what) XML "<D:propfind xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:prop>" what "</D:prop></D:propfind>"
#define NAMES XML "<D:propfind xmlns:D=\"DAV:\"><D:propname/></D:propfind>"
#define UPDATE                                                                                                         \
  XML "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:Z=\"urn:schemas-microsoft-com:\" xmlns:x=\"urn:x\"><D:set><D:prop>"    \
      "<Z:a>1</Z:a><x:b/></D:prop></D:set></D:propertyupdate>"

static const WebdavRow reading[] = {
  { "GET", "/hello.txt", NULL, NULL, 200, "Content-Type: text/plain\r\n", NULL },
  { "GET", "/hello.txt", NULL, NULL, 200, "Accept-Ranges: bytes\r\n", "Content-Range" },
  { "GET", "/hello.txt", NULL, NULL, 200, "Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n", NULL },
  { "GET", "/hello.txt", NULL, NULL, 200, "ETag: \"d-3b9aca00-5\"\r\n", NULL },
  { "GET", "/hello.txt", "If-None-Match: %e\r\n", NULL, 304, "ETag: \"d-3b9aca00-5\"\r\n", "Hello" },
  { "HEAD", "/digits", "Range: bytes=2-4\r\n", NULL, 206, "Content-Length: 3\r\n", "\r\n\r\n2" },
  { "GET", "/digits", "Range: bytes=0-0\r\n", NULL, 206, "\r\n\r\n0", "\r\n\r\n01" },
  { "GET", "/digits", "Range: bytes=0-9\r\n", NULL, 200, "\r\n\r\n0123456789", NULL },
  { "GET", "/digits", "Range: bytes=9-9\r\n", NULL, 206, "\r\n\r\n9", NULL },
  { "GET", "/digits", "Range: bytes=7-20\r\n", NULL, 206, "\r\n\r\n789", NULL },
  { "GET", "/digits", "Range: bytes=7-10\r\n", NULL, 206, "Content-Range: bytes 7-9/10\r\n", NULL },
  { "GET", "/digits", "Range: bytes=10-12\r\n", NULL, 416, "Content-Range: bytes */10\r\n", "0123456789" },
  /* Several parts would be an answer of several parts: the whole is one, too. */
  { "GET", "/digits", "Range: bytes=0-1,5-6\r\n", NULL, 200, "\r\n\r\n0123456789", NULL },
  /* Whether the file is still the one of the condition is not compared. */
  { "GET", "/digits", "Range: bytes=2-4\r\nIf-Range: \"x\"\r\n", NULL, 200, "\r\n\r\n0123456789", NULL },
  { "GET", "/empty", NULL, NULL, 200, "Content-Length: 0\r\n", NULL },
  { "GET", "/pipe", NULL, NULL, 403, NULL, NULL },
  { "GET", "/socket", NULL, NULL, 403, NULL, NULL },
  { "GET", "/%ff", NULL, NULL, 404, NULL, NULL },
  { "OPTIONS", "/folder//", NULL, NULL, 400, NULL, NULL },
  { "PROPFIND", "/", "Depth: 1\r\n", NULL, 207, "/empty<", "pipe" },
  { "PROPFIND", "/", "Depth: 1\r\n", NULL, 207, "/empty<", "socket" },
  { "PROPFIND", "/", "Depth: 2\r\n", NULL, 403, "<D:propfind-finite-depth/>", NULL },
  { "PROPFIND", "/folder", "Depth: 0\r\n", NULL, 207, "<D:href>/folder/</D:href>", "inside" },
  { "PROPFIND", "/hello.txt", "Depth: 1\r\n", NULL, 207, "<D:href>/hello.txt</D:href>", NULL },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", NULL, 207, "<D:resourcetype/>", "404 Not Found" },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", NULL, 207, "<D:getcontentlength>13</D:getcontentlength>", NULL },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", NULL, 207, "<D:getcontenttype>text/plain</D:getcontenttype>", NULL },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", NULL, 207,
    "<D:getlastmodified>Sun, 09 Sep 2001 01:46:40 GMT</D:getlastmodified>", NULL },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", NULL, 207, "<D:getetag>&quot;d-3b9aca00-5&quot;</D:getetag>", NULL },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", NULL, 207, "<D:supportedlock><D:lockentry><D:lockscope><D:exclusive/>",
    NULL },
  { "PROPFIND", "/folder", "Depth: 0\r\n", NULL, 207, "<D:displayname>folder</D:displayname>", "getetag" },
  { "PROPFIND", "/folder", "Depth: 0\r\n", NULL, 207, "<D:collection/>", "getcontenttype" },
  { "PROPFIND", "/folder", "Depth: 0\r\n", NULL, 207, "<D:creationdate>", "getcontentlength" },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", NAMES, 207, "<D:getcontentlength/>", ">13<" },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", PROP ("<D:getcontentlength/><x:displayname/>"), 207,
    "<D:getcontentlength>13</D:getcontentlength></D:prop><D:status>HTTP/1.1 200 OK", NULL },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", PROP ("<D:getcontentlength/><x:displayname/>"), 207,
    "<P:displayname xmlns:P=\"urn:x\"/></D:prop><D:status>HTTP/1.1 404 Not Found",
    "hello.txt<"
    "/P:" },
  { "PROPFIND", "/%3Ca%26b%3E", "Depth: 0\r\n", NULL, 207, "<D:displayname>&lt;a&amp;b&gt;</D:displayname>", NULL },
  { "PROPFIND", "/", "Depth: 0\r\n", UPDATE, 400, NULL, NULL },
  /* The application's folders can be read, and nothing else. */
  { "PROPFIND", "/.spice-clipboard", "Depth: 0\r\n", NULL, 207, "<D:collection/>", NULL },
  { "OPTIONS", "/.spice-clipboard", NULL, NULL, 200, NULL, NULL },
  { "GET", "/.spice-clipboard/nothing", NULL, NULL, 404, NULL, NULL },
  { "PROPFIND", "/.spice-clipboard/nothing", "Depth: 0\r\n", NULL, 404, NULL, NULL },
  { "PUT", "/.spice-clipboard/new", NULL, "x", 403, NULL, NULL },
  { "DELETE", "/.spice-clipboard", NULL, NULL, 403, NULL, NULL },
  { "LOCK", "/.spice-clipboard", NULL, LOCK ("exclusive"), 403, NULL, NULL },
};

#define N15 "123456789012345"
#define N60 N15 N15 N15 N15
#define LONG_NAME N60 N60 N60 N60 N15

/* Names that are not UTF-8 or hold what XML does not: they are listed, and what is listed is there. */
static const WebdavRow odd_names[] = {
  { "PROPFIND", "/", "Depth: 1\r\n", NULL, 207, "<D:href>/b%FFd</D:href>", "&#x" },
  { "PROPFIND", "/", "Depth: 1\r\n", NULL, 207, "<D:displayname>a\357\277\275b\tc</D:displayname>", NULL },
  { "PROPFIND", "/a%01b%09c", "Depth: 0\r\n", NULL, 207, "<D:href>/a%01b%09c</D:href>", NULL },
  { "GET", "/b%FFd", NULL, NULL, 200, "\r\n\r\nodd", NULL },
  { "PROPFIND", "/b%FFd", "Depth: 0\r\n", NULL, 207, "<D:displayname>b\357\277\275d</D:displayname>", NULL },
  { "PUT", "/b%FFd", NULL, "even", 204, NULL, NULL },
  { "LOCK", "/b%FFd", NULL, LOCK ("exclusive"), 200, "<D:href>/b%FFd</D:href>", NULL },
  { "UNLOCK", "/b%FFd", "Lock-Token: %t\r\n", NULL, 204, NULL, NULL },
  { "PUT", "/n%FFw", NULL, "x", 400, NULL, NULL },
  { "MKCOL", "/n%FFw", NULL, NULL, 400, NULL, NULL },
  { "GET", "/f%FF/", NULL, NULL, 200, NULL, NULL },
  { "MOVE", "/b%FFd", "Destination: http://h/good\r\n", NULL, 201, NULL, NULL },
  { "GET", "/good", NULL, NULL, 200, "\r\n\r\neven", NULL },
  { "DELETE", "/f%FF", NULL, NULL, 204, NULL, NULL },
};

/* %e is the tag of the last answer that had one. */
static const WebdavRow conditions[] = {
  { "GET", "/digits", NULL, NULL, 200, "ETag: ", NULL },
  { "GET", "/digits", "If-None-Match: %e\r\n", NULL, 304, "ETag: ", NULL },
  { "GET", "/digits", "If-None-Match: \"x\", W/%e\r\n", NULL, 304, NULL, NULL },
  { "HEAD", "/digits", "If-None-Match: *\r\n", NULL, 304, NULL, NULL },
  { "GET", "/", "If-None-Match: *\r\n", NULL, 200, NULL, NULL },
  { "GET", "/digits", "If-None-Match: \"x\"\r\n", NULL, 200, NULL, NULL },
  { "GET", "/digits", "If-Match: \"x\"\r\n", NULL, 412, NULL, NULL },
  { "GET", "/digits", "If-Match: \"x\", %e\r\n", NULL, 200, NULL, NULL },
  { "PUT", "/digits", "If-None-Match: *\r\n", "lost", 412, NULL, NULL },
  { "PUT", "/digits", "If-Match: \"x\"\r\n", "lost", 412, NULL, NULL },
  { "PUT", "/digits", "If-Match: W/%e\r\n", "lost", 412, NULL, NULL },
  { "PUT", "/none", "If-Match: *\r\n", "lost", 412, NULL, NULL },
  { "DELETE", "/digits", "If-Match: \"x\"\r\n", NULL, 412, NULL, NULL },
  { "MOVE", "/digits", "If-Match: \"x\"\r\nDestination: http://h/x\r\n", NULL, 412, NULL, NULL },
  { "COPY", "/digits", "If-None-Match: %e\r\nDestination: http://h/x\r\n", NULL, 412, NULL, NULL },
  { "GET", "/digits", NULL, NULL, 200, "\r\n\r\n0123456789", NULL },
  { "PUT", "/digits", "If-Match: %e\r\n", "new", 204, NULL, NULL },
  { "PUT", "/none", "If-None-Match: *\r\n", "new", 201, NULL, NULL },
  { "GET", "/digits", "Range: bytes=3-\r\n", NULL, 416, "Content-Range: bytes */3\r\n", NULL },
  { "GET", "/digits", "Range: bytes=-0\r\n", NULL, 416, "Content-Range: bytes */3\r\n", NULL },
  { "GET", "/digits", "Range: bytes=2-\r\n", NULL, 206, "\r\n\r\nw", NULL },
};

static const WebdavRow writing[] = {
  { "PUT", "/part", "Content-Range: bytes 0-0/2\r\n", "x", 501, NULL, NULL },
  { "GET", "/part", NULL, NULL, 404, NULL, NULL },
  { "PUT", "/pipe", NULL, "x", 405, NULL, NULL },
  { "COPY", "/digits", "Destination: /copy\r\n", NULL, 201, NULL, NULL },
  { "MOVE", "/copy", "Destination: /moved%20copy\r\n", NULL, 201, NULL, NULL },
  { "GET", "/moved%20copy", NULL, NULL, 200, "\r\n\r\n0123456789", NULL },
  { "COPY", "/digits", "Destination: //h/copy\r\n", NULL, 400, NULL, NULL },
  { "COPY", "/digits", "Destination: copy\r\n", NULL, 400, NULL, NULL },
  { "COPY", "/digits", "Destination: /%FF\r\n", NULL, 400, NULL, NULL },
  { "PUT", "/" LONG_NAME, NULL, "x", 201, NULL, NULL },
  { "PUT", "/x" LONG_NAME, NULL, "x", 414, NULL, NULL },
  { "COPY", "/digits", "Destination: http://h/a%20copy/\r\n", NULL, 201, NULL, NULL },
  { "GET", "/a%20copy", NULL, NULL, 200, "\r\n\r\n0123456789", NULL },
  { "COPY", "/folder", "Destination: http://h/copied/\r\nDepth: infinity\r\n", NULL, 201, NULL, NULL },
  { "GET", "/copied/inside", NULL, NULL, 200, "\r\n\r\ninside", NULL },
  { "COPY", "/folder", "Destination: http://h/folders\r\nDepth: 0\r\n", NULL, 201, NULL, NULL },
  { "GET", "/folders/inside", NULL, NULL, 404, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/folders\r\nOverwrite: T\r\n", NULL, 204, NULL, NULL },
  { "GET", "/folders/inside", NULL, NULL, 200, "\r\n\r\ninside", NULL },
  /* Links to folders are not walked, whether they are copied, moved or written over. */
  { "COPY", "/trap", "Destination: http://h/x\r\n", NULL, 403, NULL, NULL },
  { "MOVE", "/trap", "Destination: http://h/x\r\n", NULL, 403, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/trap\r\n", NULL, 403, NULL, NULL },
  { "MOVE", "/a%20copy", "Destination: http://h/trap\r\n", NULL, 403, NULL, NULL },
  /* Nor is a folder copied or moved into itself under its other name. */
  { "COPY", "/folder", "Destination: http://h/also/x\r\n", NULL, 403, NULL, NULL },
  { "MOVE", "/folder", "Destination: http://h/also/x\r\n", NULL, 403, NULL, NULL },
  { "COPY", "/also/inside", "Destination: http://h/folder/inside\r\n", NULL, 403, NULL, NULL },
  { "COPY", "/pipe", "Destination: http://h/digits\r\n", NULL, 403, NULL, NULL },
  { "GET", "/digits", NULL, NULL, 200, "\r\n\r\n0123456789", NULL },
  { "PROPFIND", "/trap/loop", "Depth: 0\r\n", NULL, 207, NULL, NULL },
  { "DELETE", "/trap", NULL, NULL, 204, NULL, NULL },
  { "GET", "/folder/inside", NULL, NULL, 200, "\r\n\r\ninside", NULL },
  { "MKCOL", "/made/", NULL, NULL, 201, NULL, NULL },
  { "MKCOL", "/a", NULL, NULL, 201, NULL, NULL },
  { "PROPPATCH", "/hello.txt", NULL, UPDATE, 207,
    "<P:a xmlns:P=\"urn:schemas-microsoft-com:\"/></D:prop><D:status>HTTP/1.1 200 OK", NULL },
  { "PROPPATCH", "/hello.txt", NULL, UPDATE, 207, "<P:b xmlns:P=\"urn:x\"/></D:prop><D:status>HTTP/1.1 403 Forbidden",
    "<P:b xmlns:P=\"urn:x\"/></D:prop><D:status>HTTP/1.1 200" },
  { "PROPPATCH", "/%3Ca%26b%3E", NULL, UPDATE, 207, "<D:href>/%3Ca%26b%3E</D:href>", NULL },
  { "PROPPATCH", "/hello.txt", NULL, NAMES, 400, NULL, NULL },
};

static const WebdavRow locking[] = {
  { "LOCK", "/%C3%BC%26", NULL, LOCK ("exclusive"), 201, "<D:lockroot><D:href>/%C3%BC%26</D:href>", NULL },
  { "LOCK", "/hello.txt", NULL, LOCK ("exclusive"), 200, "<D:timeout>Second-86400</D:timeout>", NULL },
  { "LOCK", "/hello.txt", "If: (%t)\r\nTimeout: Infinite\r\n", NULL, 200, "<D:timeout>Second-86400</D:timeout>", NULL },
  { "LOCK", "/hello.txt", "If: (%t)\r\nTimeout: Second-0\r\n", NULL, 200, "<D:timeout>Second-1</D:timeout>", NULL },
  { "LOCK", "/hello.txt", "If: (%t)\r\nTimeout: Second-86401\r\n", NULL, 200, "<D:timeout>Second-86400</D:timeout>",
    NULL },
  /* A token of another name is none. */
  { "LOCK", "/digits", "If: (%t)\r\n", NULL, 412, NULL, NULL },
  { "MOVE", "/hello.txt", "Destination: http://h/moved\r\n", NULL, 423, NULL, NULL },
  { "MOVE", "/digits", "Destination: http://h/hello.txt\r\n", NULL, 423, NULL, NULL },
  { "PROPPATCH", "/hello.txt", NULL, UPDATE, 423, NULL, NULL },
  { "GET", "/hello.txt", NULL, NULL, 200, "Hello", NULL },
  { "MOVE", "/hello.txt", "Destination: http://h/moved\r\nIf: (%t)\r\n", NULL, 201, NULL, NULL },
  { "UNLOCK", "/nothing", "Lock-Token: %t\r\n", NULL, 404, NULL, NULL },
  { "LOCK", "/folder", NULL, LOCK ("exclusive"), 200, "<D:lockroot><D:href>/folder</D:href>", NULL },
  /* Of what is in it, and of nothing beside it. */
  { "LOCK", "/folder/inside", "If: (%t)\r\n", NULL, 200, "<D:depth>infinity</D:depth>", NULL },
  { "PUT", "/folders", NULL, "x", 201, NULL, NULL },
  { "PUT", "/folde", NULL, "x", 201, NULL, NULL },
  { "MKCOL", "/folder/made", NULL, NULL, 423, NULL, NULL },
  { "MKCOL", "/folder/made", "If: (%t)\r\n", NULL, 201, NULL, NULL },
  { "COPY", "/digits", "Destination: http://h/folder/copy\r\nIf: (%t)\r\n", NULL, 201, NULL, NULL },
  { "LOCK", "/folder/inside", NULL, LOCK ("exclusive"), 423, NULL, NULL },
  { "LOCK", "/", NULL, LOCK ("shared"), 423, NULL, NULL },
  { "UNLOCK", "/folder/inside", "Lock-Token: %t\r\n", NULL, 204, NULL, NULL },
  { "MKCOL", "/folder/again", NULL, NULL, 201, NULL, NULL },
  /* One's own shared lock is no exclusive one. */
  { "LOCK", "/digits", "Depth: 0\r\n", LOCK ("shared"), 200, NULL, NULL },
  { "PUT", "/digits", "If: (%t)\r\n", "x", 204, NULL, NULL },
  { "UNLOCK", "/digits", "Lock-Token: %t\r\n", NULL, 204, NULL, NULL },
  { "PUT", "/digits", NULL, "x", 204, NULL, NULL },
};

/* The whole folder is a folder, too. */
static const WebdavRow locked_root[] = {
  { "LOCK", "/", NULL, LOCK ("exclusive"), 200, "<D:lockroot><D:href>/</D:href>", NULL },
  { "PUT", "/new", NULL, "x", 423, NULL, NULL },
  { "PUT", "/folder/new", NULL, "x", 423, NULL, NULL },
  { "LOCK", "/digits", NULL, LOCK ("shared"), 423, NULL, NULL },
  { "PUT", "/new", "If: (%t)\r\n", "x", 201, NULL, NULL },
};

/* sysfs takes no new names, not even from root. */
static const WebdavRow refused[] = {
  { "PUT", "/caraway-test", NULL, "x", 403, NULL, NULL },
  { "LOCK", "/caraway-test", NULL, LOCK ("exclusive"), 403, NULL, NULL },
};

static char *
path_of (WebdavCase *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static void
put (WebdavCase *self, const char *name, const char *content)
{
  g_autofree char *path = path_of (self, name);

  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

/* What is neither file nor folder, an empty file, one with a name that has to be escaped, and one with a time. */
static void
put_details (WebdavCase *self)
{
  static const struct timespec times[] = { { 1000000000, 0 }, { 1000000000, 5000 } };
  g_autofree char *pipe = path_of (self, "pipe"), *at = path_of (self, "socket"), *hello = path_of (self, "hello.txt");
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (at);

  put (self, "empty", "");
  put (self, "<a&b>", "x");
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  g_assert_cmpint (utimensat (AT_FDCWD, hello, times, 0), ==, 0);
}

static void
check_creation (WebdavCase *self)
{
  g_autofree char *path = path_of (self, "hello.txt"), *date = NULL, *property = NULL;
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInfo) info = g_file_query_info (file, "time::*", 0, NULL, NULL);
  g_autoptr (GDateTime) created = g_file_info_get_creation_date_time (info);
  g_autoptr (GDateTime) changed = g_file_info_get_modification_date_time (info);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (g_date_time_to_unix (created ? created : changed));
  WebdavRow row = { "PROPFIND", "/hello.txt", "Depth: 0\r\n", NULL, 207, NULL, NULL };

  date = g_date_time_format_iso8601 (time);
  property = g_strdup_printf ("<D:creationdate>%s</D:creationdate>", date);
  row.with = property;
  webdav_run_rows (self, &row, 1);
}

static unsigned
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  unsigned n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

static bool
has_no_more_descriptors (gpointer before)
{
  return count_descriptors () <= *(unsigned *) before;
}

static void
test_reading (void)
{
  WebdavCase c;

  webdav_begin (&c);
  put_details (&c);
  webdav_run_rows (&c, reading, G_N_ELEMENTS (reading));
  check_creation (&c);
  webdav_end (&c);
}

/* Whatever has been asked for, nothing stays open. */
static void
test_descriptors (void)
{
  unsigned before;
  WebdavCase c;

  webdav_begin (&c);
  put_details (&c);
  webdav_run_rows (&c, reading, 2);
  before = count_descriptors ();
  webdav_run_rows (&c, reading, G_N_ELEMENTS (reading));
  webdav_run_rows (&c, writing, 3);
  webdav_run_rows (&c, locking, 3);
  client_await (has_no_more_descriptors, &before);
  webdav_end (&c);
}

static void
test_writing (void)
{
  g_autofree char *loop = NULL, *trap = NULL, *also = NULL;
  WebdavCase c;

  webdav_begin (&c);
  put_details (&c);
  trap = path_of (&c, "trap");
  loop = path_of (&c, "trap/loop");
  g_assert_cmpint (g_mkdir (trap, 0700), ==, 0);
  g_assert_cmpint (symlink ("../folder", loop), ==, 0);
  also = path_of (&c, "also");
  g_assert_cmpint (symlink ("folder", also), ==, 0);
  webdav_run_rows (&c, writing, G_N_ELEMENTS (writing));
  webdav_end (&c);
}

static void
test_odd_names (void)
{
  g_autofree char *folder = NULL;
  WebdavCase c;

  webdav_begin (&c);
  put (&c, "a\001b\tc", "x");
  put (&c, "b\377d", "odd");
  folder = path_of (&c, "f\377");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  webdav_run_rows (&c, odd_names, G_N_ELEMENTS (odd_names));
  webdav_end (&c);
}

static void
test_conditions (void)
{
  WebdavCase c;

  webdav_begin (&c);
  webdav_run_rows (&c, conditions, G_N_ELEMENTS (conditions));
  webdav_end (&c);
}

/* Whether root heeds them, in this thread, as everybody else does always. */
static void
heed_permissions (bool heed)
{
  struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  const uint32_t override = 1u << CAP_DAC_OVERRIDE;

  g_assert_cmpint (syscall (SYS_capget, &header, sets), ==, 0);
  sets[0].effective = heed ? sets[0].effective & ~override : sets[0].effective | (sets[0].permitted & override);
  g_assert_cmpint (syscall (SYS_capset, &header, sets), ==, 0);
}

/* A file that its owner has made read-only is, though its folder would let it be replaced. */
static void
test_protected (void)
{
  static const WebdavRow rows[] = {
    { "PUT", "/digits", NULL, "x", 403, NULL, NULL },
    { "GET", "/digits", NULL, NULL, 200, "\r\n\r\n0123456789", NULL },
    { "PUT", "/new", NULL, "x", 201, NULL, NULL },
  };
  g_autofree char *path = NULL;
  WebdavCase c;

  webdav_begin (&c);
  path = path_of (&c, "digits");
  g_assert_cmpint (g_chmod (path, 0444), ==, 0);
  heed_permissions (true);
  webdav_run_rows (&c, rows, G_N_ELEMENTS (rows));
  heed_permissions (false);
  g_assert_cmpint (fcntl (STDIN_FILENO, F_GETFD), !=, -1); /* nothing of the program's has been closed */
  webdav_end (&c);
}

static void
test_locking (void)
{
  WebdavCase c;

  webdav_begin (&c);
  webdav_run_rows (&c, locking, G_N_ELEMENTS (locking));
  webdav_end (&c);
  webdav_begin (&c);
  webdav_run_rows (&c, locked_root, G_N_ELEMENTS (locked_root));
  webdav_end (&c);
}

/* A lock ends by itself, and no other one with it. */
static void
test_expiry (void)
{
  static const WebdavRow rows[] = {
    { "LOCK", "/hello.txt", NULL, LOCK ("exclusive"), 200, NULL, NULL },
    { "LOCK", "/digits", "Timeout: Second-1\r\n", LOCK ("exclusive"), 200, "<D:timeout>Second-1<", NULL },
  };
  static const WebdavRow still = { "PUT", "/hello.txt", NULL, "x", 423, NULL, NULL };
  gint64 before;
  bool over = false;
  WebdavCase c;

  webdav_begin (&c);
  webdav_run_rows (&c, rows, 1);
  before = g_get_monotonic_time ();
  webdav_run_rows (&c, rows + 1, 1);
  while (!over) {
    GString *answer = webdav_request (&c, "PUT", "/digits", NULL, "x", 1);

    over = g_str_has_prefix (answer->str, "HTTP/1.1 204 ");
    g_assert_true (over || g_str_has_prefix (answer->str, "HTTP/1.1 423 "));
    g_string_free (answer, TRUE);
  }
  g_assert_cmpint (g_get_monotonic_time () - before, >=, G_USEC_PER_SEC);
  webdav_run_rows (&c, &still, 1);
  webdav_end (&c);
}

static void
test_refused (void)
{
  WebdavCase c;

  webdav_begin (&c);
  g_object_set (c.session, "shared-dir", "/sys", NULL);
  webdav_run_rows (&c, refused, G_N_ELEMENTS (refused));
  g_object_set (c.session, "shared-dir", c.folder, NULL);
  webdav_end (&c);
}

/* A program that asks for the server when a guest has been served already: what it adds is there for the next request,
 * and the shared folder with it. */
/* Threads of the process that serve folders, by their name. */
static unsigned
n_servers (void)
{
  GDir *tasks = g_dir_open ("/proc/self/task", 0, NULL);
  const char *task;
  unsigned n = 0;

  while ((task = g_dir_read_name (tasks))) {
    g_autofree char *path = g_build_filename ("/proc/self/task", task, "comm", NULL), *name = NULL;

    n += g_file_get_contents (path, &name, NULL, NULL) && g_str_equal (name, "webdav\n");
  }
  g_dir_close (tasks);
  return n;
}

static bool
has_no_server (gpointer data)
{
  return n_servers () == 0;
}

/* Files are read in a thread of their own, until the program asks for the object that it may add folders to: that is
 * the program's own thread's. */
static void
test_thread (void)
{
  static const WebdavRow row = { "GET", "/hello.txt", NULL, NULL, 200, "\r\n\r\nHello", NULL };
  g_autoptr (GObject) server = NULL;
  WebdavCase c;

  webdav_begin (&c);
  g_assert_cmpuint (n_servers (), ==, 0);
  webdav_run_rows (&c, &row, 1);
  g_assert_cmpuint (n_servers (), ==, 1);
  server = g_object_ref (cw_webdav_server_object (c.session));
  client_await (has_no_server, NULL);
  webdav_run_rows (&c, &row, 1);
  g_assert_cmpuint (n_servers (), ==, 0);
  webdav_end (&c);
}

static void
test_asked_late (void)
{
  static const WebdavRow before = { "PROPFIND", "/added", "Depth: 0\r\n", NULL, 404, NULL, NULL };
  static const WebdavRow after[] = {
    { "PROPFIND", "/added", "Depth: 0\r\n", NULL, 207, "<D:collection/>", NULL },
    { "GET", "/hello.txt", NULL, NULL, 200, "\r\n\r\nHello", NULL },
  };
  g_autoptr (GObject) server = NULL;
  g_autoptr (GFile) root = NULL;
  PhodavVirtualDir *added;
  WebdavCase c;

  webdav_begin (&c);
  webdav_run_rows (&c, &before, 1);
  server = g_object_ref (cw_webdav_server_object (c.session));
  g_object_get (server, "root-file", &root, NULL);
  added = phodav_virtual_dir_new_dir (PHODAV_VIRTUAL_DIR (root), "/added", NULL);
  g_assert_nonnull (added);
  g_object_unref (added);
  webdav_run_rows (&c, after, G_N_ELEMENTS (after));
  webdav_end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/webdav-details/reading", test_reading);
  g_test_add_func ("/webdav-details/descriptors", test_descriptors);
  g_test_add_func ("/webdav-details/writing", test_writing);
  g_test_add_func ("/webdav-details/odd-names", test_odd_names);
  g_test_add_func ("/webdav-details/conditions", test_conditions);
  g_test_add_func ("/webdav-details/protected", test_protected);
  g_test_add_func ("/webdav-details/locking", test_locking);
  g_test_add_func ("/webdav-details/expiry", test_expiry);
  g_test_add_func ("/webdav-details/refused", test_refused);
  g_test_add_func ("/webdav-details/asked-late", test_asked_late);
  g_test_add_func ("/webdav-details/thread", test_thread);
  return g_test_run ();
}
