/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kinds of channels share: the inside of SpiceChannel. Everything belongs to the owner's thread. */
#pragma once

#include "channel/host.h"
#include "spice-channel.h"
#include "transport/connect.h"
#include "transport/pump.h"
#include "wire/frame.h"
#include "wire/message.h"

/* One row per message a kind of channel understands. The message lives during the call; take a reference to keep it. */
typedef struct {
  uint16_t type;
  void (*handle) (SpiceChannel *channel, const CwMessage *message);
} CwChannelHandler;

/* A capability a kind of channel announces, unless the environment variable of this name is "0". */
typedef struct {
  uint32_t bit;
  const char *variable; /* NULL: cannot be switched off */
} CwChannelCap;

/* The constant part of a kind of channel; class_init points SpiceChannelClass.priv to it. */
struct _SpiceChannelClassPrivate {
  const CwChannelHandler *handlers; /* ends with type 0 */
  const CwChannelCap *caps;         /* ends with CW_CHANNEL_CAP_END; may be NULL */
  /* The largest body of a message of this type; NULL: CW_PUMP_FRAME_LIMIT for all. */
  uint32_t (*frame_limit) (uint16_t type);
  /* A message whose body may be bad without ending the channel, 0: none. */
  uint16_t lenient_message;
  /* Messages that may be sent in a read-only session, besides the common ones; NULL: none. Ends with 0. */
  const uint16_t *read_only_messages;
  /* The newest serial that counts as processed for siblings; NULL: received is processed. */
  uint64_t (*processed) (SpiceChannel *channel, uint64_t received);
  /* The server has ended the stream or spoilt it. True: not all that came before has taken effect; the kind calls
   * cw_channel_end () with reason, which it has taken, as soon as it has. NULL: messages take effect at once. */
  bool (*linger) (SpiceChannel *channel, GError *reason);
};

#define CW_CHANNEL_CAP_END                                                                                             \
  {                                                                                                                    \
    UINT32_MAX, NULL                                                                                                   \
  }

typedef enum {
  CW_CHANNEL_STATE_UNCONNECTED,
  CW_CHANNEL_STATE_CONNECTING,
  CW_CHANNEL_STATE_READY,
} CwChannelState;

/* Reasons for which reading pauses. */
enum {
  CW_PAUSE_EMIT = 1 << 0,    /* a handler of the application runs outside a frame */
  CW_PAUSE_WAIT = 1 << 1,    /* WAIT_FOR_CHANNELS */
  CW_PAUSE_FULL = 1 << 2,    /* too much waits to be drawn */
  CW_PAUSE_ANSWERS = 1 << 3, /* too many answers wait to be sent */
  CW_PAUSE_HUSHED = 1 << 4,  /* for good */
};

struct _SpiceChannelPrivate {
  GObject *session; /* strong; NULL once detached */
  const CwChannelHost *host;
  GObject *left_session; /* after detaching, as long as the connection has events to send */
  GMainContext *context;
  int type, id;
  bool adding;   /* being added to its session, from inside its construction */
  bool dropped;  /* the session has dropped it meanwhile */
  bool hushed;   /* on its way out of its session: nothing of the server's is handled any more */
  bool disabled; /* ignores its own messages (SPICE_DISABLE_CHANNELS) */
  CwCaps caps, common_caps;

  CwChannelState state;
  bool up;            /* its own first messages have been sent, and no handler of OPENED runs */
  unsigned n_running; /* connections and attempts with events to send; each holds a reference on the channel */
  unsigned attempt;   /* tells callbacks of an earlier attempt */
  bool secured;       /* this attempt is to use TLS */
  bool wants_fd;      /* open-fd was emitted, no answer yet */
  int fd;             /* given for this attempt, or -1 */
  GSource *pending;   /* the beginning of an attempt, in a later turn */
  GCancellable *cancellable;
  GError *error;

  CwConnection *connection;
  CwPump *pump;
  uint64_t read_before; /* bytes of earlier connections */
  CwAckWindow ack;
  size_t answers; /* bytes queued since they were last known to be sent */
  uint64_t received_serial;
  CwMessage *held; /* waits for other channels before it is handled, or NULL */
  void (*held_handler) (SpiceChannel *channel, const CwMessage *message); /* NULL: nothing but the waiting */
  GSource *held_source; /* borrowed; it need not wait any more and is handled in a later turn */
};

/* base.c */

const SpiceChannelClassPrivate *cw_channel_class (SpiceChannel *self);

/* Calls func (channel) in a later turn, holding a reference. */
GSource *cw_channel_defer (SpiceChannel *self, void (*func) (SpiceChannel *channel));

/* An error as applications see it: GIO's as they are, ours as SPICE_CLIENT_ERROR_FAILED. Takes error. */
GError *cw_channel_public_error (GError *error);

/* send.c */

/* Queues a message; data is its struct, or NULL when it is empty. Dropped silently when the channel is not ready, when
 * the session is read-only and the message would alter the guest, or when the queue is full. True when queued. */
bool cw_channel_send (SpiceChannel *self, uint16_t type, const void *data);

/* Queues a message with this body, which is not copied; cw_pump_flush () tells when it has gone. False: it was not
 * queued, for a reason that may be shown to people (GIO's, or SPICE_CLIENT_ERROR). */
bool cw_channel_send_bytes (SpiceChannel *self, uint16_t type, GBytes *body, GError **error);
bool cw_channel_is_ready (SpiceChannel *self);

/* messages.c */

/* Handles one frame. False: the connection has to end, because of error. */
bool cw_channel_frame (SpiceChannel *self, const CwPumpFrame *frame, GError **error);
void cw_channel_messages_start (SpiceChannel *self);
void cw_channel_messages_stop (SpiceChannel *self);

/* Calls handler (channel, message) when what entries name has been processed, now or later; until then the channel
 * reads nothing. */
void cw_channel_handle_after (SpiceChannel *self, const CwWireWaitForChannel *entries, uint32_t n_entries,
                              const CwMessage *message,
                              void (*handler) (SpiceChannel *channel, const CwMessage *message));

/* connection.c */

/* Ends a ready channel: reset, ERROR_IO when error is not NULL (taken), CLOSED. */
void cw_channel_end (SpiceChannel *self, GError *error);

/* Likewise, once what came before has taken effect; nothing more is handled. For ends that the server causes. */
void cw_channel_finish (SpiceChannel *self, GError *error);

/* Handles nothing more that comes from the server, until the channel is detached. */
void cw_channel_hush (SpiceChannel *self);

/* Takes the channel out of its session and closes its connection. True: connection_ended of the host comes later. */
bool cw_channel_detach (SpiceChannel *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceChannel, g_object_unref)
