/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "webdav-case.h"

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

#define MAX_FRAME 65000
#define MAX_MESSAGE (1024 * 1024)

static const uint8_t channels[] = { CW_CHANNEL_WEBDAV, 0 };

static WebdavCase *beginning;

static void
share (SpiceSession *session)
{
  g_object_set (session, "shared-dir", beginning->folder, NULL);
}

static void
put_file (WebdavCase *self, const char *name, const char *content)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL), *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static void
put_link (WebdavCase *self, const char *name, const char *target)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

char *
webdav_content_of (WebdavCase *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  char *content = NULL;

  g_file_get_contents (path, &content, NULL, NULL);
  return content;
}

bool
webdav_has_no_file (gpointer folder)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *link = g_build_filename ("/proc/self/fd", name, NULL), *target = g_file_read_link (link, NULL);

    if (target && g_str_has_prefix (target, folder) && target[strlen (folder)] == '/')
      return false;
  }
  return true;
}

static bool
has_named (const WebdavCase *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    if (strstr (name, "upload"))
      return true;
  return false;
}

bool
webdav_has_no_upload (gpointer data)
{
  WebdavCase *self = data;
  g_autofree char *folder = realpath (self->folder, NULL);

  return !has_named (self) && webdav_has_no_file (folder);
}

bool
webdav_upload_is_named (WebdavCase *self)
{
  return has_named (self);
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

void
webdav_set_open (WebdavCase *self, bool open)
{
  steps_send (self->steps, CW_CHANNEL_WEBDAV, CW_MSG_PORT_EVENT,
              &(CwMsgPortEvent){ open ? CW_PORT_EVENT_OPENED : CW_PORT_EVENT_CLOSED });
  client_await (open ? is_open : is_closed, self->channel);
}

void
webdav_begin (WebdavCase *self)
{
  g_autofree char *secret = NULL;

  *self = (WebdavCase){ .top = g_dir_make_tmp ("caraway-webdav-XXXXXX", NULL), .stream = g_byte_array_new () };
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
  webdav_set_open (self, true);
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

void
webdav_end (WebdavCase *self)
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

void
webdav_add_frame (GByteArray *message, gint64 id, const void *bytes, size_t size)
{
  uint8_t header[WEBDAV_HEADER];

  for (unsigned i = 0; i < 8; i++)
    header[i] = (uint8_t) ((guint64) id >> 8 * i);
  header[8] = (uint8_t) size;
  header[9] = (uint8_t) (size >> 8);
  g_byte_array_append (message, header, sizeof header);
  if (size > 0)
    g_byte_array_append (message, bytes, (guint) size);
}

void
webdav_add_text (GByteArray *message, gint64 id, const char *text, size_t size)
{
  for (size_t at = 0; at < size; at += MAX_FRAME)
    webdav_add_frame (message, id, text + at, MIN (MAX_FRAME, size - at));
}

void
webdav_send_frame (WebdavCase *self, gint64 id, const void *bytes, size_t size)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  webdav_add_frame (frame, id, bytes, size);
  steps_send_bytes (self->steps, CW_CHANNEL_WEBDAV, CW_MSG_SPICEVMC_DATA, frame->data, frame->len);
}

struct WebdavSpeech {
  GThread *thread;
  Steps *steps;
  const GByteArray *frames;
  size_t first; /* bytes of the first message */
  int is_over;  /* atomic */
};

static gpointer
speak (gpointer data)
{
  WebdavSpeech *self = data;

  for (size_t at = 0, n; at < self->frames->len; at += n) {
    n = MIN (at == 0 ? self->first : MAX_MESSAGE, self->frames->len - at);
    steps_send_bytes (self->steps, CW_CHANNEL_WEBDAV, CW_MSG_SPICEVMC_DATA, self->frames->data + at, n);
  }
  g_atomic_int_set (&self->is_over, 1);
  return NULL;
}

WebdavSpeech *
webdav_start (WebdavCase *self, const GByteArray *frames, size_t first)
{
  WebdavSpeech *speech = g_new0 (WebdavSpeech, 1);

  speech->steps = self->steps;
  speech->frames = frames;
  speech->first = MIN (first, MAX_MESSAGE);
  speech->thread = g_thread_new ("speech", speak, speech);
  return speech;
}

bool
webdav_is_over (gpointer speech)
{
  return g_atomic_int_get (&((WebdavSpeech *) speech)->is_over) != 0;
}

void
webdav_finish (WebdavSpeech *speech)
{
  client_await (webdav_is_over, speech);
  g_thread_join (speech->thread);
  g_free (speech);
}

void
webdav_say (WebdavCase *self, gint64 id, const char *text, size_t size)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  webdav_add_text (frames, id, text, size);
  webdav_finish (webdav_start (self, frames, G_MAXSIZE));
}

