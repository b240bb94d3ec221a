/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections of a guest to the shared folder, through the frames of a webdav channel: how they begin, share it and
 * end. */
#include "webdav-case.h"

#include "channel/channel.h"
#include "channel/spicevmc.h"
#include "spice-client.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define GET_HELLO "GET /hello.txt HTTP/1.1\r\nHost: h\r\n\r\n"

/* The server works, for another connection. */
static void
look (WebdavCase *self)
{
  static const WebdavRow row = { "GET", "/hello.txt", NULL, NULL, 200, "\r\n\r\nHello, guest\n", NULL };

  webdav_run_rows (self, &row, 1);
}

/* Until that has come so many times on the connection, which goes on. */
static void
hear_times (WebdavCase *self, gint64 id, const char *wanted, unsigned n)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  size_t at = 0;

  while (n > 0) {
    const uint8_t *found = text->len > at ? memmem (text->data + at, text->len - at, wanted, strlen (wanted)) : NULL;

    if (found) {
      at = (size_t) (found + strlen (wanted) - text->data);
      n--;
    } else {
      g_autoptr (GBytes) piece = webdav_next_frame (self, id);

      g_assert_nonnull (piece);
      g_byte_array_append (text, g_bytes_get_data (piece, NULL), (guint) g_bytes_get_size (piece));
    }
  }
}

static void
hear (WebdavCase *self, gint64 id, const char *wanted)
{
  hear_times (self, id, wanted, 1);
}

/* Several frames each way, and a body that is too large for a question. */
static void
test_large (void)
{
  size_t size = 3 * 1024 * 1024 + 5;
  g_autofree char *bytes = g_malloc (size + 1), *content = NULL;
  GString *answer;
  WebdavCase c;

  for (size_t i = 0; i < size; i++)
    bytes[i] = (char) ('a' + (i * 7 >> 4) % 26);
  bytes[size] = '\0';
  webdav_begin (&c);
  answer = webdav_request (&c, "PUT", "/large", NULL, bytes, size);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 201 "));
  g_string_free (answer, TRUE);
  content = webdav_content_of (&c, "large");
  g_assert_true (g_str_equal (content, bytes));
  answer = webdav_request (&c, "GET", "/large", NULL, NULL, 0);
  g_assert_true (g_str_has_suffix (answer->str, bytes));
  g_string_free (answer, TRUE);
  answer = webdav_request (&c, "PROPFIND", "/", "Depth: 0\r\n", bytes, 1024 * 1024 + 1);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 413 "));
  g_string_free (answer, TRUE);
  /* One that is read, and is no XML. */
  answer = webdav_request (&c, "PROPFIND", "/", "Depth: 0\r\n", bytes, 1024 * 1024);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 400 "));
  g_string_free (answer, TRUE);
  webdav_end (&c);
}

static bool
has_upload (gpointer data)
{
  return !webdav_has_no_upload (data);
}

static void
begin_upload (WebdavCase *self, gint64 id)
{
  static const char head[] = "PUT /hello.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nbegun";

  webdav_say (self, id, head, strlen (head));
  client_await (has_upload, self);
}

static bool
has_unnamed_files (WebdavCase *self)
{
  int fd = open (self->folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);

  if (fd >= 0)
    close (fd);
  return fd >= 0;
}

/* A program that ends in the middle of an upload, in whatever way, leaves nothing in the folder; a session that ends so
 * leaves nothing in the program. */
static void
test_unnamed (void)
{
  g_autofree char *folder = NULL;
  WebdavCase c;

  webdav_begin (&c);
  folder = realpath (c.folder, NULL);
  begin_upload (&c, 5);
  if (has_unnamed_files (&c))
    g_assert_false (webdav_upload_is_named (&c));
  g_assert_false (webdav_has_no_file (folder));
  webdav_end (&c);
  client_await (webdav_has_no_file, folder);
}

