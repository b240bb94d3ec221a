/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that does what it likes, between and inside all signals. */
#pragma once

#include "client-server.h"

#include <spice-client.h>

typedef struct {
  SpiceSession *session;
  Servers servers;
  GCancellable *cancellable; /* of all that is asynchronous */
  uint8_t next_act;          /* inside a signal; 0: none */
  unsigned depth;
  unsigned n_asked;   /* asynchronous calls that have not been answered */
  unsigned n_objects; /* that are listened to, and still there */
} Client;

/* So many iterations, and the servers' part between them. */
void client_turn (Client *self, unsigned n);

/* channel is NULL for what no channel does. */
void client_act (Client *self, SpiceChannel *channel, uint8_t what);

/* All signals of the object are heard from now on. */
void client_listen (Client *self, GObject *object);

/* The session's channel of this kind, borrowed; NULL: there is none. */
SpiceChannel *client_find (Client *self, int type, int id);
