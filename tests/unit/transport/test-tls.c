/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections over TLS to a real OpenSSL server, and frames through them. */
#include "certs.h"
#include "peer.h"
#include "transport/connect.h"
#include "transport/pump.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

typedef struct {
  EVP_PKEY *ca_key, *key, *other_rsa, *ec;
  X509 *ca, *certificate;
  GBytes *ca_pem, *pin, *rsa_pin, *ec_pin;
} World;

static World world;

static void
world_set_up (void)
{
  CertSpec ca = { "CN=Test CA", NULL, true };
  CertSpec leaf = { "O=Test Org/CN=my.server", "DNS:localhost,DNS:*.some.test" };

  world.ca_key = cert_key_ec ();
  world.key = cert_key_rsa ();
  world.other_rsa = cert_key_rsa ();
  world.ec = cert_key_ec ();
  world.ca = cert_new (&ca, world.ca_key, NULL, NULL);
  world.certificate = cert_new (&leaf, world.key, world.ca, world.ca_key);
  world.ca_pem = cert_pem (world.ca);
  world.pin = cert_pubkey (world.key);
  world.rsa_pin = cert_pubkey (world.other_rsa);
  world.ec_pin = cert_pubkey (world.ec);
}

static void
world_tear_down (void)
{
  EVP_PKEY_free (world.ca_key);
  EVP_PKEY_free (world.key);
  EVP_PKEY_free (world.other_rsa);
  EVP_PKEY_free (world.ec);
  X509_free (world.ca);
  X509_free (world.certificate);
  g_bytes_unref (world.ca_pem);
  g_bytes_unref (world.pin);
  g_bytes_unref (world.rsa_pin);
  g_bytes_unref (world.ec_pin);
}

typedef struct {
  bool done;
  CwConnection *connection;
  CwConnectFailure failure;
  GError *error;
} Outcome;

static void
on_done (GObject *object, GAsyncResult *result, gpointer data)
{
  Outcome *self = data;

  self->done = true;
  self->connection = cw_connect_finish (result, &self->failure, &self->error);
}

static void
outcome_clear (Outcome *self)
{
  g_clear_pointer (&self->connection, cw_connection_free);
  g_clear_error (&self->error);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static Outcome
run_params (CwConnectParams *params, const CwTlsParams *tls)
{
  Outcome outcome = { false };

  params->tls = tls;
  params->link.channel_type = 1;
  params->silence_timeout_ms = 5000;
  cw_connect_async (params, NULL, on_done, &outcome);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  return outcome;
}

static Outcome
run_connect (Peer *peer, const CwTlsParams *tls)
{
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;

  params.host = "127.0.0.1";
  params.port = peer_port (peer);
  peer_start (peer);
  return run_params (&params, tls);
}

static void
serve_link (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;

  if (peer_link (io, &usual))
    peer_drain (io);
}

static Peer *
tls_peer (PeerFunc serve, gpointer data, int max_version)
{
  Peer *peer = peer_new ("127.0.0.1", 0, serve, data);

  peer_use_tls (peer, world.certificate, world.key, max_version);
  return peer;
}

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
  { "pin", CW_VERIFY_PUBKEY, NULL, NULL, &world.pin, false, NULL },
  { "pin-or-host", CW_VERIFY_PUBKEY | CW_VERIFY_HOSTNAME, NULL, NULL, &world.pin, false, NULL },
  { "pin-other-rsa", CW_VERIFY_PUBKEY, NULL, NULL, &world.rsa_pin, false, "public key" },
  { "pin-ec", CW_VERIFY_PUBKEY, NULL, NULL, &world.ec_pin, false, "public key" },
  { "pin-ec-or-host", CW_VERIFY_PUBKEY | CW_VERIFY_HOSTNAME, "localhost", NULL, &world.ec_pin, false, "not trusted" },
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
  Peer *peer = tls_peer (serve_link, NULL, 0);
  CwTlsParams tls = { .verify = row->verify,
                      .host = row->host,
                      .subject = row->subject,
                      .pubkey = row->pin ? *row->pin : NULL,
                      .ca = row->has_ca ? world.ca_pem : NULL };
  Outcome outcome = run_connect (peer, &tls);

  if (!row->refusal) {
    g_assert_no_error (outcome.error);
    g_assert_true (outcome.connection->is_tls);
  } else {
    g_assert_error (outcome.error, CW_ERROR, CW_ERROR_SECURITY);
    g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
    g_test_message ("%s", outcome.error->message);
    g_assert_nonnull (strstr (outcome.error->message, row->refusal));
  }
  outcome_clear (&outcome);
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
    Peer *peer = tls_peer (serve_link, NULL, versions[i]);
    Outcome outcome = run_connect (peer, &tls);

    if (i == 0) {
      g_assert_error (outcome.error, CW_ERROR, CW_ERROR_SECURITY);
      g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
    } else {
      g_assert_no_error (outcome.error);
    }
    outcome_clear (&outcome);
    peer_free (peer);
  }
}

