/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest agent for tests: it hears what the client's agent code sends, and says what it is told to. */
#pragma once

#include "channel/main/agent.h"

typedef struct {
  CwAgent *agent;    /* the client's side, under test */
  GPtrArray *heard;  /* CwMessage, oldest first */
  unsigned n_taken;  /* of them, by guest_next () */
  GByteArray *bytes; /* of a message that has not come whole */
  uint32_t caps;
  uint32_t ignored_type; /* of messages not kept, 0: none */
  bool deaf;             /* takes nothing */
  void (*message) (gpointer data, const CwMessage *message);
  void (*part) (gpointer data, size_t size, CwSlice so_far);
  void (*sent) (gpointer data, uint32_t tag);
  void (*low) (gpointer data);
  gpointer data; /* of these functions */
} Guest;

/* Connected, with credit for all. */
Guest *guest_new (void);
void guest_free (Guest *self);

void guest_announce (Guest *self, uint32_t caps);
void guest_say (Guest *self, uint32_t type, const void *data);

/* The struct of the next message that was heard, which has to be of this type. */
const void *guest_next (Guest *self, uint32_t type);
/* Nothing more was heard. */
void guest_heard_all (Guest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Guest, guest_free)
