/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vectors.h"

#include <string.h>

static void
vector_free (gpointer data)
{
  CwVector *self = data;

  g_free (self->place);
  g_strfreev (self->words);
  g_byte_array_unref (self->bytes);
  g_string_free (self->expected, TRUE);
  g_free (self);
}

static const char *
add_text (CwVector *self, const char *at)
{
  const char *end = strchr (at + 1, '"');

  if (!end)
    g_error ("%s: a text without end", self->place);
  g_byte_array_append (self->bytes, (const guint8 *) at + 1, (guint) (end - at - 1));
  return end + 1;
}

static const char *
add_hex (CwVector *self, const char *at)
{
  int high = g_ascii_xdigit_value (at[0]);
  int low = high < 0 ? -1 : g_ascii_xdigit_value (at[1]);
  guint64 times = 1;
  guint8 byte = (guint8) (high * 16 + low);
  char *end = (char *) at + 2;

  if (low < 0)
    g_error ("%s: '%s' is not hex", self->place, at);
  if (*end == '*')
    times = g_ascii_strtoull (end + 1, &end, 10);
  for (guint64 i = 0; i < times; i++)
    g_byte_array_append (self->bytes, &byte, 1);
  return end;
}

static void
add_bytes (CwVector *self, const char *line)
{
  while (*line != 0) {
    if (*line == ' ')
      line++;
    else
      line = *line == '"' ? add_text (self, line) : add_hex (self, line);
  }
}

static CwVector *
begin_vector (const char *path, guint line, const char *text)
{
  CwVector *self = g_new0 (CwVector, 1);
  g_autofree char *name = g_path_get_basename (path);

  self->place = g_strdup_printf ("%s:%u", name, line);
  self->words = g_strsplit (text, " ", -1);
  self->bytes = g_byte_array_new ();
  self->expected = g_string_new (NULL);
  return self;
}

GPtrArray *
cw_vectors_read (const char *path)
{
  GPtrArray *vectors = g_ptr_array_new_with_free_func (vector_free);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  CwVector *vector = NULL;
  gboolean in_expected = FALSE;

  if (!g_file_get_contents (path, &text, NULL, &error))
    g_error ("%s", error->message);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (lines[i][0] == '#' || lines[i][0] == 0)
      continue;
    if (g_str_has_prefix (lines[i], "== ")) {
      vector = begin_vector (path, i + 1, lines[i] + 3);
      g_ptr_array_add (vectors, vector);
      in_expected = FALSE;
    } else if (!vector) {
      g_error ("%s:%u: no vector begins here", path, i + 1);
    } else if (strcmp (lines[i], "->") == 0) {
      in_expected = TRUE;
    } else if (in_expected) {
      g_string_append_printf (vector->expected, "%s\n", lines[i]);
    } else {
      add_bytes (vector, lines[i]);
    }
  }
  return vectors;
}
