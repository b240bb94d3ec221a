/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scripted server: one connection, one thread, blocking I/O, plain or TLS. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int fd;
  SSL *ssl; /* or NULL */
  uint32_t connection_id;
  uint8_t channel_type, channel_id; /* what the client wants, once it is linked */
  uint32_t client_caps;             /* of the channel, likewise: the first word */
  int waiting;                      /* atomic: 1 for bytes, 2 for the end alone */
} PeerIo;

/* false: the client went away. */
bool peer_read (PeerIo *io, void *data, size_t size);
bool peer_write (PeerIo *io, const void *data, size_t size);

/* Reads and drops until the client is gone. */
void peer_drain (PeerIo *io);
void peer_reset (PeerIo *io);

typedef struct {
  uint32_t error;       /* of the link reply */
  uint32_t common_caps; /* 0x0b as a rule */
  uint32_t result;      /* after authentication, when the password is right */
  const char *password; /* what the client has to send */
  uint32_t channel_caps;
  uint32_t (*channel_caps_of) (const PeerIo *io, gpointer data); /* or this, when the channel is known */
  gpointer data;
} PeerLink;

#define PEER_LINK_INIT ((PeerLink){ 0, 0x0b, 0, "", 0x55 })

/* The server's side of the link, with a real key. false: it ended before a good result. */
bool peer_link (PeerIo *io, const PeerLink *link);

/* Makes the key now, and not when the first link wants it: it takes up to 100 ms, more or less. */
void peer_prepare (void);

/* Only up to the reply, then what the client sends for authentication is read. */
bool peer_link_until_ticket (PeerIo *io, const PeerLink *link);

typedef struct Peer Peer;
typedef void (*PeerFunc) (PeerIo *io, gpointer data);

/* address: "127.0.0.1", "::1" or a path of a unix socket. port 0: any. */
Peer *peer_new (const char *address, uint16_t port, PeerFunc func, gpointer data);

/* certificate and key are borrowed. */
void peer_use_tls (Peer *self, X509 *certificate, EVP_PKEY *key, int max_version);
void peer_start (Peer *self);
uint16_t peer_port (const Peer *self);

/* A blocking socket connected to the peer, the caller's to close. */
int peer_connect (const Peer *self);

/* The name the client announced by SNI, or NULL; after peer_stop () only. */
const char *peer_sni (const Peer *self);

/* Waits for the script's end; a client that never came is no failure. */
void peer_stop (Peer *self);
void peer_free (Peer *self);
bool peer_was_used (const Peer *self);
