/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest hears of this machine's volumes when its agent comes, as far as the sound knows them. */
#pragma once

#include "channel-main.h"
#include "spice-audio.h"

/* From now on, as long as both are there. */
void cw_audio_tell_volumes (SpiceAudio *self, SpiceMainChannel *channel);
