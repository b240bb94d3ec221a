/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/frame-writer.h"

#include "base/error.h"

#include <string.h>

/* What an entry costs beside its bytes: a queue of empty messages is bounded too. */
#define ENTRY_COST 128

#define RECORD_SIZE (16 * 1024) /* of TLS */
#define CHUNK_SIZE (64 * 1024)

/* Bodies from here on are not copied, where header and body may go out as two pieces. */
#define LARGE_BODY 4096

typedef struct {
  GList link;
  GBytes *bytes;
  size_t at;    /* of the next message */
  size_t piece; /* bytes of each, but of the last */
  uint16_t type;
  CwPiped piped;
} Entry;

typedef struct {
  GList link;
  uint64_t position[2]; /* messages pushed before it, by lane */
  size_t low_water;     /* of those in rooms */
  CwPumpFlushFunc done;
  gpointer data;
} Flush;

void
cw_frame_writer_init (CwFrameWriter *self, bool mini_header, bool in_records, CwBlockPool *pool)
{
  G_STATIC_ASSERT (CHUNK_SIZE <= CW_BLOCK_SIZE);

  *self = (CwFrameWriter){ .framing = { .mini = mini_header },
                           .chunk_max = in_records ? RECORD_SIZE : CHUNK_SIZE,
                           .pool = pool };
  self->lanes[CW_PUMP_NORMAL].limit = CW_FRAME_WRITER_LIMIT;
  self->lanes[CW_PUMP_URGENT].limit = CW_FRAME_WRITER_URGENT_LIMIT;
}

void
cw_frame_writer_set_stream (CwFrameWriter *self, uint16_t type)
{
  self->stream = type;
}

static Entry *
pop_entry (CwOutLane *lane)
{
  GList *link = g_queue_pop_head_link (&lane->entries);

  return link ? link->data : NULL;
}

static void
clear_piped (CwPiped *self)
{
  if (self->size > 0)
    self->done (self->data);
  *self = (CwPiped){ .size = 0 };
}

static void
entry_free (Entry *self)
{
  clear_piped (&self->piped);
  g_bytes_unref (self->bytes);
  g_free (self);
}

void
cw_frame_writer_clear (CwFrameWriter *self)
{
  GList *link;

  for (unsigned i = 0; i < G_N_ELEMENTS (self->lanes); i++) {
    Entry *entry;

    while ((entry = pop_entry (&self->lanes[i])))
      entry_free (entry);
    self->lanes[i].bytes = self->lanes[i].bytes_in_chunk = 0;
  }
  while ((link = g_queue_pop_head_link (&self->flushes)) || (link = g_queue_pop_head_link (&self->rooms)))
    g_free (link->data);
  g_clear_pointer (&self->rest, g_bytes_unref);
  clear_piped (&self->piped);
  cw_block_pool_give (self->pool, g_steal_pointer (&self->chunk));
  self->chunk_size = self->written = 0;
}

/* n messages that count as so many bytes together; the entry is to be completed. */
static Entry *
push (CwOutLane *lane, uint16_t type, size_t n, size_t size, GError **error)
{
  Entry *entry;

  if (size > UINT32_MAX || lane->bytes > lane->limit || size > lane->limit - lane->bytes) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "message %u: %zu bytes do not fit the queue: %zu of %zu bytes wait",
                 type, size, lane->bytes, lane->limit);
    return NULL;
  }
  entry = g_new (Entry, 1);
  *entry = (Entry){ .link = { .data = entry }, .piece = SIZE_MAX, .type = type };
  g_queue_push_tail_link (&lane->entries, &entry->link);
  lane->bytes += size;
  lane->n_pushed += n;
  return entry;
}

bool
cw_frame_writer_push (CwFrameWriter *self, uint16_t type, GBytes *bytes, size_t piece, CwPumpPriority priority,
                      GError **error)
{
  size_t n = MAX (1, g_bytes_get_size (bytes) / piece + (g_bytes_get_size (bytes) % piece != 0));
  Entry *entry = push (&self->lanes[priority], type, n, n * ENTRY_COST + g_bytes_get_size (bytes), error);

  if (!entry)
    return false;
  entry->bytes = g_bytes_ref (bytes);
  entry->piece = piece;
  return true;
}

