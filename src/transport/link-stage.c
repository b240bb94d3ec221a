/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/link-stage.h"

#include "base/i18n.h"
#include "link/ticket.h"
#include "transport/connect.h"
#include "transport/sasl-stream.h"
#include "transport/stream.h"
#include "transport/tls.h"

typedef struct {
  CwLink *link;
  char *host; /* or NULL */
  bool is_told_peer, is_prepared;
  unsigned n_prepared;
  CwLinkPlace place;
  bool may_go;
  GBytes *output; /* being written */
  size_t written;
  GError *unwritten; /* why the first write failed, or NULL */
} LinkStage;

static gpointer
make (const CwConnectParams *params, GError **error)
{
  CwLink *link = cw_link_new (&params->link, error);
  LinkStage *self;

  if (!link)
    return NULL;
  self = g_new0 (LinkStage, 1);
  self->link = link;
  self->host = g_strdup (params->host);
  cw_link_place_init (&self->place, params->link_order, params->links_first);
  return self;
}

/* "ADDRESS;PORT" as SASL wants it; NULL for sockets without. Takes address. */
static char *
describe_address (GSocketAddress *address)
{
  g_autoptr (GSocketAddress) owned = NULL;
  g_autofree char *text = NULL;

  owned = address;
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;
  text = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  return g_strdup_printf ("%s;%u", text, g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
}

static void
tell_peer (LinkStage *self, const CwConnection *connection)
{
  GIOStream *stream = connection->stream;
  g_autofree char *local = describe_address (g_socket_get_local_address (connection->socket, NULL));
  g_autofree char *remote = describe_address (g_socket_get_remote_address (connection->socket, NULL));
  CwSaslPeer peer = { .host = self->host, .local = local, .remote = remote };

  /* Not that of a proxy, behind which all is in the clear. */
  if (connection->is_tls)
    peer.tls_bits = cw_tls_stream_bits (CW_TLS_STREAM (stream));
  cw_link_set_peer (self->link, &peer);
  self->is_told_peer = true;
}

/* false: it waits. A failed write is left to the next read, which brings the server's reason if it gave one: it is here
 * by then, or it never comes. */
static bool
write_output (LinkStage *self, GIOStream *stream)
{
  while (self->output || (self->output = cw_link_take_output (self->link))) {
    g_autoptr (GError) error = NULL;
    size_t size;
    const uint8_t *data = g_bytes_get_data (self->output, &size);
    struct iovec vector = { (uint8_t *) data + self->written, size - self->written };
    gssize n = cw_stream_write (stream, &vector, 1, &error);

    if (n < 0 && !error)
      return false;
    self->written += (size_t) MAX (n, 0);
    if (n < 0 && !self->unwritten)
      self->unwritten = g_steal_pointer (&error);
    if (n < 0 || self->written == size) {
      g_clear_pointer (&self->output, g_bytes_unref);
      self->written = 0;
    }
  }
  return true;
}

/* false: it waits, or the link has failed. */
static bool
read_input (LinkStage *self, CwStageIo *io)
{
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (io->connection->stream));
  g_autoptr (GError) error = NULL;
  uint8_t data[1024];
  gssize n;

  n = g_pollable_input_stream_read_nonblocking (in, data, MIN (sizeof data, cw_link_wanted (self->link)), NULL, &error);
  if (n > 0) {
    io->progress = true;
    io->bytes_read += (uint64_t) n;
    cw_link_feed (self->link, data, (size_t) n);
    return true;
  }
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    cw_link_feed_end (self->link, error);
  else if (self->unwritten)
    cw_link_feed_end (self->link, self->unwritten);
  return false;
}

static CwStageStatus
finish (LinkStage *self, CwStageIo *io, GError **error)
{
  CwConnection *connection = io->connection;
  CwSaslLayer *layer;

  if (cw_link_status (self->link) != CW_LINK_DONE) {
    io->failure = cw_link_failure (self->link);
    g_propagate_error (error, g_error_copy (cw_link_error (self->link)));
    return CW_STAGE_FAILED;
  }
  layer = cw_link_take_layer (self->link);
  if (layer) {
    GIOStream *base = connection->stream;

    connection->stream = cw_sasl_stream_new (base, layer);
    g_object_unref (base);
  }
  connection->mini_header = cw_link_mini_header (self->link);
  connection->sent_first = cw_link_sent_first (self->link);
  cw_caps_copy (&connection->common_caps, cw_link_peer_common_caps (self->link));
  cw_caps_copy (&connection->channel_caps, cw_link_peer_channel_caps (self->link));
  return CW_STAGE_DONE;
}

static CwStageStatus
step (gpointer data, CwStageIo *io, GError **error)
{
  LinkStage *self = data;
  GIOStream *stream = io->connection->stream;
  bool is_writing;

  if (!self->is_told_peer)
    tell_peer (self, io->connection);
  self->may_go = self->may_go || cw_link_place_may_go (&self->place, g_get_monotonic_time (), io->wake, io->wake_data);
  if (!self->may_go) {
    io->until = self->place.until;
    return CW_STAGE_WAITS;
  }
  while (!(is_writing = !write_output (self, stream)) && cw_link_status (self->link) == CW_LINK_RUNNING)
    if (!read_input (self, io))
      break;
  if (!is_writing && cw_link_status (self->link) != CW_LINK_RUNNING)
    return finish (self, io, error);
  if (!is_writing && !self->is_prepared) {
    self->is_prepared = !cw_ticket_prepare (self->n_prepared++);
    return CW_STAGE_AGAIN;
  }
  io->condition = cw_stream_awaits (stream, is_writing);
  return io->condition != 0 ? CW_STAGE_WAITS : CW_STAGE_AGAIN;
}

static const char *
awaits (gpointer self)
{
  return cw_link_step_name (((LinkStage *) self)->link);
}

static void
leave (gpointer data)
{
  LinkStage *self = data;

  cw_link_place_clear (&self->place);
  cw_link_free (self->link);
  g_free (self->host);
  g_clear_pointer (&self->output, g_bytes_unref);
  g_clear_error (&self->unwritten);
  g_free (self);
}

const CwStage cw_link_stage = {
  .name = "link",
  .failure = CW_CONNECT_FAILURE_LINK,
  .limit = CW_STAGE_SILENCE,
  .late = N_ ("The server did not answer in time"),
  .make = make,
  .step = step,
  .awaits = awaits,
  .free = leave,
};
