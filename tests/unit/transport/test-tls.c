/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections over TLS to a real OpenSSL server: which ones come about. */
#include "tls-world.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  const char *name;
  unsigned verify;
  const char *host;
  const char *subject;
  GBytes **pin;
  bool has_ca;
  const char *refusal; /* NULL: connected */
} Row;

static const Row rows[] = {
  { "ca", CW_VERIFY_HOSTNAME, "localhost", NULL, NULL, true, NULL },
  { "upper-case", CW_VERIFY_HOSTNAME, "LOCALHOST", NULL, NULL, true, NULL },
  { "wildcard", CW_VERIFY_HOSTNAME, "a.some.test", NULL, NULL, true, NULL },
  { "no-ca", CW_VERIFY_HOSTNAME, "localhost", NULL, NULL, false, "not trusted" },
  { "other-host", CW_VERIFY_HOSTNAME, "127.0.0.1", NULL, NULL, true, "127.0.0.1" },
  { "host-of-connection", CW_VERIFY_HOSTNAME, NULL, NULL, NULL, true, "127.0.0.1" },
  { "nothing-verified", 0, NULL, NULL, NULL, false, NULL },
  { "pin", CW_VERIFY_PUBKEY, NULL, NULL, &tls_world.pin, false, NULL },
  { "pin-or-host", CW_VERIFY_PUBKEY | CW_VERIFY_HOSTNAME, NULL, NULL, &tls_world.pin, false, NULL },
  { "pin-other-rsa", CW_VERIFY_PUBKEY, NULL, NULL, &tls_world.rsa_pin, false, "public key" },
  { "pin-ec", CW_VERIFY_PUBKEY, NULL, NULL, &tls_world.ec_pin, false, "public key" },
  { "pin-ec-or-host", CW_VERIFY_PUBKEY | CW_VERIFY_HOSTNAME, "localhost", NULL, &tls_world.ec_pin, false,
    "not trusted" },
  { "subject", CW_VERIFY_SUBJECT, "127.0.0.1", "O=Test Org,CN=my.server", NULL, true, NULL },
  { "subject-lax", CW_VERIFY_SUBJECT, "127.0.0.1", "O=test org, CN=MY.server", NULL, true, NULL },
  { "subject-reversed", CW_VERIFY_SUBJECT, "localhost", "CN=my.server,O=Test Org", NULL, true, "subject" },
  { "subject-partial", CW_VERIFY_SUBJECT, "localhost", "CN=my.server", NULL, true, "subject" },
  { "subject-escape", CW_VERIFY_SUBJECT, "localhost", "O=Test\\ Org,CN=my.server", NULL, true, "subject" },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  Peer *peer = tls_peer (tls_serve_link, NULL, 0);
  CwTlsParams tls = { .verify = row->verify,
                      .host = row->host,
                      .subject = row->subject,
                      .pubkey = row->pin ? *row->pin : NULL,
                      .ca = row->has_ca ? tls_world.ca_pem : NULL };
  TlsOutcome outcome = tls_connect (peer, &tls);

  if (!row->refusal) {
    g_assert_no_error (outcome.error);
    g_assert_true (outcome.connection->is_tls);
  } else {
    g_assert_error (outcome.error, CW_ERROR, CW_ERROR_SECURITY);
    g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
    g_test_message ("%s", outcome.error->message);
    g_assert_nonnull (strstr (outcome.error->message, row->refusal));
  }
  tls_outcome_clear (&outcome);
  peer_stop (peer);
  /* Names are announced, addresses are not. */
  if (row->host && !g_hostname_is_ip_address (row->host))
    g_assert_true (g_ascii_strcasecmp (peer_sni (peer), row->host) == 0);
  else
    g_assert_null (peer_sni (peer));
  peer_free (peer);
}

static void
test_versions (void)
{
  static const int versions[] = { TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION };
  CwTlsParams tls = { .verify = 0 };

  for (unsigned i = 0; i < G_N_ELEMENTS (versions); i++) {
    Peer *peer = tls_peer (tls_serve_link, NULL, versions[i]);
    TlsOutcome outcome = tls_connect (peer, &tls);

    if (i == 0) {
      g_assert_error (outcome.error, CW_ERROR, CW_ERROR_SECURITY);
      g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
    } else {
      g_assert_no_error (outcome.error);
    }
    tls_outcome_clear (&outcome);
    peer_free (peer);
  }
}

