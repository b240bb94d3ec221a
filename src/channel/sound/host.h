/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What playback channels tell their session: while sound plays, it is the clock that everything else follows. The
 * session implements it. */
#pragma once

#include "spice-channel.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct CwSoundHost {
  /* A stream of the channel has begun or ended. */
  void (*set_playing) (SpiceSession *session, SpiceChannel *channel, bool playing);
  /* What came last has this multimedia time, and is going to be heard so many milliseconds later. */
  void (*heard) (SpiceSession *session, SpiceChannel *channel, uint32_t mm_time, uint32_t delay_ms);
} CwSoundHost;
