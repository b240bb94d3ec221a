/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/volume-sync.h"

#include <string.h>

void
cw_volume_sync_set (CwVolumeSync *self, bool playback, bool mute, const uint16_t *volume, unsigned n_channels)
{
  CwVolume *to = playback ? &self->playback : &self->record;

  to->known = n_channels > 0;
  to->mute = mute;
  to->n_channels = MIN (n_channels, CW_VOLUME_MAX_CHANNELS);
  if (to->known)
    memcpy (to->volume, volume, to->n_channels * sizeof *volume);
}

void
cw_volume_sync_reset (CwVolumeSync *self)
{
  self->playback.told = self->record.told = false;
}

static void
tell (CwVolume *self, CwAgent *agent, bool playback)
{
  const CwAgentAudioVolumeSync sync
      = { .is_playback = playback, .mute = self->mute, .n_volume = self->n_channels, .volume = self->volume };

  if (self->known && !self->told)
    self->told = cw_agent_send (agent, CW_AGENT_TYPE_AUDIO_VOLUME_SYNC, &sync, 0);
}

void
cw_volume_sync_tell (CwVolumeSync *self, CwAgent *agent)
{
  if (!cw_agent_can (agent, CW_AGENT_CAP_AUDIO_VOLUME_SYNC))
    return;
  tell (&self->playback, agent, true);
  tell (&self->record, agent, false);
}
