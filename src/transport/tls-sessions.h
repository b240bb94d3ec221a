/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The newest TLS session of a server, which later connections offer to save the handshake. It keeps the verdict on the
 * certificate, so it is offered only where the same server is asked for by the same parameters. */
#pragma once

#include "transport/tls-params.h"

#include <openssl/ssl.h>
#include <stdint.h>

/* What a session belongs to: the server and all that decides on its certificate and its ciphers. */
char *cw_tls_sessions_key (const CwTlsParams *params, const char *host, uint16_t port);

/* NULL: there is none for key. Those of other keys are dropped: something has changed. The caller's. */
SSL_SESSION *cw_tls_sessions_get (CwTlsSessions *self, const char *key);

/* In place of an older one. Takes session. */
void cw_tls_sessions_put (CwTlsSessions *self, const char *key, SSL_SESSION *session);
void cw_tls_sessions_drop (CwTlsSessions *self);
