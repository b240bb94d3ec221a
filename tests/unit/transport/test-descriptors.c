/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors beside the bytes of a unix socket: each reaches its message, whatever the reads look like, and none
 * stays open that nobody has taken. */
#include "transport/pump.h"
#include "wire/message.h"

#include <dirent.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_SIZE 20
#define PLAIN 5 /* a message like any other */

typedef struct {
  GMainContext *context;
  CwPump *pump;
  int peer;
  GString *log;  /* "320:files taken " or "5 " */
  bool is_taker; /* takes what comes; otherwise the pump closes it */
  bool closes;   /* at the first descriptor */
  bool is_closed;
} Fixture;

static unsigned
count_fds (void)
{
  DIR *dir = opendir ("/proc/self/fd");
  unsigned n = 0;

  while (readdir (dir))
    n++;
  closedir (dir);
  return n;
}

static bool
is_same_file (int a, int b)
{
  struct stat one, other;

  return fstat (a, &one) == 0 && fstat (b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void
take (Fixture *self, CwDescriptors *descriptors)
{
  int null = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  int fd;

  for (unsigned i = 0; (fd = cw_descriptors_steal (descriptors, i)) >= 0; i++) {
    g_assert_true (is_same_file (fd, null));
    g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, !=, 0);
    g_assert_cmpint (cw_descriptors_steal (descriptors, i), ==, -1);
    close (fd);
  }
  g_assert_cmpint (cw_descriptors_steal (descriptors, 4), ==, -1);
  close (null);
}

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  Fixture *self = data;

  if (frame->type == PLAIN)
    g_string_append (self->log, "5 ");
  else
    g_string_append_printf (self->log, "%u:%u ", frame->type, frame->descriptors ? frame->descriptors->n : 0);
  if (frame->descriptors && self->is_taker)
    take (self, frame->descriptors);
  if (frame->descriptors && self->closes)
    cw_pump_close (self->pump);
}

static void
on_closed (gpointer data, const GError *error)
{
  ((Fixture *) data)->is_closed = true;
}

static bool
has_descriptors (gpointer data, uint16_t type, CwSlice body)
{
  const CwMessageInfo *info = cw_message_info (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, type);

  return info && cw_message_has_descriptors (info, body);
}

static void
set_up (Fixture *self, int family)
{
  static const CwPumpEvents events = { on_frame, on_closed, NULL, has_descriptors };
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) stream = NULL;
  int fds[2];

  *self = (Fixture){ .context = g_main_context_new (), .log = g_string_new (NULL), .is_taker = true };
  g_assert_cmpint (socketpair (family, SOCK_STREAM, 0, fds), ==, 0);
  socket = g_socket_new_from_fd (fds[0], &error);
  g_assert_no_error (error);
  stream = g_socket_connection_factory_create_connection (socket);
  self->peer = fds[1];
  self->pump = cw_pump_new (G_IO_STREAM (stream), self->context, true, &events, self);
}

static void
spin (Fixture *self)
{
  for (unsigned i = 0; i < 20; i++)
    g_main_context_iteration (self->context, FALSE);
}

static void
tear_down (Fixture *self)
{
  cw_pump_unref (self->pump);
  spin (self);
  g_main_context_unref (self->context);
  close (self->peer);
  g_string_free (self->log, TRUE);
}

/* n descriptors of /dev/null with the bytes. */
static void
put (Fixture *self, const void *data, size_t size, unsigned n)
{
  union {
    char bytes[CMSG_SPACE (64 * sizeof (int))];
    struct cmsghdr alignment;
  } control = { .bytes = { 0 } };
  struct iovec vector = { (void *) data, size };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
  int null = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  int fds[64];

  if (size == 0)
    goto out;
  g_assert_cmpuint (n, <=, G_N_ELEMENTS (fds));
  for (unsigned i = 0; i < n; i++)
    fds[i] = null;
  if (n > 0) {
    struct cmsghdr *header;

    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE (n * sizeof (int));
    header = CMSG_FIRSTHDR (&message);
    *header = (struct cmsghdr){ CMSG_LEN (n * sizeof (int)), SOL_SOCKET, SCM_RIGHTS };
    memcpy (CMSG_DATA (header), fds, n * sizeof (int));
  }
  g_assert_cmpint (sendmsg (self->peer, &message, MSG_NOSIGNAL), ==, (ssize_t) size);
out:
  close (null);
}

