/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "certs.h"
#include "transport/tls-params.h"
#include "transport/verify.h"

#include <glib/gstdio.h>
#include <openssl/x509v3.h>
#include <string.h>

typedef struct {
  const char *names; /* alternative names, or NULL */
  const char *subject;
  const char *host;
  bool matches;
} HostCase;

/* The last group is what the client this replaces took, and what OpenSSL refuses. */
static const HostCase host_cases[] = {
  { "DNS:localhost", "CN=my.server", "localhost", true },
  { "DNS:localhost", "CN=my.server", "127.0.0.1", false },
  { "DNS:localhost", "CN=my.server", "my.server", false },
  { "DNS:LOCALHOST", "CN=x", "localhost", true },
  { "DNS:foo,DNS:bar,DNS:localhost", "CN=x", "localhost", true },
  { "DNS:foo", "CN=localhost", "localhost", false },
  { "URI:http://foo", "CN=localhost", "localhost", true },
  { "email:a@b", "CN=localhost", "localhost", true },
  { NULL, "CN=localhost", "localhost", true },
  { NULL, "CN=localhost", "localhost.", false },
  { NULL, "CN=other/CN=localhost", "localhost", true },
  { NULL, "CN=127.0.0.1", "127.0.0.1", true },
  { NULL, "CN=::1", "0:0::1", true },
  { NULL, "O=localhost", "localhost", false },
  { NULL, "", "localhost", false },
  { "IP:127.0.0.1", "CN=localhost", "127.0.0.1", true },
  { "IP:127.0.0.1", "CN=localhost", "localhost", false },
  { "IP:127.0.0.1", "CN=127.0.0.2", "127.0.0.2", false },
  { "IP:::1", "CN=x", "::1", true },
  { "IP:::1", "CN=x", "::2", false },
  { "IP:fe80::1", "CN=x", "fe80::1%eth0", true },
  { "IP:0.0.0.1", "CN=x", "::1", false },
  { "DNS:*.example.org", "CN=x", "a.example.org", true },
  { "DNS:*.example.org", "CN=x", "A.EXAMPLE.ORG", true },
  { "DNS:*.example.org", "CN=x", "b.a.example.org", false },
  { "DNS:*.example.org", "CN=x", "example.org", false },
  { "DNS:*.example.org", "CN=x", ".example.org", false },
  { "DNS:xn--mnchen-3ya.example", "CN=x", "m\303\274nchen.example", true },
  { NULL, "CN=*.example.org", "a.example.org", true },
  { NULL, "CN=*", "127.0.0.1", false },
  { NULL, "CN=127.0.0.1", "127.0.0.2", false },
  { "URI:http://foo", "CN=127.0.0.1", "127.0.0.1", true },
  { "DNS:foo", "CN=127.0.0.1", "127.0.0.1", false },
  { "DNS:*.localhost", "CN=x", "a.localhost", false },
  { "DNS:*.com", "CN=x", "example.com", false },
  { "DNS:*.localhost", "CN=x", "localhost", false },
  { "DNS:*.localhost", "CN=x", "b.a.localhost", false },
  { "DNS:*.localhost", "CN=x", ".localhost", false },
  { "DNS:*.localhost", "CN=x", "a.localhost.", false },
  { "DNS:a*.localhost", "CN=x", "ab.localhost", false },
  { "DNS:a*.localhost", "CN=x", "b.localhost", false },
  { "DNS:a*.example.org", "CN=x", "AB.Example.Org", true },
  { "DNS:a*.example.org", "CN=x", "a.b.example.org", false },
  { "DNS:a*.localhost", "CN=x", "a.b.localhost", false },
  { "DNS:a*.localhost", "CN=x", ".localhost", false },
  { "DNS:*a.example.org", "CN=x", "ba.example.org", true },
  { "DNS:*a.example.org", "CN=x", "ab.example.org", false },
  { "DNS:a*a.example.org", "CN=x", "aba.example.org", false },
  { "DNS:a*a.example.org", "CN=x", "a.example.org", false },
  { "DNS:x*.example.org", "CN=x", "m\303\274nchen.example.org", false },
  { "DNS:*.example.org", "CN=x", "m\303\274nchen.example.org", true },
  { NULL, "CN=a*.example.org", "ab.example.org", true },
  { "DNS:127.0.0.1", "CN=x", "127.0.0.1", false },
  { "DNS:127.0.0.1", "CN=127.0.0.1", "127.0.0.1", false },
  { "DNS:::1", "CN=x", "::1", false },
  { "DNS:*.0.0.1", "CN=x", "127.0.0.1", false },
  { "DNS:*", "CN=x", "localhost", false },
  { "DNS:*", "CN=x", "a.localhost", false },
  { "DNS:*.", "CN=x", "localhost.", false },
  { "DNS:*.localhost.", "CN=x", "a.localhost.", false },
  { "DNS:a.*.localhost", "CN=x", "a.b.localhost", false },
  { "DNS:a.b*", "CN=x", "a.bc", false },
  { "DNS:*.*.example.org", "CN=x", "a.b.example.org", false },
  { "DNS:**.example.org", "CN=x", "a.example.org", false },
  { "DNS:a*b*.example.org", "CN=x", "acbc.example.org", false },
  { "DNS:*..example.org", "CN=x", "a..example.org", false },
};

