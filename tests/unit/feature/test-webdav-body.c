/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files on their way from the server to the channel: by a pipe, or read and written. */
#include "feature/webdav/tube.h"

#include "channel/spicevmc.h"
#include "feature/webdav/mux.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define SIZE (2 * 1024 * 1024 + 12345)

/* Not 0: all pipes are of this size, which nobody may change. */
static int pipe_size;

int __real_fcntl64 (int fd, int command, ...);
int __wrap_fcntl64 (int fd, int command, ...);

int
__wrap_fcntl64 (int fd, int command, ...)
{
  va_list args;
  long argument;

  va_start (args, command);
  argument = va_arg (args, long);
  va_end (args);
  if (pipe_size == 0 || (command != F_SETPIPE_SZ && command != F_GETPIPE_SZ))
    return __real_fcntl64 (fd, command, argument);
  if (command == F_GETPIPE_SZ)
    return pipe_size;
  __real_fcntl64 (fd, command, (long) pipe_size);
  errno = EPERM;
  return -1;
}

typedef struct {
  CwWebdavTube *tube;
  CwWebdavBodies *bodies;
  CwWebdavBody *body;
  GIOStream *stream;
  GPollableOutputStream *out;
  char *content;
  int fd; /* the body's */
  GByteArray *taken;
  unsigned n_piped, n_read;
  GSList *kept; /* CwPiped that has been read and is not done with */
} Fixture;

