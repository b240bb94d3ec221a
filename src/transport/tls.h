/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS (1.2 or later, OpenSSL) as a GIOStream over another whose two directions are pollable. Its own directions are
 * pollable too; they never block, so synchronous reads and writes are refused. The source of its input is ready while
 * decrypted or undecrypted bytes wait inside, whatever the socket says. */
#pragma once

#include "transport/connect.h"

#define CW_TYPE_TLS_STREAM (cw_tls_stream_get_type ())
G_DECLARE_FINAL_TYPE (CwTlsStream, cw_tls_stream, CW, TLS_STREAM, GIOStream)

/* default_host is used where params names none. */
CwTlsStream *cw_tls_stream_new (GIOStream *base, const CwTlsParams *params, const char *default_host, GError **error);

/* Goes on with the handshake, which includes the verification of the certificate. true: done. false with
 * G_IO_ERROR_WOULD_BLOCK: call again when cw_tls_stream_create_source () fires; any other error is final
 * (CW_ERROR_SECURITY, or the base stream's). */
bool cw_tls_stream_handshake (CwTlsStream *self, GError **error);

/* Its callback is a GPollableSourceFunc. */
GSource *cw_tls_stream_create_source (CwTlsStream *self);
