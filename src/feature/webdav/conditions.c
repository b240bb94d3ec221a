/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* If-Match and If-None-Match (RFC 9110, 13.1): with them programs write only over what they have read, or only what is
 * not there yet. */
#include "feature/webdav/requests.h"

#include <string.h>
#include <sys/stat.h>

/* NULL: a folder, or there is nothing. */
static char *
tag_of (const char *real)
{
  struct stat status;

  if (!real || stat (real, &status) != 0 || !S_ISREG (status.st_mode))
    return NULL;
  return cw_webdav_entity_tag ((guint64) status.st_size, (guint64) status.st_mtim.tv_sec,
                               (unsigned) (status.st_mtim.tv_nsec / 1000));
}

/* Whether the tag is in the list. Ours are strong: with weak, those that are marked as weak count too. */
static bool
has_tag (const char *list, const char *tag, bool weak)
{
  g_auto (GStrv) tags = g_strsplit (list, ",", -1);

  for (char **at = tags; *at; at++) {
    const char *one = g_strstrip (*at);

    if (weak && g_str_has_prefix (one, "W/"))
      one += strlen ("W/");
    if (g_strcmp0 (one, tag) == 0)
      return true;
  }
  return false;
}

static bool
matches (const char *list, const char *real, const char *tag, bool weak)
{
  return g_strcmp0 (list, "*") == 0 ? real && g_file_test (real, G_FILE_TEST_EXISTS) : tag && has_tag (list, tag, weak);
}

guint
cw_webdav_condition (SoupServerMessage *message, const char *real)
{
  SoupMessageHeaders *asked = soup_server_message_get_request_headers (message);
  const char *match = soup_message_headers_get_list (asked, "If-Match");
  const char *none = soup_message_headers_get_list (asked, "If-None-Match");
  const char *method = soup_server_message_get_method (message);
  bool reads = g_str_equal (method, "GET") || g_str_equal (method, "HEAD");
  g_autofree char *tag = match || none ? tag_of (real) : NULL;

  if (match && !matches (match, real, tag, false))
    return SOUP_STATUS_PRECONDITION_FAILED;
  if (!none || !matches (none, real, tag, true))
    return SOUP_STATUS_NONE;
  if (!reads)
    return SOUP_STATUS_PRECONDITION_FAILED;
  /* A page of a folder is made anew each time. */
  if (!tag)
    return SOUP_STATUS_NONE;
  soup_message_headers_replace (soup_server_message_get_response_headers (message), "ETag", tag);
  return SOUP_STATUS_NOT_MODIFIED;
}
