/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens one channel connection, stage by stage: endpoint (TCP, unix socket, given descriptor), proxy, TLS, link.
 * Everything is asynchronous on one main context, and every stage ends at once when it is cancelled. */
#pragma once

#include "link/link.h"
#include "transport/link-order.h"
#include "transport/stage.h"
#include "transport/tls-params.h"

#include <gio/gio.h>

#define CW_CONNECT_TIMEOUT_MS 10000 /* name look-up and connect, all addresses together */
#define CW_SILENCE_TIMEOUT_MS 15000 /* TLS, link and authentication: longest time without a byte from the server */

/* All borrowed; cw_connect_async () copies what it needs. */
struct CwConnectParams {
  /* The endpoint: the first that is set of fd ≥ 0, unix_path, host. */
  int fd;                /* -1 for none. Taken, and closed on failure, from the call on */
  const char *unix_path; /* or NULL */
  const char *host;      /* or NULL. Name or address; IPv6 brackets are allowed */
  uint16_t port;
  const struct CwProxyParams *proxy; /* on the way to host, or NULL */
  const CwTlsParams *tls;            /* NULL: plain. Not with unix_path */
  CwLinkParams link;
  CwLinkOrder *link_order;      /* of all that connect beside it, or NULL */
  bool links_first;             /* others of link_order wait for it */
  unsigned connect_timeout_ms;  /* 0: CW_CONNECT_TIMEOUT_MS */
  unsigned silence_timeout_ms;  /* 0: CW_SILENCE_TIMEOUT_MS */
  uint64_t *bytes_read;         /* or NULL. Not copied: gets what is read of the link, however it ends, as it comes */
  GMainContext *context;        /* NULL: the thread-default one of the caller */
  const CwStage *const *stages; /* NULL: cw_connect_stages. Ends with NULL */
};

#define CW_CONNECT_PARAMS_INIT ((CwConnectParams){ .fd = -1 })

/* A proxy is given, and the endpoint is one that goes through it. */
static inline bool
cw_connect_uses_proxy (const CwConnectParams *params)
{
  return params->proxy && params->fd < 0 && !params->unix_path;
}

/* What connecting consists of, in order. */
#define CW_STAGES_MAX 8
extern const CwStage *const cw_connect_stages[];

typedef enum {
  CW_ENDPOINT_TCP,
  CW_ENDPOINT_UNIX,
  CW_ENDPOINT_FD,
} CwEndpoint;

struct CwConnection {
  GIOStream *stream; /* streams of both directions are pollable (GPollableInputStream, GPollableOutputStream) */
  GSocket *socket;   /* the one below stream */
  CwEndpoint endpoint;
  bool is_tls;
  bool mini_header;
  bool sent_first;     /* CwLinkParams.first_type, as the first message of the connection */
  CwCaps common_caps;  /* of the server */
  CwCaps channel_caps; /* of the server */
};

/* Closes the stream when it is still there. */
void cw_connection_free (CwConnection *self);

/* callback runs once, on the context, never inside this call. */
void cw_connect_async (const CwConnectParams *params, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);

/* NULL with error and *failure (may be NULL) set when it failed. */
CwConnection *cw_connect_finish (GAsyncResult *result, CwConnectFailure *failure, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwConnection, cw_connection_free)
