/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/message.h"

#include "base/error.h"
#include "wire/walk.h"

#include <string.h>

/* Enough for the pointers and arrays of common messages, so that they take one allocation. */
#define ARENA_INLINE 256

typedef struct {
  CwMessage message;
  gatomicrefcount refs;
  CwArena arena;
  uint64_t memory[]; /* the struct, the arena's first block, then the body's copy */
} Parsed;

typedef struct {
  CwArena arena;
  uint64_t memory[];
} Standalone;

static size_t
round_up (size_t size)
{
  return (size + 7) & ~(size_t) 7;
}

static const CwMessageInfo *
find_in_group (const CwMessageGroup *group, uint32_t type)
{
  unsigned low = 0, high = group->n_messages;

  while (low < high) {
    unsigned middle = (low + high) / 2;

    if (group->messages[middle].type == type)
      return &group->messages[middle];
    if (group->messages[middle].type < type)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

static const CwMessageInfo *
find (uint32_t channels, CwDirection direction, uint32_t type)
{
  for (unsigned i = 0; i < cw_n_message_groups; i++) {
    const CwMessageGroup *group = &cw_message_groups[i];
    const CwMessageInfo *info = NULL;

    if (group->direction == direction && (group->channels & channels) != 0)
      info = find_in_group (group, type);
    if (info)
      return info;
  }
  return NULL;
}

const CwMessageInfo *
cw_message_info (CwChannelType channel, CwDirection direction, uint16_t type)
{
  if (direction == CW_FROM_AGENT || (unsigned) channel > 31)
    return NULL;
  return find (1u << channel, direction, type);
}

uint32_t
cw_message_most (CwChannelType channel, uint16_t type)
{
  const CwMessageInfo *info = cw_message_info (channel, CW_FROM_SERVER, type);

  return info && info->most != 0 ? info->most : CW_MAX_BODY_SIZE;
}

const CwMessageInfo *
cw_agent_info (uint32_t type)
{
  return find (~0u, CW_FROM_AGENT, type);
}

bool
cw_message_has_descriptors (const CwMessageInfo *info, CwSlice body)
{
  CwReader reader;
  uint32_t value;

  if (info->descriptor_at == 0)
    return false;
  cw_reader_init (&reader, info->channel, body);
  cw_reader_slice (&reader, info->descriptor_at, info->name);
  value = cw_reader_u32 (&reader, info->name);
  return cw_reader_finish (&reader, NULL) && value != 0;
}

/* bytes: the same as body, or NULL: body is copied. */
static Parsed *
new_message (const CwMessageInfo *info, CwSlice body, GBytes *bytes, CwSlab *memory)
{
  size_t size = round_up (info->layout->size);
  size_t room = info->layout->flat ? 0 : ARENA_INLINE;
  Parsed *self = cw_slab_alloc (memory, sizeof *self + size + room + (bytes ? 0 : body.size));
  uint8_t *after;

  if (!self)
    return NULL;
  memset (self, 0, sizeof *self + size + room);
  after = (uint8_t *) self->memory + size + room;
  if (!bytes && body.size > 0)
    body.data = memcpy (after, body.data, body.size);
  self->arena = (CwArena){ .at = after - room, .left = room };
  self->message.body = body;
  return self;
}

static CwMessage *
parse (const CwMessageInfo *info, const char *channel, uint64_t serial, uint32_t context, CwSlice body, GBytes *bytes,
       CwSlab *memory, GError **error)
{
  Parsed *self = new_message (info, body, bytes, memory);
  CwReaderPath path = { NULL, info->name, -1 };
  CwReader reader;

  if (!self) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "%s: no memory for %s", channel, info->name);
    return NULL;
  }
  g_atomic_ref_count_init (&self->refs);
  self->message.type = (uint16_t) info->type;
  self->message.serial = serial;
  self->message.context = context;
  self->message.info = info;
  self->message.data = self->memory;
  self->message.bytes = bytes ? g_bytes_ref (bytes) : NULL;
  cw_reader_init (&reader, channel, self->message.body);
  reader.path = &path;
  cw_walk_read (&reader, &self->arena, context, info->layout, self->memory);
  if (cw_reader_finish (&reader, error))
    return &self->message;
  cw_message_unref (&self->message);
  return NULL;
}

