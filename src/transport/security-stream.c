/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transport/security-stream.h"

#include "transport/stream.h"

#include <string.h>

#define LENGTH_SIZE 4

/* What a mechanism may add to a packet. */
#define OVERHEAD 1024

struct _CwSecurityStream {
  GIOStream parent;

  GIOStream *base;
  const CwSecurityLayer *layer;
  gpointer data;
  GInputStream *input;   /* points back without a reference */
  GOutputStream *output; /* likewise */
  CwBuffer packet;       /* of the peer, not complete yet */
  CwBuffer plain;
  size_t plain_read;
  bool again; /* a packet came, but nothing was in it */
  CwBuffer sending;
  size_t sent;
  size_t sending_plain; /* bytes that are in sending */
};

static void cw_security_stream_layer_init (CwLayerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (CwSecurityStream, cw_security_stream, G_TYPE_IO_STREAM,
                               G_IMPLEMENT_INTERFACE (CW_TYPE_LAYER, cw_security_stream_layer_init))

/* Whoever keeps a direction must keep the stream. */
typedef struct {
  GInputStream parent;
  CwSecurityStream *stream;
} SecurityInput;

typedef struct {
  GInputStreamClass parent;
} SecurityInputClass;

typedef struct {
  GOutputStream parent;
  CwSecurityStream *stream;
} SecurityOutput;

typedef struct {
  GOutputStreamClass parent;
} SecurityOutputClass;

static GType security_input_get_type (void);
static GType security_output_get_type (void);
static void security_input_pollable_init (GPollableInputStreamInterface *iface);
static void security_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (SecurityInput, security_input, G_TYPE_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, security_input_pollable_init))
G_DEFINE_TYPE_WITH_CODE (SecurityOutput, security_output, G_TYPE_OUTPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, security_output_pollable_init))

/* --- reading --------------------------------------------------------------------------------------------------- */

/* Of the packet that is being read, as far as it is known. */
static size_t
packet_size (const CwSecurityStream *self)
{
  uint32_t length;

  if (self->packet.size < LENGTH_SIZE)
    return LENGTH_SIZE;
  memcpy (&length, self->packet.data, LENGTH_SIZE);
  return LENGTH_SIZE + (size_t) GUINT32_FROM_BE (length);
}

/* 1: the packet is complete. */
static gssize
read_packet (CwSecurityStream *self, GError **error)
{
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->base));
  size_t size;

  while (self->packet.size < (size = packet_size (self))) {
    uint8_t bytes[4096];
    gssize n = g_pollable_input_stream_read_nonblocking (in, bytes, MIN (sizeof bytes, size - self->packet.size), NULL,
                                                         error);

    if (n == 0 && self->packet.size > 0) {
      g_set_error (error, CW_ERROR, CW_ERROR_CLOSED, "The server closed the connection inside a protected packet");
      return -1;
    }
    if (n <= 0)
      return n;
    cw_buffer_append (&self->packet, bytes, (size_t) n);
    if (packet_size (self) > LENGTH_SIZE + self->layer->max_packet) {
      g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "protected packet: length: %zu > %zu",
                   packet_size (self) - LENGTH_SIZE, self->layer->max_packet);
      return -1;
    }
    if (cw_buffer_failed (&self->packet)) {
      g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "protected packet: no memory for %zu bytes", packet_size (self));
      return -1;
    }
  }
  return 1;
}

static gssize
security_read (GPollableInputStream *stream, void *data, gsize size, GError **error)
{
  CwSecurityStream *self = ((SecurityInput *) stream)->stream;
  size_t n;

  self->again = false;
  if (self->plain_read == self->plain.size) {
    gssize result = read_packet (self, error);
    bool is_good;

    if (result <= 0)
      return result;
    cw_buffer_clear (&self->plain);
    self->plain_read = 0;
    is_good = self->layer->unwrap (self->data, (CwSlice){ self->packet.data, self->packet.size }, &self->plain, error);
    cw_buffer_clear (&self->packet);
    if (!is_good)
      return -1;
  }
  n = MIN (size, self->plain.size - self->plain_read);
  if (n == 0) {
    self->again = true;
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Operation would block");
    return -1;
  }
  memcpy (data, self->plain.data + self->plain_read, n);
  self->plain_read += n;
  return (gssize) n;
}

/* --- writing --------------------------------------------------------------------------------------------------- */

