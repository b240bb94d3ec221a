/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When TLS is spoken: on which port, on which given socket, how often, and what the application hears of it. */
#include "certs.h"
#include "peer.h"

#include <spice-client.h>
#include <string.h>

#define NEED_SECURED 5
#define MAX_PEERS 2

static EVP_PKEY *server_key;
static X509 *server_certificate;
static GByteArray *ca;

typedef enum {
  PEER_NONE,
  PEER_PLAIN,
  PEER_PLAIN_NEEDS_TLS,
  PEER_TLS,
  PEER_TLS_NEEDS_TLS,
  PEER_OTHER, /* no TLS, to somebody who begins it */
} PeerKind;

/* INIT and a list with an inputs channel, in mini-header frames. */
static void
serve_main (PeerIo *io, gpointer data)
{
  static const uint8_t init[6 + 32] = { 103, 0, 32, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1 };
  static const uint8_t list[6 + 6] = { 104, 0, 6, 0, 0, 0, 1, 0, 0, 0, SPICE_CHANNEL_INPUTS, 0 };
  PeerLink link = PEER_LINK_INIT;

  link.error = GPOINTER_TO_UINT (data);
  if (!peer_link (io, &link))
    return;
  if (peer_write (io, init, sizeof init) && peer_write (io, list, sizeof list))
    peer_drain (io);
}

static void
serve_inputs (PeerIo *io, gpointer data)
{
  const PeerLink link = PEER_LINK_INIT;

  if (peer_link (io, &link))
    peer_drain (io);
}

static void
serve_other (PeerIo *io, gpointer data)
{
  uint8_t message[16];

  peer_read (io, message, sizeof message);
}

static Peer *
start_peer (PeerKind kind)
{
  bool refuses = kind == PEER_PLAIN_NEEDS_TLS || kind == PEER_TLS_NEEDS_TLS;
  PeerFunc serve = kind == PEER_OTHER ? serve_other : serve_main;
  Peer *peer = peer_new ("127.0.0.1", 0, serve, GUINT_TO_POINTER (refuses ? NEED_SECURED : 0));

  if (kind == PEER_TLS || kind == PEER_TLS_NEEDS_TLS)
    peer_use_tls (peer, server_certificate, server_key, 0);
  peer_start (peer);
  return peer;
}

typedef struct {
  SpiceSession *session;
  SpiceChannel *inputs;
  Peer *peers[MAX_PEERS];
  unsigned next_peer; /* for the next request of a socket */
  bool asks_again;    /* answers the first request for TLS by another question */
  bool done;
  GString *log; /* what the main channel told, such as "open-fd 0, opened" */
} Client;

static void
note (Client *self, const char *word)
{
  g_string_append_printf (self->log, "%s%s", self->log->len > 0 ? ", " : "", word);
}

static void
on_open_fd (SpiceChannel *channel, int with_tls, Client *self)
{
  note (self, with_tls ? "open-fd 1" : "open-fd 0");
  if (self->asks_again && with_tls) {
    self->asks_again = false;
    g_assert_true (spice_channel_open_fd (channel, -1));
    return;
  }
  g_assert_cmpuint (self->next_peer, <, MAX_PEERS);
  g_assert_nonnull (self->peers[self->next_peer]);
  g_assert_true (spice_channel_open_fd (channel, peer_connect (self->peers[self->next_peer++])));
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Client *self)
{
  GEnumClass *class = g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT);

  note (self, g_enum_get_value (class, event)->value_nick);
  g_type_class_unref (class);
  self->done = true;
  if (event >= SPICE_CHANNEL_ERROR_CONNECT)
    g_assert_nonnull (spice_channel_get_error (channel));
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  if (SPICE_IS_MAIN_CHANNEL (channel)) {
    g_signal_connect (channel, "open-fd", G_CALLBACK (on_open_fd), self);
    g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  } else {
    self->inputs = channel;
  }
}

static void
client_init (Client *self)
{
  *self = (Client){ .session = spice_session_new (), .log = g_string_new (NULL) };
  g_object_set (self->session, "host", "localhost", "ca", ca, NULL);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
}

static void
set_port (Client *self, const char *property, Peer *peer)
{
  g_autofree char *port = g_strdup_printf ("%u", peer_port (peer));

  g_object_set (self->session, property, port, NULL);
}

static void
run_until_event (Client *self)
{
  while (!self->done)
    g_main_context_iteration (NULL, TRUE);
}

static void
on_disconnected (SpiceSession *session, gpointer data)
{
  *(bool *) data = true;
}

