/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens one channel connection: endpoint (TCP, unix socket, given descriptor), TLS, link, authentication. Everything
 * is asynchronous on one main context, and every stage ends at once when it is cancelled. */
#pragma once

#include "link/link.h"

#include <gio/gio.h>

#define CW_CONNECT_TIMEOUT_MS 10000 /* name look-up and connect, all addresses together */
#define CW_SILENCE_TIMEOUT_MS 15000 /* TLS, link and authentication: longest time without a byte from the server */

typedef enum {
  CW_VERIFY_PUBKEY = 1 << 0,
  CW_VERIFY_HOSTNAME = 1 << 1,
  CW_VERIFY_SUBJECT = 1 << 2,
} CwVerify; /* same bits as SpiceSessionVerify */

/* All borrowed; cw_connect_async () copies what it needs. */
typedef struct {
  unsigned verify;     /* CwVerify bits; 0 accepts every certificate */
  const char *host;    /* name to check and to announce; NULL: CwConnectParams.host. IPv6 brackets are allowed */
  GBytes *pubkey;      /* DER SubjectPublicKeyInfo, or NULL */
  const char *subject; /* "O=Org,CN=name" with \, and \\ escapes, or NULL */
  GBytes *ca;          /* PEM certificates, or NULL */
  const char *ca_file; /* PEM file, or NULL; used together with ca; neither usable: the system's store */
  const char *ciphers; /* OpenSSL cipher list, or NULL; nonsense warns and is ignored */
} CwTlsParams;

typedef struct {
  /* The endpoint: the first that is set of fd ≥ 0, unix_path, host. */
  int fd;                /* -1 for none. Taken, and closed on failure, from the call on */
  const char *unix_path; /* or NULL */
  const char *host;      /* or NULL. Name or address; IPv6 brackets are allowed */
  uint16_t port;
  const CwTlsParams *tls; /* NULL: plain. Not with unix_path */
  CwLinkParams link;
  unsigned connect_timeout_ms; /* 0: CW_CONNECT_TIMEOUT_MS */
  unsigned silence_timeout_ms; /* 0: CW_SILENCE_TIMEOUT_MS */
  GMainContext *context;       /* NULL: the thread-default one of the caller */
} CwConnectParams;

#define CW_CONNECT_PARAMS_INIT ((CwConnectParams){ .fd = -1 })

typedef enum {
  CW_ENDPOINT_TCP,
  CW_ENDPOINT_UNIX,
  CW_ENDPOINT_FD,
} CwEndpoint;

typedef struct {
  GIOStream *stream; /* streams of both directions are pollable (GPollableInputStream, GPollableOutputStream) */
  GSocket *socket;   /* the one below stream */
  CwEndpoint endpoint;
  bool is_tls;
  bool mini_header;
  CwCaps common_caps;  /* of the server */
  CwCaps channel_caps; /* of the server */
} CwConnection;

/* Closes the stream when it is still there. */
void cw_connection_free (CwConnection *self);

/* callback runs once, on the context, never inside this call. */
void cw_connect_async (const CwConnectParams *params, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);

/* NULL with error and *failure (may be NULL) set when it failed. */
CwConnection *cw_connect_finish (GAsyncResult *result, CwConnectFailure *failure, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwConnection, cw_connection_free)
