/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls-world.h"

TlsWorld tls_world;

void
tls_world_set_up (void)
{
  CertSpec ca = { "CN=Test CA", NULL, true };
  CertSpec leaf = { "O=Test Org/CN=my.server", "DNS:localhost,DNS:*.some.test" };

  tls_world.ca_key = cert_key_ec ();
  tls_world.key = cert_key_rsa ();
  tls_world.other_rsa = cert_key_rsa ();
  tls_world.ec = cert_key_ec ();
  tls_world.ca = cert_new (&ca, tls_world.ca_key, NULL, NULL);
  tls_world.certificate = cert_new (&leaf, tls_world.key, tls_world.ca, tls_world.ca_key);
  tls_world.ca_pem = cert_pem (tls_world.ca);
  tls_world.pin = cert_pubkey (tls_world.key);
  tls_world.rsa_pin = cert_pubkey (tls_world.other_rsa);
  tls_world.ec_pin = cert_pubkey (tls_world.ec);
}

void
tls_world_tear_down (void)
{
  EVP_PKEY_free (tls_world.ca_key);
  EVP_PKEY_free (tls_world.key);
  EVP_PKEY_free (tls_world.other_rsa);
  EVP_PKEY_free (tls_world.ec);
  X509_free (tls_world.ca);
  X509_free (tls_world.certificate);
  g_bytes_unref (tls_world.ca_pem);
  g_bytes_unref (tls_world.pin);
  g_bytes_unref (tls_world.rsa_pin);
  g_bytes_unref (tls_world.ec_pin);
}

static void
on_done (GObject *object, GAsyncResult *result, gpointer data)
{
  TlsOutcome *self = data;

  self->done = true;
  self->connection = cw_connect_finish (result, &self->failure, &self->error);
}

void
tls_outcome_clear (TlsOutcome *self)
{
  g_clear_pointer (&self->connection, cw_connection_free);
  g_clear_error (&self->error);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

TlsOutcome
tls_connect_params (CwConnectParams *params, const CwTlsParams *tls)
{
  TlsOutcome outcome = { false };

  params->tls = tls;
  params->link.channel_type = 1;
  params->silence_timeout_ms = 30000;
  cw_connect_async (params, NULL, on_done, &outcome);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  return outcome;
}

TlsOutcome
tls_connect (Peer *peer, const CwTlsParams *tls)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;

  params.host = "127.0.0.1";
  params.port = peer_port (peer);
  peer_start (peer);
  return tls_connect_params (&params, tls);
}

void
tls_serve_link (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;

  if (peer_link (io, &usual))
    peer_drain (io);
}

Peer *
tls_peer (PeerFunc serve, gpointer data, int max_version)
{
  Peer *peer = peer_new ("127.0.0.1", 0, serve, data);

  peer_use_tls (peer, tls_world.certificate, tls_world.key, max_version);
  return peer;
}
