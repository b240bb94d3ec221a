/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interprets layout tables to find structs of one type in a message. */
#include "wire/walk.h"

typedef struct {
  const CwTypeInfo *wanted;
  uint32_t context;
  void (*found) (const void *item, gpointer data);
  gpointer data;
} Walk;

static void visit_struct (const Walk *walk, const CwTypeInfo *type, const void *self);

static void
visit_field (const Walk *walk, const CwFieldInfo *field, const uint8_t *self)
{
  const void *at = self + field->offset;

  if (field->kind == CW_KIND_ARRAY) {
    uint32_t count = *(const uint32_t *) (const void *) (self + field->count_offset);
    const uint8_t *elements = *(const uint8_t *const *) at;

    for (uint32_t i = 0; i < count; i++)
      visit_struct (walk, field->type, elements + (size_t) i * field->type->size);
    return;
  }
  if (field->flags & CW_FIELD_POINTER || field->kind == CW_KIND_OPTIONAL)
    at = *(const void *const *) at;
  if (at)
    visit_struct (walk, field->type, at);
}

static void
visit_struct (const Walk *walk, const CwTypeInfo *type, const void *self)
{
  if (type == walk->wanted)
    walk->found (self, walk->data);
  for (unsigned i = 0; i < type->n_fields; i++)
    if (type->fields[i].type && type->fields[i].kind != CW_KIND_COUNT
        && cw_field_is_present (&type->fields[i], self, walk->context))
      visit_field (walk, &type->fields[i], self);
}

void
cw_message_visit (const CwMessage *self, const CwTypeInfo *wanted, void (*found) (const void *item, gpointer data),
                  gpointer data)
{
  const Walk walk = { wanted, self->context, found, data };

  visit_struct (&walk, self->info->layout, self->data);
}
