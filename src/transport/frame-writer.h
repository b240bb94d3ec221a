/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages → bytes without I/O: two queues bounded by bytes. Small messages are gathered, so that many go out with one
 * write; what has been shown by cw_frame_writer_peek () does not change until it has been written, as TLS demands. */
#pragma once

#include "transport/pump.h"
#include "wire/frame.h"

#define CW_FRAME_WRITER_CHUNK (16 * 1024) /* one TLS record */

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
} CwFrameWriter;

void cw_frame_writer_init (CwFrameWriter *self, bool mini_header);

/* Drops everything, flushes too: take those out before, by cw_frame_writer_abandon (). */
void cw_frame_writer_clear (CwFrameWriter *self);

bool cw_frame_writer_push (CwFrameWriter *self, uint16_t type, GBytes *body, CwPumpPriority priority, GError **error);
void cw_frame_writer_push_flush (CwFrameWriter *self, CwPumpFlushFunc done, gpointer data);

/* The next bytes to write; size 0 when there are none (a flush may then be due). Valid until the next call. */
CwSlice cw_frame_writer_peek (CwFrameWriter *self);
void cw_frame_writer_written (CwFrameWriter *self, size_t size);

/* Takes the oldest flush before which everything has been written. */
bool cw_frame_writer_take_flush (CwFrameWriter *self, CwPumpFlushFunc *done, gpointer *data);

/* Takes the oldest flush, due or not; what was to be written before it is dropped, so nothing may be written after. */
bool cw_frame_writer_abandon (CwFrameWriter *self, CwPumpFlushFunc *done, gpointer *data);

/* Nothing to write and no flush. */
bool cw_frame_writer_is_empty (const CwFrameWriter *self);
size_t cw_frame_writer_bytes (const CwFrameWriter *self);
