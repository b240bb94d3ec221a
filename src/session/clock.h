/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multimedia time: the server's millisecond clock, which wraps, kept running between what the server says. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A step forward beyond this makes the users of the clock start anew. */
#define CW_CLOCK_JUMP_MS 500

/* Zero-initialised = shows the monotonic clock. */
typedef struct {
  uint32_t offset; /* monotonic milliseconds minus multimedia time, modulo 2^32 */
} CwClock;

static inline uint32_t
cw_clock_time (const CwClock *self, int64_t monotonic_us)
{
  return (uint32_t) (monotonic_us / 1000) - self->offset;
}

/* True: time has jumped. */
static inline bool
cw_clock_set (CwClock *self, int64_t monotonic_us, uint32_t time)
{
  int32_t step = (int32_t) (time - cw_clock_time (self, monotonic_us));

  self->offset = (uint32_t) (monotonic_us / 1000) - time;
  return step < 0 || step > CW_CLOCK_JUMP_MS;
}
