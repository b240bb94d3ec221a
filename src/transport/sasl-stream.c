/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/sasl-stream.h"

#include "transport/stream.h"

#define READ_SIZE (32 * 1024)  /* coded bytes taken from below in one call */
#define WRITE_SIZE (32 * 1024) /* plain bytes coded at once */

struct _CwSaslStream {
  GIOStream parent;

  GIOStream *base;
  CwSaslLayer *layer;
  GInputStream *input;   /* SaslInput, owned; points back without a reference */
  GOutputStream *output; /* SaslOutput, likewise */
  bool is_dry;           /* nothing was there when last read */
  CwBuffer coded;        /* of the write under way */
  size_t coded_written;
  size_t accepted; /* plain bytes that coded stands for: written once all of it is */
};

static void cw_sasl_stream_layer_init (CwLayerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CwSaslStream, cw_sasl_stream, G_TYPE_IO_STREAM,
                               G_IMPLEMENT_INTERFACE (CW_TYPE_LAYER, cw_sasl_stream_layer_init))

/* Whoever keeps a direction must keep the stream. */
typedef struct {
  GInputStream parent;
  CwSaslStream *stream;
} SaslInput;

typedef struct {
  GInputStreamClass parent;
} SaslInputClass;

typedef struct {
  GOutputStream parent;
  CwSaslStream *stream;
} SaslOutput;

typedef struct {
  GOutputStreamClass parent;
} SaslOutputClass;

static GType sasl_input_get_type (void);
static GType sasl_output_get_type (void);
static void sasl_input_pollable_init (GPollableInputStreamInterface *iface);
static void sasl_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (SaslInput, sasl_input, G_TYPE_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, sasl_input_pollable_init))
G_DEFINE_TYPE_WITH_CODE (SaslOutput, sasl_output, G_TYPE_OUTPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, sasl_output_pollable_init))

static gssize
would_block (GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Operation would block");
  return -1;
}

static gssize
sasl_read (GPollableInputStream *stream, void *data, gsize size, GError **error)
{
  CwSaslStream *self = ((SaslInput *) stream)->stream;
  GPollableInputStream *below = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->base));
  uint8_t coded[READ_SIZE];
  GError *problem = NULL;
  gssize n;

  self->is_dry = false;
  if (cw_sasl_layer_waiting (self->layer) > 0)
    return (gssize) cw_sasl_layer_read (self->layer, data, size);
  n = g_pollable_input_stream_read_nonblocking (below, coded, sizeof coded, NULL, &problem);
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
sasl_write (GPollableOutputStream *stream, const void *data, gsize size, GError **error)
{
  CwSaslStream *self = ((SaslOutput *) stream)->stream;
  GPollableOutputStream *below = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->base));
  size_t accepted;

  if (self->accepted == 0) {
    CwSlice plain = { data, MIN (size, WRITE_SIZE) };

    if (!cw_sasl_layer_encode (self->layer, plain, &self->coded, error))
      return -1;
    self->accepted = plain.size;
  }
  g_assert (size >= self->accepted);
  while (self->coded_written < self->coded.size) {
    gssize n = g_pollable_output_stream_write_nonblocking (below, self->coded.data + self->coded_written,
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

static GSource *
sasl_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return cw_layer_create_source (CW_LAYER (((SaslInput *) stream)->stream), G_OBJECT (stream), false, cancellable);
}

static GSource *
sasl_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return cw_layer_create_source (CW_LAYER (((SaslOutput *) stream)->stream), G_OBJECT (stream), true, cancellable);
}

static gboolean
sasl_is_readable (GPollableInputStream *stream)
{
  return cw_layer_is_ready (CW_LAYER (((SaslInput *) stream)->stream), false);
}

static gboolean
sasl_is_writable (GPollableOutputStream *stream)
{
  return cw_layer_is_ready (CW_LAYER (((SaslOutput *) stream)->stream), true);
}