bool
cw_frame_writer_push_piped (CwFrameWriter *self, uint16_t type, GBytes *begin, const CwPiped *piped, GError **error)
{
  size_t size = g_bytes_get_size (begin) + piped->size;
  Entry *entry;

  g_assert (g_bytes_get_size (begin) <= CW_PIPED_BEGIN_MAX && self->chunk_max != RECORD_SIZE);
  entry = push (&self->lanes[CW_PUMP_NORMAL], type, 1, ENTRY_COST + size, error);
  if (!entry)
    return false;
  entry->bytes = g_bytes_ref (begin);
  entry->piped = *piped;
  return true;
}

void
cw_frame_writer_push_flush (CwFrameWriter *self, CwPumpFlushFunc done, gpointer data)
{
  Flush *flush = g_new (Flush, 1);

  *flush = (Flush){ .link = { .data = flush }, .done = done, .data = data };
  for (unsigned i = 0; i < G_N_ELEMENTS (self->lanes); i++)
    flush->position[i] = self->lanes[i].n_pushed;
  g_queue_push_tail_link (&self->flushes, &flush->link);
}

void
cw_frame_writer_push_room (CwFrameWriter *self, size_t low_water, CwPumpFlushFunc done, gpointer data)
{
  Flush *flush = g_new0 (Flush, 1);

  flush->link.data = flush;
  flush->low_water = low_water;
  flush->done = done;
  flush->data = data;
  g_queue_push_tail_link (&self->rooms, &flush->link);
}

static Flush *
next_flush (const CwFrameWriter *self, bool only_due)
{
  Flush *flush = g_queue_peek_head ((GQueue *) &self->flushes);

  if (!flush
      || (only_due && (self->lanes[0].n_written < flush->position[0] || self->lanes[1].n_written < flush->position[1])))
    return NULL;
  return flush;
}

static Flush *
next_room (const CwFrameWriter *self, bool only_due)
{
  for (GList *at = self->rooms.head; at; at = at->next) {
    Flush *flush = at->data;

    if (!only_due || cw_frame_writer_bytes (self) <= flush->low_water)
      return flush;
  }
  return NULL;
}

bool
cw_frame_writer_has_due_flush (const CwFrameWriter *self)
{
  return next_flush (self, true) || next_room (self, true);
}

static void
take (GQueue *queue, Flush *flush, CwPumpFlushFunc *done, gpointer *data)
{
  g_queue_unlink (queue, &flush->link);
  *done = flush->done;
  *data = flush->data;
  g_free (flush);
}

bool
cw_frame_writer_take_sent (CwFrameWriter *self, CwPumpFlushFunc *done, gpointer *data)
{
  Flush *flush = next_flush (self, true);

  if (!flush)
    return false;
  take (&self->flushes, flush, done, data);
  return true;
}

bool
cw_frame_writer_take_flush (CwFrameWriter *self, bool only_due, CwPumpFlushFunc *done, gpointer *data)
{
  Flush *flush = next_flush (self, only_due);
  GQueue *queue = flush ? &self->flushes : &self->rooms;

  if (!flush)
    flush = next_room (self, only_due);
  if (!flush)
    return false;
  take (queue, flush, done, data);
  return true;
}

/* The lane whose head goes next into the chunk; NULL when there is none. */
static CwOutLane *
next_lane (CwFrameWriter *self)
{
  if (!g_queue_is_empty (&self->lanes[CW_PUMP_URGENT].entries))
    return &self->lanes[CW_PUMP_URGENT];
  return g_queue_is_empty (&self->lanes[CW_PUMP_NORMAL].entries) ? NULL : &self->lanes[CW_PUMP_NORMAL];
}

/* How much of a body goes into the chunk behind its header; the rest is written from where it is. */
static size_t
part_in_chunk (const CwFrameWriter *self, size_t size)
{
  size_t room = self->chunk_max - self->chunk_size;

  if (self->chunk_max == RECORD_SIZE)
    return MIN (size, room);
  return size < LARGE_BODY && size <= room ? size : 0;
}

/* Bytes of a stream that are copied whole, so that they may share a message with others. */
static bool
may_join (const CwFrameWriter *self, const Entry *entry, size_t room)
{
  size_t size = g_bytes_get_size (entry->bytes);

  return entry->type == self->stream && entry->at == 0 && entry->piped.size == 0 && size > 0
         && size <= MIN (entry->piece, room) && size < LARGE_BODY;
}

