/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host names by OpenSSL's rules, which follow RFC 6125. What stands in a certificate is the peer's choice. */
#include "transport/verify.h"
#include "base/i18n.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GENERAL_NAMES, GENERAL_NAMES_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_NAME, X509_NAME_free)

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

static bool
add_file (X509_STORE *store, const char *path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GBytes) pem = NULL;
  char *text;
  size_t size;

  if (!g_file_get_contents (path, &text, &size, &reason)) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The CA file cannot be read: %s"), reason->message);
    return false;
  }
  pem = g_bytes_new_take (text, size);
  if (add_pem (store, pem) > 0)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The CA file %s holds no certificate."), path);
  return false;
}

bool
cw_verify_load_anchors (const CwTlsParams *params, X509_STORE *store, GError **error)
{
  bool has_ca = params->ca && g_bytes_get_size (params->ca) > 0;

  if ((params->verify & (CW_VERIFY_HOSTNAME | CW_VERIFY_SUBJECT)) == 0)
    return true;
  if (has_ca && add_pem (store, params->ca) == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The given CA holds no certificate."));
    return false;
  }
  if (params->ca_file && !add_file (store, params->ca_file, error))
    return false;
  if ((params->system_too || (!has_ca && !params->ca_file)) && X509_STORE_set_default_paths (store) != 1)
    g_warning ("The certificate store of the system cannot be used");
  ERR_clear_error ();
  return true;
}

/* The certificate has names of a kind that makes the common name irrelevant. What is there, but broken or there twice,
 * is no licence to look at the common name. */
static bool
has_alternative_names (X509 *certificate)
{
  int found = 0;
  g_autoptr (GENERAL_NAMES) names = X509_get_ext_d2i (certificate, NID_subject_alt_name, &found, NULL);
  bool has = names == NULL && found != -1; /* -1: not there */

  for (int i = 0; names && i < sk_GENERAL_NAME_num (names) && !has; i++) {
    int type = sk_GENERAL_NAME_value (names, i)->type;

    has = type == GEN_DNS || type == GEN_IPADD;
  }
  ERR_clear_error ();
  return has;
}

/* Private authorities put addresses into the common name, where OpenSSL does not look for them. */
static bool
match_common_address (X509 *certificate, GInetAddress *address)
{
  const X509_NAME *subject = X509_get_subject_name (certificate);
  bool matches = false;

  for (int at = -1; !matches && (at = X509_NAME_get_index_by_NID (subject, NID_commonName, at)) >= 0;) {
    unsigned char *utf8 = NULL;
    int size = ASN1_STRING_to_UTF8 (&utf8, X509_NAME_ENTRY_get_data (X509_NAME_get_entry (subject, at)));
    g_autofree char *text = size > 0 ? g_strndup ((const char *) utf8, (size_t) size) : NULL;
    g_autoptr (GInetAddress) named = text && (int) strlen (text) == size ? g_inet_address_new_from_string (text) : NULL;

    matches = named && g_inet_address_equal (named, address);
    OPENSSL_free (utf8);
  }
  return matches;
}

static bool
match_address (X509 *certificate, GInetAddress *address)
{
  return X509_check_ip (certificate, g_inet_address_to_bytes (address), g_inet_address_get_native_size (address), 0)
             == 1
         || (!has_alternative_names (certificate) && match_common_address (certificate, address));
}

/* A name that begins with a dot would mean all names below it to OpenSSL. */
static bool
match_name (X509 *certificate, const char *name)
{
  unsigned flags = has_alternative_names (certificate) ? X509_CHECK_FLAG_NEVER_CHECK_SUBJECT : 0;

  return *name != '.' && X509_check_host (certificate, name, strlen (name), flags, NULL) == 1;
}

/* The address without the zone, which only this machine knows. NULL for a name. */
static GInetAddress *
parse_address (const char *text)
{
  g_autofree char *address = g_strndup (text, strcspn (text, "%"));

  return g_inet_address_new_from_string (address);
}

