/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with the guest agent: messages cut into bodies of AGENT_DATA and put together again, credit, and
 * what the agent is capable of. Bodies come in and go out; no I/O, no main loop.
 *
 * A message is sent whole once its first body is under way, whatever happens to the agent: the server counts on it. */
#pragma once

#include "wire/message.h"

/* Bytes of messages that wait below which observer.low is called. */
#define CW_AGENT_LOW_WATER (256 * 1024)

/* Bodies that are sent at once, at most. */
#define CW_AGENT_BURST 16

/* Messages that may wait; more are refused. A guest could have any number of answers made and take none. */
#define CW_AGENT_MAX_WAITING 4096

/* What every message but CLIPBOARD may be long. */
#define CW_AGENT_MAX_MESSAGE (64 * 1024)

typedef struct CwAgent CwAgent;

/* All may do anything but free the agent. */
typedef struct {
  /* Sends bytes as bodies of AGENT_DATA, of CW_AGENT_MAX_DATA_SIZE each, the last may have less: what there is credit
   * for, but at most CW_AGENT_BURST of them. False: no room at present; cw_agent_resume () tells when there is. */
  bool (*send) (gpointer data, GBytes *bytes);
  /* A message came, valid during the call. Of ANNOUNCE_CAPABILITIES the content is known already. */
  void (*message) (gpointer data, const CwMessage *message);
  /* More of a long CLIPBOARD came: the header's size, and the body as far as it goes. May be NULL. */
  void (*part) (gpointer data, size_t size, CwSlice so_far);
  /* The last body of a message that was given a tag has gone. May be NULL. */
  void (*sent) (gpointer data, uint32_t tag);
  /* Little waits: one more message may be given, which is taken whatever else waits. May be NULL. */
  void (*low) (gpointer data);
} CwAgentObserver;

CwAgent *cw_agent_new (const CwAgentObserver *observer, gpointer data);
void cw_agent_free (CwAgent *self);

/* The most that a CLIPBOARD may carry; -1: as much as an int can count. Longer ones come with no data. */
void cw_agent_set_max_clipboard (CwAgent *self, int bytes);

/* An agent is there, perhaps again: what is known of an earlier one goes. */
void cw_agent_connect (CwAgent *self);
void cw_agent_disconnect (CwAgent *self);
bool cw_agent_is_connected (const CwAgent *self);

/* The connection to the server has ended: nothing that waits is sent. */
void cw_agent_reset (CwAgent *self);

/* AGENT_DATA bodies that may be sent. */
void cw_agent_set_credit (CwAgent *self, uint32_t bodies);
void cw_agent_add_credit (CwAgent *self, uint32_t bodies);
void cw_agent_resume (CwAgent *self);

/* False: no agent is connected, it has not announced itself, or cannot do that. */
bool cw_agent_can (const CwAgent *self, uint32_t capability);
bool cw_agent_is_announced (const CwAgent *self);
uint32_t cw_agent_first_capabilities (const CwAgent *self);

/* Tells what the client is capable of. */
void cw_agent_announce (CwAgent *self, bool request);

/* Queues a message; data is the struct of type. tag: not 0 to be told by observer.sent. False: no agent is connected,
 * too much waits, or out of memory. */
bool cw_agent_send (CwAgent *self, uint32_t type, const void *data, uint32_t tag);
/* Drops messages of this tag that have not begun. */
void cw_agent_drop (CwAgent *self, uint32_t tag);
size_t cw_agent_waiting_bytes (const CwAgent *self);

/* The body of an AGENT_DATA. False: it is not what an agent says. */
bool cw_agent_receive (CwAgent *self, GBytes *body, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwAgent, cw_agent_free)
