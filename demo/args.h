/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line of control: a verb, perhaps a noun, and KEY=VALUE words (quoted as in a shell). Getters take a default for
 * absent keys and set an error naming key and value; demo_args_finish () refuses keys nobody asked for. */
#pragma once

#include "ops.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
  char *verb, *noun; /* noun may be NULL */
  GHashTable *values;
  GHashTable *used;
} DemoArgs;

typedef struct {
  const char *name;
  int value;
} DemoName;

DemoArgs *demo_args_parse (const char *line, GError **error);
void demo_args_free (DemoArgs *self);
const char *demo_args_text (DemoArgs *self, const char *key);
bool demo_args_int (DemoArgs *self, const char *key, int least, int most, int *value, GError **error);
bool demo_args_flag (DemoArgs *self, const char *key, bool *value, GError **error);
bool demo_args_color (DemoArgs *self, const char *key, guint32 *value, GError **error);
bool demo_args_point (DemoArgs *self, const char *key, int *x, int *y, GError **error);
bool demo_args_size (DemoArgs *self, const char *key, int *width, int *height, GError **error);
/* left,top,right,bottom; `given` may be NULL. */
bool demo_args_rect (DemoArgs *self, const char *key, DemoRect *value, bool *given, GError **error);
/* One of the names, which end with NULL. */
bool demo_args_name (DemoArgs *self, const char *key, const DemoName *names, int *value, GError **error);
bool demo_args_need (DemoArgs *self, const char *key, GError **error);
bool demo_args_finish (DemoArgs *self, GError **error);
bool demo_args_parse_rect (const char *text, DemoRect *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoArgs, demo_args_free)