/* An upload that is broken off leaves nothing, and the old file: by the end of its connection, of the port, of all. */
static void
test_broken (void)
{
  g_autofree char *content = NULL;
  WebdavCase c;

  webdav_begin (&c);
  begin_upload (&c, 5);
  webdav_send_frame (&c, 5, NULL, 0);
  client_await (webdav_has_no_upload, &c);
  webdav_send_frame (&c, 5, NULL, 0); /* nothing of that name */
  begin_upload (&c, 6);
  webdav_set_open (&c, false);
  client_await (webdav_has_no_upload, &c);
  webdav_set_open (&c, true);
  look (&c);
  begin_upload (&c, 7);
  spice_channel_disconnect (c.channel, SPICE_CHANNEL_NONE);
  client_await (webdav_has_no_upload, &c);
  content = webdav_content_of (&c, "hello.txt");
  g_assert_cmpstr (content, ==, "Hello, guest\n");
  webdav_end (&c);
}

/* A frame that comes in pieces, two connections at once, and one that goes on. */
static void
test_frames (void)
{
  static const char get[] = "GET /digits HTTP/1.1\r\nHost: h\r\n\r\n";
  uint8_t frame[WEBDAV_HEADER + sizeof get - 1] = { 9, 0, 0, 0, 0, 0, 0, 0, sizeof get - 1, 0 };
  WebdavCase c;

  memcpy (frame + WEBDAV_HEADER, get, sizeof get - 1);
  webdav_begin (&c);
  for (unsigned n = 0; n < 2; n++) {
    for (size_t i = 0; i < sizeof frame; i++)
      steps_send_bytes (c.steps, CW_CHANNEL_WEBDAV, CW_MSG_SPICEVMC_DATA, frame + i, 1);
    hear (&c, 9, "0123456789");
    /* Another one beside it. */
    look (&c);
  }
  webdav_send_frame (&c, 9, NULL, 0);
  webdav_end (&c);
}

static bool
has_large (gpointer data)
{
  g_autofree char *content = webdav_content_of (data, "large");

  return content != NULL;
}

/* The connection ends in the same message; the next one of its name looks, at once. */
static void
upload_and_end (WebdavCase *self, const char *text, size_t announced)
{
  g_autofree char *head = g_strdup_printf ("PUT /large HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n", announced);
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  size_t size;

  webdav_add_text (frames, 11, head, strlen (head));
  webdav_add_text (frames, 11, text, strlen (text));
  webdav_add_frame (frames, 11, NULL, 0);
  size = frames->len;
  webdav_add_text (frames, 11, GET_HELLO, strlen (GET_HELLO));
  webdav_finish (webdav_start (self, frames, size));
  hear (self, 11, "Hello, guest");
  webdav_send_frame (self, 11, NULL, 0);
}

/* What a guest has said before it ends a connection is still done; whoever comes under its number then waits for it. */
static void
test_end_behind (void)
{
  const size_t size = 200 * 1000; /* less than would block the channel by itself */
  g_autofree char *bytes = g_strnfill (size, 'x'), *content = NULL, *none = NULL;
  WebdavCase c;

  webdav_begin (&c);
  upload_and_end (&c, bytes, size + 1); /* the rest will never come */
  client_await (webdav_has_no_upload, &c);
  none = webdav_content_of (&c, "large");
  g_assert_null (none);
  upload_and_end (&c, bytes, size);
  client_await (has_large, &c);
  content = webdav_content_of (&c, "large");
  g_assert_true (g_str_equal (content, bytes));
  look (&c);
  webdav_end (&c);
}

/* Ended in the midst of a long answer, with more questions behind: what nobody will read is not waited for. */
static void
test_end_amid (void)
{
  static const char get_large[] = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
  const size_t size = 3 * 1024 * 1024; /* more than is kept for the guest */
  g_autofree char *bytes = g_strnfill (size, 'x'), *path = NULL;
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  WebdavCase c;

  webdav_begin (&c);
  path = g_build_filename (c.folder, "large", NULL);
  g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
  webdav_add_text (frames, 11, get_large, strlen (get_large));
  while (frames->len < 100 * 1000) /* less than would block the channel, more than is read beside a question */
    webdav_add_text (frames, 11, GET_HELLO, strlen (GET_HELLO));
  webdav_add_frame (frames, 11, NULL, 0);
  webdav_finish (webdav_start (&c, frames, frames->len));
  look (&c);
  webdav_end (&c);
}

