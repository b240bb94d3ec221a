/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/webdav/requests.h"

#include <string.h>

struct CwWebdavRequests {
  CwShare *share;
  GFile *root;
  CwWebdavLocks *locks;
  CwWebdavBodies *bodies;
};

typedef struct {
  CwWebdavRequests *owner;
  SoupServerMessage *message;
  const char *method;
  SoupMessageHeaders *headers;
  char *path; /* below the folder, without a slash at either end */
  char *real; /* or NULL: there is nothing, and nothing can be made */
  GFile *file;
  bool other; /* it stands in one of the application's folders */
} Request;

/* The data of a message under this name is its Request. */
#define REQUEST "cw-webdav-request"

static void
answer (Request *self, guint status)
{
  soup_server_message_set_status (self->message, status, NULL);
}

static bool
is_method (Request *self, const char *names)
{
  g_auto (GStrv) all = g_strsplit (names, " ", -1);

  return g_strv_contains ((const char *const *) all, self->method);
}

/* The plain path of one as requests have it, in bytes, as names of files are; NULL when there is none. */
static char *
plain_path (const char *path)
{
  g_autofree char *plain = NULL;
  size_t size;

  if (!path || path[0] != '/')
    return NULL;
  plain = g_strdup (path + 1);
  size = strlen (plain);
  if (size > 0 && plain[size - 1] == '/')
    plain[size - 1] = '\0';
  return cw_share_is_plain (plain) ? g_steal_pointer (&plain) : NULL;
}

static void
on_body_piece (SoupServerMessage *message, GBytes *piece, gpointer data)
{
  gsize *size = data;

  *size += g_bytes_get_size (piece);
  if (*size <= CW_WEBDAV_MAX_BODY || soup_server_message_get_status (message) == SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE)
    return;
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  soup_message_body_truncate (soup_server_message_get_request_body (message));
  soup_server_message_set_status (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, NULL);
}

static void
free_size (gpointer size, GClosure *closure)
{
  g_free (size);
}

static void
bound_body (Request *self)
{
  g_signal_connect_data (self->message, "got-chunk", G_CALLBACK (on_body_piece), g_new0 (gsize, 1), free_size, 0);
}