/* After which the peers have come to their end. */
static void
client_disconnect (Client *self)
{
  bool done = false;

  g_signal_connect (self->session, "disconnected", G_CALLBACK (on_disconnected), &done);
  spice_session_disconnect (self->session);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  for (unsigned i = 0; i < MAX_PEERS; i++)
    if (self->peers[i])
      peer_stop (self->peers[i]);
}

static void
client_clear (Client *self)
{
  g_assert_finalize_object (self->session);
  for (unsigned i = 0; i < MAX_PEERS; i++)
    g_clear_pointer (&self->peers[i], peer_free);
  g_string_free (self->log, TRUE);
}

/* --- given sockets --------------------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  const char *secure_channel; /* or NULL */
  const char *port, *tls_port;
  const char *host; /* NULL: the one in the certificate */
  bool gives_first; /* the socket comes with spice_session_open_fd () */
  bool asks_again;
  PeerKind peers[MAX_PEERS];
  const char *log;
} FdRow;

static const FdRow fd_rows[] = {
  { "plain", NULL, "1", "2", NULL, false, false, { PEER_PLAIN }, "open-fd 0, opened" },
  { "secure-channel", "main", "1", NULL, NULL, false, false, { PEER_TLS }, "open-fd 1, opened" },
  { "other-secure-channel", "inputs", "1", NULL, NULL, false, false, { PEER_PLAIN }, "open-fd 0, opened" },
  { "tls-port-only", NULL, NULL, "2", NULL, false, false, { PEER_TLS }, "open-fd 1, opened" },
  { "given-tls", "all", NULL, NULL, NULL, true, false, { PEER_TLS }, "opened" },
  { "given-plain", NULL, NULL, NULL, NULL, true, false, { PEER_PLAIN }, "opened" },
  { "needs-tls",
    NULL,
    NULL,
    NULL,
    NULL,
    false,
    false,
    { PEER_PLAIN_NEEDS_TLS, PEER_TLS },
    "open-fd 0, open-fd 1, opened" },
  { "given-needs-tls", NULL, NULL, NULL, NULL, true, false, { PEER_PLAIN_NEEDS_TLS, PEER_TLS }, "open-fd 1, opened" },
  { "asks-again",
    NULL,
    NULL,
    NULL,
    NULL,
    false,
    true,
    { PEER_PLAIN_NEEDS_TLS, PEER_TLS },
    "open-fd 0, open-fd 1, open-fd 1, opened" },
  { "plain-twice",
    NULL,
    NULL,
    NULL,
    NULL,
    false,
    false,
    { PEER_PLAIN_NEEDS_TLS, PEER_OTHER },
    "open-fd 0, open-fd 1, error-tls" },
  { "never-secure-enough",
    NULL,
    NULL,
    NULL,
    NULL,
    false,
    false,
    { PEER_PLAIN_NEEDS_TLS, PEER_TLS_NEEDS_TLS },
    "open-fd 0, open-fd 1, error-link" },
  { "secured-at-once", "main", NULL, NULL, NULL, false, false, { PEER_TLS_NEEDS_TLS }, "open-fd 1, error-link" },
  { "other-host", "main", NULL, NULL, "my.server", false, false, { PEER_TLS }, "open-fd 1, error-tls" },
};

static void
test_fd (gconstpointer data)
{
  const FdRow *row = data;
  const char *secure[] = { row->secure_channel, NULL };
  Client client;

  client_init (&client);
  client.asks_again = row->asks_again;
  g_object_set (client.session, "port", row->port, "tls-port", row->tls_port, NULL);
  if (row->secure_channel)
    g_object_set (client.session, "secure-channels", secure, NULL);
  if (row->host)
    g_object_set (client.session, "host", row->host, NULL);
  for (unsigned i = 0; i < MAX_PEERS; i++)
    client.peers[i] = row->peers[i] != PEER_NONE ? start_peer (row->peers[i]) : NULL;
  if (row->gives_first) {
    g_assert_true (spice_session_open_fd (client.session, peer_connect (client.peers[client.next_peer++])));
  } else {
    g_assert_true (spice_session_open_fd (client.session, -1));
  }
  run_until_event (&client);
  g_assert_cmpstr (client.log->str, ==, row->log);
  client_disconnect (&client);
  client_clear (&client);
}

/* --- ports ------------------------------------------------------------------------------------------------------ */

typedef struct {
  const char *name;
  const char *secure_channel;
  PeerKind on_port, on_tls_port;
  const char *log;
} PortRow;

