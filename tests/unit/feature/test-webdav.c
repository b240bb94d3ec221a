/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's requests to the shared folder, one after the other, through the frames of a webdav channel. */
#include "webdav-case.h"

#include "spice-client.h"

#include <glib/gstdio.h>
#include <string.h>

#define XML "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define LOCK(scope) XML "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:" scope "/></D:lockscope></D:lockinfo>"
#define PROP(what) XML "<D:propfind xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:prop>" what "</D:prop></D:propfind>"
#define UPDATE(space)                                                                                                  \
  XML "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:Z=\"" space "\"><D:set><D:prop><Z:a>1</Z:a></D:prop></D:set>"          \
      "</D:propertyupdate>"

static const WebdavRow reading[] = {
  { "GET", "/hello.txt", NULL, NULL, 200, "\r\n\r\nHello, guest\n", NULL },
  { "GET", "/nothing", NULL, NULL, 404, NULL, NULL },
  { "HEAD", "/hello.txt", NULL, NULL, 200, "Content-Length: 13\r\n", "Hello" },
  { "GET", "/folder/inside", NULL, NULL, 200, "\r\n\r\ninside", NULL },
  { "GET", "/link-in", NULL, NULL, 200, "\r\n\r\ninside", NULL },
  { "GET", "/link-out", NULL, NULL, 404, NULL, "SECRET" },
  { "GET", "/dir-out/secret", NULL, NULL, 404, NULL, "SECRET" },
  { "GET", "//secret", NULL, NULL, 400, NULL, "SECRET" },
  { "GET", "/folder//inside", NULL, NULL, 400, NULL, NULL },
  { "GET", "/digits", "Range: bytes=2-4\r\n", NULL, 206, "\r\n\r\n234", "\r\n\r\n2345" },
  { "GET", "/digits", "Range: bytes=2-4\r\n", NULL, 206, "Content-Range: bytes 2-4/10\r\n", NULL },
  { "GET", "/digits", "Range: bytes=-1\r\n", NULL, 206, "\r\n\r\n9", "\r\n\r\n8" },
  { "GET", "/digits", "Range: bytes=7-\r\n", NULL, 206, "\r\n\r\n789", "\r\n\r\n6" },
  { "GET", "/digits", NULL, NULL, 200, "\r\n\r\n0123456789", NULL },
  { "GET", "/digits", "If-None-Match: %e\r\n", NULL, 304, NULL, "\r\n\r\n0123" },
  { "GET", "/digits", "If-None-Match: \"other\"\r\n", NULL, 200, "\r\n\r\n0123", NULL },
  { "OPTIONS", "/", NULL, NULL, 200, "DAV: 1,2\r\n", NULL },
  { "OPTIONS", "/nothing", NULL, NULL, 200, NULL, NULL },
  { "POST", "/hello.txt", NULL, "x", 405, NULL, NULL },
  { "PATCH", "/hello.txt", NULL, "x", 405, NULL, NULL },
  { "PROPFIND", "/", "Depth: 0\r\n", NULL, 207, "<D:href>/</D:href>", "hello.txt" },
  { "PROPFIND", "/", "Depth: 1\r\n", NULL, 207, "<D:href>/hello.txt</D:href>", "link-out" },
  { "PROPFIND", "/", "Depth: 1\r\n", NULL, 207, "<D:href>/folder/</D:href>", "dir-out" },
  { "PROPFIND", "/", "Depth: 1\r\n", NULL, 207, "<D:resourcetype><D:collection/></D:resourcetype>", "inside<" },
  { "PROPFIND", "/folder/", "Depth: 1\r\n", NULL, 207, "<D:href>/folder/inside</D:href>", NULL },
  { "PROPFIND", "/", NULL, NULL, 403, "<D:propfind-finite-depth/>", NULL },
  { "PROPFIND", "/", "Depth: infinity\r\n", NULL, 403, "<D:propfind-finite-depth/>", NULL },
  { "PROPFIND", "/nothing", "Depth: 0\r\n", NULL, 404, NULL, NULL },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", PROP ("<D:getcontentlength/>"), 207,
    "<D:getcontentlength>13</D:getcontentlength>", "404 Not Found" },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", PROP ("<x:y/>"), 207,
    "<P:y xmlns:P=\"urn:x\"/></D:prop><D:status>HTTP/1.1 404 Not Found", "200 OK" },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", PROP ("<D:getcontenttype/>"), 207,
    "<D:getcontenttype>text/plain</D:getcontenttype>", NULL },
  { "PROPFIND", "/folder", "Depth: 0\r\n", PROP ("<D:getcontentlength/>"), 207, "404 Not Found", "200 OK" },
  { "PROPFIND", "/hello.txt", "Depth: 0\r\n", XML "<D:propfind xmlns:D=\"DAV:\"><D:propname/></D:propfind>", 207,
    "<D:displayname/>", "<D:displayname>" },
  { "PROPFIND", "/", "Depth: 0\r\n", "<broken><", 400, NULL, NULL },
  { "PROPFIND", "/", "Depth: 0\r\n", XML "<D:other xmlns:D=\"DAV:\"/>", 400, NULL, NULL },
};

