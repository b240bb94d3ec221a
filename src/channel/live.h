/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection under way, with what is counted on it. Two channels can exchange theirs. */
#pragma once

#include "base/slab.h"
#include "recording/recorder.h"
#include "spice-channel.h"
#include "transport/connect.h"
#include "transport/pump.h"
#include "wire/frame.h"

typedef struct {
  int refs;
  SpiceChannel *channel;      /* whose it is; borrowed, NULL when it is closed */
  const CwRecorder *recorder; /* the one that knows of this connection, or NULL; only its address counts */
  CwConnection *connection;
  CwPump *pump;
  CwSlab memory; /* for messages */
  CwAckWindow ack;
  size_t reply_bytes;       /* queued since they were last known to be sent */
  uint64_t received_serial; /* of the last message that was handled */
} CwLive;

/* Takes connection; events get the CwLive as their data. Reading is paused for reason. */
CwLive *cw_live_new (SpiceChannel *channel, CwConnection *connection, GMainContext *context, const CwPumpEvents *events,
                     unsigned pause_reason);
CwLive *cw_live_ref (CwLive *self);
void cw_live_unref (CwLive *self);

/* Closes the connection and drops the reference. */
void cw_live_close (CwLive *self);

/* Each gets what was the other's, with all its counters. */
void cw_live_exchange (CwLive **a, CwLive **b);

/* Messages are numbered on from where those of before ended. Only before the first one. */
void cw_live_continue (CwLive *self, const CwLive *before);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwLive, cw_live_unref)
