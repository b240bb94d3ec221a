/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/spicevmc.h"

#include "base/i18n.h"
#include "codec/spicevmc.h"

#include "spice-client.h"

/* Shorter pieces gain nothing; the reference server draws the line here too. */
#define MIN_COMPRESSED 1000

struct CwSpicevmc {
  int refs;
  SpiceChannel *channel; /* borrowed: it owns the pipe */
  const CwSpicevmcEvents *events;
  bool compress;
  bool awaits_room;  /* room () is due when the queue has gone */
  unsigned n_writes; /* that wait for their answer */
};

typedef struct {
  CwSpicevmc *pipe; /* strong */
  CwChannelFlushFunc written;
  gpointer data;
} Write;

CwSpicevmc *
cw_spicevmc_new (SpiceChannel *channel, const CwSpicevmcEvents *events)
{
  CwSpicevmc *self = g_new0 (CwSpicevmc, 1);

  self->refs = 1;
  self->channel = channel;
  self->events = events;
  return self;
}

void
cw_spicevmc_unref (CwSpicevmc *self)
{
  if (--self->refs == 0)
    g_free (self);
}

void
cw_spicevmc_start (CwSpicevmc *self, bool compress)
{
  self->compress = compress;
  self->awaits_room = false;
  /* The limit is this pipe's, as a single write may exceed it. */
  cw_channel_set_queue_limit (self->channel, G_MAXSIZE);
  cw_channel_set_stream (self->channel, CW_MSGC_SPICEVMC_DATA);
}

void
cw_spicevmc_take (CwSpicevmc *self, const CwMessage *message)
{
  const CwMsgSpicevmcCompressedData *compressed = message->data;
  g_autoptr (GBytes) plain = NULL;
  GError *error = NULL;
  CwSlice bytes;

  if (message->info->type == CW_MSG_SPICEVMC_DATA) {
    bytes = ((const CwMsgSpicevmcData *) message->data)->data;
  } else if (compressed->type == CW_DATA_COMPRESSION_TYPE_NONE) {
    bytes = compressed->data;
  } else {
    plain = cw_spicevmc_body_decompress (message->body, &error);
    if (!plain) {
      cw_channel_end (self->channel, error);
      return;
    }
    bytes.data = g_bytes_get_data (plain, &bytes.size);
  }
  if (bytes.size > 0)
    self->events->received (self->channel, bytes);
}

void
cw_spicevmc_pause (CwSpicevmc *self)
{
  cw_channel_pause (self->channel, CW_PAUSE_FULL);
}

void
cw_spicevmc_resume (CwSpicevmc *self)
{
  cw_channel_resume (self->channel, CW_PAUSE_FULL);
}

bool
cw_spicevmc_has_room (const CwSpicevmc *self, size_t size)
{
  size_t waiting = (size_t) self->n_writes * CW_SPICEVMC_WRITE_COST + cw_channel_queued_bytes (self->channel);

  return waiting <= CW_SPICEVMC_FULL
         || (waiting <= CW_SPICEVMC_MAX_WAITING && size <= CW_SPICEVMC_MAX_WAITING - waiting);
}

static bool
send_piece (CwSpicevmc *self, GBytes *piece, GError **error)
{
  CwSlice bytes = { .size = 0 };
  g_autoptr (GBytes) packed = NULL;

  bytes.data = g_bytes_get_data (piece, &bytes.size);
  if (self->compress && bytes.size > MIN_COMPRESSED)
    packed = cw_spicevmc_body_compress (bytes);
  if (packed)
    return cw_channel_send_bytes (self->channel, CW_MSGC_SPICEVMC_COMPRESSED_DATA, packed, error);
  return cw_channel_send_bytes (self->channel, CW_MSGC_SPICEVMC_DATA, piece, error);
}

static void
on_written (gpointer data, const GError *error)
{
  g_autofree Write *write = data;

  write->pipe->n_writes--;
  write->written (write->data, error);
  cw_spicevmc_unref (write->pipe);
}

static bool
check_room (const CwSpicevmc *self, size_t size, GError **error)
{
  if (cw_spicevmc_has_room (self, size))
    return true;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, _ ("Too much waits to be sent already."));
  return false;
}

bool
cw_spicevmc_can_pipe (const CwSpicevmc *self)
{
  return !self->compress && cw_channel_can_pipe (self->channel);
}

bool
cw_spicevmc_write_piped (CwSpicevmc *self, GBytes *begin, const CwPiped *piped, GError **error)
{
  return check_room (self, g_bytes_get_size (begin) + piped->size, error)
         && cw_channel_send_piped (self->channel, CW_MSGC_SPICEVMC_DATA, begin, piped, error);
}

bool
cw_spicevmc_write (CwSpicevmc *self, GBytes *bytes, CwChannelFlushFunc written, gpointer data, GError **error)
{
  size_t size = g_bytes_get_size (bytes);
  Write *write;

  if (!check_room (self, size, error))
    return false;
  for (size_t at = 0; at < size; at += CW_SPICEVMC_MAX_PIECE) {
    g_autoptr (GBytes) piece = g_bytes_new_from_bytes (bytes, at, MIN (CW_SPICEVMC_MAX_PIECE, size - at));

    /* Whatever stands against one stands against the first. */
    if (!send_piece (self, piece, error))
      return false;
  }
  if (written) {
    write = g_new (Write, 1);
    *write = (Write){ self, written, data };
    self->refs++;
    self->n_writes++;
    cw_channel_flush (self->channel, on_written, write);
  }
  return true;
}

static void
on_room (gpointer data, const GError *error)
{
  CwSpicevmc *self = data;
  bool awaited = self->awaits_room && !error;

  if (awaited) {
    self->awaits_room = false;
    self->events->room (self->channel);
  }
  cw_spicevmc_unref (self);
}

bool
cw_spicevmc_is_full (CwSpicevmc *self)
{
  if (cw_channel_queued_bytes (self->channel) < CW_SPICEVMC_FULL)
    return false;
  if (!self->awaits_room && self->events->room) {
    self->awaits_room = true;
    self->refs++;
    cw_channel_await_room (self->channel, CW_SPICEVMC_FULL / 2, on_room, self);
  }
  return true;
}
