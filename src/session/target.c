/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the session's properties say that channels connect to. */
#include "session/session.h"

static const char *
why_unusable (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;

  if (priv->protocol != 2)
    return "Version 1 of the protocol is not supported.";
  if (priv->proxy && !priv->client_sockets && !priv->strings[CW_SESSION_UNIX_PATH])
    return "Connecting through a proxy is not supported yet.";
  return NULL;
}

CwTarget
cw_session_target (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;
  char **strings = priv->strings;

  return (CwTarget){
    .given_sockets = priv->client_sockets,
    .unix_path = strings[CW_SESSION_UNIX_PATH],
    .host = strings[CW_SESSION_HOST],
    .port = strings[CW_SESSION_PORT],
    .tls_port = strings[CW_SESSION_TLS_PORT],
    .secure_channels = (const char *const *) priv->secure_channels,
    .tls = {
      .verify = priv->verify,
      .host = strings[CW_SESSION_HOST],
      .subject = strings[CW_SESSION_CERT_SUBJECT],
      .ca_file = strings[CW_SESSION_CA_FILE],
      .ciphers = strings[CW_SESSION_CIPHERS],
      .pubkey = priv->pubkey_bytes,
      .ca = priv->ca_bytes,
    },
    .credentials = { .user = strings[CW_SESSION_USERNAME], .password = strings[CW_SESSION_PASSWORD] },
    .connection_id = priv->connection_id,
    .main_connection_id = priv->main_connection_id,
    .unusable = why_unusable (self),
  };
}
