/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/audio/volumes.h"

#include "base/protocol.h"
#include "channel/main/volume.h"

static void
pass_on (SpiceMainChannel *channel, bool playback, bool mute, guint16 *volume, guint8 n_channels)
{
  cw_main_channel_set_volume (channel, playback, mute, volume, n_channels);
  g_free (volume);
}

static void
on_playback_volume (GObject *audio, GAsyncResult *result, gpointer data)
{
  g_autoptr (GObject) channel = data;
  guint16 *volume = NULL;
  gboolean mute = FALSE;
  guint8 n = 0;

  if (SPICE_AUDIO_GET_CLASS (audio)->get_playback_volume_info_finish (SPICE_AUDIO (audio), result, &mute, &n, &volume,
                                                                      NULL))
    pass_on (SPICE_MAIN_CHANNEL (channel), true, mute, volume, n);
}

static void
on_record_volume (GObject *audio, GAsyncResult *result, gpointer data)
{
  g_autoptr (GObject) channel = data;
  guint16 *volume = NULL;
  gboolean mute = FALSE;
  guint8 n = 0;

  if (SPICE_AUDIO_GET_CLASS (audio)->get_record_volume_info_finish (SPICE_AUDIO (audio), result, &mute, &n, &volume,
                                                                    NULL))
    pass_on (SPICE_MAIN_CHANNEL (channel), false, mute, volume, n);
}

static void
on_agent_update (SpiceMainChannel *channel, SpiceAudio *self)
{
  SpiceAudioClass *class = SPICE_AUDIO_GET_CLASS (self);

  if (!spice_main_channel_agent_test_capability (channel, CW_AGENT_CAP_AUDIO_VOLUME_SYNC))
    return;
  if (class->get_playback_volume_info_async)
    class->get_playback_volume_info_async (self, NULL, channel, on_playback_volume, g_object_ref (channel));
  if (class->get_record_volume_info_async)
    class->get_record_volume_info_async (self, NULL, channel, on_record_volume, g_object_ref (channel));
}

void
cw_audio_tell_volumes (SpiceAudio *self, SpiceMainChannel *channel)
{
  g_signal_connect_object (channel, "main-agent-update", G_CALLBACK (on_agent_update), self, 0);
  on_agent_update (channel, self);
}
