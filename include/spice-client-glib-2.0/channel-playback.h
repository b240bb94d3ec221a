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
