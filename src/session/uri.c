/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/uri.h"

#include <string.h>

#define KEY_MAX 31

static bool
refuse (GError **error, const char *what)
{
  g_set_error_literal (error, CW_ERROR, CW_ERROR_MALFORMED, what);
  return false;
}

void
cw_uri_clear (CwUri *self)
{
  g_free (self->host);
  g_free (self->port);
  g_free (self->tls_port);
  g_free (self->unix_path);
  g_free (self->username);
  g_free (self->password);
  *self = (CwUri){ 0 };
}

static bool
is_number (const char *text)
{
  return *text && strspn (text, "0123456789") == strlen (text);
}

unsigned
cw_port_parse (const char *text)
{
  guint64 value;

  if (!text || !is_number (text) || !g_ascii_string_to_unsigned (text, 10, 1, 65535, &value, NULL))
    return 0;
  return (unsigned) value;
}

/* Percent-decodes; refuses broken escapes and NUL. */
static bool
decode (const char *text, size_t size, char **out, const char *complaint, GError **error)
{
  g_autofree char *decoded = g_uri_unescape_segment (text, text + size, NULL);

  if (!decoded)
    return refuse (error, complaint);
  *out = g_steal_pointer (&decoded);
  return true;
}

/* host, or "[" ipv6 "]", and what follows a colon. port is NULL without a colon. */
static bool
split_host (const char *text, size_t size, size_t *host_size, const char **port, GError **error)
{
  const char *end = text + size, *colon;

  if (size > 0 && text[0] == '[') {
    const char *bracket = memchr (text, ']', size);

    if (!bracket)
      return refuse (error, "the bracket of the address is not closed");
    colon = bracket + 1;
    if (colon < end && *colon != ':')
      return refuse (error, "there is something between the address and the port");
  } else {
    colon = memchr (text, ':', size);
  }
  if (!colon || colon == end) {
    *host_size = colon ? (size_t) (colon - text) : size;
    *port = NULL;
  } else {
    *host_size = (size_t) (colon - text);
    *port = colon + 1;
  }
  if (*host_size == 0)
    return refuse (error, "there is no host");
  return true;
}

static bool
set_once (char **place, char *value, GError **error)
{
  if (*place) {
    g_free (value);
    return refuse (error, "something is given twice");
  }
  *place = value;
  return true;
}

static bool
parse_authority (const char *text, size_t size, bool tls, CwUri *uri, GError **error)
{
  const char *at = memchr (text, '@', size), *end = text + size, *port;
  size_t host_size;

  if (at) {
    if (!decode (text, (size_t) (at - text), &uri->username, "the user name cannot be decoded", error))
      return false;
    text = at + 1;
  }
  if (!split_host (text, (size_t) (end - text), &host_size, &port, error))
    return false;
  if (text[0] == '[')
    uri->host = g_strndup (text, host_size);
  else if (!decode (text, host_size, &uri->host, "the host cannot be decoded", error))
    return false;
  if (port)
    *(tls ? &uri->tls_port : &uri->port) = g_strndup (port, (size_t) (end - port));
  return true;
}

static bool
parse_pair (const char *text, size_t size, bool tls, CwUri *uri, GError **error)
{
  const char *equals = memchr (text, '=', size);
  size_t key_size = equals ? (size_t) (equals - text) : size;
  g_autofree char *key = g_strndup (text, key_size);
  g_autofree char *value = NULL;
  char **place;

  if (key_size < 1 || key_size > KEY_MAX || !equals)
    return refuse (error, "the query has something that is not of the form key=value");
  if (strcmp (key, "port") == 0)
    place = &uri->port;
  else if (strcmp (key, "tls-port") == 0)
    place = &uri->tls_port;
  else if (strcmp (key, "password") == 0)
    place = &uri->password;
  else
    return refuse (error, "the query has an unknown key");
  if (!decode (equals + 1, size - key_size - 1, &value, "a value of the query cannot be decoded", error))
    return false;
  if (!*value)
    return true;
  if (tls && place != &uri->password) {
    uri->ignored_parts = true;
    return true;
  }
  return set_once (place, g_steal_pointer (&value), error);
}

static bool
parse_query (const char *text, bool tls, CwUri *uri, GError **error)
{
  while (*text) {
    size_t size = strcspn (text, "&;");

    if (!parse_pair (text, size, tls, uri, error))
      return false;
    text += size;
    if (*text)
      text++;
  }
  return true;
}

static bool
parse_network (const char *text, bool tls, CwUri *uri, GError **error)
{
  size_t authority = strcspn (text, "/?;");

  if (!parse_authority (text, authority, tls, uri, error))
    return false;
  text += authority;
  if (*text == '/') {
    size_t path = strcspn (text, "?;");

    uri->ignored_parts |= path > 1;
    text += path;
  }
  if (*text && !parse_query (text + 1, tls, uri, error))
    return false;
  if (!uri->port && !uri->tls_port)
    return refuse (error, "there is no port");
  if ((uri->port && !is_number (uri->port)) || (uri->tls_port && !is_number (uri->tls_port)))
    return refuse (error, "the port is not a number");
  return true;
}

