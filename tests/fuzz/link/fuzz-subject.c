/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of an expected subject; and, split at the first NUL, a name of a certificate and a host name. */
#include "fuzz/fuzz.h"
#include "transport/verify.h"

#include <openssl/x509.h>
#include <string.h>

static void
fuzz_subject (const char *text)
{
  g_autoptr (GError) error = NULL;
  X509_NAME *name = cw_verify_parse_subject (text, &error);
  X509 *certificate = X509_new ();

  g_assert_true ((name == NULL) == (error != NULL));
  if (error)
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (name) {
    /* Its own subject is the one it describes; none is another. */
    g_assert_cmpint (X509_NAME_entry_count (name), >, 0);
    g_assert_false (cw_verify_subject (certificate, text, NULL));
    X509_set_subject_name (certificate, name);
    g_assert_true (cw_verify_subject (certificate, text, NULL));
  }
  X509_NAME_free (name);
  X509_free (certificate);
}

/* One wildcard, in the leftmost label, and the labels after it word for word. */
static void
check_wildcard (const char *name, size_t size, const char *host)
{
  const char *star = memchr (name, '*', size), *dot = memchr (name, '.', size), *host_dot = strchr (host, '.');

  g_assert_true (star != NULL && dot != NULL && star < dot && host_dot != NULL && host_dot > host);
  g_assert_null (memchr (star + 1, '*', name + size - star - 1));
  g_assert_cmpuint (name + size - dot, >, 1);
  g_assert_cmpuint (strlen (host_dot), ==, name + size - dot);
  g_assert_cmpint (g_ascii_strncasecmp (dot, host_dot, strlen (host_dot)), ==, 0);
}

static void
fuzz_names (const uint8_t *data, size_t size)
{
  const uint8_t *nul = memchr (data, '\0', size);
  size_t n = nul ? (size_t) (nul - data) : size;
  g_autofree char *host = g_strndup ((const char *) data + MIN (n + 1, size), size - MIN (n + 1, size));
  bool matches = cw_verify_match_name ((CwSlice){ data, n }, host);

  if (n > 0 && !memchr (data, '*', n))
    g_assert_cmpint (matches, ==, strlen (host) == n && g_ascii_strncasecmp (host, (const char *) data, n) == 0);
  else if (matches)
    check_wildcard ((const char *) data, n, host);
  g_assert_false (cw_verify_match_name ((CwSlice){ data, size }, host) && nul != NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  fuzz_subject (text);
  fuzz_names (data, size);
  return 0;
}
