/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which certificate is the right one. No I/O but reading the CA file; pure decisions on OpenSSL's objects, so that
 * tests can try every combination with certificates made in memory.
 *
 * Order: verify 0 accepts all; a pinned key that equals the certificate's accepts; then the chain must verify; then
 * the subject decides if asked for, else the host name if asked for, else (only a key that did not match) reject. */
#pragma once

#include "base/error.h"
#include "base/slice.h"
#include "transport/tls-params.h"

#include <openssl/x509.h>
#include <stdbool.h>

/* Adds the trust anchors of params to store: ca and ca_file, or the system's when neither is given. Does nothing when
 * verify asks for neither host name nor subject. One that is given and holds no certificate is a CW_ERROR_SECURITY: to
 * trust the system's authorities instead would be to trust more than was asked for. */
bool cw_verify_load_anchors (const CwTlsParams *params, X509_STORE *store, GError **error);

/* Decides on the certificate in ctx (its target, untrusted chain and store are set). Every refusal is a
 * CW_ERROR_SECURITY that names the reason. */
bool cw_verify_peer (const CwTlsParams *params, X509_STORE_CTX *ctx, GError **error);

/* The parts, each pure. host has no brackets. */
bool cw_verify_host (X509 *certificate, const char *host, GError **error);
bool cw_verify_subject (X509 *certificate, const char *subject, GError **error);
bool cw_verify_pubkey (X509 *certificate, GBytes *pubkey, GError **error);

/* NULL, with CW_ERROR_MALFORMED, when the text breaks the syntax of CwTlsParams.subject or names unknown keys. */
X509_NAME *cw_verify_parse_subject (const char *text, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwTlsParams, cw_tls_params_free)
