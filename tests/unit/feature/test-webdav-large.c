/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of any size: a listing goes out in pieces, whole, and waits for the guest; trees of any depth are copied,
 * moved and removed. */
#include "webdav-case.h"

#include "spice-client.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LIST "<?xml version=\"1.0\"?><D:propfind xmlns:D=\"DAV:\"><D:prop><D:resourcetype/></D:prop></D:propfind>"
#define END "</D:multistatus>\n"

/* As in the server: bytes of a listing that go out together. */
#define PIECE (64 * 1024)

/* Folders that a walk has open at the same time, likewise. */
#define MAX_OPEN 16

static void
make_folder (WebdavCase *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

/* Their names are of one length. */
static void
make_files (WebdavCase *self, const char *folder, unsigned from, unsigned to)
{
  for (unsigned i = from; i < to; i++) {
    g_autofree char *path = g_strdup_printf ("%s/%s/f%06u", self->folder, folder, i);
    int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    g_assert_cmpint (fd, >=, 0);
    close (fd);
  }
}

/* The content of an answer in chunks, whose last one has come. */
static GString *
join_chunks (const char *chunks)
{
  GString *text = g_string_new (NULL);
  guint64 size;

  do {
    char *at;

    size = g_ascii_strtoull (chunks, &at, 16);
    g_assert_true (at > chunks && g_str_has_prefix (at, "\r\n"));
    g_assert_cmpuint (strlen (at), >=, size + 4);
    g_string_append_len (text, at + 2, (gssize) size);
    chunks = at + 2 + size + 2;
    g_assert_cmpmem (chunks - 2, 2, "\r\n", 2);
  } while (size > 0);
  g_assert_cmpstr (chunks, ==, "");
  return text;
}

static GString *
content_of (const GString *answer, bool in_pieces)
{
  const char *body = strstr (answer->str, "\r\n\r\n");

  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 207 "));
  g_assert_nonnull (body);
  g_assert_true ((strstr (answer->str, "Transfer-Encoding: chunked\r\n") != NULL) == in_pieces);
  g_assert_true ((strstr (answer->str, "Content-Length: ") != NULL) == !in_pieces);
  return in_pieces ? join_chunks (body + 4) : g_string_new (body + 4);
}

/* How many of the first n files are listed, each once; the listing is whole. */
static unsigned
count_listed (const GString *text, unsigned n)
{
  g_autofree bool *seen = g_new0 (bool, n);
  unsigned count = 0;

  g_assert_true (g_str_has_suffix (text->str, END));
  for (const char *at = text->str; (at = strstr (at, "<D:href>/many/f")); count++) {
    guint64 i = g_ascii_strtoull (at + strlen ("<D:href>/many/f"), NULL, 10);

    g_assert_cmpuint (i, <, n);
    g_assert_false (seen[i]);
    seen[i] = true;
    at++;
  }
  return count;
}

static size_t
check_listing (WebdavCase *self, unsigned n, bool in_pieces)
{
  GString *answer = webdav_request (self, "PROPFIND", "/many", "Depth: 1\r\n", LIST, strlen (LIST));
  GString *text = content_of (answer, in_pieces);
  size_t size = text->len;

  g_assert_cmpuint (count_listed (text, n), ==, n);
  g_string_free (answer, TRUE);
  g_string_free (text, TRUE);
  return size;
}

static unsigned
divide_up (size_t a, size_t b)
{
  return (unsigned) ((a + b - 1) / b);
}

/* Around the first two borders of pieces. */
static void
test_borders (void)
{
  unsigned n = 0, first, second;
  size_t size, more;
  WebdavCase c;

  webdav_begin (&c);
  make_folder (&c, "many");
  size = check_listing (&c, 0, false);
  make_files (&c, "many", 0, 1);
  more = check_listing (&c, 1, false) - size;
  /* The folder itself stands before them, between what begins and ends a listing. */
  size -= strlen ("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n" END);
  first = divide_up (PIECE - size, more);
  second = first + divide_up (PIECE, more);
  {
    const unsigned numbers[] = { first - 1, first, first + 1, second - 1, second, second + 1 };

    n = 1;
    for (unsigned i = 0; i < G_N_ELEMENTS (numbers); n = numbers[i++]) {
      make_files (&c, "many", n, numbers[i]);
      check_listing (&c, numbers[i], numbers[i] >= first);
    }
  }
  webdav_end (&c);
}

/* HTTP/1.0 has no chunks: the connection's end is the listing's. */
static void
test_old (void)
{
  static const char ask[] = "PROPFIND /many HTTP/1.0\r\nHost: h\r\nDepth: 1\r\n\r\n";
  GString *answer;
  WebdavCase c;

  webdav_begin (&c);
  make_folder (&c, "many");
  make_files (&c, "many", 0, 1000);
  webdav_say (&c, 5, ask, strlen (ask));
  answer = webdav_hear_all (&c, 5);
  g_assert_null (strstr (answer->str, "chunked"));
  g_assert_cmpuint (count_listed (answer, 1000), ==, 1000);
  g_string_free (answer, TRUE);
  webdav_end (&c);
}

static bool
has_put (gpointer self)
{
  g_autofree char *content = webdav_content_of (self, "put");

  return content != NULL;
}

/* Another connection, which is answered by nobody, but done by the same thread. */
static void
put_file (WebdavCase *self)
{
  static const char put[] = "PUT /put HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx";
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  webdav_add_text (frames, 6, put, strlen (put));
  webdav_add_frame (frames, 6, NULL, 0);
  steps_send_bytes (self->steps, CW_CHANNEL_WEBDAV, CW_MSG_SPICEVMC_DATA, frames->data, frames->len);
  client_await (has_put, self);
}

/* Asks for a listing far larger than what is kept anywhere on its way, and returns its beginning. The guest takes no
 * more of it until hear_rest (); whatever the server does without it has been done. */
static GString *
begin_listing (WebdavCase *self, unsigned n)
{
  static const char ask[] = "PROPFIND /many HTTP/1.1\r\nHost: h\r\nConnection: close\r\nDepth: 1\r\n\r\n";
  GString *answer = g_string_new (NULL);
  GBytes *piece;
  gsize size;
  const char *bytes;

  make_folder (self, "many");
  make_files (self, "many", 0, n);
  /* The loop runs until the beginning is there and no longer, so little more has been sent. */
  webdav_send_frame (self, 5, ask, strlen (ask));
  piece = webdav_next_frame (self, 5);
  g_assert_nonnull (piece);
  bytes = g_bytes_get_data (piece, &size);
  g_string_append_len (answer, bytes, (gssize) size);
  g_bytes_unref (piece);
  steps_set_deaf (self->steps, CW_CHANNEL_WEBDAV, true);
  put_file (self);
  return answer;
}

static void
hear_rest (WebdavCase *self, GString *answer)
{
  GString *rest;

  steps_set_deaf (self->steps, CW_CHANNEL_WEBDAV, false);
  rest = webdav_hear_all (self, 5);
  g_string_append_len (answer, rest->str, (gssize) rest->len);
  g_string_free (rest, TRUE);
}

/* What the guest has not asked to see yet has not been looked at: what is removed meanwhile is not listed. */
static void
test_unread (void)
{
  const unsigned n = 5000;
  GString *answer, *text;
  WebdavCase c;

  webdav_begin (&c);
  answer = begin_listing (&c, n);
  for (unsigned i = 0; i < n; i++) {
    g_autofree char *path = g_strdup_printf ("%s/many/f%06u", c.folder, i);

    g_assert_cmpint (g_unlink (path), ==, 0);
  }
  hear_rest (&c, answer);
  text = content_of (answer, true);
  g_assert_cmpuint (count_listed (text, n), <, n);
  g_string_free (answer, TRUE);
  g_string_free (text, TRUE);
  webdav_end (&c);
}

/* A folder that is not there to the end: the connection ends, so that nobody takes the rest for nothing. */
static void
test_gone (void)
{
  GString *answer;
  WebdavCase c;

  webdav_begin (&c);
  answer = begin_listing (&c, 5000);
  g_object_set (c.session, "shared-dir", NULL, NULL);
  hear_rest (&c, answer);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 207 "));
  g_assert_null (strstr (answer->str, END));
  g_assert_false (g_str_has_suffix (answer->str, "\r\n0\r\n\r\n"));
  g_string_free (answer, TRUE);
  webdav_end (&c);
}

static void
allow_descriptors (rlim_t n, rlim_t max)
{
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &(struct rlimit){ n, max }), ==, 0);
}

