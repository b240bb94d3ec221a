/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/uri.h"

#include "base/wipe.h"

#include <string.h>

#define DEFAULT_PROXY_PORT 3128
#define DEFAULT_SECURED_PROXY_PORT 3129

static bool
refuse (GError **error, const char *what)
{
  g_set_error_literal (error, CW_ERROR, CW_ERROR_MALFORMED, what);
  return false;
}

/* Takes cause. */
static bool
refuse_because (GError **error, GError *cause)
{
  refuse (error, cause->message);
  g_error_free (cause);
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
  g_clear_pointer (&self->password, cw_wipe_string);
  *self = (CwUri){ 0 };
}

unsigned
cw_port_parse (const char *text)
{
  guint64 value;

  return text && g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &value, NULL) ? (unsigned) value : 0;
}

/* Brackets tell an IPv6 address from a host and its port. */
static char *
with_brackets (const char *host)
{
  return strchr (host, ':') ? g_strdup_printf ("[%s]", host) : g_strdup (host);
}

static bool
take_port (const char *text, char **out, GError **error)
{
  if (*out)
    return refuse (error, "a port is given twice");
  if (cw_port_parse (text) == 0)
    return refuse (error, "the port is not a number from 1 to 65535");
  *out = g_strdup (text);
  return true;
}

static bool
take_pair (const char *key, const char *value, bool tls, CwUri *uri, GError **error)
{
  bool is_password = strcmp (key, "password") == 0;

  if (!is_password && strcmp (key, "port") != 0 && strcmp (key, "tls-port") != 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "the query has an unknown key, “%.32s”", key);
    return false;
  }
  if (!*value)
    return true;
  if (tls && !is_password) {
    uri->ignored_parts = true;
    return true;
  }
  if (!is_password)
    return take_port (value, strcmp (key, "port") == 0 ? &uri->port : &uri->tls_port, error);
  if (uri->password)
    return refuse (error, "a password is given twice");
  uri->password = g_strdup (value);
  return true;
}

static bool
parse_query (const char *text, bool tls, CwUri *uri, GError **error)
{
  GError *problem = NULL;
  GUriParamsIter iter;

  g_uri_params_iter_init (&iter, text, -1, "&;", G_URI_PARAMS_NONE);
  for (;;) {
    cw_autowipe char *value = NULL;
    g_autofree char *key = NULL;

    if (!g_uri_params_iter_next (&iter, &key, &value, &problem))
      break;
    if (!take_pair (key, value, tls, uri, error))
      return false;
  }
  return !problem || refuse_because (error, problem);
}

static bool
parse_network (const char *text, bool tls, CwUri *uri, GError **error)
{
  cw_autowipe char *usual = g_strdup (text), *query = NULL;
  g_autofree char *host = NULL, *path = NULL, *fragment = NULL;
  GError *problem = NULL;
  char *mark;
  int port;

  /* The query may begin with a semicolon, too. */
  mark = usual + strlen (tls ? "spice+tls://" : "spice://");
  mark += strcspn (mark, "?;");
  if (*mark == ';')
    *mark = '?';
  if (!g_uri_split (usual, G_URI_FLAGS_ENCODED_QUERY, NULL, &uri->username, &host, &port, &path, &query, &fragment,
                    &problem))
    return refuse_because (error, problem);
  if (!host || !*host)
    return refuse (error, "there is no host");
  if (fragment)
    return refuse (error, "there is something behind the address");
  if (port == 0)
    return refuse (error, "the port is not a number from 1 to 65535");
  uri->host = with_brackets (host);
  uri->ignored_parts = path && strlen (path) > 1;
  if (port > 0)
    *(tls ? &uri->tls_port : &uri->port) = g_strdup_printf ("%d", port);
  if (query && !parse_query (query, tls, uri, error))
    return false;
  return uri->port || uri->tls_port || refuse (error, "there is no port");
}

