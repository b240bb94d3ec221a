/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a sound feature tells the main channel. */
#pragma once

#include "channel-main.h"

#include <stdbool.h>
#include <stdint.h>

/* The client's volume of one direction, as far as it is known: linear, 65535 is the loudest, a number for each of the
 * channels. Each guest agent that wants to know is told once. */
void cw_main_channel_set_volume (SpiceMainChannel *self, bool playback, bool mute, const uint16_t *volume,
                                 unsigned n_channels);
