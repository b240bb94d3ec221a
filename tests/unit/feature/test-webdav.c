/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's requests to the shared folder, one after the other, through the frames of a webdav channel. */
#include "../session/steps.h"

#include "channel-webdav.h"
#include "channel/host.h"
#include "channel/main/main.h"
#include "feature/webdav/webdav.h"
#include "session/registry.h"
#include "spice-client.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_WEBDAV, spice_webdav_channel_get_type, NULL },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { &cw_webdav_feature, NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;

#define HEADER 10 /* of a frame */
#define MAX_FRAME 65000
#define MAX_CONNECTIONS 256

static const uint8_t channels[] = { CW_CHANNEL_WEBDAV, 0 };

typedef struct {
  char *top, *folder; /* the shared one is inside */
  Steps *steps;
  SpiceSession *session;
  SpiceChannel *channel;
  GByteArray *stream; /* what has come of frames that are not taken yet */
  gint64 last_id;
  char *token, *tag; /* of the last answer that had one */
} Case;

static Case *beginning;

static void
share (SpiceSession *session)
{
  g_object_set (session, "shared-dir", beginning->folder, NULL);
}

static void
put_file (Case *self, const char *name, const char *content)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL), *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static void
put_link (Case *self, const char *name, const char *target)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static char *
content_of (Case *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  char *content = NULL;

  g_file_get_contents (path, &content, NULL, NULL);
  return content;
}

static bool
is_open (gpointer channel)
{
  gboolean opened;

  g_object_get (channel, "port-opened", &opened, NULL);
  return opened;
}

static bool
is_closed (gpointer channel)
{
  return !is_open (channel);
}

static void
set_open (Case *self, bool open)
{
  steps_send (self->steps, CW_CHANNEL_WEBDAV, CW_MSG_PORT_EVENT,
              &(CwMsgPortEvent){ open ? CW_PORT_EVENT_OPENED : CW_PORT_EVENT_CLOSED });
  g_assert_true (client_run_until (60000, open ? is_open : is_closed, self->channel));
}

static void
begin (Case *self)
{
  g_autofree char *secret = NULL;

  *self = (Case){ .top = g_dir_make_tmp ("caraway-webdav-XXXXXX", NULL), .stream = g_byte_array_new () };
  self->folder = g_build_filename (self->top, "shared", NULL);
  secret = g_build_filename (self->top, "secret", NULL);
  g_assert_true (g_file_set_contents (secret, "SECRET", -1, NULL));
  put_file (self, "hello.txt", "Hello, guest\n");
  put_file (self, "folder/inside", "inside");
  put_file (self, "digits", "0123456789");
  put_link (self, "link-out", "../secret");
  put_link (self, "link-in", "folder/inside");
  put_link (self, "dir-out", "..");
  beginning = self;
  self->steps = steps_new (channels, 1, 0);
  self->session = steps_session (self->steps, share);
  self->channel = client_channel (self->session, CW_CHANNEL_WEBDAV, 0);
  steps_send (self->steps, CW_CHANNEL_WEBDAV, CW_MSG_PORT_INIT,
              &(CwMsgPortInit){ .name = { (const uint8_t *) "org.spice-space.webdav.0", 25 }, .opened = 0 });
  set_open (self, true);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    remove_tree (child);
  }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
end (Case *self)
{
  client_end (self->session);
  steps_free (self->steps);
  remove_tree (self->top);
  g_free (self->top);
  g_free (self->folder);
  g_byte_array_unref (self->stream);
  g_free (self->token);
  g_free (self->tag);
}

/* --- frames ----------------------------------------------------------------------------------------------------- */

static void
send_frame (Case *self, gint64 id, const void *bytes, size_t size)
{
  g_autofree uint8_t *frame = g_malloc (HEADER + size);

  for (unsigned i = 0; i < 8; i++)
    frame[i] = (uint8_t) ((guint64) id >> 8 * i);
  frame[8] = (uint8_t) size;
  frame[9] = (uint8_t) (size >> 8);
  if (size > 0)
    memcpy (frame + HEADER, bytes, size);
  steps_send_bytes (self->steps, CW_CHANNEL_WEBDAV, CW_MSG_SPICEVMC_DATA, frame, HEADER + size);
}

typedef struct {
  Case *owner;
  gint64 id;
  const char *text;
  size_t size;
  int is_over; /* atomic */
} Speech;

static gpointer
speak (gpointer data)
{
  Speech *self = data;

  for (size_t at = 0; at < self->size; at += MAX_FRAME)
    send_frame (self->owner, self->id, self->text + at, MIN (MAX_FRAME, self->size - at));
  g_atomic_int_set (&self->is_over, 1);
  return NULL;
}

