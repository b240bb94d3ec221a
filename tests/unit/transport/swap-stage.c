/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "swap-stage.h"

#include "transport/connect.h"
#include "transport/layer.h"
#include "transport/stream.h"

#include <string.h>

#define HELLO "swap"

void
swap_bytes (uint8_t *data, size_t size)
{
  for (size_t i = 0; i < size; i++)
    data[i] = (uint8_t) (data[i] << 4 | data[i] >> 4);
}

/* --- the layer ------------------------------------------------------------------------------------------------- */

typedef CwLayer SwapStream;
typedef CwLayerClass SwapStreamClass;

static GType swap_stream_get_type (void);

G_DEFINE_TYPE (SwapStream, swap_stream, CW_TYPE_LAYER)

static gssize
swap_read (CwLayer *layer, void *data, gsize size, GError **error)
{
  gssize n = g_pollable_input_stream_read_nonblocking (cw_layer_base_input (layer), data, size, NULL, error);

  swap_bytes (data, (size_t) MAX (n, 0));
  return n;
}

static gssize
swap_write (CwLayer *layer, const void *data, gsize size, GError **error)
{
  uint8_t bytes[100];
  struct iovec vector = { bytes, MIN (size, sizeof bytes) };
  GError *problem = NULL;
  gssize n;

  memcpy (bytes, data, vector.iov_len);
  swap_bytes (bytes, vector.iov_len);
  n = cw_stream_write (cw_layer_get_base (layer), &vector, 1, &problem);
  if (n < 0 && !problem)
    g_set_error (&problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "full");
  if (problem)
    g_propagate_error (error, problem);
  return n;
}

static GIOCondition
swap_awaits (CwLayer *layer, bool writing)
{
  return cw_stream_awaits (cw_layer_get_base (layer), writing);
}

static void
swap_stream_class_init (SwapStreamClass *class)
{
  class->read = swap_read;
  class->write = swap_write;
  class->awaits = swap_awaits;
}

static void
swap_stream_init (SwapStream *self)
{
}

/* --- the stage ------------------------------------------------------------------------------------------------- */

static gpointer
make (const CwConnectParams *params, GError **error)
{
  if (params->port == 1) {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "port 1 is not swapped");
    return NULL;
  }
  return g_new0 (char, 1);
}

/* The peer says hello first, by one byte at a time. */
static CwStageStatus
step (gpointer data, CwStageIo *io, GError **error)
{
  GIOStream **stream = &io->connection->stream;
  GInputStream *in = g_io_stream_get_input_stream (*stream);
  g_autoptr (GError) problem = NULL;
  GIOStream *swapped;
  char byte;

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
  swapped = cw_layer_new (swap_stream_get_type (), *stream);
  g_object_unref (*stream);
  *stream = swapped;
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
