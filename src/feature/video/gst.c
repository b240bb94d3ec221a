/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VP8, VP9, H.264 and H.265 by GStreamer: appsrc ! parser ! decoder ! videoconvert ! appsink. GStreamer is only
 * initialised when there is a stream to decode, and that, its plug-ins and the pipeline are made ready on a worker.
 * Servers encode 4:4:4, so only decoders that take it count as such. */
#include "base/error.h"
#include "channel/host.h"
#include "feature/video/video.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

/* Pictures that wait to be taken; then the decoder waits. */
#define MAX_PICTURES 2

/* Both sides are at most this; the area of it is the largest that pixels may have. */
#define MAX_SIDE 8192

typedef struct {
  uint8_t codec;
  const char *caps;     /* of what the server sends */
  const char *elements; /* without a delay of their own: frames are shown as they come */
  const char *plugins[3];
} Kind;

static const Kind kinds[] = {
  { CW_VIDEO_CODEC_TYPE_H264,
    "video/x-h264,stream-format=byte-stream,alignment=au",
    "h264parse ! avdec_h264 thread-type=slice",
    { "videoparsersbad", "libav" } },
  { CW_VIDEO_CODEC_TYPE_VP8, "video/x-vp8", "vp8dec", { "vpx" } },
  { CW_VIDEO_CODEC_TYPE_VP9, "video/x-vp9", "vp9dec", { "vpx" } },
  { CW_VIDEO_CODEC_TYPE_H265,
    "video/x-h265,stream-format=byte-stream,alignment=au",
    "h265parse ! avdec_h265 thread-type=slice",
    { "videoparsersbad", "libav" } },
};

/* References: the owner's, the worker's while it makes the pipeline ready, and the pipeline's. */
typedef struct {
  gatomicrefcount ref_count;
  const Kind *kind;
  bool top_down;
  CwWaker *waker;
  GMutex lock;
  /* All below under the lock. */
  bool closed, failed;
  GstElement *pipeline; /* NULL until it is ready */
  GstAppSrc *source;    /* of the pipeline */
  GstAppSink *sink;
  GQueue frames; /* Frame, before it is ready */
  /* Only the owner's. */
  bool shown_elsewhere;
  uint64_t pushed, taken; /* then: the last number of each */
} Decoder;

typedef struct {
  uint64_t number;
  CwMessage *message;
  CwSlice data;
} Frame;

static Decoder *
decoder_ref (Decoder *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
frame_free (gpointer data)
{
  Frame *self = data;

  cw_message_unref (self->message);
  g_free (self);
}

static void
decoder_unref (gpointer data)
{
  Decoder *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_assert (!self->pipeline);
  g_queue_clear_full (&self->frames, frame_free);
  cw_waker_unref (self->waker);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Looking for the files costs next to nothing; asking GStreamer would load it all. */
static bool
has_plugin (const char *name)
{
  static const char *const variables[]
      = { "GST_PLUGIN_PATH_1_0", "GST_PLUGIN_PATH", "GST_PLUGIN_SYSTEM_PATH_1_0", "GST_PLUGIN_SYSTEM_PATH" };
  g_autoptr (GString) path = g_string_new (NULL);
  g_auto (GStrv) folders = NULL;
  bool system = true, found = false;

  for (size_t i = 0; i < G_N_ELEMENTS (variables); i++) {
    const char *value = g_getenv (variables[i]);

    system = system && (i < 2 || !value);
    if (value)
      g_string_append_printf (path, "%s:", value);
  }
  g_string_append (path, system ? GST_PLUGINS_DIR : "");
  folders = g_strsplit (path->str, ":", -1);
  for (char **folder = folders; *folder && !found; folder++) {
    g_autofree char *file = g_strdup_printf ("%s/libgst%s.so", *folder, name);

    found = **folder && g_file_test (file, G_FILE_TEST_EXISTS);
  }
  return found;
}

static bool
is_available (const Kind *kind)
{
  for (unsigned i = 0; kind->plugins[i]; i++) {
    if (!has_plugin (kind->plugins[i]))
      return false;
  }
  /* It has changed its name on the way. */
  return has_plugin ("app") && (has_plugin ("videoconvertscale") || has_plugin ("videoconvert"));
}

static void
fail (Decoder *self)
{
  g_mutex_lock (&self->lock);
  self->failed = true;
  g_mutex_unlock (&self->lock);
  cw_waker_wake (self->waker);
}

static GstFlowReturn
on_sample (GstAppSink *sink, gpointer data)
{
  cw_waker_wake (((Decoder *) data)->waker);
  return GST_FLOW_OK;
}

static GstBusSyncReply
on_bus (GstBus *bus, GstMessage *message, gpointer data)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    fail (data);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static void
stop (GstElement *pipeline, gpointer data)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* Its threads are waited for, but not here. */
static void
discard (GstElement *pipeline)
{
  gst_element_call_async (pipeline, stop, NULL, NULL);
  gst_object_unref (pipeline);
}

static void
configure_source (Decoder *self, GstAppSrc *source)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (self->kind->caps);

  gst_app_src_set_caps (source, caps);
  g_object_set (source, "format", GST_FORMAT_TIME, "max-bytes", (guint64) 0, "is-live", FALSE, NULL);
}

static void
configure (Decoder *self, GstElement *pipeline, GstAppSrc *source, GstAppSink *sink)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_sample };
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  configure_source (self, source);
  g_object_set (sink, "sync", FALSE, "max-buffers", MAX_PICTURES, "qos", FALSE, NULL);
  gst_app_sink_set_callbacks (sink, &callbacks, decoder_ref (self), decoder_unref);
  gst_bus_set_sync_handler (bus, on_bus, decoder_ref (self), decoder_unref);
}

