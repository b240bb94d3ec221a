/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound for the guest. */
#pragma once

#include "spice-channel.h"

G_BEGIN_DECLS

#define SPICE_TYPE_RECORD_CHANNEL (spice_record_channel_get_type ())
#define SPICE_RECORD_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_RECORD_CHANNEL, SpiceRecordChannel))
#define SPICE_RECORD_CHANNEL_CLASS(klass)                                                                              \
  (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_RECORD_CHANNEL, SpiceRecordChannelClass))
#define SPICE_IS_RECORD_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_RECORD_CHANNEL))
#define SPICE_IS_RECORD_CHANNEL_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_RECORD_CHANNEL))
#define SPICE_RECORD_CHANNEL_GET_CLASS(obj)                                                                            \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_RECORD_CHANNEL, SpiceRecordChannelClass))

typedef struct _SpiceRecordChannel SpiceRecordChannel;
typedef struct _SpiceRecordChannelClass SpiceRecordChannelClass;
typedef struct _SpiceRecordChannelPrivate SpiceRecordChannelPrivate;

/**
 * SpiceRecordChannel:nchannels:
 *
 * How many values #SpiceRecordChannel:volume has; 0 before the server has told the volume.
 */

/**
 * SpiceRecordChannel:volume:
 *
 * The volume of the guest's microphone, as the server has told it: a guint16 for each sound channel, 65535 is the
 * loudest; %NULL before. The values are owned by the channel and valid until they change. Setting it has no effect.
 */

/**
 * SpiceRecordChannel:mute:
 *
 * Whether the guest's microphone is muted, as the server has told it. Setting it has no effect.
 */

struct _SpiceRecordChannel {
  SpiceChannel parent;

  /*< private >*/
  SpiceRecordChannelPrivate *priv;
};

struct _SpiceRecordChannelClass {
  SpiceChannelClass parent_class;

  /* signals */
  void (*record_start) (SpiceRecordChannel *channel, gint format, gint channels, gint freq);
  void (*record_data) (SpiceRecordChannel *channel, gpointer *data, gint size);
  void (*record_stop) (SpiceRecordChannel *channel);
};

GType spice_record_channel_get_type (void);

void spice_record_channel_send_data (SpiceRecordChannel *channel, gpointer data, gsize bytes, guint32 time);

#ifndef SPICE_DISABLE_DEPRECATED
G_DEPRECATED_FOR (spice_record_channel_send_data)
void spice_record_send_data (SpiceRecordChannel *channel, gpointer data, gsize bytes, guint32 time);
#endif

G_END_DECLS