static void
test_host (gconstpointer data)
{
  const HostCase *row = data;
  CertSpec spec = { row->subject, row->names };
  EVP_PKEY *key = cert_key_ec ();
  X509 *certificate = cert_new (&spec, key, NULL, NULL);
  g_autoptr (GError) error = NULL;
  bool matches = cw_verify_host (certificate, row->host, &error);

  if (row->matches) {
    g_assert_no_error (error);
  } else {
    g_assert_error (error, CW_ERROR, CW_ERROR_SECURITY);
    g_assert_nonnull (strstr (error->message, row->host));
  }
  g_assert_cmpint (matches, ==, row->matches);
  X509_free (certificate);
  EVP_PKEY_free (key);
}

/* "localhost\0.evil.org" must not be taken for its C string, neither as common name nor as alternative name. */
static void
test_nul_in_name (void)
{
  EVP_PKEY *key = cert_key_ec ();
  X509 *certificate = cert_new_raw_name ("localhost\0.evil", 15, key);

  g_assert_false (cw_verify_host (certificate, "localhost", NULL));
  X509_free (certificate);
  EVP_PKEY_free (key);
}

static void
test_broken_names (void)
{
  EVP_PKEY *key = cert_key_ec ();
  CertSpec spec = { "CN=localhost" };
  X509 *certificate = cert_new (&spec, key, NULL, NULL);
  ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new ();
  X509_EXTENSION *extension;

  g_assert_true (cw_verify_host (certificate, "localhost", NULL));
  ASN1_OCTET_STRING_set (bytes, (const unsigned char *) "\x30\x82\xff", 3);
  extension = X509_EXTENSION_create_by_NID (NULL, NID_subject_alt_name, 0, bytes);
  X509_add_ext (certificate, extension, -1);
  g_assert_false (cw_verify_host (certificate, "localhost", NULL));
  X509_EXTENSION_free (extension);
  ASN1_OCTET_STRING_free (bytes);
  X509_free (certificate);
  EVP_PKEY_free (key);
}

typedef struct {
  const char *text;
  bool is_valid;
  bool matches; /* O=Test Org, CN=my.server */
} SubjectCase;

static const SubjectCase subject_cases[] = {
  { "O=Test Org,CN=my.server", true, true },
  { "O=Test Org, CN=my.server", true, true },
  { "   O=Test Org,   CN=my.server,", true, true },
  { "O=TEST ORG,CN=My.Server", true, true },
  { "O=Test   Org,CN= my.server ", true, true },
  { "organizationName=Test Org,commonName=my.server", true, true },
  { "CN=my.server,O=Test Org", true, false },
  { "CN=my.server", true, false },
  { "O=Test Org", true, false },
  { "O=Test Org,CN=my.server,CN=my.server", true, false },
  { "O=Test Org,CN=my.server2", true, false },
  { "O=Test\\, Org,CN=my.server", true, false },
  { "O=Test Org\\,CN=my.server", true, false },
  { "O=a=b\\\\,CN=my.server", true, false },
  { "O=Test\\ Org,CN=my.server", false, false },
  { "O=Test Org,CN=my.server\\", false, false },
  { "O=Test Org,CN=", false, false },
  { "O=,CN=my.server", false, false },
  { "O=Test Org,CN", false, false },
  { "O=Test Org,,CN=my.server", false, false },
  { "O=Test Org,CN=my.server,,", false, false },
  { "NOSUCHKEY=Test Org", false, false },
  { "=x", false, false },
  { "O=\xff\xfe,CN=my.server", false, false },
  { ",", false, false },
  { "", false, false },
};

