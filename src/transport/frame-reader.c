/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/frame-reader.h"

#include "base/error.h"
#include "base/i18n.h"
#include "base/pages.h"
#include "wire/messages.h"

#include <string.h>

/* Of a large message's memory, what gets its pages at a time: a server that does not send does not fill memory. */
#define POPULATED_PIECE ((size_t) 256 << 10)

void
cw_frame_reader_init (CwFrameReader *self, bool mini_header, const CwFrameRules *rules, CwBlockPool *pool)
{
  *self = (CwFrameReader){ .framing = { .mini = mini_header }, .rules = *rules, .pool = pool };
}

static void
drop_block (CwFrameReader *self)
{
  cw_block_pool_give (self->pool, g_steal_pointer (&self->block));
  self->start = self->end = 0;
}

/* Whether there may be a body of this size beside those that are being read elsewhere. */
static bool
reserve (CwFrameReader *self, size_t size)
{
  if (!self->bodies)
    return true;
  if (size > CW_BODIES_MAX - MIN (*self->bodies, CW_BODIES_MAX))
    return false;
  *self->bodies += size;
  self->reserved = size;
  return true;
}

static void
release (CwFrameReader *self)
{
  if (self->bodies)
    *self->bodies -= self->reserved;
  self->reserved = 0;
}

void
cw_frame_reader_clear (CwFrameReader *self)
{
  release (self);
  drop_block (self);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  self->has_message = false;
  cw_descriptor_queue_drop (&self->waiting, UINT64_MAX);
  cw_descriptors_close (&self->descriptors);
}

static size_t
wanted (const CwFrameReader *self)
{
  if (!self->has_header)
    return cw_framing_header_size (&self->framing);
  return self->header.size + (size_t) self->has_tail;
}

static size_t
have (const CwFrameReader *self)
{
  return self->end - self->start;
}

/* Moves the unparsed bytes to the front of a block that has room for all that is wanted. A message that is larger than
 * usual is read exactly to its end. */
static bool
make_room (CwFrameReader *self, GError **error)
{
  size_t left = have (self);
  size_t capacity = MAX (wanted (self), (size_t) CW_BLOCK_SIZE);
  bool reuse = self->block && self->block->capacity == capacity && !cw_block_is_shared (self->block);
  CwBlock *block = reuse                       ? self->block
                   : capacity == CW_BLOCK_SIZE ? cw_block_pool_take (self->pool)
                                               : cw_block_new (capacity);

  if (!block) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, _ ("No memory for %zu bytes of a message."), capacity);
    return false;
  }
  if (left > 0)
    memmove (block->data, self->block->data + self->start, left);
  if (!reuse) {
    drop_block (self);
    self->block = block;
    self->populated = left;
  }
  self->start = 0;
  self->end = left;
  return true;
}

static void
populate (CwFrameReader *self)
{
  const size_t capacity = self->block->capacity;
  size_t from = MAX (self->populated, self->end), to = MIN (capacity, self->end + POPULATED_PIECE);

  if (capacity <= CW_BLOCK_SIZE || from == capacity || (to < capacity && to - from < POPULATED_PIECE / 2))
    return;
  cw_pages_populate (self->block->data + from, to - from);
  self->populated = to;
}

bool
cw_frame_reader_space (CwFrameReader *self, uint8_t **at, size_t *size, GError **error)
{
  if (!self->block || self->end == self->block->capacity || self->block->capacity - self->start < wanted (self)) {
    if (!make_room (self, error))
      return false;
  }
  populate (self);
  *at = self->block->data + self->end;
  *size = self->block->capacity - self->end;
  return true;
}

void
cw_frame_reader_commit (CwFrameReader *self, size_t size, const int *fds, unsigned n_fds)
{
  g_assert (size <= self->block->capacity - self->end);
  self->end += size;
  self->position += size;
  for (unsigned i = 0; i < n_fds; i++)
    cw_descriptor_queue_push (&self->waiting, self->position - 1, fds[i]);
  if (have (self) == 0)
    drop_block (self);
}

static uint32_t
limit_of (CwFrameReader *self, uint16_t type)
{
  uint32_t limit = self->rules.limit ? self->rules.limit (self->rules.data, type) : CW_FRAME_LIMIT;

  return type == CW_MSG_LIST ? MIN (limit, CW_FRAME_LIMIT) : limit;
}

