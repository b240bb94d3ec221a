/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses, as text and as properties of a session. */
#include "session/uri.h"

#include <string.h>

typedef struct {
  const char *text;
  const char *host, *port, *tls_port, *unix_path, *username, *password;
  const char *composed; /* NULL: refused */
  bool ignored;         /* some of it means nothing */
} UriRow;

static const UriRow uris[] = {
  { "spice://h:5900", "h", "5900", NULL, NULL, NULL, NULL, "spice://h:5900" },
  { "spice://h?port=1", "h", "1", NULL, NULL, NULL, NULL, "spice://h:1" },
  { "spice://h?tls-port=2", "h", NULL, "2", NULL, NULL, NULL, "spice+tls://h:2" },
  { "spice://h?port=1&tls-port=2", "h", "1", "2", NULL, NULL, NULL, "spice://h?port=1&tls-port=2" },
  { "spice://h?port=1;tls-port=2", "h", "1", "2", NULL, NULL, NULL, "spice://h?port=1&tls-port=2" },
  { "spice://h:1?tls-port=2", "h", "1", "2", NULL, NULL, NULL, "spice://h?port=1&tls-port=2" },
  { "spice+tls://h:3", "h", NULL, "3", NULL, NULL, NULL, "spice+tls://h:3" },
  { "spice+tls://h?port=3" },
  { "spice+tls://h:3?tls-port=4", "h", NULL, "3", NULL, NULL, NULL, "spice+tls://h:3", true },
  { "spice+tls://h:3?password=x", "h", NULL, "3", NULL, NULL, "x", "spice+tls://h:3" },
  { "spice://h:1?password=x&password=y" },
  { "spice://h:1?password=x", "h", "1", NULL, NULL, NULL, "x", "spice://h:1" },
  { "spice://h:1?password=a%20b", "h", "1", NULL, NULL, NULL, "a b", "spice://h:1" },
  { "spice://h:1?password=a@b", "h", "1", NULL, NULL, NULL, "a@b", "spice://h:1" },
  { "spice+unix:///run/a.sock", NULL, NULL, NULL, "/run/a.sock", NULL, NULL, "spice+unix:///run/a.sock" },
  { "spice+unix://a.sock", NULL, NULL, NULL, "a.sock", NULL, NULL, "spice+unix://a.sock" },
  { "spice+unix://%2ftmp?password=x", NULL, NULL, NULL, "%2ftmp?password=x", NULL, NULL,
    "spice+unix://%2ftmp?password=x" },
  { "spice+unix://" },
  { "spice://[::1]:5900", "[::1]", "5900", NULL, NULL, NULL, NULL, "spice://[::1]:5900" },
  { "spice://[::1]?port=2", "[::1]", "2", NULL, NULL, NULL, NULL, "spice://[::1]:2" },
  { "spice://[::1" },
  { "spice://[::1]x:1" },
  { "spice://user@h:1", "h", "1", NULL, NULL, "user", NULL, "spice://h:1" },
  { "spice://u%40x@h:1", "h", "1", NULL, NULL, "u@x", NULL, "spice://h:1" },
  { "spice://user:pw@h:1", "h", "1", NULL, NULL, "user:pw", NULL, "spice://h:1" },
  { "spice://h" },
  { "spice://h:" },
  { "spice://:5900" },
  { "spice://?port=1" },
  { "spice://h/?port=1", "h", "1", NULL, NULL, NULL, NULL, "spice://h:1" },
  { "spice://h/p?port=1", "h", "1", NULL, NULL, NULL, NULL, "spice://h:1", true },
  { "spice://h?port=1&port=2" },
  { "spice://h:1?port=2" },
  { "spice://h:1?foo=2" },
  { "spice://h?port=" },
  { "spice://h?port=&tls-port=2", "h", NULL, "2", NULL, NULL, NULL, "spice+tls://h:2" },
  { "spice://h:1?username=x" },
  { "SPICE://h:1" },
  { "http://h:1" },
  { "" },
  { "spice://h%41:1", "hA", "1", NULL, NULL, NULL, NULL, "spice://hA:1" },
  { "spice://h:1#frag" },
  { "spice://h?port=abc" },
  { "spice://h?tls_port=1" },
  { "spice://h;port=7", "h", "7", NULL, NULL, NULL, NULL, "spice://h:7" },
  { "spice://h?port" },
  { "spice://h?port=1&", "h", "1", NULL, NULL, NULL, NULL, "spice://h:1" },
  { "spice://h?port=1&&tls-port=2" },
  { "spice://h:1?", "h", "1", NULL, NULL, NULL, NULL, "spice://h:1" },
  { "spice://h:1:2" },
  { "spice://h:0" },
  { "spice://h:70000" },
  { "spice://h:-1" },
  { "spice://h?tls-port=0" },
  { "spice://h?port=65536" },
  { "spice://[]:1" },
  { "spice://h%zz:1" },
  { "spice://h%00b:1" },
};

