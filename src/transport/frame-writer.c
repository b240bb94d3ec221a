/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/frame-writer.h"

#include <string.h>

/* What an entry costs beside its bytes: a queue of empty messages is bounded too. */
#define ENTRY_COST 128

typedef struct {
  GBytes *body; /* NULL: a flush */
  uint16_t type;
  CwPumpFlushFunc done;
  gpointer data;
} Entry;

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}

void
cw_frame_writer_init (CwFrameWriter *self, bool mini_header)
{
  *self = (CwFrameWriter){ .framing = { .mini = mini_header } };
  self->lanes[CW_PUMP_NORMAL].limit = CW_PUMP_QUEUE_LIMIT;
  self->lanes[CW_PUMP_URGENT].limit = CW_PUMP_URGENT_LIMIT;
  self->chunk = g_malloc (CW_FRAME_WRITER_CHUNK);
}

void
cw_frame_writer_clear (CwFrameWriter *self)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (self->lanes); i++) {
    g_queue_clear_full (&self->lanes[i].entries, entry_free);
    self->lanes[i].bytes = self->lanes[i].in_chunk = 0;
  }
  g_clear_pointer (&self->rest, g_bytes_unref);
  g_clear_pointer (&self->chunk, g_free);
  self->chunk_size = self->written = 0;
}

static size_t
cost (GBytes *body)
{
  return ENTRY_COST + g_bytes_get_size (body);
}

bool
cw_frame_writer_push (CwFrameWriter *self, uint16_t type, GBytes *body, CwPumpPriority priority, GError **error)
{
  CwOutLane *lane = &self->lanes[priority];
  size_t size = cost (body);
  Entry *entry;

  if (size > UINT32_MAX || lane->bytes > lane->limit || size > lane->limit - lane->bytes) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "message %u: %zu bytes do not fit the queue: %zu of %zu bytes wait",
                 type, size, lane->bytes, lane->limit);
    return false;
  }
  entry = g_new0 (Entry, 1);
  entry->type = type;
  entry->body = g_bytes_ref (body);
  g_queue_push_tail (&lane->entries, entry);
  lane->bytes += size;
  return true;
}

void
cw_frame_writer_push_flush (CwFrameWriter *self, CwPumpFlushFunc done, gpointer data)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->done = done;
  entry->data = data;
  g_queue_push_tail (&self->lanes[CW_PUMP_NORMAL].entries, entry);
}

/* The lane whose head goes next into the chunk; NULL when there is none, or a flush has to come first. */
static CwOutLane *
next_lane (CwFrameWriter *self)
{
  CwOutLane *normal = &self->lanes[CW_PUMP_NORMAL];
  const Entry *head;

  if (!g_queue_is_empty (&self->lanes[CW_PUMP_URGENT].entries))
    return &self->lanes[CW_PUMP_URGENT];
  head = g_queue_peek_head (&normal->entries);
  return head && head->body ? normal : NULL;
}

/* A body that does not fit is begun in the chunk, so that its header never travels alone. */
static void
add_to_chunk (CwFrameWriter *self, CwOutLane *lane)
{
  Entry *entry = g_queue_pop_head (&lane->entries);
  size_t size, part;
  const uint8_t *data = g_bytes_get_data (entry->body, &size);

  lane->in_chunk += cost (entry->body);
  self->chunk_size += cw_framing_encode (&self->framing, entry->type, size, self->chunk + self->chunk_size);
  part = MIN (size, CW_FRAME_WRITER_CHUNK - self->chunk_size);
  if (part > 0)
    memcpy (self->chunk + self->chunk_size, data, part);
  self->chunk_size += part;
  if (part < size) {
    self->rest = g_steal_pointer (&entry->body);
    self->rest_offset = part;
  }
  entry_free (entry);
}

CwSlice
cw_frame_writer_peek (CwFrameWriter *self)
{
  CwOutLane *lane;
  const uint8_t *data;
  size_t size, offset;

  if (self->chunk_size == 0) {
    while (!self->rest && CW_FRAME_WRITER_CHUNK - self->chunk_size >= CW_FRAME_HEADER_MAX && (lane = next_lane (self)))
      add_to_chunk (self, lane);
  }
  if (self->written < self->chunk_size)
    return (CwSlice){ self->chunk + self->written, self->chunk_size - self->written };
  if (!self->rest)
    return (CwSlice){ NULL, 0 };
  data = g_bytes_get_data (self->rest, &size);
  offset = self->rest_offset + self->written - self->chunk_size;
  return (CwSlice){ data + offset, size - offset };
}

void
cw_frame_writer_written (CwFrameWriter *self, size_t size)
{
  size_t total = self->chunk_size;

  if (self->rest)
    total += g_bytes_get_size (self->rest) - self->rest_offset;
  g_assert (size <= total - self->written);
  self->written += size;
  if (self->written < total)
    return;
  self->chunk_size = self->written = 0;
  g_clear_pointer (&self->rest, g_bytes_unref);
  for (unsigned i = 0; i < G_N_ELEMENTS (self->lanes); i++) {
    self->lanes[i].bytes -= self->lanes[i].in_chunk;
    self->lanes[i].in_chunk = 0;
  }
}

static void
take_head_flush (CwOutLane *lane, CwPumpFlushFunc *done, gpointer *data)
{
  Entry *entry = g_queue_pop_head (&lane->entries);

  *done = entry->done;
  *data = entry->data;
  entry_free (entry);
}

bool
cw_frame_writer_take_flush (CwFrameWriter *self, CwPumpFlushFunc *done, gpointer *data)
{
  CwOutLane *lane = &self->lanes[CW_PUMP_NORMAL];
  const Entry *head = g_queue_peek_head (&lane->entries);

  if (self->chunk_size > 0 || !head || head->body)
    return false;
  take_head_flush (lane, done, data);
  return true;
}

bool
cw_frame_writer_abandon (CwFrameWriter *self, CwPumpFlushFunc *done, gpointer *data)
{
  CwOutLane *lane = &self->lanes[CW_PUMP_NORMAL];
  const Entry *head;

  while ((head = g_queue_peek_head (&lane->entries))) {
    if (!head->body) {
      take_head_flush (lane, done, data);
      return true;
    }
    lane->bytes -= cost (head->body);
    entry_free (g_queue_pop_head (&lane->entries));
  }
  return false;
}

bool
cw_frame_writer_is_empty (const CwFrameWriter *self)
{
  return self->chunk_size == 0 && g_queue_is_empty ((GQueue *) &self->lanes[CW_PUMP_NORMAL].entries)
         && g_queue_is_empty ((GQueue *) &self->lanes[CW_PUMP_URGENT].entries);
}

size_t
cw_frame_writer_bytes (const CwFrameWriter *self)
{
  return self->lanes[CW_PUMP_NORMAL].bytes + self->lanes[CW_PUMP_URGENT].bytes;
}
