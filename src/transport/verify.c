/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host names as in RFC 6125. What stands in a certificate is the peer's choice. */
#include "transport/verify.h"

#include "transport/endpoint.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GENERAL_NAMES, GENERAL_NAMES_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)

CwTlsParams *
cw_tls_params_copy (const CwTlsParams *params, const char *default_host)
{
  CwTlsParams *self = g_new0 (CwTlsParams, 1);
  const char *host = params->host ? params->host : default_host;

  self->verify = params->verify;
  self->host = host ? cw_host_without_brackets (host) : NULL;
  self->pubkey = params->pubkey ? g_bytes_ref (params->pubkey) : NULL;
  self->subject = g_strdup (params->subject);
  self->ca = params->ca ? g_bytes_ref (params->ca) : NULL;
  self->ca_file = g_strdup (params->ca_file);
  self->ciphers = g_strdup (params->ciphers);
  return self;
}

void
cw_tls_params_free (CwTlsParams *self)
{
  if (!self)
    return;
  g_free ((char *) self->host);
  g_clear_pointer (&self->pubkey, g_bytes_unref);
  g_free ((char *) self->subject);
  g_clear_pointer (&self->ca, g_bytes_unref);
  g_free ((char *) self->ca_file);
  g_free ((char *) self->ciphers);
  g_free (self);
}

static unsigned
add_pem (X509_STORE *store, GBytes *pem)
{
  size_t size;
  const void *data = g_bytes_get_data (pem, &size);
  g_autoptr (BIO) bio = size <= G_MAXINT ? BIO_new_mem_buf (data, (int) size) : NULL;
  unsigned n = 0;
  X509 *certificate;

  while (bio && (certificate = PEM_read_bio_X509_AUX (bio, NULL, NULL, NULL))) {
    n += X509_STORE_add_cert (store, certificate) == 1;
    X509_free (certificate);
  }
  ERR_clear_error ();
  return n;
}

static unsigned
add_file (X509_STORE *store, const char *path)
{
  unsigned n = 0;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) pem = NULL;
  char *text;
  size_t size;

  if (!g_file_get_contents (path, &text, &size, &error)) {
    g_warning ("The CA file cannot be read: %s", error->message);
    return 0;
  }
  pem = g_bytes_new_take (text, size);
  n = add_pem (store, pem);
  if (n == 0)
    g_warning ("The CA file %s holds no certificate", path);
  return n;
}

void
cw_verify_load_anchors (const CwTlsParams *params, X509_STORE *store)
{
  unsigned n = 0;

  if ((params->verify & (CW_VERIFY_HOSTNAME | CW_VERIFY_SUBJECT)) == 0)
    return;
  if (params->ca && g_bytes_get_size (params->ca) > 0) {
    n += add_pem (store, params->ca);
    if (n == 0)
      g_warning ("The given CA holds no certificate");
  }
  if (params->ca_file)
    n += add_file (store, params->ca_file);
  if (n == 0 && X509_STORE_set_default_paths (store) != 1)
    g_warning ("The certificate store of the system cannot be used");
  ERR_clear_error ();
}

static bool
same_text (CwSlice a, const char *b, size_t size)
{
  return a.size == size && g_ascii_strncasecmp ((const char *) a.data, b, size) == 0;
}

/* Labels of at least one character each; a wildcard is not one of them. */
static bool
is_plain_name (CwSlice name)
{
  for (size_t i = 0; i < name.size; i++) {
    if (name.data[i] == '*' || (name.data[i] == '.' && (i == 0 || name.data[i - 1] == '.' || i + 1 == name.size)))
      return false;
  }
  return name.size > 0;
}

/* A label with one wildcard against a label. A whole wildcard is not empty; a part of one does not reach into encoded
 * international names, where characters are not what they seem. */
static bool
match_label (CwSlice pattern, const uint8_t *star, CwSlice label)
{
  size_t before = star - pattern.data;
  size_t after = pattern.size - before - 1;

  if (memchr (star + 1, '*', after) || label.size == 0 || label.size < before + after)
    return false;
  if (pattern.size > 1 && label.size >= 4 && same_text ((CwSlice){ label.data, 4 }, "xn--", 4))
    return false;
  return same_text ((CwSlice){ pattern.data, before }, (const char *) label.data, before)
         && same_text ((CwSlice){ star + 1, after }, (const char *) label.data + label.size - after, after);
}

