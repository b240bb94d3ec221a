/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/sound/mixer.h"

#include "codec/opus.h"

#include "spice-client.h"

void
cw_mixer_clear (CwMixer *self)
{
  g_clear_pointer (&self->volume, g_free);
}

void
cw_mixer_set_volume (CwMixer *self, SpiceChannel *channel, const uint16_t *volume, unsigned n_channels)
{
  if (n_channels == 0)
    return;
  g_free (self->volume);
  self->volume = g_memdup2 (volume, n_channels * sizeof *volume);
  self->n_channels = n_channels;
  g_object_notify (G_OBJECT (channel), "volume");
}

void
cw_mixer_set_mute (CwMixer *self, SpiceChannel *channel, bool mute)
{
  self->mute = mute;
  g_object_notify (G_OBJECT (channel), "mute");
}

void
cw_mixer_install_properties (GObjectClass *class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (class, CW_MIXER_PROP_N_CHANNELS,
                                   g_param_spec_uint ("nchannels", "Channels",
                                                      "How many values volume has; 0 before it was told", 0, G_MAXUINT8,
                                                      2, flags));
  g_object_class_install_property (
      class, CW_MIXER_PROP_VOLUME,
      g_param_spec_pointer ("volume", "Volume",
                            "The guest's volume: guint16 values, 65535 is the loudest; owned by the channel and valid "
                            "until the next notification; NULL before it was told",
                            flags));
  g_object_class_install_property (class, CW_MIXER_PROP_MUTE,
                                   g_param_spec_boolean ("mute", "Mute", "Whether the guest has muted the sound", FALSE,
                                                         flags));
}

bool
cw_mixer_get_property (const CwMixer *self, guint id, GValue *value)
{
  switch (id) {
  case CW_MIXER_PROP_N_CHANNELS:
    g_value_set_uint (value, self->n_channels);
    return true;
  case CW_MIXER_PROP_VOLUME:
    g_value_set_pointer (value, self->volume);
    return true;
  case CW_MIXER_PROP_MUTE:
    g_value_set_boolean (value, self->mute);
    return true;
  default:
    return false;
  }
}

bool
cw_mixer_accepts_property (guint id)
{
  return id == CW_MIXER_PROP_VOLUME || id == CW_MIXER_PROP_MUTE;
}

bool
cw_sound_check (SpiceChannel *channel, uint32_t format, uint32_t n_channels, uint32_t rate)
{
  if (format == CW_AUDIO_FMT_S16 && n_channels >= 1 && n_channels <= CW_SOUND_MAX_CHANNELS && rate >= CW_SOUND_MIN_RATE
      && rate <= CW_SOUND_MAX_RATE)
    return true;
  g_warning ("%s:%d: sound of format %u with %u channels and %u Hz is passed over",
             spice_channel_type_to_string (cw_channel_type (channel)), cw_channel_id (channel), format, n_channels,
             rate);
  return false;
}

void
cw_sound_announce_opus (SpiceChannel *channel, uint32_t cap, const char *variable)
{
  if (!cw_opus_is_available () || g_getenv ("SPICE_DISABLE_OPUS") || g_strcmp0 (g_getenv (variable), "0") == 0)
    return;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  spice_channel_set_capability (channel, cap);
  G_GNUC_END_IGNORE_DEPRECATIONS
}
