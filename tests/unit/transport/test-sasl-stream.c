/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pump on the security layer of SASL; the server is the other half of Cyrus' library. */
#include "../link/sasl-server.h"
#include "connecting.h"
#include "transport/pump.h"
#include "transport/sasl-stream.h"
#include "transport/stream.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  SaslServer server;
  GIOStream *stream;
  int peer;
  GByteArray *coded; /* what came to the peer */
  CwPump *pump;
  unsigned n_frames;
  size_t n_bytes;
  unsigned n_flushed;
  bool is_closed;
  GError *error;
} Fixture;

/* The exchange up to the layer. */
static CwSaslLayer *
link_up (SaslServer *server)
{
  CwLinkParams params = { .connection_id = 1, .channel_type = 2, .credentials = { SASL_USER, SASL_PASSWORD, NULL } };
  CwSaslPeer peer = { "localhost", "127.0.0.1;4711", "127.0.0.1;5900", 0 };
  g_autoptr (CwLink) link = cw_link_new (&params, NULL);
  g_autoptr (GBytes) result = NULL;

  cw_link_set_peer (link, &peer);
  sasl_server_open (server, link, 0, NULL);
  while (!server->complete) {
    g_autoptr (GBytes) said = cw_link_take_output (link);
    g_autoptr (GBytes) answer = sasl_server_answer (server, said);

    sasl_feed (link, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  }
  sasl_feed (link, "\0\0\0\0", 4);
  result = sasl_server_seal (server, "\0\0\0\0\4\0\3\0", 8); /* and the beginning of the first message */
  sasl_feed (link, g_bytes_get_data (result, NULL), g_bytes_get_size (result));
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  return cw_link_take_layer (link);
}

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  Fixture *self = data;

  self->n_frames++;
  self->n_bytes += frame->body.size;
}

static void
on_closed (gpointer data, const GError *error)
{
  Fixture *self = data;

  self->is_closed = true;
  self->error = error ? g_error_copy (error) : NULL;
}

static void
on_flushed (gpointer data, const GError *error)
{
  g_assert_no_error (error);
  ((Fixture *) data)->n_flushed++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  static const CwPumpEvents events = { .frame = on_frame, .closed = on_closed };
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) base = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  base = g_socket_connection_factory_create_connection (socket);
  self->peer = fds[1];
  self->coded = g_byte_array_new ();
  self->stream = cw_sasl_stream_new (G_IO_STREAM (base), link_up (&self->server));
  self->pump = cw_pump_new (self->stream, NULL, true, &events, self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  cw_pump_unref (self->pump);
  g_object_unref (self->stream);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_byte_array_unref (self->coded);
  g_clear_error (&self->error);
  sasl_server_close (&self->server);
  close (self->peer);
}

static void
say (Fixture *self, const void *data, size_t size)
{
  g_autoptr (GBytes) packet = sasl_server_seal (&self->server, data, size);

  g_assert_cmpint (send (self->peer, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet), MSG_NOSIGNAL), ==,
                   (ssize_t) g_bytes_get_size (packet));
}

static void
listen_some (Fixture *self)
{
  uint8_t bytes[4096];
  ssize_t n;

  while ((n = recv (self->peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
    g_byte_array_append (self->coded, bytes, (guint) n);
}

/* What came with the last packet of the link is read first; then messages cut anywhere, many in one packet. */
static void
test_read (Fixture *self, gconstpointer data)
{
  uint8_t bytes[4000] = { 0 };

  say (self, "\0\0abc\5\0\1\0\0", 10); /* ends inside a header */
  while (self->n_frames < 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (self->n_bytes, ==, 3);
  say (self, "\0x", 2);
  for (unsigned i = 0; i < 400; i++)
    memcpy (bytes + 10 * i, "\6\0\4\0\0\0wxyz", 10);
  say (self, bytes, sizeof bytes);
  while (self->n_frames < 402)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (self->n_bytes, ==, 3 + 1 + 400 * 4);
  while (cw_stream_awaits (self->stream, false) == 0) /* the last turn may have ended before it looked for more */
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (cw_stream_awaits (self->stream, false) == G_IO_IN);
  g_assert_true (cw_stream_awaits (self->stream, true) == G_IO_OUT);
  g_assert_false (
      g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream))));
  g_assert_true (
      g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream))));
}