static void
test_uris (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (uris); i++) {
    const UriRow *row = &uris[i];
    g_auto (CwUri) uri = { 0 };
    g_autoptr (GError) error = NULL;
    g_autofree char *composed = NULL;

    g_test_message ("%s", row->text);
    if (!row->composed) {
      g_assert_false (cw_uri_parse (row->text, &uri, &error));
      g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
      g_assert_null (uri.host);
      continue;
    }
    g_assert_true (cw_uri_parse (row->text, &uri, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (uri.host, ==, row->host);
    g_assert_cmpstr (uri.port, ==, row->port);
    g_assert_cmpstr (uri.tls_port, ==, row->tls_port);
    g_assert_cmpstr (uri.unix_path, ==, row->unix_path);
    g_assert_cmpstr (uri.username, ==, row->username);
    g_assert_cmpstr (uri.password, ==, row->password);
    g_assert_cmpint (uri.ignored_parts, ==, row->ignored);
    composed = cw_uri_compose (uri.host, uri.port, uri.tls_port, uri.unix_path);
    g_assert_cmpstr (composed, ==, row->composed);
  }
}

static void
test_long_value (void)
{
  g_autofree char *password = g_strnfill (5000, 'p');
  g_autofree char *text = g_strdup_printf ("spice://h?password=%s&port=5", password);
  g_auto (CwUri) uri = { 0 };

  g_assert_true (cw_uri_parse (text, &uri, NULL));
  g_assert_cmpstr (uri.password, ==, password);
  g_assert_cmpstr (uri.port, ==, "5");
}

/* What an error quotes is not as long as an address may be. */
static void
test_long_key (void)
{
  g_autofree char *key = g_strnfill (5000, 'k');
  g_autofree char *text = g_strdup_printf ("spice://h:1?%s=5", key);
  g_auto (CwUri) uri = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (cw_uri_parse (text, &uri, &error));
  g_assert_cmpuint (strlen (error->message), <, 100);
}

typedef struct {
  const char *text;
  const char *scheme, *host;
  unsigned port; /* 0: refused */
  const char *user, *password, *composed;
} ProxyRow;

static const ProxyRow proxies[] = {
  { "http://p:8080", "http", "p", 8080, NULL, NULL, "http://p:8080" },
  { "p", "http", "p", 3128, NULL, NULL, "http://p:3128" },
  { "p:1", "http", "p", 1, NULL, NULL, "http://p:1" },
  { "https://p", "https", "p", 3129, NULL, NULL, "https://p:3129" },
  { "http://u:pw@p:3128/", "http", "p", 3128, "u", "pw", "http://u:pw@p:3128" },
  { "http://u@p:1", "http", "p", 1, "u", NULL, "http://u@p:1" },
  { "http://u:@p:1", "http", "p", 1, "u", NULL, "http://u@p:1" },
  { "http://@p:1" },
  { "http://a%40b:p%2fw@p:1", "http", "p", 1, "a@b", "p/w", "http://a%40b:p%2Fw@p:1" },
  { "user:pw@p:1", "http", "p", 1, "user", "pw", "http://user:pw@p:1" },
  { "ftp://p:1" },
  { "http://[::1]:99", "http", "::1", 99, NULL, NULL, "http://[::1]:99" },
  { "http://[::1]", "http", "::1", 3128, NULL, NULL, "http://[::1]:3128" },
  { "http://" },
  { "http://[]:1" },
  { "http://p:0" },
  { "http://p:65535", "http", "p", 65535, NULL, NULL, "http://p:65535" },
  { "http://p:65536" },
  { "http://p:x" },
  { "http://p:" },
  { "http://p:1x" },
  { "http://p:1?a=b", "http", "p", 1, NULL, NULL, "http://p:1" },
  { "http://p:1/?a=b@c", "http", "p", 1, NULL, NULL, "http://p:1" },
  { "http://p:1#x", "http", "p", 1, NULL, NULL, "http://p:1" },
  { "http://[::1]:99/?x", "http", "::1", 99, NULL, NULL, "http://[::1]:99" },
  { "http://p?a=b", "http", "p", 3128, NULL, NULL, "http://p:3128" },
  { "http://p/", "http", "p", 3128, NULL, NULL, "http://p:3128" },
  { "http://p/x" },
  { "HTTP://p", "HTTP", "p", 3128, NULL, NULL, "HTTP://p:3128" },
  { "http:///" },
  { "//p:1" },
  /* What is not escaped is not taken for a password, and not told either. */
  { "http://u:secret/x@p:1" },
  { "http://u:secret?x@p:1" },
  { "http://u:secret#x@p:1" },
  { "u:secret/x@p:1" },
  { "http://u:70000secret/x@p:1" },
  { "http://u:secret@[::1" },
  { "http://u:secret@p:x" },
  { "http://u:secret%zz@p:1" },
  { "http://:secret@p:1" },
};

static void
test_proxies (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (proxies); i++) {
    const ProxyRow *row = &proxies[i];
    g_auto (CwProxyUri) proxy = { 0 };
    g_autoptr (GError) error = NULL;
    g_autofree char *composed = NULL;

    g_test_message ("%s", row->text);
    if (row->port == 0) {
      g_assert_false (cw_proxy_uri_parse (row->text, &proxy, &error));
      g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
      g_assert_null (strstr (error->message, "secret"));
      continue;
    }
    g_assert_true (cw_proxy_uri_parse (row->text, &proxy, &error));
    g_assert_cmpstr (proxy.scheme, ==, row->scheme);
    g_assert_cmpstr (proxy.host, ==, row->host);
    g_assert_cmpuint (proxy.port, ==, row->port);
    g_assert_cmpstr (proxy.user, ==, row->user);
    g_assert_cmpstr (proxy.password, ==, row->password);
    composed = cw_proxy_uri_compose (proxy.scheme, proxy.host, proxy.port, proxy.user, proxy.password);
    g_assert_cmpstr (composed, ==, row->composed);
  }
}

static void
test_ports (void)
{
  g_assert_cmpuint (cw_port_parse ("1"), ==, 1);
  g_assert_cmpuint (cw_port_parse ("65535"), ==, 65535);
  g_assert_cmpuint (cw_port_parse ("65536"), ==, 0);
  g_assert_cmpuint (cw_port_parse ("0"), ==, 0);
  g_assert_cmpuint (cw_port_parse (""), ==, 0);
  g_assert_cmpuint (cw_port_parse ("+5"), ==, 0);
  g_assert_cmpuint (cw_port_parse (NULL), ==, 0);
  g_assert_cmpuint (cw_port_parse ("99999999999999999999999"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/uri/S2-table", test_uris);
  g_test_add_func ("/uri/long-value", test_long_value);
  g_test_add_func ("/uri/long-key", test_long_key);
  g_test_add_func ("/uri/S21-proxies", test_proxies);
  g_test_add_func ("/uri/ports", test_ports);
  return g_test_run ();
}