/* What was to follow a piece of a frame does not come any more when the port has been closed. */
static void
test_half_frame (void)
{
  static const uint8_t pieces[] = { 9, 0, 0, 0, 0, 0, 0, 0, 100, 0, 'G', 'E', 'T' };
  WebdavCase c;

  webdav_begin (&c);
  for (size_t size = 1; size <= sizeof pieces; size += 4) {
    steps_send_bytes (c.steps, CW_CHANNEL_WEBDAV, CW_MSG_SPICEVMC_DATA, pieces, size);
    webdav_set_open (&c, false);
    webdav_set_open (&c, true);
    look (&c);
  }
  webdav_end (&c);
}

static bool
is_full (gpointer channel)
{
  return cw_channel_queued_bytes (channel) >= CW_SPICEVMC_FULL;
}

/* A guest that stops reading for a while gets the rest of its answer afterwards. */
static void
test_slow_guest (void)
{
  static const char get_slow[] = "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n", end[] = "the end";
  const size_t size = 3 * 1024 * 1024; /* more than the channel and the server keep */
  g_autofree char *bytes = g_strnfill (size, 'x'), *path = NULL;
  WebdavCase c;

  memcpy (bytes + size - strlen (end), end, strlen (end));
  webdav_begin (&c);
  path = g_build_filename (c.folder, "slow", NULL);
  g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
  steps_set_deaf (c.steps, CW_CHANNEL_WEBDAV, true);
  webdav_say (&c, 11, get_slow, strlen (get_slow));
  client_await (is_full, c.channel);
  steps_set_deaf (c.steps, CW_CHANNEL_WEBDAV, false);
  hear (&c, 11, end);
  webdav_send_frame (&c, 11, NULL, 0);
  look (&c);
  webdav_end (&c);
}

/* A folder has taken the name meanwhile: the guest is told, and the folder stays. */
static void
test_name_taken (void)
{
  static const char head[] = "PUT /taken HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nbegun";
  g_autofree char *path = NULL;
  WebdavCase c;

  webdav_begin (&c);
  path = g_build_filename (c.folder, "taken", NULL);
  webdav_say (&c, 5, head, strlen (head));
  client_await (has_upload, &c);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  webdav_say (&c, 5, "ended", 5);
  hear (&c, 5, "HTTP/1.1 500 ");
  client_await (webdav_has_no_upload, &c);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_DIR));
  webdav_send_frame (&c, 5, NULL, 0);
  webdav_end (&c);
}

/* The connection goes on behind answers that have no body. */
static void
test_no_body (void)
{
  static const char put[] = "PUT /digits HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx";
  static const char refused[] = "PUT /no/such HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx";
  g_autofree char *known = NULL;
  WebdavCase c;

  webdav_begin (&c);
  look (&c);
  known = g_strdup_printf ("GET /hello.txt HTTP/1.1\r\nHost: h\r\nIf-None-Match: %s\r\n\r\n", c.tag);
  webdav_say (&c, 5, put, strlen (put));
  hear (&c, 5, "HTTP/1.1 204 ");
  webdav_say (&c, 5, refused, strlen (refused));
  hear (&c, 5, "HTTP/1.1 409 ");
  webdav_say (&c, 5, known, strlen (known));
  hear (&c, 5, "HTTP/1.1 304 ");
  webdav_say (&c, 5, GET_HELLO, strlen (GET_HELLO));
  hear (&c, 5, "\r\n\r\nHello, guest");
  webdav_send_frame (&c, 5, NULL, 0);
  webdav_end (&c);
}

/* All at once. */
static void
ask_times (WebdavCase *self, gint64 id, const char *ask, const char *wanted, unsigned n)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  for (unsigned i = 0; i < n; i++)
    webdav_add_text (frames, id, ask, strlen (ask));
  webdav_finish (webdav_start (self, frames, G_MAXSIZE));
  hear_times (self, id, wanted, n);
}