bool
cw_verify_match_name (CwSlice pattern, const char *host)
{
  const uint8_t *star, *dot;
  const char *host_dot;
  CwSlice first, rest;

  if (pattern.size == 0 || memchr (pattern.data, '\0', pattern.size))
    return false;
  star = memchr (pattern.data, '*', pattern.size);
  if (!star)
    return same_text (pattern, host, strlen (host));
  dot = memchr (pattern.data, '.', pattern.size);
  host_dot = strchr (host, '.');
  if (!dot || dot < star || !host_dot)
    return false;
  first = (CwSlice){ pattern.data, dot - pattern.data };
  rest = (CwSlice){ dot + 1, pattern.size - first.size - 1 };
  return is_plain_name (rest) && same_text (rest, host_dot + 1, strlen (host_dot + 1))
         && match_label (first, star, (CwSlice){ (const uint8_t *) host, host_dot - host });
}

/* The address without the zone, which only this machine knows. NULL for a name. */
static GInetAddress *
parse_address (const char *text)
{
  g_autofree char *address = g_strndup (text, strcspn (text, "%"));

  return g_inet_address_new_from_string (address);
}

static bool
same_address (GInetAddress *address, CwSlice octets)
{
  return octets.size == g_inet_address_get_native_size (address)
         && memcmp (octets.data, g_inet_address_to_bytes (address), octets.size) == 0;
}

static CwSlice
octets_of (const ASN1_STRING *string)
{
  return (CwSlice){ ASN1_STRING_get0_data (string), ASN1_STRING_length (string) };
}

/* *decides: there is a name of a kind that makes the common name irrelevant. */
static bool
match_alternative_names (X509 *certificate, const char *host, GInetAddress *address, bool *decides)
{
  int found = 0;
  g_autoptr (GENERAL_NAMES) names = X509_get_ext_d2i (certificate, NID_subject_alt_name, &found, NULL);
  bool matches = false;

  /* -1: not there. What is there, but broken or there twice, is no licence to look at the common name. */
  *decides = names == NULL && found != -1;
  for (int i = 0; names && i < sk_GENERAL_NAME_num (names) && !matches; i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value (names, i);

    if (name->type == GEN_DNS) {
      *decides = true;
      matches = !address && cw_verify_match_name (octets_of (name->d.dNSName), host);
    } else if (name->type == GEN_IPADD) {
      *decides = true;
      matches = address && same_address (address, octets_of (name->d.iPAddress));
    }
  }
  ERR_clear_error ();
  return matches;
}

static bool
match_common_name (const ASN1_STRING *string, const char *host, GInetAddress *address)
{
  unsigned char *utf8 = NULL;
  int size = ASN1_STRING_to_UTF8 (&utf8, string);
  bool matches = false;

  if (size > 0 && !memchr (utf8, '\0', size)) {
    if (!address) {
      matches = cw_verify_match_name ((CwSlice){ utf8, size }, host);
    } else {
      g_autofree char *text = g_strndup ((const char *) utf8, size);
      g_autoptr (GInetAddress) named = g_inet_address_new_from_string (text);

      matches = named && g_inet_address_equal (named, address);
    }
  }
  OPENSSL_free (utf8);
  return matches;
}

static bool
match_common_names (X509 *certificate, const char *host, GInetAddress *address)
{
  const X509_NAME *subject = X509_get_subject_name (certificate);
  int at = -1;

  while ((at = X509_NAME_get_index_by_NID (subject, NID_commonName, at)) >= 0) {
    if (match_common_name (X509_NAME_ENTRY_get_data (X509_NAME_get_entry (subject, at)), host, address))
      return true;
  }
  return false;
}

bool
cw_verify_host (X509 *certificate, const char *host, GError **error)
{
  g_autoptr (GInetAddress) address = host ? parse_address (host) : NULL;
  g_autofree char *ascii = NULL;
  bool decides;

  if (host)
    ascii = address ? g_strdup (host) : g_hostname_to_ascii (host);
  if (!ascii || *ascii == '\0') {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "There is no valid host name to check the certificate against");
    return false;
  }
  if (match_alternative_names (certificate, ascii, address, &decides))
    return true;
  if (!decides && match_common_names (certificate, ascii, address))
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "The server's certificate is not valid for the host name %s", host);
  return false;
}