static gboolean
on_ready (GObject *direction, gpointer data)
{
  ++*(unsigned *) data;
  return G_SOURCE_REMOVE;
}

/* For others than the pump: a source is ready when the socket is. */
static void
test_sources (Fixture *self, gconstpointer data)
{
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  g_autoptr (GSource) read = NULL, write = NULL;
  unsigned n_read = 0, n_written = 0;

  cw_pump_pause (self->pump, 1);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  read = g_pollable_input_stream_create_source (in, NULL);
  g_source_set_callback (read, G_SOURCE_FUNC (on_ready), &n_read, NULL);
  g_source_attach (read, NULL);
  write = g_pollable_output_stream_create_source (out, NULL);
  g_source_set_callback (write, G_SOURCE_FUNC (on_ready), &n_written, NULL);
  g_source_attach (write, NULL);
  while (n_read == 0 || n_written == 0)
    g_main_context_iteration (NULL, TRUE);
}

/* More than the socket holds at once. */
static void
test_write (Fixture *self, gconstpointer data)
{
  g_autofree uint8_t *bytes = g_malloc (600000);
  g_autoptr (GBytes) body = NULL, coded = NULL, plain = NULL;
  size_t size;
  const uint8_t *at;

  for (size_t i = 0; i < 600000; i++)
    bytes[i] = (uint8_t) (i * 7 + i / 251);
  body = g_bytes_new (bytes, 600000);
  for (unsigned i = 0; i < 3; i++)
    g_assert_true (cw_pump_send (self->pump, 7, body, CW_PUMP_NORMAL, NULL));
  cw_pump_flush (self->pump, on_flushed, self);
  while (self->n_flushed == 0) {
    g_main_context_iteration (NULL, FALSE);
    listen_some (self);
  }
  listen_some (self);
  coded = g_bytes_new (self->coded->data, self->coded->len);
  plain = sasl_server_unseal (&self->server, coded);
  at = g_bytes_get_data (plain, &size);
  g_assert_cmpuint (size, ==, 3 * 600006);
  for (unsigned i = 0; i < 3; i++)
    g_assert_cmpmem (at + i * 600006 + 6, 600000, bytes, 600000);
}

