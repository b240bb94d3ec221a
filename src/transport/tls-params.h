/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which TLS server is the right one, in plain data. */
#pragma once

#include <glib.h>

typedef enum {
  CW_VERIFY_PUBKEY = 1 << 0,
  CW_VERIFY_HOSTNAME = 1 << 1,
  CW_VERIFY_SUBJECT = 1 << 2,
} CwVerify; /* same bits as SpiceSessionVerify */

/* What servers gave to resume by, for all connections of somebody (tls-sessions.h). */
typedef struct CwTlsSessions CwTlsSessions;

CwTlsSessions *cw_tls_sessions_new (void);
CwTlsSessions *cw_tls_sessions_ref (CwTlsSessions *self);
void cw_tls_sessions_unref (CwTlsSessions *self);

/* All borrowed. */
typedef struct {
  unsigned verify;         /* CwVerify bits; 0 accepts every certificate */
  const char *host;        /* name to check and to announce; NULL: that of the endpoint. IPv6 brackets are allowed */
  GBytes *pubkey;          /* DER SubjectPublicKeyInfo, or NULL */
  const char *subject;     /* "O=Org,CN=name" with \, and \\ escapes, or NULL */
  GBytes *ca;              /* PEM certificates, or NULL */
  const char *ca_file;     /* PEM file, or NULL; used together with ca; neither given: the system's store */
  gboolean system_too;     /* the system's store counts beside ca and ca_file */
  const char *ciphers;     /* OpenSSL cipher list, or NULL; nonsense warns and is ignored */
  CwTlsSessions *sessions; /* of earlier connections with the same parameters (tls-sessions.h), or NULL */
} CwTlsParams;

/* A deep copy, with host set (default_host where params has none) and without IPv6 brackets. */
CwTlsParams *cw_tls_params_copy (const CwTlsParams *params, const char *default_host);
void cw_tls_params_free (CwTlsParams *self);
