/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound of the guest. */
#pragma once

#include "spice-channel.h"

G_BEGIN_DECLS

#define SPICE_TYPE_PLAYBACK_CHANNEL (spice_playback_channel_get_type ())
#define SPICE_PLAYBACK_CHANNEL(obj)                                                                                    \
  (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_PLAYBACK_CHANNEL, SpicePlaybackChannel))
#define SPICE_PLAYBACK_CHANNEL_CLASS(klass)                                                                            \
  (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_PLAYBACK_CHANNEL, SpicePlaybackChannelClass))
#define SPICE_IS_PLAYBACK_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_PLAYBACK_CHANNEL))
#define SPICE_IS_PLAYBACK_CHANNEL_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_PLAYBACK_CHANNEL))
#define SPICE_PLAYBACK_CHANNEL_GET_CLASS(obj)                                                                          \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_PLAYBACK_CHANNEL, SpicePlaybackChannelClass))

typedef struct _SpicePlaybackChannel SpicePlaybackChannel;
typedef struct _SpicePlaybackChannelClass SpicePlaybackChannelClass;
typedef struct _SpicePlaybackChannelPrivate SpicePlaybackChannelPrivate;

/**
 * SpicePlaybackChannel:nchannels:
 *
 * How many values #SpicePlaybackChannel:volume has; 0 before the server has told the volume.
 */

/**
 * SpicePlaybackChannel:volume:
 *
 * The volume of the guest's sound, as the server has told it: a guint16 for each sound channel, 65535 is the loudest;
 * %NULL before. The values are owned by the channel and valid until they change. Setting it has no effect.
 */

/**
 * SpicePlaybackChannel:mute:
 *
 * Whether the guest's sound is muted, as the server has told it. Setting it has no effect.
 */

struct _SpicePlaybackChannel {
  SpiceChannel parent;

  /*< private >*/
  SpicePlaybackChannelPrivate *priv;
};

struct _SpicePlaybackChannelClass {
  SpiceChannelClass parent_class;

  /* signals */
  void (*playback_start) (SpicePlaybackChannel *channel, gint format, gint channels, gint freq);
  void (*playback_data) (SpicePlaybackChannel *channel, gpointer *data, gint size);
  void (*playback_stop) (SpicePlaybackChannel *channel);
};

GType spice_playback_channel_get_type (void);

void spice_playback_channel_set_delay (SpicePlaybackChannel *channel, guint32 delay_ms);

G_END_DECLS