static gboolean
on_ready (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
set_up (Fixture *self, gconstpointer piped)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  *self = (Fixture){ .content = g_malloc (SIZE), .taken = g_byte_array_new () };
  for (size_t i = 0; i < SIZE; i++)
    self->content[i] = (char) (i * 7 + i / 251);
  self->fd = g_file_open_tmp (NULL, &path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (write (self->fd, self->content, SIZE), ==, SIZE);
  self->bodies = cw_webdav_bodies_new ();
  self->body = cw_webdav_body_new (self->bodies, self->fd, CW_WEBDAV_PART);
  self->tube = cw_webdav_tube_new (g_main_context_default (), g_main_context_default (), on_ready, self);
  if (piped)
    cw_webdav_tube_allow_pipe (self->tube);
  self->stream = cw_webdav_tube_stream (self->tube, g_main_context_default (), self->bodies);
  self->out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
}

static void
let_go (gpointer data)
{
  CwPiped *piped = data;

  piped->done (piped->data);
  g_free (piped);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  cw_webdav_tube_free (self->tube);
  g_slist_free_full (self->kept, let_go);
  g_object_unref (self->stream);
  cw_webdav_body_unref (self->body);
  cw_webdav_bodies_unref (self->bodies);
  g_byte_array_unref (self->taken);
  g_free (self->content);
}

/* The next frame's content, as the channel would send it; false: there is none. */
static bool
take (Fixture *self)
{
  CwPiped piped;
  bool over;
  g_autoptr (GBytes) frame = cw_webdav_tube_take (self->tube, 1, &piped, &over);
  const uint8_t *bytes;
  gsize size;

  if (!frame)
    return false;
  bytes = g_bytes_get_data (frame, &size);
  g_assert_cmpuint (bytes[8] + 256 * bytes[9], ==, size - CW_WEBDAV_HEADER + piped.size);
  g_assert_cmpuint (size + piped.size, <=, 65536);
  g_byte_array_append (self->taken, bytes + CW_WEBDAV_HEADER, (guint) size - CW_WEBDAV_HEADER);
  self->n_read += piped.size == 0;
  if (piped.size == 0)
    return true;
  self->n_piped++;
  g_byte_array_set_size (self->taken, self->taken->len + (guint) piped.size);
  g_assert_cmpint (read (piped.fd, self->taken->data + self->taken->len - piped.size, piped.size), ==, piped.size);
  self->kept = g_slist_prepend (self->kept, g_memdup2 (&piped, sizeof piped));
  return true;
}

static gssize
write_some (Fixture *self, const void *bytes, gsize size, GError **error)
{
  return g_pollable_output_stream_write_nonblocking (self->out, bytes, size, NULL, error);
}

/* Writes a part as libsoup does, and takes frames where there is no room. */
static void
write_part (Fixture *self, goffset at, size_t size)
{
  g_autoptr (GBytes) part = cw_webdav_body_part (self->body, at, size);
  const uint8_t *bytes = g_bytes_get_data (part, NULL);

  for (size_t done = 0; done < size;) {
    g_autoptr (GError) error = NULL;
    gssize n = write_some (self, bytes + done, size - done, &error);

    if (n > 0) {
      done += (size_t) n;
      continue;
    }
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    g_assert_false (g_pollable_output_stream_is_writable (self->out));
    while (!g_pollable_output_stream_is_writable (self->out) && take (self))
      ;
    g_slist_free_full (g_steal_pointer (&self->kept), let_go);
    g_assert_true (g_pollable_output_stream_is_writable (self->out));
  }
}

static void
test_content (Fixture *self, gconstpointer piped)
{
  g_assert_cmpint (write_some (self, "head", 4, NULL), ==, 4);
  for (goffset at = 1; at < SIZE; at += CW_WEBDAV_PART)
    write_part (self, at, (size_t) MIN (CW_WEBDAV_PART, SIZE - at));
  while (take (self))
    ;
  g_assert_cmpint (write_some (self, "tail", 4, NULL), ==, 4);
  while (take (self))
    ;
  g_assert_cmpuint (self->taken->len, ==, SIZE - 1 + 8);
  g_assert_cmpmem (self->taken->data, 4, "head", 4);
  g_assert_cmpmem (self->taken->data + 4, SIZE - 1, self->content + 1, SIZE - 1);
  g_assert_cmpmem (self->taken->data + SIZE + 3, 4, "tail", 4);
  if (piped)
    g_assert_cmpuint (self->n_piped, >, 5 * self->n_read);
  else
    g_assert_cmpuint (self->n_piped, ==, 0);
}

/* A small file makes one frame with its head. */
static void
test_small (Fixture *self, gconstpointer piped)
{
  g_assert_cmpint (write_some (self, "head", 4, NULL), ==, 4);
  write_part (self, 100, 1000);
  g_assert_true (take (self));
  g_assert_false (take (self));
  g_assert_cmpmem (self->taken->data + 4, self->taken->len - 4, self->content + 100, 1000);
}

/* Frames that have been taken are in the pipe until they are done with: no more than it holds are on their way. */
static void
test_bound (Fixture *self, gconstpointer piped)
{
  g_autoptr (GError) error = NULL;
  goffset at = 0;
  gssize n;

  do {
    g_autoptr (GBytes) part = cw_webdav_body_part (self->body, at % (SIZE - CW_WEBDAV_PART), CW_WEBDAV_PART);

    n = write_some (self, g_bytes_get_data (part, NULL), CW_WEBDAV_PART, &error);
    at += MAX (n, 0);
    while (take (self))
      ;
    g_assert_cmpint (at, <=, 2 * 1024 * 1024);
  } while (n > 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_false (g_pollable_output_stream_is_writable (self->out));
  g_slist_free_full (g_steal_pointer (&self->kept), let_go);
  g_assert_true (g_pollable_output_stream_is_writable (self->out));
}

static void
test_cut (Fixture *self, gconstpointer piped)
{
  g_autoptr (GBytes) part = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ftruncate (self->fd, 70000), ==, 0);
  part = cw_webdav_body_part (self->body, 0, CW_WEBDAV_PART);
  for (gssize done = 0, n; !error; done += n) {
    n = write_some (self, (const uint8_t *) g_bytes_get_data (part, NULL) + done, (size_t) (CW_WEBDAV_PART - done),
                    &error);
    g_assert_cmpint (done, <=, 70000);
  }
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static void
test_hung_up (Fixture *self, gconstpointer piped)
{
  g_autoptr (GBytes) part = cw_webdav_body_part (self->body, 0, CW_WEBDAV_PART);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (write_some (self, g_bytes_get_data (part, NULL), CW_WEBDAV_PART, NULL), >, 0);
  cw_webdav_tube_hang_up (self->tube);
  g_assert_false (take (self));
  g_assert_cmpint (write_some (self, g_bytes_get_data (part, NULL), CW_WEBDAV_PART, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
}

static bool
is_piped (void)
{
  Fixture self;
  bool is;

  set_up (&self, "");
  write_part (&self, 0, 100000);
  while (take (&self))
    ;
  g_assert_cmpmem (self.taken->data, self.taken->len, self.content, 100000);
  is = self.n_piped > 0;
  tear_down (&self, NULL);
  return is;
}

/* Pipes that are too small are not used, and none of them is kept. */
static void
test_small_pipes (void)
{
  pipe_size = 256 * 1024 - 1;
  for (unsigned i = 0; i < 40; i++)
    g_assert_false (is_piped ());
  pipe_size = 256 * 1024;
  for (unsigned i = 0; i < 40; i++)
    g_assert_true (is_piped ());
  pipe_size = 0;
}

/* Not more connections have a pipe than the process can spare descriptors for; the others work without. */
static void
test_many (void)
{
  Fixture all[40];
  unsigned n_piped = 0;

  for (unsigned i = 0; i < G_N_ELEMENTS (all); i++) {
    set_up (&all[i], "");
    write_part (&all[i], 0, 100000);
    while (take (&all[i]))
      ;
    g_assert_cmpmem (all[i].taken->data, all[i].taken->len, all[i].content, 100000);
    n_piped += all[i].n_piped > 0;
  }
  g_assert_cmpuint (n_piped, >, 0);
  g_assert_cmpuint (n_piped, <, 20);
  for (unsigned i = 0; i < G_N_ELEMENTS (all); i++)
    tear_down (&all[i], NULL);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *name;
    void (*run) (Fixture *self, gconstpointer piped);
    bool piped, read;
  } tests[] = {
    { "content", test_content, true, true }, { "small", test_small, true, true },
    { "bound", test_bound, true, false },    { "cut", test_cut, true, true },
    { "hung-up", test_hung_up, true, true },
  };

  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (tests); i++) {
    g_autofree char *piped = g_strconcat ("/webdav-body/piped/", tests[i].name, NULL);
    g_autofree char *read_path = g_strconcat ("/webdav-body/read/", tests[i].name, NULL);

    if (tests[i].piped)
      g_test_add (piped, Fixture, "", set_up, tests[i].run, tear_down);
    if (tests[i].read)
      g_test_add (read_path, Fixture, NULL, set_up, tests[i].run, tear_down);
  }
  g_test_add_func ("/webdav-body/small-pipes", test_small_pipes);
  g_test_add_func ("/webdav-body/many", test_many);
  return g_test_run ();
}
