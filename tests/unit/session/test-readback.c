/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contents in video memory read as pixels: shared memory stands for a buffer of rows. What a server says of it may be
 * anything, and others may change it meanwhile. */
#include "client.h"
#include "descriptors.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define UNKNOWN UINT64_C (0x00ffffffffffffff)
#define ROUNDS 300
#define SHRINKING_ROWS 1024

typedef enum { MEMORY, NO_READING, PROC, PIPE, DIRECTORY } Kind;

typedef struct {
  const char *name, *format;
  uint32_t width, height, offset, stride;
  uint64_t modifier;
  unsigned n_planes;
  bool y0top;
  Kind kind;
  size_t size;
  int code;          /* of the error */
  const char *error; /* NULL: it can be read */
} Row;

#define GOOD(format, width, height, offset, stride, modifier, y0top, size)                                             \
  {                                                                                                                    \
#    format, #    format, width, height, offset, stride, modifier, 1, y0top, MEMORY, size, 0, NULL                     \
  }
#define BAD(name, width, height, offset, stride, size, code, error)                                                    \
  {                                                                                                                    \
    name, "XR24", width, height, offset, stride, 0, 1, true, MEMORY, size, code, error                                 \
  }
#define ODD(name, kind, code, error)                                                                                   \
  {                                                                                                                    \
    name, "XR24", 16, 8, 0, 64, 0, 1, true, kind, 4096, code, error                                                    \
  }

static const Row rows[] = {
  GOOD (XR24, 16, 8, 0, 64, 0, true, 16 * 8 * 4),
  GOOD (AR24, 17, 9, 0, 68, UNKNOWN, false, 17 * 9 * 4),
  GOOD (XB24, 16, 8, 20, 100, 0, true, 20 + 7 * 100 + 64),
  GOOD (AB24, 16, 8, 5000, 71, 0, false, 6000),
  GOOD (RX24, 1, 1, 0, 4, 0, true, 4),
  GOOD (RA24, 33, 5, 0, 4096, 0, true, 5 * 4096),
  GOOD (BX24, 33, 5, 1, 133, 0, true, 4096),
  GOOD (BA24, 33, 5, 0, 132, 0, true, 4096),
  GOOD (XR30, 33, 5, 0, 132, 0, true, 4096),
  GOOD (AR30, 33, 5, 0, 132, 0, false, 4096),
  GOOD (XB30, 33, 5, 0, 132, 0, true, 4096),
  GOOD (AB30, 33, 5, 0, 132, 0, true, 4096),
  /* More than a pipe holds. */
  GOOD (XR24, 40000, 3, 0, 160000, 0, true, 480000),

  { "tiled", "XR24", 16, 8, 0, 64, 0x100000000000001, 1, true, MEMORY, 4096, G_IO_ERROR_NOT_SUPPORTED,
    "*layout*(modifier 0x100000000000001)*" },
  { "format", "NV12", 16, 8, 0, 64, 0, 1, true, MEMORY, 4096, G_IO_ERROR_NOT_SUPPORTED, "*format*(0x3231564e*" },
  { "planes", "XR24", 16, 8, 0, 64, 0, 2, true, MEMORY, 4096, G_IO_ERROR_NOT_SUPPORTED, "*format*planes: 2*" },
  BAD ("no-width", 0, 8, 0, 64, 4096, G_IO_ERROR_INVALID_DATA, "*size (0x8,*"),
  BAD ("no-height", 16, 0, 0, 64, 4096, G_IO_ERROR_INVALID_DATA, "*size (16x0,*"),
  BAD ("wide", 65536, 1, 0, 65536 * 4, 65536 * 4, G_IO_ERROR_INVALID_DATA, "*size (65536x1,*"),
  BAD ("huge", 65535, 65535, 0, 65535 * 4, 4096, G_IO_ERROR_INVALID_DATA, "*size (65535x65535,*"),
  BAD ("everything", UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 4096, G_IO_ERROR_INVALID_DATA,
       "*impossible size*"),
  BAD ("short-rows", 16, 8, 0, 63, 4096, G_IO_ERROR_INVALID_DATA, "*rows of 63 bytes*"),
  BAD ("no-rows", 16, 8, 0, 0, 4096, G_IO_ERROR_INVALID_DATA, "*rows of 0 bytes*"),
  BAD ("short", 16, 8, 0, 64, 511, G_IO_ERROR_INVALID_DATA, "*end at byte 512 *has 511.*"),
  BAD ("beyond-pages", 1024, 1024, 0, 4096, 4096, G_IO_ERROR_INVALID_DATA, "*end at byte 4194304 *has 4096.*"),
  BAD ("offset", 16, 8, UINT32_MAX, 64, 4096, G_IO_ERROR_INVALID_DATA, "*end at byte 4294967807 *has 4096.*"),
  BAD ("stride", 16, 8, 0, UINT32_MAX, 4096, G_IO_ERROR_INVALID_DATA, "*end at byte 30064771129 *has 4096.*"),
  BAD ("empty", 16, 8, 0, 64, 0, G_IO_ERROR_INVALID_DATA, "*has 0.*"),
  ODD ("no-reading", NO_READING, G_IO_ERROR_PERMISSION_DENIED, "*cannot be read: *"),
  ODD ("proc", PROC, G_IO_ERROR_NOT_SUPPORTED, "*neither video nor shared memory*"),
  ODD ("pipe", PIPE, G_IO_ERROR_NOT_SUPPORTED, "*neither video nor shared memory*"),
  ODD ("directory", DIRECTORY, G_IO_ERROR_NOT_SUPPORTED, "*neither video nor shared memory*"),
};