static void
test_subject (void)
{
  EVP_PKEY *key = cert_key_ec ();
  CertSpec spec = { "O=Test Org/CN=my.server" };
  X509 *certificate = cert_new (&spec, key, NULL, NULL);

  for (unsigned i = 0; i < G_N_ELEMENTS (subject_cases); i++) {
    const SubjectCase *row = &subject_cases[i];
    g_autoptr (GError) error = NULL;
    X509_NAME *name = cw_verify_parse_subject (row->text, &error);

    g_test_message ("row %u", i);
    g_assert_cmpint (name != NULL, ==, row->is_valid);
    if (!row->is_valid)
      g_assert_error (error, CW_ERROR, CW_ERROR_MALFORMED);
    X509_NAME_free (name);
    g_clear_error (&error);
    g_assert_cmpint (cw_verify_subject (certificate, row->text, &error), ==, row->matches);
    if (!row->matches)
      g_assert_error (error, CW_ERROR, CW_ERROR_SECURITY);
  }
  g_assert_false (cw_verify_subject (certificate, NULL, NULL));
  X509_free (certificate);
  EVP_PKEY_free (key);
}

/* The subject that an error tells. */
static char *
told_subject (X509 *certificate)
{
  g_autoptr (GError) error = NULL;
  const char *begin, *end;

  g_assert_false (cw_verify_subject (certificate, "CN=nobody", &error));
  begin = strchr (error->message, '"');
  end = strstr (error->message, "\" instead of \"CN=nobody\"");
  g_assert_true (begin && end && begin < end && g_utf8_validate (error->message, -1, NULL));
  return g_strndup (begin + 1, (gsize) (end - begin - 1));
}

/* Whoever copies what an error tells expects the right one. */
static void
test_told_subject (void)
{
  static const struct {
    const char *subject, *told;
    bool accepted;
  } rows[] = {
    { "O=Test Org/CN=my.server", "O=Test Org,CN=my.server", true },
    { "O=Test, Inc\\x/CN=a", "O=Test\\, Inc\\\\x,CN=a", true },
    { "C=DE/ST=a b/L=Köln/OU=x=y/CN=a", "C=DE,ST=a b,L=Köln,OU=x=y,CN=a", true },
    { "2.5.4.97=VAT-1/CN=a", NULL, true },
    { "CN=a\033[31m\u202eb", "CN=a\\x1B[31m\\x202Eb", false },
  };
  EVP_PKEY *key = cert_key_ec ();

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    CertSpec spec = { rows[i].subject };
    X509 *certificate = cert_new (&spec, key, NULL, NULL);
    g_autofree char *told = told_subject (certificate);

    g_test_message ("%s", told);
    if (rows[i].told)
      g_assert_cmpstr (told, ==, rows[i].told);
    g_assert_cmpint (cw_verify_subject (certificate, told, NULL), ==, rows[i].accepted);
    X509_free (certificate);
  }
  EVP_PKEY_free (key);
}

/* A long one is cut, between letters. */
static void
test_told_subject_is_bounded (void)
{
  EVP_PKEY *key = cert_key_ec ();
  g_autoptr (GString) subject = g_string_new ("CN=a");
  CertSpec spec = { NULL };
  X509 *certificate;
  g_autofree char *told = NULL;

  for (unsigned i = 0; i < 100; i++)
    g_string_append (subject, "/OU=ääääääääää");
  spec.subject = subject->str;
  certificate = cert_new (&spec, key, NULL, NULL);
  told = told_subject (certificate);
  g_assert_true (g_str_has_prefix (told, "CN=a,OU=ä") && g_str_has_suffix (told, "…"));
  g_assert_cmpuint (strlen (told), <=, 520);
  X509_free (certificate);
  EVP_PKEY_free (key);
}