bool
cw_verify_host (X509 *certificate, const char *host, GError **error)
{
  g_autoptr (GInetAddress) address = host ? parse_address (host) : NULL;
  g_autofree char *ascii = host && !address ? g_hostname_to_ascii (host) : NULL;
  bool matches;

  if (!address && (!ascii || *ascii == '\0')) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY,
                 _ ("There is no valid host name to check the certificate against."));
    return false;
  }
  matches = address ? match_address (certificate, address) : match_name (certificate, ascii);
  ERR_clear_error ();
  if (!matches)
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The server's certificate is not valid for the host name %s."),
                 host);
  return matches;
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

/* Enough to tell which one it is; what stands in it is the peer's choice. */
#define SHOWN_MAX 512

/* With what cw_verify_parse_subject () reads as an escape; what cannot be seen is only shown. */
static void
show_value (GString *shown, const ASN1_STRING *value)
{
  unsigned char *utf8 = NULL;
  int size = ASN1_STRING_to_UTF8 (&utf8, value);
  g_autofree char *valid = size > 0 ? g_utf8_make_valid ((const char *) utf8, size) : g_strdup ("");

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at)) {
    gunichar letter = g_utf8_get_char (at);

    if (letter == '\\' || letter == ',')
      g_string_append_c (shown, '\\');
    if (g_unichar_isprint (letter))
      g_string_append_unichar (shown, letter);
    else
      g_string_append_printf (shown, "\\x%02X", letter);
  }
  OPENSSL_free (utf8);
}

/* In the form that is expected from people: "O=Example,CN=host". */
static char *
show_subject (const X509_NAME *name)
{
  g_autoptr (GString) shown = g_string_new (NULL);

  for (int i = 0; i < X509_NAME_entry_count (name) && shown->len <= SHOWN_MAX; i++) {
    const X509_NAME_ENTRY *entry = X509_NAME_get_entry (name, i);
    const ASN1_OBJECT *kind = X509_NAME_ENTRY_get_object (entry);
    int nid = OBJ_obj2nid (kind);
    char number[80];

    if (nid == NID_undef)
      OBJ_obj2txt (number, sizeof number, kind, 1);
    g_string_append_printf (shown, "%s%s=", i > 0 ? "," : "", nid != NID_undef ? OBJ_nid2sn (nid) : number);
    show_value (shown, X509_NAME_ENTRY_get_data (entry));
  }
  ERR_clear_error ();
  if (shown->len > SHOWN_MAX) {
    const char *end = g_utf8_find_prev_char (shown->str, shown->str + SHOWN_MAX + 1);

    g_string_truncate (shown, (gsize) (end - shown->str));
    g_string_append (shown, "…");
  }
  return g_string_free (g_steal_pointer (&shown), FALSE);
}

bool
cw_verify_subject (X509 *certificate, const char *subject, GError **error)
{
  const X509_NAME *actual = X509_get_subject_name (certificate);
  g_autoptr (X509_NAME) expected = NULL;
  g_autoptr (GError) reason = NULL;
  g_autofree char *shown = NULL;

  expected = cw_verify_parse_subject (subject ? subject : "", &reason);
  if (!expected) {
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY,
                 _ ("The expected subject of the server's certificate is not valid: %s"), reason->message);
    return false;
  }
  if (X509_NAME_entry_count (actual) == X509_NAME_entry_count (expected) && X509_NAME_cmp (actual, expected) == 0)
    return true;
  shown = show_subject (actual);
  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY,
               _ ("The subject of the server's certificate is \"%s\" instead of \"%s\"."), shown, subject);
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
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The expected public key is not valid."));
  else
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY,
                 _ ("The public key of the server's certificate is not the expected one."));
  return false;
}

static bool
verify_chain (X509_STORE_CTX *ctx, GError **error)
{
  int code;

  if (X509_verify_cert (ctx) == 1)
    return true;
  code = X509_STORE_CTX_get_error (ctx);
  g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The server's certificate is not trusted: %s"),
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
    g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("The server shows no certificate."));
    return false;
  }
  if ((params->verify & CW_VERIFY_PUBKEY) != 0 && cw_verify_pubkey (certificate, params->pubkey, &key_error))
    return true;
  if ((params->verify & (CW_VERIFY_SUBJECT | CW_VERIFY_HOSTNAME)) == 0) {
    if (!key_error)
      g_set_error (error, CW_ERROR, CW_ERROR_SECURITY, _ ("No known way to verify the server is asked for."));
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