static CwSlice
slice_of (GBytes *bytes)
{
  size_t size;
  const uint8_t *data = g_bytes_get_data (bytes, &size);

  return (CwSlice){ data, size };
}

static const char *
channel_name (CwChannelType channel)
{
  const char *name = cw_channel_type_name (channel);

  return name ? name : "unknown channel";
}

CwMessage *
cw_message_parse (CwChannelType channel, CwDirection direction, uint16_t type, uint64_t serial, GBytes *body,
                  GError **error)
{
  const CwMessageInfo *info = cw_message_info (channel, direction, type);

  if (info)
    return parse (info, channel_name (channel), serial, 0, slice_of (body), body, NULL, error);
  g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "%s: message type %u is not known", channel_name (channel),
               (unsigned) type);
  return NULL;
}

CwMessage *
cw_message_parse_slice (const CwMessageInfo *info, CwChannelType channel, uint64_t serial, CwSlice body, GBytes *bytes,
                        CwSlab *memory, GError **error)
{
  return parse (info, channel_name (channel), serial, 0, body, bytes, memory, error);
}

CwMessage *
cw_agent_parse (uint32_t type, uint32_t context, GBytes *body, GError **error)
{
  const CwMessageInfo *info = cw_agent_info (type);

  if (info)
    return parse (info, "agent", 0, context, slice_of (body), body, NULL, error);
  g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "agent: message type %u is not known", (unsigned) type);
  return NULL;
}

CwMessage *
cw_message_ref (CwMessage *self)
{
  g_atomic_ref_count_inc (&((Parsed *) (void *) self)->refs);
  return self;
}

void
cw_message_unref (CwMessage *message)
{
  Parsed *self = (Parsed *) (void *) message;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  cw_arena_clear (&self->arena);
  g_clear_pointer (&message->bytes, g_bytes_unref);
  cw_slab_free (self);
}

GBytes *
cw_message_get_body (const CwMessage *self)
{
  if (self->bytes)
    return g_bytes_ref (self->bytes);
  return g_bytes_new_with_free_func (self->body.data, self->body.size, (GDestroyNotify) cw_message_unref,
                                     cw_message_ref ((CwMessage *) self));
}

bool
cw_message_write (const CwMessageInfo *info, const void *data, CwBuffer *out)
{
  return cw_agent_write (info, 0, data, out);
}

bool
cw_agent_write (const CwMessageInfo *info, uint32_t context, const void *data, CwBuffer *out)
{
  cw_walk_write (info->layout, context, data, out);
  return !cw_buffer_failed (out);
}

void
cw_message_print (const CwMessage *self, GString *out)
{
  g_string_append_printf (out, "%s %s\n", self->info->channel, self->info->name);
  cw_walk_print (self->info->layout, self->context, self->data, out);
}

void *
cw_wire_read (const CwTypeInfo *type, const char *what, CwSlice bytes, GError **error)
{
  Standalone *self = g_try_malloc0 (sizeof *self + type->size);
  CwReader reader;

  if (!self) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "%s: no memory for %s", what, type->name);
    return NULL;
  }
  cw_reader_init (&reader, what, bytes);
  cw_walk_read (&reader, &self->arena, 0, type, self->memory);
  if (cw_reader_finish (&reader, error))
    return self->memory;
  cw_wire_free (self->memory);
  return NULL;
}

bool
cw_wire_write (const CwTypeInfo *type, const void *data, CwBuffer *out)
{
  cw_walk_write (type, 0, data, out);
  return !cw_buffer_failed (out);
}

void
cw_wire_free (void *data)
{
  Standalone *self;

  if (!data)
    return;
  self = (Standalone *) (void *) ((uint8_t *) data - offsetof (Standalone, memory));
  cw_arena_clear (&self->arena);
  g_free (self);
}