/* What is told without a mark of the cut is all of it, and right. */
static void
test_told_subject_at_limit (void)
{
  static const struct {
    const char *rest;
    bool whole;
  } rows[] = { { "", true }, { "x", false }, { "/OU=x", false } };
  g_autofree char *sixty = g_strnfill (60, 'x');
  g_autoptr (GString) limit = g_string_new ("CN=a"), slashed = g_string_new ("CN=a");
  EVP_PKEY *key = cert_key_ec ();

  for (unsigned i = 0; i < 8; i++) {
    g_string_append_printf (limit, ",OU=%s", i > 0 ? sixty : &sixty[4]);
    g_string_append_printf (slashed, "/OU=%s", i > 0 ? sixty : &sixty[4]);
  }
  g_assert_cmpuint (limit->len, ==, 512);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *subject = g_strconcat (slashed->str, rows[i].rest, NULL);
    g_autofree char *wanted = g_strconcat (limit->str, rows[i].whole ? "" : "…", NULL);
    CertSpec spec = { subject };
    X509 *certificate = cert_new (&spec, key, NULL, NULL);
    g_autofree char *told = told_subject (certificate);

    g_assert_cmpstr (told, ==, wanted);
    g_assert_cmpint (cw_verify_subject (certificate, told, NULL), ==, rows[i].whole);
    X509_free (certificate);
  }
  EVP_PKEY_free (key);
}

static void
test_subject_with_comma (void)
{
  EVP_PKEY *key = cert_key_ec ();
  CertSpec spec = { "O=Test, Inc\\x/CN=a" };
  X509 *certificate = cert_new (&spec, key, NULL, NULL);

  g_assert_true (cw_verify_subject (certificate, "O=Test\\, Inc\\\\x,CN=a", NULL));
  g_assert_false (cw_verify_subject (certificate, "O=Test, Inc\\\\x,CN=a", NULL));
  X509_free (certificate);
  EVP_PKEY_free (key);
}

static void
test_pubkey (void)
{
  EVP_PKEY *keys[] = { cert_key_rsa (), cert_key_rsa (), cert_key_ec (), cert_key_ec () };
  CertSpec spec = { "CN=x" };

  for (unsigned i = 0; i < G_N_ELEMENTS (keys); i++) {
    X509 *certificate = cert_new (&spec, keys[i], NULL, NULL);
    g_autoptr (GBytes) broken = g_bytes_new_static ("\x30\x03zz", 4);
    g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);

    for (unsigned k = 0; k < G_N_ELEMENTS (keys); k++) {
      g_autoptr (GBytes) pin = cert_pubkey (keys[k]);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (cw_verify_pubkey (certificate, pin, &error), ==, i == k);
      if (i != k)
        g_assert_error (error, CW_ERROR, CW_ERROR_SECURITY);
    }
    g_assert_false (cw_verify_pubkey (certificate, broken, NULL));
    g_assert_false (cw_verify_pubkey (certificate, empty, NULL));
    g_assert_false (cw_verify_pubkey (certificate, NULL, NULL));
    X509_free (certificate);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (keys); i++)
    EVP_PKEY_free (keys[i]);
}

typedef struct {
  EVP_PKEY *ca_key, *other_ca_key, *key, *rsa_key;
  X509 *ca, *other_ca;
  X509 *good, *expired, *future, *foreign, *self_signed, *client_only;
} Chain;

static X509 *
leaf (Chain *self, X509 *ca, EVP_PKEY *ca_key, int from, int to, const char *usage)
{
  CertSpec spec = { "O=Test Org/CN=my.server", "DNS:localhost", false, from, to, usage };

  return cert_new (&spec, self->key, ca, ca_key);
}

static void
chain_set_up (Chain *self, gconstpointer data)
{
  CertSpec ca = { "CN=Test CA", NULL, true };
  CertSpec other = { "CN=Other CA", NULL, true };

  self->ca_key = cert_key_ec ();
  self->other_ca_key = cert_key_ec ();
  self->key = cert_key_ec ();
  self->rsa_key = cert_key_rsa ();
  self->ca = cert_new (&ca, self->ca_key, NULL, NULL);
  self->other_ca = cert_new (&other, self->other_ca_key, NULL, NULL);
  self->good = leaf (self, self->ca, self->ca_key, 0, 0, NULL);
  self->expired = leaf (self, self->ca, self->ca_key, -3, -2, NULL);
  self->future = leaf (self, self->ca, self->ca_key, 2, 3, NULL);
  self->foreign = leaf (self, self->other_ca, self->other_ca_key, 0, 0, NULL);
  self->self_signed = leaf (self, NULL, NULL, 0, 0, NULL);
  self->client_only = leaf (self, self->ca, self->ca_key, 0, 0, "clientAuth");
}

