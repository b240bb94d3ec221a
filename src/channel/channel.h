/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a kind of channel (main, display, inputs …) may use of SpiceChannel. Everything belongs to the owner's thread.
 */
#pragma once

#include "base/error.h"
#include "base/piped.h"
#include "channel/identity.h"
#include "wire/message.h"

/* The message lives during the call; take a reference to keep it. */
typedef void (*CwMessageHandler) (SpiceChannel *channel, const CwMessage *message);

/* One row per message a kind of channel understands. */
typedef struct {
  uint16_t type;
  CwMessageHandler handle;
} CwChannelHandler;

/* A capability a kind of channel announces, unless the environment variable of this name is "0". */
typedef struct {
  uint32_t bit;
  const char *variable; /* NULL: cannot be switched off */
} CwChannelCap;

/* The constant part of a kind of channel; class_init points SpiceChannelClass.priv to it. */
struct _SpiceChannelClassPrivate {
  const CwChannelHandler *handlers; /* ends with type 0 */
  /* The kind's own messages that no row names; NULL: they are passed over. */
  CwMessageHandler handle_other;
  const CwChannelCap *caps; /* ends with CW_CHANNEL_CAP_END; may be NULL */
  /* The first message of a connection, to be sent before the server has accepted the client: writes its body. 0, or no
   * function: there is none. channel_up asks cw_channel_sent_first () whether it has been sent. */
  uint16_t (*first_message) (SpiceChannel *channel, CwBuffer *body);
  bool links_first; /* other kinds let its link go ahead: it is what people wait to see */
  /* Messages that may be sent in a read-only session, besides the common ones; NULL: none. Ends with 0. */
  const uint16_t *read_only_messages;
  /* Messages of the kind that the target of a migration may send before its turn has come; NULL: none. Ends with 0. */
  const uint16_t *prepared_messages;
  /* The newest serial that counts as processed for siblings; NULL: received is processed. */
  uint64_t (*processed) (SpiceChannel *channel, uint64_t received);
  /* The server has ended the stream or spoilt it. True: not all that came before has taken effect; the kind calls
   * cw_channel_end () with reason, which it has taken, as soon as it has. NULL: messages take effect at once. */
  bool (*drain) (SpiceChannel *channel, GError *reason);
};

#define CW_CHANNEL_CAP_END                                                                                             \
  {                                                                                                                    \
    UINT32_MAX, NULL                                                                                                   \
  }

/* Reasons for which a kind pauses reading. */
typedef enum {
  CW_PAUSE_EMIT = 1 << 0, /* a handler of the application runs outside a message */
  CW_PAUSE_FULL = 1 << 1, /* too much waits to take effect */
} CwChannelPause;

/* The channel and its session */

/* Where the channel's sources go. Borrowed. */
GMainContext *cw_channel_context (SpiceChannel *self);

/* What the session does for main and display channels (main/host.h, display/host.h); not without a session. */
const struct CwMainHost *cw_channel_main_host (SpiceChannel *self);
const struct CwDisplayHost *cw_channel_display_host (SpiceChannel *self);
const struct CwSoundHost *cw_channel_sound_host (SpiceChannel *self);

/* See CwChannelHost; not without a session. */
size_t *cw_channel_pointer_bytes (SpiceChannel *self);
size_t *cw_channel_body_bytes (SpiceChannel *self);

/* The state of its connection */

/* Changes whenever a connection begins or ends: who emits a signal compares it, to see whether a handler did that. */
unsigned cw_channel_attempt (SpiceChannel *self);

/* Its own first messages have been sent, no handler of OPENED runs, and what the server sends is still handled. */
bool cw_channel_is_started (SpiceChannel *self);

/* Ends a ready channel: reset, ERROR_IO when error is not NULL (taken), CLOSED. */
void cw_channel_end (SpiceChannel *self, GError *error);
/* Likewise, once what came before has taken effect; nothing more is handled. For ends that the server causes. */
void cw_channel_finish (SpiceChannel *self, GError *error);

