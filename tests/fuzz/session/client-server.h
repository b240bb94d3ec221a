/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is at the other ends of a client's sockets: servers that say the words of a link and of a beginning by
 * themselves, before they are asked for them, and for the rest what they are told. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_CONNECTIONS 64

/* How the next connection is greeted, in the low bits; the others are a number that goes with it. */
enum {
  GREET_WELL,
  GREET_REFUSE, /* the ticket, with a number */
  GREET_ERROR,  /* likewise, before the ticket */
  GREET_NONSENSE,
  GREET_SILENTLY, /* well, but no main channel says INIT */
  GREET_SASL,     /* of which the number says how much it says */
  GREET_HANG_UP,
  GREET_BARE, /* well, without capabilities */
  GREET_N_WAYS,
};

typedef struct {
  int fd; /* or -1 */
  int type, id;
  bool is_known;     /* what channel it is */
  uint8_t begun[22]; /* of what the client says */
  unsigned n_begun;
} Connection;

typedef struct {
  Connection connections[MAX_CONNECTIONS];
  unsigned n_connections;
  uint8_t next_greeting; /* 0: a good one */
  bool are_bare;         /* have no capabilities, all of them */
  bool are_deaf;         /* read nothing */
  uint64_t n_heard;      /* bytes */
} Servers;

/* Of the process. */
const char *servers_path (void);
uint16_t servers_port (void);
const char *servers_folder (void); /* for files; it goes with the process */

/* Takes the server's end of a socket for a channel of this kind. false: there are too many; fd is closed. */
bool servers_take (Servers *self, int fd, int type, int id);

/* Accepts who connects, and reads what comes. */
void servers_turn (Servers *self);

/* The newest connection of the channel that had the number-th one, or that one itself. NULL: there is none. */
Connection *servers_newest (Servers *self, unsigned number);
Connection *servers_exactly (Servers *self, unsigned number);

/* What the socket does not take is lost. */
void servers_say (const Connection *to, uint16_t type, const void *body, uint32_t size);
void servers_say_bytes (const Connection *to, const void *bytes, size_t size);

/* One byte, with a few descriptors of a kind: 0 memory that holds a picture, 1 less memory, 2 no memory. */
void servers_pass (const Connection *to, uint8_t byte, unsigned kind, unsigned n);

/* MIGRATE_BEGIN and its like (type), to where these servers are; what: of the rest. */
void servers_move (const Connection *to, uint16_t type, uint8_t what);

void servers_hang_up (Servers *self, int type, int id);
void servers_hang_up_all (Servers *self);