bool
cw_uri_parse (const char *text, CwUri *out, GError **error)
{
  g_auto (CwUri) uri = { 0 };

  if (g_str_has_prefix (text, "spice+unix://")) {
    uri.unix_path = g_strdup (text + strlen ("spice+unix://"));
    if (!*uri.unix_path)
      return refuse (error, "there is no path");
  } else if (g_str_has_prefix (text, "spice://") || g_str_has_prefix (text, "spice+tls://")) {
    if (!parse_network (text, g_str_has_prefix (text, "spice+tls://"), &uri, error))
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
  g_clear_pointer (&self->password, cw_wipe_string);
  *self = (CwProxyUri){ 0 };
}

static bool
parse_proxy_port (CwProxyUri *proxy, int port, GError **error)
{
  if (g_ascii_strcasecmp (proxy->scheme, "http") == 0)
    proxy->port = DEFAULT_PROXY_PORT;
  else if (g_ascii_strcasecmp (proxy->scheme, "https") == 0)
    proxy->port = DEFAULT_SECURED_PROXY_PORT;
  else
    return refuse (error, "the scheme is neither http nor https");
  if (port > 0)
    proxy->port = (unsigned) port;
  return true;
}

static bool
has_empty_port (const char *text)
{
  const char *authority = strstr (text, "://") + 3;
  size_t size = strcspn (authority, "/?#");

  return size > 0 && authority[size - 1] == ':';
}

/* The password, and the rest without it: GLib would leave copies of it behind. */
static bool
take_proxy_password (const char *full, char **password, char **rest, GError **error)
{
  const char *user = strstr (full, "://") + 3;
  const char *at = memchr (user, '@', strcspn (user, "/?#"));
  const char *colon = at ? memchr (user, ':', (size_t) (at - user)) : NULL;
  g_autofree char *before = colon ? g_strndup (full, (size_t) (colon - full)) : NULL;

  *rest = colon ? g_strconcat (before, at, NULL) : g_strdup (full);
  if (!colon || colon + 1 == at)
    return true;
  *password = g_uri_unescape_segment (colon + 1, at, NULL);
  return (*password && g_utf8_validate (*password, -1, NULL)) || refuse (error, "the password is not valid");
}

bool
cw_proxy_uri_parse (const char *text, CwProxyUri *out, GError **error)
{
  cw_autowipe char *full = strstr (text, "://") ? g_strdup (text) : g_strconcat ("http://", text, NULL);
  g_autofree char *rest = NULL, *path = NULL, *query = NULL, *fragment = NULL;
  g_auto (CwProxyUri) proxy = { 0 };
  int port;

  if (!take_proxy_password (full, &proxy.password, &rest, error))
    return false;
  /* GLib's reason may quote a password that is not escaped, as the port that seems to be there. */
  if (!g_uri_split_with_user (rest, G_URI_FLAGS_HAS_PASSWORD, &proxy.scheme, &proxy.user, NULL, NULL, &proxy.host,
                              &port, &path, &query, &fragment, NULL))
    return refuse (error, "it is not valid (in a user name or password, the characters : / ? # @ have to be escaped)");
  /* As it is written. */
  g_free (proxy.scheme);
  proxy.scheme = g_strndup (full, (size_t) (strstr (full, "://") - full));
  if (port == 0 || has_empty_port (full))
    return refuse (error, "the port is not a number from 1 to 65535");
  if (!parse_proxy_port (&proxy, port, error))
    return false;
  /* Management tools append queries, which mean nothing here. */
  if (path && *path && strcmp (path, "/") != 0)
    return refuse (error, "there is something behind the address");
  if (proxy.user && !*proxy.user)
    return refuse (error, "the user name is empty");
  if (!proxy.host || !*proxy.host)
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
  /* Large enough to stay where it is: what grows leaves copies behind. */
  text = g_string_sized_new (strlen (scheme) + strlen (host) + 3 * (user ? strlen (user) : 0)
                             + 3 * (password ? strlen (password) : 0) + 32);
  g_string_append_printf (text, "%s://", scheme);
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