static const PortRow port_rows[] = {
  { "both", NULL, PEER_PLAIN, PEER_TLS, "opened" },
  { "S6-tls-only", NULL, PEER_NONE, PEER_TLS, "opened" },
  { "S8-needs-tls", NULL, PEER_PLAIN_NEEDS_TLS, PEER_TLS, "opened" },
  { "needs-tls-without-port", NULL, PEER_PLAIN_NEEDS_TLS, PEER_NONE, "error-connect" },
  { "never-secure-enough", NULL, PEER_PLAIN_NEEDS_TLS, PEER_TLS_NEEDS_TLS, "error-link" },
  { "plain-on-tls-port", NULL, PEER_NONE, PEER_OTHER, "error-tls" },
  { "all-secure", "all", PEER_PLAIN, PEER_TLS, "opened" },
  { "all-secure-without-port", "all", PEER_PLAIN, PEER_NONE, "error-connect" },
};

static void
test_port (gconstpointer data)
{
  const PortRow *row = data;
  const char *secure[] = { row->secure_channel, NULL };
  const bool uses_tls_port = row->secure_channel || row->on_port != PEER_PLAIN;
  Client client;

  client_init (&client);
  if (row->secure_channel)
    g_object_set (client.session, "secure-channels", secure, NULL);
  if (row->on_port != PEER_NONE)
    set_port (&client, "port", client.peers[0] = start_peer (row->on_port));
  if (row->on_tls_port != PEER_NONE)
    set_port (&client, "tls-port", client.peers[1] = start_peer (row->on_tls_port));
  g_assert_true (spice_session_connect (client.session));
  run_until_event (&client);
  g_assert_cmpstr (client.log->str, ==, row->log);
  client_disconnect (&client);
  if (client.peers[0])
    g_assert_cmpint (peer_was_used (client.peers[0]), ==, row->secure_channel == NULL);
  if (client.peers[1]) {
    g_assert_cmpint (peer_was_used (client.peers[1]), ==, uses_tls_port);
    if (uses_tls_port && row->on_tls_port != PEER_OTHER)
      g_assert_cmpstr (peer_sni (client.peers[1]), ==, "localhost");
  }
  client_clear (&client);
}

/* Every channel decides for itself. */
static void
test_main_only (void)
{
  const char *secure[] = { "main", NULL };
  Client client;

  client_init (&client);
  g_object_set (client.session, "secure-channels", secure, NULL);
  client.peers[0] = peer_new ("127.0.0.1", 0, serve_inputs, NULL);
  peer_start (client.peers[0]);
  client.peers[1] = start_peer (PEER_TLS);
  set_port (&client, "port", client.peers[0]);
  set_port (&client, "tls-port", client.peers[1]);
  g_assert_true (spice_session_connect (client.session));
  while (!client.inputs)
    g_main_context_iteration (NULL, TRUE);
  client.done = false;
  g_signal_connect (client.inputs, "channel-event", G_CALLBACK (on_event), &client);
  g_assert_true (spice_channel_connect (client.inputs));
  run_until_event (&client);
  g_assert_cmpstr (client.log->str, ==, "opened, opened");
  client_disconnect (&client);
  client_clear (&client);
}

static void
add_rows (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (fd_rows); i++) {
    g_autofree char *path = g_strdup_printf ("/secure/fd/%s", fd_rows[i].name);

    g_test_add_data_func (path, &fd_rows[i], test_fd);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (port_rows); i++) {
    g_autofree char *path = g_strdup_printf ("/secure/port/%s", port_rows[i].name);

    g_test_add_data_func (path, &port_rows[i], test_port);
  }
  g_test_add_func ("/secure/port/S9-main-only", test_main_only);
}

int
main (int argc, char **argv)
{
  CertSpec leaf = { "O=Test Org/CN=my.server", "DNS:localhost" };
  CertSpec root = { "CN=Test CA", NULL, true };
  EVP_PKEY *ca_key = cert_key_ec ();
  X509 *ca_certificate = cert_new (&root, ca_key, NULL, NULL);
  int result;

  g_test_init (&argc, &argv, NULL);
  server_key = cert_key_ec ();
  server_certificate = cert_new (&leaf, server_key, ca_certificate, ca_key);
  ca = g_bytes_unref_to_array (cert_pem (ca_certificate));
  add_rows ();
  result = g_test_run ();
  g_byte_array_unref (ca);
  X509_free (server_certificate);
  X509_free (ca_certificate);
  EVP_PKEY_free (server_key);
  EVP_PKEY_free (ca_key);
  return result;
}
