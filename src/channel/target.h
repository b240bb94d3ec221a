/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the channels of a session connect to, and how: from the session's properties or from what a server announces.
 */
#pragma once

#include "transport/connect.h"
#include "transport/proxy.h"

/* All borrowed. Ports are text, as in the session's properties; NULL for none. */
typedef struct {
  bool given_sockets;    /* the application gives connected sockets; host and unix_path count for TLS only */
  const char *unix_path; /* or NULL; goes before host */
  const char *host;
  const char *port, *tls_port;
  const CwProxyParams *proxy;         /* on the way to host, or NULL */
  const char *const *secure_channels; /* names of channels that use TLS, or "all"; may be NULL */
  CwTlsParams tls;
  CwCredentials credentials;
  uint32_t connection_id; /* of channels other than main; what main uses says main_connection_id */
  uint32_t main_connection_id;
  const char *unusable; /* why nothing can be connected, or NULL */
} CwTarget;

/* Whether a channel uses TLS from the start. */
bool cw_target_needs_tls (const CwTarget *self, int channel_type);

/* Fills endpoint, TLS and what the link tells; params->tls points into self. secured: TLS is demanded. params->fd is
 * given already, or -1. False: there is no way to connect; the error says why. */
bool cw_target_resolve (const CwTarget *self, int channel_type, bool secured, CwConnectParams *params, GError **error);