static bool
take_header (CwFrameReader *self, GError **error)
{
  uint32_t limit;

  cw_framing_decode (&self->framing, self->block->data + self->start, &self->header);
  self->start += cw_framing_header_size (&self->framing);
  self->has_header = true;
  self->knows_tail = self->has_tail = false;
  limit = limit_of (self, self->header.type);
  if (self->header.size > limit) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "message %u: size of the body: %u > %u", self->header.type,
                 self->header.size, limit);
    return false;
  }
  if (!reserve (self, self->header.size)) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT,
                 "message %u: a body of %u bytes beside %zu that are being read, at most %zu", self->header.type,
                 self->header.size, *self->bodies, CW_BODIES_MAX);
    return false;
  }
  return true;
}

/* The body is there; a byte after it may still be missing. */
static void
look_at_tail (CwFrameReader *self)
{
  CwSlice body = { self->block ? self->block->data + self->start : NULL, self->header.size };

  self->knows_tail = true;
  self->has_tail
      = self->rules.has_descriptors && self->rules.has_descriptors (self->rules.data, self->header.type, body);
}

static bool
take_body (CwFrameReader *self, GError **error)
{
  self->body = (CwSlice){ self->block ? self->block->data + self->start : NULL, self->header.size };
  self->bytes = self->block ? cw_block_slice (self->block, self->start, self->header.size) : NULL;
  self->pinned = self->bytes ? self->block->capacity : 0;
  self->has_message = true;
  self->start += self->header.size;
  if (self->has_tail)
    cw_descriptor_queue_take (&self->waiting, self->position - have (self), &self->descriptors);
  self->start += self->has_tail;
  cw_descriptor_queue_drop (&self->waiting, self->position - have (self));
  self->has_header = false;
  release (self);
  if (self->bytes && have (self) == 0)
    drop_block (self);
  self->in_subs = self->header.type == CW_MSG_LIST || self->header.sub_list != 0;
  return !self->in_subs || cw_sub_list_init (&self->subs, self->body, self->header.sub_list, error);
}

/* What is not worth keeping the message for is not worth keeping its block for either. */
static GBytes *
part_of_message (const CwFrameReader *self, const CwSubMessage *sub)
{
  return self->bytes ? cw_block_part (self->bytes, self->pinned, sub->offset, sub->body.size) : NULL;
}

static CwFrameReaderStatus
next_of_message (CwFrameReader *self, CwPumpFrame *frame, GError **error)
{
  GError *reason = NULL;
  CwSubMessage sub;

  if (self->in_subs) {
    if (cw_sub_list_next (&self->subs, &sub, &reason)) {
      *frame = (CwPumpFrame){ .type = sub.type,
                              .is_sub = true,
                              .serial = self->header.serial,
                              .body = sub.body,
                              .bytes = part_of_message (self, &sub) };
      return CW_FRAME_READER_FRAME;
    }
    if (reason) {
      g_propagate_error (error, reason);
      return CW_FRAME_READER_FAILED;
    }
    self->in_subs = false;
  }
  self->has_message = false;
  *frame = (CwPumpFrame){ .type = self->header.type,
                          .serial = self->header.serial,
                          .body = self->body,
                          .bytes = g_steal_pointer (&self->bytes),
                          .descriptors = self->descriptors.n > 0 ? &self->descriptors : NULL };
  return CW_FRAME_READER_FRAME;
}

/* A header, and all that follows it, have been read. */
static CwFrameReaderStatus
next_message (CwFrameReader *self, GError **error)
{
  if (!self->has_header) {
    if (have (self) < wanted (self))
      return CW_FRAME_READER_NEEDS_BYTES;
    if (!take_header (self, error))
      return CW_FRAME_READER_FAILED;
  }
  if (have (self) < wanted (self))
    return CW_FRAME_READER_NEEDS_BYTES;
  if (!self->knows_tail)
    look_at_tail (self);
  if (have (self) < wanted (self))
    return CW_FRAME_READER_NEEDS_BYTES;
  return take_body (self, error) ? CW_FRAME_READER_FRAME : CW_FRAME_READER_FAILED;
}

CwFrameReaderStatus
cw_frame_reader_next (CwFrameReader *self, CwPumpFrame *frame, GError **error)
{
  CwFrameReaderStatus status;

  if (self->has_message)
    return next_of_message (self, frame, error);
  status = next_message (self, error);
  if (status == CW_FRAME_READER_FRAME)
    return next_of_message (self, frame, error);
  if (have (self) == 0)
    drop_block (self);
  return status;
}

GBytes *
cw_pump_frame_keep (const CwPumpFrame *frame)
{
  return frame->bytes ? g_bytes_ref (frame->bytes) : g_bytes_new (frame->body.data, frame->body.size);
}

bool
cw_frame_reader_is_partial (const CwFrameReader *self, size_t *missing)
{
  if (!self->has_header && have (self) == 0)
    return false;
  *missing = wanted (self) - MIN (wanted (self), have (self));
  return true;
}