static size_t
write_scanout (uint8_t *out, uint32_t fourcc)
{
  memset (out, 0, 6 + BODY_SIZE);
  out[0] = CW_MSG_DISPLAY_GL_SCANOUT_UNIX & 0xff;
  out[1] = CW_MSG_DISPLAY_GL_SCANOUT_UNIX >> 8;
  out[2] = BODY_SIZE;
  fourcc = GUINT32_TO_LE (fourcc);
  memcpy (out + 6 + 12, &fourcc, 4);
  return 6 + BODY_SIZE;
}

static void
check (Fixture *self, const char *expected)
{
  spin (self);
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
}

static const uint8_t plain[] = { PLAIN, 0, 3, 0, 0, 0, 'a', 'b', 'c' };

/* A message, a scanout, its byte, a message: with a pause of the writer anywhere, and two. */
static void
test_alignment (void)
{
  uint8_t bytes[sizeof plain + 6 + BODY_SIZE];
  unsigned before = count_fds ();

  memcpy (bytes, plain, sizeof plain);
  write_scanout (bytes + sizeof plain, 0x34325258);
  for (size_t first = 0; first <= sizeof bytes; first++) {
    for (size_t second = first; second <= sizeof bytes; second += 7) {
      Fixture f;

      set_up (&f, AF_UNIX);
      put (&f, bytes, first, 0);
      spin (&f);
      put (&f, bytes + first, second - first, 0);
      spin (&f);
      put (&f, bytes + second, sizeof bytes - second, 0);
      if (first % 2)
        spin (&f);
      put (&f, "@", 1, 1 + first % 4);
      if (second % 2)
        spin (&f);
      put (&f, plain, sizeof plain, 0);
      spin (&f);
      g_assert_cmpuint (f.log->len, ==, 10);
      g_assert_cmpint (f.log->str[6] - '0', ==, (int) (1 + first % 4));
      f.is_taker = false;
      tear_down (&f);
      g_assert_cmpuint (count_fds (), ==, before);
    }
  }
}

/* Many in a row, all there before the first read, and taken one at a time. */
static void
test_row (void)
{
  g_autoptr (GString) expected = g_string_new (NULL);
  uint8_t bytes[6 + BODY_SIZE];
  unsigned before = count_fds ();
  Fixture f;

  set_up (&f, AF_UNIX);
  for (unsigned i = 0; i < 40; i++) {
    put (&f, bytes, write_scanout (bytes, 1 + i), 0);
    put (&f, "@", 1, 1 + i % 4);
    g_string_append_printf (expected, "320:%u ", 1 + i % 4);
  }
  for (unsigned i = 0; i < 10; i++)
    spin (&f);
  check (&f, expected->str);
  tear_down (&f);
  g_assert_cmpuint (count_fds (), ==, before);
}

/* What nobody takes is closed when the callback returns. */
static void
test_untaken (void)
{
  uint8_t bytes[6 + BODY_SIZE];
  unsigned before = count_fds (), open;
  Fixture f;

  set_up (&f, AF_UNIX);
  open = count_fds ();
  f.is_taker = false;
  put (&f, bytes, write_scanout (bytes, 1), 0);
  put (&f, "@", 1, 3);
  check (&f, "320:3 ");
  g_assert_cmpuint (count_fds (), ==, open);
  tear_down (&f);
  g_assert_cmpuint (count_fds (), ==, before);
}

typedef struct {
  const char *name;
  unsigned with_plain;  /* descriptors with a message that has none */
  unsigned with_header; /* with the first bytes of the scanout */
  unsigned with_body;   /* with the rest of it */
  unsigned with_byte;   /* with the byte after it */
  bool is_off;          /* fourcc 0: no byte follows */
  const char *expected;
} Hostile;

static const Hostile hostile_rows[] = {
  { "none-due", 0, 0, 0, 0, false, "5 320:0 5 " },       { "off", 0, 0, 0, 0, true, "5 320:0 5 " },
  { "unasked", 2, 0, 0, 1, false, "5 320:1 5 " },        { "unasked-off", 2, 1, 1, 0, true, "5 320:0 5 " },
  { "in-header", 0, 3, 0, 1, false, "5 320:1 5 " },      { "in-body", 0, 0, 3, 1, false, "5 320:1 5 " },
  { "in-body-only", 0, 0, 3, 0, false, "5 320:0 5 " },   { "five", 0, 0, 0, 5, false, "5 320:4 5 " },
  { "sixteen", 0, 0, 0, 16, false, "5 320:4 5 " },       { "sixty-four", 0, 0, 0, 64, false, "5 320:4 5 " },
  { "everywhere", 64, 64, 64, 64, false, "5 320:0 5 " },
};

