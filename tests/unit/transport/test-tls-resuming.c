/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS sessions that are taken up again. */
#include "tls-world.h"

/* One server of many connections: what it gives at one counts at the next. */
typedef struct {
  SSL_CTX *ctx;
  bool resumed;
  bool breaks; /* ends in the middle of the handshake */
} Server;

static void
serve_resuming (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;
  Server *server = data;
  PeerIo inner = { io->fd, SSL_new (server->ctx) };

  SSL_set_fd (inner.ssl, io->fd);
  if (!server->breaks && SSL_accept (inner.ssl) == 1) {
    server->resumed = SSL_session_reused (inner.ssl) == 1;
    if (peer_link (&inner, &usual))
      peer_drain (&inner);
  }
  SSL_free (inner.ssl);
}

static TlsOutcome
run_resuming (Server *server, const CwTlsParams *tls, const char *host)
{
  Peer *peer = peer_new ("127.0.0.1", 0, serve_resuming, server);
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  TlsOutcome outcome;

  peer_start (peer);
  server->resumed = false;
  params.fd = peer_connect (peer);
  params.host = host;
  outcome = tls_connect_params (&params, tls);
  g_clear_pointer (&outcome.connection, cw_connection_free);
  peer_free (peer);
  return outcome;
}

static void
check_resuming (Server *server, const CwTlsParams *tls, const char *host, bool resumed)
{
  TlsOutcome outcome = run_resuming (server, tls, host);

  g_assert_no_error (outcome.error);
  g_assert_cmpint (server->resumed, ==, resumed);
  tls_outcome_clear (&outcome);
}

/* The newest session is offered again, but only to the same server and with nothing changed that decides on its
 * certificate. */
static void
test_resuming (gconstpointer data)
{
  CwTlsParams tls = { .verify = CW_VERIFY_HOSTNAME, .host = "localhost", .ca = tls_world.ca_pem };
  Server server = { SSL_CTX_new (TLS_server_method ()) };
  CwTlsParams changed[6], unverified[4];
  TlsOutcome outcome;

  SSL_CTX_set_max_proto_version (server.ctx, GPOINTER_TO_INT (data));
  SSL_CTX_use_certificate (server.ctx, tls_world.certificate);
  SSL_CTX_use_PrivateKey (server.ctx, tls_world.key);
  check_resuming (&server, &tls, "a", false);
  check_resuming (&server, &tls, "a", false); /* nobody keeps them */
  tls.sessions = cw_tls_sessions_new ();
  check_resuming (&server, &tls, "a", false);
  for (unsigned i = 0; i < 3; i++)
    check_resuming (&server, &tls, "a", true);
  check_resuming (&server, &tls, "b", false);
  check_resuming (&server, &tls, "b", true);

  for (unsigned i = 0; i < G_N_ELEMENTS (changed); i++)
    changed[i] = tls;
  changed[0].verify = 0;
  changed[1].ca = g_bytes_new_from_bytes (tls_world.ca_pem, 0, g_bytes_get_size (tls_world.ca_pem) - 1);
  changed[2].ciphers = "DEFAULT";
  changed[3].verify = CW_VERIFY_PUBKEY | CW_VERIFY_HOSTNAME;
  changed[4].subject = "CN=x";
  changed[5].system_too = true;
  for (unsigned i = 0; i < G_N_ELEMENTS (changed); i++) {
    check_resuming (&server, &changed[i], "b", false);
    check_resuming (&server, &changed[i], "b", true);
    check_resuming (&server, &tls, "b", false);
  }
  /* What would have been in the way, if anything had been verified. */
  for (unsigned i = 0; i < G_N_ELEMENTS (unverified); i++)
    unverified[i] = changed[0];
  unverified[1].host = "elsewhere";
  unverified[2].pubkey = tls_world.ca_pem;
  unverified[3].ca_file = "/nowhere";
  check_resuming (&server, &unverified[0], "b", false);
  for (unsigned i = 1; i < G_N_ELEMENTS (unverified); i++) {
    check_resuming (&server, &unverified[i], "b", false);
    check_resuming (&server, &unverified[i], "b", true);
    check_resuming (&server, &unverified[0], "b", false);
  }
  check_resuming (&server, &tls, "b", false);

  server.breaks = true;
  outcome = run_resuming (&server, &tls, "b");
  g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
  tls_outcome_clear (&outcome);
  server.breaks = false;
  check_resuming (&server, &tls, "b", false);
  g_bytes_unref (changed[1].ca);
  cw_tls_sessions_unref (tls.sessions);
  SSL_CTX_free (server.ctx);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  tls_world_set_up ();
  g_test_add_data_func ("/tls/resuming/1.2", GINT_TO_POINTER (TLS1_2_VERSION), test_resuming);
  g_test_add_data_func ("/tls/resuming/1.3", GINT_TO_POINTER (TLS1_3_VERSION), test_resuming);
  result = g_test_run ();
  tls_world_tear_down ();
  return result;
}