static void
test_ciphers (void)
{
  CwTlsParams tls = { .verify = 0, .ciphers = "no such cipher" };
  Peer *peer = tls_peer (tls_serve_link, NULL, 0);
  TlsOutcome outcome;

  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*ciphers*");
  outcome = tls_connect (peer, &tls);
  g_test_assert_expected_messages ();
  g_assert_no_error (outcome.error);
  tls_outcome_clear (&outcome);
  peer_free (peer);
}

/* A plain SPICE server waits for the rest of what it takes for a link message, or closes. */
static void
serve_plain (PeerIo *io, gpointer data)
{
  uint8_t message[16];

  if (peer_read (io, message, sizeof message) && data)
    peer_write (io, data, strlen (data));
}

static void
test_not_tls (gconstpointer answer)
{
  CwTlsParams tls = { .verify = 0 };
  Peer *peer = peer_new ("127.0.0.1", 0, serve_plain, (gpointer) answer);
  TlsOutcome outcome = tls_connect (peer, &tls);

  g_test_message ("%s", outcome.error->message);
  g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
  tls_outcome_clear (&outcome);
  peer_free (peer);
}

typedef struct {
  const char *name;
  bool is_unix;
  bool is_plain; /* the server */
  const char *host;
  const char *refusal;
} FdRow;

static const FdRow fd_rows[] = {
  { "tcp", false, false, "localhost", NULL },
  { "unix", true, false, "localhost", NULL },
  { "other-host", false, false, "my.server", "my.server" },
  { "no-host", true, false, NULL, "host name" },
  { "plain-server", false, true, "localhost", "TLS" },
};

/* The descriptor is the library's: closed with the connection, and when there is none. */
static void
test_fd (gconstpointer data)
{
  const FdRow *row = data;
  g_autofree char *dir = g_dir_make_tmp ("cw-tls-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "socket", NULL);
  Peer *peer = peer_new (row->is_unix ? path : "127.0.0.1", 0, row->is_plain ? serve_plain : tls_serve_link, NULL);
  CwTlsParams tls = { .verify = CW_VERIFY_HOSTNAME, .host = row->host, .ca = tls_world.ca_pem };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  TlsOutcome outcome;

  if (!row->is_plain)
    peer_use_tls (peer, tls_world.certificate, tls_world.key, 0);
  peer_start (peer);
  params.fd = peer_connect (peer);
  outcome = tls_connect_params (&params, &tls);
  if (!row->refusal) {
    g_assert_no_error (outcome.error);
    g_assert_true (outcome.connection->is_tls);
    g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_FD);
  } else {
    g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
    g_test_message ("%s", outcome.error->message);
    g_assert_nonnull (strstr (outcome.error->message, row->refusal));
  }
  tls_outcome_clear (&outcome);
  g_assert_cmpint (fcntl (params.fd, F_GETFD), ==, -1);
  peer_stop (peer);
  g_assert_cmpstr (peer_sni (peer), ==, row->is_plain ? NULL : row->host);
  peer_free (peer);
  g_unlink (path);
  g_rmdir (dir);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  tls_world_set_up ();
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/tls/S22-verify/%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_row);
  }
  g_test_add_func ("/tls/versions", test_versions);
  g_test_add_func ("/tls/S22-ciphers", test_ciphers);
  g_test_add_data_func ("/tls/not-tls/closes", NULL, test_not_tls);
  g_test_add_data_func ("/tls/not-tls/answers", "REDQ\2 and so on", test_not_tls);
  for (unsigned i = 0; i < G_N_ELEMENTS (fd_rows); i++) {
    g_autofree char *path = g_strdup_printf ("/tls/fd/%s", fd_rows[i].name);

    g_test_add_data_func (path, &fd_rows[i], test_fd);
  }
  result = g_test_run ();
  tls_world_tear_down ();
  return result;
}