/* A packet goes out whole before its bytes count as written, so whoever has to wait comes back with the same ones. */
static gssize
security_write (GPollableOutputStream *stream, const void *data, gsize size, GError **error)
{
  CwSecurityStream *self = ((SecurityOutput *) stream)->stream;

  if (self->sending_plain == 0) {
    CwSlice plain = { data, MIN (size, self->layer->max_plain) };

    if (plain.size == 0)
      return 0;
    if (!self->layer->wrap (self->data, plain, &self->sending, error))
      return -1;
    self->sending_plain = plain.size;
    self->sent = 0;
  }
  while (self->sent < self->sending.size) {
    struct iovec vector = { self->sending.data + self->sent, self->sending.size - self->sent };
    GError *problem = NULL;
    gssize n = cw_stream_write (self->base, &vector, 1, &problem);

    if (n < 0) {
      if (!problem)
        g_set_error (&problem, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Operation would block");
      g_propagate_error (error, problem);
      return -1;
    }
    self->sent += (size_t) n;
  }
  cw_buffer_clear (&self->sending);
  size = self->sending_plain;
  self->sending_plain = 0;
  return (gssize) size;
}

/* --- the two directions ---------------------------------------------------------------------------------------- */

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

static GSource *
security_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  return cw_layer_create_source (CW_LAYER (((SecurityInput *) stream)->stream), G_OBJECT (stream), false, cancellable);
}

static GSource *
security_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return cw_layer_create_source (CW_LAYER (((SecurityOutput *) stream)->stream), G_OBJECT (stream), true, cancellable);
}

static gboolean
security_is_readable (GPollableInputStream *stream)
{
  return cw_layer_is_ready (CW_LAYER (((SecurityInput *) stream)->stream), false);
}

static gboolean
security_is_writable (GPollableOutputStream *stream)
{
  return cw_layer_is_ready (CW_LAYER (((SecurityOutput *) stream)->stream), true);
}

static void
security_input_init (SecurityInput *self)
{
}

static void
security_input_class_init (SecurityInputClass *class)
{
  G_INPUT_STREAM_CLASS (class)->read_fn = refuse_read;
}

static void
security_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = security_is_readable;
  iface->create_source = security_input_create_source;
  iface->read_nonblocking = security_read;
}

static void
security_output_init (SecurityOutput *self)
{
}

static void
security_output_class_init (SecurityOutputClass *class)
{
  G_OUTPUT_STREAM_CLASS (class)->write_fn = refuse_write;
}

static void
security_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = security_is_writable;
  iface->create_source = security_output_create_source;
  iface->write_nonblocking = security_write;
}

/* --- the stream ------------------------------------------------------------------------------------------------ */

static GIOStream *
cw_security_stream_get_base (CwLayer *layer)
{
  return CW_SECURITY_STREAM (layer)->base;
}

static GIOCondition
cw_security_stream_awaits (CwLayer *layer, bool writing)
{
  CwSecurityStream *self = CW_SECURITY_STREAM (layer);

  if (!writing && (self->again || self->plain_read < self->plain.size))
    return 0;
  return cw_stream_awaits (self->base, writing);
}

static void
cw_security_stream_layer_init (CwLayerInterface *iface)
{
  iface->get_base = cw_security_stream_get_base;
  iface->awaits = cw_security_stream_awaits;
}

static GInputStream *
cw_security_stream_get_input_stream (GIOStream *stream)
{
  return CW_SECURITY_STREAM (stream)->input;
}

static GOutputStream *
cw_security_stream_get_output_stream (GIOStream *stream)
{
  return CW_SECURITY_STREAM (stream)->output;
}

static gboolean
cw_security_stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (CW_SECURITY_STREAM (stream)->base, cancellable, error);
}

static void
cw_security_stream_finalize (GObject *object)
{
  CwSecurityStream *self = CW_SECURITY_STREAM (object);

  g_clear_object (&self->input);
  g_clear_object (&self->output);
  g_clear_object (&self->base);
  cw_buffer_clear (&self->packet);
  cw_buffer_clear (&self->plain);
  cw_buffer_clear (&self->sending);
  if (self->layer->free)
    self->layer->free (self->data);
  G_OBJECT_CLASS (cw_security_stream_parent_class)->finalize (object);
}

static void
cw_security_stream_class_init (CwSecurityStreamClass *class)
{
  GIOStreamClass *stream = G_IO_STREAM_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = cw_security_stream_finalize;
  stream->get_input_stream = cw_security_stream_get_input_stream;
  stream->get_output_stream = cw_security_stream_get_output_stream;
  stream->close_fn = cw_security_stream_close;
}

static void
cw_security_stream_init (CwSecurityStream *self)
{
  self->input = g_object_new (security_input_get_type (), NULL);
  ((SecurityInput *) self->input)->stream = self;
  self->output = g_object_new (security_output_get_type (), NULL);
  ((SecurityOutput *) self->output)->stream = self;
}

CwSecurityStream *
cw_security_stream_new (GIOStream *base, const CwSecurityLayer *layer, gpointer data)
{
  CwSecurityStream *self = g_object_new (CW_TYPE_SECURITY_STREAM, NULL);

  self->base = g_object_ref (base);
  self->layer = layer;
  self->data = data;
  cw_buffer_init (&self->packet, LENGTH_SIZE + layer->max_packet);
  cw_buffer_init (&self->plain, layer->max_packet + OVERHEAD);
  cw_buffer_init (&self->sending, LENGTH_SIZE + layer->max_plain + OVERHEAD);
  return self;
}