static void
test_hostile (gconstpointer data)
{
  const Hostile *row = data;

  for (unsigned pauses = 0; pauses < 16; pauses++) {
    uint8_t bytes[6 + BODY_SIZE];
    unsigned before = count_fds (), open;
    Fixture f;

    set_up (&f, AF_UNIX);
    open = count_fds ();
    put (&f, plain, sizeof plain, row->with_plain);
    if (pauses & 1)
      spin (&f);
    write_scanout (bytes, row->is_off ? 0 : 1);
    put (&f, bytes, 3, row->with_header);
    if (pauses & 2)
      spin (&f);
    g_assert_cmpuint (count_fds (), <=, open + 16);
    if ((pauses & 2) && row->with_header == 64)
      g_assert_cmpuint (count_fds (), ==, open + 16);
    put (&f, bytes + 3, sizeof bytes - 3, row->with_body);
    if (pauses & 4)
      spin (&f);
    g_assert_cmpuint (count_fds (), <=, open + 16);
    if (!row->is_off)
      put (&f, "@", 1, row->with_byte);
    if (pauses & 8)
      spin (&f);
    put (&f, plain, sizeof plain, 0);
    check (&f, row->expected);
    g_assert_cmpuint (count_fds (), ==, open);
    tear_down (&f);
    g_assert_cmpuint (count_fds (), ==, before);
  }
}

/* The connection ends while some wait, and while a handler has some. */
static void
test_end (gconstpointer data)
{
  uint8_t bytes[6 + BODY_SIZE];
  unsigned before = count_fds ();
  Fixture f;

  set_up (&f, AF_UNIX);
  f.closes = data != NULL;
  f.is_taker = false;
  if (data) {
    put (&f, bytes, write_scanout (bytes, 1), 0);
    put (&f, "@", 1, 2);
  }
  write_scanout (bytes, 1);
  put (&f, bytes, 3, 2);
  check (&f, data ? "320:2 " : "");
  tear_down (&f);
  g_assert_cmpuint (count_fds (), ==, before);
}

/* The peer ends inside a message: what waited is closed although the pump is still there. */
static void
test_peer_ends (void)
{
  uint8_t bytes[6 + BODY_SIZE];
  unsigned open;
  Fixture f;

  set_up (&f, AF_UNIX);
  write_scanout (bytes, 1);
  put (&f, bytes, 3, 2);
  spin (&f);
  open = count_fds ();
  shutdown (f.peer, SHUT_RDWR);
  spin (&f);
  g_assert_true (f.is_closed);
  g_assert_cmpuint (count_fds (), <=, open - 2);
  tear_down (&f);
}

/* What has been closed is nobody's any more: another file may have its number. */
static void
test_closed (void)
{
  CwDescriptors descriptors = { .n = 2, .fds = { open ("/dev/null", O_RDONLY), open ("/dev/null", O_RDONLY) } };
  int first = descriptors.fds[0], other;

  cw_descriptors_close (&descriptors);
  g_assert_cmpint (fcntl (first, F_GETFD), ==, -1);
  other = open ("/dev/null", O_RDONLY);
  g_assert_cmpint (other, ==, first);
  g_assert_cmpint (cw_descriptors_steal (&descriptors, 0), ==, -1);
  cw_descriptors_close (&descriptors);
  g_assert_cmpint (fcntl (other, F_GETFD), !=, -1);
  close (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/descriptors/closed", test_closed);
  g_test_add_func ("/descriptors/alignment", test_alignment);
  g_test_add_func ("/descriptors/row", test_row);
  g_test_add_func ("/descriptors/untaken", test_untaken);
  for (unsigned i = 0; i < G_N_ELEMENTS (hostile_rows); i++) {
    g_autofree char *path = g_strdup_printf ("/descriptors/hostile/%s", hostile_rows[i].name);

    g_test_add_data_func (path, &hostile_rows[i], test_hostile);
  }
  g_test_add_data_func ("/descriptors/end/waiting", NULL, test_end);
  g_test_add_data_func ("/descriptors/end/in-frame", "", test_end);
  g_test_add_func ("/descriptors/peer-ends", test_peer_ends);
  return g_test_run ();
}
