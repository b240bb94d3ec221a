/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's side of connections on which a recording is played, as a state machine on bytes: link without a
 * password, then the channel's messages. What clients say afterwards is not looked at. */
#pragma once

#include "recording/reader.h"

typedef struct CwReplay CwReplay;

/* Looks through the recording once. A damaged one is played as far as it is good: *damage (may be NULL) then says where
 * that ends. */
CwReplay *cw_replay_new (CwRecording *recording, GError **damage, GError **error);
void cw_replay_free (CwReplay *self);

/* The guest drew in video memory, of which a recording has nothing: only the surface is played. */
bool cw_replay_lacks_video_memory (const CwReplay *self);

/* One connection; replay must outlive it. */
typedef struct CwReplayChannel CwReplayChannel;
CwReplayChannel *cw_replay_channel_new (CwReplay *replay);
void cw_replay_channel_free (CwReplayChannel *self);

/* Bytes of the client. False: it speaks no SPICE, or wants a channel that was not recorded. */
bool cw_replay_channel_feed (CwReplayChannel *self, const void *data, size_t size, GError **error);

/* What the link has to send; NULL: nothing. Also after a failure. */
GBytes *cw_replay_channel_take_output (CwReplayChannel *self);

bool cw_replay_channel_is_linked (const CwReplayChannel *self);
uint8_t cw_replay_channel_type (const CwReplayChannel *self);

/* The next message as it goes over the wire, and when it came; NULL: there are no more. After the link. */
GBytes *cw_replay_channel_next (CwReplayChannel *self, uint64_t *time_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwReplay, cw_replay_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwReplayChannel, cw_replay_channel_free)
