/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PROPFIND and PROPPATCH. */
#include "feature/webdav/requests.h"
#include "feature/webdav/xml.h"

#include <string.h>

#define ATTRIBUTES                                                                                                     \
  G_FILE_ATTRIBUTE_STANDARD_NAME "," G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE                 \
                                 "," G_FILE_ATTRIBUTE_STANDARD_FAST_CONTENT_TYPE "," G_FILE_ATTRIBUTE_TIME_MODIFIED    \
                                 "," G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC "," G_FILE_ATTRIBUTE_TIME_CREATED

/* Bytes of a listing that go out together, and a little more; what is shorter has a length. */
#define PIECE (64 * 1024)

/* The data of a message under this name. */
#define LISTING "cw-webdav-listing"

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

static bool
is_xml (gunichar c)
{
  return c >= 0x20 ? c != 0xfffe && c != 0xffff : c == '\t' || c == '\n' || c == '\r';
}

/* What XML has no room for, not even escaped, would make a folder unreadable for one name in it. */
static char *
display_name (GFileInfo *info)
{
  g_autofree char *name = g_utf8_make_valid (g_file_info_get_name (info), -1), *shown = NULL;
  GString *text = g_string_new (NULL);

  for (const char *c = name; *c; c = g_utf8_next_char (c))
    g_string_append_unichar (text, is_xml (g_utf8_get_char (c)) ? g_utf8_get_char (c) : 0xfffd);
  shown = g_string_free (text, FALSE);
  return g_markup_escape_text (shown, -1);
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

#define HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n"
#define TAIL "</D:multistatus>\n"

static void
respond (SoupServerMessage *message, GString *text)
{
  gsize size;
  char *body;

  g_string_prepend (text, HEAD);
  g_string_append (text, TAIL);
  size = text->len;
  body = g_string_free (text, FALSE);
  soup_server_message_set_response (message, "application/xml; charset=utf-8", SOUP_MEMORY_TAKE, body, size);
  soup_server_message_set_status (message, SOUP_STATUS_MULTI_STATUS, NULL);
}

/* What is in a folder, however much that is: it is looked at only as the guest takes it. */
typedef struct {
  GFileEnumerator *list;
  CwWebdavXml asked;
  char *path;
  CwWebdavBodies *bodies;
} Listing;

typedef enum { LISTING_FAILED, LISTING_GOES_ON, LISTING_OVER } ListingState;

static void
free_listing (gpointer data)
{
  Listing *self = data;

  g_clear_object (&self->list);
  cw_webdav_xml_clear (&self->asked);
  g_free (self->path);
  cw_webdav_bodies_unref (self->bodies);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listing, free_listing)

static ListingState
add_children (Listing *self, GString *text)
{
  g_autoptr (GError) error = NULL;

  while (text->len < PIECE) {
    g_autoptr (GFileInfo) info = g_file_enumerator_next_file (self->list, NULL, &error);
    g_autofree char *child = NULL;

    if (!info)
      return error ? LISTING_FAILED : LISTING_OVER;
    child = g_strconcat (self->path, *self->path ? "/" : "", g_file_info_get_name (info), NULL);
    add_response (text, &self->asked, child, info);
  }
  return LISTING_GOES_ON;
}

/* The status has been told, so a folder that cannot be read to its end ends the connection. */
static void
add_piece (SoupServerMessage *message, gpointer data)
{
  Listing *self = data;
  SoupMessageBody *body = soup_server_message_get_response_body (message);
  GString *text;
  ListingState state;
  gsize size;

  if (!self->list) {
    soup_message_body_complete (body);
    return;
  }
  text = g_string_new (NULL);
  state = add_children (self, text);
  if (state != LISTING_GOES_ON)
    g_clear_object (&self->list);
  if (state == LISTING_OVER)
    g_string_append (text, TAIL);
  size = text->len;
  soup_message_body_append_take (body, (guchar *) g_string_free (text, FALSE), size);
  if (state == LISTING_FAILED) {
    g_autoptr (GBytes) broken = cw_webdav_body_broken (self->bodies);

    soup_message_body_append_bytes (body, broken);
  }
}

/* Takes both: the text is what has been found so far. */
static void
respond_in_pieces (SoupServerMessage *message, Listing *listing, GString *text)
{
  SoupMessageHeaders *told = soup_server_message_get_response_headers (message);
  SoupMessageBody *body = soup_server_message_get_response_body (message);
  bool old = soup_server_message_get_http_version (message) == SOUP_HTTP_1_0;
  gsize size;

  g_object_set_data_full (G_OBJECT (message), LISTING, listing, free_listing);
  g_string_prepend (text, HEAD);
  size = text->len;
  soup_server_message_set_status (message, SOUP_STATUS_MULTI_STATUS, NULL);
  soup_message_headers_set_content_type (told, "application/xml; charset=utf-8", NULL);
  soup_message_headers_set_encoding (told, old ? SOUP_ENCODING_EOF : SOUP_ENCODING_CHUNKED);
  soup_message_body_set_accumulate (body, FALSE);
  g_signal_connect (message, "wrote-chunk", G_CALLBACK (add_piece), listing);
  soup_message_body_append_take (body, (guchar *) g_string_free (text, FALSE), size);
}

static guint
status_of_error (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return SOUP_STATUS_FORBIDDEN;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return SOUP_STATUS_NOT_FOUND;
  return SOUP_STATUS_INTERNAL_SERVER_ERROR;
}

static bool
parse_body (SoupServerMessage *message, CwWebdavXml *xml, const char *root, bool may_be_empty)
{
  g_autoptr (GBytes) body = soup_message_body_flatten (soup_server_message_get_request_body (message));
  gsize size;
  const char *text = g_bytes_get_data (body, &size);

  return cw_webdav_xml_parse (xml, text, size) && (xml->root ? g_str_equal (xml->root, root) : may_be_empty);
}

/* Takes both. */
static void
list_folder (SoupServerMessage *message, Listing *taken, GFile *file, GString *text)
{
  g_autoptr (Listing) listing = taken;
  g_autoptr (GError) error = NULL;
  ListingState state = LISTING_FAILED;

  listing->list = g_file_enumerate_children (file, ATTRIBUTES, 0, NULL, &error);
  if (listing->list)
    state = add_children (listing, text);
  if (state == LISTING_GOES_ON) {
    respond_in_pieces (message, g_steal_pointer (&listing), text);
  } else if (state == LISTING_OVER) {
    respond (message, text);
  } else {
    soup_server_message_set_status (message, status_of_error (error), NULL);
    g_string_free (text, TRUE);
  }
}

void
cw_webdav_propfind (SoupServerMessage *message, const char *path, GFile *file, CwWebdavBodies *bodies)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_autoptr (GFileInfo) info = g_file_query_info (file, ATTRIBUTES, 0, NULL, NULL);
  g_auto (CwWebdavXml) asked = { 0 };
  Listing *listing;
  GString *text;

  if (!parse_body (message, &asked, "propfind", true) || !info) {
    soup_server_message_set_status (message, info ? SOUP_STATUS_BAD_REQUEST : SOUP_STATUS_NOT_FOUND, NULL);
    return;
  }
  text = g_string_new (NULL);
  add_response (text, &asked, path, info);
  if (!is_folder (info) || g_strcmp0 (soup_message_headers_get_one (headers, "Depth"), "1") != 0) {
    respond (message, text);
    return;
  }
  listing = g_new (Listing, 1);
  *listing = (Listing){ NULL, asked, g_strdup (path), cw_webdav_bodies_ref (bodies) };
  asked = (CwWebdavXml){ 0 };
  list_folder (message, listing, file, text);
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
