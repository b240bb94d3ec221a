/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/proxy-reply.h"
#include "base/i18n.h"
#include "base/wipe.h"

#include <string.h>

static const char magic[] = "HTTP/1.";

/* Colons alone tell nothing: what some proxies are asked for are tickets. */
static bool
is_ipv6_address (const char *host)
{
  g_autofree char *address = g_strndup (host, strcspn (host, "%"));

  return strchr (address, ':') && g_hostname_is_ip_address (address);
}

char *
cw_proxy_request (const char *host, uint16_t port, const char *user, const char *password)
{
  bool is_ipv6 = is_ipv6_address (host);
  g_autofree char *target = g_strdup_printf ("%s%s%s:%u", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
  /* Large enough to stay where it is: what grows leaves copies behind. */
  GString *out = g_string_sized_new (256 + 2 * strlen (target) + 2 * (user ? strlen (user) : 0)
                                     + 2 * (password ? strlen (password) : 0));

  g_string_append_printf (out,
                          "CONNECT %s HTTP/1.0\r\nHost: %s\r\nProxy-Connection: keep-alive\r\nUser-Agent: Caraway\r\n",
                          target, target);
  if (user) {
    cw_autowipe char *pair = g_strdup_printf ("%s:%s", user, password ? password : "");
    cw_autowipe char *coded = g_base64_encode ((const guchar *) pair, strlen (pair));

    g_string_append_printf (out, "Proxy-Authorization: Basic %s\r\n", coded);
  }
  g_string_append (out, "\r\n");
  return g_string_free (out, FALSE);
}

/* A line that is not empty has to end, and an empty one has to come after it. */
size_t
cw_proxy_reply_wanted (const CwProxyReply *self)
{
  if (self->has_end)
    return 0;
  return self->in_line ? 2 : 1;
}

static bool
fail (GError **error, const char *text)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PROXY_FAILED, text);
  return false;
}

/* "HTTP/1.x NNN" */
static bool
take_status (CwProxyReply *self, GError **error)
{
  const char *at = self->line + sizeof magic - 1;
  guint64 status;

  self->line[self->n_line] = '\0';
  if (self->n_line < sizeof magic + 5 - 1 || !g_ascii_isdigit (at[0]) || at[1] != ' '
      || (at[5] != '\0' && at[5] != ' ' && at[5] != '\r'))
    return fail (error, _ ("The proxy's answer has no status."));
  self->line[sizeof magic - 1 + 5] = '\0';
  if (!g_ascii_string_to_unsigned (at + 2, 10, 100, 599, &status, NULL))
    return fail (error, _ ("The proxy's answer has no status."));
  self->status = (unsigned) status;
  self->has_status = true;
  return true;
}

static bool
take_byte (CwProxyReply *self, char byte, GError **error)
{
  if (self->n++ == CW_PROXY_MAX_REPLY)
    return fail (error, _ ("The proxy's answer is too long."));
  if (!self->has_status && self->n_line < sizeof magic - 1 && byte != magic[self->n_line])
    return fail (error, _ ("The proxy does not speak HTTP."));
  if (!self->has_status && byte != '\n' && self->n_line < sizeof self->line - 1)
    self->line[self->n_line++] = byte;
  if (byte != '\n') {
    self->in_line = self->in_line || byte != '\r';
    return true;
  }
  if (!self->has_status)
    return take_status (self, error) && (self->in_line = false, true);
  self->has_end = !self->in_line;
  self->in_line = false;
  return true;
}

bool
cw_proxy_reply_feed (CwProxyReply *self, const char *data, size_t size, GError **error)
{
  for (size_t i = 0; i < size && !self->has_end; i++)
    if (!take_byte (self, data[i], error))
      return false;
  return true;
}

bool
cw_proxy_reply_check (const CwProxyReply *self, bool had_credentials, GError **error)
{
  bool unauthorized = self->status == 407 || self->status == 401; /* some proxies take one for the other */

  if (self->status / 100 == 2)
    return true;
  if (unauthorized && !had_credentials)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH, _ ("The proxy wants a user name and a password."));
  else if (unauthorized)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED,
                 _ ("The proxy refused the user name or the password."));
  else if (self->status == 403)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_NOT_ALLOWED,
                 _ ("The proxy does not allow connections to this server."));
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_FAILED,
                 _ ("The proxy could not connect to the server (HTTP status %u)."), self->status);
  return false;
}
