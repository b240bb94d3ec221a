/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server's certificate: its names are looked at before anybody has vouched for them. */
#include "fuzz/fuzz.h"
#include "transport/verify.h"

#include <openssl/x509.h>

static void
check (bool accepted, GError *error)
{
  g_assert_true (accepted == (error == NULL));
  if (error)
    g_assert_true (error->domain == CW_ERROR && g_utf8_validate (error->message, -1, NULL));
  g_clear_error (&error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const char *const hosts[] = { "localhost", "a.example.org", "127.0.0.1", "::1" };
  const unsigned char *at = data;
  X509 *certificate = d2i_X509 (NULL, &at, (long) size);
  GBytes *pin;
  GError *error;
  bool accepted;

  if (!certificate)
    return 0;
  for (unsigned i = 0; i < G_N_ELEMENTS (hosts); i++) {
    error = NULL;
    accepted = cw_verify_host (certificate, hosts[i], &error);
    check (accepted, error);
  }
  error = NULL;
  accepted = cw_verify_subject (certificate, "O=Test Org,CN=localhost", &error);
  check (accepted, error);
  pin = g_bytes_new_static (data, size);
  error = NULL;
  accepted = cw_verify_pubkey (certificate, pin, &error);
  check (accepted, error);
  g_bytes_unref (pin);
  X509_free (certificate);
  return 0;
}