/* A guest that locks and never unlocks. */
static void
test_many_locks (void)
{
  static const char lock[]
      = "LOCK /digits HTTP/1.1\r\nHost: h\r\nContent-Length: 93\r\n\r\n"
        "<D:lockinfo xmlns:D=\"DAV:\"><D:lockscope><D:shared></D:shared></D:lockscope></D:lockinfo>     ";
  WebdavCase c;

  webdav_begin (&c);
  ask_times (&c, 13, lock, "HTTP/1.1 200 ", 1000);
  webdav_say (&c, 13, lock, strlen (lock));
  hear (&c, 13, "HTTP/1.1 503 ");
  webdav_send_frame (&c, 13, NULL, 0);
  look (&c);
  webdav_end (&c);
}

/* More connections than there may be are ended at once, until one of the others is. */
static void
test_many (void)
{
  const gint64 max = 256;
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  WebdavCase c;

  for (gint64 id = 1; id <= max + 1; id++)
    webdav_add_frame (frames, id, GET_HELLO, 1);
  webdav_begin (&c);
  webdav_finish (webdav_start (&c, frames, G_MAXSIZE));
  g_assert_null (webdav_next_frame (&c, max + 1));
  webdav_send_frame (&c, 2, NULL, 0);
  webdav_send_frame (&c, max + 1, GET_HELLO, strlen (GET_HELLO));
  hear (&c, max + 1, "Hello, guest");
  webdav_send_frame (&c, 1, &GET_HELLO[1], strlen (GET_HELLO) - 1);
  hear (&c, 1, "Hello, guest");
  webdav_end (&c);
}

/* Connections that programs only keep for later are not in the way of new ones, and go on when they are wanted again.
 */
static void
test_kept (void)
{
  const gint64 max = 256;
  WebdavCase c;

  webdav_begin (&c);
  webdav_send_frame (&c, 1, GET_HELLO, 10); /* one that waits for the rest of its request is none */
  for (gint64 id = 2; id <= max + 3; id++) {
    webdav_send_frame (&c, id, GET_HELLO, strlen (GET_HELLO));
    if (id > max)
      g_assert_null (webdav_next_frame (&c, id - max + 1));
    hear (&c, id, "Hello, guest");
  }
  webdav_send_frame (&c, 2, GET_HELLO, strlen (GET_HELLO));
  g_assert_null (webdav_next_frame (&c, 5));
  hear (&c, 2, "Hello, guest");
  webdav_send_frame (&c, 1, &GET_HELLO[10], strlen (GET_HELLO) - 10);
  hear (&c, 1, "Hello, guest");
  webdav_end (&c);
}

/* Far more questions than are taken at once: the channel stops, and goes on, until the last one is answered. */
static void
test_pipelined (void)
{
  g_autofree char *padding = g_strnfill (8000, 'x');
  g_autofree char *ask = g_strdup_printf ("GET /hello.txt HTTP/1.1\r\nHost: h\r\nX-Padding: %s\r\n\r\n", padding);
  WebdavCase c;

  webdav_begin (&c);
  ask_times (&c, 12, ask, "Hello, guest\n", 1500); /* several times what may wait */
  webdav_send_frame (&c, 12, NULL, 0);
  look (&c);
  webdav_end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/webdav-channel/large", test_large);
  g_test_add_func ("/webdav-channel/broken", test_broken);
  g_test_add_func ("/webdav-channel/unnamed", test_unnamed);
  g_test_add_func ("/webdav-channel/frames", test_frames);
  g_test_add_func ("/webdav-channel/end-behind", test_end_behind);
  g_test_add_func ("/webdav-channel/end-amid", test_end_amid);
  g_test_add_func ("/webdav-channel/half-frame", test_half_frame);
  g_test_add_func ("/webdav-channel/slow-guest", test_slow_guest);
  g_test_add_func ("/webdav-channel/name-taken", test_name_taken);
  g_test_add_func ("/webdav-channel/no-body", test_no_body);
  g_test_add_func ("/webdav-channel/many-locks", test_many_locks);
  g_test_add_func ("/webdav-channel/many", test_many);
  g_test_add_func ("/webdav-channel/kept", test_kept);
  g_test_add_func ("/webdav-channel/pipelined", test_pipelined);
  return g_test_run ();
}
