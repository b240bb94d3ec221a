/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames through TLS: what waits inside it, both directions at once, and the end. */
#include "tls-world.h"
#include "transport/pump.h"

#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>

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
  self->n_bytes += frame->body.size;
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
  TlsOutcome outcome = tls_connect (peer, &tls);
  Frames frames = { 0 };
  bool late = false;
  unsigned timer = g_timeout_add (120000, on_time, &late);

  g_assert_no_error (outcome.error);
  frames.pump = cw_pump_new (outcome.connection->stream, NULL, outcome.connection->mini_header, &events, &frames);
  while (frames.n_frames < 5 && !late)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (frames.n_frames, ==, 5);
  g_source_remove (timer);
  cw_pump_unref (frames.pump);
  tls_outcome_clear (&outcome);
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
  TlsOutcome outcome = tls_connect (peer, &tls);
  Frames frames = { 0 };
  bool late = false;
  unsigned timer = g_timeout_add (120000, on_time, &late);

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
  tls_outcome_clear (&outcome);
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

static gboolean
on_writable (GObject *stream, gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

static void
check_writable (GIOStream *stream)
{
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  g_autoptr (GSource) source = g_pollable_output_stream_create_source (out, NULL);
  bool written = false;

  g_assert_true (g_pollable_output_stream_is_writable (out));
  g_source_set_callback (source, G_SOURCE_FUNC (on_writable), &written, NULL);
  g_source_attach (source, NULL);
  while (!written)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (out,
                                                               "\3\0\14\0\0\0"
                                                               "abcdabcdabcd",
                                                               18, NULL, NULL),
                   ==, 18);
}

/* And for any other user of the stream: a source is ready while bytes wait inside, and only then. */
static void
test_one_record_source (void)
{
  CwTlsParams tls = { .verify = 0 };
  Peer *peer = tls_peer (serve_five, NULL, TLS1_2_VERSION);
  TlsOutcome outcome = tls_connect (peer, &tls);
  unsigned n = 0;
  uint8_t byte;

  g_assert_no_error (outcome.error);
  {
    GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (outcome.connection->stream));
    g_autoptr (GError) error = NULL;
    bool late = false;
    unsigned timer = g_timeout_add (120000, on_time, &late);

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
    check_writable (outcome.connection->stream);
    g_source_remove (timer);
  }
  tls_outcome_clear (&outcome);
  peer_free (peer);
}

/* Both directions at once, more than any buffer on the way holds, the server slow to read; and what a program that uses
 * OpenSSL too leaves in its queue is no failure of the connection. */
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
  TlsOutcome outcome = tls_connect (peer, &tls);
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
  while (frames.n_flushed == 0 || frames.n_frames < ECHO_MESSAGES) {
    ERR_raise (ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    g_main_context_iteration (NULL, TRUE);
  }
  ERR_clear_error ();
  g_assert_cmpuint (frames.n_bytes, ==, ECHO_MESSAGES * ECHO_SIZE);
  cw_pump_unref (frames.pump);
  tls_outcome_clear (&outcome);
  peer_free (peer);
  g_assert_cmpuint (sum, ==, expected);
}

/* A message that is more than a record holds fills one, with its header, and goes on in the next: as few as can be. */
#define RECORD_BYTES 16384
#define LONG_SIZE (2 * RECORD_BYTES - 6)

static void
serve_records (PeerIo *io, gpointer data)
{
  const PeerLink usual = PEER_LINK_INIT;
  static uint8_t record[2 * RECORD_BYTES];
  int *sizes = data;

  if (!peer_link (io, &usual))
    return;
  for (unsigned i = 0; i < 2; i++)
    sizes[i] = SSL_read (io->ssl, record, sizeof record); /* one record at most */
  peer_drain (io);
}

static void
test_records (void)
{
  int sizes[2] = { 0 };
  CwTlsParams tls = { .verify = 0 };
  Peer *peer = tls_peer (serve_records, sizes, 0);
  TlsOutcome outcome = tls_connect (peer, &tls);
  g_autoptr (GBytes) body = g_bytes_new_take (g_malloc0 (LONG_SIZE), LONG_SIZE);
  Frames frames = { 0 };

  g_assert_no_error (outcome.error);
  frames.pump = cw_pump_new (outcome.connection->stream, NULL, true, &events, &frames);
  g_assert_true (cw_pump_send (frames.pump, 300, body, CW_PUMP_NORMAL, NULL));
  cw_pump_flush (frames.pump, on_flushed, &frames);
  while (frames.n_flushed == 0)
    g_main_context_iteration (NULL, TRUE);
  cw_pump_unref (frames.pump);
  tls_outcome_clear (&outcome);
  peer_free (peer);
  g_assert_cmpint (sizes[0], ==, RECORD_BYTES);
  g_assert_cmpint (sizes[1], ==, RECORD_BYTES);
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
  TlsOutcome outcome = tls_connect (peer, &tls);
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
  tls_outcome_clear (&outcome);
  peer_free (peer);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  tls_world_set_up ();
  g_test_add_func ("/tls/C12-one-record", test_one_record);
  g_test_add_func ("/tls/one-record-paused", test_one_record_paused);
  g_test_add_func ("/tls/one-record-source", test_one_record_source);
  g_test_add_data_func ("/tls/bulk/1.2", GINT_TO_POINTER (TLS1_2_VERSION), test_bulk);
  g_test_add_data_func ("/tls/bulk/1.3", GINT_TO_POINTER (TLS1_3_VERSION), test_bulk);
  g_test_add_func ("/tls/records", test_records);
  g_test_add_data_func ("/tls/end/between", GSIZE_TO_POINTER (18), test_end);
  g_test_add_data_func ("/tls/end/inside", GSIZE_TO_POINTER (17), test_end);
  result = g_test_run ();
  tls_world_tear_down ();
  return result;
}