static void
test_ciphers (void)
{
  CwTlsParams tls = { .verify = 0, .ciphers = "no such cipher" };
  Peer *peer = tls_peer (serve_link, NULL, 0);
  Outcome outcome;

  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*ciphers*");
  outcome = run_connect (peer, &tls);
  g_test_assert_expected_messages ();
  g_assert_no_error (outcome.error);
  outcome_clear (&outcome);
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
  Outcome outcome = run_connect (peer, &tls);

  g_test_message ("%s", outcome.error->message);
  g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
  outcome_clear (&outcome);
  peer_free (peer);
}

/* --- given sockets --------------------------------------------------------------------------------------------- */

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
  Peer *peer = peer_new (row->is_unix ? path : "127.0.0.1", 0, row->is_plain ? serve_plain : serve_link, NULL);
  CwTlsParams tls = { .verify = CW_VERIFY_HOSTNAME, .host = row->host, .ca = world.ca_pem };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Outcome outcome;

  if (!row->is_plain)
    peer_use_tls (peer, world.certificate, world.key, 0);
  peer_start (peer);
  params.fd = peer_connect (peer);
  outcome = run_params (&params, &tls);
  if (!row->refusal) {
    g_assert_no_error (outcome.error);
    g_assert_true (outcome.connection->is_tls);
    g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_FD);
  } else {
    g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
    g_test_message ("%s", outcome.error->message);
    g_assert_nonnull (strstr (outcome.error->message, row->refusal));
  }
  outcome_clear (&outcome);
  g_assert_cmpint (fcntl (params.fd, F_GETFD), ==, -1);
  peer_stop (peer);
  g_assert_cmpstr (peer_sni (peer), ==, row->is_plain ? NULL : row->host);
  peer_free (peer);
  g_unlink (path);
  g_rmdir (dir);
}

/* --- frames ----------------------------------------------------------------------------------------------------- */

typedef struct {
  CwPump *pump;
  unsigned n_frames;
  size_t n_bytes;
  bool is_closed;
  GError *error;
  unsigned n_flushed;
} Frames;

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  Frames *self = data;

  self->n_frames++;
  self->n_bytes += g_bytes_get_size (frame->body);
  g_assert_cmpuint (frame->serial, ==, self->n_frames);
}

static void
on_closed (gpointer data, const GError *error)
{
  Frames *self = data;

  self->is_closed = true;
  self->error = error ? g_error_copy (error) : NULL;
}

static void
on_flushed (gpointer data, const GError *error)
{
  g_assert_no_error (error);
  ((Frames *) data)->n_flushed++;
}

static const CwPumpEvents events = { on_frame, on_closed, NULL };

static void
put_ping (uint8_t *at)
{
  memcpy (at, "\4\0\14\0\0\0", 6);
  memset (at + 6, 0, 12);
}

