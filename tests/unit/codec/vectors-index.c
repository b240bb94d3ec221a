/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec-vectors.h"

#include <math.h>
#include <stdio.h>

bool
vectors_fail (Run *run, const char *name, const char *format, ...)
{
  va_list args;

  run->n_failures++;
  printf ("FAIL %s: ", name);
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  return false;
}

static JsonNode *
member (JsonObject *object, const char *name, JsonNodeType type)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_TYPE (node) == type ? node : NULL;
}

const char *
vectors_get_string (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name, JSON_NODE_VALUE);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

gint64
vectors_get_int (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name, JSON_NODE_VALUE);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node) : 0;
}

double
vectors_get_double (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name, JSON_NODE_VALUE);

  return node != NULL ? json_node_get_double (node) : NAN;
}

JsonArray *
vectors_get_array (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name, JSON_NODE_ARRAY);

  return node != NULL ? json_node_get_array (node) : NULL;
}

JsonObject *
vectors_get_object (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name, JSON_NODE_OBJECT);

  return node != NULL ? json_node_get_object (node) : NULL;
}

guint
vectors_array_length (JsonArray *array)
{
  return array != NULL ? json_array_get_length (array) : 0;
}

JsonObject *
vectors_element (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

const char *
vectors_entry_name (JsonObject *entry)
{
  const char *name = vectors_get_string (entry, "name");

  return name != NULL ? name : "(unnamed)";
}
