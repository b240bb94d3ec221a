/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stage of connecting: it gets the stream that the stages before it have made, works on it step by step, and may put
 * a layer around it. connect.c runs a row of them; a new one is a file and an entry there. */
#pragma once

#include "link/link.h"

#include <gio/gio.h>

typedef struct CwConnectParams CwConnectParams;
typedef struct CwConnection CwConnection;

typedef enum {
  CW_STAGE_DONE,
  CW_STAGE_WAITS, /* for io->condition, or for io->wake () where that is 0 */
  CW_STAGE_AGAIN, /* has used up what one step may do */
  CW_STAGE_FAILED,
} CwStageStatus;

typedef struct {
  CwConnection *connection; /* is being filled; connection->stream is what a layer replaces */
  GMainContext *context;
  GCancellable *cancellable; /* of what goes on outside of steps; cancelled when the attempt ends */
  GIOCondition condition;
  int64_t until;            /* a step that waits is made again then in any case; 0: not for that */
  bool progress;            /* the peer has sent something: to be set by the step */
  uint64_t bytes_read;      /* of SPICE itself, not of layers below it: to be added to by the step */
  CwConnectFailure failure; /* what a failed step was, where that is not the stage's own */

  /* The next step is to be made; from the context's thread, until the stage is freed. */
  void (*wake) (gpointer data);
  gpointer wake_data;
} CwStageIo;

typedef enum {
  CW_STAGE_CONNECT_TIME, /* until the peer can be talked to: one time for all of these stages */
  CW_STAGE_SILENCE,      /* as long as the peer sends something now and then */
} CwStageLimit;

typedef struct {
  const char *name;
  CwConnectFailure failure;
  CwStageLimit limit;
  const char *late; /* the sentence when time has run out, to which what was awaited is added */

  /* NULL without error: the stage is left out. Copies what it needs of params. */
  gpointer (*make) (const CwConnectParams *params, GError **error);
  CwStageStatus (*step) (gpointer self, CwStageIo *io, GError **error);
  /* NULL: nothing that `late` does not say. */
  const char *(*awaits) (gpointer self);
  void (*free) (gpointer self);
} CwStage;