/* Copies up to an unescaped end character and steps over that; NULL for a wrong escape or when end (not NUL) does not
 * come. */
static char *
take_text (const char **at, char end)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (; **at != '\0' && **at != end; (*at)++) {
    if (**at == '\\') {
      (*at)++;
      if (**at != '\\' && **at != ',')
        return NULL;
    }
    g_string_append_c (text, **at);
  }
  if (**at == end)
    (*at)++;
  else if (end == '=')
    return NULL;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

X509_NAME *
cw_verify_parse_subject (const char *text, GError **error)
{
  g_autoptr (X509_NAME) name = X509_NAME_new ();
  const char *at = text;

  do {
    g_autofree char *key = NULL, *value = NULL;
    size_t offset;

    at += strspn (at, " ");
    offset = at - text;
    key = take_text (&at, '=');
    value = key ? take_text (&at, ',') : NULL;
    if (!value || *value == '\0'
        || X509_NAME_add_entry_by_txt (name, key, MBSTRING_UTF8, (const unsigned char *) value, -1, -1, 0) != 1) {
      g_autofree char *shown = g_utf8_make_valid (text, -1);

      ERR_clear_error ();
      g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "certificate subject at +%zu: no KEY=value in \"%s\"", offset,
                   shown);
      return NULL;
    }
  } while (*at != '\0');
  return g_steal_pointer (&name);
}

bool
cw_verify_subject (X509 *certificate, const char *subject, GError **error)
{
  const X509_NAME *actual = X509_get_subject_name (certificate);
  g_autoptr (X509_NAME) expected = NULL;
  g_autoptr (GError) reason = NULL;
  char shown[256];

  expected = cw_verify_parse_subject (subject ? subject : "", &reason);
  if (!expected) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY,
                 "The expected subject of the server's certificate is not valid: %s", reason->message);
    return false;
  }
  if (X509_NAME_entry_count (actual) == X509_NAME_entry_count (expected) && X509_NAME_cmp (actual, expected) == 0)
    return true;
  X509_NAME_oneline (actual, shown, sizeof shown);
  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY,
               "The subject of the server's certificate is \"%s\" instead of \"%s\"", shown, subject);
  return false;
}

bool
cw_verify_pubkey (X509 *certificate, GBytes *pubkey, GError **error)
{
  size_t size = 0;
  const unsigned char *at = pubkey ? g_bytes_get_data (pubkey, &size) : NULL;
  g_autoptr (EVP_PKEY) expected = size > 0 && size <= G_MAXLONG ? d2i_PUBKEY (NULL, &at, (long) size) : NULL;
  EVP_PKEY *actual = X509_get0_pubkey (certificate);
  /* Keys of different types compare as -1: only 1 is equality. */
  bool equal = expected && actual && EVP_PKEY_eq (actual, expected) == 1;

  ERR_clear_error ();
  if (equal)
    return true;
  if (!expected)
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "The expected public key is not valid");
  else
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY,
                 "The public key of the server's certificate is not the expected one");
  return false;
}

static bool
verify_chain (X509_STORE_CTX *ctx, GError **error)
{
  int code;

  if (X509_verify_cert (ctx) == 1)
    return true;
  code = X509_STORE_CTX_get_error (ctx);
  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "The server's certificate is not trusted: %s",
               X509_verify_cert_error_string (code));
  ERR_clear_error ();
  return false;
}

bool
cw_verify_peer (const CwTlsParams *params, X509_STORE_CTX *ctx, GError **error)
{
  X509 *certificate = X509_STORE_CTX_get0_cert (ctx);
  g_autoptr (GError) key_error = NULL;

  if (params->verify == 0)
    return true;
  if (!certificate) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "The server shows no certificate");
    return false;
  }
  if ((params->verify & CW_VERIFY_PUBKEY) != 0 && cw_verify_pubkey (certificate, params->pubkey, &key_error))
    return true;
  if ((params->verify & (CW_VERIFY_SUBJECT | CW_VERIFY_HOSTNAME)) == 0) {
    if (!key_error)
      g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, "No known way to verify the server is asked for");
    else
      g_propagate_error (error, g_steal_pointer (&key_error));
    return false;
  }
  if (!verify_chain (ctx, error))
    return false;
  if ((params->verify & CW_VERIFY_SUBJECT) != 0)
    return cw_verify_subject (certificate, params->subject, error);
  return cw_verify_host (certificate, params->host, error);
}