/* A folder that cannot be opened is no empty one. */
static void
test_unopened (void)
{
  static const WebdavRow beside = { "PROPFIND", "/folder", "Depth: 0\r\n", NULL, 207, NULL, NULL };
  static const WebdavRow exhausted = { "PROPFIND", "/folder", "Depth: 1\r\n", NULL, 500, NULL, NULL };
  static const WebdavRow again = { "PROPFIND", "/folder", "Depth: 1\r\n", NULL, 207, "/inside<", NULL };
  struct rlimit before;
  WebdavCase c;
  int next;

  webdav_begin (&c);
  webdav_run_rows (&c, &beside, 1);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  next = dup (0);
  g_assert_cmpint (next, >, 0);
  close (next);
  allow_descriptors ((rlim_t) next, before.rlim_max);
  webdav_run_rows (&c, &exhausted, 1);
  allow_descriptors (before.rlim_cur, before.rlim_max);
  webdav_run_rows (&c, &again, 1);
  webdav_end (&c);
}

/* Root may no longer read what it has been forbidden, in any thread that begins later. */
static void
obey_modes (void)
{
  struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

  g_assert_cmpint (syscall (SYS_capget, &header, data), ==, 0);
  data[0].effective &= ~(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH);
  g_assert_cmpint (syscall (SYS_capset, &header, data), ==, 0);
}