/* Calls func (channel) in a later turn, holding a reference. Borrowed; destroying the source takes it back. */
GSource *cw_channel_defer (SpiceChannel *self, void (*func) (SpiceChannel *channel));

/* An error as applications see it: GIO's as they are, ours as SPICE_CLIENT_ERROR_FAILED. Takes error. */
GError *cw_channel_public_error (GError *error);

/* Receiving */

/* Nothing is handled while a reason is set. Nothing happens without a connection. */
void cw_channel_pause (SpiceChannel *self, CwChannelPause reason);
void cw_channel_resume (SpiceChannel *self, CwChannelPause reason);

/* Calls handler (channel, message) when what entries name has been processed, now or later; until then the channel
 * reads nothing. */
void cw_channel_handle_after (SpiceChannel *self, const CwWireWaitForChannel *entries, uint32_t n_entries,
                              const CwMessage *message,
                              void (*handler) (SpiceChannel *channel, const CwMessage *message));

/* Inside a handler: the i-th file descriptor that came with its message (protocol/README.md), the caller's from now on;
 * -1 when there is none. Those that nobody takes are closed. */
int cw_channel_take_descriptor (SpiceChannel *self, unsigned i);

/* Inside a handler: so many bytes more are most likely on their way (cw_pump_expect ()). */
void cw_channel_expect (SpiceChannel *self, size_t bytes);

/* What the class's function `processed` says has changed. */
void cw_channel_advanced (SpiceChannel *self);

/* Sending */

/* Queues a message; data is its struct, or NULL when it is empty. Dropped silently when the channel is not ready, when
 * the session is read-only and the message would alter the guest, or when the queue is full. True when queued. */
bool cw_channel_send (SpiceChannel *self, uint16_t type, const void *data);

/* The kind's first message went before the connection was there; ready channels only. */
bool cw_channel_sent_first (SpiceChannel *self);

/* Queues a message with this body, which is not copied; cw_channel_flush () tells when it has gone. False: it was not
 * queued, for a reason that may be shown to people (GIO's, or SPICE_CLIENT_ERROR). */
bool cw_channel_send_bytes (SpiceChannel *self, uint16_t type, GBytes *body, GError **error);

/* Likewise, and what is piped follows body in the same message (cw_pump_send_piped ()). Not while migrating. */
bool cw_channel_can_pipe (SpiceChannel *self);
bool cw_channel_send_piped (SpiceChannel *self, uint16_t type, GBytes *body, const CwPiped *piped, GError **error);

/* Likewise, as messages of `piece` bytes each, the last may have less. */
bool cw_channel_send_pieces (SpiceChannel *self, uint16_t type, GBytes *bytes, size_t piece, GError **error);

/* Calls done once, in a later turn, when all that was queued before has been handed to the system, or never will be.
 * The channel has to be ready. */
typedef void (*CwChannelFlushFunc) (gpointer data, const GError *error);
void cw_channel_flush (SpiceChannel *self, CwChannelFlushFunc done, gpointer data);

/* Likewise when no more than low_water bytes wait. */
void cw_channel_await_room (SpiceChannel *self, size_t low_water, CwChannelFlushFunc done, gpointer data);

/* Comes first in the dispose () of each kind that has one: by force, as the collectors of some languages do it,
 * channels are disposed of while they are connected. Ends that. */
void cw_channel_disposed (SpiceChannel *self);

/* Announces one more capability of the kind from the next connection on. */
void cw_channel_add_capability (SpiceChannel *self, uint32_t bit);

/* Likewise, on connections that descriptors can come over only. */
void cw_channel_add_descriptor_capability (SpiceChannel *self, uint32_t bit);

/* What waits to be sent, in bytes of memory; 0 without a connection. */
size_t cw_channel_queued_bytes (SpiceChannel *self);

/* How many bytes of this connection may wait; the channel has to be ready. */
void cw_channel_set_queue_limit (SpiceChannel *self, size_t bytes);

/* Likewise: messages of this type are pieces of one stream (cw_pump_set_stream ()). */
void cw_channel_set_stream (SpiceChannel *self, uint16_t type);
