/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/usb/medium.h"

#include "spice-client.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct CwUsbMedium {
  gatomicrefcount refs;
  int fd;
  bool writable;
  uint64_t size;
  char *path;
  char serial[21];
};

typedef struct {
  enum { READ, WRITE, FLUSH } what;
  uint64_t offset;
  uint8_t *buffer;
  size_t size;
  CwUsbMediumFunc done;
  gpointer data;
} Request;

static bool
fail (GError **error, const char *path, const char *reason)
{
  g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "%s cannot be shared: %s", path, reason);
  return false;
}

/* Another program that writes, or a virtual machine that uses the image, has a lock of this kind on it. */
static bool
lock (int fd)
{
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  return fcntl (fd, F_OFD_SETLK, &whole) == 0;
}

static bool
examine (CwUsbMedium *self, uint32_t block_size, GError **error)
{
  struct stat status;
  off_t size;

  if (fstat (self->fd, &status) != 0)
    return fail (error, self->path, g_strerror (errno));
  if (!S_ISREG (status.st_mode) && !S_ISBLK (status.st_mode))
    return fail (error, self->path, "it is neither a file nor a block device");
  size = lseek (self->fd, 0, SEEK_END);
  if (size <= 0)
    return fail (error, self->path, size == 0 ? "it is empty" : g_strerror (errno));
  self->size = (uint64_t) size;
  if ((self->writable || S_ISBLK (status.st_mode)) && self->size % block_size != 0)
    return fail (error, self->path, "its size is no multiple of a block");
  if (self->writable && !lock (self->fd))
    return fail (error, self->path, "another program uses it");
  return true;
}

static void
make_serial (CwUsbMedium *self)
{
  g_autofree char *real = realpath (self->path, NULL);
  const char *path = real ? real : self->path;
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, path, -1);
  g_autofree char *upper = g_ascii_strup (sum, sizeof self->serial - 1);

  g_strlcpy (self->serial, upper, sizeof self->serial);
}

CwUsbMedium *
cw_usb_medium_open (const char *path, bool writable, uint32_t block_size, GError **error)
{
  g_autoptr (CwUsbMedium) self = g_new0 (CwUsbMedium, 1);

  g_atomic_ref_count_init (&self->refs);
  self->path = g_strdup (path);
  self->writable = writable;
  /* Not to wait for the other end of a pipe. */
  self->fd = open (path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (self->fd < 0) {
    fail (error, path, g_strerror (errno));
    return NULL;
  }
  if (!examine (self, block_size, error))
    return NULL;
  make_serial (self);
  return g_steal_pointer (&self);
}

CwUsbMedium *
cw_usb_medium_ref (CwUsbMedium *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
cw_usb_medium_unref (CwUsbMedium *self)
{
  if (!self || !g_atomic_ref_count_dec (&self->refs))
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self);
}

uint64_t
cw_usb_medium_size (const CwUsbMedium *self)
{
  return self->size;
}

bool
cw_usb_medium_is_writable (const CwUsbMedium *self)
{
  return self->writable;
}

const char *
cw_usb_medium_path (const CwUsbMedium *self)
{
  return self->path;
}

const char *
cw_usb_medium_serial (const CwUsbMedium *self)
{
  return self->serial;
}

/* The part of a request that the medium has; beyond it there is only the filling of the last block. */
static size_t
within (const CwUsbMedium *self, uint64_t offset, size_t size)
{
  return offset < self->size ? (size_t) MIN (size, self->size - offset) : 0;
}

static bool
transfer (CwUsbMedium *self, const Request *request)
{
  size_t size = within (self, request->offset, request->size);

  for (size_t at = 0; at < size;) {
    off_t offset = (off_t) (request->offset + at);
    ssize_t n = request->what == READ ? pread (self->fd, request->buffer + at, size - at, offset)
                                      : pwrite (self->fd, request->buffer + at, size - at, offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) /* a file that has become shorter among them */
      return false;
    at += (size_t) n;
  }
  if (request->what == READ)
    memset (request->buffer + size, 0, request->size - size);
  return true;
}

static void
run_request (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Request *request = data;
  CwUsbMedium *self = g_object_get_data (G_OBJECT (task), "medium");

  g_task_return_boolean (task, request->what == FLUSH ? fdatasync (self->fd) == 0 : transfer (self, request));
}

static void
on_request_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Request *request = g_task_get_task_data (G_TASK (result));

  request->done (request->data, g_task_propagate_boolean (G_TASK (result), NULL));
}

static void
start_request (CwUsbMedium *self, Request request)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_request_done, NULL);

  g_task_set_source_tag (task, start_request);
  g_task_set_task_data (task, g_memdup2 (&request, sizeof request), g_free);
  g_object_set_data_full (G_OBJECT (task), "medium", cw_usb_medium_ref (self), (GDestroyNotify) cw_usb_medium_unref);
  g_task_run_in_thread (task, run_request);
}

/* What is there without waiting. */
static bool
read_cached (CwUsbMedium *self, const Request *request)
{
  size_t size = within (self, request->offset, request->size);
  struct iovec vector = { request->buffer, size };

  if (preadv2 (self->fd, &vector, 1, (off_t) request->offset, RWF_NOWAIT) != (ssize_t) size)
    return false;
  memset (request->buffer + size, 0, request->size - size);
  return true;
}

void
cw_usb_medium_read (CwUsbMedium *self, uint64_t offset, uint8_t *buffer, size_t size, CwUsbMediumFunc done,
                    gpointer data)
{
  Request request = { READ, offset, buffer, size, done, data };

  if (read_cached (self, &request))
    done (data, true);
  else
    start_request (self, request);
}

void
cw_usb_medium_write (CwUsbMedium *self, uint64_t offset, const uint8_t *buffer, size_t size, CwUsbMediumFunc done,
                     gpointer data)
{
  start_request (self, (Request){ WRITE, offset, (uint8_t *) buffer, size, done, data });
}

void
cw_usb_medium_flush (CwUsbMedium *self, CwUsbMediumFunc done, gpointer data)
{
  start_request (self, (Request){ FLUSH, 0, NULL, 0, done, data });
}
