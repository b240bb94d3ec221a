/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages → bytes without I/O: two queues bounded by bytes. Small messages are gathered, so that many go out with one
 * write; what has been shown by cw_outbox_peek () does not change until it has been written, as TLS demands. */
#pragma once

#include "transport/pump.h"
#include "wire/frame.h"

#define CW_OUTBOX_CHUNK (16 * 1024) /* one TLS record */

typedef struct {
  GQueue entries; /* Entry */
  size_t bytes;   /* of them, and of their part of the chunk being written */
  size_t limit;
  size_t in_chunk;
} CwOutLane;

typedef struct {
  CwFraming framing;
  CwOutLane lanes[2]; /* by CwPumpPriority */
  uint8_t *chunk;
  size_t chunk_size;
  GBytes *rest; /* the rest of a large body, from rest_offset, follows the chunk */
  size_t rest_offset;
  size_t written; /* of chunk and rest together */
} CwOutbox;

void cw_outbox_init (CwOutbox *self, bool mini_header);

/* Drops everything, flushes too: take those out before, by cw_outbox_abandon (). */
void cw_outbox_clear (CwOutbox *self);

bool cw_outbox_push (CwOutbox *self, uint16_t type, GBytes *body, CwPumpPriority priority, GError **error);
void cw_outbox_push_flush (CwOutbox *self, CwPumpFlushFunc done, gpointer data);

/* The next bytes to write; size 0 when there are none (a flush may then be due). Valid until the next call. */
CwSlice cw_outbox_peek (CwOutbox *self);
void cw_outbox_written (CwOutbox *self, size_t size);

/* Takes the oldest flush before which everything has been written. */
bool cw_outbox_take_flush (CwOutbox *self, CwPumpFlushFunc *done, gpointer *data);

/* Takes the oldest flush, due or not; what was to be written before it is dropped, so nothing may be written after. */
bool cw_outbox_abandon (CwOutbox *self, CwPumpFlushFunc *done, gpointer *data);

/* Nothing to write and no flush. */
bool cw_outbox_is_empty (const CwOutbox *self);
size_t cw_outbox_bytes (const CwOutbox *self);