/* A packet that nobody sealed, one that is too large, and the end. */
static void
test_bad (Fixture *self, gconstpointer data)
{
  const char *text = data;

  if (text)
    g_assert_cmpint (send (self->peer, text, 24, MSG_NOSIGNAL), ==, 24);
  else
    shutdown (self->peer, SHUT_WR);
  while (!self->is_closed)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (self->error); /* a message had begun */
  g_test_message ("%s", self->error->message);
  g_assert_cmpuint (self->n_frames, ==, 0);
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char byte;

  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (self->stream), &byte, 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_cmpint (g_output_stream_write (g_io_stream_get_output_stream (self->stream), "x", 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* --- a connection ---------------------------------------------------------------------------------------------- */

static void
write_bytes (PeerIo *io, GBytes *bytes)
{
  g_autoptr (GBytes) owned = bytes;

  g_assert_true (peer_write (io, g_bytes_get_data (owned, NULL), g_bytes_get_size (owned)));
}

/* A piece of the client's, its size before it. */
static void
read_piece (PeerIo *io, GByteArray *said)
{
  uint32_t size;
  guint at = said->len;

  g_assert_true (peer_read (io, &size, sizeof size));
  g_byte_array_append (said, (const guint8 *) &size, sizeof size);
  size = GUINT32_FROM_LE (size);
  g_byte_array_set_size (said, said->len + size);
  g_assert_true (peer_read (io, said->data + at + sizeof size, size));
}

static void
serve_link (PeerIo *io, SaslServer *server, const char *mechanisms)
{
  g_autofree guint8 *message = NULL;
  uint32_t header[4], choice, le = GUINT32_TO_LE ((uint32_t) strlen (mechanisms));

  g_assert_true (peer_read (io, header, sizeof header));
  message = g_malloc (GUINT32_FROM_LE (header[3]));
  g_assert_true (peer_read (io, message, GUINT32_FROM_LE (header[3])));
  write_bytes (io, sasl_link_reply ());
  g_assert_true (peer_read (io, &choice, sizeof choice));
  g_assert_cmpuint (GUINT32_FROM_LE (choice), ==, 2);
  g_assert_true (peer_write (io, &le, sizeof le) && peer_write (io, mechanisms, strlen (mechanisms)));
  while (!server->complete) {
    g_autoptr (GByteArray) said = g_byte_array_new ();
    g_autoptr (GBytes) bytes = NULL;

    for (int i = server->started ? 1 : 0; i < 2; i++)
      read_piece (io, said);
    bytes = g_bytes_new (said->data, said->len);
    write_bytes (io, sasl_server_answer (server, bytes));
  }
  g_assert_true (peer_write (io, "\0\0\0\0", 4));
}

static void
serve (PeerIo *io, gpointer data)
{
  SaslServer server;
  g_autofree char *mechanisms = sasl_server_begin (&server, 0);

  serve_link (io, &server, mechanisms);
  write_bytes (io, sasl_server_seal (&server, "\0\0\0\0hello", 9));
  peer_drain (io);
  sasl_server_close (&server);
}

/* What a server that wants the layer says after the link goes through it. */
static void
test_connection (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, serve, NULL);
  CwConnectParams params = connecting_tcp_params ("localhost", peer_port (peer));
  Connecting connecting;
  SaslServer server;
  GPollableInputStream *in;
  g_autoptr (GError) error = NULL;
  char text[6] = "";

  /* Both halves of the library are set up before there is another thread. */
  cw_sasl_layer_free (link_up (&server));
  sasl_server_close (&server);
  peer_start (peer);
  params.link.credentials = (CwCredentials){ SASL_USER, SASL_PASSWORD, NULL };
  connecting_begin (&connecting, &params, NULL);
  connecting_wait (&connecting);
  g_assert_no_error (connecting.error);
  g_assert_true (CW_IS_SASL_STREAM (connecting.connection->stream));
  g_assert_true (connecting.connection->mini_header);
  in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (connecting.connection->stream));
  while (g_pollable_input_stream_read_nonblocking (in, text, 5, NULL, &error) < 0) {
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    g_clear_error (&error);
    g_assert_true (g_socket_condition_wait (connecting.connection->socket, G_IO_IN, NULL, NULL));
  }
  g_assert_cmpstr (text, ==, "hello");
  connecting_clear (&connecting);
  peer_free (peer);
}

/* What has been coded and does not go out any more is let go of, as leak checkers see. */
static void
test_end_of_writing (Fixture *self, gconstpointer data)
{
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->stream));
  static const uint8_t bytes[20000];
  g_autoptr (GError) error = NULL;

  while (g_pollable_output_stream_write_nonblocking (out, bytes, sizeof bytes, NULL, &error) > 0)
    ;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  sasl_servers_begin ();
  g_test_add ("/sasl-stream/read", Fixture, NULL, set_up, test_read, tear_down);
  g_test_add ("/sasl-stream/sources", Fixture, NULL, set_up, test_sources, tear_down);
  g_test_add ("/sasl-stream/write", Fixture, NULL, set_up, test_write, tear_down);
  g_test_add ("/sasl-stream/end-of-writing", Fixture, NULL, set_up, test_end_of_writing, tear_down);
  g_test_add ("/sasl-stream/bad/nonsense", Fixture, "\0\0\0\24xxxxxxxxxxxxxxxxxxxx", set_up, test_bad, tear_down);
  g_test_add ("/sasl-stream/bad/large", Fixture, "\0\2\0\0xxxxxxxxxxxxxxxxxxxx", set_up, test_bad, tear_down);
  g_test_add ("/sasl-stream/bad/end", Fixture, NULL, set_up, test_bad, tear_down);
  g_test_add ("/sasl-stream/refused", Fixture, NULL, set_up, test_refused, tear_down);
  g_test_add_func ("/sasl-stream/connection", test_connection);
  result = g_test_run ();
  sasl_servers_end ();
  return result;
}
