/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of an expected subject. */
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

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  fuzz_subject (text);
  return 0;
}