static void
chain_tear_down (Chain *self, gconstpointer data)
{
  X509 *all[] = { self->ca,     self->other_ca, self->good,        self->expired,
                  self->future, self->foreign,  self->self_signed, self->client_only };

  for (unsigned i = 0; i < G_N_ELEMENTS (all); i++)
    X509_free (all[i]);
  EVP_PKEY_free (self->ca_key);
  EVP_PKEY_free (self->other_ca_key);
  EVP_PKEY_free (self->key);
  EVP_PKEY_free (self->rsa_key);
}

static bool
verify (const CwTlsParams *params, X509 *certificate, GError **error)
{
  X509_STORE *store = X509_STORE_new ();
  X509_STORE_CTX *ctx = X509_STORE_CTX_new ();
  bool accepted;

  accepted = cw_verify_load_anchors (params, store, error);
  X509_STORE_CTX_init (ctx, store, certificate, NULL);
  X509_STORE_CTX_set_default (ctx, "ssl_server");
  accepted = accepted && cw_verify_peer (params, ctx, error);
  X509_STORE_CTX_free (ctx);
  X509_STORE_free (store);
  return accepted;
}

static void
check (const CwTlsParams *params, X509 *certificate, const char *refusal)
{
  g_autoptr (GError) error = NULL;
  bool accepted = verify (params, certificate, &error);

  if (!refusal) {
    g_assert_no_error (error);
    g_assert_true (accepted);
  } else {
    g_assert_false (accepted);
    g_assert_error (error, CW_ERROR, CW_ERROR_SECURITY);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, refusal));
  }
}

static void
test_chain (Chain *self, gconstpointer data)
{
  g_autoptr (GBytes) ca = cert_pem (self->ca);
  CwTlsParams host = { .verify = CW_VERIFY_HOSTNAME, .host = "localhost", .ca = ca };
  CwTlsParams wrong_host = { .verify = CW_VERIFY_HOSTNAME, .host = "127.0.0.1", .ca = ca };
  CwTlsParams none = { .verify = 0, .host = "elsewhere" };

  check (&host, self->good, NULL);
  check (&host, self->expired, "expired");
  check (&host, self->future, "not yet valid");
  check (&host, self->foreign, "issuer");
  check (&host, self->self_signed, "self-signed");
  check (&host, self->client_only, "purpose");
  check (&wrong_host, self->good, "127.0.0.1");
  check (&none, self->expired, NULL);
  check (&none, self->self_signed, NULL);
}

static void
test_modes (Chain *self, gconstpointer data)
{
  g_autoptr (GBytes) ca = cert_pem (self->ca);
  g_autoptr (GBytes) pin = cert_pubkey (self->key);
  g_autoptr (GBytes) rsa_pin = cert_pubkey (self->rsa_key);
  g_autoptr (GBytes) ec_pin = cert_pubkey (self->other_ca_key);
  CwTlsParams params = { .verify = CW_VERIFY_SUBJECT | CW_VERIFY_HOSTNAME, .host = "127.0.0.1", .ca = ca };

  /* With a subject the host name does not count; the chain does. */
  params.subject = "O=Test Org, CN=MY.server";
  check (&params, self->good, NULL);
  check (&params, self->foreign, "issuer");
  params.subject = "CN=my.server,O=Test Org";
  check (&params, self->good, "subject");
  params.subject = "O=Test Org\\x,CN=my.server";
  check (&params, self->good, "subject");
  params.subject = NULL;
  check (&params, self->good, "subject");

  /* The right key is enough; a wrong one leaves the rest to decide. */
  params = (CwTlsParams){ .verify = CW_VERIFY_PUBKEY, .pubkey = pin, .host = "elsewhere" };
  check (&params, self->good, NULL);
  check (&params, self->expired, NULL);
  check (&params, self->self_signed, NULL);
  params.verify |= CW_VERIFY_HOSTNAME;
  check (&params, self->self_signed, NULL);
  params = (CwTlsParams){ .verify = CW_VERIFY_PUBKEY, .ca = ca, .host = "localhost", .pubkey = ec_pin };
  check (&params, self->good, "public key");
  params.pubkey = rsa_pin; /* another algorithm: the pinned key was once bypassed by this */
  check (&params, self->good, "public key");
  params.pubkey = NULL;
  check (&params, self->good, "public key");
  params = (CwTlsParams){
    .verify = CW_VERIFY_PUBKEY | CW_VERIFY_HOSTNAME, .ca = ca, .host = "localhost", .pubkey = rsa_pin
  };
  check (&params, self->good, NULL);
  check (&params, self->self_signed, "self-signed");
  params = (CwTlsParams){ .verify = 1 << 7, .ca = ca, .host = "localhost" };
  check (&params, self->good, "way to verify");
}

