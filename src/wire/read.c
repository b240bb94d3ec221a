/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interprets layout tables to turn bytes into structs. */
#include "wire/walk.h"

#include "base/error.h"

#include <string.h>

struct CwArenaBlock {
  CwArenaBlock *next;
  uint64_t data[];
};

#define ARENA_BLOCK 1024

/* What the arrays of one message may take as structs. Going through them must not hold the caller for long; the longest
 * lists that make sense are those of clips, 1 MiB. */
#define MAX_ARRAYS ((size_t) 3 << 20)

void *
cw_arena_alloc (CwArena *self, size_t size)
{
  void *at;

  size = (size + 7) & ~(size_t) 7;
  if (size > self->left) {
    size_t room = MAX (size, ARENA_BLOCK);
    CwArenaBlock *block = g_try_malloc0 (sizeof *block + room);

    if (!block)
      return NULL;
    block->next = self->blocks;
    self->blocks = block;
    self->at = (uint8_t *) block->data;
    self->left = room;
  }
  at = self->at;
  self->at += size;
  self->left -= size;
  return at;
}

void
cw_arena_clear (CwArena *self)
{
  while (self->blocks) {
    CwArenaBlock *block = self->blocks;

    self->blocks = block->next;
    g_free (block);
  }
}

typedef struct {
  CwReader *reader;
  CwArena *arena;
  uint32_t context;
  size_t blob_end;        /* where the last target of a pointer ended: a FOLLOWING field begins there */
  const CwTypeInfo *type; /* the struct being read, and where it begins */
  size_t begin;
  size_t arrays; /* bytes of them so far */
} Walk;

static void read_struct (Walk *walk, const CwTypeInfo *type, void *out, const void *parent);

static void *
allocate (Walk *walk, const CwFieldInfo *field, size_t size)
{
  void *memory = cw_arena_alloc (walk->arena, size);

  if (!memory)
    cw_reader_fail_value (walk->reader, CW_ERROR_MEMORY, field->name, walk->reader->pos, size,
                          "bytes cannot be allocated");
  return memory;
}

static uint64_t
get_count (const CwFieldInfo *field, const uint8_t *self)
{
  return field->kind == CW_KIND_BYTES ? *(const size_t *) (const void *) (self + field->count_offset)
                                      : *(const uint32_t *) (const void *) (self + field->count_offset);
}

static void
set_count (bool bytes, void *at, uint64_t count)
{
  if (bytes)
    *(size_t *) at = (size_t) count;
  else
    *(uint32_t *) at = (uint32_t) count;
}

/* Where an integer of the current struct stands. Only integers may precede it, as with all tags and sizes. */
static size_t
offset_of (const Walk *walk, const char *name)
{
  size_t at = walk->begin;

  for (unsigned i = 0; i < walk->type->n_fields && strcmp (walk->type->fields[i].name, name) != 0; i++)
    at += walk->type->fields[i].width;
  return at;
}

static uint64_t
run_size_rule (Walk *walk, const CwFieldInfo *field, const void *self, const void *parent)
{
  CwRuleFault fault = { 0 };
  uint64_t size = 0;

  if (field->size_rule (self, parent, &size, &fault))
    return size;
  if (fault.has_limit)
    cw_reader_fail (walk->reader, CW_ERROR_MALFORMED, fault.field, offset_of (walk, fault.field), fault.value,
                    fault.relation, fault.limit);
  else
    cw_reader_fail_value (walk->reader, CW_ERROR_UNSUPPORTED, fault.field, offset_of (walk, fault.field), fault.value,
                          fault.relation);
  return 0;
}

/* Elements or bytes that the field claims to have. */
static uint64_t
read_length (Walk *walk, const CwFieldInfo *field, const uint8_t *self, const void *parent, size_t element)
{
  switch (field->length) {
  case CW_LENGTH_REST:
    return cw_reader_left (walk->reader) / element;
  case CW_LENGTH_COUNT:
    return get_count (field, self);
  case CW_LENGTH_PREFIX:
    return cw_reader_scalar (walk->reader, field->prefix, field->name);
  case CW_LENGTH_SAME:
    return *(const uint32_t *) (const void *) (self + field->same_offset);
  case CW_LENGTH_HOOK:
    return run_size_rule (walk, field, self, parent);
  default:
    return field->number;
  }
}

