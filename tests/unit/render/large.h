/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages that ask for as much as one can: all of a large surface, or the longest lists. */
#pragma once

#include "pair.h"

#define LARGE_SIDE 4096 /* of the primary, and of surface 1, which has its pixels */

typedef struct {
  const char *name;
  CwMessage *(*make) (Pair *f);
  unsigned min_looks; /* at the clock that drawing it takes at the least */
} LargeCase;

extern const LargeCase large_cases[];
extern const unsigned n_large_cases;

/* A display with both surfaces, of one colour. */
void large_setup (Pair *self);

/* Images are there when drawing begins. */
void large_run_jobs (Pair *self);