static GstElement *
make_pipeline (Decoder *self, const char *sink)
{
  g_autofree char *line = g_strdup_printf ("appsrc name=source ! %s ! videoconvert ! "
                                           "video/x-raw,width=[1,%d],height=[1,%d] ! %s",
                                           self->kind->elements, MAX_SIDE, MAX_SIDE, sink);

  return gst_init_check (NULL, NULL, NULL) ? gst_parse_launch_full (line, NULL, GST_PARSE_FLAG_FATAL_ERRORS, NULL)
                                           : NULL;
}

/* Only of a pipeline that is ready, because nothing of GStreamer may be used before it is initialised. With the lock.
 */
static void
push_buffer (Decoder *self, const Frame *frame)
{
  GstBuffer *buffer = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, (gpointer) frame->data.data,
                                                   frame->data.size, 0, frame->data.size,
                                                   cw_message_ref (frame->message), (GDestroyNotify) cw_message_unref);

  GST_BUFFER_PTS (buffer) = frame->number * GST_MSECOND;
  gst_app_src_push_buffer (self->source, buffer);
}

/* Frames that have come meanwhile go first. FALSE: nobody wants it any more. */
static bool
hand_over (Decoder *self, GstElement *pipeline, GstAppSrc *source, GstAppSink *sink)
{
  Frame *frame;
  bool wanted;

  g_mutex_lock (&self->lock);
  wanted = !self->closed;
  if (wanted) {
    self->pipeline = gst_object_ref (pipeline);
    self->source = source;
    self->sink = sink;
    while ((frame = g_queue_pop_head (&self->frames))) {
      push_buffer (self, frame);
      frame_free (frame);
    }
  }
  g_mutex_unlock (&self->lock);
  return wanted;
}

/* On a worker. */
static void
prepare (gpointer data)
{
  Decoder *self = data;
  GstElement *pipeline = make_pipeline (self, "appsink name=sink caps=video/x-raw,format=BGRx");
  GstElement *source = pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "source") : NULL;
  GstElement *sink = pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "sink") : NULL;

  if (source && sink) {
    configure (self, pipeline, GST_APP_SRC (source), GST_APP_SINK (sink));
    if (gst_element_set_state (pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
      fail (self);
    if (!hand_over (self, pipeline, GST_APP_SRC (source), GST_APP_SINK (sink)))
      gst_element_set_state (pipeline, GST_STATE_NULL);
  } else {
    fail (self);
  }
  g_clear_object (&source);
  g_clear_object (&sink);
  if (pipeline)
    gst_object_unref (pipeline);
  decoder_unref (self);
}

/* The application gets a pipeline that shows the video by itself, in a window of its own. FALSE: it does not want it.
 */
static bool
give_away (Decoder *self, const CwVideoParams *params)
{
  GstElement *pipeline = make_pipeline (self, "autovideosink sync=false");
  GstElement *source = pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "source") : NULL;

  self->shown_elsewhere = source && params->overlay (params->overlay_data, pipeline);
  if (self->shown_elsewhere) {
    configure_source (self, GST_APP_SRC (source));
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    hand_over (self, pipeline, GST_APP_SRC (source), NULL);
  }
  g_clear_object (&source);
  if (pipeline)
    gst_object_unref (pipeline);
  return self->shown_elsewhere;
}

