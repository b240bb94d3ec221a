/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/audio/jitter.h"

#include <glib.h>

#define SAFETY 10000 /* beside what was measured */
#define TOLERATED_EXCESS 30000
#define EXCESS_PATIENCE 1000000

void
cw_jitter_start (CwJitter *self)
{
  self->next = self->excess_since = self->position = 0;
  self->n_periods = 0;
}

void
cw_jitter_set_minimum (CwJitter *self, int64_t minimum)
{
  self->minimum = CLAMP (minimum, 0, CW_JITTER_MAX_TARGET);
}

static void
begin_period (CwJitter *self, int64_t now, int64_t transit)
{
  unsigned last = MIN (self->n_periods, CW_JITTER_N_PERIODS - 1);

  for (unsigned i = last; i > 0; i--) {
    self->fastest[i] = self->fastest[i - 1];
    self->slowest[i] = self->slowest[i - 1];
  }
  self->fastest[0] = self->slowest[0] = transit;
  self->n_periods = last + 1;
  self->period_end = now + CW_JITTER_PERIOD;
}

static int64_t
measured (const CwJitter *self)
{
  int64_t fastest = self->fastest[0], slowest = self->slowest[0];

  for (unsigned i = 1; i < self->n_periods; i++) {
    fastest = MIN (fastest, self->fastest[i]);
    slowest = MAX (slowest, self->slowest[i]);
  }
  return slowest - fastest;
}

static void
measure (CwJitter *self, int64_t now, int64_t duration)
{
  int64_t transit = now - self->position;

  self->position += duration;
  /* A pause of the sender is none of the way. */
  if (self->n_periods > 0 && transit - self->slowest[0] > CW_JITTER_MAX_TARGET)
    self->n_periods = 0;
  if (self->n_periods == 0 || now >= self->period_end)
    begin_period (self, now, transit);
  self->fastest[0] = MIN (self->fastest[0], transit);
  self->slowest[0] = MAX (self->slowest[0], transit);
}

/* Whether packets may go: too much has waited for so long that it is no irregularity. */
static bool
is_excessive (CwJitter *self, int64_t now)
{
  if (self->next - now <= self->target + TOLERATED_EXCESS) {
    self->excess_since = 0;
    return false;
  }
  if (self->excess_since == 0)
    self->excess_since = now;
  return now - self->excess_since >= EXCESS_PATIENCE || self->next - now > CW_JITTER_MAX_TARGET * 2;
}

int64_t
cw_jitter_schedule (CwJitter *self, int64_t now, int64_t duration)
{
  int64_t due;

  measure (self, now, duration);
  self->target = CLAMP (measured (self) + SAFETY, CW_JITTER_MIN_TARGET, CW_JITTER_MAX_TARGET);
  self->target = MAX (self->target, self->minimum);
  if (self->next == 0 || self->next < now) /* the first, or silence was heard already */
    self->next = now + self->target;
  else if (self->minimum > self->next - now + TOLERATED_EXCESS) /* the server wants more: a gap */
    self->next = now + self->target;
  else if (is_excessive (self, now))
    return CW_JITTER_DROP;
  due = self->next;
  self->next += duration;
  return due;
}

int64_t
cw_jitter_delay (const CwJitter *self, int64_t now)
{
  return self->next > now ? self->next - now : 0;
}