static void
read_elements (Walk *walk, const CwFieldInfo *field, const uint8_t *self, void *out, uint32_t count)
{
  CwReader *reader = walk->reader;
  size_t size = field->type ? field->type->size : field->width;
  bool direct = CW_WIRE_DIRECT && (!field->type || field->type->flat);

  if (direct) {
    memcpy (out, cw_reader_slice (reader, (uint64_t) count * size, field->name).data, count * size);
    return;
  }
  for (uint32_t i = 0; i < count && !cw_reader_failed (reader); i++) {
    uint8_t *element = (uint8_t *) out + i * size;
    CwReaderPath path = { reader->path, field->name, i };

    if (!field->type) {
      cw_store (element, field->width, cw_reader_scalar (reader, field->width, field->name));
      continue;
    }
    reader->path = &path;
    read_struct (walk, field->type, element, self);
    reader->path = path.parent;
  }
}

/* The elements at the reader's position. */
static void
read_array (Walk *walk, const CwFieldInfo *field, uint8_t *self, const void *parent)
{
  CwReader *reader = walk->reader;
  size_t wire = field->type ? field->type->min_wire : field->width;
  size_t size = field->type ? field->type->size : field->width;
  size_t at = reader->pos;
  uint64_t count = read_length (walk, field, self, parent, wire);
  void *elements = NULL;

  set_count (false, self + field->count_offset, 0);
  if (count > cw_reader_left (reader) / wire)
    cw_reader_fail (reader, CW_ERROR_MALFORMED, field->name, at, count, "elements >", cw_reader_left (reader) / wire);
  if (field->most != 0 && count > field->most)
    cw_reader_fail (reader, CW_ERROR_LIMIT, field->name, at, count, "elements >", field->most);
  else if (count > (MAX_ARRAYS - walk->arrays) / size)
    cw_reader_fail (reader, CW_ERROR_LIMIT, field->name, at, count, "elements >", (MAX_ARRAYS - walk->arrays) / size);
  if (cw_reader_failed (reader) || count == 0)
    return;
  walk->arrays += count * size;
  elements = allocate (walk, field, (size_t) count * size);
  if (!elements)
    return;
  read_elements (walk, field, self, elements, (uint32_t) count);
  *(void **) (void *) (self + field->offset) = elements;
  set_count (false, self + field->count_offset, count);
}

static void
read_bytes (Walk *walk, const CwFieldInfo *field, uint8_t *self, const void *parent)
{
  CwSlice slice;
  uint64_t size;

  if (field->length == CW_LENGTH_FIXED) {
    slice = cw_reader_slice (walk->reader, field->number, field->name);
    if (slice.size > 0)
      memcpy (self + field->offset, slice.data, slice.size);
    return;
  }
  size = read_length (walk, field, self, parent, 1);
  slice = cw_reader_slice (walk->reader, size, field->name);
  *(CwSlice *) (void *) (self + field->offset) = slice;
}

static void
read_content (Walk *walk, const CwFieldInfo *field, uint8_t *self, const void *parent)
{
  CwReader *reader = walk->reader;
  CwReaderPath path = { reader->path, field->name, -1 };
  void *target;

  switch (field->kind) {
  case CW_KIND_BYTES:
    read_bytes (walk, field, self, parent);
    break;
  case CW_KIND_ARRAY:
    read_array (walk, field, self, parent);
    break;
  default:
    target = self + field->offset;
    if (field->flags & CW_FIELD_POINTER || field->kind == CW_KIND_OPTIONAL) {
      target = allocate (walk, field, field->type->size);
      if (!target)
        return;
      *(void **) (void *) (self + field->offset) = target;
    }
    reader->path = &path;
    read_struct (walk, field->type, target, self);
    reader->path = path.parent;
    break;
  }
}

/* Reads the field's content at another place of the body and comes back. */
static void
read_elsewhere (Walk *walk, const CwFieldInfo *field, uint8_t *self, const void *parent, size_t place)
{
  CwReader *reader = walk->reader;
  size_t back = reader->pos;

  reader->pos = place;
  read_content (walk, field, self, parent);
  walk->blob_end = reader->pos;
  reader->pos = back;
}

