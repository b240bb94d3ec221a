/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/qmp/qmp.h"

#include <json-glib/json-glib.h>
#include <string.h>

const bool cw_qmp_built = true;

void
cw_qmp_init (CwQmp *self, const CwQmpEvents *events, gpointer data)
{
  *self = (CwQmp){ .events = events, .data = data };
  cw_buffer_init (&self->line, CW_QMP_MAX_LINE);
}

void
cw_qmp_clear (CwQmp *self)
{
  cw_buffer_clear (&self->line);
}

void
cw_qmp_reset (CwQmp *self)
{
  cw_buffer_clear (&self->line);
  cw_buffer_init (&self->line, CW_QMP_MAX_LINE);
  self->skipping = false;
  self->generation++;
}

static bool
is_outside_strings (char c)
{
  return g_ascii_isalnum (c) || g_ascii_isspace (c) || strchr ("{}[]:,\"+-.", c);
}

/* The parser recurses into each level and makes a node of each value: what it is given is bounded in both before. It
 * also takes comments and strings in single quotes, in which brackets and quotes would be counted wrongly here, and one
 * value after the other, of which it loses (and leaks) all but the last. */
static const char *
check_text (CwSlice line)
{
  unsigned depth = 0, values = 1;
  bool in_string = false, has_begun = false;

  for (size_t i = 0; i < line.size; i++) {
    char c = (char) line.data[i];

    if (in_string) {
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = false;
      continue;
    }
    in_string = c == '"';
    if (!is_outside_strings (c) || ((c == '{' || c == '[') && depth == 0 && has_begun))
      return "it is not JSON";
    has_begun = has_begun || !g_ascii_isspace (c);
    if (c == '{' || c == '[')
      depth++;
    else if ((c == '}' || c == ']') && depth > 0)
      depth--;
    values += c == ',' || c == '[' || c == '{';
    if (depth > CW_QMP_MAX_DEPTH)
      return "it is nested too deeply";
    if (values > CW_QMP_MAX_VALUES)
      return "it has too many values";
  }
  return NULL;
}

static JsonObject *
member_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static const char *
member_string (JsonObject *object, const char *name)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;

  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

static bool
member_id (JsonObject *object, gint64 *id)
{
  JsonNode *node = json_object_get_member (object, "id");

  if (!node || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return false;
  *id = json_node_get_int (node);
  return true;
}

static void
handle_reply (CwQmp *self, JsonObject *object, JsonNode *value, const char *error)
{
  gint64 id;

  if (json_object_has_member (object, "id") && !member_id (object, &id)) {
    self->events->junk (self->data, "its id is not a number");
    return;
  }
  self->events->reply (self->data, json_object_has_member (object, "id") ? &id : NULL, value, error);
}

static void
handle_object (CwQmp *self, JsonObject *object)
{
  const char *name = member_string (object, "event"), *text;

  if (name) {
    self->events->event (self->data, name, json_object_get_member (object, "data"));
  } else if (json_object_has_member (object, "error")) {
    text = member_string (member_object (object, "error"), "desc");
    handle_reply (self, object, NULL, text ? text : "The machine gives no reason.");
  } else if (json_object_has_member (object, "return")) {
    handle_reply (self, object, json_object_get_member (object, "return"), NULL);
  } else if (!json_object_has_member (object, "QMP")) {
    self->events->junk (self->data, "it is neither an answer nor an event");
  }
}

static void
handle_line (CwQmp *self, CwSlice line)
{
  g_autoptr (JsonParser) parser = NULL;
  const char *text = (const char *) line.data, *why;
  JsonNode *root;

  while (line.size > 0 && g_ascii_isspace (line.data[line.size - 1]))
    line.size--;
  if (line.size == 0)
    return;
  why = g_utf8_validate (text, (gssize) line.size, NULL) ? check_text (line) : "it is not UTF-8";
  if (why) {
    self->events->junk (self->data, why);
    return;
  }
  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, (gssize) line.size, NULL)) {
    self->events->junk (self->data, "it is not JSON");
    return;
  }
  root = json_parser_get_root (parser);
  if (root && JSON_NODE_HOLDS_OBJECT (root))
    handle_object (self, json_node_get_object (root));
  else
    self->events->junk (self->data, "it is not an object");
}

/* Keeps what has come of a line. */
static void
keep (CwQmp *self, CwSlice bytes)
{
  if (self->skipping)
    return;
  cw_buffer_append (&self->line, bytes.data, bytes.size);
  if (!cw_buffer_failed (&self->line))
    return;
  cw_buffer_clear (&self->line);
  cw_buffer_init (&self->line, CW_QMP_MAX_LINE);
  self->skipping = true;
  self->events->junk (self->data, "it is too long");
}

static void
finish_line (CwQmp *self, CwSlice rest)
{
  g_autoptr (GBytes) bytes = NULL;
  unsigned generation = self->generation;
  CwSlice line;

  if (self->line.size == 0 && !self->skipping) {
    handle_line (self, rest);
    return;
  }
  keep (self, rest);
  if (generation != self->generation)
    return;
  if (self->skipping) {
    self->skipping = false;
    return;
  }
  bytes = cw_buffer_steal (&self->line);
  line.data = g_bytes_get_data (bytes, &line.size);
  handle_line (self, line);
}

void
cw_qmp_push (CwQmp *self, CwSlice bytes)
{
  const uint8_t *end;

  while (bytes.size > 0 && (end = memchr (bytes.data, '\n', bytes.size))) {
    CwSlice rest = { bytes.data, end - bytes.data };
    unsigned generation = self->generation;

    bytes = (CwSlice){ end + 1, bytes.size - rest.size - 1 };
    finish_line (self, rest);
    if (generation != self->generation)
      return;
  }
  if (bytes.size > 0)
    keep (self, bytes);
}

static bool
member_boolean (JsonObject *object, const char *name, bool *value)
{
  JsonNode *node = object ? json_object_get_member (object, name) : NULL;

  if (!node || !JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return false;
  *value = json_node_get_boolean (node);
  return true;
}

bool
cw_qmp_read_status (JsonNode *value, CwQmpMachine *machine)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (value) ? json_node_get_object (value) : NULL;

  *machine = (CwQmpMachine){ .status = member_string (object, "status") };
  member_boolean (object, "singlestep", &machine->singlestep);
  return machine->status && member_boolean (object, "running", &machine->running);
}
