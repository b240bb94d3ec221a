/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/tls-params.h"

#include "transport/endpoint.h"
#include "transport/tls-sessions.h"

CwTlsParams *
cw_tls_params_copy (const CwTlsParams *params, const char *default_host)
{
  CwTlsParams *self = g_new0 (CwTlsParams, 1);
  const char *host = params->host ? params->host : default_host;

  self->verify = params->verify;
  self->host = host ? cw_host_without_brackets (host) : NULL;
  self->pubkey = params->pubkey ? g_bytes_ref (params->pubkey) : NULL;
  self->subject = g_strdup (params->subject);
  self->ca = params->ca ? g_bytes_ref (params->ca) : NULL;
  self->ca_file = g_strdup (params->ca_file);
  self->system_too = params->system_too;
  self->ciphers = g_strdup (params->ciphers);
  self->sessions = params->sessions ? cw_tls_sessions_ref (params->sessions) : NULL;
  return self;
}

void
cw_tls_params_free (CwTlsParams *self)
{
  if (!self)
    return;
  g_free ((char *) self->host);
  g_clear_pointer (&self->pubkey, g_bytes_unref);
  g_free ((char *) self->subject);
  g_clear_pointer (&self->ca, g_bytes_unref);
  g_free ((char *) self->ca_file);
  g_free ((char *) self->ciphers);
  g_clear_pointer (&self->sessions, cw_tls_sessions_unref);
  g_free (self);
}
