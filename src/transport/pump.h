/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes ↔ frames over a linked stream. Everything happens on one main context; no call blocks, and none writes to the
 * stream from its caller's stack: queued messages go out whole, in order, from the context.
 *
 * Reading: frames are delivered one at a time. While a callback runs, nothing else is delivered, even when the
 * callback runs a nested main loop; sending goes on meanwhile. All pumps of a context share one budget of time
 * (turn.h). Sub-messages are delivered as frames before the message that carries them.
 *
 * Every function, and every callback, belongs to the thread that runs the context. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "transport/frame-reader.h"
#include "transport/frame-writer.h"

#include <gio/gio.h>

typedef struct {
  /* The body is borrowed; a slice of a shared block, so a reference to it is cheap. So are descriptors, unless they are
   * stolen (cw_descriptors_steal ()): the others are closed afterwards. */
  void (*frame) (gpointer data, const CwPumpFrame *frame);

  /* The peer ended the stream, once, as the last event: error is NULL for an orderly end between two messages;
   * CW_ERROR_CLOSED when it ended inside one; G_IO_ERROR_CONNECTION_CLOSED for a reset; CW_ERROR_LIMIT or
   * CW_ERROR_MALFORMED when a header was refused. Nothing is read or written afterwards. Not called for
   * cw_pump_close (). */
  void (*closed) (gpointer data, const GError *error);

  /* The largest body of a message of this type, in bytes, asked before anything is allocated for it. May be NULL. */
  uint32_t (*frame_limit) (gpointer data, uint16_t type);

  /* Whether one more byte follows this body, and descriptors with it; asked on unix sockets only. May be NULL. */
  bool (*has_descriptors) (gpointer data, uint16_t type, CwSlice body);
} CwPumpEvents;

typedef struct CwPump CwPump;

/* Keeps a reference to stream, whose two directions must be pollable; events must outlive the pump. Reading starts by
 * itself in a later iteration of context (NULL: the thread-default one); to begin paused, pause before returning to
 * the loop. */
CwPump *cw_pump_new (GIOStream *stream, GMainContext *context, bool mini_header, const CwPumpEvents *events,
                     gpointer data);
/* bodies: the sum of what several pumps of a thread are reading (CW_BODIES_MAX), from g_rc_box_new(); a reference is
 * taken. Before reading begins. */
void cw_pump_share_bodies (CwPump *self, size_t *bodies);
/* Closes with the last reference. A callback may drop it. */
void cw_pump_unref (CwPump *self);

/* Queues a message. false: CW_ERROR_LIMIT when the queue of this priority is full (the message is dropped; nothing
 * else changes), CW_ERROR_CLOSED after the end. body is not consumed; NULL is an empty body. */
bool cw_pump_send (CwPump *self, uint16_t type, GBytes *body, CwPumpPriority priority, GError **error);

/* Queues bytes as messages of `piece` bytes each, the last may have less; all of them or none. */
bool cw_pump_send_pieces (CwPump *self, uint16_t type, GBytes *bytes, size_t piece, GError **error);

/* A message of which only the first few bytes are given, and what follows waits in a pipe: for streams that can. What
 * is piped stays the caller's when this is false. */
bool cw_pump_can_pipe (const CwPump *self);
bool cw_pump_send_piped (CwPump *self, uint16_t type, GBytes *begin, const CwPiped *piped, GError **error);

/* Likewise, and takes the content of body; CW_ERROR_LIMIT also when the buffer has failed. */
bool cw_pump_send_buffer (CwPump *self, uint16_t type, CwBuffer *body, CwPumpPriority priority, GError **error);

/* The largest sum of normal messages that wait, each counted with 128 bytes more. */
void cw_pump_set_queue_limit (CwPump *self, size_t bytes);

/* Messages of this type are pieces of one stream of bytes; however it is cut. Small ones that wait go out as one. */
void cw_pump_set_stream (CwPump *self, uint16_t type);

/* Calls done once, from the context and never inside another call, when all messages queued before this one have been
 * handed to the system (error NULL), or after the pump closed or could not write (error). What had been handed to the
 * system when the pump closed is not an error, unless the connection broke. In either case no byte of them is read any
 * more. */
void cw_pump_flush (CwPump *self, CwPumpFlushFunc done, gpointer data);

/* The peer hears that nothing more comes, and reads what it has got to its end. What is still queued is dropped, and
 * nothing can be sent any more; reading goes on. */
void cw_pump_end_writing (CwPump *self);

/* Likewise when no more than low_water bytes wait to be sent, for those who send much: it is told early enough for the
 * socket not to run dry. */
void cw_pump_await_room (CwPump *self, size_t low_water, CwPumpFlushFunc done, gpointer data);

/* Reading stops while any reason (a bit of the caller's choice) is set, from the next frame on, also between the
 * sub-messages of one message. Setting or clearing one twice is the same as once. */
void cw_pump_pause (CwPump *self, unsigned reason);
void cw_pump_resume (CwPump *self, unsigned reason);

/* To be called for a frame: so many bytes more are most likely on their way. The next frames are then read when a good
 * piece of that is there rather than one by one, or after a few milliseconds. */
void cw_pump_expect (CwPump *self, size_t bytes);

/* Writes what is queued as far as the stream takes it at once. */
void cw_pump_write_now (CwPump *self);

/* Ends at once: queued messages and unread frames are dropped, the stream is closed, no event comes any more.
 * Idempotent. */
void cw_pump_close (CwPump *self);

/* So many messages have been sent before the pump was made. */
void cw_pump_set_sent (CwPump *self, uint64_t n_messages);

/* Messages of both directions are numbered on from where those of before ended, as many may wait, and the stream is the
 * same. Only before the first one. */
void cw_pump_continue (CwPump *self, const CwPump *before);

uint64_t cw_pump_bytes_read (const CwPump *self);
uint64_t cw_pump_bytes_written (const CwPump *self);
size_t cw_pump_queued_bytes (const CwPump *self); /* counted as for the limits */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwPump, cw_pump_unref)
