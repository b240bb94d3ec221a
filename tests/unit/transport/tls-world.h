/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and certificates of a test CA, servers that have them, and connections to those. */
#pragma once

#include "certs.h"
#include "peer.h"
#include "transport/connect.h"

typedef struct {
  EVP_PKEY *ca_key, *key, *other_rsa, *ec;
  X509 *ca, *certificate;
  GBytes *ca_pem, *pin, *rsa_pin, *ec_pin; /* pin: of key */
} TlsWorld;

extern TlsWorld tls_world;

void tls_world_set_up (void);
void tls_world_tear_down (void);

/* With the world's certificate, for localhost and *.some.test. max_version 0: any. */
Peer *tls_peer (PeerFunc serve, gpointer data, int max_version);

/* A script: links as usual, and waits for the end. */
void tls_serve_link (PeerIo *io, gpointer data);

typedef struct {
  bool done;
  CwConnection *connection;
  CwConnectFailure failure;
  GError *error;
} TlsOutcome;

/* Runs the loop until it is done. tls_connect () starts the peer. */
TlsOutcome tls_connect_params (CwConnectParams *params, const CwTlsParams *tls);
TlsOutcome tls_connect (Peer *peer, const CwTlsParams *tls);
void tls_outcome_clear (TlsOutcome *self);