typedef struct {
  unsigned n; /* contents that have come */
  bool over;
  bool shrinks;
  unsigned n_read, n_failed; /* while it shrinks */
} Case;

static uint8_t
byte_at (size_t i)
{
  return (uint8_t) (i * 31 + (i >> 8) * 7 + (i >> 16) * 3);
}

static int
memory (const Row *row)
{
  g_autofree uint8_t *bytes = g_malloc (row->size + 1);
  int fd = descriptors_memory (row->size);

  for (size_t i = 0; i < row->size; i++)
    bytes[i] = byte_at (i);
  g_assert_cmpint (pwrite (fd, bytes, row->size, 0), ==, (ssize_t) row->size);
  return fd;
}

static int
make_buffer (const Row *row)
{
  g_autofree char *path = NULL;
  int fd, pipe[2];

  switch (row->kind) {
  case MEMORY:
    return memory (row);
  case NO_READING:
    fd = memory (row);
    path = g_strdup_printf ("/proc/self/fd/%d", fd);
    pipe[0] = open (path, O_WRONLY | O_CLOEXEC);
    close (fd);
    return pipe[0];
  case PROC:
    return open ("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  case PIPE:
    g_assert_cmpint (pipe2 (pipe, O_CLOEXEC), ==, 0);
    close (pipe[1]);
    return pipe[0];
  case DIRECTORY:
    return open ("/proc/self", O_RDONLY | O_CLOEXEC);
  }
  g_assert_not_reached ();
}

static uint32_t
fourcc (const char *name)
{
  return (uint32_t) name[0] | (uint32_t) name[1] << 8 | (uint32_t) name[2] << 16 | (uint32_t) name[3] << 24;
}

static void
send_row (PeerIo *io, const Row *row)
{
  int fds[2] = { make_buffer (row), make_buffer (row) };
  CwWireGlPlane planes[2] = { { row->offset, row->stride }, { 0, 64 } };

  g_assert_cmpint (fds[0], >=, 0);
  server_send (io, CW_MSG_DISPLAY_GL_SCANOUT2_UNIX,
               &(CwMsgDisplayGlScanout2Unix){ .width = row->width,
                                              .height = row->height,
                                              .drm_fourcc_format = fourcc (row->format),
                                              .flags = row->y0top ? CW_GL_SCANOUT_Y0TOP : 0,
                                              .modifier = row->modifier,
                                              .n_planes = row->n_planes,
                                              .planes = planes });
  descriptors_send (io, fds, row->n_planes);
  close (fds[0]);
  close (fds[1]);
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0 };
  static const Row shrinking = GOOD (XR24, 512, SHRINKING_ROWS, 0, 2048, 0, true, 512 * SHRINKING_ROWS * 4);
  Case *self = data;

  if (!server_begin (io, &PEER_LINK_INIT, channels, 1))
    return;
  if (self->shrinks) {
    send_row (io, &shrinking);
  } else {
    for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
      send_row (io, &rows[i]);
  }
}

/* Of the pixel whose bytes begin at i. The letters of a format are the order of the colours in a number, from the upper
 * bits on. */
static uint32_t
expected_pixel (const char *format, size_t i)
{
  uint32_t number = byte_at (i) | (uint32_t) byte_at (i + 1) << 8 | (uint32_t) byte_at (i + 2) << 16
                    | (uint32_t) byte_at (i + 3) << 24;
  uint8_t r, g, b;

  if (strcmp (format + 2, "30") == 0) {
    r = (uint8_t) ((number >> 20 & 1023) / 4), g = (uint8_t) ((number >> 10 & 1023) / 4), b = (number & 1023) / 4;
    return format[1] == 'R' ? 0xff000000 | r << 16 | g << 8 | b : 0xff000000 | b << 16 | g << 8 | r;
  }
  /* RX, RA, BX, BA: the lowest byte is no colour. */
  if (format[0] == 'R' || format[0] == 'B')
    number >>= 8;
  r = number >> 16 & 255, g = number >> 8 & 255, b = number & 255;
  if (format[0] == 'B' || format[1] == 'B')
    return 0xff000000 | b << 16 | g << 8 | r;
  return 0xff000000 | r << 16 | g << 8 | b;
}