static bool
is_said (gpointer data)
{
  return g_atomic_int_get (&((Speech *) data)->is_over) != 0;
}

/* In another thread, as the client of this one has to read what is more than the system keeps. */
static void
say (Case *self, gint64 id, const char *text, size_t size)
{
  Speech speech = { self, id, text, size, 0 };
  GThread *thread = g_thread_new ("speech", speak, &speech);

  g_assert_true (client_run_until (60000, is_said, &speech));
  g_thread_join (thread);
}

/* The content of the next frame, which has to be of this connection; NULL: its end. */
static GBytes *
next_frame (Case *self, gint64 id)
{
  GBytes *content = NULL;
  size_t size = 0;

  while (self->stream->len < HEADER + size) {
    const CwMsgcSpicevmcData *data = steps_next (self->steps, CW_CHANNEL_WEBDAV, CW_MSGC_SPICEVMC_DATA)->data;

    g_byte_array_append (self->stream, data->data.data, (guint) data->data.size);
    if (self->stream->len >= HEADER)
      size = self->stream->data[8] | (size_t) self->stream->data[9] << 8;
  }
  size = self->stream->data[8] | (size_t) self->stream->data[9] << 8;
  while (self->stream->len < HEADER + size) {
    const CwMsgcSpicevmcData *data = steps_next (self->steps, CW_CHANNEL_WEBDAV, CW_MSGC_SPICEVMC_DATA)->data;

    g_byte_array_append (self->stream, data->data.data, (guint) data->data.size);
  }
  for (unsigned i = 0; i < 8; i++)
    g_assert_cmpuint (self->stream->data[i], ==, (uint8_t) ((guint64) id >> 8 * i));
  if (size > 0)
    content = g_bytes_new (self->stream->data + HEADER, size);
  g_byte_array_remove_range (self->stream, 0, (guint) (HEADER + size));
  return content;
}

static GString *
hear_all (Case *self, gint64 id)
{
  GString *text = g_string_new (NULL);
  GBytes *piece;

  while ((piece = next_frame (self, id))) {
    gsize size;
    const char *bytes = g_bytes_get_data (piece, &size);

    g_string_append_len (text, bytes, (gssize) size);
    g_bytes_unref (piece);
  }
  return text;
}

/* --- requests --------------------------------------------------------------------------------------------------- */

/* What stands behind a name up to the line's end. */
static void
keep_header (const GString *answer, const char *name, char **value)
{
  const char *at = strstr (answer->str, name);

  if (!at)
    return;
  at += strlen (name);
  g_free (*value);
  *value = g_strndup (at, strcspn (at, "\r\n"));
}

/* In headers, %t is the last token, %e the last tag. */
static char *
fill_in (Case *self, const char *headers)
{
  g_autoptr (GString) text = g_string_new (headers);

  g_string_replace (text, "%t", self->token ? self->token : "", 0);
  g_string_replace (text, "%e", self->tag ? self->tag : "", 0);
  return g_strdup (text->str);
}

static GString *
request (Case *self, const char *method, const char *path, const char *headers, const char *body, size_t size)
{
  g_autofree char *filled = fill_in (self, headers ? headers : "");
  g_autofree char *length = body ? g_strdup_printf ("Content-Length: %zu\r\n", size) : g_strdup ("");
  g_autofree char *head
      = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s%s\r\n", method, path, length, filled);
  gint64 id = ++self->last_id << 33 | 1; /* more than 32 bits have to count */
  GString *answer;

  say (self, id, head, strlen (head));
  if (size > 0)
    say (self, id, body, size);
  answer = hear_all (self, id);
  keep_header (answer, "Lock-Token: ", &self->token);
  keep_header (answer, "ETag: ", &self->tag);
  return answer;
}

typedef struct {
  const char *method, *path, *headers, *body;
  unsigned status;
  const char *with, *without; /* what the answer has to contain, and must not; or NULL. Tags hold any digits */
} Row;

#define XML "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define LOCK(scope) XML "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:" scope "/></D:lockscope></D:lockinfo>"
#define PROP(what) XML "<D:propfind xmlns:D=\"DAV:\" xmlns:x=\"urn:x\"><D:prop>" what "</D:prop></D:propfind>"
#define UPDATE(space)                                                                                                  \
  XML "<D:propertyupdate xmlns:D=\"DAV:\" xmlns:Z=\"" space "\"><D:set><D:prop><Z:a>1</Z:a></D:prop></D:set>"          \
      "</D:propertyupdate>"