static gssize
refuse_read (GInputStream *stream, void *data, gsize size, GCancellable *cancellable, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "This stream does not block");
  return -1;
}

static gssize
refuse_write (GOutputStream *stream, const void *data, gsize size, GCancellable *cancellable, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "This stream does not block");
  return -1;
}

static void
sasl_input_init (SaslInput *self)
{
}

static void
sasl_input_class_init (SaslInputClass *class)
{
  G_INPUT_STREAM_CLASS (class)->read_fn = refuse_read;
}

static void
sasl_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = sasl_is_readable;
  iface->create_source = sasl_input_create_source;
  iface->read_nonblocking = sasl_read;
}

static void
sasl_output_init (SaslOutput *self)
{
}

static void
sasl_output_class_init (SaslOutputClass *class)
{
  G_OUTPUT_STREAM_CLASS (class)->write_fn = refuse_write;
}

static void
sasl_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = sasl_is_writable;
  iface->create_source = sasl_output_create_source;
  iface->write_nonblocking = sasl_write;
}

static GInputStream *
cw_sasl_stream_get_input_stream (GIOStream *stream)
{
  return CW_SASL_STREAM (stream)->input;
}

static GOutputStream *
cw_sasl_stream_get_output_stream (GIOStream *stream)
{
  return CW_SASL_STREAM (stream)->output;
}

static gboolean
cw_sasl_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (CW_SASL_STREAM (stream)->base, cancellable, error);
}

/* The default runs in another thread; nothing here blocks. */
static void
cw_sasl_stream_close_async (GIOStream *stream, int priority, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;

  if (cw_sasl_stream_close (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
cw_sasl_stream_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static GIOStream *
cw_sasl_stream_get_base (CwLayer *layer)
{
  return CW_SASL_STREAM (layer)->base;
}

static GIOCondition
cw_sasl_stream_awaits (CwLayer *layer, bool writing)
{
  CwSaslStream *self = CW_SASL_STREAM (layer);

  if (writing)
    return cw_stream_awaits (self->base, true);
  return self->is_dry && cw_sasl_layer_waiting (self->layer) == 0 ? cw_stream_awaits (self->base, false) : 0;
}

static void
cw_sasl_stream_layer_init (CwLayerInterface *iface)
{
  iface->get_base = cw_sasl_stream_get_base;
  iface->awaits = cw_sasl_stream_awaits;
}

static void
cw_sasl_stream_finalize (GObject *object)
{
  CwSaslStream *self = CW_SASL_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->base);
  g_clear_pointer (&self->layer, cw_sasl_layer_free);
  cw_buffer_clear (&self->coded);
  G_OBJECT_CLASS (cw_sasl_stream_parent_class)->finalize (object);
}

static void
cw_sasl_stream_class_init (CwSaslStreamClass *class)
{
  GIOStreamClass *stream = G_IO_STREAM_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = cw_sasl_stream_finalize;
  stream->get_input_stream = cw_sasl_stream_get_input_stream;
  stream->get_output_stream = cw_sasl_stream_get_output_stream;
  stream->close_fn = cw_sasl_stream_close;
  stream->close_async = cw_sasl_stream_close_async;
  stream->close_finish = cw_sasl_stream_close_finish;
}

static void
cw_sasl_stream_init (CwSaslStream *self)
{
  cw_buffer_init (&self->coded, 4 * WRITE_SIZE);
  self->input = g_object_new (sasl_input_get_type (), NULL);
  ((SaslInput *) self->input)->stream = self;
  self->output = g_object_new (sasl_output_get_type (), NULL);
  ((SaslOutput *) self->output)->stream = self;
}

GIOStream *
cw_sasl_stream_new (GIOStream *base, CwSaslLayer *layer)
{
  CwSaslStream *self = g_object_new (CW_TYPE_SASL_STREAM, NULL);

  self->base = g_object_ref (base);
  self->layer = layer;
  return G_IO_STREAM (self);
}