static void
check_pixels (const Row *row, GBytes *bytes)
{
  gsize size;
  const uint32_t *pixels = g_bytes_get_data (bytes, &size);

  g_assert_cmpuint (size, ==, (gsize) row->width * row->height * 4);
  for (uint32_t y = 0; y < row->height; y++) {
    size_t at = row->offset + (size_t) (row->y0top ? y : row->height - 1 - y) * row->stride;

    for (uint32_t x = 0; x < row->width; x++)
      g_assert_cmphex (*pixels++, ==, expected_pixel (row->format, at + 4 * x));
  }
}

static void
check_row (SpiceDisplayChannel *channel, const Row *row)
{
  g_autoptr (GError) error = NULL;
  guint width = 7, height = 7;
  g_autoptr (GBytes) bytes = spice_display_channel_read_gl_scanout (channel, &width, &height, &error);

  g_test_message ("%s: %s", row->name, error ? error->message : "read");
  if (!row->error) {
    g_assert_no_error (error);
    g_assert_cmpuint (width, ==, row->width);
    g_assert_cmpuint (height, ==, row->height);
    check_pixels (row, bytes);
    return;
  }
  g_assert_null (bytes);
  g_assert_error (error, G_IO_ERROR, row->code);
  g_assert_true (g_pattern_match_simple (row->error, error->message));
  g_assert_cmpuint (width + height, ==, 14);
}

typedef struct {
  int fd;
  int ends; /* atomic */
} Shrinker;

static gpointer
shrink (gpointer data)
{
  Shrinker *self = data;

  while (!g_atomic_int_get (&self->ends)) {
    g_assert_cmpint (ftruncate (self->fd, 4096), ==, 0);
    g_thread_yield ();
    g_assert_cmpint (ftruncate (self->fd, 512 * SHRINKING_ROWS * 4), ==, 0);
    g_thread_yield ();
  }
  return NULL;
}

/* While somebody takes the memory away and gives it back, it is read or it is not: nothing worse. */
static void
read_shrinking (SpiceDisplayChannel *channel, Case *self)
{
  Shrinker shrinker = { spice_display_channel_get_gl_planes (channel)->fd[0], 0 };
  GThread *thread = g_thread_new ("shrinker", shrink, &shrinker);

  for (unsigned i = 0; i < ROUNDS; i++) {
    guint width, height;
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) bytes = spice_display_channel_read_gl_scanout (channel, &width, &height, &error);

    g_assert_true ((bytes != NULL) == (error == NULL));
    self->n_read += bytes != NULL;
    self->n_failed += error != NULL;
  }
  g_atomic_int_set (&shrinker.ends, 1);
  g_thread_join (thread);
  g_test_message ("%u read, %u not", self->n_read, self->n_failed);
}

static void
on_scanout (SpiceDisplayChannel *channel, GParamSpec *pspec, Case *self)
{
  if (!spice_display_channel_get_gl_planes (channel)) {
    guint width, height;
    g_autoptr (GError) error = NULL;

    g_assert_null (spice_display_channel_read_gl_scanout (channel, &width, &height, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    self->over = true;
    return;
  }
  if (self->shrinks)
    read_shrinking (channel, self);
  else
    check_row (channel, &rows[self->n]);
  self->n++;
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  if (SPICE_IS_DISPLAY_CHANNEL (channel))
    g_signal_connect (channel, "notify::gl-scanout", G_CALLBACK (on_scanout), self);
}

static bool
is_over (gpointer data)
{
  return ((Case *) data)->over;
}

/* Returns how many descriptors are left. */
static int
run (Case *self)
{
  int before = descriptors_count ();
  Server *server = server_new (serve, self);
  SpiceSession *session = client_session_fd (server, 0);

  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_assert_true (spice_session_open_fd (session, -1));
  client_await (is_over, self);
  client_end (session);
  server_free (server);
  return descriptors_left (before);
}

static void
test_rows (void)
{
  Case self = { 0 };

  g_assert_cmpint (run (&self), ==, 0);
  g_assert_cmpuint (self.n, ==, G_N_ELEMENTS (rows));
}

static void
test_shrinking (void)
{
  Case self = { .shrinks = true };

  g_assert_cmpint (run (&self), ==, 0);
  g_assert_cmpuint (self.n_read + self.n_failed, ==, ROUNDS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/readback/rows", test_rows);
  g_test_add_func ("/readback/shrinking", test_shrinking);
  return g_test_run ();
}
