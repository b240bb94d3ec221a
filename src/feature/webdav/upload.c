/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PUT: what comes goes into a file of its own, without a name if possible, which takes the place of the old one when
 * all of it is there. */
#include "feature/webdav/requests.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The data of a message under this name. */
#define UPLOAD "cw-webdav-upload"

/* Chunks, of 8 KiB each, that are written together. */
#define CHUNKS 16

typedef struct {
  int fd;
  char *partial; /* NULL while it has no name, and once it is in its place */
  char *real;
  bool replaces;
  int problem; /* errno of the first failure, or 0 */
  GBytes *chunks[CHUNKS];
  int n_chunks;
} Upload;

static guint
status_of_error (int problem)
{
  switch (problem) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    return SOUP_STATUS_INSUFFICIENT_STORAGE;
  case EACCES:
  case EPERM:
  case EROFS:
    return SOUP_STATUS_FORBIDDEN;
  case ENOENT:
  case ENOTDIR:
    return SOUP_STATUS_CONFLICT;
  case ENAMETOOLONG:
    return SOUP_STATUS_REQUEST_URI_TOO_LONG;
  default:
    return SOUP_STATUS_INTERNAL_SERVER_ERROR;
  }
}

static void
drop_chunks (Upload *self)
{
  while (self->n_chunks > 0)
    g_bytes_unref (self->chunks[--self->n_chunks]);
}

static void
write_chunks (Upload *self)
{
  struct iovec vectors[CHUNKS], *at = vectors;
  int rest = self->n_chunks;

  for (int i = 0; i < self->n_chunks; i++)
    vectors[i].iov_base = (void *) g_bytes_get_data (self->chunks[i], &vectors[i].iov_len);
  while (rest > 0 && self->problem == 0) {
    ssize_t n = TEMP_FAILURE_RETRY (writev (self->fd, at, rest));

    if (n < 0)
      self->problem = errno;
    for (; rest > 0 && n >= (ssize_t) at->iov_len; at++, rest--)
      n -= (ssize_t) at->iov_len;
    if (rest > 0 && n > 0) {
      at->iov_base = (char *) at->iov_base + n;
      at->iov_len -= (size_t) n;
    }
  }
  drop_chunks (self);
}

static void
on_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  Upload *self = data;

  if (self->problem != 0)
    return;
  self->chunks[self->n_chunks++] = g_bytes_ref (chunk);
  if (self->n_chunks == CHUNKS)
    write_chunks (self);
}

static void
get_link (int fd, char *link, size_t size)
{
  g_snprintf (link, size, "/proc/self/fd/%d", fd);
}

/* A name of its own first, as a link takes no other's place. */
static void
name_it (Upload *self)
{
  char link[32];

  get_link (self->fd, link, sizeof link);
  self->partial = cw_share_partial_name (self->real);
  if (linkat (AT_FDCWD, link, AT_FDCWD, self->partial, AT_SYMLINK_FOLLOW) == 0)
    return;
  self->problem = errno;
  g_clear_pointer (&self->partial, g_free);
}

bool
cw_webdav_upload_end (SoupServerMessage *message)
{
  Upload *self = g_object_get_data (G_OBJECT (message), UPLOAD);

  if (!self)
    return false;
  write_chunks (self);
  if (self->problem == 0 && !self->partial)
    name_it (self);
  if (close (self->fd) != 0 && self->problem == 0)
    self->problem = errno;
  self->fd = -1;
  if (self->problem == 0 && g_rename (self->partial, self->real) != 0)
    self->problem = errno;
  if (self->problem == 0)
    g_clear_pointer (&self->partial, g_free);
  soup_server_message_set_status (message,
                                  self->problem != 0 ? status_of_error (self->problem)
                                  : self->replaces   ? SOUP_STATUS_NO_CONTENT
                                                     : SOUP_STATUS_CREATED,
                                  NULL);
  return true;
}

static void
free_upload (gpointer data)
{
  Upload *self = data;

  if (self->fd >= 0)
    close (self->fd);
  if (self->partial)
    g_unlink (self->partial);
  drop_chunks (self);
  g_free (self->partial);
  g_free (self->real);
  g_free (self);
}

static void
on_finished (SoupServerMessage *message, gpointer data)
{
  g_object_set_data (G_OBJECT (message), UPLOAD, NULL);
}

/* A file without a name goes with the process, however that ends. False: the file system, or the place where the
 * program runs, has none. */
static bool
open_unnamed (Upload *self)
{
  g_autofree char *folder = g_path_get_dirname (self->real);
  char link[32];

  self->fd = open (folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
  if (self->fd < 0)
    return false;
  get_link (self->fd, link, sizeof link);
  if (access (link, F_OK) == 0)
    return true;
  close (self->fd);
  self->fd = -1;
  return false;
}

static bool
open_named (Upload *self)
{
  self->partial = cw_share_partial_name (self->real);
  self->fd = open (self->partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (self->fd >= 0)
    return true;
  self->problem = errno;
  g_clear_pointer (&self->partial, g_free);
  return false;
}

static bool
open_partial (Upload *self)
{
  struct stat old;

  /* It is replaced as a whole, which its folder's permissions would be enough for. */
  self->replaces = stat (self->real, &old) == 0;
  if (self->replaces && faccessat (AT_FDCWD, self->real, W_OK, AT_EACCESS) != 0) {
    self->problem = errno;
    return false;
  }
  if (strlen (strrchr (self->real, '/') + 1) > NAME_MAX) {
    self->problem = ENAMETOOLONG;
    return false;
  }
  if (!open_unnamed (self) && !open_named (self))
    return false;
  if (self->replaces)
    fchmod (self->fd, old.st_mode & 07777);
  return true;
}

void
cw_webdav_upload (SoupServerMessage *message, const char *real)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  Upload *self;
  guint refused = SOUP_STATUS_NONE;

  soup_message_body_set_accumulate (body, FALSE);
  if (g_file_test (real, G_FILE_TEST_EXISTS) && !g_file_test (real, G_FILE_TEST_IS_REGULAR))
    refused = SOUP_STATUS_METHOD_NOT_ALLOWED;
  else if (soup_message_headers_get_one (headers, "Content-Range"))
    refused = SOUP_STATUS_NOT_IMPLEMENTED;
  if (refused != SOUP_STATUS_NONE) {
    soup_server_message_set_status (message, refused, NULL);
    return;
  }
  self = g_new0 (Upload, 1);
  self->fd = -1;
  self->real = g_strdup (real);
  if (!open_partial (self)) {
    soup_server_message_set_status (message, status_of_error (self->problem), NULL);
    free_upload (self);
    return;
  }
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_chunk), self);
  /* A message that is under way when the server ends is never finished. */
  g_object_set_data_full (G_OBJECT (message), UPLOAD, self, free_upload);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), NULL);
}
