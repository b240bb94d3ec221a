/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's end of a tube, as libsoup wants it. What is written in one turn of its loop is told to the channel when
 * the turn is over: the head of an answer and a small body so become one frame, which the guest's side sends at once;
 * the second of two it would hold back until the first is acknowledged. */
#include "base/i18n.h"
#include "feature/webdav/tube.h"

typedef struct {
  GInputStream parent;
  CwWebdavTube *tube;
} CwTubeInput;

typedef struct {
  GOutputStream parent;
  CwWebdavTube *tube;
  CwWebdavBodies *bodies; /* or NULL */
  GSource *flush;
} CwTubeOutput;

typedef struct {
  GIOStream parent;
  CwWebdavTube *tube;
  GInputStream *in;
  GOutputStream *out;
} CwTubeStream;

typedef GInputStreamClass CwTubeInputClass;
typedef GOutputStreamClass CwTubeOutputClass;
typedef GIOStreamClass CwTubeStreamClass;

static void input_interface_init (GPollableInputStreamInterface *iface);
static void output_interface_init (GPollableOutputStreamInterface *iface);
static GType cw_tube_input_get_type (void);
static GType cw_tube_output_get_type (void);
static GType cw_tube_stream_get_type (void);

G_DEFINE_TYPE_WITH_CODE (CwTubeInput, cw_tube_input, G_TYPE_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, input_interface_init))
G_DEFINE_TYPE_WITH_CODE (CwTubeOutput, cw_tube_output, G_TYPE_OUTPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, output_interface_init))
G_DEFINE_TYPE (CwTubeStream, cw_tube_stream, G_TYPE_IO_STREAM)

/* The source of a condition: looked at in each turn of the loop, which the other end wakes. */
typedef struct {
  GSource source;
  CwWebdavTube *tube;
  GIOCondition condition;
} Watch;

static gboolean
check_watch (GSource *source)
{
  return cw_webdav_tube_is_ready (((Watch *) source)->tube, ((Watch *) source)->condition);
}

static gboolean
prepare_watch (GSource *source, int *timeout)
{
  *timeout = -1;
  return check_watch (source);
}

static gboolean
dispatch_watch (GSource *source, GSourceFunc callback, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static void
finalize_watch (GSource *source)
{
  cw_webdav_tube_unref (((Watch *) source)->tube);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static GSource *
watch (gpointer stream, CwWebdavTube *tube, GIOCondition condition, GCancellable *cancellable)
{
  static GSourceFuncs funcs = { prepare_watch, check_watch, dispatch_watch, finalize_watch, NULL, NULL };
  GSource *parent = g_pollable_source_new (stream);
  g_autoptr (GSource) child = g_source_new (&funcs, sizeof (Watch)), cancelled = NULL;

  ((Watch *) child)->tube = cw_webdav_tube_ref (tube);
  ((Watch *) child)->condition = condition;
  g_source_add_child_source (parent, child);
  if (cancellable) {
    cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (cancelled, G_SOURCE_FUNC (on_cancelled), NULL, NULL);
    g_source_add_child_source (parent, cancelled);
  }
  return parent;
}

static gssize
would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "the other end is not ready yet");
  return -1;
}

/* Input */

static gssize
read_input (GInputStream *stream, void *buffer, gsize size, GCancellable *cancellable, GError **error)
{
  gssize n = cw_webdav_tube_read (((CwTubeInput *) stream)->tube, buffer, size);

  return n < 0 ? would_block (error) : n;
}

static gboolean
is_readable (GPollableInputStream *stream)
{
  return cw_webdav_tube_is_ready (((CwTubeInput *) stream)->tube, G_IO_IN);
}

static GSource *
watch_input (GPollableInputStream *stream, GCancellable *cancellable)
{
  return watch (stream, ((CwTubeInput *) stream)->tube, G_IO_IN, cancellable);
}

static void
input_interface_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = is_readable;
  iface->create_source = watch_input;
}

static void
finalize_input (GObject *object)
{
  cw_webdav_tube_unref (((CwTubeInput *) object)->tube);
  G_OBJECT_CLASS (cw_tube_input_parent_class)->finalize (object);
}

static void
cw_tube_input_class_init (CwTubeInputClass *class)
{
  G_OBJECT_CLASS (class)->finalize = finalize_input;
  G_INPUT_STREAM_CLASS (class)->read_fn = read_input;
}

static void
cw_tube_input_init (CwTubeInput *self)
{
}

/* Output */

/* As much of a file as goes without being read; 0: it has to be. */
static gssize
splice_file (CwTubeOutput *self, const CwWebdavBody *body, goffset at, size_t size, GError **error)
{
  for (size_t done = 0; done < size;) {
    size_t n = size - done;

    switch (cw_webdav_tube_splice (self->tube, cw_webdav_body_fd (body), at + (goffset) done, &n)) {
    case CW_WEBDAV_SPLICED:
      done += n;
      break;
    case CW_WEBDAV_BLOCKED:
      return done > 0 ? (gssize) done : would_block (error);
    case CW_WEBDAV_CANNOT:
      return (gssize) done;
    default:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, _ ("The file has become shorter."));
      return -1;
    }
  }
  return (gssize) size;
}

