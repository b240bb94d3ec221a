/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link/ticket.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#define KEY_BITS 1024

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)

static EVP_PKEY *
parse_key (CwSlice der, GError **error)
{
  const unsigned char *at = der.data;
  g_autoptr (EVP_PKEY) key = NULL;

  key = d2i_PUBKEY (NULL, &at, der.size);
  ERR_clear_error ();
  if (!key) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "The server's ticket key is not a public key");
    return NULL;
  }
  if (EVP_PKEY_get_base_id (key) != EVP_PKEY_RSA || EVP_PKEY_get_bits (key) != KEY_BITS) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "The server's ticket key is %s with %d bits, not RSA with %d bits",
                 EVP_PKEY_get0_type_name (key), EVP_PKEY_get_bits (key), KEY_BITS);
    return NULL;
  }
  return g_steal_pointer (&key);
}

bool
cw_ticket_encrypt (CwSlice der, const char *password, uint8_t ticket[CW_TICKET_SIZE], GError **error)
{
  g_autoptr (EVP_PKEY) key = parse_key (der, error);
  g_autoptr (EVP_PKEY_CTX) ctx = NULL;
  uint8_t out[CW_TICKET_SIZE];
  size_t size = sizeof out;
  bool ok;

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
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "The password cannot be encrypted for the server: %s", reason);
    return false;
  }
  memcpy (ticket, out, sizeof out);
  return true;
}
