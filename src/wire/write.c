/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interprets layout tables to turn structs into bytes. What pointers reach is appended behind the fixed part, breadth
 * first: all targets of the message in field order, then the targets of those. */
#include "wire/walk.h"

#define MAX_POINTERS 32

typedef struct {
  const CwFieldInfo *field;
  const uint8_t *self;
  size_t patch; /* where the offset goes; SIZE_MAX: the target follows the one before */
} Pending;

typedef struct {
  CwBuffer *out;
  size_t start;
  uint32_t context;
  Pending pending[MAX_POINTERS];
  unsigned n_pending;
} Walk;

static void write_struct (Walk *walk, const CwTypeInfo *type, const void *self, const void *parent);

static void
write_scalar (CwBuffer *out, unsigned width, uint64_t value)
{
  switch (width) {
  case 1:
    cw_buffer_u8 (out, (uint8_t) value);
    break;
  case 2:
    cw_buffer_u16 (out, (uint16_t) value);
    break;
  case 4:
    cw_buffer_u32 (out, (uint32_t) value);
    break;
  default:
    cw_buffer_u64 (out, value);
    break;
  }
}

static void
fail (Walk *walk)
{
  walk->out->failed = true;
}

static void
write_count (Walk *walk, unsigned width, uint64_t count)
{
  if (width < 8 && count >> (8 * width) != 0)
    fail (walk);
  write_scalar (walk->out, width, count);
}

static uint64_t
get_count (bool bytes, const void *at)
{
  return bytes ? *(const size_t *) at : *(const uint32_t *) at;
}

static void
write_bytes (Walk *walk, const CwFieldInfo *field, const uint8_t *self, const void *parent)
{
  const CwSlice *slice = (const void *) (self + field->offset);
  CwRuleFault fault;
  uint64_t wanted;

  if (field->length == CW_LENGTH_FIXED) {
    cw_buffer_append (walk->out, self + field->offset, field->number);
    return;
  }
  if (field->length == CW_LENGTH_PREFIX)
    write_count (walk, field->prefix, slice->size);
  if (field->length == CW_LENGTH_HOOK && (!field->size_rule (self, parent, &wanted, &fault) || wanted != slice->size))
    fail (walk);
  cw_buffer_append (walk->out, slice->data, slice->size);
}

static void
write_array (Walk *walk, const CwFieldInfo *field, const uint8_t *self)
{
  uint32_t count = (uint32_t) get_count (false, self + field->count_offset);
  const uint8_t *elements = *(const uint8_t *const *) (const void *) (self + field->offset);

  if (field->length == CW_LENGTH_PREFIX)
    write_count (walk, field->prefix, count);
  if (field->length == CW_LENGTH_SAME && count != get_count (false, self + field->same_offset))
    fail (walk);
  if (count > 0 && !elements) {
    fail (walk);
    return;
  }
  if (CW_WIRE_DIRECT && (!field->type || field->type->flat)) {
    cw_buffer_append (walk->out, elements, (size_t) count * (field->type ? field->type->size : field->width));
    return;
  }
  for (uint32_t i = 0; i < count && !cw_buffer_failed (walk->out); i++) {
    if (field->type)
      write_struct (walk, field->type, elements + (size_t) i * field->type->size, self);
    else
      write_scalar (walk->out, field->width, cw_load (elements + (size_t) i * field->width, field->width));
  }
}

static void
write_content (Walk *walk, const CwFieldInfo *field, const uint8_t *self, const void *parent)
{
  const void *target;

  switch (field->kind) {
  case CW_KIND_BYTES:
    write_bytes (walk, field, self, parent);
    break;
  case CW_KIND_ARRAY:
    write_array (walk, field, self);
    break;
  default:
    target = self + field->offset;
    if (field->flags & CW_FIELD_POINTER || field->kind == CW_KIND_OPTIONAL)
      target = *(const void *const *) target;
    write_struct (walk, field->type, target, self);
    break;
  }
}

static bool
has_target (const CwFieldInfo *field, const uint8_t *self)
{
  if (field->length == CW_LENGTH_COUNT)
    return get_count (field->kind == CW_KIND_BYTES, self + field->count_offset) > 0;
  return *(const void *const *) (const void *) (self + field->offset) != NULL;
}

static void
defer (Walk *walk, const CwFieldInfo *field, const uint8_t *self)
{
  size_t patch = SIZE_MAX;
  bool has = has_target (field, self) || field->flags & (CW_FIELD_ALWAYS | CW_FIELD_FOLLOWING);

  if (!has && !(field->flags & CW_FIELD_NULLABLE))
    fail (walk);
  if (!(field->flags & CW_FIELD_FOLLOWING)) {
    patch = walk->out->size;
    cw_buffer_u32 (walk->out, 0);
  }
  if (!has)
    return;
  if (walk->n_pending == MAX_POINTERS)
    fail (walk);
  else
    walk->pending[walk->n_pending++] = (Pending){ field, self, patch };
}

static void
write_field (Walk *walk, const CwFieldInfo *field, const uint8_t *self, const void *parent)
{
  switch (field->kind) {
  case CW_KIND_SCALAR:
    write_scalar (walk->out, field->width, cw_load (self + field->offset, field->width));
    return;
  case CW_KIND_COUNT:
    write_count (walk, field->width, get_count (field->counts_bytes, self + field->offset));
    return;
  case CW_KIND_PAD:
    for (unsigned i = 0; i < field->number; i++)
      cw_buffer_u8 (walk->out, 0);
    return;
  case CW_KIND_CASES:
    if (!cw_field_has_case (field, cw_load (self + field->tag_offset, field->tag_width)))
      fail (walk);
    return;
  case CW_KIND_OPTIONAL:
    if (!has_target (field, self))
      return;
    break;
  default:
    break;
  }
  if (field->flags & (CW_FIELD_POINTER | CW_FIELD_FOLLOWING))
    defer (walk, field, self);
  else
    write_content (walk, field, self, parent);
}

static void
write_struct (Walk *walk, const CwTypeInfo *type, const void *self, const void *parent)
{
  if (CW_WIRE_DIRECT && type->flat) {
    cw_buffer_append (walk->out, self, type->size);
    return;
  }
  for (unsigned i = 0; i < type->n_fields && !cw_buffer_failed (walk->out); i++)
    if (cw_field_is_present (&type->fields[i], self, walk->context))
      write_field (walk, &type->fields[i], self, parent);
}

void
cw_walk_write (const CwTypeInfo *type, uint32_t context, const void *data, CwBuffer *out)
{
  Walk walk = { .out = out, .start = out->size, .context = context };

  write_struct (&walk, type, data, NULL);
  for (unsigned i = 0; i < walk.n_pending && !cw_buffer_failed (out); i++) {
    Pending pending = walk.pending[i];
    size_t offset = out->size - walk.start;

    if (offset > UINT32_MAX)
      fail (&walk);
    if (pending.patch != SIZE_MAX)
      cw_buffer_patch_u32 (out, pending.patch, (uint32_t) offset);
    write_content (&walk, pending.field, pending.self, NULL);
  }
}
