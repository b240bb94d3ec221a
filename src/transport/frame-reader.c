/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/frame-reader.h"

#include "wire/messages.h"

#include <string.h>

/* Below this a copy costs no more than a slice, and does not keep a whole block alive. */
#define COPY_MAX 256

struct CwBlock {
  gatomicrefcount refs;
  size_t capacity;
  uint8_t data[];
};

static CwBlock *
block_new (size_t capacity)
{
  CwBlock *self = g_try_malloc (sizeof *self + capacity);

  if (!self)
    return NULL;
  g_atomic_ref_count_init (&self->refs);
  self->capacity = capacity;
  return self;
}

static void
block_unref (gpointer data)
{
  CwBlock *self = data;

  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

static GBytes *
block_slice (CwBlock *self, size_t offset, size_t size)
{
  if (size <= COPY_MAX)
    return g_bytes_new (self->data + offset, size);
  g_atomic_ref_count_inc (&self->refs);
  return g_bytes_new_with_free_func (self->data + offset, size, block_unref, self);
}

void
cw_frame_reader_init (CwFrameReader *self, bool mini_header, uint32_t (*limit) (gpointer, uint16_t),
                      gpointer limit_data)
{
  *self = (CwFrameReader){ .framing = { .mini = mini_header }, .limit = limit, .limit_data = limit_data };
}

void
cw_frame_reader_clear (CwFrameReader *self)
{
  g_clear_pointer (&self->block, block_unref);
  g_clear_pointer (&self->message, g_bytes_unref);
  self->start = self->end = 0;
}

static size_t
wanted (const CwFrameReader *self)
{
  return self->has_header ? self->header.size : cw_framing_header_size (&self->framing);
}

/* Moves the unparsed bytes to the front of a block that has room for all that is wanted. */
static bool
make_room (CwFrameReader *self, GError **error)
{
  size_t left = self->end - self->start;
  size_t capacity = MAX (wanted (self), (size_t) CW_PUMP_BLOCK_SIZE);
  bool reuse = self->block && self->block->capacity == capacity && g_atomic_ref_count_compare (&self->block->refs, 1);
  CwBlock *block = reuse ? self->block : block_new (capacity);

  if (!block) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "No memory for %zu bytes of a message", capacity);
    return false;
  }
  if (left > 0)
    memmove (block->data, self->block->data + self->start, left);
  if (!reuse) {
    g_clear_pointer (&self->block, block_unref);
    self->block = block;
  }
  self->start = 0;
  self->end = left;
  return true;
}

bool
cw_frame_reader_space (CwFrameReader *self, uint8_t **at, size_t *size, GError **error)
{
  if (self->block && self->start == self->end && g_atomic_ref_count_compare (&self->block->refs, 1))
    self->start = self->end = 0;
  if (!self->block || self->end == self->block->capacity || self->block->capacity - self->start < wanted (self)) {
    if (!make_room (self, error))
      return false;
  }
  *at = self->block->data + self->end;
  *size = self->block->capacity - self->end;
  return true;
}

void
cw_frame_reader_commit (CwFrameReader *self, size_t size)
{
  g_assert (size <= self->block->capacity - self->end);
  self->end += size;
}

static bool
take_header (CwFrameReader *self, GError **error)
{
  uint32_t limit;

  cw_framing_decode (&self->framing, self->block->data + self->start, &self->header);
  self->start += cw_framing_header_size (&self->framing);
  self->has_header = true;
  limit = self->limit ? self->limit (self->limit_data, self->header.type) : CW_PUMP_FRAME_LIMIT;
  if (self->header.size <= limit)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "message %u: size of the body: %u > %u", self->header.type,
               self->header.size, limit);
  return false;
}

static bool
take_body (CwFrameReader *self, GError **error)
{
  size_t size;
  const uint8_t *data;

  self->message
      = self->header.size > 0 ? block_slice (self->block, self->start, self->header.size) : g_bytes_new (NULL, 0);
  self->start += self->header.size;
  self->has_header = false;
  self->in_subs = self->header.type == CW_MSG_LIST || self->header.sub_list != 0;
  if (!self->in_subs)
    return true;
  data = g_bytes_get_data (self->message, &size);
  return cw_sub_list_init (&self->subs, (CwSlice){ data, size }, self->header.sub_list, error);
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
                              .body = g_bytes_new_from_bytes (self->message, sub.offset, sub.body.size) };
      return CW_FRAME_READER_FRAME;
    }
    if (reason) {
      g_propagate_error (error, reason);
      return CW_FRAME_READER_FAILED;
    }
    self->in_subs = false;
  }
  *frame = (CwPumpFrame){ .type = self->header.type,
                          .serial = self->header.serial,
                          .body = g_steal_pointer (&self->message) };
  return CW_FRAME_READER_FRAME;
}

CwFrameReaderStatus
cw_frame_reader_next (CwFrameReader *self, CwPumpFrame *frame, GError **error)
{
  if (self->message)
    return next_of_message (self, frame, error);
  if (!self->has_header) {
    if (self->end - self->start < wanted (self))
      return CW_FRAME_READER_NEEDS_BYTES;
    if (!take_header (self, error))
      return CW_FRAME_READER_FAILED;
  }
  if (self->end - self->start < wanted (self))
    return CW_FRAME_READER_NEEDS_BYTES;
  if (!take_body (self, error))
    return CW_FRAME_READER_FAILED;
  return next_of_message (self, frame, error);
}

bool
cw_frame_reader_is_partial (const CwFrameReader *self, size_t *missing)
{
  size_t have = self->end - self->start;

  if (!self->has_header && have == 0)
    return false;
  *missing = wanted (self) - MIN (wanted (self), have);
  return true;
}
