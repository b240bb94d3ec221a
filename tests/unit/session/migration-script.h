/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server of a migration does on a connection, step by step; scripts may wait for each other. */
#pragma once

#include "server.h"

#define MIGRATION_BLOB "what the target needs to go on"

typedef enum {
  END,    /* of the script: the connection stays open */
  SEND,   /* a message; data is its struct, or NULL */
  BEGIN,  /* MIGRATE_BEGIN or MIGRATE_BEGIN_SEAMLESS or SWITCH_HOST, to the target's port */
  EXPECT, /* reads up to a message of this type; logs it */
  COUNT,  /* says to those who await that one more thing has happened */
  AWAIT,  /* until as many connections have been linked, or things have happened */
  CLOSE,
} Op;

typedef struct {
  Op op;
  unsigned type; /* or a number of connections */
  const void *data;
  const char *host; /* of BEGIN; NULL: 127.0.0.1 */
} Step;

#define STEPS(...) ((const Step[]){ __VA_ARGS__, { END, 0, NULL, NULL } })
#define COUNTED                                                                                                        \
  {                                                                                                                    \
    COUNT, 0, NULL, NULL                                                                                               \
  }
#define LINKED(n)                                                                                                      \
  {                                                                                                                    \
    AWAIT, n, NULL, NULL                                                                                               \
  }
#define TELL(type)                                                                                                     \
  {                                                                                                                    \
    SEND, CW_MSG_##type, NULL, NULL                                                                                    \
  }
#define TELL_DATA(type, data)                                                                                          \
  {                                                                                                                    \
    SEND, CW_MSG_##type, &(data), NULL                                                                                 \
  }
#define START(type)                                                                                                    \
  {                                                                                                                    \
    BEGIN, CW_MSG_MAIN_##type, NULL, NULL                                                                              \
  }
#define HEAR(type)                                                                                                     \
  {                                                                                                                    \
    EXPECT, CW_MSGC_##type, NULL, NULL                                                                                 \
  }

/* How many things have happened so far; scripts that wait see it. NOBODY_WAITS ends all waiting. */
#define NOBODY_WAITS 1000
void migration_set_count (unsigned n);
void migration_count (void);
void migration_await (unsigned n);

/* port: of the target, which BEGIN names. log gets what the client says; it is read through the function below. */
void migration_run_script (PeerIo *io, const Step *step, unsigned port, GString *log);

/* The logs so far, one after another; for the caller to free. */
char *migration_heard (GString *const *logs, unsigned n_logs);
