/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Servers that misbehave while a connection is linked, and one more try after a wrong password. */
#include "connecting.h"

typedef struct {
  const char *name;
  PeerFunc serve;
  PeerLink link;
  CwConnectFailure failure;
  bool is_io;
  int code;
} Bad;

static void
serve_close (PeerIo *io, gpointer data)
{
}

static void
read_message (PeerIo *io)
{
  uint8_t message[38];

  peer_read (io, message, sizeof message);
}

static void
serve_close_after_message (PeerIo *io, gpointer data)
{
  read_message (io);
}

static void
serve_reset (PeerIo *io, gpointer data)
{
  read_message (io);
  peer_reset (io);
}

static void
serve_close_after_ticket (PeerIo *io, gpointer data)
{
  peer_link_until_ticket (io, data);
}

static void
serve_wrong_magic (PeerIo *io, gpointer data)
{
  read_message (io);
  peer_write (io, "HTTP/1.0 400 Bad", 16);
  peer_drain (io);
}

static void
serve_huge_size (PeerIo *io, gpointer data)
{
  read_message (io);
  peer_write (io, "REDQ\2\0\0\0\2\0\0\0\377\377\377\377", 16);
  peer_drain (io);
}

/* The reply comes before the message, and the socket closes at once: the reason must not get lost. */
static void
serve_early_error (PeerIo *io, gpointer data)
{
  uint8_t reply[194] = "REDQ\2\0\0\0\2\0\0\0\262\0\0\0\5";

  read_message (io);
  peer_write (io, reply, sizeof reply);
}

static void
serve_drip (PeerIo *io, gpointer data)
{
  uint8_t reply[202] = "REDQ\2\0\0\0\2\0\0\0\272";

  for (unsigned i = 0; i < sizeof reply && peer_write (io, reply + i, 1); i++)
    g_usleep (50000);
}

static const Bad bads[] = {
  { "close", serve_close, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, -1 },
  { "close-after-message", serve_close_after_message, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_CLOSED },
  { "close-after-ticket", serve_close_after_ticket, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_CLOSED },
  { "reset", serve_reset, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, true, G_IO_ERROR_CONNECTION_CLOSED },
  { "wrong-magic", serve_wrong_magic, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_MALFORMED },
  { "huge-size", serve_huge_size, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_LIMIT },
  { "need-secured", serve_early_error, PEER_LINK_INIT, CW_CONNECT_FAILURE_NEED_SECURED, false, CW_ERROR_SECURITY },
  { "reply-1", connecting_serve, { 1, 0x0b }, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_STATE },
  { "no-mechanism", connecting_serve, { 0, 0x09 }, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_UNSUPPORTED },
  { "wrong-password", connecting_serve, { 0, 0x0b, 0, "right" }, CW_CONNECT_FAILURE_AUTH, false, CW_ERROR_AUTH },
  { "result-8", connecting_serve, { 0, 0x0b, 8, "" }, CW_CONNECT_FAILURE_LINK, false, CW_ERROR_STATE },
  { "drip", serve_drip, PEER_LINK_INIT, CW_CONNECT_FAILURE_LINK, true, G_IO_ERROR_TIMED_OUT },
};

static void
test_bad_server (gconstpointer data)
{
  const Bad *bad = data;
  PeerLink link = bad->link;
  Peer *peer = peer_new ("127.0.0.1", 0, bad->serve, &link);
  CwConnectParams params = connecting_tcp_params ("127.0.0.1", peer_port (peer));
  GQuark domain = bad->is_io ? G_IO_ERROR : CW_ERROR;
  Connecting outcome;

  peer_start (peer);
  params.silence_timeout_ms = 250;
  connecting_begin (&outcome, &params, NULL);
  connecting_wait (&outcome);
  if (bad->code >= 0)
    g_assert_error (outcome.error, domain, bad->code);
  g_assert_cmpint (outcome.failure, ==, bad->failure);
  g_test_message ("%s", outcome.error->message);
  connecting_clear (&outcome);
  peer_free (peer);
}

/* After a refusal the same parameters but another password succeed. */
static void
test_retry (void)
{
  PeerLink link = { 0, 0x0b, 0, "right" };
  CwConnectParams params;
  Connecting outcome;

  for (unsigned i = 0; i < 2; i++) {
    Peer *peer = peer_new ("127.0.0.1", 0, connecting_serve, &link);

    peer_start (peer);
    params = connecting_tcp_params ("127.0.0.1", peer_port (peer));
    params.link.credentials.password = i == 0 ? "wrong" : "right";
    connecting_begin (&outcome, &params, NULL);
    if (i == 0) {
      connecting_check_failure (&outcome, CW_CONNECT_FAILURE_AUTH, CW_ERROR, CW_ERROR_AUTH);
    } else {
      connecting_wait (&outcome);
      g_assert_no_error (outcome.error);
      connecting_clear (&outcome);
    }
    peer_free (peer);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (bads); i++) {
    g_autofree char *path = g_strdup_printf ("/connect/bad-server/%s", bads[i].name);

    g_test_add_data_func (path, &bads[i], test_bad_server);
  }
  g_test_add_func ("/connect/retry", test_retry);
  return g_test_run ();
}
