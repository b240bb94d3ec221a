/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the link is told of the connection that it runs on, and what is told of it behind it. */
#include "connecting.h"
#include "tls-world.h"

#include <glib/gstdio.h>

/* What the stage has told, in the place of which this stands (--wrap). */
static CwSaslPeer told;

void __real_cw_link_set_peer (CwLink *self, const CwSaslPeer *peer);
void __wrap_cw_link_set_peer (CwLink *self, const CwSaslPeer *peer);

void
__wrap_cw_link_set_peer (CwLink *self, const CwSaslPeer *peer)
{
  g_assert_null (told.host);
  told = (CwSaslPeer){ g_strdup (peer->host), g_strdup (peer->local), g_strdup (peer->remote), peer->tls_bits };
  __real_cw_link_set_peer (self, peer);
}

static void
forget (void)
{
  g_free ((char *) told.host);
  g_free ((char *) told.local);
  g_free ((char *) told.remote);
  told = (CwSaslPeer){ 0 };
}

/* As SASL wants it: of which end says whether it is the remote one. */
static char *
address_of (GSocket *socket, bool remote)
{
  g_autoptr (GSocketAddress) address
      = remote ? g_socket_get_remote_address (socket, NULL) : g_socket_get_local_address (socket, NULL);
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  g_autofree char *host = g_inet_address_to_string (g_inet_socket_address_get_address (inet));

  return g_strdup_printf ("%s;%u", host, g_inet_socket_address_get_port (inet));
}

static void
check_addresses (const CwConnection *connection, Peer *peer)
{
  g_autofree char *local = address_of (connection->socket, false), *remote = address_of (connection->socket, true);
  g_autofree char *served = g_strdup_printf ("127.0.0.1;%u", peer_port (peer));

  g_assert_cmpstr (told.local, ==, local);
  g_assert_cmpstr (told.remote, ==, remote);
  g_assert_cmpstr (told.remote, ==, served);
  g_assert_cmpstr (told.local, !=, told.remote);
}

/* first: whether a message goes with the ticket. */
static void
test_tcp (gconstpointer first)
{
  Peer *peer = peer_new ("127.0.0.1", 0, connecting_serve, NULL);
  CwConnectParams params = connecting_tcp_params ("127.0.0.1", peer_port (peer));
  Connecting outcome;

  params.link.first_type = first ? 104 : 0;
  peer_start (peer);
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpstr (told.host, ==, "127.0.0.1");
  check_addresses (outcome.connection, peer);
  g_assert_cmpuint (told.tls_bits, ==, 0);
  g_assert_true (outcome.connection->sent_first == (first != NULL));
  connecting_clear (&outcome);
  peer_free (peer);
  forget ();
}

static void
test_unix (void)
{
  g_autofree char *folder = g_dir_make_tmp ("cw-link-XXXXXX", NULL), *path = g_build_filename (folder, "socket", NULL);
  Peer *peer = peer_new (path, 0, connecting_serve, NULL);
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Connecting outcome;

  params.unix_path = path;
  params.link.channel_type = 1;
  peer_start (peer);
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_null (told.local);
  g_assert_null (told.remote);
  g_assert_cmpuint (told.tls_bits, ==, 0);
  connecting_clear (&outcome);
  peer_free (peer);
  g_unlink (path);
  g_rmdir (folder);
  forget ();
}

/* The strength of the cipher is what lets mechanisms without a layer of their own in. */
static void
test_tls (void)
{
  Peer *peer = tls_peer (tls_serve_link, NULL, 0);
  const CwTlsParams tls = { .verify = 0 };
  TlsOutcome outcome = tls_connect (peer, &tls);

  g_assert_no_error (outcome.error);
  check_addresses (outcome.connection, peer);
  g_assert_cmpuint (told.tls_bits, >=, 128);
  g_assert_cmpuint (told.tls_bits, <=, 256);
  tls_outcome_clear (&outcome);
  peer_free (peer);
  forget ();
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  tls_world_set_up ();
  g_test_add_data_func ("/link-stage/tcp", NULL, test_tcp);
  g_test_add_data_func ("/link-stage/first-message", "", test_tcp);
  g_test_add_func ("/link-stage/unix", test_unix);
  g_test_add_func ("/link-stage/tls", test_tls);
  status = g_test_run ();
  tls_world_tear_down ();
  return status;
}
