/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link/ticket.h"
#include "base/i18n.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define KEY_BITS 1024
#define EXPONENT 65537

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)

/* The only encoding of a SubjectPublicKeyInfo with an RSA key of 1024 bits and exponent 65537: what stands before and
 * behind the modulus. */
static const uint8_t spki_head[]
    = { 0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
        0x01, 0x05, 0x00, 0x03, 0x81, 0x8d, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00 };
static const uint8_t spki_tail[] = { 0x02, 0x03, 0x01, 0x00, 0x01 };

G_STATIC_ASSERT (sizeof spki_head + KEY_BITS / 8 + sizeof spki_tail == CW_TICKET_PUBKEY_BYTES);

/* Where the modulus stands in an encoding that has the usual form; else NULL. */
static const uint8_t *
usual_modulus (CwSlice der)
{
  const uint8_t *modulus = der.data + sizeof spki_head;

  if (der.size == CW_TICKET_PUBKEY_BYTES && memcmp (der.data, spki_head, sizeof spki_head) == 0 && (modulus[0] & 0x80)
      && memcmp (modulus + KEY_BITS / 8, spki_tail, sizeof spki_tail) == 0)
    return modulus;
  return NULL;
}

EVP_PKEY *
cw_ticket_usual_key (CwSlice der)
{
  const uint8_t *modulus = usual_modulus (der);
  uint8_t native[KEY_BITS / 8];
  unsigned exponent = EXPONENT;
  g_autoptr (EVP_PKEY_CTX) ctx = NULL;
  EVP_PKEY *key = NULL;
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_BN (OSSL_PKEY_PARAM_RSA_N, native, sizeof native),
    OSSL_PARAM_construct_uint (OSSL_PKEY_PARAM_RSA_E, &exponent),
    OSSL_PARAM_construct_end (),
  };

  if (!modulus)
    return NULL;
  for (size_t i = 0; i < sizeof native; i++)
    native[i] = modulus[G_BYTE_ORDER == G_LITTLE_ENDIAN ? sizeof native - 1 - i : i];
  ctx = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
  if (!ctx || EVP_PKEY_fromdata_init (ctx) <= 0 || EVP_PKEY_fromdata (ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
    ERR_clear_error ();
  return key;
}

EVP_PKEY *
cw_ticket_any_key (CwSlice der, GError **error)
{
  const unsigned char *at = der.data;
  g_autoptr (EVP_PKEY) key = d2i_PUBKEY (NULL, &at, (long) der.size);

  ERR_clear_error ();
  if (!key) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The server's ticket key is not a public key."));
    return NULL;
  }
  if (EVP_PKEY_get_base_id (key) != EVP_PKEY_RSA || EVP_PKEY_get_bits (key) != KEY_BITS) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY,
                 _ ("The server's ticket key is %s with %d bits, not RSA with %d bits."), EVP_PKEY_get0_type_name (key),
                 EVP_PKEY_get_bits (key), KEY_BITS);
    return NULL;
  }
  return g_steal_pointer (&key);
}

bool
cw_ticket_prepare (unsigned piece)
{
  static gint is_prepared;
  g_autoptr (EVP_PKEY_CTX) ctx = NULL;
  EVP_MD *md;
  uint8_t byte;

  if (g_atomic_int_get (&is_prepared))
    return false;
  switch (piece) {
  case 0: /* its configuration and texts */
    OPENSSL_init_crypto (OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    return true;
  case 1: /* a generator of random numbers, with its ciphers */
    RAND_bytes (&byte, 1);
    return true;
  case 2: /* what an encryption consists of */
    ctx = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
    md = EVP_MD_fetch (NULL, "SHA1", NULL);
    EVP_MD_free (md);
    break;
  default:
    break;
  }
  ERR_clear_error (); /* what cannot be had is missed when it is needed */
  g_atomic_int_set (&is_prepared, 1);
  return false;
}

bool
cw_ticket_encrypt (CwSlice der, const char *password, uint8_t ticket[CW_TICKET_BYTES], GError **error)
{
  g_autoptr (EVP_PKEY) key = cw_ticket_usual_key (der);
  g_autoptr (EVP_PKEY_CTX) ctx = NULL;
  uint8_t out[CW_TICKET_BYTES];
  size_t size = sizeof out;
  bool ok;

  if (!key)
    key = cw_ticket_any_key (der, error);
  if (!key)
    return false;
  ctx = EVP_PKEY_CTX_new (key, NULL);
  ok = ctx && EVP_PKEY_encrypt_init (ctx) > 0 && EVP_PKEY_CTX_set_rsa_padding (ctx, RSA_PKCS1_OAEP_PADDING) > 0
       && EVP_PKEY_CTX_set_rsa_oaep_md (ctx, EVP_sha1 ()) > 0 && EVP_PKEY_CTX_set_rsa_mgf1_md (ctx, EVP_sha1 ()) > 0
       && EVP_PKEY_encrypt (ctx, out, &size, (const unsigned char *) password, strlen (password) + 1) > 0
       && size == sizeof out;
  if (!ok) {
    char reason[256];

    ERR_error_string_n (ERR_peek_last_error (), reason, sizeof reason);
    ERR_clear_error ();
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The password cannot be encrypted for the server: %s"), reason);
    return false;
  }
  memcpy (ticket, out, sizeof out);
  return true;
}
