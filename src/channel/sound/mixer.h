/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's volume and mute of a sound channel, and the properties that show them. */
#pragma once

#include "channel/channel.h"

/* What streams may be of; the reference server has 2 channels and 48000 or 44100 Hz. */
#define CW_SOUND_MAX_CHANNELS 8
#define CW_SOUND_MIN_RATE 8000
#define CW_SOUND_MAX_RATE 192000

typedef struct {
  guint16 *volume; /* n_channels of them, 65535 is the loudest; NULL before it was told */
  guint n_channels;
  gboolean mute;
} CwMixer;

void cw_mixer_clear (CwMixer *self);

/* Notify the channel. No channels: nothing. */
void cw_mixer_set_volume (CwMixer *self, SpiceChannel *channel, const uint16_t *volume, unsigned n_channels);
void cw_mixer_set_mute (CwMixer *self, SpiceChannel *channel, bool mute);

/* The properties nchannels, volume and mute, with these ids. */
typedef enum {
  CW_MIXER_PROP_N_CHANNELS = 1,
  CW_MIXER_PROP_VOLUME,
  CW_MIXER_PROP_MUTE,
  CW_MIXER_N_PROPS,
} CwMixerProp;

void cw_mixer_install_properties (GObjectClass *class);
/* False: the id is none of these. */
bool cw_mixer_get_property (const CwMixer *self, guint id, GValue *value);
/* Programs may write volume and mute, and nothing happens. */
bool cw_mixer_accepts_property (guint id);

/* Whether a stream with these parameters can be dealt with; says so if not. */
bool cw_sound_check (SpiceChannel *channel, uint32_t format, uint32_t n_channels, uint32_t rate);

/* Announces Opus, if the library has it and nobody has switched it off by the environment. */
void cw_sound_announce_opus (SpiceChannel *channel, uint32_t cap, const char *variable);
