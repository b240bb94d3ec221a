/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fill.h"

#include <string.h>

typedef struct {
  GRand *rand;
  GPtrArray *memory;
  uint32_t context;
} Fill;

static void fill_struct (Fill *fill, const CwTypeInfo *type, uint8_t *self, const void *parent);

static void *
allocate (Fill *fill, size_t size)
{
  void *memory = g_malloc0 (MAX (size, 1));

  g_ptr_array_add (fill->memory, memory);
  return memory;
}

static uint64_t
random_number (Fill *fill)
{
  uint64_t number = (uint64_t) g_rand_int (fill->rand) << 32 | g_rand_int (fill->rand);

  switch (g_rand_int_range (fill->rand, 0, 4)) {
  case 0:
    return number;
  case 1:
    return number % 8;
  case 2:
    return ~(number % 3);
  default:
    return (uint64_t) 1 << number % 64;
  }
}

static void
fill_bytes (Fill *fill, uint8_t *at, size_t size)
{
  for (size_t i = 0; i < size; i++)
    at[i] = (uint8_t) g_rand_int (fill->rand);
}

static uint32_t
choose_count (Fill *fill, const CwFieldInfo *field, const uint8_t *self)
{
  bool required = field->flags & CW_FIELD_POINTER && !(field->flags & CW_FIELD_NULLABLE);
  uint32_t most = field->most != 0 ? MIN (field->most, 5) : 5;

  if (field->length == CW_LENGTH_SAME)
    return *(const uint32_t *) (const void *) (self + field->same_offset);
  return (uint32_t) g_rand_int_range (fill->rand, required ? 1 : 0, (int32_t) most + 1);
}

static void
fill_slice (Fill *fill, const CwFieldInfo *field, uint8_t *self, const void *parent)
{
  CwRuleFault fault;
  uint64_t size = choose_count (fill, field, self);
  uint8_t *bytes;

  if (field->length == CW_LENGTH_FIXED) {
    fill_bytes (fill, self + field->offset, field->number);
    return;
  }
  if (field->length == CW_LENGTH_HOOK)
    g_assert_true (field->size_rule (self, parent, &size, &fault));
  bytes = allocate (fill, size);
  fill_bytes (fill, bytes, size);
  *(CwSlice *) (void *) (self + field->offset) = (CwSlice){ bytes, size };
}

static void
fill_array (Fill *fill, const CwFieldInfo *field, uint8_t *self)
{
  uint32_t count = choose_count (fill, field, self);
  size_t size = field->type ? field->type->size : field->width;
  uint8_t *elements = allocate (fill, count * size);

  for (uint32_t i = 0; i < count; i++) {
    if (field->type)
      fill_struct (fill, field->type, elements + i * size, self);
    else
      fill_bytes (fill, elements + i * size, size);
  }
  *(void **) (void *) (self + field->offset) = elements;
  *(uint32_t *) (void *) (self + field->count_offset) = count;
}

static void
fill_inner (Fill *fill, const CwFieldInfo *field, uint8_t *self)
{
  uint8_t *at = self + field->offset;

  if (field->flags & CW_FIELD_POINTER || field->kind == CW_KIND_OPTIONAL) {
    if ((field->flags & CW_FIELD_NULLABLE || field->kind == CW_KIND_OPTIONAL) && g_rand_boolean (fill->rand))
      return;
    at = allocate (fill, field->type->size);
    *(void **) (void *) (self + field->offset) = at;
  }
  fill_struct (fill, field->type, at, self);
}

/* Makes the fields that a size rule looks at agree with each other, and small. */
static void
prepare_rule (Fill *fill, const CwFieldInfo *field, uint8_t *self)
{
  if (field->size_rule == cw_size_rule_bitmap_rows) {
    CwWireBitmap *bitmap = (void *) self;

    bitmap->format = (uint8_t) g_rand_int_range (fill->rand, CW_BITMAP_FMT_1BIT_LE, CW_BITMAP_FMT_8BIT_A + 1);
    bitmap->x %= 8;
    bitmap->y %= 8;
    bitmap->stride = bitmap->x * 4 + bitmap->stride % 3;
  } else if (field->size_rule == cw_size_rule_glyph_rows) {
    CwWireGlyph *glyph = (void *) self;

    glyph->width %= 16;
    glyph->height %= 8;
  }
}

