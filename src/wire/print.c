/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interprets layout tables to show structs to people. */
#include "wire/walk.h"

#define BYTES_SHOWN 48
#define ELEMENTS_SHOWN 64

typedef struct {
  GString *out;
  GString *path;
  uint32_t context;
} Walk;

static void print_struct (Walk *walk, const CwTypeInfo *type, const void *self);

static void
print_flags (GString *out, const CwValuesInfo *values, uint64_t value)
{
  uint64_t unknown = value;
  const char *separator = " ";

  for (unsigned i = 0; i < values->n_values; i++) {
    if ((value & values->values[i].value) == 0)
      continue;
    g_string_append_printf (out, "%s%s", separator, values->values[i].name);
    unknown &= ~values->values[i].value;
    separator = "|";
  }
  if (unknown != 0)
    g_string_append_printf (out, "%s?", separator);
}

static void
print_scalar (GString *out, const CwFieldInfo *field, const void *at)
{
  uint64_t value = cw_load (at, field->width);
  const char *name;

  if (field->flags & CW_FIELD_SIGNED) {
    unsigned shift = 64 - 8 * field->width;

    g_string_append_printf (out, "%" G_GINT64_FORMAT, (int64_t) (value << shift) >> shift);
    return;
  }
  if (field->values && field->values->is_flags) {
    g_string_append_printf (out, "0x%" G_GINT64_MODIFIER "x", value);
    print_flags (out, field->values, value);
    return;
  }
  g_string_append_printf (out, "%" G_GUINT64_FORMAT, value);
  if (!field->values)
    return;
  name = cw_value_name (field->values, value);
  if (name)
    g_string_append_printf (out, " %s", name);
}

static bool
is_text (const uint8_t *data, size_t size)
{
  if (size > 0 && data[size - 1] == 0)
    size--;
  for (size_t i = 0; i < size; i++)
    if (!g_ascii_isprint (data[i]) && data[i] != '\n')
      return false;
  return size > 0;
}

static void
print_text (GString *out, const uint8_t *data, size_t size)
{
  g_string_append (out, " \"");
  for (size_t i = 0; i < size; i++) {
    if (data[i] == '"' || data[i] == '\\')
      g_string_append_printf (out, "\\%c", data[i]);
    else if (data[i] == '\n')
      g_string_append (out, "\\n");
    else if (data[i] == 0)
      g_string_append (out, "\\0");
    else
      g_string_append_c (out, (gchar) data[i]);
  }
  g_string_append_c (out, '"');
}

static void
print_bytes (GString *out, const uint8_t *data, size_t size)
{
  size_t shown = MIN (size, BYTES_SHOWN);

  g_string_append_printf (out, "%" G_GSIZE_FORMAT " bytes", size);
  if (size <= 4 * BYTES_SHOWN && is_text (data, size)) {
    print_text (out, data, size);
    return;
  }
  for (size_t i = 0; i < shown; i++)
    g_string_append_printf (out, " %02x", data[i]);
  if (shown < size)
    g_string_append (out, " …");
}

/* A flat struct fits one line: {top 10, left 0, …}. */
static void
print_flat (GString *out, const CwTypeInfo *type, const uint8_t *self)
{
  g_string_append_c (out, '{');
  for (unsigned i = 0; i < type->n_fields; i++) {
    const CwFieldInfo *field = &type->fields[i];

    g_string_append_printf (out, "%s%s ", i > 0 ? ", " : "", field->name);
    if (field->kind == CW_KIND_STRUCT)
      print_flat (out, field->type, self + field->offset);
    else
      print_scalar (out, field, self + field->offset);
  }
  g_string_append_c (out, '}');
}

static void
begin_line (Walk *walk)
{
  g_string_append_printf (walk->out, "  %s = ", walk->path->str);
}

static void
print_inner (Walk *walk, const CwTypeInfo *type, const void *self)
{
  if (!type->flat) {
    print_struct (walk, type, self);
    return;
  }
  begin_line (walk);
  print_flat (walk->out, type, self);
  g_string_append_c (walk->out, '\n');
}

static void
print_array (Walk *walk, const CwFieldInfo *field, const uint8_t *self)
{
  uint32_t count = *(const uint32_t *) (const void *) (self + field->count_offset);
  const uint8_t *elements = *(const uint8_t *const *) (const void *) (self + field->offset);
  size_t length = walk->path->len;

  begin_line (walk);
  g_string_append_printf (walk->out, "%u", count);
  for (uint32_t i = 0; !field->type && i < MIN (count, ELEMENTS_SHOWN); i++) {
    g_string_append (walk->out, i > 0 ? ", " : ": ");
    print_scalar (walk->out, field, elements + (size_t) i * field->width);
  }
  g_string_append (walk->out, count > ELEMENTS_SHOWN ? " …\n" : "\n");
  for (uint32_t i = 0; field->type && i < MIN (count, ELEMENTS_SHOWN); i++) {
    g_string_append_printf (walk->path, "[%u]", i);
    print_inner (walk, field->type, elements + (size_t) i * field->type->size);
    g_string_truncate (walk->path, length);
  }
}

static void
print_field (Walk *walk, const CwFieldInfo *field, const uint8_t *self)
{
  const void *at = self + field->offset;
  const CwSlice *slice = at;

  switch (field->kind) {
  case CW_KIND_SCALAR:
    begin_line (walk);
    print_scalar (walk->out, field, at);
    g_string_append_c (walk->out, '\n');
    break;
  case CW_KIND_BYTES:
    begin_line (walk);
    if (field->length == CW_LENGTH_FIXED)
      print_bytes (walk->out, at, field->number);
    else
      print_bytes (walk->out, slice->data, slice->size);
    g_string_append_c (walk->out, '\n');
    break;
  case CW_KIND_ARRAY:
    print_array (walk, field, self);
    break;
  default:
    if (field->flags & CW_FIELD_POINTER || field->kind == CW_KIND_OPTIONAL)
      at = *(const void *const *) at;
    if (at) {
      print_inner (walk, field->type, at);
    } else {
      begin_line (walk);
      g_string_append (walk->out, "none\n");
    }
    break;
  }
}

static void
print_struct (Walk *walk, const CwTypeInfo *type, const void *self)
{
  size_t length = walk->path->len;

  for (unsigned i = 0; i < type->n_fields; i++) {
    const CwFieldInfo *field = &type->fields[i];

    if (field->kind == CW_KIND_COUNT || field->kind == CW_KIND_PAD || field->kind == CW_KIND_CASES
        || !cw_field_is_present (field, self, walk->context))
      continue;
    g_string_append_printf (walk->path, "%s%s", length > 0 ? "." : "", field->name);
    print_field (walk, field, self);
    g_string_truncate (walk->path, length);
  }
}

void
cw_walk_print (const CwTypeInfo *type, uint32_t context, const void *data, GString *out)
{
  Walk walk = { .out = out, .path = g_string_new (NULL), .context = context };

  print_struct (&walk, type, data);
  g_string_free (walk.path, TRUE);
}
