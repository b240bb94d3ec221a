/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a server's key as every connection does, against OpenSSL's decoders on the same bytes. -quick: few rounds,
 * for tests. */
#include "link/ticket.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static double
us_since (gint64 begin, unsigned rounds)
{
  return (double) (g_get_monotonic_time () - begin) / rounds;
}

int
main (int argc, char **argv)
{
  unsigned rounds = argc > 1 && strcmp (argv[1], "-quick") == 0 ? 50 : 5000;
  EVP_PKEY *key = EVP_RSA_gen (1024);
  uint8_t der[CW_TICKET_PUBKEY_BYTES], ticket[CW_TICKET_BYTES];
  unsigned char *at = der;
  CwSlice bytes = { der, sizeof der };
  double usual, any, encrypt;
  gint64 begin;

  g_assert_cmpint (i2d_PUBKEY (key, &at), ==, sizeof der);
  EVP_PKEY_free (cw_ticket_usual_key (bytes)); /* OpenSSL sets itself up */
  EVP_PKEY_free (cw_ticket_any_key (bytes, NULL));
  begin = g_get_monotonic_time ();
  for (unsigned i = 0; i < rounds; i++)
    EVP_PKEY_free (cw_ticket_usual_key (bytes));
  usual = us_since (begin, rounds);
  begin = g_get_monotonic_time ();
  for (unsigned i = 0; i < rounds; i++)
    EVP_PKEY_free (cw_ticket_any_key (bytes, NULL));
  any = us_since (begin, rounds);
  begin = g_get_monotonic_time ();
  for (unsigned i = 0; i < rounds; i++)
    g_assert_true (cw_ticket_encrypt (bytes, "password", ticket, NULL));
  encrypt = us_since (begin, rounds);
  printf ("key by its form %7.1f us, by the decoders %7.1f us: %.2f; whole ticket %7.1f us\n", usual, any, usual / any,
          encrypt);
  EVP_PKEY_free (key);
  return 0;
}
