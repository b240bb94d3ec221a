/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certs.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DAY (24 * 60 * 60)

EVP_PKEY *
cert_key_rsa (void)
{
  return EVP_RSA_gen (2048);
}

EVP_PKEY *
cert_key_ec (void)
{
  return EVP_EC_gen ("P-256");
}

static void
set_subject (X509_NAME *name, const char *subject)
{
  g_auto (GStrv) parts = g_strsplit (subject, "/", -1);

  for (unsigned i = 0; parts[i] && *parts[i] != '\0'; i++) {
    char *value = strchr (parts[i], '=');

    g_assert_nonnull (value);
    *value++ = '\0';
    g_assert_cmpint (X509_NAME_add_entry_by_txt (name, parts[i], MBSTRING_UTF8, (unsigned char *) value, -1, -1, 0), ==,
                     1);
  }
}

static void
add_extension (X509 *certificate, int nid, const char *value)
{
  X509V3_CTX ctx;
  X509_EXTENSION *extension;

  X509V3_set_ctx (&ctx, certificate, certificate, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &ctx, nid, value);
  g_assert_nonnull (extension);
  g_assert_cmpint (X509_add_ext (certificate, extension, -1), ==, 1);
  X509_EXTENSION_free (extension);
}

static X509 *
begin (EVP_PKEY *key, int days_from, int days_to)
{
  static int serial;
  X509 *certificate = X509_new ();

  X509_set_version (certificate, 2);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), ++serial);
  X509_gmtime_adj (X509_getm_notBefore (certificate), (long) days_from * DAY);
  X509_gmtime_adj (X509_getm_notAfter (certificate), (long) days_to * DAY);
  X509_set_pubkey (certificate, key);
  return certificate;
}

X509 *
cert_new (const CertSpec *spec, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
  bool usual = spec->days_from == 0 && spec->days_to == 0;
  X509 *self = begin (key, usual ? -1 : spec->days_from, usual ? 1 : spec->days_to);

  set_subject (X509_get_subject_name (self), spec->subject);
  X509_set_issuer_name (self, X509_get_subject_name (issuer ? issuer : self));
  if (spec->is_ca)
    add_extension (self, NID_basic_constraints, "critical,CA:TRUE");
  if (spec->names)
    add_extension (self, NID_subject_alt_name, spec->names);
  if (spec->usage)
    add_extension (self, NID_ext_key_usage, spec->usage);
  g_assert_cmpint (X509_sign (self, issuer_key ? issuer_key : key, EVP_sha256 ()), >, 0);
  return self;
}

X509 *
cert_new_raw_name (const char *name, int size, EVP_PKEY *key)
{
  X509 *self = begin (key, -1, 1);

  g_assert_cmpint (X509_NAME_add_entry_by_NID (X509_get_subject_name (self), NID_commonName, V_ASN1_UTF8STRING,
                                               (const unsigned char *) name, size, -1, 0),
                   ==, 1);
  X509_set_issuer_name (self, X509_get_subject_name (self));
  g_assert_cmpint (X509_sign (self, key, EVP_sha256 ()), >, 0);
  return self;
}

GBytes *
cert_pem (X509 *certificate)
{
  BIO *bio = BIO_new (BIO_s_mem ());
  GBytes *bytes;
  char *data;
  long size;

  g_assert_cmpint (PEM_write_bio_X509 (bio, certificate), ==, 1);
  size = BIO_get_mem_data (bio, &data);
  bytes = g_bytes_new (data, size);
  BIO_free (bio);
  return bytes;
}

GBytes *
cert_pubkey (EVP_PKEY *key)
{
  unsigned char *der = NULL;
  int size = i2d_PUBKEY (key, &der);
  GBytes *bytes = g_bytes_new (der, size);

  OPENSSL_free (der);
  return bytes;
}