/* Five PINGs in one record, then silence: all five have to be seen without another byte on the socket. */
static void
serve_five (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;
  uint8_t pings[5 * 18];

  for (unsigned i = 0; i < 5; i++)
    put_ping (pings + 18 * i);
  if (peer_link (io, &usual) && peer_write (io, pings, sizeof pings))
    peer_drain (io);
}

static gboolean
on_time (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

static void
test_one_record (void)
{
  CwTlsParams tls = { .verify = 0 };
  Peer *peer = tls_peer (serve_five, NULL, 0);
  Outcome outcome = run_connect (peer, &tls);
  Frames frames = { 0 };
  bool late = false;
  unsigned timer = g_timeout_add (5000, on_time, &late);

  g_assert_no_error (outcome.error);
  frames.pump = cw_pump_new (outcome.connection->stream, NULL, outcome.connection->mini_header, &events, &frames);
  while (frames.n_frames < 5 && !late)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (frames.n_frames, ==, 5);
  g_source_remove (timer);
  cw_pump_unref (frames.pump);
  outcome_clear (&outcome);
  peer_free (peer);
}

/* The same when the frames are taken one by one: what waits inside TLS must wake a paused pump by itself. */
static void
pause_after_each (gpointer data, const CwPumpFrame *frame)
{
  Frames *self = data;

  self->n_frames++;
  cw_pump_pause (self->pump, 1);
}

static void
test_one_record_paused (void)
{
  static const CwPumpEvents pausing = { pause_after_each, on_closed, NULL };
  CwTlsParams tls = { .verify = 0 };
  Peer *peer = tls_peer (serve_five, NULL, TLS1_2_VERSION);
  Outcome outcome = run_connect (peer, &tls);
  Frames frames = { 0 };
  bool late = false;
  unsigned timer = g_timeout_add (5000, on_time, &late);

  g_assert_no_error (outcome.error);
  frames.pump = cw_pump_new (outcome.connection->stream, NULL, true, &pausing, &frames);
  for (unsigned i = 1; i <= 5; i++) {
    while (frames.n_frames < i && !late)
      g_main_context_iteration (NULL, TRUE);
    g_assert_cmpuint (frames.n_frames, ==, i);
    cw_pump_resume (frames.pump, 1);
  }
  g_source_remove (timer);
  cw_pump_unref (frames.pump);
  outcome_clear (&outcome);
  peer_free (peer);
}

static gboolean
on_readable (GObject *stream, gpointer data)
{
  uint8_t ping[18];

  g_assert_cmpint (g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), ping, sizeof ping, NULL,
                                                             NULL),
                   ==, 18);
  g_assert_cmpint (ping[0], ==, 4);
  ++*(unsigned *) data;
  return G_SOURCE_REMOVE;
}

/* And for any other user of the stream: a source is ready while bytes wait inside, and only then. */
static void
test_one_record_source (void)
{
  CwTlsParams tls = { .verify = 0 };
  Peer *peer = tls_peer (serve_five, NULL, TLS1_2_VERSION);
  Outcome outcome = run_connect (peer, &tls);
  unsigned n = 0;
  uint8_t byte;

  g_assert_no_error (outcome.error);
  {
    GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (outcome.connection->stream));
    g_autoptr (GError) error = NULL;
    bool late = false;
    unsigned timer = g_timeout_add (5000, on_time, &late);

    for (unsigned i = 1; i <= 5; i++) {
      g_autoptr (GSource) source = NULL;

      while (i == 1 && !g_socket_condition_check (outcome.connection->socket, G_IO_IN))
        g_usleep (1000);
      g_assert_true (g_pollable_input_stream_is_readable (in));
      source = g_pollable_input_stream_create_source (in, NULL);
      g_source_set_callback (source, G_SOURCE_FUNC (on_readable), &n, NULL);
      g_source_attach (source, NULL);
      while (n < i && !late)
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpuint (n, ==, i);
    }
    g_assert_cmpint (g_pollable_input_stream_read_nonblocking (in, &byte, 1, NULL, &error), ==, -1);
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    g_assert_false (g_pollable_input_stream_is_readable (in));
    g_source_remove (timer);
  }
  outcome_clear (&outcome);
  peer_free (peer);
}

