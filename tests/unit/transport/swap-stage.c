/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "swap-stage.h"

#include "transport/connect.h"
#include "transport/security-stream.h"

#include <string.h>

#define HELLO "swap"

typedef struct {
  bool said_hello;
} Swap;

void
swap_bytes (uint8_t *data, size_t size)
{
  for (size_t i = 0; i < size; i++)
    data[i] = (uint8_t) (data[i] << 4 | data[i] >> 4);
}

static bool
unwrap (gpointer data, CwSlice packet, CwBuffer *out, GError **error)
{
  uint8_t *at = cw_buffer_grow (out, packet.size - 4);

  memcpy (at, packet.data + 4, packet.size - 4);
  swap_bytes (at, packet.size - 4);
  return true;
}

static bool
wrap (gpointer data, CwSlice plain, CwBuffer *out, GError **error)
{
  uint32_t length = GUINT32_TO_BE ((uint32_t) plain.size);
  uint8_t *at;

  cw_buffer_append (out, &length, sizeof length);
  at = cw_buffer_grow (out, plain.size);
  memcpy (at, plain.data, plain.size);
  swap_bytes (at, plain.size);
  return true;
}

static const CwSecurityLayer layer = { .max_packet = 1000, .max_plain = 100, .unwrap = unwrap, .wrap = wrap };

static gpointer
make (const CwConnectParams *params, GError **error)
{
  if (params->port == 1) {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "port 1 is not swapped");
    return NULL;
  }
  return g_new0 (Swap, 1);
}

/* The peer says hello first, by one byte at a time. */
static CwStageStatus
step (gpointer data, CwStageIo *io, GError **error)
{
  GIOStream **stream = &io->connection->stream;
  GInputStream *in = g_io_stream_get_input_stream (*stream);
  g_autoptr (GError) problem = NULL;
  char byte;
  CwSecurityStream *swapped;

  if (g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (in), &byte, 1, NULL, &problem) != 1) {
    if (g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      io->condition = G_IO_IN;
      return CW_STAGE_WAITS;
    }
    g_set_error (error, CW_ERROR, CW_ERROR_CLOSED, "no hello");
    return CW_STAGE_FAILED;
  }
  io->progress = true;
  if (byte != HELLO[sizeof HELLO - 2])
    return CW_STAGE_AGAIN;
  swapped = cw_security_stream_new (*stream, &layer, NULL);
  g_object_unref (*stream);
  *stream = G_IO_STREAM (swapped);
  return CW_STAGE_DONE;
}

static const char *
awaits (gpointer self)
{
  return "its hello";
}

const CwStage swap_stage = {
  .name = "swap",
  .failure = CW_CONNECT_FAILURE_TLS,
  .limit = CW_STAGE_SILENCE,
  .late = "The server does not swap",
  .make = make,
  .step = step,
  .awaits = awaits,
  .free = g_free,
};
