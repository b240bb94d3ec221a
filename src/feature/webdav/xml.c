/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/webdav/xml.h"

#include <string.h>

typedef struct {
  CwWebdavXml *xml;
  GHashTable *spaces; /* prefix → namespace; as if all were declared at the root */
  unsigned level;
  unsigned prop_level; /* of the open "prop" element, or 0 */
} Parse;

static void
free_property (gpointer data)
{
  CwWebdavProperty *self = data;

  g_free (self->space);
  g_free (self->name);
  g_free (self);
}

static const char *
local_name (const char *name)
{
  const char *colon = strchr (name, ':');

  return colon ? colon + 1 : name;
}

static void
learn_spaces (Parse *self, const char **names, const char **values)
{
  for (; *names; names++, values++) {
    if (g_str_equal (*names, "xmlns"))
      g_hash_table_replace (self->spaces, g_strdup (""), g_strdup (*values));
    else if (g_str_has_prefix (*names, "xmlns:"))
      g_hash_table_replace (self->spaces, g_strdup (*names + strlen ("xmlns:")), g_strdup (*values));
  }
}

static bool
is_simple (const char *name)
{
  if (!*name || !(g_ascii_isalpha (*name) || *name == '_'))
    return false;
  return name[strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static bool
add_property (Parse *self, const char *element)
{
  const char *name = local_name (element), *space;
  g_autofree char *prefix = g_strndup (element, name == element ? 0 : (gsize) (name - element - 1));
  CwWebdavProperty *property;

  space = g_hash_table_lookup (self->spaces, prefix);
  if (!is_simple (name) || self->xml->properties->len >= CW_WEBDAV_MAX_PROPERTIES)
    return false;
  property = g_new (CwWebdavProperty, 1);
  *property = (CwWebdavProperty){ g_strdup (space ? space : ""), g_strdup (name) };
  g_ptr_array_add (self->xml->properties, property);
  return true;
}

static void
on_start (GMarkupParseContext *context, const char *element, const char **names, const char **values, gpointer data,
          GError **error)
{
  Parse *self = data;
  const char *name = local_name (element);

  self->level++;
  learn_spaces (self, names, values);
  if (self->level == 1 && self->xml->root) {
    g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "a second root, “%s”", element);
    return;
  }
  if (self->level == 1)
    self->xml->root = g_strdup (name);
  if (self->prop_level > 0 && self->level == self->prop_level + 1 && !add_property (self, element))
    g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "property “%s”", element);
  if (self->prop_level == 0 && g_str_equal (name, "prop"))
    self->prop_level = self->level;
  self->xml->shared |= g_str_equal (name, "shared");
  self->xml->names_only |= self->level == 2 && g_str_equal (name, "propname");
}

static void
on_end (GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
  Parse *self = data;

  if (self->prop_level == self->level)
    self->prop_level = 0;
  self->level--;
}

bool
cw_webdav_xml_parse (CwWebdavXml *self, const char *text, gsize size)
{
  static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end };
  Parse parse = { .xml = self };
  g_autoptr (GMarkupParseContext) context = NULL;
  bool ok;

  *self = (CwWebdavXml){ .properties = g_ptr_array_new_with_free_func (free_property) };
  if (size == 0)
    return true;
  parse.spaces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  context = g_markup_parse_context_new (&parser, 0, &parse, NULL);
  ok = g_markup_parse_context_parse (context, text, (gssize) size, NULL)
       && g_markup_parse_context_end_parse (context, NULL);
  g_hash_table_unref (parse.spaces);
  return ok && self->root;
}

void
cw_webdav_xml_clear (CwWebdavXml *self)
{
  g_clear_pointer (&self->root, g_free);
  g_clear_pointer (&self->properties, g_ptr_array_unref);
}

void
cw_webdav_xml_property (GString *text, const CwWebdavProperty *property, const char *content)
{
  g_autofree char *space = g_markup_escape_text (property->space, -1);
  bool dav = g_str_equal (property->space, "DAV:");

  g_string_append_printf (text, dav ? "<D:%s" : "<P:%s", property->name);
  if (!dav)
    g_string_append_printf (text, " xmlns:P=\"%s\"", space);
  if (content && *content)
    g_string_append_printf (text, dav ? ">%s</D:%s>" : ">%s</P:%s>", content, property->name);
  else
    g_string_append (text, "/>");
}
