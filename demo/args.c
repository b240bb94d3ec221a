/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "args.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

static bool G_GNUC_PRINTF (2, 3) invalid (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, args));
  va_end (args);
  return false;
}

DemoArgs *
demo_args_parse (const char *line, GError **error)
{
  g_autoptr (DemoArgs) self = g_new0 (DemoArgs, 1);
  g_auto (GStrv) words = NULL;

  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!g_shell_parse_argv (line, NULL, &words, error))
    return NULL;
  self->verb = g_strdup (words[0]);
  for (guint i = 1; words[i]; i++) {
    char *value = strchr (words[i], '=');

    if (value) {
      char *key = g_strndup (words[i], value - words[i]);

      if (!g_hash_table_insert (self->values, key, g_strdup (value + 1))) {
        invalid (error, "%s: “%s” is given twice", self->verb, words[i]);
        return NULL;
      }
    } else if (!self->noun && i == 1) {
      self->noun = g_strdup (words[i]);
    } else {
      invalid (error, "%s: “%s” is not KEY=VALUE", self->verb, words[i]);
      return NULL;
    }
  }
  return g_steal_pointer (&self);
}

void
demo_args_free (DemoArgs *self)
{
  g_free (self->verb);
  g_free (self->noun);
  g_hash_table_unref (self->values);
  g_hash_table_unref (self->used);
  g_free (self);
}

const char *
demo_args_text (DemoArgs *self, const char *key)
{
  g_hash_table_add (self->used, g_strdup (key));
  return g_hash_table_lookup (self->values, key);
}

bool
demo_args_int (DemoArgs *self, const char *key, int least, int most, int *value, GError **error)
{
  const char *text = demo_args_text (self, key);
  gint64 number;
  char *end;

  if (!text)
    return true;
  number = g_ascii_strtoll (text, &end, 0);
  if (end == text || *end != '\0' || number < least || number > most)
    return invalid (error, "%s: %s=%s is not %d…%d", self->verb, key, text, least, most);
  *value = number;
  return true;
}

bool
demo_args_flag (DemoArgs *self, const char *key, bool *value, GError **error)
{
  int number = *value;

  if (!demo_args_int (self, key, 0, 1, &number, error))
    return false;
  *value = number;
  return true;
}

bool
demo_args_color (DemoArgs *self, const char *key, guint32 *value, GError **error)
{
  const char *text = demo_args_text (self, key);
  guint64 number;
  char *end;

  if (!text)
    return true;
  number = g_ascii_strtoull (text, &end, 16);
  if (end == text || *end != '\0' || number > G_MAXUINT32)
    return invalid (error, "%s: %s=%s is not a colour of up to eight hexadecimal digits", self->verb, key, text);
  *value = number;
  return true;
}

bool
demo_args_point (DemoArgs *self, const char *key, int *x, int *y, GError **error)
{
  const char *text = demo_args_text (self, key);
  char rest;

  if (text && sscanf (text, "%d,%d%c", x, y, &rest) != 2)
    return invalid (error, "%s: %s=%s is not X,Y", self->verb, key, text);
  return true;
}

bool
demo_args_size (DemoArgs *self, const char *key, int *width, int *height, GError **error)
{
  const char *text = demo_args_text (self, key);
  char rest;

  if (text && sscanf (text, "%dx%d%c", width, height, &rest) != 2)
    return invalid (error, "%s: %s=%s is not WIDTHxHEIGHT", self->verb, key, text);
  return true;
}

bool
demo_args_parse_rect (const char *text, DemoRect *value)
{
  char rest;

  return sscanf (text, "%d,%d,%d,%d%c", &value->left, &value->top, &value->right, &value->bottom, &rest) == 4;
}

bool
demo_args_rect (DemoArgs *self, const char *key, DemoRect *value, bool *given, GError **error)
{
  const char *text = demo_args_text (self, key);

  if (given)
    *given = text != NULL;
  if (text && !demo_args_parse_rect (text, value))
    return invalid (error, "%s: %s=%s is not LEFT,TOP,RIGHT,BOTTOM", self->verb, key, text);
  return true;
}

bool
demo_args_name (DemoArgs *self, const char *key, const DemoName *names, int *value, GError **error)
{
  const char *text = demo_args_text (self, key);

  if (!text)
    return true;
  for (; names->name; names++) {
    if (g_str_equal (names->name, text)) {
      *value = names->value;
      return true;
    }
  }
  return invalid (error, "%s: %s cannot be “%s”", self->verb, key, text);
}

bool
demo_args_need (DemoArgs *self, const char *key, GError **error)
{
  if (g_hash_table_contains (self->values, key))
    return true;
  return invalid (error, "%s: %s= is missing", self->verb, key);
}

bool
demo_args_finish (DemoArgs *self, GError **error)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->values);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    if (!g_hash_table_contains (self->used, key))
      return invalid (error, "%s: unknown key “%s”", self->verb, (char *) key);
  }
  return true;
}