GBytes *
webdav_next_frame (WebdavCase *self, gint64 id)
{
  GBytes *content = NULL;
  size_t size = 0;

  while (self->stream->len < WEBDAV_HEADER + size) {
    const CwMsgcSpicevmcData *data = steps_next (self->steps, CW_CHANNEL_WEBDAV, CW_MSGC_SPICEVMC_DATA)->data;

    g_byte_array_append (self->stream, data->data.data, (guint) data->data.size);
    if (self->stream->len >= WEBDAV_HEADER)
      size = self->stream->data[8] | (size_t) self->stream->data[9] << 8;
  }
  size = self->stream->data[8] | (size_t) self->stream->data[9] << 8;
  while (self->stream->len < WEBDAV_HEADER + size) {
    const CwMsgcSpicevmcData *data = steps_next (self->steps, CW_CHANNEL_WEBDAV, CW_MSGC_SPICEVMC_DATA)->data;

    g_byte_array_append (self->stream, data->data.data, (guint) data->data.size);
  }
  for (unsigned i = 0; i < 8; i++)
    g_assert_cmpuint (self->stream->data[i], ==, (uint8_t) ((guint64) id >> 8 * i));
  if (size > 0)
    content = g_bytes_new (self->stream->data + WEBDAV_HEADER, size);
  g_byte_array_remove_range (self->stream, 0, (guint) (WEBDAV_HEADER + size));
  return content;
}

GString *
webdav_hear_all (WebdavCase *self, gint64 id)
{
  GString *text = g_string_new (NULL);
  GBytes *piece;

  while ((piece = webdav_next_frame (self, id))) {
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
fill_in (WebdavCase *self, const char *headers)
{
  g_autoptr (GString) text = g_string_new (headers);

  g_string_replace (text, "%t", self->token ? self->token : "", 0);
  g_string_replace (text, "%e", self->tag ? self->tag : "", 0);
  return g_strdup (text->str);
}

GString *
webdav_request (WebdavCase *self, const char *method, const char *path, const char *headers, const char *body,
                size_t size)
{
  g_autofree char *filled = fill_in (self, headers ? headers : "");
  g_autofree char *length = body ? g_strdup_printf ("Content-Length: %zu\r\n", size) : g_strdup ("");
  g_autofree char *head
      = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s%s\r\n", method, path, length, filled);
  gint64 id = ++self->last_id << 33 | 1; /* more than 32 bits have to count */
  GString *answer;

  webdav_say (self, id, head, strlen (head));
  if (size > 0)
    webdav_say (self, id, body, size);
  answer = webdav_hear_all (self, id);
  keep_header (answer, "Lock-Token: ", &self->token);
  keep_header (answer, "ETag: ", &self->tag);
  return answer;
}

void
webdav_run_rows (WebdavCase *self, const WebdavRow *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const WebdavRow *row = &rows[i];
    GString *answer
        = webdav_request (self, row->method, row->path, row->headers, row->body, row->body ? strlen (row->body) : 0);
    g_autofree char *first = g_strdup_printf ("HTTP/1.1 %u ", row->status);

    if (!g_str_has_prefix (answer->str, first) || (row->with && !strstr (answer->str, row->with))
        || (row->without && strstr (answer->str, row->without)))
      g_error ("%zu: %s %s: %s", i, row->method, row->path, answer->str);
    g_string_free (answer, TRUE);
  }
}