/* The last tag, as it stands in XML. */
static void
check_tag_property (WebdavCase *self)
{
  g_autofree char *tag = g_markup_escape_text (self->tag, -1);
  g_autofree char *property = g_strdup_printf ("<D:getetag>%s</D:getetag>", tag);
  GString *answer = webdav_request (self, "PROPFIND", "/digits", "Depth: 0\r\n", NULL, 0);

  g_assert_nonnull (strstr (answer->str, property));
  g_string_free (answer, TRUE);
}

static const WebdavRow writing[] = {
  { "PUT", "/new.txt", NULL, "new", 201, NULL, NULL },
  { "GET", "/new.txt", NULL, NULL, 200, "\r\n\r\nnew", NULL },
  { "PUT", "/new.txt", NULL, "newer", 204, NULL, NULL },
  { "GET", "/new.txt", NULL, NULL, 200, "\r\n\r\nnewer", NULL },
  { "PUT", "/%C3%BC%20b%25%23.txt", NULL, "x", 201, NULL, NULL },
  { "PROPFIND", "/", "Depth: 1\r\n", NULL, 207, "<D:href>/%C3%BC%20b%25%23.txt</D:href>", NULL },
  { "PROPFIND", "/%C3%BC%20b%25%23.txt", "Depth: 0\r\n", PROP ("<D:displayname/>"), 207,
    "<D:displayname>\303\274 b%#.txt</D:displayname>", NULL },
  { "PUT", "/no/such", NULL, "x", 409, NULL, NULL },
  { "PUT", "/", NULL, "x", 403, NULL, NULL },
  { "PUT", "/folder", NULL, "x", 405, NULL, NULL },
  { "PUT", "/link-out", NULL, "EVIL", 409, NULL, NULL },
  { "MKCOL", "/made", NULL, NULL, 201, NULL, NULL },
  { "MKCOL", "/made", NULL, NULL, 405, NULL, NULL },
  { "MKCOL", "/no/such", NULL, NULL, 409, NULL, NULL },
  { "MKCOL", "/", NULL, NULL, 403, NULL, NULL },
  { "COPY", "/hello.txt", "Destination: http://h/made/hello\r\n", NULL, 201, NULL, NULL },
  { "GET", "/made/hello", NULL, NULL, 200, "Hello, guest", NULL },
  { "COPY", "/folder", "Destination: http://h/copied\r\n", NULL, 201, NULL, NULL },
  { "GET", "/copied/inside", NULL, NULL, 200, "inside", NULL },
  { "COPY", "/folder", "Destination: http://h/copied\r\nOverwrite: F\r\n", NULL, 412, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/copied\r\nOverwrite: T\r\nDepth: 0\r\n", NULL, 204, NULL, NULL },
  { "GET", "/copied/inside", NULL, NULL, 404, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/x\r\nDepth: 1\r\n", NULL, 400, NULL, NULL },
  { "COPY", "/folder", NULL, NULL, 400, NULL, NULL },
  { "COPY", "/folder", "Destination: ::::\r\n", NULL, 400, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/folder/deeper\r\n", NULL, 403, NULL, NULL },
  { "COPY", "/folder/inside", "Destination: http://h/folder\r\n", NULL, 403, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/\r\n", NULL, 403, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/no/such\r\n", NULL, 409, NULL, NULL },
  { "COPY", "/nothing", "Destination: http://h/x\r\n", NULL, 404, NULL, NULL },
  { "COPY", "/", "Destination: http://h/x\r\n", NULL, 403, NULL, NULL },
  { "MOVE", "/copied", "Destination: http://h/moved\r\n", NULL, 201, NULL, NULL },
  { "PROPFIND", "/copied", "Depth: 0\r\n", NULL, 404, NULL, NULL },
  { "PROPFIND", "/moved", "Depth: 0\r\n", NULL, 207, NULL, NULL },
  { "MOVE", "/nothing", "Destination: http://h/x\r\n", NULL, 404, NULL, NULL },
  { "MOVE", "/new.txt", "Destination: http://h/folderx\r\n", NULL, 201, NULL, NULL },
  { "GET", "/folderx", NULL, NULL, 200, "newer", NULL },
  { "DELETE", "/moved", NULL, NULL, 204, NULL, NULL },
  { "DELETE", "/moved", NULL, NULL, 404, NULL, NULL },
  { "DELETE", "/", NULL, NULL, 403, NULL, NULL },
  { "DELETE", "/dir-out", NULL, NULL, 404, NULL, NULL },
  { "DELETE", "/link-in", NULL, NULL, 204, NULL, NULL },
  { "GET", "/folder/inside", NULL, NULL, 200, "inside", NULL },
  { "PROPPATCH", "/hello.txt", NULL, UPDATE ("urn:schemas-microsoft-com:"), 207,
    "<P:a xmlns:P=\"urn:schemas-microsoft-com:\"/></D:prop><D:status>HTTP/1.1 200 OK", "403 Forbidden" },
  { "PROPPATCH", "/hello.txt", NULL, UPDATE ("urn:other"), 207,
    "<P:a xmlns:P=\"urn:other\"/></D:prop><D:status>HTTP/1.1 403 Forbidden", "200 OK" },
  { "PROPPATCH", "/hello.txt", NULL, NULL, 400, NULL, NULL },
  { "PROPPATCH", "/nothing", NULL, UPDATE ("urn:other"), 404, NULL, NULL },
};

static const WebdavRow locking[] = {
  { "LOCK", "/hello.txt", "Depth: 0\r\nTimeout: Infinite, Second-3600\r\n", LOCK ("exclusive"), 200,
    "<D:timeout>Second-3600</D:timeout>", "<D:shared/>" },
  { "PUT", "/hello.txt", NULL, "thief", 423, NULL, NULL },
  { "DELETE", "/hello.txt", NULL, NULL, 423, NULL, NULL },
  { "COPY", "/digits", "Destination: http://h/hello.txt\r\n", NULL, 423, NULL, NULL },
  { "PUT", "/other", NULL, "x", 201, NULL, NULL },
  { "PUT", "/hello.txt", "If: (%t)\r\n", "owner", 204, NULL, NULL },
  { "LOCK", "/hello.txt", NULL, LOCK ("exclusive"), 423, NULL, NULL },
  { "LOCK", "/hello.txt", NULL, LOCK ("shared"), 423, NULL, NULL },
  { "LOCK", "/hello.txt", "If: (%t)\r\nTimeout: Second-99999999999999999999\r\n", NULL, 200,
    "<D:timeout>Second-86400</D:timeout>", NULL },
  { "LOCK", "/hello.txt", "If: (<urn:uuid:0>)\r\n", NULL, 412, NULL, NULL },
  { "LOCK", "/hello.txt", NULL, NULL, 400, NULL, NULL },
  { "LOCK", "/hello.txt", "Depth: 1\r\n", LOCK ("exclusive"), 400, NULL, NULL },
  { "LOCK", "/digits", NULL, "<a>", 400, NULL, NULL },
  { "LOCK", "/digits", NULL, XML "<D:other xmlns:D=\"DAV:\"/>", 400, NULL, NULL },
  { "UNLOCK", "/hello.txt", NULL, NULL, 400, NULL, NULL },
  { "UNLOCK", "/hello.txt", "Lock-Token: <urn:uuid:0>\r\n", NULL, 409, NULL, NULL },
  { "UNLOCK", "/digits", "Lock-Token: %t\r\n", NULL, 409, NULL, NULL },
  { "UNLOCK", "/hello.txt", "Lock-Token: %t\r\n", NULL, 204, NULL, NULL },
  { "PUT", "/hello.txt", NULL, "anybody", 204, NULL, NULL },
  { "LOCK", "/hello.txt", NULL, LOCK ("shared"), 200, "<D:shared/>", NULL },
  { "LOCK", "/hello.txt", NULL, LOCK ("shared"), 200, "<D:shared/>", NULL },
  { "LOCK", "/hello.txt", NULL, LOCK ("exclusive"), 423, NULL, NULL },
  { "LOCK", "/locked", NULL, LOCK ("exclusive"), 201, "<D:depth>infinity</D:depth>", NULL },
  { "GET", "/locked", NULL, NULL, 200, "Content-Length: 0\r\n", NULL },
  { "LOCK", "/no/such", NULL, LOCK ("exclusive"), 409, NULL, NULL },
  { "LOCK", "/folder", NULL, LOCK ("exclusive"), 200, NULL, NULL },
  { "PUT", "/folder/new", NULL, "x", 423, NULL, NULL },
  { "PUT", "/folder/new", "If: (%t)\r\n", "x", 201, NULL, NULL },
  { "UNLOCK", "/folder", "Lock-Token: %t\r\n", NULL, 204, NULL, NULL },
  { "LOCK", "/folder", "Depth: 0\r\n", LOCK ("exclusive"), 200, "<D:depth>0</D:depth>", NULL },
  { "PUT", "/folder/newer", NULL, "x", 201, NULL, NULL },
  { "UNLOCK", "/folder", "Lock-Token: %t\r\n", NULL, 204, NULL, NULL },
  { "LOCK", "/folder/new", NULL, LOCK ("exclusive"), 200, NULL, NULL },
  { "DELETE", "/folder", NULL, NULL, 423, NULL, NULL },
  { "LOCK", "/folder", NULL, LOCK ("exclusive"), 423, NULL, NULL },
  { "LOCK", "/folder", "Depth: 0\r\n", LOCK ("exclusive"), 200, NULL, NULL },
  /* One of the two is somebody else's. */
  { "DELETE", "/folder", "If: (%t)\r\n", NULL, 423, NULL, NULL },
  { "PUT", "/folder/newer", "If: (%t)\r\n", "y", 204, NULL, NULL },
  /* Of a file that is shared, one holder is enough. */
  { "LOCK", "/digits", NULL, LOCK ("shared"), 200, NULL, NULL },
  { "LOCK", "/digits", NULL, LOCK ("shared"), 200, NULL, NULL },
  { "PUT", "/digits", NULL, "x", 423, NULL, NULL },
  { "PUT", "/digits", "If: (%t)\r\n", "x", 204, NULL, NULL },
};

static const WebdavRow read_only[] = {
  { "GET", "/hello.txt", NULL, NULL, 200, "Hello, guest", NULL },
  { "PUT", "/new.txt", NULL, "x", 403, NULL, NULL },
  { "PUT", "/hello.txt", NULL, "x", 403, NULL, NULL },
  { "MKCOL", "/made", NULL, NULL, 403, NULL, NULL },
  { "DELETE", "/hello.txt", NULL, NULL, 403, NULL, NULL },
  { "MOVE", "/hello.txt", "Destination: http://h/x\r\n", NULL, 403, NULL, NULL },
  { "COPY", "/hello.txt", "Destination: http://h/x\r\n", NULL, 403, NULL, NULL },
  { "COPY", "/folder", "Destination: http://h/x\r\n", NULL, 403, NULL, NULL },
  { "LOCK", "/x", NULL, LOCK ("exclusive"), 403, NULL, NULL },
  { "PROPPATCH", "/hello.txt", NULL, UPDATE ("urn:other"), 403, NULL, NULL },
};

static const WebdavRow nothing_shared[] = {
  { "GET", "/hello.txt", NULL, NULL, 404, NULL, "Hello" },
  { "PROPFIND", "/", "Depth: 0\r\n", NULL, 404, NULL, NULL },
  { "PUT", "/new.txt", NULL, "x", 409, NULL, NULL },
  { "OPTIONS", "/", NULL, NULL, 200, NULL, NULL },
};

static void
test_reading (void)
{
  WebdavCase c;

  webdav_begin (&c);
  webdav_run_rows (&c, reading, G_N_ELEMENTS (reading));
  check_tag_property (&c);
  webdav_end (&c);
}

/* What an upload puts in a file's place is no more secret than that was, and no less. */
static void
check_mode (WebdavCase *self)
{
  static const WebdavRow again = { "PUT", "/hello.txt", NULL, "again", 204, NULL, NULL };
  g_autofree char *path = g_build_filename (self->folder, "hello.txt", NULL);
  GStatBuf status;

  g_assert_cmpint (g_chmod (path, 0640), ==, 0);
  webdav_run_rows (self, &again, 1);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmphex (status.st_mode & 07777, ==, 0640);
}

static void
test_writing (void)
{
  g_autofree char *secret = NULL, *path = NULL;
  WebdavCase c;

  webdav_begin (&c);
  webdav_run_rows (&c, writing, G_N_ELEMENTS (writing));
  path = g_build_filename (c.top, "secret", NULL);
  g_assert_true (g_file_get_contents (path, &secret, NULL, NULL));
  g_assert_cmpstr (secret, ==, "SECRET");
  check_mode (&c);
  webdav_end (&c);
}

static void
test_locking (void)
{
  g_autofree char *content = NULL;
  WebdavCase c;

  webdav_begin (&c);
  webdav_run_rows (&c, locking, G_N_ELEMENTS (locking));
  content = webdav_content_of (&c, "hello.txt");
  g_assert_cmpstr (content, ==, "anybody");
  webdav_end (&c);
}

/* What is shared, and how, counts from one request to the next. */
static void
test_switches (void)
{
  g_autofree char *content = NULL;
  WebdavCase c;

  webdav_begin (&c);
  g_object_set (c.session, "share-dir-ro", TRUE, NULL);
  webdav_run_rows (&c, read_only, G_N_ELEMENTS (read_only));
  g_object_set (c.session, "share-dir-ro", FALSE, NULL);
  webdav_run_rows (&c, writing, 2);
  g_object_set (c.session, "shared-dir", NULL, NULL);
  webdav_run_rows (&c, nothing_shared, G_N_ELEMENTS (nothing_shared));
  g_object_set (c.session, "shared-dir", c.folder, NULL);
  webdav_run_rows (&c, reading, 1);
  content = webdav_content_of (&c, "new.txt");
  g_assert_cmpstr (content, ==, "new");
  webdav_end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/webdav/reading", test_reading);
  g_test_add_func ("/webdav/writing", test_writing);
  g_test_add_func ("/webdav/locking", test_locking);
  g_test_add_func ("/webdav/switches", test_switches);
  return g_test_run ();
}
