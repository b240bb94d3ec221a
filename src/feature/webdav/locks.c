/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LOCK and UNLOCK, and what they forbid to others. */
#include "feature/webdav/requests.h"
#include "feature/webdav/xml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_LOCKS 1000
#define MAX_SECONDS (24 * 60 * 60)

typedef struct {
  char *path, *token;
  bool deep, shared;
  unsigned seconds;
  gint64 until; /* monotonic time */
} Lock;

struct CwWebdavLocks {
  GPtrArray *all; /* Lock */
};

static void
free_lock (gpointer data)
{
  Lock *self = data;

  g_free (self->path);
  g_free (self->token);
  g_free (self);
}

CwWebdavLocks *
cw_webdav_locks_new (void)
{
  CwWebdavLocks *self = g_new0 (CwWebdavLocks, 1);

  self->all = g_ptr_array_new_with_free_func (free_lock);
  return self;
}

void
cw_webdav_locks_free (CwWebdavLocks *self)
{
  g_ptr_array_unref (self->all);
  g_free (self);
}

static bool
is_below (const char *folder, const char *path)
{
  size_t size = strlen (folder);

  return size == 0 || (strncmp (folder, path, size) == 0 && path[size] == '/');
}

static bool
applies (const Lock *lock, const char *path)
{
  return g_str_equal (lock->path, path) || (lock->deep && is_below (lock->path, path));
}

static void
drop_old (CwWebdavLocks *self)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = self->all->len; i-- > 0;) {
    if (((Lock *) self->all->pdata[i])->until < now)
      g_ptr_array_remove_index_fast (self->all, i);
  }
}

static SoupMessageHeaders *
headers_of (SoupServerMessage *message)
{
  return soup_server_message_get_request_headers (message);
}

/* Exclusive locks have to be held, all of them; of shared ones, one. */
bool
cw_webdav_locks_allow (CwWebdavLocks *self, SoupServerMessage *message, const char *path)
{
  const char *held = soup_message_headers_get_list (headers_of (message), "If");
  bool shared = false, holds_shared = false;

  drop_old (self);
  for (guint i = 0; i < self->all->len; i++) {
    const Lock *lock = self->all->pdata[i];
    bool holds = held && strstr (held, lock->token);

    /* What happens to a folder happens to what is in it. */
    if (!applies (lock, path) && !is_below (path, lock->path))
      continue;
    if (!lock->shared && !holds)
      return false;
    shared |= lock->shared;
    holds_shared |= lock->shared && holds;
  }
  return !shared || holds_shared;
}

/* Clients offer a list, best first. */
static unsigned
choose_timeout (SoupServerMessage *message)
{
  const char *list = soup_message_headers_get_list (headers_of (message), "Timeout");
  const char *second = list ? strstr (list, "Second-") : NULL;
  guint64 seconds = second ? g_ascii_strtoull (second + strlen ("Second-"), NULL, 10) : MAX_SECONDS;

  return (unsigned) CLAMP (seconds, 1, MAX_SECONDS);
}

static void
extend (Lock *lock, SoupServerMessage *message)
{
  lock->seconds = choose_timeout (message);
  lock->until = g_get_monotonic_time () + lock->seconds * G_USEC_PER_SEC;
}

static void
answer_lock (SoupServerMessage *message, const Lock *lock, guint status)
{
  g_autofree char *href = g_uri_escape_string (lock->path, "/", FALSE);
  g_autofree char *header = g_strdup_printf ("<%s>", lock->token);
  char *body = g_strdup_printf ("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                                "<D:prop xmlns:D=\"DAV:\"><D:lockdiscovery><D:activelock>"
                                "<D:locktype><D:write/></D:locktype><D:lockscope><D:%s/></D:lockscope>"
                                "<D:depth>%s</D:depth><D:timeout>Second-%u</D:timeout>"
                                "<D:locktoken><D:href>%s</D:href></D:locktoken>"
                                "<D:lockroot><D:href>/%s</D:href></D:lockroot>"
                                "</D:activelock></D:lockdiscovery></D:prop>\n",
                                lock->shared ? "shared" : "exclusive", lock->deep ? "infinity" : "0", lock->seconds,
                                lock->token, href);

  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Lock-Token", header);
  soup_server_message_set_response (message, "application/xml; charset=utf-8", SOUP_MEMORY_TAKE, body, strlen (body));
  soup_server_message_set_status (message, status, NULL);
}

