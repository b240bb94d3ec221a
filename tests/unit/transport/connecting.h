/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that connects, for tests: on a context of its own, so that a step on the wrong one would hang. */
#pragma once

#include "peer.h"
#include "transport/connect.h"

typedef struct {
  GMainContext *context;
  bool done;
  int64_t done_at;
  CwConnection *connection;
  CwConnectFailure failure;
  GError *error;
} Connecting;

/* For host "127.0.0.1" and the like; the main channel. */
CwConnectParams connecting_tcp_params (const char *host, uint16_t port);

void connecting_begin (Connecting *self, CwConnectParams *params, GCancellable *cancellable);
void connecting_wait (Connecting *self);
void connecting_clear (Connecting *self);

/* Waits until it has failed, in this way, and clears it. */
void connecting_check_failure (Connecting *self, CwConnectFailure failure, GQuark domain, int code);

/* A peer's script: links as data (PeerLink) says, or as usual, and waits for the end. */
void connecting_serve (PeerIo *io, gpointer data);