/* A CA that cannot be used is an error: the system's authorities were not asked for. */
static void
test_anchors (Chain *self, gconstpointer data)
{
  g_autoptr (GBytes) pem = cert_pem (self->ca);
  g_autoptr (GBytes) other_pem = cert_pem (self->other_ca);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("garbage", 7);
  g_autoptr (GBytes) pin = cert_pubkey (self->key);
  g_autofree char *dir = g_dir_make_tmp ("cw-verify-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "ca.pem", NULL);
  CwTlsParams params = { .verify = CW_VERIFY_HOSTNAME, .host = "localhost", .ca_file = path };

  check (&params, self->good, "cannot be read");
  g_assert_true (g_file_set_contents (path, "garbage", -1, NULL));
  check (&params, self->good, "holds no certificate");
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  check (&params, self->good, "holds no certificate");
  params.ca = pem; /* a good one beside it does not help */
  check (&params, self->good, "holds no certificate");
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), NULL));
  params.ca = garbage;
  check (&params, self->good, "given CA");
  params.verify = CW_VERIFY_PUBKEY; /* nor is it looked at where it does not count */
  params.pubkey = pin;
  check (&params, self->good, NULL);
  params.verify = CW_VERIFY_HOSTNAME;
  params.ca = NULL;
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), NULL));
  check (&params, self->good, NULL);
  params.ca = other_pem; /* both count */
  check (&params, self->good, NULL);
  check (&params, self->foreign, NULL);
  g_remove (path);
  g_rmdir (dir);
}

static void
count (gpointer n)
{
  ++*(unsigned *) n;
}

/* A copy keeps what it was made of, and lets it go. */
static void
test_params (void)
{
  unsigned n_gone = 0;
  CwTlsParams params = { .pubkey = g_bytes_new_with_free_func ("key", 3, count, &n_gone),
                         .ca = g_bytes_new_with_free_func ("ca", 2, count, &n_gone) };
  CwTlsParams *copy = cw_tls_params_copy (&params, "[::1]");

  g_bytes_unref (params.pubkey);
  g_bytes_unref (params.ca);
  g_assert_cmpuint (n_gone, ==, 0);
  g_assert_cmpstr (copy->host, ==, "::1");
  cw_tls_params_free (copy);
  g_assert_cmpuint (n_gone, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (host_cases); i++) {
    g_autofree char *path
        = g_strdup_printf ("/verify/S22-host/%u:%s|%s|%s", i, host_cases[i].names ? host_cases[i].names : "none",
                           host_cases[i].subject, host_cases[i].host);

    g_strdelimit (path + strlen ("/verify/S22-host/"), "/", '-');
    g_test_add_data_func (path, &host_cases[i], test_host);
  }
  g_test_add_func ("/verify/nul-in-name", test_nul_in_name);
  g_test_add_func ("/verify/broken-names", test_broken_names);
  g_test_add_func ("/verify/subject", test_subject);
  g_test_add_func ("/verify/subject-with-comma", test_subject_with_comma);
  g_test_add_func ("/verify/told-subject", test_told_subject);
  g_test_add_func ("/verify/told-subject-is-bounded", test_told_subject_is_bounded);
  g_test_add_func ("/verify/told-subject-at-limit", test_told_subject_at_limit);
  g_test_add_func ("/verify/pubkey", test_pubkey);
  g_test_add ("/verify/chain", Chain, NULL, chain_set_up, test_chain, chain_tear_down);
  g_test_add ("/verify/S22-modes", Chain, NULL, chain_set_up, test_modes, chain_tear_down);
  g_test_add ("/verify/S22-anchors", Chain, NULL, chain_set_up, test_anchors, chain_tear_down);
  g_test_add_func ("/verify/params", test_params);
  return g_test_run ();
}
