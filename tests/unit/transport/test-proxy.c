/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting through HTTP proxies: what is asked, what they answer, and what comes after. */
#include "certs.h"
#include "peer.h"
#include "transport/connect.h"
#include "transport/proxy-reply.h"
#include "transport/proxy.h"

#include <string.h>
#include <sys/socket.h>

static struct {
  EVP_PKEY *ca_key, *key;
  X509 *ca, *certificate;
  GBytes *ca_pem;
} world;

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

static gboolean
on_time (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

/* --- the proxy ------------------------------------------------------------------------------------------------- */

typedef enum {
  THEN_LINK,     /* the tunnel leads to a SPICE server */
  THEN_TLS_LINK, /* to one that speaks TLS */
  THEN_WAIT,
  THEN_END,
} Then;

typedef struct {
  const char *name;
  const char *host; /* of the server */
  const char *user, *password;
  const char *request; /* expected, or NULL */
  const char *answer;
  bool answers_at_once;
  bool trickles;
  Then then;
  bool is_tls;   /* the proxy */
  bool knows_ca; /* as the session's CA, with TLS to the server */
  bool cancels;
  CwConnectFailure failure; /* and code, unless THEN_LINK */
  int code;
  const char *text;
} Row;

#define HEADERS "Proxy-Connection: keep-alive\r\nUser-Agent: Caraway\r\n"
#define REQUEST "CONNECT server.test:5900 HTTP/1.0\r\nHost: server.test:5900\r\n" HEADERS "\r\n"
#define GRANTED "HTTP/1.0 200 OK\r\n\r\n"

static const Row rows[] = {
  { .name = "S20-granted", .request = REQUEST, .answer = GRANTED },
  { .name = "headers", .answer = "HTTP/1.1 200 Connection established\r\nVia: x\r\nX: \r\n\r\n" },
  { .name = "trickled", .answer = "HTTP/1.1 200\r\nVia: x\r\n\r\n", .trickles = true },
  { .name = "bare-newlines", .answer = "HTTP/1.1 204 \n\n" },
  { .name = "bare-newlines/no-reason", .answer = "HTTP/1.1 204\n\n" },
  { .name = "long-reason",
    .answer = "HTTP/1.1 200 A reason that is longer than any buffer for the beginning of a line has to be\r\n\r\n" },
  { .name = "ipv6",
    .host = "fe80::1",
    .request = "CONNECT [fe80::1]:5900 HTTP/1.0\r\nHost: [fe80::1]:5900\r\n" HEADERS "\r\n",
    .answer = GRANTED },
  { .name = "ipv6-in-brackets",
    .host = "[fe80::1]",
    .request = "CONNECT [fe80::1]:5900 HTTP/1.0\r\nHost: [fe80::1]:5900\r\n" HEADERS "\r\n",
    .answer = GRANTED },
  { .name = "ipv6-with-scope",
    .host = "fe80::1%eth0",
    .request = "CONNECT [fe80::1%eth0]:5900 HTTP/1.0\r\nHost: [fe80::1%eth0]:5900\r\n" HEADERS "\r\n",
    .answer = GRANTED },
  /* As Proxmox VE has them: its proxy understands what stands there, and no brackets around it. */
  { .name = "ticket",
    .host = "pvespiceproxy:66d0a1b2:100:node1::0123456789abcdef",
    .request = "CONNECT pvespiceproxy:66d0a1b2:100:node1::0123456789abcdef:5900 HTTP/1.0\r\n"
               "Host: pvespiceproxy:66d0a1b2:100:node1::0123456789abcdef:5900\r\n" HEADERS "\r\n",
    .answer = GRANTED },
  { .name = "S20-credentials",
    .user = "us er",
    .password = "p:w",
    .request = "CONNECT server.test:5900 HTTP/1.0\r\nHost: server.test:5900\r\n" HEADERS
               "Proxy-Authorization: Basic dXMgZXI6cDp3\r\n\r\n",
    .answer = GRANTED },
  { .name = "S20-user-alone",
    .user = "u",
    .request = "CONNECT server.test:5900 HTTP/1.0\r\nHost: server.test:5900\r\n" HEADERS
               "Proxy-Authorization: Basic dTo=\r\n\r\n",
    .answer = GRANTED },
  { .name = "tls-server", .answer = GRANTED, .then = THEN_TLS_LINK },
  { .name = "tls-proxy", .answer = GRANTED, .is_tls = true, .knows_ca = true, .then = THEN_TLS_LINK, .trickles = true },
  { .name = "tls-proxy/unknown",
    .answer = GRANTED,
    .is_tls = true,
    .then = THEN_END,
    .code = G_TLS_ERROR_BAD_CERTIFICATE,
    .text = "The proxy: The server's certificate is not trusted" },
  { .name = "tls-proxy/plain",
    .answer = "HTTP/1.0 400 Bad Request\r\n\r\n",
    .answers_at_once = true,
    .knows_ca = true,
    .then = THEN_END,
    .code = -1,
    .text = "The proxy: The TLS handshake failed" },
  { .name = "S20-wants-credentials",
    .answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Digest x\r\n\r\n",
    .then = THEN_END,
    .code = G_IO_ERROR_PROXY_NEED_AUTH },
  { .name = "S20-wrong-credentials",
    .user = "a",
    .password = "b",
    .answer = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_AUTH_FAILED },
  { .name = "S20-wrong-credentials-401",
    .user = "a",
    .password = "b",
    .answer = "HTTP/1.1 401 Unauthorized\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_AUTH_FAILED },
  { .name = "S20-forbidden",
    .answer = "HTTP/1.1 403 No\r\n\r\n",
    .then = THEN_END,
    .code = G_IO_ERROR_PROXY_NOT_ALLOWED },
  { .name = "S20-bad-gateway",
    .answer = "HTTP/1.1 502 Bad Gateway\r\n\r\n",
    .then = THEN_END,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "502" },
  { .name = "not-http", .answer = "S", .then = THEN_WAIT, .code = G_IO_ERROR_PROXY_FAILED, .text = "speak HTTP" },
  { .name = "nearly-http",
    .answer = "HTTP/2",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "speak HTTP" },
  { .name = "short-status",
    .answer = "HTTP/1.1 20\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "no status" },
  { .name = "long-status",
    .answer = "HTTP/1.1 2000\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "no status" },
  { .name = "no-status",
    .answer = "HTTP/1.1\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "no status" },
  { .name = "low-status",
    .answer = "HTTP/1.1 099 A\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "no status" },
  { .name = "high-status",
    .answer = "HTTP/1.1 600 A\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "no status" },
  { .name = "no-minor",
    .answer = "HTTP/1.x 200 A\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "no status" },
  { .name = "no-space",
    .answer = "HTTP/1.1-200 A\r\n\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "no status" },
  { .name = "empty-line", .answer = "\r\n", .then = THEN_WAIT, .code = G_IO_ERROR_PROXY_FAILED },
  { .name = "endless", .answer = NULL, .then = THEN_WAIT, .code = G_IO_ERROR_PROXY_FAILED, .text = "too long" },
  { .name = "ends",
    .answer = "HTTP/1.1 200 OK\r\n",
    .then = THEN_END,
    .code = G_IO_ERROR_PROXY_FAILED,
    .text = "closed" },
  { .name = "silent", .answer = "", .then = THEN_WAIT, .code = G_IO_ERROR_TIMED_OUT, .text = "answer of the proxy" },
  { .name = "silent-in-headers",
    .answer = "HTTP/1.1 200 OK\r\nA: b\r\n",
    .then = THEN_WAIT,
    .code = G_IO_ERROR_TIMED_OUT },
  { .name = "cancelled",
    .answer = "",
    .then = THEN_WAIT,
    .cancels = true,
    .failure = CW_CONNECT_FAILURE_CANCELLED,
    .code = G_IO_ERROR_CANCELLED },
};

static bool
read_request (PeerIo *io, const Row *row)
{
  g_autoptr (GString) request = g_string_new (NULL);
  char byte;

  while (!g_str_has_suffix (request->str, "\r\n\r\n")) {
    if (!peer_read (io, &byte, 1))
      return false;
    g_string_append_c (request, byte);
  }
  if (row->request)
    g_assert_cmpstr (request->str, ==, row->request);
  return true;
}

static void
answer (PeerIo *io, const Row *row)
{
  static const char header[] = "A: bcdefghijklmnopqrstuvwxyz0123456789\r\n";
  size_t size = row->answer ? strlen (row->answer) : 0;

  if (!row->answer && peer_write (io, "HTTP/1.1 200 OK\r\n", 17))
    while (peer_write (io, header, sizeof header - 1))
      ;
  for (size_t i = 0; row->trickles && i < size; i++)
    peer_write (io, row->answer + i, 1);
  if (!row->trickles)
    peer_write (io, row->answer, size);
}

/* A second TLS inside what io is already. */
static void
serve_tls_link (PeerIo *io)
{
  const PeerLink usual = PEER_LINK_INIT;
  SSL_CTX *ctx = SSL_CTX_new (TLS_server_method ());
  PeerIo inner = { io->fd, SSL_new (ctx) };

  SSL_use_certificate (inner.ssl, world.certificate);
  SSL_use_PrivateKey (inner.ssl, world.key);
  if (io->ssl) {
    BIO *bio = BIO_new (BIO_f_ssl ());

    BIO_set_ssl (bio, io->ssl, BIO_NOCLOSE);
    SSL_set_bio (inner.ssl, bio, bio);
  } else {
    SSL_set_fd (inner.ssl, io->fd);
  }
  if (SSL_accept (inner.ssl) == 1 && peer_link (&inner, &usual))
    peer_drain (&inner);
  SSL_free (inner.ssl);
  SSL_CTX_free (ctx);
}

static void
serve (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;
  const Row *row = data;

  if (!row->answers_at_once && !read_request (io, row))
    return;
  answer (io, row);
  if (row->then == THEN_WAIT)
    peer_drain (io);
  else if (row->then == THEN_END)
    shutdown (io->fd, SHUT_WR);
  else if (row->then == THEN_TLS_LINK)
    serve_tls_link (io);
  else if (peer_link (io, &usual))
    peer_drain (io);
}

static void
check_failure (const Row *row, Outcome *outcome)
{
  g_test_message ("%s", outcome->error->message);
  g_assert_cmpint (outcome->failure, ==, row->failure);
  if (g_str_has_prefix (row->name, "tls-proxy/"))
    g_assert_cmpuint (outcome->error->domain, ==, G_TLS_ERROR);
  else
    g_assert_error (outcome->error, G_IO_ERROR, row->code);
  if (row->text)
    g_assert_nonnull (strstr (outcome->error->message, row->text));
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  Peer *peer = peer_new ("127.0.0.1", 0, serve, (gpointer) row);
  bool wants_tls = row->is_tls || g_str_equal (row->name, "tls-proxy/plain");
  CwProxyParams proxy
      = { wants_tls ? "localhost" : "127.0.0.1", peer_port (peer), wants_tls, row->user, row->password };
  CwTlsParams tls = { .verify = row->knows_ca ? CW_VERIFY_HOSTNAME : 0, .host = "localhost" };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Outcome outcome = { 0 };

  if (row->is_tls)
    peer_use_tls (peer, world.certificate, world.key, 0);
  peer_start (peer);
  tls.ca = row->knows_ca ? world.ca_pem : NULL;
  params.host = row->host ? row->host : "server.test";
  params.port = 5900;
  params.proxy = &proxy;
  params.tls = row->then == THEN_TLS_LINK || row->knows_ca ? &tls : NULL;
  params.connect_timeout_ms = row->code == G_IO_ERROR_TIMED_OUT ? 200 : 60000;
  params.silence_timeout_ms = 600000; /* of what comes behind the proxy; its own words gain it no time */
  params.link.channel_type = 1;
  cw_connect_async (&params, cancellable, on_done, &outcome);
  if (row->cancels)
    g_timeout_add (30, on_time, cancellable);
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);
  if (row->then == THEN_LINK || row->then == THEN_TLS_LINK) {
    g_assert_no_error (outcome.error);
    g_assert_cmpint (outcome.connection->is_tls, ==, row->then == THEN_TLS_LINK);
    g_assert_cmpint (outcome.connection->endpoint, ==, CW_ENDPOINT_TCP);
    cw_connection_free (outcome.connection);
  } else {
    check_failure (row, &outcome);
  }
  g_clear_error (&outcome.error);
  peer_free (peer);
}

/* Status line and headers together. */
static void
test_longest_answer (void)
{
  for (unsigned over = 0; over < 2; over++) {
    g_autofree char *filler = g_strnfill (16384 - 24 + over, 'x');
    g_autofree char *text = g_strdup_printf ("HTTP/1.0 200 OK\r\nA: %s\r\n\r\n", filler);
    g_autoptr (GError) error = NULL;
    CwProxyReply reply = { 0 };

    g_assert_cmpuint (strlen (text), ==, 16384 + over);
    g_assert_true (cw_proxy_reply_feed (&reply, text, strlen (text), &error) == !over);
    g_assert_true (reply.has_end == !over);
    if (over)
      g_assert_cmpstr (error->message, ==, "The proxy's answer is too long.");
  }
}

/* No proxy there; a proxy without an address; and endpoints that need none. */
static void
test_not_there (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, NULL, NULL);
  static const int codes[] = { G_IO_ERROR_CONNECTION_REFUSED, G_IO_ERROR_INVALID_ARGUMENT, G_IO_ERROR_INVALID_ARGUMENT,
                               G_IO_ERROR_NOT_FOUND };
  CwProxyParams proxy = { "127.0.0.1", peer_port (peer), false, NULL, NULL };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;

  peer_free (peer);
  params.host = "127.0.0.1";
  params.port = 5900;
  params.proxy = &proxy;
  for (unsigned i = 0; i < G_N_ELEMENTS (codes); i++) {
    Outcome outcome = { 0 };

    proxy.port = i == 1 ? 0 : proxy.port;
    proxy.host = i == 2 ? NULL : "127.0.0.1";
    params.unix_path = i == 3 ? "/nonexistent/socket" : NULL;
    cw_connect_async (&params, NULL, on_done, &outcome);
    while (!outcome.done)
      g_main_context_iteration (NULL, TRUE);
    g_test_message ("%s", outcome.error->message);
    g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_CONNECT);
    g_assert_error (outcome.error, G_IO_ERROR, codes[i]);
    g_assert_cmpint (strstr (outcome.error->message, "roxy") != NULL, ==, i != 3);
    g_clear_error (&outcome.error);
  }
}

/* What would end the line, and begin another, is not sent: it may come from a server that sends its client elsewhere.
 */
static void
test_no_name (void)
{
  static const char *const hosts[] = { "a\r\nX: y", "a\nb", "a b", "a\tb", "a\x7f" };
  CwProxyParams proxy = { "127.0.0.1", 9, false, NULL, NULL };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;

  params.port = 5900;
  params.proxy = &proxy;
  for (unsigned i = 0; i < G_N_ELEMENTS (hosts); i++) {
    Outcome outcome = { 0 };

    params.host = hosts[i];
    cw_connect_async (&params, NULL, on_done, &outcome);
    while (!outcome.done)
      g_main_context_iteration (NULL, TRUE);
    g_assert_cmpint (outcome.failure, ==, CW_CONNECT_FAILURE_CONNECT);
    g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    g_clear_error (&outcome.error);
  }
}

int
main (int argc, char **argv)
{
  CertSpec ca = { "CN=CA", .is_ca = true };
  CertSpec server = { "CN=localhost", "DNS:localhost" };
  int result;

  g_test_init (&argc, &argv, NULL);
  world.ca_key = cert_key_ec ();
  world.key = cert_key_ec ();
  world.ca = cert_new (&ca, world.ca_key, NULL, NULL);
  world.certificate = cert_new (&server, world.key, world.ca, world.ca_key);
  world.ca_pem = cert_pem (world.ca);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/proxy/%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_row);
  }
  g_test_add_func ("/proxy/longest-answer", test_longest_answer);
  g_test_add_func ("/proxy/S20-not-there", test_not_there);
  g_test_add_func ("/proxy/no-name", test_no_name);
  result = g_test_run ();
  g_bytes_unref (world.ca_pem);
  X509_free (world.ca);
  X509_free (world.certificate);
  EVP_PKEY_free (world.ca_key);
  EVP_PKEY_free (world.key);
  return result;
}
