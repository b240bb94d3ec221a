/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages → bytes without I/O: two queues bounded by bytes. Small messages are gathered, so that many go out with one
 * write; what has been shown by cw_frame_writer_peek () does not change until it has been written, as TLS demands. */
#pragma once

#include "base/piped.h"
#include "transport/block.h"
#include "wire/frame.h"

#include <sys/uio.h>

#define CW_FRAME_WRITER_LIMIT (16 * 1024 * 1024) /* default: bytes of normal messages that wait, 128 more for each */
#define CW_FRAME_WRITER_URGENT_LIMIT (64 * 1024) /* the same for urgent messages */
#define CW_FRAME_WRITER_VECTORS 2                /* what peek fills at most */
#define CW_PIPED_BEGIN_MAX 64                    /* bytes of a body before what comes from a pipe */

typedef enum {
  CW_PUMP_NORMAL,
  CW_PUMP_URGENT, /* PONG, ACK, ACK_SYNC: ahead of normal messages that have not begun; own small limit */
} CwPumpPriority;

typedef void (*CwPumpFlushFunc) (gpointer data, const GError *error);

typedef struct {
  GQueue entries; /* Entry */
  size_t bytes;   /* of them, and of their part of the chunk being written */
  size_t limit;
  uint64_t n_pushed;
  uint64_t n_written;
  unsigned n_in_chunk;
  size_t bytes_in_chunk;
} CwOutLane;

typedef struct {
  CwFraming framing;
  CwOutLane lanes[2]; /* by CwPumpPriority */
  GQueue flushes;     /* Flush, in the order of their positions */
  GQueue rooms;       /* Flush, by low_water */
  size_t chunk_max;   /* bytes gathered at once */
  uint16_t stream;    /* the type whose bodies are one stream of bytes; 0: none */
  CwBlockPool *pool;
  CwBlock *chunk; /* NULL while there is nothing to write */
  size_t chunk_size;
  GBytes *rest;  /* what of a large body follows the chunk: from rest_offset up to rest_end */
  CwPiped piped; /* or this, from 0 up to its size */
  size_t rest_offset, rest_end;
  size_t written; /* of chunk and rest together */
} CwFrameWriter;

/* in_records: the stream makes a record of each write, so that a header should not travel alone. pool: where the memory
 * for gathering comes from, or NULL; it must outlive the writer. */
void cw_frame_writer_init (CwFrameWriter *self, bool mini_header, bool in_records, CwBlockPool *pool);

/* The bodies of messages of this type are one stream of bytes, and how it is cut into messages means nothing: what
 * waits of small ones goes out as one. */
void cw_frame_writer_set_stream (CwFrameWriter *self, uint16_t type);

/* Drops everything, flushes too: take those out before. */
void cw_frame_writer_clear (CwFrameWriter *self);

/* The bytes go out as messages of this type of `piece` bytes each, the last may have less. */
bool cw_frame_writer_push (CwFrameWriter *self, uint16_t type, GBytes *bytes, size_t piece, CwPumpPriority priority,
                           GError **error);

/* One message: begin, of a few bytes, and then what is piped, which is the writer's if this is true. Not for a stream
 * that makes records. */
bool cw_frame_writer_push_piped (CwFrameWriter *self, uint16_t type, GBytes *begin, const CwPiped *piped,
                                 GError **error);

/* A flush is a position: it is due when all that was pushed before it has been written. */
void cw_frame_writer_push_flush (CwFrameWriter *self, CwPumpFlushFunc done, gpointer data);

/* This one is due when no more than low_water bytes wait. */
void cw_frame_writer_push_room (CwFrameWriter *self, size_t low_water, CwPumpFlushFunc done, gpointer data);

bool cw_frame_writer_has_due_flush (const CwFrameWriter *self);

/* Takes the oldest of either kind; only_due: if it is due. */
bool cw_frame_writer_take_flush (CwFrameWriter *self, bool only_due, CwPumpFlushFunc *done, gpointer *data);

/* Takes the oldest position, not room, that is due. */
bool cw_frame_writer_take_sent (CwFrameWriter *self, CwPumpFlushFunc *done, gpointer *data);

/* The next bytes to write, in order: the number of vectors; 0 when there are none, -1 without memory. Valid until the
 * next call. */
int cw_frame_writer_peek (CwFrameWriter *self, struct iovec vectors[CW_FRAME_WRITER_VECTORS]);

/* How much comes from which pipe behind what peek has shown. */
size_t cw_frame_writer_peek_piped (const CwFrameWriter *self, int *fd);

void cw_frame_writer_written (CwFrameWriter *self, size_t size);

size_t cw_frame_writer_bytes (const CwFrameWriter *self);
