/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of SpiceChannel, for the files that make it up: channel.c, connection.c, messages.c, send.c, flush.c. */
#pragma once

#include "channel/channel.h"
#include "channel/dial.h"
#include "channel/host.h"
#include "channel/live.h"

/* What state.c lets follow what is drawn in docs/channel.md. */
typedef enum {
  CW_CHANNEL_UNCONNECTED,
  CW_CHANNEL_DIALLING,
  CW_CHANNEL_OPENING,  /* handlers of OPENED run, the kind sends its first messages */
  CW_CHANNEL_PREPARED, /* linked to the target of a migration whose turn has not come: next to nothing is read and sent
                        */
  CW_CHANNEL_STARTED,
  CW_CHANNEL_MIGRATING, /* nothing may be sent to the source any more, and it is going to send MIGRATE_DATA */
  CW_CHANNEL_DRAINING,  /* the server has ended the stream; what it sent before takes effect */
  CW_CHANNEL_N_STATES,
} CwChannelState;

/* Reasons for which reading pauses, besides those of the kinds (CwChannelPause). */
enum {
  CW_PAUSE_WAIT = 1 << 8,     /* WAIT_FOR_CHANNELS */
  CW_PAUSE_REPLIES = 1 << 9,  /* too many replies wait to be sent */
  CW_PAUSE_RETIRED = 1 << 10, /* for good */
  CW_PAUSE_PREPARED = 1 << 11,
};

struct _SpiceChannelPrivate {
  SpiceSession *session; /* strong; NULL once detached */
  const CwChannelHost *host;
  SpiceSession *departed_session; /* after detaching, as long as the connection has events to send */
  GMainContext *context;
  int type, id;
  bool retired;  /* on its way out of its session: nothing of the server's is handled any more */
  bool disabled; /* ignores its own messages (SPICE_DISABLE_CHANNELS) */
  CwCaps caps, common_caps;
  CwCaps descriptor_caps; /* besides caps, where descriptors can come */

  CwChannelState state;
  unsigned n_running; /* connections and attempts with events to send; each holds a reference on the channel */
  unsigned attempt;   /* tells what belongs to an earlier attempt */
  CwDial *dial;       /* while dialling */
  CwLive *live;       /* while ready */
  void (*end_by_force) (SpiceChannel *channel); /* once it has been dialled; what connects is above this type */
  GTask *shutdown;                              /* waits for the server to close the connection, or NULL */
  GError *error;
  GQueue held; /* of what is sent while migrating (migrate.c) */
  size_t held_bytes;

  uint64_t read_before;       /* bytes of earlier connections */
  CwDescriptors *descriptors; /* borrowed; came with the message that is being handled, or NULL */
  CwMessage *deferred;        /* waits for other channels before it is handled, or NULL */
  GHashTable *warned_of;      /* kinds of damaged messages that were passed over, or NULL */
  void (*deferred_handler) (SpiceChannel *channel, const CwMessage *message); /* NULL: nothing but the waiting */
  GSource *deferred_source; /* borrowed; it need not wait any more and is handled in a later turn */
};

/* state.c */

/* Asserts that next may follow the state the channel is in. */
void cw_channel_set_state (SpiceChannel *self, CwChannelState next);

/* channel.c */

const SpiceChannelClassPrivate *cw_channel_class (SpiceChannel *self);
void cw_channel_emit_event (SpiceChannel *self, SpiceChannelEvent event);
void cw_channel_emit_open_fd (SpiceChannel *self, bool with_tls);

/* shutdown.c */

/* The server has closed the connection, or it broke. */
void cw_channel_shutdown_done (GTask *task, const GError *error);
/* We close it. */
void cw_channel_shutdown_broken (SpiceChannel *self);

/* migrate.c */

/* Both are messages of the source. False: the connection has to end, because of error. */
bool cw_channel_handle_migrate (SpiceChannel *self, const CwMessage *message, GError **error);
bool cw_channel_handle_migrate_data (SpiceChannel *self, const CwMessage *message, GError **error);
/* For the target. False: too much waits already. */
bool cw_channel_hold (SpiceChannel *self, uint16_t type, GBytes *body);
void cw_channel_hold_flush (SpiceChannel *self, CwChannelFlushFunc done, gpointer data);
/* The connection has ended meanwhile. */
void cw_channel_drop_held (SpiceChannel *self);

/* messages.c */

/* Handles one frame. False: the connection has to end, because of error. */
bool cw_channel_frame (SpiceChannel *self, const CwPumpFrame *frame, GError **error);
void cw_channel_messages_start (SpiceChannel *self);
void cw_channel_messages_stop (SpiceChannel *self);
