/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define KEY_BITS 2048
#define VALID_DAYS 3

static bool
fail (GError **error, const char *what)
{
  char reason[256];

  ERR_error_string_n (ERR_get_error (), reason, sizeof reason);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", what, reason);
  return false;
}

static bool
add_extension (X509 *cert, X509 *issuer, int nid, const char *value)
{
  X509V3_CTX context;
  X509_EXTENSION *extension;
  bool ok;

  X509V3_set_ctx (&context, issuer, cert, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  ok = extension && X509_add_ext (cert, extension, -1);
  X509_EXTENSION_free (extension);
  return ok;
}

static bool
set_name (X509_NAME *name, const char *common)
{
  return X509_NAME_add_entry_by_txt (name, "O", MBSTRING_UTF8, (const guchar *) "Caraway demo", -1, -1, 0)
         && X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8, (const guchar *) common, -1, -1, 0);
}

static char *
alternative_names (const char *host)
{
  bool address = g_hostname_is_ip_address (host), loopback = address || g_str_equal (host, "localhost");

  return g_strdup_printf ("%s:%s%s", address ? "IP" : "DNS", host,
                          loopback ? ",DNS:localhost,IP:127.0.0.1,IP:::1" : "");
}

/* With `ca` NULL the certificate is an authority signed by its own key. */
static X509 *
make_certificate (EVP_PKEY *key, const char *common, X509 *ca, EVP_PKEY *ca_key)
{
  X509 *cert = X509_new ();
  g_autofree char *names = alternative_names (common);
  bool ok = cert && X509_set_version (cert, 2) && ASN1_INTEGER_set_uint64 (X509_get_serialNumber (cert), ca ? 2 : 1)
            && X509_gmtime_adj (X509_getm_notBefore (cert), -3600)
            && X509_gmtime_adj (X509_getm_notAfter (cert), VALID_DAYS * 86400) && X509_set_pubkey (cert, key)
            && set_name (X509_get_subject_name (cert), common)
            && X509_set_issuer_name (cert, X509_get_subject_name (ca ? ca : cert));

  if (ok && !ca)
    ok = add_extension (cert, cert, NID_basic_constraints, "critical,CA:TRUE")
         && add_extension (cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign")
         && add_extension (cert, cert, NID_subject_key_identifier, "hash");
  else if (ok)
    ok = add_extension (cert, ca, NID_basic_constraints, "critical,CA:FALSE")
         && add_extension (cert, ca, NID_ext_key_usage, "serverAuth")
         && add_extension (cert, ca, NID_authority_key_identifier, "keyid")
         && add_extension (cert, ca, NID_subject_alt_name, names);
  if (!ok || X509_sign (cert, ca ? ca_key : key, EVP_sha256 ()) == 0)
    g_clear_pointer (&cert, X509_free);
  return cert;
}

static bool
write_pem (const char *folder, const char *name, X509 *cert, EVP_PKEY *key, GError **error)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  FILE *file = g_fopen (path, "we");
  bool ok;

  if (!file) {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "cannot write %s: %s", path, g_strerror (errno));
    return false;
  }
  if (key)
    g_chmod (path, 0600);
  ok = cert ? PEM_write_X509 (file, cert) : PEM_write_PrivateKey (file, key, NULL, NULL, 0, NULL, NULL);
  if (fclose (file) != 0 || !ok)
    return fail (error, path);
  return true;
}

bool
demo_tls_write (const char *folder, const char *host, GError **error)
{
  EVP_PKEY *ca_key = EVP_RSA_gen (KEY_BITS), *key = EVP_RSA_gen (KEY_BITS);
  X509 *ca = NULL, *cert = NULL;
  bool ok = false;

  if (!ca_key || !key || !(ca = make_certificate (ca_key, "Caraway demo CA", NULL, NULL))
      || !(cert = make_certificate (key, host, ca, ca_key))) {
    fail (error, "cannot make certificates");
    goto out;
  }
  ok = write_pem (folder, "ca-cert.pem", ca, NULL, error) && write_pem (folder, "ca-key.pem", NULL, ca_key, error)
       && write_pem (folder, "server-cert.pem", cert, NULL, error)
       && write_pem (folder, "server-key.pem", NULL, key, error);
out:
  X509_free (cert);
  X509_free (ca);
  EVP_PKEY_free (key);
  EVP_PKEY_free (ca_key);
  return ok;
}
