/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS (1.2 or later, OpenSSL) around a connection. The source of its input is ready while decrypted or undecrypted
 * bytes wait inside, whatever the socket says. */
#pragma once

#include "transport/layer.h"
#include "transport/tls-params.h"

#define CW_TYPE_TLS_STREAM (cw_tls_stream_get_type ())
G_DECLARE_FINAL_TYPE (CwTlsStream, cw_tls_stream, CW, TLS_STREAM, CwLayer)

/* params name the host. key: of the session to offer and to keep (tls-sessions.h), or NULL. */
CwTlsStream *cw_tls_stream_new (GIOStream *base, const CwTlsParams *params, const char *key, GError **error);

/* Goes on with the handshake, which includes the verification of the certificate. true: done. false with
 * G_IO_ERROR_WOULD_BLOCK: call again when the socket has what cw_stream_awaits () says; any other error is final
 * (CW_ERROR_SECURITY, or the base stream's). *progress: bytes have come from the server. */
bool cw_tls_stream_handshake (CwTlsStream *self, bool *progress, GError **error);

/* The strength of the cipher, after the handshake. */
unsigned cw_tls_stream_bits (CwTlsStream *self);
