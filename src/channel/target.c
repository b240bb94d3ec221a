/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/target.h"

#include "base/i18n.h"
#include "spice-channel.h"
#include "wire/messages.h"

static bool
is_secure_channel (const CwTarget *self, int channel_type)
{
  return self->secure_channels
         && (g_strv_contains (self->secure_channels, "all")
             || g_strv_contains (self->secure_channels, spice_channel_type_to_string (channel_type)));
}

bool
cw_target_needs_tls (const CwTarget *self, int channel_type)
{
  return is_secure_channel (self, channel_type) || (self->tls_port && !self->port);
}

static bool
fail (GError **error, GIOErrorEnum code, const char *text)
{
  g_set_error_literal (error, G_IO_ERROR, code, text);
  return false;
}

/* A port that is not there or no number counts as none. */
static unsigned
parse_port (const char *text)
{
  guint64 port = 0;

  if (text && !g_ascii_string_to_unsigned (text, 10, 1, UINT16_MAX, &port, NULL))
    g_warning ("'%.32s' is not the number of a port", text);
  return (unsigned) port;
}

static bool
choose_port (const CwTarget *self, bool *secured, CwConnectParams *params, GError **error)
{
  const char *lack
      = *secured ? _ ("No usable port for TLS is set, and TLS is wanted.") : _ ("No usable port to connect to is set.");
  unsigned port = *secured ? 0 : parse_port (self->port);

  if (!self->host)
    return fail (error, G_IO_ERROR_INVALID_ARGUMENT, _ ("No host to connect to is set."));
  if (port == 0) {
    *secured = true;
    port = parse_port (self->tls_port);
  }
  if (port == 0)
    return fail (error, G_IO_ERROR_INVALID_ARGUMENT, lack);
  params->host = self->host;
  params->port = (uint16_t) port;
  return true;
}

static bool
choose_endpoint (const CwTarget *self, bool *secured, CwConnectParams *params, GError **error)
{
  if (self->given_sockets)
    return params->fd >= 0 || fail (error, G_IO_ERROR_INVALID_ARGUMENT, _ ("No socket to connect with is given."));
  if (self->unix_path) {
    params->unix_path = self->unix_path;
    return !*secured || fail (error, G_IO_ERROR_NOT_SUPPORTED, _ ("TLS cannot be used on a unix socket."));
  }
  return choose_port (self, secured, params, error);
}

bool
cw_target_resolve (const CwTarget *self, int channel_type, bool secured, CwConnectParams *params, GError **error)
{
  bool main = channel_type == CW_CHANNEL_MAIN;

  if (self->unusable)
    return fail (error, G_IO_ERROR_NOT_SUPPORTED, self->unusable);
  secured = secured || is_secure_channel (self, channel_type);
  if (!choose_endpoint (self, &secured, params, error))
    return false;
  params->proxy = self->proxy;
  params->tls = secured ? &self->tls : NULL;
  params->link.connection_id = main ? self->main_connection_id : self->connection_id;
  params->link.credentials = self->credentials;
  return true;
}
