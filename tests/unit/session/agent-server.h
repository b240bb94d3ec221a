/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scripted server with a guest agent, for tests that go step by step: it keeps what the client's main channel sends,
 * and sends what the test tells it to. */
#pragma once

#include "client.h"

typedef struct AgentServer AgentServer;

/* What the main channel has sent. */
typedef struct {
  uint16_t type;      /* of the message */
  GBytes *body;       /* of any message but AGENT_DATA */
  CwMessage *message; /* of an AGENT_DATA: what its bodies make up */
  unsigned n_bodies;  /* and their number */
} Heard;

AgentServer *agent_server_new (void);
void agent_server_free (AgentServer *self);

/* A session whose main channel has got INIT; agent: as if one were connected. */
SpiceSession *agent_server_session (AgentServer *self, bool agent);
/* Likewise, with effects of the guest's desktop that are not wanted, or NULL. */
SpiceSession *agent_server_session_without (AgentServer *self, bool agent, const char *const *effects);
SpiceMainChannel *agent_server_main (SpiceSession *session);

void agent_server_send (AgentServer *self, uint16_t type, const void *data);
void agent_server_send_bytes (AgentServer *self, uint16_t type, const void *body, size_t size);
/* As the guest's agent. */
void agent_server_announce (AgentServer *self, uint32_t request, uint32_t caps);
void agent_server_say (AgentServer *self, uint32_t type, const void *data);

/* Gives a token for each body from now on, or not. */
void agent_server_grant (AgentServer *self, bool grant);

/* The next that was heard, of this type, which is waited for. agent_type 0: any. Valid until the next call. */
const Heard *agent_server_next (AgentServer *self, uint16_t type, uint32_t agent_type);
/* The struct of the next agent message, which has to be of this type. */
const void *agent_server_next_agent (AgentServer *self, uint32_t agent_type);
/* Nothing more was heard, up to a PING that the client has answered. */
void agent_server_heard_all (AgentServer *self);

/* Drops what the client begins with, up to ATTACH_CHANNELS, and what it tells an agent that announces itself. */
void agent_server_skip_start (AgentServer *self);
void agent_server_skip_wishes (AgentServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AgentServer, agent_server_free)
