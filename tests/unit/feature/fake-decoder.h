/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements that stand for hardware's decoders of VP8: software's inside, with the faults that hardware has. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
  FAKE_WORKS,
  FAKE_DOES_NOT_START,
  FAKE_REFUSES_CAPS,
  FAKE_FAILS_AT_FIRST,
  FAKE_FAILS_AT_THIRD,
  FAKE_IS_MUTE,
  FAKE_COMPLAINS, /* fails at first, and once more while it is stopped */
} FakeFault;

/* The two that are there are registered under these names. */
enum { FAKE_VA, FAKE_V4L2, N_FAKES };

/* After gst_init(); what hardware this machine itself has does not count any more. */
void fake_register (void);

/* Makes both unwanted, with counts of 0. */
void fake_reset (void);
void fake_want (unsigned index, FakeFault fault);

/* Lets the one that complains do so, and waits until it has. */
void fake_complain (void);

/* How many there have been, and how many frames they were given. */
unsigned fake_n_made (unsigned index);
unsigned fake_n_frames (unsigned index);

/* Whether some are still there. */
bool fake_is_kept (unsigned index);

/* What those that were given frames saw: "live", "device-memory" if it would have been taken, properties. */
char *fake_seen (void);

/* GBytes: frames of one shade each, of which only the first needs no other. */
GPtrArray *fake_film (unsigned width, unsigned height, unsigned n_frames, unsigned (*luma) (unsigned frame));
