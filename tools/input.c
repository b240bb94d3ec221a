/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "input.h"

#include "client.h"
#include "recording/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *data;
  size_t size, capacity;
} Buffer;

static void
wipe (Buffer *self)
{
  if (self->data)
    explicit_bzero (self->data, self->size);
  g_free (self->data);
}

/* For more than the one byte of the NUL. */
static void
make_room (Buffer *self)
{
  Buffer larger = { .size = self->size, .capacity = MAX (2 * self->capacity, 65536) };

  if (self->size + 1 < self->capacity)
    return;
  larger.data = g_malloc (larger.capacity);
  if (self->data)
    memcpy (larger.data, self->data, self->size);
  wipe (self);
  *self = larger;
}

/* 0, or what went wrong. */
static int
read_all (int fd, size_t max, Buffer *buffer)
{
  for (;;) {
    ssize_t n;

    make_room (buffer);
    n = read (fd, buffer->data + buffer->size, buffer->capacity - buffer->size - 1);
    if (n > 0)
      buffer->size += (size_t) n;
    else if (n == 0 || errno != EINTR)
      return n == 0 ? 0 : errno;
    if (buffer->size >= max)
      return EFBIG;
  }
}

bool
input_claim_stdin (GError **error)
{
  static bool claimed;
  bool ok = !claimed;

  if (!ok)
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "standard input cannot be two things at once: give one as a file");
  claimed = true;
  return ok;
}

/* Not through stdio, whose buffer would keep a secret. */
char *
input_read (const char *path, size_t max, size_t *size, GError **error)
{
  bool from_stdin = strcmp (path, "-") == 0;
  Buffer buffer = { 0 };
  int fd, problem;

  if (from_stdin && !input_claim_stdin (error))
    return NULL;
  fd = from_stdin ? STDIN_FILENO : open (path, O_RDONLY | O_CLOEXEC);
  problem = fd == -1 ? errno : read_all (fd, max, &buffer);
  if (fd > STDIN_FILENO)
    close (fd);
  if (problem != 0) {
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "cannot read %s: %s", from_stdin ? "standard input" : path,
                 problem == EFBIG ? "it is too large" : g_strerror (problem));
    wipe (&buffer);
    return NULL;
  }
  buffer.data[buffer.size] = 0;
  *size = buffer.size;
  return buffer.data;
}

CwRecording *
input_recording (const char *path, GError **error)
{
  GError *problem = NULL;
  CwRecording *recording = NULL;
  struct stat now;

  /* What cannot be mapped has reasons that nobody understands. */
  if (stat (path, &now) == 0 && !S_ISREG (now.st_mode))
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "cannot read %s: it is %s", path,
                 S_ISDIR (now.st_mode) ? "a folder" : "no regular file");
  else if (!(recording = cw_recording_open (path, &problem)))
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s", problem->message);
  g_clear_error (&problem);
  return recording;
}
