/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/tls-sessions.h"

#include <string.h>

struct CwTlsSessions {
  unsigned refs;
  char *key;
  SSL_SESSION *newest; /* NULL: none */
};

CwTlsSessions *
cw_tls_sessions_new (void)
{
  CwTlsSessions *self = g_new0 (CwTlsSessions, 1);

  self->refs = 1;
  return self;
}

CwTlsSessions *
cw_tls_sessions_ref (CwTlsSessions *self)
{
  self->refs++;
  return self;
}

void
cw_tls_sessions_drop (CwTlsSessions *self)
{
  g_clear_pointer (&self->newest, SSL_SESSION_free);
  g_clear_pointer (&self->key, g_free);
}

void
cw_tls_sessions_unref (CwTlsSessions *self)
{
  if (--self->refs > 0)
    return;
  cw_tls_sessions_drop (self);
  g_free (self);
}

/* Each part with its length, so that no two lists of parts are the same. */
static void
add (GChecksum *sum, const void *data, size_t size)
{
  uint64_t length = data ? size : UINT64_MAX;

  g_checksum_update (sum, (const guchar *) &length, sizeof length);
  if (data)
    g_checksum_update (sum, data, (gssize) size);
}

static void
add_text (GChecksum *sum, const char *text)
{
  add (sum, text, text ? strlen (text) : 0);
}

static void
add_bytes (GChecksum *sum, GBytes *bytes)
{
  size_t size = 0;
  const void *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;

  add (sum, bytes && !data ? "" : data, size);
}

char *
cw_tls_sessions_key (const CwTlsParams *params, const char *host, uint16_t port)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  add (sum, &params->verify, sizeof params->verify);
  add (sum, &params->system_too, sizeof params->system_too);
  add (sum, &port, sizeof port);
  add_text (sum, host);
  add_text (sum, params->host);
  add_bytes (sum, params->pubkey);
  add_text (sum, params->subject);
  add_bytes (sum, params->ca);
  add_text (sum, params->ca_file);
  add_text (sum, params->ciphers);
  return g_strdup (g_checksum_get_string (sum));
}

SSL_SESSION *
cw_tls_sessions_get (CwTlsSessions *self, const char *key)
{
  if (g_strcmp0 (self->key, key) != 0)
    cw_tls_sessions_drop (self);
  if (!self->newest || !SSL_SESSION_is_resumable (self->newest))
    return NULL;
  SSL_SESSION_up_ref (self->newest);
  return self->newest;
}

void
cw_tls_sessions_put (CwTlsSessions *self, const char *key, SSL_SESSION *session)
{
  cw_tls_sessions_drop (self);
  self->key = g_strdup (key);
  self->newest = session;
}
