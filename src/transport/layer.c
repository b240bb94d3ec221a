/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/layer.h"

#include "transport/stream.h"

typedef struct {
  GIOStream *base;
  GInputStream *input;   /* LayerInput, owned; points back without a reference */
  GOutputStream *output; /* LayerOutput, likewise */
} CwLayerPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (CwLayer, cw_layer, G_TYPE_IO_STREAM)

/* Whoever keeps a direction must keep the layer. */
typedef struct {
  GInputStream parent;
  CwLayer *layer;
} LayerInput;

typedef GInputStreamClass LayerInputClass;

typedef struct {
  GOutputStream parent;
  CwLayer *layer;
} LayerOutput;

typedef GOutputStreamClass LayerOutputClass;

static GType layer_input_get_type (void);
static GType layer_output_get_type (void);
static void layer_input_pollable_init (GPollableInputStreamInterface *iface);
static void layer_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (LayerInput, layer_input, G_TYPE_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, layer_input_pollable_init))
G_DEFINE_TYPE_WITH_CODE (LayerOutput, layer_output, G_TYPE_OUTPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, layer_output_pollable_init))

/* --- the two directions ---------------------------------------------------------------------------------------- */

static bool
is_ready (CwLayer *layer, bool writing)
{
  GIOCondition condition = cw_stream_awaits (G_IO_STREAM (layer), writing);

  return condition == 0 || g_socket_condition_check (cw_stream_socket (G_IO_STREAM (layer)), condition) != 0;
}

static GSource *
create_source (CwLayer *layer, gpointer direction, bool writing, GCancellable *cancellable)
{
  GIOCondition condition = cw_stream_awaits (G_IO_STREAM (layer), writing);
  g_autoptr (GSource) child = condition != 0
                                  ? g_socket_create_source (cw_stream_socket (G_IO_STREAM (layer)), condition, NULL)
                                  : g_timeout_source_new (0);

  return g_pollable_source_new_full (direction, child, cancellable);
}

static gboolean
layer_is_readable (GPollableInputStream *stream)
{
  return is_ready (((LayerInput *) stream)->layer, false);
}

static gboolean
layer_is_writable (GPollableOutputStream *stream)
{
  return is_ready (((LayerOutput *) stream)->layer, true);
}

static GSource *
layer_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return create_source (((LayerInput *) stream)->layer, stream, false, cancellable);
}

static GSource *
layer_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return create_source (((LayerOutput *) stream)->layer, stream, true, cancellable);
}

static gssize
layer_read (GPollableInputStream *stream, void *data, gsize size, GError **error)
{
  CwLayer *layer = ((LayerInput *) stream)->layer;

  return CW_LAYER_GET_CLASS (layer)->read (layer, data, size, error);
}

static gssize
layer_write (GPollableOutputStream *stream, const void *data, gsize size, GError **error)
{
  CwLayer *layer = ((LayerOutput *) stream)->layer;

  return CW_LAYER_GET_CLASS (layer)->write (layer, data, size, error);
}

static gssize
refuse_read (GInputStream *stream, void *data, gsize size, GCancellable *cancellable, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "this stream does not block");
  return -1;
}

static gssize
refuse_write (GOutputStream *stream, const void *data, gsize size, GCancellable *cancellable, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "this stream does not block");
  return -1;
}

static void
layer_input_init (LayerInput *self)
{
}

static void
layer_input_class_init (LayerInputClass *class)
{
  class->read_fn = refuse_read;
}

static void
layer_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = layer_is_readable;
  iface->create_source = layer_input_create_source;
  iface->read_nonblocking = layer_read;
}

static void
layer_output_init (LayerOutput *self)
{
}

static void
layer_output_class_init (LayerOutputClass *class)
{
  class->write_fn = refuse_write;
}

static void
layer_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = layer_is_writable;
  iface->create_source = layer_output_create_source;
  iface->write_nonblocking = layer_write;
}

/* --- the stream ------------------------------------------------------------------------------------------------ */

static CwLayerPrivate *
private_of (gpointer layer)
{
  return cw_layer_get_instance_private (layer);
}

static GInputStream *
cw_layer_get_input_stream (GIOStream *stream)
{
  return private_of (stream)->input;
}

static GOutputStream *
cw_layer_get_output_stream (GIOStream *stream)
{
  return private_of (stream)->output;
}

static gboolean
cw_layer_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  CwLayerClass *class = CW_LAYER_GET_CLASS (stream);

  if (class->end)
    class->end (CW_LAYER (stream));
  return g_io_stream_close (private_of (stream)->base, cancellable, error);
}

/* The default runs in another thread; nothing here blocks. */
static void
cw_layer_close_async (GIOStream *stream, int priority, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;

  if (cw_layer_close (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
cw_layer_close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
cw_layer_finalize (GObject *object)
{
  CwLayerPrivate *self = private_of (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->base);
  G_OBJECT_CLASS (cw_layer_parent_class)->finalize (object);
}

static void
cw_layer_class_init (CwLayerClass *class)
{
  GIOStreamClass *stream = G_IO_STREAM_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = cw_layer_finalize;
  stream->get_input_stream = cw_layer_get_input_stream;
  stream->get_output_stream = cw_layer_get_output_stream;
  stream->close_fn = cw_layer_close;
  stream->close_async = cw_layer_close_async;
  stream->close_finish = cw_layer_close_finish;
}

static void
cw_layer_init (CwLayer *layer)
{
  CwLayerPrivate *self = private_of (layer);

  self->input = g_object_new (layer_input_get_type (), NULL);
  ((LayerInput *) self->input)->layer = layer;
  self->output = g_object_new (layer_output_get_type (), NULL);
  ((LayerOutput *) self->output)->layer = layer;
}

gpointer
cw_layer_new (GType type, GIOStream *base)
{
  gpointer layer = g_object_new (type, NULL);

  private_of (layer)->base = g_object_ref (base);
  return layer;
}

GIOStream *
cw_layer_get_base (CwLayer *self)
{
  return private_of (self)->base;
}

GPollableInputStream *
cw_layer_base_input (CwLayer *self)
{
  return G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (private_of (self)->base));
}

GPollableOutputStream *
cw_layer_base_output (CwLayer *self)
{
  return G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (private_of (self)->base));
}