static void
fill_field (Fill *fill, const CwFieldInfo *field, uint8_t *self, const void *parent)
{
  switch (field->kind) {
  case CW_KIND_SCALAR:
    cw_store (self + field->offset, field->width, random_number (fill));
    break;
  case CW_KIND_CASES:
    cw_store (self + field->tag_offset, field->tag_width,
              field->cases[g_rand_int_range (fill->rand, 0, field->number)]);
    break;
  case CW_KIND_BYTES:
    prepare_rule (fill, field, self);
    fill_slice (fill, field, self, parent);
    break;
  case CW_KIND_ARRAY:
    fill_array (fill, field, self);
    break;
  case CW_KIND_STRUCT:
  case CW_KIND_OPTIONAL:
    fill_inner (fill, field, self);
    break;
  default:
    break;
  }
}

static void
fill_struct (Fill *fill, const CwTypeInfo *type, uint8_t *self, const void *parent)
{
  for (unsigned i = 0; i < type->n_fields; i++)
    if (cw_field_is_present (&type->fields[i], self, fill->context))
      fill_field (fill, &type->fields[i], self, parent);
}

void
cw_fill (GRand *rand, GPtrArray *memory, uint32_t context, const CwTypeInfo *type, void *out)
{
  Fill fill = { rand, memory, context };

  fill_struct (&fill, type, out, NULL);
}

static bool
same_array (const CwFieldInfo *field, uint32_t context, const uint8_t *a, const uint8_t *b, GString *where)
{
  uint32_t n_a = *(const uint32_t *) (const void *) (a + field->count_offset);
  uint32_t n_b = *(const uint32_t *) (const void *) (b + field->count_offset);
  const uint8_t *x = *(const uint8_t *const *) (const void *) (a + field->offset);
  const uint8_t *y = *(const uint8_t *const *) (const void *) (b + field->offset);

  if (n_a != n_b)
    return false;
  if (!field->type)
    return n_a == 0 || memcmp (x, y, (size_t) n_a * field->width) == 0;
  for (uint32_t i = 0; i < n_a; i++)
    if (!cw_same (field->type, context, x + i * field->type->size, y + i * field->type->size, where))
      return false;
  return true;
}

static bool
same_slice (const CwFieldInfo *field, const uint8_t *a, const uint8_t *b)
{
  const CwSlice *x = (const void *) (a + field->offset);
  const CwSlice *y = (const void *) (b + field->offset);

  if (field->length == CW_LENGTH_FIXED)
    return memcmp (x, y, field->number) == 0;
  return x->size == y->size && (x->size == 0 || memcmp (x->data, y->data, x->size) == 0);
}

static bool
same_field (const CwFieldInfo *field, uint32_t context, const uint8_t *a, const uint8_t *b, GString *where)
{
  const void *x = a + field->offset;
  const void *y = b + field->offset;

  switch (field->kind) {
  case CW_KIND_SCALAR:
    return memcmp (x, y, field->width) == 0;
  case CW_KIND_BYTES:
    return same_slice (field, a, b);
  case CW_KIND_ARRAY:
    return same_array (field, context, a, b, where);
  case CW_KIND_STRUCT:
  case CW_KIND_OPTIONAL:
    if (field->flags & CW_FIELD_POINTER || field->kind == CW_KIND_OPTIONAL) {
      x = *(const void *const *) x;
      y = *(const void *const *) y;
    }
    return x == y || (x && y && cw_same (field->type, context, x, y, where));
  default:
    return true;
  }
}

bool
cw_same (const CwTypeInfo *type, uint32_t context, const void *a, const void *b, GString *where)
{
  for (unsigned i = 0; i < type->n_fields; i++) {
    const CwFieldInfo *field = &type->fields[i];

    if (!cw_field_is_present (field, a, context) || same_field (field, context, a, b, where))
      continue;
    g_string_prepend (where, field->name);
    g_string_prepend_c (where, '.');
    return false;
  }
  return true;
}