static void
read_pointer (Walk *walk, const CwFieldInfo *field, uint8_t *self, const void *parent)
{
  CwReader *reader = walk->reader;
  size_t at = reader->pos;
  uint32_t offset = cw_reader_u32 (reader, field->name);
  bool counted = field->length == CW_LENGTH_COUNT;

  if (cw_reader_failed (reader))
    return;
  /* An optional pointer to nothing may point anywhere. */
  if (offset == 0 || (counted && get_count (field, self) == 0)) {
    if (!(field->flags & CW_FIELD_NULLABLE))
      cw_reader_fail_value (reader, CW_ERROR_MALFORMED, field->name, at, 0,
                            offset == 0 ? "is not allowed here" : "bytes are too few");
    if (counted)
      set_count (field->kind == CW_KIND_BYTES, self + field->count_offset, 0);
    walk->blob_end = offset == 0 ? reader->size : MIN (offset, reader->size);
    return;
  }
  if (offset >= reader->size) {
    cw_reader_fail (reader, CW_ERROR_MALFORMED, field->name, at, offset, ">=", reader->size);
    return;
  }
  read_elsewhere (walk, field, self, parent, offset);
}

static void
read_scalar (Walk *walk, const CwFieldInfo *field, uint8_t *self)
{
  CwReader *reader = walk->reader;

  if (field->flags & CW_FIELD_LENIENT && cw_reader_left (reader) < field->width)
    return;
  cw_store (self + field->offset, field->width, cw_reader_scalar (reader, field->width, field->name));
}

static void
read_field (Walk *walk, const CwFieldInfo *field, uint8_t *self, const void *parent)
{
  CwReader *reader = walk->reader;
  uint64_t value;

  switch (field->kind) {
  case CW_KIND_SCALAR:
    read_scalar (walk, field, self);
    return;
  case CW_KIND_COUNT:
    value = cw_reader_scalar (reader, field->width, field->name);
    set_count (field->counts_bytes, self + field->offset, value);
    return;
  case CW_KIND_PAD:
    cw_reader_slice (reader,
                     field->flags & CW_FIELD_LENIENT ? MIN (field->number, cw_reader_left (reader)) : field->number,
                     "padding");
    return;
  case CW_KIND_CASES:
    value = cw_load (self + field->tag_offset, field->tag_width);
    if (!cw_field_has_case (field, value))
      cw_reader_fail_value (reader, CW_ERROR_UNSUPPORTED, field->name, offset_of (walk, field->name), value,
                            "is not a known variant");
    return;
  case CW_KIND_OPTIONAL:
    if (cw_reader_left (reader) < field->type->min_wire)
      return;
    break;
  default:
    break;
  }
  if (field->flags & CW_FIELD_POINTER)
    read_pointer (walk, field, self, parent);
  else if (field->flags & CW_FIELD_FOLLOWING)
    read_elsewhere (walk, field, self, parent, walk->blob_end);
  else
    read_content (walk, field, self, parent);
}

static void
read_struct (Walk *walk, const CwTypeInfo *type, void *out, const void *parent)
{
  const CwTypeInfo *outer_type = walk->type;
  size_t outer_begin = walk->begin;

  if (CW_WIRE_DIRECT && type->flat && type->min_wire <= cw_reader_left (walk->reader)) {
    memcpy (out, walk->reader->data + walk->reader->pos, type->size);
    walk->reader->pos += type->size;
    return;
  }
  walk->type = type;
  walk->begin = walk->reader->pos;
  for (unsigned i = 0; i < type->n_fields && !cw_reader_failed (walk->reader); i++)
    if (cw_field_is_present (&type->fields[i], out, walk->context))
      read_field (walk, &type->fields[i], out, parent);
  walk->type = outer_type;
  walk->begin = outer_begin;
}

void
cw_walk_read (CwReader *reader, CwArena *arena, uint32_t context, const CwTypeInfo *type, void *out)
{
  Walk walk = { reader, arena, context, reader->size, NULL, 0 };

  read_struct (&walk, type, out, NULL);
}
