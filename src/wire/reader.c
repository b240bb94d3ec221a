/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/reader.h"

#include "base/error.h"

#include <string.h>

void
cw_reader_init (CwReader *self, const char *what, CwSlice bytes)
{
  /* An empty GBytes has no address; arithmetic wants one. */
  static const uint8_t nothing[1];

  *self = (CwReader){ .data = bytes.data ? bytes.data : nothing, .size = bytes.size, .what = what };
}

void
cw_reader_clear (CwReader *self)
{
  g_clear_error (&self->error);
}

bool
cw_reader_finish (CwReader *self, GError **error)
{
  if (!self->error)
    return true;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return false;
}

static void
append_path (GString *out, const CwReaderPath *path)
{
  if (!path)
    return;
  append_path (out, path->parent);
  if (path->parent)
    g_string_append_c (out, '.');
  g_string_append (out, path->name);
  if (path->index >= 0)
    g_string_append_printf (out, "[%" G_GINT64_FORMAT "]", path->index);
}

static GString *
begin_message (const CwReader *self, const char *field, size_t offset, uint64_t value)
{
  GString *text = g_string_new (NULL);

  if (self->what)
    g_string_append_printf (text, "%s: ", self->what);
  append_path (text, self->path);
  if (field && self->path)
    g_string_append_c (text, '.');
  if (field)
    g_string_append (text, field);
  g_string_append_printf (text, " at +%" G_GSIZE_FORMAT ": %" G_GUINT64_FORMAT " ", offset, value);
  return text;
}

static void
end_message (CwReader *self, int code, GString *text)
{
  self->error = g_error_new_literal (CW_ERROR, code, text->str);
  g_string_free (text, TRUE);
}

void
cw_reader_fail (CwReader *self, int code, const char *field, size_t offset, uint64_t value, const char *relation,
                uint64_t limit)
{
  GString *text;

  if (self->error)
    return;
  text = begin_message (self, field, offset, value);
  g_string_append_printf (text, "%s %" G_GUINT64_FORMAT, relation, limit);
  end_message (self, code, text);
}

void
cw_reader_fail_value (CwReader *self, int code, const char *field, size_t offset, uint64_t value, const char *text)
{
  GString *message;

  if (self->error)
    return;
  message = begin_message (self, field, offset, value);
  g_string_append (message, text);
  end_message (self, code, message);
}

CwSlice
cw_reader_slice (CwReader *self, uint64_t size, const char *field)
{
  CwSlice slice;

  if (self->error)
    return (CwSlice){ 0 };
  if (size > cw_reader_left (self)) {
    cw_reader_fail (self, CW_ERROR_MALFORMED, field, self->pos, size, ">", cw_reader_left (self));
    return (CwSlice){ 0 };
  }
  slice = (CwSlice){ self->data + self->pos, (size_t) size };
  self->pos += (size_t) size;
  return slice;
}

uint64_t
cw_reader_scalar (CwReader *self, unsigned width, const char *field)
{
  const uint8_t *at;
  uint64_t value = 0;

  if (G_UNLIKELY (self->error || width > cw_reader_left (self))) {
    cw_reader_slice (self, width, field);
    return 0;
  }
  at = self->data + self->pos;
  self->pos += width;
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  switch (width) {
  case 1:
    return *at;
  case 2: {
    uint16_t v;

    memcpy (&v, at, 2);
    return v;
  }
  case 4: {
    uint32_t v;

    memcpy (&v, at, 4);
    return v;
  }
  default:
    memcpy (&value, at, 8);
    return value;
  }
#else
  for (unsigned i = 0; i < width; i++)
    value |= (uint64_t) at[i] << (8 * i);
  return value;
#endif
}
