/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the vectors' runner share. */
#pragma once

#include "base/pixels.h"

#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct {
  const char *dir;
  JsonObject *index;
  bool verbose;
  unsigned n_images, n_orders, n_vmc, n_malformed; /* how many were run */
  unsigned n_failures;
} Run;

/* Always false. */
bool vectors_fail (Run *run, const char *name, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* The index: a member that is missing or of another type reads as absent. */
const char *vectors_get_string (JsonObject *object, const char *name);
gint64 vectors_get_int (JsonObject *object, const char *name);
double vectors_get_double (JsonObject *object, const char *name);
JsonArray *vectors_get_array (JsonObject *object, const char *name);
JsonObject *vectors_get_object (JsonObject *object, const char *name);
guint vectors_array_length (JsonArray *array);
JsonObject *vectors_element (JsonArray *array, guint i);
const char *vectors_entry_name (JsonObject *entry);

bool vectors_has_hash (const void *data, gsize size, const char *sha256);

/* Whether the pixels are what the entry expects; says how they are not. */
bool vectors_compare (Run *run, JsonObject *entry, const CwPixels *pixels);