static gpointer
open_decoder (const Kind *kind, const CwVideoParams *params)
{
  Decoder *self = g_new0 (Decoder, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_queue_init (&self->frames);
  self->kind = kind;
  self->top_down = params->top_down;
  self->waker = cw_waker_ref (params->waker);
  if (!params->overlay || !give_away (self, params))
    cw_worker_group_push (params->workers, CW_JOB_COMPUTES, prepare, decoder_ref (self));
  return self;
}

static void
push (gpointer decoder, uint64_t number, CwMessage *message, CwSlice data)
{
  Decoder *self = decoder;
  const Frame frame = { number, message, data };
  Frame *kept;

  self->pushed = number;
  g_mutex_lock (&self->lock);
  if (self->pipeline) {
    push_buffer (self, &frame);
  } else {
    kept = g_memdup2 (&frame, sizeof frame);
    cw_message_ref (message);
    g_queue_push_tail (&self->frames, kept);
  }
  g_mutex_unlock (&self->lock);
}

/* Pixels that are a sample's. */
typedef struct {
  GstSample *sample;
  GstVideoFrame frame;
} Mapped;

static void
mapped_free (gpointer data)
{
  Mapped *self = data;

  gst_video_frame_unmap (&self->frame);
  gst_sample_unref (self->sample);
  g_free (self);
}

/* Takes the sample. NULL if it is not what was agreed on. */
static CwPixels *
pixels_of (GstSample *sample, bool top_down)
{
  Mapped *mapped = g_new0 (Mapped, 1);
  GstVideoInfo info;

  mapped->sample = sample;
  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (sample))
      || GST_VIDEO_INFO_FORMAT (&info) != GST_VIDEO_FORMAT_BGRx || GST_VIDEO_INFO_PLANE_STRIDE (&info, 0) % 4 != 0
      || !gst_video_frame_map (&mapped->frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ)) {
    gst_sample_unref (sample);
    g_free (mapped);
    return NULL;
  }
  return cw_pixels_new_wrapped (CW_PIXELS_BGRX, (uint32_t) info.width, (uint32_t) info.height,
                                GST_VIDEO_FRAME_PLANE_DATA (&mapped->frame, 0),
                                (size_t) GST_VIDEO_FRAME_PLANE_STRIDE (&mapped->frame, 0), !top_down, mapped_free,
                                mapped);
}

static CwVideoTake
take (gpointer decoder, CwVideoPicture *picture, GError **error)
{
  Decoder *self = decoder;
  GstAppSink *sink;
  GstSample *sample;
  bool failed;

  g_mutex_lock (&self->lock);
  failed = self->failed;
  sink = self->sink;
  g_mutex_unlock (&self->lock);
  if (failed) {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "video: GStreamer cannot decode %s", self->kind->caps);
    return CW_VIDEO_FAILED;
  }
  if (self->shown_elsewhere && self->taken < self->pushed) {
    *picture = (CwVideoPicture){ ++self->taken, NULL };
    return CW_VIDEO_PICTURE;
  }
  sample = sink ? gst_app_sink_try_pull_sample (sink, 0) : NULL;
  if (!sample)
    return CW_VIDEO_NOTHING;
  picture->number = GST_BUFFER_PTS (gst_sample_get_buffer (sample)) / GST_MSECOND;
  picture->pixels = pixels_of (sample, self->top_down);
  return CW_VIDEO_PICTURE;
}

static void
close_decoder (gpointer decoder)
{
  Decoder *self = decoder;
  GstElement *pipeline;

  g_mutex_lock (&self->lock);
  self->closed = true;
  pipeline = g_steal_pointer (&self->pipeline);
  self->source = NULL;
  self->sink = NULL;
  g_mutex_unlock (&self->lock);
  if (pipeline)
    discard (pipeline);
  decoder_unref (self);
}

#define DECODER(index, name)                                                                                           \
  static bool name##_is_available (void)                                                                               \
  {                                                                                                                    \
    return is_available (&kinds[index]);                                                                               \
  }                                                                                                                    \
                                                                                                                       \
  static gpointer name##_open (const CwVideoParams *params, GError **error)                                            \
  {                                                                                                                    \
    return open_decoder (&kinds[index], params);                                                                       \
  }                                                                                                                    \
                                                                                                                       \
  static const CwVideoDecoder name = { .codec = CW_VIDEO_CODEC_TYPE_##name,                                            \
                                       .has_pipeline = true,                                                           \
                                       .is_available = name##_is_available,                                            \
                                       .open = name##_open,                                                            \
                                       .push = push,                                                                   \
                                       .take = take,                                                                   \
                                       .close = close_decoder };

DECODER (0, H264)
DECODER (1, VP8)
DECODER (2, VP9)
DECODER (3, H265)

const CwVideoDecoder *const cw_gst_decoders[] = { &H264, &VP8, &VP9, &H265, NULL };

GType (*const cw_channel_pipeline_type) (void) = gst_pipeline_get_type;
