/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the session's properties say that channels connect to. */
#include "base/i18n.h"
#include "session/session.h"

static const char *
why_unusable (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;

  if (priv->protocol != 2)
    return _ ("Version 1 of the protocol is not supported.");
  return NULL;
}

/* What is set on the object later counts, so it is read each time. */
static const CwProxyParams *
proxy_of (SpiceSession *self)
{
  SpiceSessionPrivate *priv = self->priv;
  SpiceURI *uri = priv->proxy;
  const char *scheme;

  if (!uri)
    return NULL;
  scheme = spice_uri_get_scheme (uri);
  priv->proxy_params = (CwProxyParams){
    .host = spice_uri_get_hostname (uri),
    .port = spice_uri_get_port (uri) <= UINT16_MAX ? (uint16_t) spice_uri_get_port (uri) : 0,
    .is_tls = scheme && g_ascii_strcasecmp (scheme, "https") == 0,
    .user = spice_uri_get_user (uri),
    .password = spice_uri_get_password (uri),
  };
  return &priv->proxy_params;
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
    .proxy = proxy_of (self),
    .secure_channels = (const char *const *) priv->secure_channels,
    .tls = {
      .verify = priv->verify,
      .host = strings[CW_SESSION_HOST],
      .subject = strings[CW_SESSION_CERT_SUBJECT],
      .ca_file = strings[CW_SESSION_CA_FILE],
      .ciphers = strings[CW_SESSION_CIPHERS],
      .pubkey = priv->pubkey_bytes,
      .ca = priv->ca_bytes,
      .sessions = priv->tls_sessions,
    },
    .credentials = { .user = strings[CW_SESSION_USERNAME], .password = strings[CW_SESSION_PASSWORD] },
    .connection_id = priv->connection_id,
    .main_connection_id = priv->main_connection_id,
    .unusable = why_unusable (self),
  };
}
