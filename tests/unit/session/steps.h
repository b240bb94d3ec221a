/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that sends what the test tells it to, on whichever channel, and keeps what the client says there: for tests
 * of the kinds of channels that go step by step. */
#pragma once

#include "client.h"

typedef struct Steps Steps;

/* Added to a type: the channel of it that has the id 1; without, the one with the id 0. */
#define STEPS_SECOND 16

/* channels: pairs of type and id, besides main; all of them announce the capabilities. */
Steps *steps_new (const uint8_t *channels, uint32_t n_channels, uint32_t caps);
void steps_free (Steps *self);

/* A session whose channels have all been linked, over socket pairs of little room. setup may be NULL: it is called
 * before anything is connected. */
SpiceSession *steps_session (Steps *self, void (*setup) (SpiceSession *session));

/* Runs the loop until a channel has been linked n times in all. */
void steps_await_link (Steps *self, uint8_t type, unsigned n);

/* What the client has announced there: the first word. */
uint32_t steps_client_caps (Steps *self, uint8_t type);

void steps_send (Steps *self, uint8_t type, uint16_t message, const void *data);
void steps_send_bytes (Steps *self, uint8_t type, uint16_t message, const void *body, size_t size);

/* While it is deaf the server reads nothing of such a channel, but what it has begun to read. */
void steps_set_deaf (Steps *self, uint8_t type, bool deaf);

/* The next message of a channel, which has to be of this type; its struct is data. Valid until the next call. */
const CwMessage *steps_next (Steps *self, uint8_t type, uint16_t message);
/* Likewise the next one of this type, whatever comes before. */
const CwMessage *steps_skip_to (Steps *self, uint8_t type, uint16_t message);

/* All that was sent on the channel has been handled, and nothing more was heard of it. */
void steps_heard_all (Steps *self, uint8_t type);
/* Likewise, and what was heard of it is skipped. */
void steps_skip_all (Steps *self, uint8_t type);

/* Likewise, and what a test has noted of its signals, to be noted anew from now on. */
void steps_expect_told (Steps *self, uint8_t type, GString *told, const char *expected);

/* The server's end of the channel. */
void steps_close (Steps *self, uint8_t type);

/* The channel's own first messages have been sent; there is no connection of it any more. For client_await (). */
bool steps_works (gpointer channel);
bool steps_is_closed (gpointer channel);

/* The client's end of the channel; returns when it is closed. */
void steps_disconnect (SpiceChannel *channel);

/* The end of a test: all three are gone. */
void steps_end (Steps *self, SpiceSession *session, GString *told);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Steps, steps_free)