static gssize
write_output (GOutputStream *stream, const void *buffer, gsize size, GCancellable *cancellable, GError **error)
{
  CwTubeOutput *self = (CwTubeOutput *) stream;
  goffset at = 0;
  CwWebdavBody *body = self->bodies ? cw_webdav_bodies_find (self->bodies, buffer, size, &at) : NULL;
  gssize n = body ? splice_file (self, body, at, size, error) : 0;

  if (n != 0 || (body && !cw_webdav_body_fill (body, error)))
    return n > 0 ? n : -1;
  n = cw_webdav_tube_write (self->tube, buffer, size);
  if (n > 0)
    g_source_set_ready_time (self->flush, 0);
  if (n == 0) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, _ ("The other end is closed."));
    return -1;
  }
  return n < 0 ? would_block (error) : n;
}

static gboolean
is_writable (GPollableOutputStream *stream)
{
  return cw_webdav_tube_is_ready (((CwTubeOutput *) stream)->tube, G_IO_OUT);
}

static GSource *
watch_output (GPollableOutputStream *stream, GCancellable *cancellable)
{
  return watch (stream, ((CwTubeOutput *) stream)->tube, G_IO_OUT, cancellable);
}

static void
output_interface_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = is_writable;
  iface->create_source = watch_output;
}

static gboolean
dispatch_flush (GSource *source, GSourceFunc callback, gpointer data)
{
  g_source_set_ready_time (source, -1);
  return callback (data);
}

static gboolean
on_flush (gpointer tube)
{
  cw_webdav_tube_flush (tube);
  return G_SOURCE_CONTINUE;
}

static void
finalize_output (GObject *object)
{
  CwTubeOutput *self = (CwTubeOutput *) object;

  g_source_destroy (self->flush);
  g_source_unref (self->flush);
  g_clear_pointer (&self->bodies, cw_webdav_bodies_unref);
  cw_webdav_tube_unref (self->tube);
  G_OBJECT_CLASS (cw_tube_output_parent_class)->finalize (object);
}

static void
cw_tube_output_class_init (CwTubeOutputClass *class)
{
  G_OBJECT_CLASS (class)->finalize = finalize_output;
  G_OUTPUT_STREAM_CLASS (class)->write_fn = write_output;
}

static void
cw_tube_output_init (CwTubeOutput *self)
{
}

/* Both */

static GInputStream *
get_input (GIOStream *stream)
{
  return ((CwTubeStream *) stream)->in;
}

static GOutputStream *
get_output (GIOStream *stream)
{
  return ((CwTubeStream *) stream)->out;
}

static gboolean
close_stream (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  cw_webdav_tube_close (((CwTubeStream *) stream)->tube);
  return TRUE;
}

static void
finalize_stream (GObject *object)
{
  CwTubeStream *self = (CwTubeStream *) object;

  cw_webdav_tube_unref (self->tube);
  g_object_unref (self->in);
  g_object_unref (self->out);
  G_OBJECT_CLASS (cw_tube_stream_parent_class)->finalize (object);
}

static void
cw_tube_stream_class_init (CwTubeStreamClass *class)
{
  G_OBJECT_CLASS (class)->finalize = finalize_stream;
  G_IO_STREAM_CLASS (class)->get_input_stream = get_input;
  G_IO_STREAM_CLASS (class)->get_output_stream = get_output;
  G_IO_STREAM_CLASS (class)->close_fn = close_stream;
}

static void
cw_tube_stream_init (CwTubeStream *self)
{
}

GIOStream *
cw_webdav_tube_stream (CwWebdavTube *tube, GMainContext *context, CwWebdavBodies *bodies)
{
  static GSourceFuncs flush_funcs = { .dispatch = dispatch_flush };
  CwTubeStream *self = g_object_new (cw_tube_stream_get_type (), NULL);
  CwTubeInput *in = g_object_new (cw_tube_input_get_type (), NULL);
  CwTubeOutput *out = g_object_new (cw_tube_output_get_type (), NULL);

  in->tube = cw_webdav_tube_ref (tube);
  out->tube = cw_webdav_tube_ref (tube);
  out->bodies = bodies ? cw_webdav_bodies_ref (bodies) : NULL;
  out->flush = g_source_new (&flush_funcs, sizeof (GSource));
  g_source_set_callback (out->flush, on_flush, cw_webdav_tube_ref (tube), (GDestroyNotify) cw_webdav_tube_unref);
  g_source_attach (out->flush, context);
  self->tube = cw_webdav_tube_ref (tube);
  self->in = G_INPUT_STREAM (in);
  self->out = G_OUTPUT_STREAM (out);
  return G_IO_STREAM (self);
}
