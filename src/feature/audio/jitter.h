/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When packets of sound are to be heard: as soon as their irregular coming allows, and without gaps. No I/O; times are
 * microseconds of one clock, that of the device. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CW_JITTER_MIN_TARGET 15000
#define CW_JITTER_MAX_TARGET 500000
#define CW_JITTER_DROP (-1)

#define CW_JITTER_N_PERIODS 4 /* of which the last ones are remembered */
#define CW_JITTER_PERIOD 1000000

typedef struct {
  int64_t minimum;      /* asked for by the server */
  int64_t target;       /* between a packet's coming and its being heard */
  int64_t next;         /* when what comes next is due; 0: nothing has been */
  int64_t excess_since; /* since when more waits than the target wants; 0: it does not */

  /* How late packets came, against the length of the sound before them: the extremes of the last periods. */
  int64_t position;
  int64_t fastest[CW_JITTER_N_PERIODS], slowest[CW_JITTER_N_PERIODS];
  unsigned n_periods; /* 0: nothing has come */
  int64_t period_end;
} CwJitter;

/* A stream begins. */
void cw_jitter_start (CwJitter *self);

/* minimum: at least so much delay, 0 for as little as possible. */
void cw_jitter_set_minimum (CwJitter *self, int64_t minimum);

/* A packet of this duration has come now. Returns when it is to be heard, or CW_JITTER_DROP, as more waits than should.
 */
int64_t cw_jitter_schedule (CwJitter *self, int64_t now, int64_t duration);

/* How long until what comes now would be heard. */
int64_t cw_jitter_delay (const CwJitter *self, int64_t now);