static const Row reading[] = {
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
    "<D:displayname>", NULL },
  { "PROPFIND", "/", "Depth: 0\r\n", "<broken><", 400, NULL, NULL },
  { "PROPFIND", "/", "Depth: 0\r\n", XML "<D:other xmlns:D=\"DAV:\"/>", 400, NULL, NULL },
};

/* The last tag, as it stands in XML. */
static void
check_tag_property (Case *self)
{
  g_autofree char *tag = g_markup_escape_text (self->tag, -1);
  g_autofree char *property = g_strdup_printf ("<D:getetag>%s</D:getetag>", tag);
  GString *answer = request (self, "PROPFIND", "/digits", "Depth: 0\r\n", NULL, 0);

  g_assert_nonnull (strstr (answer->str, property));
  g_string_free (answer, TRUE);
}

static const Row writing[] = {
  { "PUT", "/new.txt", NULL, "new", 201, NULL, NULL },
  { "GET", "/new.txt", NULL, NULL, 200, "\r\n\r\nnew", NULL },
  { "PUT", "/new.txt", NULL, "newer", 204, NULL, NULL },
  { "GET", "/new.txt", NULL, NULL, 200, "\r\n\r\nnewer", NULL },
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

static const Row locking[] = {
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

static const Row read_only[] = {
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

static const Row nothing_shared[] = {
  { "GET", "/hello.txt", NULL, NULL, 404, NULL, "Hello" },
  { "PROPFIND", "/", "Depth: 0\r\n", NULL, 404, NULL, NULL },
  { "PUT", "/new.txt", NULL, "x", 409, NULL, NULL },
  { "OPTIONS", "/", NULL, NULL, 200, NULL, NULL },
};

static void
run_rows (Case *self, const Row *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const Row *row = &rows[i];
    GString *answer
        = request (self, row->method, row->path, row->headers, row->body, row->body ? strlen (row->body) : 0);
    g_autofree char *first = g_strdup_printf ("HTTP/1.1 %u ", row->status);

    if (!g_str_has_prefix (answer->str, first) || (row->with && !strstr (answer->str, row->with))
        || (row->without && strstr (answer->str, row->without)))
      g_error ("%zu: %s %s: %s", i, row->method, row->path, answer->str);
    g_string_free (answer, TRUE);
  }
}

static void
test_reading (void)
{
  Case c;

  begin (&c);
  run_rows (&c, reading, G_N_ELEMENTS (reading));
  check_tag_property (&c);
  end (&c);
}

static void
test_writing (void)
{
  g_autofree char *secret = NULL, *path = NULL;
  Case c;

  begin (&c);
  run_rows (&c, writing, G_N_ELEMENTS (writing));
  path = g_build_filename (c.top, "secret", NULL);
  g_assert_true (g_file_get_contents (path, &secret, NULL, NULL));
  g_assert_cmpstr (secret, ==, "SECRET");
  end (&c);
}

static void
test_locking (void)
{
  g_autofree char *content = NULL;
  Case c;

  begin (&c);
  run_rows (&c, locking, G_N_ELEMENTS (locking));
  content = content_of (&c, "hello.txt");
  g_assert_cmpstr (content, ==, "anybody");
  end (&c);
}

/* What is shared, and how, counts from one request to the next. */
static void
test_switches (void)
{
  g_autofree char *content = NULL;
  Case c;

  begin (&c);
  g_object_set (c.session, "share-dir-ro", TRUE, NULL);
  run_rows (&c, read_only, G_N_ELEMENTS (read_only));
  g_object_set (c.session, "share-dir-ro", FALSE, NULL);
  run_rows (&c, writing, 2);
  g_object_set (c.session, "shared-dir", NULL, NULL);
  run_rows (&c, nothing_shared, G_N_ELEMENTS (nothing_shared));
  g_object_set (c.session, "shared-dir", c.folder, NULL);
  run_rows (&c, reading, 1);
  content = content_of (&c, "new.txt");
  g_assert_cmpstr (content, ==, "new");
  end (&c);
}

/* Several frames each way, and a body that is too large for a question. */
static void
test_large (void)
{
  size_t size = 3 * 1024 * 1024 + 5;
  g_autofree char *bytes = g_malloc (size + 1), *content = NULL;
  GString *answer;
  Case c;

  for (size_t i = 0; i < size; i++)
    bytes[i] = (char) ('a' + (i * 7 >> 4) % 26);
  bytes[size] = '\0';
  begin (&c);
  answer = request (&c, "PUT", "/large", NULL, bytes, size);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 201 "));
  g_string_free (answer, TRUE);
  content = content_of (&c, "large");
  g_assert_true (g_str_equal (content, bytes));
  answer = request (&c, "GET", "/large", NULL, NULL, 0);
  g_assert_true (g_str_has_suffix (answer->str, bytes));
  g_string_free (answer, TRUE);
  answer = request (&c, "PROPFIND", "/", "Depth: 0\r\n", bytes, 1024 * 1024 + 1);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 413 "));
  g_string_free (answer, TRUE);
  end (&c);
}

static bool
has_no_upload (gpointer data)
{
  const Case *self = data;
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    if (strstr (name, "upload"))
      return false;
  return true;
}

static bool
has_upload (gpointer data)
{
  return !has_no_upload (data);
}

static void
begin_upload (Case *self, gint64 id)
{
  static const char head[] = "PUT /hello.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nbegun";

  say (self, id, head, strlen (head));
  g_assert_true (client_run_until (60000, has_upload, self));
}

/* An upload that is broken off leaves nothing, and the old file: by the end of its connection, of the port, of all. */
static void
test_broken (void)
{
  g_autofree char *content = NULL;
  Case c;

  begin (&c);
  begin_upload (&c, 5);
  send_frame (&c, 5, NULL, 0);
  g_assert_true (client_run_until (60000, has_no_upload, &c));
  send_frame (&c, 5, NULL, 0); /* nothing of that name */
  begin_upload (&c, 6);
  set_open (&c, false);
  g_assert_true (client_run_until (60000, has_no_upload, &c));
  set_open (&c, true);
  run_rows (&c, reading, 2);
  begin_upload (&c, 7);
  spice_channel_disconnect (c.channel, SPICE_CHANNEL_NONE);
  g_assert_true (client_run_until (60000, has_no_upload, &c));
  content = content_of (&c, "hello.txt");
  g_assert_cmpstr (content, ==, "Hello, guest\n");
  end (&c);
}

/* A frame that comes in pieces, two connections at once, and one that goes on. */
static void
test_frames (void)
{
  static const char get[] = "GET /digits HTTP/1.1\r\nHost: h\r\n\r\n";
  uint8_t frame[HEADER + sizeof get - 1] = { 9, 0, 0, 0, 0, 0, 0, 0, sizeof get - 1, 0 };
  Case c;

  memcpy (frame + HEADER, get, sizeof get - 1);
  begin (&c);
  for (unsigned n = 0; n < 2; n++) {
    g_autoptr (GString) text = g_string_new (NULL);

    for (size_t i = 0; i < sizeof frame; i++)
      steps_send_bytes (c.steps, CW_CHANNEL_WEBDAV, CW_MSG_SPICEVMC_DATA, frame + i, 1);
    while (!strstr (text->str, "0123456789")) {
      g_autoptr (GBytes) piece = next_frame (&c, 9);

      g_assert_nonnull (piece);
      g_string_append_len (text, g_bytes_get_data (piece, NULL), (gssize) g_bytes_get_size (piece));
    }
    /* Another one beside it. */
    run_rows (&c, reading, 1);
  }
  send_frame (&c, 9, NULL, 0);
  end (&c);
}

/* A connection too many is ended at once, and the others go on. */
static void
test_many (void)
{
  static const char begun[] = "GET /hello.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n", rest[] = "\r\n";
  GString *answer;
  Case c;

  begin (&c);
  for (gint64 id = 1; id <= MAX_CONNECTIONS; id++)
    say (&c, id, begun, strlen (begun));
  say (&c, MAX_CONNECTIONS + 1, begun, strlen (begun));
  g_assert_null (next_frame (&c, MAX_CONNECTIONS + 1));
  for (gint64 id = MAX_CONNECTIONS; id > 0; id -= MAX_CONNECTIONS / 2 - 1) {
    say (&c, id, rest, strlen (rest));
    answer = hear_all (&c, id);
    g_assert_true (g_str_has_suffix (answer->str, "Hello, guest\n"));
    g_string_free (answer, TRUE);
  }
  /* There is room again. */
  g_string_free (request (&c, "GET", "/hello.txt", NULL, NULL, 0), TRUE);
  end (&c);
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
  g_test_add_func ("/webdav/large", test_large);
  g_test_add_func ("/webdav/many", test_many);
  g_test_add_func ("/webdav/broken", test_broken);
  g_test_add_func ("/webdav/frames", test_frames);
  return g_test_run ();
}
