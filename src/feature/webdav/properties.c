/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PROPFIND and PROPPATCH. */
#include "feature/webdav/requests.h"
#include "feature/webdav/xml.h"

#include <string.h>

#define ATTRIBUTES                                                                                                     \
  G_FILE_ATTRIBUTE_STANDARD_NAME "," G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE                 \
                                 "," G_FILE_ATTRIBUTE_STANDARD_FAST_CONTENT_TYPE "," G_FILE_ATTRIBUTE_TIME_MODIFIED    \
                                 "," G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC "," G_FILE_ATTRIBUTE_TIME_CREATED

/* Entries of a listing. */
#define MAX_ENTRIES 100000

#define LOCKS                                                                                                          \
  "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"            \
  "<D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"

static bool
is_folder (GFileInfo *info)
{
  return g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY;
}

static char *
resource_type (GFileInfo *info)
{
  return g_strdup (is_folder (info) ? "<D:collection/>" : "");
}

static char *
content_length (GFileInfo *info)
{
  return is_folder (info) ? NULL : g_strdup_printf ("%" G_GOFFSET_FORMAT, g_file_info_get_size (info));
}

static char *
last_modified (GFileInfo *info)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (
      (gint64) g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED));

  return time ? soup_date_time_to_string (time, SOUP_DATE_HTTP) : NULL;
}

static char *
creation_date (GFileInfo *info)
{
  bool known = g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_TIME_CREATED);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (
      (gint64) g_file_info_get_attribute_uint64 (info, known ? G_FILE_ATTRIBUTE_TIME_CREATED
                                                             : G_FILE_ATTRIBUTE_TIME_MODIFIED));

  return time ? g_date_time_format_iso8601 (time) : NULL;
}

static char *
content_type (GFileInfo *info)
{
  const char *type = g_file_info_get_attribute_string (info, G_FILE_ATTRIBUTE_STANDARD_FAST_CONTENT_TYPE);

  return is_folder (info) || !type ? NULL : g_markup_escape_text (type, -1);
}

static char *
display_name (GFileInfo *info)
{
  g_autofree char *name = g_utf8_make_valid (g_file_info_get_name (info), -1);

  return g_markup_escape_text (name, -1);
}

char *
cw_webdav_entity_tag (guint64 size, guint64 seconds, unsigned microseconds)
{
  return g_strdup_printf ("\"%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x-%x\"", size, seconds, microseconds);
}

static char *
entity_tag (GFileInfo *info)
{
  g_autofree char *tag
      = cw_webdav_entity_tag ((guint64) g_file_info_get_size (info),
                              g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED),
                              g_file_info_get_attribute_uint32 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC));

  return is_folder (info) ? NULL : g_markup_escape_text (tag, -1);
}

static char *
supported_lock (GFileInfo *info)
{
  return g_strdup (LOCKS);
}

/* NULL: the file has no such property. */
static const struct {
  const char *name;
  char *(*value) (GFileInfo *info);
} rows[] = {
  { "resourcetype", resource_type }, { "getcontentlength", content_length }, { "getlastmodified", last_modified },
  { "creationdate", creation_date }, { "getcontenttype", content_type },     { "displayname", display_name },
  { "getetag", entity_tag },         { "supportedlock", supported_lock },
};

static void
add_property (GString *found, GString *missing, const CwWebdavProperty *property, GFileInfo *info, bool names_only)
{
  g_autofree char *value = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (g_str_equal (property->space, "DAV:") && g_str_equal (property->name, rows[i].name))
      value = rows[i].value (info);
  }
  if (value)
    cw_webdav_xml_property (found, property, names_only ? NULL : value);
  else if (missing)
    cw_webdav_xml_property (missing, property, NULL);
}

static void
add_status (GString *text, GString *properties, const char *status)
{
  if (properties->len > 0)
    g_string_append_printf (text, "<D:propstat><D:prop>%s</D:prop><D:status>HTTP/1.1 %s</D:status></D:propstat>",
                            properties->str, status);
}

