/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/sasl-stream.h"

#include "transport/stream.h"

#define READ_SIZE (32 * 1024)  /* coded bytes taken from below in one call */
#define WRITE_SIZE (32 * 1024) /* plain bytes coded at once */

struct _CwSaslStream {
  CwLayer parent;

  CwSaslLayer *layer;
  bool is_dry;    /* nothing was there when last read */
  CwBuffer coded; /* of the write under way */
  size_t coded_written;
  size_t accepted; /* plain bytes that coded stands for: written once all of it is */
};

G_DEFINE_FINAL_TYPE (CwSaslStream, cw_sasl_stream, CW_TYPE_LAYER)

static gssize
would_block (GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "operation would block");
  return -1;
}

static gssize
cw_sasl_stream_read (CwLayer *layer, void *data, gsize size, GError **error)
{
  CwSaslStream *self = CW_SASL_STREAM (layer);
  uint8_t coded[READ_SIZE];
  GError *problem = NULL;
  gssize n;

  self->is_dry = false;
  if (cw_sasl_layer_waiting (self->layer) > 0)
    return (gssize) cw_sasl_layer_read (self->layer, data, size);
  n = g_pollable_input_stream_read_nonblocking (cw_layer_base_input (layer), coded, sizeof coded, NULL, &problem);
  if (n <= 0) {
    self->is_dry = g_error_matches (problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    if (problem)
      g_propagate_error (error, problem);
    return n;
  }
  if (!cw_sasl_layer_feed (self->layer, (CwSlice){ coded, (size_t) n }, error))
    return -1;
  if (cw_sasl_layer_waiting (self->layer) == 0)
    return would_block (error);
  return (gssize) cw_sasl_layer_read (self->layer, data, size);
}

/* As with TLS, bytes count as written when all that they became is; until then the same ones are to be given again. */
static gssize
cw_sasl_stream_write (CwLayer *layer, const void *data, gsize size, GError **error)
{
  CwSaslStream *self = CW_SASL_STREAM (layer);
  size_t accepted;

  if (self->accepted == 0) {
    CwSlice plain = { data, MIN (size, WRITE_SIZE) };

    if (!cw_sasl_layer_encode (self->layer, plain, &self->coded, error))
      return -1;
    self->accepted = plain.size;
  }
  g_assert (size >= self->accepted);
  while (self->coded_written < self->coded.size) {
    gssize n = g_pollable_output_stream_write_nonblocking (cw_layer_base_output (layer),
                                                           self->coded.data + self->coded_written,
                                                           self->coded.size - self->coded_written, NULL, error);

    if (n < 0)
      return -1;
    self->coded_written += (size_t) n;
  }
  accepted = self->accepted;
  self->accepted = self->coded_written = 0;
  cw_buffer_clear (&self->coded);
  return (gssize) accepted;
}

static GIOCondition
cw_sasl_stream_awaits (CwLayer *layer, bool writing)
{
  CwSaslStream *self = CW_SASL_STREAM (layer);

  if (writing)
    return cw_stream_awaits (cw_layer_get_base (layer), true);
  return self->is_dry && cw_sasl_layer_waiting (self->layer) == 0 ? cw_stream_awaits (cw_layer_get_base (layer), false)
                                                                  : 0;
}

static void
cw_sasl_stream_finalize (GObject *object)
{
  CwSaslStream *self = CW_SASL_STREAM (object);

  g_clear_pointer (&self->layer, cw_sasl_layer_free);
  cw_buffer_clear (&self->coded);
  G_OBJECT_CLASS (cw_sasl_stream_parent_class)->finalize (object);
}

static void
cw_sasl_stream_class_init (CwSaslStreamClass *class)
{
  CwLayerClass *layer = CW_LAYER_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = cw_sasl_stream_finalize;
  layer->read = cw_sasl_stream_read;
  layer->write = cw_sasl_stream_write;
  layer->awaits = cw_sasl_stream_awaits;
}

static void
cw_sasl_stream_init (CwSaslStream *self)
{
  cw_buffer_init (&self->coded, 4 * WRITE_SIZE);
}

GIOStream *
cw_sasl_stream_new (GIOStream *base, CwSaslLayer *layer)
{
  CwSaslStream *self = cw_layer_new (CW_TYPE_SASL_STREAM, base);

  self->layer = layer;
  return G_IO_STREAM (self);
}
