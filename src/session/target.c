/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which socket a channel gets. */
#include "session/session.h"

#include "session/uri.h"

#include <string.h>

static bool
is_secure_channel (SpiceSession *self, int channel_type)
{
  const char *const *names = (const char *const *) self->priv->secure_channels;

  return names
         && (g_strv_contains (names, "all") || g_strv_contains (names, spice_channel_type_to_string (channel_type)));
}

bool
cw_session_needs_tls (SpiceSession *self, int channel_type)
{
  char **strings = self->priv->strings;

  return is_secure_channel (self, channel_type) || (strings[CW_SESSION_TLS_PORT] && !strings[CW_SESSION_PORT]);
}

static bool
fail (GError **error, GIOErrorEnum code, const char *text)
{
  g_set_error_literal (error, G_IO_ERROR, code, text);
  return false;
}

static void
fill_tls (SpiceSession *self, CwTlsParams *tls)
{
  SpiceSessionPrivate *priv = self->priv;
  char **strings = priv->strings;

  *tls = (CwTlsParams){
    .verify = priv->verify,
    .host = strings[CW_SESSION_HOST],
    .subject = strings[CW_SESSION_CERT_SUBJECT],
    .ca_file = strings[CW_SESSION_CA_FILE],
    .ciphers = strings[CW_SESSION_CIPHERS],
    .pubkey = priv->pubkey_bytes,
    .ca = priv->ca_bytes,
  };
}

/* The port for plain or secured connections; a port that is not there or no number counts as none. */
static unsigned
port_of (SpiceSession *self, CwSessionString which)
{
  const char *text = self->priv->strings[which];
  unsigned port = cw_port_parse (text);

  if (text && port == 0)
    g_warning ("'%.32s' is not the number of a port", text);
  return port;
}

static bool
choose_port (SpiceSession *self, bool *secured, CwConnectParams *params, GError **error)
{
  unsigned port = *secured ? 0 : port_of (self, CW_SESSION_PORT);

  if (!self->priv->strings[CW_SESSION_HOST])
    return fail (error, G_IO_ERROR_INVALID_ARGUMENT, "No host to connect to is set.");
  if (port == 0) {
    *secured = true;
    port = port_of (self, CW_SESSION_TLS_PORT);
  }
  if (port == 0)
    return fail (error, G_IO_ERROR_INVALID_ARGUMENT, "No usable port to connect to is set.");
  params->host = self->priv->strings[CW_SESSION_HOST];
  params->port = (uint16_t) port;
  return true;
}

static bool
choose_endpoint (SpiceSession *self, bool *secured, CwConnectParams *params, GError **error)
{
  SpiceSessionPrivate *priv = self->priv;

  if (priv->client_sockets)
    return params->fd >= 0 || fail (error, G_IO_ERROR_INVALID_ARGUMENT, "No socket to connect with is given.");
  if (priv->strings[CW_SESSION_UNIX_PATH]) {
    params->unix_path = priv->strings[CW_SESSION_UNIX_PATH];
    return !*secured || fail (error, G_IO_ERROR_NOT_SUPPORTED, "TLS cannot be used on a unix socket.");
  }
  if (priv->proxy)
    return fail (error, G_IO_ERROR_NOT_SUPPORTED, "Connecting through a proxy is not supported yet.");
  return choose_port (self, secured, params, error);
}

bool
cw_session_target (SpiceSession *self, int channel_type, bool *secured, CwConnectParams *params, CwTlsParams *tls,
                   GError **error)
{
  SpiceSessionPrivate *priv = self->priv;

  if (priv->protocol != 2)
    return fail (error, G_IO_ERROR_NOT_SUPPORTED, "Version 1 of the protocol is not supported.");
  if (is_secure_channel (self, channel_type))
    *secured = true;
  if (!choose_endpoint (self, secured, params, error))
    return false;
  if (*secured) {
    fill_tls (self, tls);
    params->tls = tls;
  }
  params->link.connection_id = channel_type == CW_CHANNEL_MAIN ? 0 : priv->connection_id;
  params->link.credentials.user = priv->strings[CW_SESSION_USERNAME];
  params->link.credentials.password = priv->strings[CW_SESSION_PASSWORD];
  return true;
}