/* Both directions at once, more than any buffer on the way holds, the server slow to read. */
#define ECHO_MESSAGES 300
#define ECHO_SIZE 20000

static void
serve_bulk (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;
  static uint8_t message[6 + ECHO_SIZE];
  uint64_t *sum = data;

  if (!peer_link (io, &usual))
    return;
  for (unsigned i = 0; i < ECHO_MESSAGES; i++) {
    memcpy (message, "\xc8\0\x20\x4e\0\0", 6);
    memset (message + 6, (int) i, ECHO_SIZE);
    if (!peer_write (io, message, sizeof message))
      return;
    if (i == ECHO_MESSAGES / 2)
      g_usleep (100000);
  }
  for (unsigned i = 0; i < ECHO_MESSAGES; i++) {
    if (!peer_read (io, message, sizeof message))
      return;
    g_assert_cmpmem (message, 6, "\x2c\1\x20\x4e\0\0", 6);
    for (unsigned k = 6; k < sizeof message; k++)
      *sum += message[k];
  }
  peer_drain (io);
}

static void
test_bulk (gconstpointer data)
{
  g_autofree uint8_t *bytes = g_malloc (ECHO_SIZE);
  uint64_t sum = 0, expected = 0;
  CwTlsParams tls = { .verify = 0 };
  Peer *peer = tls_peer (serve_bulk, &sum, GPOINTER_TO_INT (data));
  Outcome outcome = run_connect (peer, &tls);
  Frames frames = { 0 };
  int small = 4096;

  g_assert_no_error (outcome.error);
  setsockopt (g_socket_get_fd (outcome.connection->socket), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  frames.pump = cw_pump_new (outcome.connection->stream, NULL, true, &events, &frames);
  for (unsigned i = 0; i < ECHO_MESSAGES; i++) {
    g_autoptr (GBytes) body = NULL;

    for (unsigned k = 0; k < ECHO_SIZE; k++)
      expected += bytes[k] = (uint8_t) (i + k);
    body = g_bytes_new (bytes, ECHO_SIZE);
    g_assert_true (cw_pump_send (frames.pump, 300, body, CW_PUMP_NORMAL, NULL));
  }
  cw_pump_flush (frames.pump, on_flushed, &frames);
  while (frames.n_flushed == 0 || frames.n_frames < ECHO_MESSAGES)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (frames.n_bytes, ==, ECHO_MESSAGES * ECHO_SIZE);
  cw_pump_unref (frames.pump);
  outcome_clear (&outcome);
  peer_free (peer);
  g_assert_cmpuint (sum, ==, expected);
}

/* Without close_notify, as the reference server ends: orderly between messages, not inside one. */
static void
serve_end (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;
  uint8_t ping[18];

  put_ping (ping);
  if (peer_link (io, &usual))
    peer_write (io, ping, GPOINTER_TO_SIZE (data));
}

static void
test_end (gconstpointer data)
{
  CwTlsParams tls = { .verify = 0 };
  Peer *peer = tls_peer (serve_end, (gpointer) data, 0);
  Outcome outcome = run_connect (peer, &tls);
  Frames frames = { 0 };

  g_assert_no_error (outcome.error);
  frames.pump = cw_pump_new (outcome.connection->stream, NULL, true, &events, &frames);
  while (!frames.is_closed)
    g_main_context_iteration (NULL, TRUE);
  if (GPOINTER_TO_SIZE (data) == 18) {
    g_assert_cmpuint (frames.n_frames, ==, 1);
    g_assert_no_error (frames.error);
  } else {
    g_assert_error (frames.error, CW_ERROR, CW_ERROR_CLOSED);
  }
  g_clear_error (&frames.error);
  cw_pump_unref (frames.pump);
  outcome_clear (&outcome);
  peer_free (peer);
}

/* --- resuming ---------------------------------------------------------------------------------------------------- */

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

static Outcome
run_resuming (Server *server, const CwTlsParams *tls, const char *host)
{
  Peer *peer = peer_new ("127.0.0.1", 0, serve_resuming, server);
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  Outcome outcome;

  peer_start (peer);
  server->resumed = false;
  params.fd = peer_connect (peer);
  params.host = host;
  outcome = run_params (&params, tls);
  g_clear_pointer (&outcome.connection, cw_connection_free);
  peer_free (peer);
  return outcome;
}

static void
check_resuming (Server *server, const CwTlsParams *tls, const char *host, bool resumed)
{
  Outcome outcome = run_resuming (server, tls, host);

  g_assert_no_error (outcome.error);
  g_assert_cmpint (server->resumed, ==, resumed);
  outcome_clear (&outcome);
}

/* The newest session is offered again, but only to the same server and with nothing changed that decides on its
 * certificate. */
static void
test_resuming (gconstpointer data)
{
  CwTlsParams tls = { .verify = CW_VERIFY_HOSTNAME, .host = "localhost", .ca = world.ca_pem };
  Server server = { SSL_CTX_new (TLS_server_method ()) };
  CwTlsParams changed[5];
  Outcome outcome;

  SSL_CTX_set_max_proto_version (server.ctx, GPOINTER_TO_INT (data));
  SSL_CTX_use_certificate (server.ctx, world.certificate);
  SSL_CTX_use_PrivateKey (server.ctx, world.key);
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
  changed[1].ca = g_bytes_new_from_bytes (world.ca_pem, 0, g_bytes_get_size (world.ca_pem) - 1);
  changed[2].ciphers = "DEFAULT";
  changed[3].verify = CW_VERIFY_PUBKEY | CW_VERIFY_HOSTNAME;
  changed[4].subject = "CN=x";
  for (unsigned i = 0; i < G_N_ELEMENTS (changed); i++) {
    check_resuming (&server, &changed[i], "b", false);
    check_resuming (&server, &changed[i], "b", true);
    check_resuming (&server, &tls, "b", false);
  }

  server.breaks = true;
  outcome = run_resuming (&server, &tls, "b");
  g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_TLS);
  outcome_clear (&outcome);
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
  world_set_up ();
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/tls/verify/%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_row);
  }
  g_test_add_func ("/tls/versions", test_versions);
  g_test_add_func ("/tls/ciphers", test_ciphers);
  g_test_add_data_func ("/tls/not-tls/closes", NULL, test_not_tls);
  g_test_add_data_func ("/tls/not-tls/answers", "REDQ\2 and so on", test_not_tls);
  for (unsigned i = 0; i < G_N_ELEMENTS (fd_rows); i++) {
    g_autofree char *path = g_strdup_printf ("/tls/fd/%s", fd_rows[i].name);

    g_test_add_data_func (path, &fd_rows[i], test_fd);
  }
  g_test_add_func ("/tls/one-record", test_one_record);
  g_test_add_func ("/tls/one-record-paused", test_one_record_paused);
  g_test_add_func ("/tls/one-record-source", test_one_record_source);
  g_test_add_data_func ("/tls/bulk/1.2", GINT_TO_POINTER (TLS1_2_VERSION), test_bulk);
  g_test_add_data_func ("/tls/bulk/1.3", GINT_TO_POINTER (TLS1_3_VERSION), test_bulk);
  g_test_add_data_func ("/tls/resuming/1.2", GINT_TO_POINTER (TLS1_2_VERSION), test_resuming);
  g_test_add_data_func ("/tls/resuming/1.3", GINT_TO_POINTER (TLS1_3_VERSION), test_resuming);
  g_test_add_data_func ("/tls/end/between", GSIZE_TO_POINTER (18), test_end);
  g_test_add_data_func ("/tls/end/inside", GSIZE_TO_POINTER (17), test_end);
  result = g_test_run ();
  world_tear_down ();
  return result;
}