/* Each message costs the server more than a thousand bytes of it do. True: the head and what follows it went as one. */
static bool
add_joined (CwFrameWriter *self, CwOutLane *lane)
{
  uint8_t *header = self->chunk->data + self->chunk_size, *at = header + cw_framing_header_size (&self->framing);
  size_t room = self->chunk_max - self->chunk_size - CW_FRAME_HEADER_MAX, size = 0;
  const Entry *entry;

  while ((entry = g_queue_peek_head (&lane->entries)) && may_join (self, entry, room - size)) {
    size_t part;
    const uint8_t *data = g_bytes_get_data (entry->bytes, &part);

    memcpy (at + size, data, part);
    size += part;
    lane->n_in_chunk++;
    lane->bytes_in_chunk += ENTRY_COST + part;
    entry_free (pop_entry (lane));
  }
  if (size == 0)
    return false;
  self->chunk_size += cw_framing_encode (&self->framing, self->stream, (uint32_t) size, header) + size;
  return true;
}

static void
add_to_chunk (CwFrameWriter *self, CwOutLane *lane)
{
  Entry *entry = g_queue_peek_head (&lane->entries);
  size_t all, size, part;
  const uint8_t *data = g_bytes_get_data (entry->bytes, &all);

  if (add_joined (self, lane))
    return;
  size = MIN (all - entry->at, entry->piece);
  lane->n_in_chunk++;
  lane->bytes_in_chunk += ENTRY_COST + size + entry->piped.size;
  self->chunk_size += cw_framing_encode (&self->framing, entry->type, (uint32_t) (size + entry->piped.size),
                                         self->chunk->data + self->chunk_size);
  part = part_in_chunk (self, size);
  if (part > 0)
    memcpy (self->chunk->data + self->chunk_size, data + entry->at, part);
  self->chunk_size += part;
  if (part < size) {
    self->rest = g_bytes_ref (entry->bytes);
    self->rest_offset = entry->at + part;
    self->rest_end = entry->at + size;
  }
  if (entry->piped.size > 0) {
    self->piped = entry->piped;
    entry->piped.size = 0;
  }
  entry->at += size;
  if (entry->at == all)
    entry_free (pop_entry (lane));
}

/* false: no memory. */
static bool
fill_chunk (CwFrameWriter *self)
{
  CwOutLane *lane = next_lane (self);

  if (!lane)
    return true;
  if (!self->chunk)
    self->chunk = cw_block_pool_take (self->pool);
  if (!self->chunk)
    return false;
  while (lane && !self->rest && self->piped.size == 0
         && self->chunk_max - self->chunk_size >= CW_FRAME_HEADER_MAX + CW_PIPED_BEGIN_MAX) {
    add_to_chunk (self, lane);
    lane = next_lane (self);
  }
  return true;
}

int
cw_frame_writer_peek (CwFrameWriter *self, struct iovec vectors[CW_FRAME_WRITER_VECTORS])
{
  size_t behind = self->written - MIN (self->written, self->chunk_size);
  int n = 0;

  if (self->chunk_size == 0 && !fill_chunk (self))
    return -1;
  if (self->written < self->chunk_size)
    vectors[n++] = (struct iovec){ self->chunk->data + self->written, self->chunk_size - self->written };
  if (self->rest) {
    const uint8_t *data = g_bytes_get_data (self->rest, NULL);
    size_t offset = self->rest_offset + behind;

    vectors[n++] = (struct iovec){ (uint8_t *) data + offset, self->rest_end - offset };
  }
  return n;
}

size_t
cw_frame_writer_peek_piped (const CwFrameWriter *self, int *fd)
{
  *fd = self->piped.fd;
  return self->piped.size - MIN (self->piped.size, self->written - MIN (self->written, self->chunk_size));
}

void
cw_frame_writer_written (CwFrameWriter *self, size_t size)
{
  size_t total = self->chunk_size + self->piped.size;

  if (self->rest)
    total += self->rest_end - self->rest_offset;
  g_assert (size <= total - self->written);
  self->written += size;
  if (self->written < total)
    return;
  self->chunk_size = self->written = 0;
  g_clear_pointer (&self->rest, g_bytes_unref);
  clear_piped (&self->piped);
  for (unsigned i = 0; i < G_N_ELEMENTS (self->lanes); i++) {
    CwOutLane *lane = &self->lanes[i];

    lane->bytes -= lane->bytes_in_chunk;
    lane->n_written += lane->n_in_chunk;
    lane->bytes_in_chunk = lane->n_in_chunk = 0;
  }
  if (!next_lane (self))
    cw_block_pool_give (self->pool, g_steal_pointer (&self->chunk));
}

size_t
cw_frame_writer_bytes (const CwFrameWriter *self)
{
  return self->lanes[CW_PUMP_NORMAL].bytes + self->lanes[CW_PUMP_URGENT].bytes;
}