static guint
refresh (CwWebdavLocks *self, SoupServerMessage *message, const char *path)
{
  const char *held = soup_message_headers_get_list (headers_of (message), "If");

  for (guint i = 0; held && i < self->all->len; i++) {
    Lock *lock = self->all->pdata[i];

    if (applies (lock, path) && strstr (held, lock->token)) {
      extend (lock, message);
      answer_lock (message, lock, SOUP_STATUS_OK);
      return SOUP_STATUS_NONE;
    }
  }
  return held ? SOUP_STATUS_PRECONDITION_FAILED : SOUP_STATUS_BAD_REQUEST;
}

static bool
conflicts (CwWebdavLocks *self, const char *path, bool deep, bool shared)
{
  for (guint i = 0; i < self->all->len; i++) {
    const Lock *lock = self->all->pdata[i];

    if ((applies (lock, path) || (deep && is_below (path, lock->path))) && !(shared && lock->shared))
      return true;
  }
  return false;
}

static guint
add_lock (CwWebdavLocks *self, SoupServerMessage *message, const char *path, const char *real, bool shared)
{
  bool deep = g_strcmp0 (soup_message_headers_get_one (headers_of (message), "Depth"), "0") != 0;
  g_autofree char *uuid = g_uuid_string_random ();
  Lock *lock;
  int fd;

  if (self->all->len >= MAX_LOCKS)
    return SOUP_STATUS_SERVICE_UNAVAILABLE;
  if (conflicts (self, path, deep, shared))
    return SOUP_STATUS_LOCKED;
  /* A name that is locked exists. */
  fd = open (real, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0 && errno != EEXIST)
    return SOUP_STATUS_FORBIDDEN;
  if (fd >= 0)
    close (fd);
  lock = g_new (Lock, 1);
  *lock = (Lock){ .path = g_strdup (path), .deep = deep, .shared = shared };
  lock->token = g_strconcat ("urn:uuid:", uuid, NULL);
  extend (lock, message);
  g_ptr_array_add (self->all, lock);
  answer_lock (message, lock, fd >= 0 ? SOUP_STATUS_CREATED : SOUP_STATUS_OK);
  return SOUP_STATUS_NONE;
}

void
cw_webdav_lock (CwWebdavLocks *self, SoupServerMessage *message, const char *path, const char *real)
{
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  g_auto (CwWebdavXml) asked = { 0 };
  const char *depth = soup_message_headers_get_one (headers_of (message), "Depth");
  gsize size;
  const char *text = g_bytes_get_data (body, &size);
  guint status = SOUP_STATUS_BAD_REQUEST;

  drop_old (self);
  if (depth && !g_str_equal (depth, "0") && !g_str_equal (depth, "infinity"))
    status = SOUP_STATUS_BAD_REQUEST;
  else if (size == 0)
    status = refresh (self, message, path);
  else if (cw_webdav_xml_parse (&asked, text, size) && g_str_equal (asked.root, "lockinfo"))
    status = add_lock (self, message, path, real, asked.shared);
  if (status != SOUP_STATUS_NONE)
    soup_server_message_set_status (message, status, NULL);
}

void
cw_webdav_unlock (CwWebdavLocks *self, SoupServerMessage *message, const char *path)
{
  const char *token = soup_message_headers_get_one (headers_of (message), "Lock-Token");
  guint status = token ? SOUP_STATUS_CONFLICT : SOUP_STATUS_BAD_REQUEST;

  for (guint i = 0; token && i < self->all->len; i++) {
    const Lock *lock = self->all->pdata[i];
    g_autofree char *coded = g_strdup_printf ("<%s>", lock->token);

    if (g_str_equal (coded, token) && applies (lock, path)) {
      g_ptr_array_remove_index_fast (self->all, i);
      status = SOUP_STATUS_NO_CONTENT;
      break;
    }
  }
  soup_server_message_set_status (message, status, NULL);
}
