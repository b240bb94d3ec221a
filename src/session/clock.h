/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multimedia time: the server's millisecond clock, which wraps, kept running between what the server says. */
#pragma once

#include <stdint.h>

/* Zero-initialised = shows the monotonic clock. */
typedef struct {
  uint32_t offset; /* monotonic milliseconds minus multimedia time, modulo 2^32 */
} CwClock;

static inline uint32_t
cw_clock_time (const CwClock *self, int64_t monotonic_us)
{
  return (uint32_t) (monotonic_us / 1000) - self->offset;
}
