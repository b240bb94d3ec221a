/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library that knows the mechanisms of SASL (RFC 4422), as little of it as the exchange and the security layer
 * need. Everything a server sends may be hostile; the library is given whole pieces of bounded size. */
#pragma once

#include "base/error.h"
#include "base/slice.h"
#include "link/credentials.h"

#include <stdbool.h>

#define CW_SASL_MAX_MECHANISMS 300 /* bytes of a server's list */
#define CW_SASL_MAX_NAME 100       /* bytes of a mechanism's name */
#define CW_SASL_MAX_DATA 0x100000  /* bytes of one piece of the exchange */
#define CW_SASL_MAX_PACKET 100000  /* bytes of one packet of the security layer, as the server is told */
#define CW_SASL_MIN_BITS 56        /* of a security layer on a connection without TLS */

/* What mechanisms want to know of the connection. */
typedef struct {
  const char *host;   /* as the server was asked for; NULL: "localhost" */
  const char *local;  /* "ADDRESS;PORT", or NULL where there is none */
  const char *remote; /* likewise */
  unsigned tls_bits;  /* of the cipher around the exchange; 0: none, so mechanisms without a layer are refused */
} CwSaslPeer;

typedef struct CwSasl CwSasl;

/* False where the library was left out of the build: nothing else may be called then. */
bool cw_sasl_is_available (void);

/* The credentials are copied, and wiped in the end. */
CwSasl *cw_sasl_new (const CwSaslPeer *peer, const CwCredentials *credentials, GError **error);
void cw_sasl_free (CwSasl *self);

/* Chooses one of mechanisms, names separated by blanks. *name and *data are borrowed until the next call; data->data is
 * NULL when there is none, which differs from an empty piece. */
bool cw_sasl_start (CwSasl *self, const char *mechanisms, const char **name, CwSlice *data, GError **error);
bool cw_sasl_step (CwSasl *self, CwSlice in, CwSlice *out, GError **error);

/* Nothing more is to be said, and the server has proved itself where the mechanism has a proof for that. */
bool cw_sasl_is_complete (const CwSasl *self);

/* How a refusal is told, by what the mechanism has asked for: CW_ERROR_AUTH, _AUTH_USER or _AUTH_USER_AND_PASSWORD. */
CwErrorCode cw_sasl_refusal (const CwSasl *self);

/* Of a complete exchange: the layer's strength, 0 when there is none; the most bytes that may be encoded at once. The
 * slices are borrowed until the next call. */
unsigned cw_sasl_layer_bits (const CwSasl *self);
size_t cw_sasl_max_plain (const CwSasl *self);
bool cw_sasl_encode (CwSasl *self, CwSlice plain, CwSlice *coded, GError **error);
bool cw_sasl_decode (CwSasl *self, CwSlice coded, CwSlice *plain, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwSasl, cw_sasl_free)