bool
cw_uri_parse (const char *text, CwUri *out, GError **error)
{
  g_auto (CwUri) uri = { 0 };
  const char *rest;

  if (g_str_has_prefix (text, "spice+unix://")) {
    rest = text + strlen ("spice+unix://");
    if (!*rest)
      return refuse (error, "there is no path");
    uri.unix_path = g_strdup (rest);
  } else if (g_str_has_prefix (text, "spice://")) {
    if (!parse_network (text + strlen ("spice://"), false, &uri, error))
      return false;
  } else if (g_str_has_prefix (text, "spice+tls://")) {
    if (!parse_network (text + strlen ("spice+tls://"), true, &uri, error))
      return false;
  } else {
    return refuse (error, "it does not begin with spice://, spice+tls:// or spice+unix://");
  }
  *out = uri;
  uri = (CwUri){ 0 };
  return true;
}

char *
cw_uri_compose (const char *host, const char *port, const char *tls_port, const char *unix_path)
{
  if (unix_path)
    return g_strdup_printf ("spice+unix://%s", unix_path);
  if (!host)
    return NULL;
  if (port && tls_port)
    return g_strdup_printf ("spice://%s?port=%s&tls-port=%s", host, port, tls_port);
  if (tls_port)
    return g_strdup_printf ("spice+tls://%s:%s", host, tls_port);
  return port ? g_strdup_printf ("spice://%s:%s", host, port) : NULL;
}

void
cw_proxy_uri_clear (CwProxyUri *self)
{
  g_free (self->scheme);
  g_free (self->host);
  g_free (self->user);
  g_free (self->password);
  *self = (CwProxyUri){ 0 };
}

static bool
parse_credentials (const char *text, size_t size, CwProxyUri *proxy, GError **error)
{
  const char *colon = memchr (text, ':', size);
  size_t user_size = colon ? (size_t) (colon - text) : size;

  if (user_size == 0)
    return refuse (error, "the user name is empty");
  if (!decode (text, user_size, &proxy->user, "the user name cannot be decoded", error))
    return false;
  if (colon && user_size + 1 < size)
    return decode (colon + 1, size - user_size - 1, &proxy->password, "the password cannot be decoded", error);
  return true;
}

static bool
parse_proxy_scheme (const char **text, CwProxyUri *proxy, GError **error)
{
  const char *separator = strstr (*text, "://");

  if (!separator) {
    proxy->scheme = g_strdup ("http");
  } else {
    proxy->scheme = g_strndup (*text, (size_t) (separator - *text));
    *text = separator + 3;
  }
  if (g_ascii_strcasecmp (proxy->scheme, "http") == 0)
    proxy->port = 3128;
  else if (g_ascii_strcasecmp (proxy->scheme, "https") == 0)
    proxy->port = 3129;
  else
    return refuse (error, "the scheme is neither http nor https");
  return true;
}

bool
cw_proxy_uri_parse (const char *text, CwProxyUri *out, GError **error)
{
  g_auto (CwProxyUri) proxy = { 0 };
  const char *at, *port;
  size_t size, host_size;

  if (!parse_proxy_scheme (&text, &proxy, error))
    return false;
  at = strchr (text, '@');
  if (at) {
    if (!parse_credentials (text, (size_t) (at - text), &proxy, error))
      return false;
    text = at + 1;
  }
  size = strcspn (text, "/?#");
  if (text[size] && strcmp (text + size, "/") != 0)
    return refuse (error, "there is something behind the address");
  if (!split_host (text, size, &host_size, &port, error))
    return false;
  if (port) {
    g_autofree char *number = g_strndup (port, (size_t) (text + size - port));

    proxy.port = cw_port_parse (number);
    if (proxy.port == 0)
      return refuse (error, "the port is not a number from 1 to 65535");
  }
  if (text[0] == '[')
    proxy.host = g_strndup (text + 1, host_size - 2);
  else if (!decode (text, host_size, &proxy.host, "the host cannot be decoded", error))
    return false;
  if (!*proxy.host)
    return refuse (error, "there is no host");
  *out = proxy;
  proxy = (CwProxyUri){ 0 };
  return true;
}

char *
cw_proxy_uri_compose (const char *scheme, const char *host, unsigned port, const char *user, const char *password)
{
  g_autoptr (GString) text = NULL;
  bool ipv6;

  if (!scheme || !host)
    return NULL;
  ipv6 = strchr (host, ':') != NULL;
  text = g_string_new (scheme);
  g_string_append (text, "://");
  if (user) {
    g_string_append_uri_escaped (text, user, NULL, TRUE);
    if (password) {
      g_string_append_c (text, ':');
      g_string_append_uri_escaped (text, password, NULL, TRUE);
    }
    g_string_append_c (text, '@');
  }
  g_string_append_printf (text, "%s%s%s:%u", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
  return g_string_free (g_steal_pointer (&text), FALSE);
}
