/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS servers that never stop sending what is no data: OpenSSL would read it for as long as it comes. The main loop
 * goes on, and every time limit holds. */
#include "certs.h"
#include "peer.h"
#include "transport/connect.h"
#include "transport/pump.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static EVP_PKEY *key;
static X509 *certificate;

typedef struct {
  bool done;
  CwConnection *connection;
  CwConnectFailure failure;
  GError *error;
  unsigned n_idle; /* how often something of the lowest priority ran meanwhile */
} Outcome;

static void
on_done (GObject *object, GAsyncResult *result, gpointer data)
{
  Outcome *self = data;

  self->done = true;
  self->connection = cw_connect_finish (result, &self->failure, &self->error);
}

static gboolean
on_idle (gpointer data)
{
  ((Outcome *) data)->n_idle++;
  return G_SOURCE_CONTINUE;
}

static Peer *
tls_peer (PeerFunc func, gpointer data, int version)
{
  Peer *peer = peer_new ("127.0.0.1", 0, func, data);

  if (version != 0)
    peer_use_tls (peer, certificate, key, version);
  peer_start (peer);
  return peer;
}

static Outcome
run (Peer *peer, unsigned silence_ms)
{
  CwTlsParams tls = { .verify = 0 };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Outcome outcome = { 0 };
  unsigned idle = g_idle_add (on_idle, &outcome);

  params.host = "127.0.0.1";
  params.port = peer_port (peer);
  params.tls = &tls;
  params.silence_timeout_ms = silence_ms;
  params.link.channel_type = 1;
  cw_connect_async (&params, NULL, on_done, &outcome);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (idle);
  return outcome;
}

/* --- before the certificate ------------------------------------------------------------------------------------ */

typedef struct {
  const char *name;
  const char *bytes; /* a record in the clear */
  size_t size;
} Record;

static const Record records[] = {
  { "hello-request", "\26\3\3\0\4\0\0\0\0", 9 },
  { "hello-requests",
    "\26\3\3\0\50"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    45 },
  { "empty", "\26\3\3\0\0", 5 },
  { "change-cipher-spec", "\24\3\3\0\1\1", 6 },
  { "warnings", "\25\3\3\0\2\1\144", 7 },
};

static void
serve_records (PeerIo *io, gpointer data)
{
  const Record *record = data;
  uint8_t flood[4500];
  size_t size = 0;

  for (; sizeof flood - size >= record->size; size += record->size)
    memcpy (flood + size, record->bytes, record->size);
  while (peer_write (io, flood, size))
    ;
}

static void
test_before_certificate (gconstpointer data)
{
  Peer *peer = tls_peer (serve_records, (gpointer) data, 0);
  Outcome outcome = run (peer, 200);

  g_test_message ("%s; idle ran %u times", outcome.error->message, outcome.n_idle);
  g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
  if (g_error_matches (outcome.error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_assert_cmpuint (outcome.n_idle, >, 10);
  else
    g_assert_error (outcome.error, CW_ERROR, CW_ERROR_SECURITY);
  g_clear_error (&outcome.error);
  peer_free (peer);
}

/* --- after the handshake --------------------------------------------------------------------------------------- */

static bool
update_key (SSL *ssl)
{
  return SSL_key_update (ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake (ssl) == 1;
}

static bool
request_update (SSL *ssl)
{
  return SSL_key_update (ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake (ssl) == 1;
}

static bool
request_hello (SSL *ssl)
{
  return SSL_renegotiate (ssl) == 1 && SSL_do_handshake (ssl) == 1;
}

typedef struct {
  const char *name;
  int version;
  bool (*send) (SSL *ssl);
  bool after_link;
} Flood;

static const Flood floods[] = {
  { "key-update/link", TLS1_3_VERSION, update_key, false },
  { "key-update/data", TLS1_3_VERSION, update_key, true },
  { "key-update-requested/link", TLS1_3_VERSION, request_update, false },
  { "key-update-requested/data", TLS1_3_VERSION, request_update, true },
  { "hello-request/link", TLS1_2_VERSION, request_hello, false },
  { "hello-request/data", TLS1_2_VERSION, request_hello, true },
};

static void
serve_flood (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;
  const Flood *flood = data;

  if (flood->after_link && !peer_link (io, &usual))
    return;
  while (flood->send (io->ssl))
    ;
}

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  g_assert_not_reached ();
}

static void
on_closed (gpointer data, const GError *error)
{
  ((Outcome *) data)->done = true;
}

/* The pump reads the flood, for ever if need be; others get their turn. */
static void
check_data (Outcome *self)
{
  static const CwPumpEvents events = { .frame = on_frame, .closed = on_closed };
  CwPump *pump = cw_pump_new (self->connection->stream, NULL, true, &events, self);
  unsigned idle = g_idle_add (on_idle, self);

  self->n_idle = 0;
  self->done = false;
  while (self->n_idle < 100)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (idle);
  cw_pump_unref (pump);
  cw_connection_free (self->connection);
}

static void
test_after_handshake (gconstpointer data)
{
  const Flood *flood = data;
  Peer *peer = tls_peer (serve_flood, (gpointer) data, flood->version);
  Outcome outcome = run (peer, flood->after_link ? 60000 : 1000);

  if (flood->after_link) {
    g_assert_no_error (outcome.error);
    check_data (&outcome);
  } else {
    g_test_message ("%s; idle ran %u times", outcome.error->message, outcome.n_idle);
    g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_LINK);
    if (g_error_matches (outcome.error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
      g_assert_cmpuint (outcome.n_idle, >, 10);
    g_clear_error (&outcome.error);
  }
  peer_free (peer);
}

int
main (int argc, char **argv)
{
  CertSpec spec = { "CN=localhost" };
  int result;

  g_test_init (&argc, &argv, NULL);
  key = cert_key_ec ();
  certificate = cert_new (&spec, key, NULL, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (records); i++) {
    g_autofree char *path = g_strdup_printf ("/flood/before-certificate/%s", records[i].name);

    g_test_add_data_func (path, &records[i], test_before_certificate);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (floods); i++) {
    g_autofree char *path = g_strdup_printf ("/flood/%s", floods[i].name);

    g_test_add_data_func (path, &floods[i], test_after_handshake);
  }
  result = g_test_run ();
  X509_free (certificate);
  EVP_PKEY_free (key);
  return result;
}