static void
test_forbidden (void)
{
  static const WebdavRow rows[] = {
    { "PROPFIND", "/folder", "Depth: 0\r\n", NULL, 207, NULL, NULL },
    { "PROPFIND", "/folder", "Depth: 1\r\n", NULL, 403, NULL, NULL },
  };
  g_autofree char *folder = NULL;
  WebdavCase c;

  webdav_begin (&c);
  folder = g_build_filename (c.folder, "folder", NULL);
  g_assert_cmpint (g_chmod (folder, 0), ==, 0);
  webdav_run_rows (&c, rows, G_N_ELEMENTS (rows));
  g_assert_cmpint (g_chmod (folder, 0700), ==, 0);
  webdav_end (&c);
}

/* --- trees ------------------------------------------------------------------------------------------------------ */

/* A folder in a folder, so deep, each with files before and behind it. */
static void
make_chain (WebdavCase *self, const char *name, unsigned depth)
{
  g_autoptr (GString) path = g_string_new (name);

  for (unsigned i = 0; i < depth; i++) {
    make_folder (self, path->str);
    make_files (self, path->str, i, i + 5);
    g_string_append (path, "/f000002-deeper");
  }
}

static unsigned
count_entries (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  unsigned n = 1;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *child = g_build_filename (path, name, NULL);

    n += count_entries (child);
  }
  return n;
}

static void
check_entries (WebdavCase *self, const char *name, unsigned n)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);

  g_assert_cmpint (access (path, F_OK), ==, n > 0 ? 0 : -1);
  if (n > 0)
    g_assert_cmpuint (count_entries (path), ==, n);
}

static const WebdavRow copied[] = {
  { "COPY", "/tree", "Destination: http://h/copy\r\n", NULL, 201, NULL, NULL },
  { "COPY", "/tree", "Destination: http://h/copy\r\nDepth: infinity\r\n", NULL, 204, NULL, NULL },
};
static const WebdavRow moved[] = {
  { "MOVE", "/copy", "Destination: http://h/moved\r\n", NULL, 201, NULL, NULL },
  { "MOVE", "/moved", "Destination: http://h/tree\r\n", NULL, 204, NULL, NULL },
};
static const WebdavRow removed = { "DELETE", "/tree", NULL, NULL, 204, NULL, NULL };

static void
check_tree (WebdavCase *self, unsigned n)
{
  check_entries (self, "tree", n);
  webdav_run_rows (self, copied, G_N_ELEMENTS (copied));
  check_entries (self, "tree", n);
  check_entries (self, "copy", n);
  webdav_run_rows (self, moved, G_N_ELEMENTS (moved));
  check_entries (self, "tree", n);
  check_entries (self, "copy", 0);
  check_entries (self, "moved", 0);
  webdav_run_rows (self, &removed, 1);
  check_entries (self, "tree", 0);
}

static void
test_deep (void)
{
  static const unsigned depths[] = { 1, MAX_OPEN - 1, MAX_OPEN, MAX_OPEN + 1, 4 * MAX_OPEN };
  WebdavCase c;

  webdav_begin (&c);
  for (unsigned i = 0; i < G_N_ELEMENTS (depths); i++) {
    make_chain (&c, "tree", depths[i]);
    check_tree (&c, 6 * depths[i]);
  }
  webdav_end (&c);
}

static void
test_wide (void)
{
  const unsigned n = 1000;
  WebdavCase c;

  webdav_begin (&c);
  make_folder (&c, "tree");
  make_files (&c, "tree", 0, n);
  check_tree (&c, n + 1);
  webdav_end (&c);
}

int
main (int argc, char **argv)
{
  obey_modes ();
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/webdav-large/borders", test_borders);
  g_test_add_func ("/webdav-large/old", test_old);
  g_test_add_func ("/webdav-large/unread", test_unread);
  g_test_add_func ("/webdav-large/gone", test_gone);
  g_test_add_func ("/webdav-large/unopened", test_unopened);
  g_test_add_func ("/webdav-large/forbidden", test_forbidden);
  g_test_add_func ("/webdav-large/deep", test_deep);
  g_test_add_func ("/webdav-large/wide", test_wide);
  return g_test_run ();
}
