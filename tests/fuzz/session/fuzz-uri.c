/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of servers and proxies: what is taken can be composed and read again, with the same parts. */
#include "fuzz/fuzz.h"
#include "session/uri.h"

#include <string.h>

static void
fuzz_server (const char *text)
{
  g_auto (CwUri) uri = { 0 }, again = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *composed = NULL;

  if (!cw_uri_parse (text, &uri, &error)) {
    g_assert_nonnull (error);
    return;
  }
  composed = cw_uri_compose (uri.host, uri.port, uri.tls_port, uri.unix_path);
  g_assert_nonnull (composed);
  /* A decoded host may hold what separates the parts; all others come back. */
  if (uri.host && (strpbrk (uri.host, ":/?;@[]%&") || !g_utf8_validate (uri.host, -1, NULL)))
    return;
  g_assert_true (cw_uri_parse (composed, &again, NULL));
  g_assert_cmpstr (again.host, ==, uri.host);
  g_assert_cmpstr (again.port, ==, uri.port);
  g_assert_cmpstr (again.tls_port, ==, uri.tls_port);
  g_assert_cmpstr (again.unix_path, ==, uri.unix_path);
}

static void
fuzz_proxy (const char *text)
{
  g_auto (CwProxyUri) proxy = { 0 }, again = { 0 };
  g_autofree char *composed = NULL;

  if (!cw_proxy_uri_parse (text, &proxy, NULL))
    return;
  g_assert_cmpuint (proxy.port, >, 0);
  g_assert_cmpuint (proxy.port, <=, 65535);
  composed = cw_proxy_uri_compose (proxy.scheme, proxy.host, proxy.port, proxy.user, proxy.password);
  if (strpbrk (proxy.host, ":/?#@[]%"))
    return;
  g_assert_true (cw_proxy_uri_parse (composed, &again, NULL));
  g_assert_cmpstr (again.host, ==, proxy.host);
  g_assert_cmpstr (again.user, ==, proxy.user);
  g_assert_cmpstr (again.password, ==, proxy.password);
  g_assert_cmpuint (again.port, ==, proxy.port);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  fuzz_server (text);
  fuzz_proxy (text);
  return 0;
}
