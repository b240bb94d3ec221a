/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GET and HEAD of a file, a part at a time: a file that is cut short meanwhile ends the connection, nothing more. */
#include "feature/webdav/requests.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  CwWebdavBody *body;
  goffset at, end;
} Download;

static void
free_download (gpointer data)
{
  Download *self = data;

  g_clear_pointer (&self->body, cw_webdav_body_unref);
  g_free (self);
}

/* A file that turns out to be shorter ends the connection: the length has been promised, so there is no other way to
 * say that the rest does not come. */
static void
add_part (SoupServerMessage *message, Download *self)
{
  SoupMessageBody *body = soup_server_message_get_response_body (message);
  gsize size = (gsize) MIN (CW_WEBDAV_PART, self->end - self->at);
  g_autoptr (GBytes) part = NULL;

  if (size == 0) {
    soup_message_body_complete (body);
    return;
  }
  part = cw_webdav_body_part (self->body, self->at, size);
  self->at += (goffset) size;
  soup_message_body_append_bytes (body, part);
}

static void
on_wrote_chunk (SoupServerMessage *message, gpointer data)
{
  add_part (message, data);
}

/* Sets the status and what part of the file is asked for. False: it begins behind the end. */
static bool
choose_part (SoupServerMessage *message, Download *self, goffset total)
{
  SoupMessageHeaders *asked = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *told = soup_server_message_get_response_headers (message);
  bool beyond = false;
  SoupRange *ranges;
  int n_ranges;

  self->end = total;
  if (!soup_message_headers_get_one (asked, "If-Range")
      && soup_message_headers_get_ranges (asked, total, &ranges, &n_ranges)) {
    /* What is asked for behind the end is not there: up to it is the answer (RFC 9110, 14.1.2). */
    if (n_ranges == 1 && ranges[0].start >= 0 && ranges[0].start <= ranges[0].end && ranges[0].start < total) {
      self->at = ranges[0].start;
      self->end = MIN (ranges[0].end, total - 1) + 1;
      soup_message_headers_set_content_range (told, self->at, self->end - 1, total);
    }
    beyond = n_ranges == 1 && total > 0 && ranges[0].start >= total;
    soup_message_headers_free_ranges (asked, ranges);
  }
  if (beyond) {
    g_autofree char *length = g_strdup_printf ("bytes */%" G_GOFFSET_FORMAT, total);

    soup_message_headers_replace (told, "Content-Range", length);
    soup_server_message_set_status (message, SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE, NULL);
    return false;
  }
  soup_server_message_set_status (message, self->end - self->at < total ? SOUP_STATUS_PARTIAL_CONTENT : SOUP_STATUS_OK,
                                  NULL);
  return true;
}

static void
describe (SoupServerMessage *message, const char *real, const struct stat *status)
{
  SoupMessageHeaders *told = soup_server_message_get_response_headers (message);
  g_autofree char *type = g_content_type_guess (real, NULL, 0, NULL);
  g_autofree char *mime = g_content_type_get_mime_type (type);
  g_autofree char *tag = cw_webdav_entity_tag ((guint64) status->st_size, (guint64) status->st_mtim.tv_sec,
                                               (unsigned) (status->st_mtim.tv_nsec / 1000));
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (status->st_mtim.tv_sec);
  g_autofree char *date = time ? soup_date_time_to_string (time, SOUP_DATE_HTTP) : NULL;

  soup_message_headers_replace (told, "ETag", tag);
  soup_message_headers_replace (told, "Accept-Ranges", "bytes");
  if (date)
    soup_message_headers_replace (told, "Last-Modified", date);
  soup_message_headers_set_content_type (told, mime ? mime : "application/octet-stream", NULL);
}

void
cw_webdav_download (SoupServerMessage *message, const char *real, CwWebdavBodies *bodies)
{
  SoupMessageHeaders *told = soup_server_message_get_response_headers (message);
  Download *self;
  struct stat status;
  int fd;

  /* Opening a pipe would wait for its other end. */
  fd = open (real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 || fstat (fd, &status) != 0 || !S_ISREG (status.st_mode)) {
    soup_server_message_set_status (message, SOUP_STATUS_FORBIDDEN, NULL);
    if (fd >= 0)
      close (fd);
    return;
  }
  self = g_new0 (Download, 1);
  self->body = cw_webdav_body_new (bodies, fd, (size_t) MIN (CW_WEBDAV_PART, status.st_size));
  g_object_set_data_full (G_OBJECT (message), "cw-webdav-download", self, free_download);
  describe (message, real, &status);
  if (!choose_part (message, self, status.st_size))
    return;
  soup_message_headers_set_content_length (told, self->end - self->at);
  soup_message_body_set_accumulate (soup_server_message_get_response_body (message), FALSE);
  if (g_str_equal (soup_server_message_get_method (message), "HEAD"))
    return;
  g_signal_connect (message, "wrote-chunk", G_CALLBACK (on_wrote_chunk), self);
  add_part (message, self);
}
