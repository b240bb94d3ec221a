/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of pump.c, which reads and owns, and pump-write.c. */
#pragma once

#include "transport/frame-writer.h"
#include "transport/pump.h"
#include "transport/turn.h"

struct CwPump {
  unsigned refs;
  unsigned n_running; /* tasks under way: the memory is there as long as any */
  GIOStream *stream;
  GSocket *socket; /* borrowed; NULL when the stream has layers around it */
  GPollableInputStream *in;
  GMainContext *context;
  const CwPumpEvents *events;
  gpointer data;

  CwFrameReader reader;
  CwTurnTask *read_task;
  unsigned paused;  /* reasons */
  bool needs_bytes; /* no frame is complete */
  bool delivers;    /* a frame, whose body has to stay until that is done */
  size_t expected;  /* beyond this frame */
  int low_water;    /* what has to be there for the socket to be readable */

  CwFrameWriter writer;
  CwTurnTask *write_task;
  bool is_writing;
  bool has_ended_writing;
  bool write_blocked;  /* the socket is full */
  GError *write_error; /* nothing is written any more; reading finds the end */

  bool closed;
  bool silent; /* closed by the owner: no event */
  uint64_t bytes_read;
  uint64_t bytes_written;
};

/* Errors of our own are about what was read. */
static inline bool
cw_pump_is_break (const GError *error)
{
  return error && error->domain != CW_ERROR;
}

static inline bool
cw_pump_is_over (int64_t deadline)
{
  return g_get_monotonic_time () >= deadline;
}

/* The writing task. */
void cw_pump_run_write (gpointer pump, int64_t deadline);
void cw_pump_write_some (CwPump *self, int64_t deadline);

/* Nothing is written any more. What the system had taken by then is on its way, however soon the end came; but when the
 * connection broke, the system has thrown away what it had taken. */
void cw_pump_end_flushes (CwPump *self, const GError *error, bool broke);

/* The memory goes when the last reference has been dropped and nothing of the pump runs. */
void cw_pump_free_when_unused (CwPump *self);
