/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's half of a link with SASL, by the server half of Cyrus' library and a database of its own. */
#pragma once

#include "link/link.h"

#include <sasl/sasl.h>

#define SASL_USER "fred"
#define SASL_PASSWORD "secret"

typedef struct {
  sasl_conn_t *conn;
  unsigned bits; /* of TLS around it */
  bool started;
  bool complete;
} SaslServer;

/* Once; the database lies in a folder that sasl_servers_end () removes. */
void sasl_servers_begin (void);
void sasl_servers_end (void);

/* What a server that wants SASL replies to the link message. */
GBytes *sasl_link_reply (void);

/* bits: of TLS around it. The list of mechanisms that are allowed, the caller's. */
char *sasl_server_begin (SaslServer *self, unsigned bits);

/* Likewise; mechanisms: NULL for all that are allowed. The client is fed the link reply and the list. */
void sasl_server_open (SaslServer *self, CwLink *client, unsigned bits, const char *mechanisms);
void sasl_server_close (SaslServer *self);

/* The answer to what the client says, as it goes over the wire; NULL when the server would close. */
GBytes *sasl_server_answer (SaslServer *self, GBytes *said);

/* Packets of the layer, both ways. */
GBytes *sasl_server_seal (SaslServer *self, const void *data, size_t size);
GBytes *sasl_server_unseal (SaslServer *self, GBytes *coded);

/* All of bytes, as the client wants them. */
void sasl_feed (CwLink *client, const void *data, size_t size);
