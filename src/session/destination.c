/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a server sends its clients. It may be lying, or somebody else on the line. */
#include "session/session.h"

#include <string.h>

#define MAX_HOST 255     /* bytes, as in DNS */
#define MAX_SUBJECT 4096 /* bytes */

/* Text of the server's that ends with a NUL; NULL: none. */
static bool
take_text (CwSlice bytes, size_t max, const char *name, char **out, GError **error)
{
  size_t size = bytes.size > 0 ? strnlen ((const char *) bytes.data, bytes.size) : 0;

  if (size > max) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "%s of the destination: %zu bytes, the limit is %zu", name, size,
                 max);
    return false;
  }
  if (size > 0 && !g_utf8_validate ((const char *) bytes.data, (gssize) size, NULL)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "%s of the destination is not UTF-8", name);
    return false;
  }
  *out = size > 0 ? g_strndup ((const char *) bytes.data, size) : NULL;
  return true;
}

static char *
port_text (uint16_t port)
{
  return port > 0 && port < UINT16_MAX ? g_strdup_printf ("%u", port) : NULL;
}

bool
cw_destination_init (CwDestination *self, SpiceSession *session, const CwWireMigrationDst *dst, GError **error)
{
  bool secured = cw_channel_is_secured (session->priv->main);
  g_auto (CwDestination) destination = { 0 };
  const char *override = g_getenv ("SPICE_MIG_HOST");

  if (!take_text (dst->host, MAX_HOST, "host", &destination.host, error)
      || !take_text (dst->cert_subject, MAX_SUBJECT, "subject", &destination.subject, error))
    return false;
  if (override) {
    g_free (destination.host);
    destination.host = g_strdup (override);
  }
  destination.port = secured ? NULL : port_text (dst->port);
  destination.tls_port = port_text (dst->sport);
  if (!destination.host || (!destination.port && !destination.tls_port)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "the destination has no %s",
                 !destination.host ? "host"
                 : secured         ? "port for TLS"
                                   : "port");
    return false;
  }
  /* What comes in plain text does not replace what the program asked for. */
  if (!secured && session->priv->strings[CW_SESSION_CERT_SUBJECT])
    g_clear_pointer (&destination.subject, g_free);
  *self = destination;
  destination = (CwDestination){ 0 };
  return true;
}

void
cw_destination_clear (CwDestination *self)
{
  g_free (self->host);
  g_free (self->port);
  g_free (self->tls_port);
  g_free (self->subject);
  *self = (CwDestination){ 0 };
}
