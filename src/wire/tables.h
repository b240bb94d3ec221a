/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a layout is described to the walkers (read.c, write.c, print.c). The tables are generated from protocol/;
 * one walker each reads, writes and prints every message. */
#pragma once

#include "wire/message.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
  CW_KIND_SCALAR,   /* little-endian integer of width bytes */
  CW_KIND_STRUCT,   /* inline, or behind an offset (POINTER) */
  CW_KIND_OPTIONAL, /* inline struct, there only while bytes remain; a pointer in memory */
  CW_KIND_BYTES,    /* CwSlice into the body, or uint8_t[number] with LENGTH_FIXED */
  CW_KIND_ARRAY,    /* n_x and x; elements of type, or scalars of width bytes */
  CW_KIND_COUNT,    /* number of elements or bytes of a later field; lives in that field's count */
  CW_KIND_PAD,      /* number bytes without meaning */
  CW_KIND_CASES,    /* nothing on the wire: the tag read before must be one of cases */
} CwFieldKind;

typedef enum {
  CW_LENGTH_NONE,
  CW_LENGTH_REST,   /* up to the end of the body */
  CW_LENGTH_COUNT,  /* told by an earlier COUNT */
  CW_LENGTH_PREFIX, /* told by an integer of prefix bytes in front */
  CW_LENGTH_FIXED,
  CW_LENGTH_SAME, /* as many as the array whose count is at same_offset */
  CW_LENGTH_HOOK, /* computed by size_rule from other fields */
} CwLengthKind;

typedef enum {
  CW_CONDITION_ALWAYS,
  CW_CONDITION_EQUAL,   /* tag == value */
  CW_CONDITION_DIFFERS, /* tag != value */
  CW_CONDITION_ANY,     /* tag & value */
  CW_CONDITION_NONE,    /* !(tag & value) */
  CW_CONDITION_CONTEXT, /* context & value */
} CwConditionKind;

enum {
  CW_FIELD_SIGNED = 1 << 0,
  CW_FIELD_POINTER = 1 << 1,   /* a 32-bit offset from the body's start stands in its place */
  CW_FIELD_NULLABLE = 1 << 2,  /* offset 0 is allowed */
  CW_FIELD_LENIENT = 1 << 3,   /* zero when the body ends before it */
  CW_FIELD_ALWAYS = 1 << 4,    /* the offset is written (and, when read, obeyed) even if nothing is there */
  CW_FIELD_FOLLOWING = 1 << 5, /* lies directly behind what the previous pointer points to */
};

typedef struct {
  const char *name;
  uint64_t value;
} CwValueInfo;

typedef struct {
  const char *name;
  bool is_flags;
  unsigned n_values;
  const CwValueInfo *values;
} CwValuesInfo;

/* NULL when the value has no name, or is more than one flag. */
const char *cw_value_name (const CwValuesInfo *self, uint64_t value);

/* What a size rule objects to. */
typedef struct {
  const char *field;
  uint64_t value;
  const char *relation; /* " < ", or a text that ends the sentence when has_limit is false */
  bool has_limit;
  uint64_t limit;
} CwRuleFault;

typedef bool (*CwSizeRule) (const void *self, const void *parent, uint64_t *size, CwRuleFault *fault);

typedef struct {
  const char *name;
  uint8_t kind;
  uint8_t length;
  uint8_t condition;
  uint8_t flags;
  uint8_t width;
  uint8_t prefix;
  uint8_t tag_width;
  bool counts_bytes; /* of a COUNT: the field is a CwSlice, so its count is a size_t */
  uint16_t offset;
  uint16_t count_offset;
  uint16_t tag_offset;
  uint16_t same_offset;
  uint16_t number;
  uint32_t value;
  uint32_t most; /* elements of an ARRAY; 0: as many as fit the body */
  const CwTypeInfo *type;
  const CwValuesInfo *values;
  const uint32_t *cases;
  CwSizeRule size_rule;
} CwFieldInfo;

struct CwTypeInfo {
  const char *name;
  uint32_t size;     /* in memory */
  uint32_t min_wire; /* the fewest bytes one takes */
  bool flat;         /* on a little-endian machine the wire's bytes are the struct */
  uint16_t n_fields;
  const CwFieldInfo *fields;
};

typedef struct {
  uint32_t channels; /* bit set of channel types */
  CwDirection direction;
  unsigned n_messages;
  const CwMessageInfo *messages; /* by ascending type */
} CwMessageGroup;

extern const CwMessageGroup cw_message_groups[];
extern const unsigned cw_n_message_groups;

bool cw_size_rule_bitmap_rows (const void *self, const void *parent, uint64_t *size, CwRuleFault *fault);
bool cw_size_rule_glyph_rows (const void *self, const void *parent, uint64_t *size, CwRuleFault *fault);

/* The value of a scalar in a struct, sign not extended. */
static inline uint64_t
cw_load (const void *at, unsigned width)
{
  switch (width) {
  case 1:
    return *(const uint8_t *) at;
  case 2:
    return *(const uint16_t *) at;
  case 4:
    return *(const uint32_t *) at;
  default:
    return *(const uint64_t *) at;
  }
}

static inline void
cw_store (void *at, unsigned width, uint64_t value)
{
  switch (width) {
  case 1:
    *(uint8_t *) at = (uint8_t) value;
    break;
  case 2:
    *(uint16_t *) at = (uint16_t) value;
    break;
  case 4:
    *(uint32_t *) at = (uint32_t) value;
    break;
  default:
    *(uint64_t *) at = value;
    break;
  }
}

static inline bool
cw_field_is_present (const CwFieldInfo *field, const void *self, uint32_t context)
{
  uint64_t tag;

  if (field->condition == CW_CONDITION_ALWAYS)
    return true;
  if (field->condition == CW_CONDITION_CONTEXT)
    return (context & field->value) != 0;
  tag = cw_load ((const uint8_t *) self + field->tag_offset, field->tag_width);
  if (field->condition == CW_CONDITION_EQUAL || field->condition == CW_CONDITION_DIFFERS)
    return (tag == field->value) == (field->condition == CW_CONDITION_EQUAL);
  return ((tag & field->value) != 0) == (field->condition == CW_CONDITION_ANY);
}

static inline bool
cw_field_has_case (const CwFieldInfo *field, uint64_t tag)
{
  for (unsigned i = 0; i < field->number; i++)
    if (field->cases[i] == tag)
      return true;
  return false;
}
