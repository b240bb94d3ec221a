/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address.h"

#include "client.h"

#include <string.h>

static const char *const schemes[] = { "spice", "spice+tls", "spice+unix" };

static char *G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_clear_error (error);
  if (error)
    *error = g_error_new_valist (STATUS_ERROR, STATUS_USAGE, format, args);
  va_end (args);
  return NULL;
}

static bool
is_port (const char *text)
{
  return g_ascii_string_to_unsigned (text, 10, 1, 65535, NULL, NULL);
}

/* HOST:PORT and nothing else. */
static bool
is_bare (const char *text)
{
  const char *colon = strrchr (text, ':');

  return colon && colon > text && is_port (colon + 1) && !strpbrk (text, "/?#@ ")
         && (*text == '[' || strchr (text, ':') == colon);
}

static bool
check_query (const char *query, bool tls, GError **error)
{
  static const char *const known[] = { "port", "tls-port", "password" };
  g_auto (GStrv) pairs = g_strsplit_set (query, "&;", -1);

  for (char **pair = pairs; *pair; pair++) {
    g_autofree char *name = g_strndup (*pair, strcspn (*pair, "="));

    if (!g_strv_contains (known, name)) {
      refuse (error, "\"%s\" in the address is not known: after \"?\" come port=, tls-port=, joined by \"&\"", name);
      return false;
    }
    if (tls && strcmp (name, "password") != 0) {
      refuse (
          error,
          "\"%s=\" does not go with spice+tls://, whose one port stands behind the host: use spice+tls://HOST:PORT, or "
          "spice://HOST?port=PORT&tls-port=PORT",
          name);
      return false;
    }
  }
  return true;
}

/* HOST:PORT without brackets, or a HOST of that kind. */
static bool
is_ipv6 (const char *name, const char *authority)
{
  return strstr (authority, "::") || g_hostname_is_ip_address (name) || g_hostname_is_ip_address (authority);
}

/* Passwords may have a "/" or "#" in them, and are not to be told. */
static bool
check_credentials (const char *rest, GError **error)
{
  if (!memchr (rest, '@', strcspn (rest, "?")))
    return true;
  refuse (error, "user names and passwords do not belong in an address, where everybody on this machine sees them: "
                 "use --password-file, CARAWAY_PASSWORD or the question on the terminal");
  return false;
}

/* What stands between "//" and "/", "?" or the end. */
static bool
check_authority (const char *authority, GError **error)
{
  const char *colon = strrchr (authority, ':');
  g_autofree char *name = NULL;

  if (*authority != '[' && strchr (authority, ':') != colon) {
    name = g_strndup (authority, colon - authority);
    if (!is_ipv6 (name, authority))
      refuse (error,
              "\"%s\" has more than one port: use spice://HOST:PORT, or spice://HOST?port=PORT&tls-port=PORT for both "
              "kinds",
              authority);
    else
      refuse (error, "an IPv6 address stands in brackets: [%s]:%s, or [%s] without a port", name, colon + 1, authority);
    return false;
  }
  return true;
}

char *
address_normalize (const char *text, GError **error)
{
  const char *rest = strstr (text, "://");
  g_autofree char *scheme = rest ? g_ascii_strdown (text, rest - text) : NULL;
  g_autofree char *authority = NULL;
  const char *tail, *query;

  if (is_bare (text))
    return g_strdup_printf ("spice://%s", text);
  if (!rest && strchr (text, ':') && !strpbrk (text, "/?#@ ") && !check_authority (text, error))
    return NULL;
  if (!scheme || !g_strv_contains (schemes, scheme))
    return refuse (
        error,
        "\"%s\" is not a SPICE address: use spice://HOST:PORT, spice+tls://HOST:PORT, spice+unix://PATH, or the "
        "name of a connection file that ends in .vv",
        text);
  rest += 3;
  if (strcmp (scheme, "spice+unix") == 0)
    return g_strdup_printf ("%s://%s", scheme, rest);
  if (!check_credentials (rest, error))
    return NULL;
  tail = rest + strcspn (rest, "/?;#");
  authority = g_strndup (rest, tail - rest);
  query = *tail == '/' ? tail + 1 : tail;
  if (*query != 0 && *query != '?' && *query != ';')
    return refuse (error, "\"%s\" behind the port means nothing in a SPICE address", tail);
  if (!check_authority (authority, error)
      || (*query && !check_query (query + 1, strcmp (scheme, "spice+tls") == 0, error)))
    return NULL;
  return g_strdup_printf ("%s://%s", scheme, rest);
}
