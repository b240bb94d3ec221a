/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys that a server may send, and what they encrypt; a real one decrypts the tickets of test-link.c. */
#include "link/ticket.h"

#include <glib.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* Both ways of reading a key agree, and the quick one refuses what has another form. */
static void
test_keys (void)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  uint8_t der[162];
  unsigned char *at = der;
  EVP_PKEY *quick, *slow;

  g_assert_cmpint (i2d_PUBKEY (key, &at), ==, sizeof der);
  quick = cw_ticket_usual_key ((CwSlice){ der, sizeof der });
  slow = cw_ticket_any_key ((CwSlice){ der, sizeof der }, NULL);
  g_assert_nonnull (quick);
  g_assert_nonnull (slow);
  g_assert_cmpint (EVP_PKEY_eq (quick, key), ==, 1);
  g_assert_cmpint (EVP_PKEY_eq (slow, key), ==, 1);
  EVP_PKEY_free (quick);
  EVP_PKEY_free (slow);
  g_assert_null (cw_ticket_usual_key ((CwSlice){ der, sizeof der - 1 }));
  for (size_t i = 0; i < sizeof der; i++) {
    bool modulus = i >= 29 && i < 29 + 128;
    uint8_t change = i == 29 ? 0x80 : 1; /* in the modulus only its length is part of the form */

    der[i] ^= change;
    quick = cw_ticket_usual_key ((CwSlice){ der, sizeof der });
    g_assert_true ((quick != NULL) == (modulus && i != 29));
    EVP_PKEY_free (quick);
    der[i] ^= change;
  }
  EVP_PKEY_free (key);
}

/* The padding of such a key leaves room for 86 bytes. */
static void
test_ticket_size (void)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  uint8_t der[162], ticket[CW_TICKET_BYTES];
  unsigned char *at = der;

  g_assert_cmpint (i2d_PUBKEY (key, &at), ==, sizeof der);
  for (unsigned size = 85; size <= 86; size++) {
    g_autofree char *password = g_strnfill (size, 'p');
    g_autoptr (GError) error = NULL;

    g_assert_true (cw_ticket_encrypt ((CwSlice){ der, sizeof der }, password, ticket, &error) == (size < 86));
    if (size == 86)
      g_assert_error (error, CW_ERROR, CW_ERROR_SECURITY);
  }
  EVP_PKEY_free (key);
}

/* Comes to an end, once for the process, and leaves no error of the library behind. */
static void
test_prepare (void)
{
  unsigned n = 0;

  while (cw_ticket_prepare (n))
    g_assert_cmpuint (++n, <, 10);
  g_assert_cmpuint (n, >, 1);
  g_assert_false (cw_ticket_prepare (0));
  g_assert_cmpuint (ERR_peek_error (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ticket/prepare", test_prepare);
  g_test_add_func ("/ticket/keys", test_keys);
  g_test_add_func ("/ticket/size", test_ticket_size);
  return g_test_run ();
}
