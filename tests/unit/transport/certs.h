/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and certificates made in memory for one test. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <openssl/x509.h>

typedef struct {
  const char *subject; /* "O=Org/CN=name", in order; "" is an empty subject */
  const char *names;   /* subjectAltName as OpenSSL's configuration writes it, or NULL */
  bool is_ca;
  int days_from, days_to; /* validity from now; both 0: a day ago to a day ahead */
  const char *usage;      /* extendedKeyUsage, or NULL */
} CertSpec;

EVP_PKEY *cert_key_rsa (void);
EVP_PKEY *cert_key_ec (void);

/* issuer NULL: self-signed with key. */
X509 *cert_new (const CertSpec *spec, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key);

/* One common name in raw bytes, which may hold a NUL. */
X509 *cert_new_raw_name (const char *name, int size, EVP_PKEY *key);
GBytes *cert_pem (X509 *certificate);
GBytes *cert_pubkey (EVP_PKEY *key);