/* All levels at once cost what the folder is large, and may be refused (RFC 4918, 9.1). */
static bool
check_propfind (Request *self)
{
  static const char text[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                             "<D:error xmlns:D=\"DAV:\"><D:propfind-finite-depth/></D:error>\n";
  const char *depth = soup_message_headers_get_one (self->headers, "Depth");

  if (g_strcmp0 (depth, "0") == 0 || g_strcmp0 (depth, "1") == 0)
    return true;
  soup_server_message_set_response (self->message, "application/xml", SOUP_MEMORY_STATIC, text, strlen (text));
  answer (self, SOUP_STATUS_FORBIDDEN);
  return false;
}

/* The whole address, or only the path of it. */
static char *
destination_path (Request *self)
{
  const char *text = soup_message_headers_get_one (self->headers, "Destination");
  g_autofree char *whole = text && *text == '/' ? g_strconcat ("http://localhost", text, NULL) : g_strdup (text);
  g_autoptr (GUri) uri = whole ? g_uri_parse (whole, SOUP_HTTP_URI_FLAGS, NULL) : NULL;
  g_autofree char *path = uri ? g_uri_unescape_string (g_uri_get_path (uri), NULL) : NULL;

  if (!path || !g_utf8_validate (path, -1, NULL))
    return NULL;
  /* As the server takes it. */
  soup_message_headers_replace (self->headers, "Destination", whole);
  return plain_path (path);
}

static bool
is_within (const char *folder, const char *path)
{
  size_t size = strlen (folder);

  return strncmp (folder, path, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* Copied here: the server would follow links of folders, stumble over its own enumeration, and leave what it has done
 * so far when the disk is full. */
static guint
copy_it (Request *self, const char *to, bool replaces)
{
  bool deep = g_strcmp0 (soup_message_headers_get_one (self->headers, "Depth"), "0") != 0;

  if (!cw_share_copy (self->real, to, deep))
    return SOUP_STATUS_INSUFFICIENT_STORAGE;
  return replaces ? SOUP_STATUS_NO_CONTENT : SOUP_STATUS_CREATED;
}

/* Two names may be of one folder. */
static bool
are_apart (const char *a, const char *b)
{
  return !is_within (a, b) && !is_within (b, a);
}

static bool
is_file_or_folder (const char *real)
{
  return g_file_test (real, G_FILE_TEST_IS_REGULAR) || g_file_test (real, G_FILE_TEST_IS_DIR);
}

static guint
status_of_copy (Request *self)
{
  g_autofree char *path = destination_path (self), *real = NULL;
  const char *depth = soup_message_headers_get_one (self->headers, "Depth");
  bool replaces;

  if (!path || (depth && !g_str_equal (depth, "0") && !g_str_equal (depth, "infinity")))
    return SOUP_STATUS_BAD_REQUEST;
  if (*path == '\0' || !are_apart (self->path, path))
    return SOUP_STATUS_FORBIDDEN;
  real = cw_share_resolve (self->owner->share, path, CW_SHARE_FOLLOW, NULL);
  if (!real)
    return SOUP_STATUS_CONFLICT;
  if (!are_apart (self->real, real) || !cw_share_is_tree (self->real))
    return SOUP_STATUS_FORBIDDEN;
  if (is_method (self, "COPY") && !is_file_or_folder (self->real))
    return SOUP_STATUS_FORBIDDEN;
  if (!cw_webdav_locks_allow (self->owner->locks, self->message, path))
    return SOUP_STATUS_LOCKED;
  replaces = g_file_test (real, G_FILE_TEST_EXISTS);
  if (replaces && g_strcmp0 (soup_message_headers_get_one (self->headers, "Overwrite"), "F") == 0)
    return SOUP_STATUS_PRECONDITION_FAILED;
  if (replaces && !cw_share_is_tree (real))
    return SOUP_STATUS_FORBIDDEN;
  return is_method (self, "COPY") ? copy_it (self, real, replaces) : SOUP_STATUS_NONE;
}

/* The server would follow links to other folders and remove what is there, and would not see what is not listed. */
static guint
remove_it (Request *self)
{
  return cw_share_remove_tree (self->real) ? SOUP_STATUS_NO_CONTENT : SOUP_STATUS_FORBIDDEN;
}

static bool
exists (Request *self)
{
  return self->real && g_file_test (self->real, G_FILE_TEST_EXISTS);
}

/* The application's folders are there to be read. */
static guint
status_of_other (Request *self)
{
  if (!is_method (self, "OPTIONS GET HEAD PROPFIND"))
    return SOUP_STATUS_FORBIDDEN;
  return g_file_query_exists (self->file, NULL) ? SOUP_STATUS_NONE : SOUP_STATUS_NOT_FOUND;
}

/* What keeps a request from the server; SOUP_STATUS_NONE when nothing does. */
static guint
status_of (Request *self)
{
  guint condition;

  if (!is_method (self, "OPTIONS GET HEAD PUT PROPFIND PROPPATCH MKCOL DELETE MOVE COPY LOCK UNLOCK"))
    return SOUP_STATUS_METHOD_NOT_ALLOWED;
  if (!self->path)
    return SOUP_STATUS_BAD_REQUEST;
  if (self->other)
    return status_of_other (self);
  if (is_method (self, "PUT PROPPATCH MKCOL DELETE MOVE COPY LOCK") && cw_share_is_read_only (self->owner->share))
    return SOUP_STATUS_FORBIDDEN;
  if (is_method (self, "DELETE MOVE COPY PUT MKCOL PROPPATCH") && *self->path == '\0')
    return SOUP_STATUS_FORBIDDEN;
  if (is_method (self, "GET HEAD PROPFIND PROPPATCH COPY UNLOCK") && !exists (self))
    return SOUP_STATUS_NOT_FOUND;
  if (is_method (self, "PUT MKCOL LOCK") && !self->real)
    return SOUP_STATUS_CONFLICT;
  if (is_method (self, "PUT MKCOL LOCK") && !exists (self) && !g_utf8_validate (self->path, -1, NULL))
    return SOUP_STATUS_BAD_REQUEST;
  if (is_method (self, "DELETE MOVE") && !exists (self))
    return SOUP_STATUS_NOT_FOUND;
  if (is_method (self, "PUT MKCOL PROPPATCH MOVE DELETE")
      && !cw_webdav_locks_allow (self->owner->locks, self->message, self->path))
    return SOUP_STATUS_LOCKED;
  if (is_method (self, "GET HEAD PUT DELETE MOVE COPY PROPPATCH")
      && (condition = cw_webdav_condition (self->message, self->real)) != SOUP_STATUS_NONE)
    return condition;
  if (is_method (self, "COPY MOVE"))
    return status_of_copy (self);
  if (is_method (self, "DELETE"))
    return remove_it (self);
  return SOUP_STATUS_NONE;
}

static void
take (Request *self)
{
  guint status = status_of (self);

  if (!is_method (self, "PUT"))
    bound_body (self);
  if (status != SOUP_STATUS_NONE) {
    soup_message_body_set_accumulate (soup_server_message_get_request_body (self->message), FALSE);
    answer (self, status);
  } else if (is_method (self, "PROPFIND")) {
    check_propfind (self);
  } else if (is_method (self, "GET HEAD") && self->real && !g_file_test (self->real, G_FILE_TEST_IS_DIR)) {
    cw_webdav_download (self->message, self->real, self->owner->bodies);
  } else if (is_method (self, "PUT")) {
    cw_webdav_upload (self->message, self->real);
  }
  /* The server has no locks that a condition could name. */
  if (is_method (self, "MOVE COPY MKCOL"))
    soup_message_headers_remove (self->headers, "If");
}

static void
find (Request *self, CwShareWay way)
{
  g_autofree char *real = NULL;

  self->file = g_file_resolve_relative_path (self->owner->root, self->path);
  if (cw_share_owns (self->file)) {
    /* What leads out is not there, not even to be removed. */
    real = cw_share_resolve (self->owner->share, self->path, CW_SHARE_FOLLOW, NULL);
    if (real)
      self->real = cw_share_resolve (self->owner->share, self->path, way, NULL);
    return;
  }
  self->other = true;
  if (g_file_is_native (self->file))
    self->real = g_file_get_path (self->file);
}

/* An answer that cannot have a body counts, in libsoup, as one that ends with its connection. */
static void
on_wrote_headers (SoupServerMessage *message, gpointer data)
{
  guint status = soup_server_message_get_status (message);

  if (status == SOUP_STATUS_NO_CONTENT || status == SOUP_STATUS_NOT_MODIFIED)
    soup_message_headers_set_content_length (soup_server_message_get_response_headers (message), 0);
}

static void
free_request (gpointer data)
{
  Request *self = data;

  g_clear_object (&self->file);
  g_free (self->path);
  g_free (self->real);
  g_free (self);
}

static void
on_headers (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  Request *self = g_new0 (Request, 1);

  *self = (Request){ .owner = data, .message = message, .path = plain_path (path) };
  g_object_set_data_full (G_OBJECT (message), REQUEST, self, free_request);

  g_signal_connect (message, "wrote-headers", G_CALLBACK (on_wrote_headers), NULL);
  self->method = soup_server_message_get_method (message);
  self->headers = soup_server_message_get_request_headers (message);
  if (self->path)
    find (self, is_method (self, "DELETE MOVE") ? CW_SHARE_NO_FOLLOW : CW_SHARE_FOLLOW);
  take (self);
}

/* What has a status when all of it has been read does not go on to the server. */
static void
on_read (SoupServer *server, SoupServerMessage *message, gpointer data)
{
  Request *self = g_object_get_data (G_OBJECT (message), REQUEST);

  if (!self || cw_webdav_upload_end (message) || soup_server_message_get_status (message) != SOUP_STATUS_NONE)
    return;
  if (is_method (self, "PROPFIND"))
    cw_webdav_propfind (message, self->path, self->file, self->owner->bodies);
  else if (is_method (self, "PROPPATCH"))
    cw_webdav_proppatch (message, self->path);
  else if (is_method (self, "LOCK"))
    cw_webdav_lock (self->owner->locks, message, self->path, self->real);
  else if (is_method (self, "UNLOCK"))
    cw_webdav_unlock (self->owner->locks, message, self->path);
}

CwWebdavRequests *
cw_webdav_requests_new (PhodavServer *server, CwShare *share, GFile *root, CwWebdavBodies *bodies)
{
  CwWebdavRequests *self = g_new0 (CwWebdavRequests, 1);
  SoupServer *soup = phodav_server_get_soup_server (server);

  self->share = cw_share_ref (share);
  self->root = g_object_ref (root);
  self->locks = cw_webdav_locks_new ();
  self->bodies = cw_webdav_bodies_ref (bodies);
  /* Its handler of request-started writes what a PUT brings to its place at once. */
  g_signal_handlers_disconnect_matched (soup, G_SIGNAL_MATCH_DATA, 0, 0, NULL, NULL, server);
  soup_server_add_early_handler (soup, "/", on_headers, self, NULL);
  g_signal_connect (soup, "request-read", G_CALLBACK (on_read), NULL);
  return self;
}

void
cw_webdav_requests_free (CwWebdavRequests *self)
{
  cw_share_unref (self->share);
  g_object_unref (self->root);
  cw_webdav_locks_free (self->locks);
  cw_webdav_bodies_unref (self->bodies);
  g_free (self);
}
