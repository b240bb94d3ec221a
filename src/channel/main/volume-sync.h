/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's volumes, which the guest is told once when its agent comes. No I/O. */
#pragma once

#include "channel/main/agent.h"

#define CW_VOLUME_MAX_CHANNELS 8

typedef struct {
  bool known, told, mute;
  unsigned n_channels;
  uint16_t volume[CW_VOLUME_MAX_CHANNELS];
} CwVolume;

/* Zero-initialised = nothing is known. */
typedef struct {
  CwVolume playback, record;
} CwVolumeSync;

/* n_channels: at least 1; what is beyond CW_VOLUME_MAX_CHANNELS is left out. Volumes are linear, 65535 is the loudest.
 */
void cw_volume_sync_set (CwVolumeSync *self, bool playback, bool mute, const uint16_t *volume, unsigned n_channels);
/* The agent has come or gone. */
void cw_volume_sync_reset (CwVolumeSync *self);
/* Tells the agent what is known and what it has not been told, if it wants to know. */
void cw_volume_sync_tell (CwVolumeSync *self, CwAgent *agent);
