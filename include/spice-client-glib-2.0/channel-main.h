/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main channel: start of the session, mouse mode, multimedia time. */
#pragma once

#include "spice-channel.h"

G_BEGIN_DECLS

#define SPICE_TYPE_MAIN_CHANNEL (spice_main_channel_get_type ())
#define SPICE_MAIN_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), SPICE_TYPE_MAIN_CHANNEL, SpiceMainChannel))
#define SPICE_MAIN_CHANNEL_CLASS(klass)                                                                                \
  (G_TYPE_CHECK_CLASS_CAST ((klass), SPICE_TYPE_MAIN_CHANNEL, SpiceMainChannelClass))
#define SPICE_IS_MAIN_CHANNEL(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), SPICE_TYPE_MAIN_CHANNEL))
#define SPICE_IS_MAIN_CHANNEL_CLASS(klass) (G_TYPE_CHECK_CLASS_TYPE ((klass), SPICE_TYPE_MAIN_CHANNEL))
#define SPICE_MAIN_CHANNEL_GET_CLASS(obj)                                                                              \
  (G_TYPE_INSTANCE_GET_CLASS ((obj), SPICE_TYPE_MAIN_CHANNEL, SpiceMainChannelClass))

typedef struct _SpiceMainChannel SpiceMainChannel;
typedef struct _SpiceMainChannelClass SpiceMainChannelClass;
typedef struct _SpiceMainChannelPrivate SpiceMainChannelPrivate;

struct _SpiceMainChannel {
  SpiceChannel parent;

  /*< private >*/
  SpiceMainChannelPrivate *priv;
};

struct _SpiceMainChannelClass {
  SpiceChannelClass parent_class;

  /* signals */
  void (*mouse_update) (SpiceChannel *channel);
  void (*agent_update) (SpiceChannel *channel);
};

GType spice_main_channel_get_type (void);

void spice_main_channel_request_mouse_mode (SpiceMainChannel *channel, int mode);

gboolean spice_main_channel_agent_test_capability (SpiceMainChannel *channel, guint32 cap);

#ifndef SPICE_DISABLE_DEPRECATED
G_DEPRECATED_FOR (spice_main_channel_request_mouse_mode)
void spice_main_request_mouse_mode (SpiceMainChannel *channel, int mode);
G_DEPRECATED_FOR (spice_main_channel_agent_test_capability)
gboolean spice_main_agent_test_capability (SpiceMainChannel *channel, guint32 cap);
#endif

G_END_DECLS