static void
add_response (GString *text, const CwWebdavXml *asked, const char *path, GFileInfo *info)
{
  g_autofree char *href = g_uri_escape_string (path, "/", FALSE);
  GString *found = g_string_new (NULL), *missing = g_string_new (NULL);

  for (guint i = 0; i < asked->properties->len; i++)
    add_property (found, missing, asked->properties->pdata[i], info, false);
  for (gsize i = 0; asked->properties->len == 0 && i < G_N_ELEMENTS (rows); i++)
    add_property (found, NULL, &(CwWebdavProperty){ (char *) "DAV:", (char *) rows[i].name }, info, asked->names_only);
  g_string_append_printf (text, "<D:response><D:href>/%s%s</D:href>", href, is_folder (info) && *href ? "/" : "");
  add_status (text, found, "200 OK");
  add_status (text, missing, "404 Not Found");
  g_string_append (text, "</D:response>\n");
  g_string_free (found, TRUE);
  g_string_free (missing, TRUE);
}

static void
add_children (GString *text, const CwWebdavXml *asked, const char *path, GFile *file)
{
  g_autoptr (GFileEnumerator) list = g_file_enumerate_children (file, ATTRIBUTES, 0, NULL, NULL);

  for (unsigned n = 0; list && n < MAX_ENTRIES; n++) {
    g_autoptr (GFileInfo) info = g_file_enumerator_next_file (list, NULL, NULL);
    g_autofree char *child = NULL;

    if (!info)
      return;
    child = g_strconcat (path, *path ? "/" : "", g_file_info_get_name (info), NULL);
    add_response (text, asked, child, info);
  }
}

static void
respond (SoupServerMessage *message, GString *text)
{
  gsize size;
  char *body;

  g_string_prepend (text, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n");
  g_string_append (text, "</D:multistatus>\n");
  size = text->len;
  body = g_string_free (text, FALSE);
  soup_server_message_set_response (message, "application/xml; charset=utf-8", SOUP_MEMORY_TAKE, body, size);
  soup_server_message_set_status (message, SOUP_STATUS_MULTI_STATUS, NULL);
}

static bool
parse_body (SoupServerMessage *message, CwWebdavXml *xml, const char *root, bool may_be_empty)
{
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  gsize size;
  const char *text = g_bytes_get_data (body, &size);

  return cw_webdav_xml_parse (xml, text, size) && (xml->root ? g_str_equal (xml->root, root) : may_be_empty);
}

void
cw_webdav_propfind (SoupServerMessage *message, const char *path, GFile *file)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (GFileInfo) info = g_file_query_info (file, ATTRIBUTES, 0, NULL, NULL);
  g_auto (CwWebdavXml) asked = { 0 };
  GString *text;

  if (!parse_body (message, &asked, "propfind", true) || !info) {
    soup_server_message_set_status (message, info ? SOUP_STATUS_BAD_REQUEST : SOUP_STATUS_NOT_FOUND, NULL);
    return;
  }
  text = g_string_new (NULL);
  add_response (text, &asked, path, info);
  if (is_folder (info) && g_strcmp0 (soup_message_headers_get_one (headers, "Depth"), "1") == 0)
    add_children (text, &asked, path, file);
  respond (message, text);
}

/* Files have no room for properties. What Windows wants to note beside them is taken for noted: it would give up
 * otherwise. */
void
cw_webdav_proppatch (SoupServerMessage *message, const char *path)
{
  g_autofree char *href = g_uri_escape_string (path, "/", FALSE);
  g_auto (CwWebdavXml) asked = { 0 };
  GString *text, *noted, *refused;

  if (!parse_body (message, &asked, "propertyupdate", false)) {
    soup_server_message_set_status (message, SOUP_STATUS_BAD_REQUEST, NULL);
    return;
  }
  text = g_string_new (NULL);
  noted = g_string_new (NULL);
  refused = g_string_new (NULL);
  for (guint i = 0; i < asked.properties->len; i++) {
    const CwWebdavProperty *property = asked.properties->pdata[i];
    bool windows = g_str_equal (property->space, "urn:schemas-microsoft-com:");

    cw_webdav_xml_property (windows ? noted : refused, property, NULL);
  }
  g_string_append_printf (text, "<D:response><D:href>/%s</D:href>", href);
  add_status (text, noted, "200 OK");
  add_status (text, refused, "403 Forbidden");
  g_string_append (text, "</D:response>\n");
  g_string_free (noted, TRUE);
  g_string_free (refused, TRUE);
  respond (message, text);
}
