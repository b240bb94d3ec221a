/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "swap-stage.h"

#include "transport/connect.h"
#include "transport/stream.h"

#include <string.h>

#define HELLO "swap"

void
swap_bytes (uint8_t *data, size_t size)
{
  for (size_t i = 0; i < size; i++)
    data[i] = (uint8_t) (data[i] << 4 | data[i] >> 4);
}

/* --- the layer: a stream that is both of its directions' state ---------------------------------------------------- */

typedef struct {
  GIOStream parent;
  GIOStream *base;
  GInputStream *input;
  GOutputStream *output;
} SwapStream;

typedef GIOStreamClass SwapStreamClass;

typedef struct {
  GInputStream parent;
  SwapStream *stream;
} SwapInput;

typedef GInputStreamClass SwapInputClass;

typedef struct {
  GOutputStream parent;
  SwapStream *stream;
} SwapOutput;

typedef GOutputStreamClass SwapOutputClass;

static GType swap_stream_get_type (void);
static GType swap_input_get_type (void);
static GType swap_output_get_type (void);

static gssize
swap_read (GPollableInputStream *stream, void *data, gsize size, GError **error)
{
  GInputStream *in = g_io_stream_get_input_stream (((SwapInput *) stream)->stream->base);
  gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (in), data, size, NULL, error);

  swap_bytes (data, (size_t) MAX (n, 0));
  return n;
}

static gssize
swap_write (GPollableOutputStream *stream, const void *data, gsize size, GError **error)
{
  uint8_t bytes[100];
  struct iovec vector = { bytes, MIN (size, sizeof bytes) };
  GError *problem = NULL;
  gssize n;

  memcpy (bytes, data, vector.iov_len);
  swap_bytes (bytes, vector.iov_len);
  n = cw_stream_write (((SwapOutput *) stream)->stream->base, &vector, 1, &problem);
  if (n < 0 && !problem)
    g_set_error (&problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "full");
  if (problem)
    g_propagate_error (error, problem);
  return n;
}

static void
swap_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->read_nonblocking = swap_read;
}

static void
swap_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->write_nonblocking = swap_write;
}

static GIOStream *
get_base (CwLayer *layer)
{
  return ((SwapStream *) layer)->base;
}

static GIOCondition
layer_awaits (CwLayer *layer, bool writing)
{
  return cw_stream_awaits (((SwapStream *) layer)->base, writing);
}

static void
swap_layer_init (CwLayerInterface *iface)
{
  iface->get_base = get_base;
  iface->awaits = layer_awaits;
}

G_DEFINE_TYPE_WITH_CODE (SwapInput, swap_input, G_TYPE_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, swap_input_pollable_init))
G_DEFINE_TYPE_WITH_CODE (SwapOutput, swap_output, G_TYPE_OUTPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, swap_output_pollable_init))
G_DEFINE_TYPE_WITH_CODE (SwapStream, swap_stream, G_TYPE_IO_STREAM,
                         G_IMPLEMENT_INTERFACE (CW_TYPE_LAYER, swap_layer_init))

static void
swap_input_init (SwapInput *self)
{
}

static void
swap_input_class_init (SwapInputClass *class)
{
}

static void
swap_output_init (SwapOutput *self)
{
}

static void
swap_output_class_init (SwapOutputClass *class)
{
}

static GInputStream *
get_input (GIOStream *stream)
{
  return ((SwapStream *) stream)->input;
}

static GOutputStream *
get_output (GIOStream *stream)
{
  return ((SwapStream *) stream)->output;
}

static gboolean
close_base (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (((SwapStream *) stream)->base, cancellable, error);
}

static void
swap_stream_finalize (GObject *object)
{
  SwapStream *self = (SwapStream *) object;

  g_object_unref (self->input);
  g_object_unref (self->output);
  g_object_unref (self->base);
  G_OBJECT_CLASS (swap_stream_parent_class)->finalize (object);
}

static void
swap_stream_class_init (SwapStreamClass *class)
{
  G_OBJECT_CLASS (class)->finalize = swap_stream_finalize;
  class->get_input_stream = get_input;
  class->get_output_stream = get_output;
  class->close_fn = close_base;
}

static void
swap_stream_init (SwapStream *self)
{
  self->input = g_object_new (swap_input_get_type (), NULL);
  self->output = g_object_new (swap_output_get_type (), NULL);
  ((SwapInput *) self->input)->stream = self;
  ((SwapOutput *) self->output)->stream = self;
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
  char byte;
  SwapStream *swapped;

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
  swapped = g_object_new (swap_stream_get_type (), NULL);
  swapped->base = *stream;
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
