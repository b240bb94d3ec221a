/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VP8, VP9, H.264 and H.265 by GStreamer: appsrc ! parser ! decoder ! videoconvert ! appsink. GStreamer is only
 * initialised when there is a stream to decode, and that, its plug-ins and the pipeline are made ready on a worker.
 * Hardware may refuse what it is given: until its first picture is out the frames are kept, and given to the next
 * decoder in a pipeline of its own. */
#include "base/error.h"
#include "channel/host.h"
#include "feature/video/gst-kinds.h"
#include "feature/video/video.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

/* Pictures that wait to be taken; then the decoder waits. */
#define MAX_PICTURES 2

/* Hardware that gives nothing for so many frames and so long refuses them in silence. */
#define MAX_MUTE_FRAMES 8
#define MAX_MUTE_US G_TIME_SPAN_SECOND

/* References: the owner's, those of attempts that are being made ready, and the pipeline's. */
typedef struct {
  gatomicrefcount ref_count;
  const CwGstKind *kind;
  bool top_down;
  CwWaker *waker;
  CwWorkerGroup *workers;
  GMutex lock;
  /* All below under the lock. */
  bool closed;
  unsigned attempt;     /* at decoding, counted from 1 */
  bool failed;          /* that one has */
  unsigned chosen;      /* for it: the decoder's number in kind */
  GstElement *pipeline; /* NULL until it is ready */
  GstAppSrc *source;    /* of the pipeline */
  GstAppSink *sink;
  bool has_caps;     /* the source */
  bool settled;      /* for this decoder; then no frame is kept once it has been given to it */
  GQueue frames;     /* Frame, from the first one on. All are on their way, of which a stream has not many. */
  int64_t mute_from; /* when it was given the first, if it may be mute */
  GstClockID alarm;
  /* Only the owner's. */
  uint32_t *remembered;
  bool shown_elsewhere;
  uint64_t pushed, taken; /* then: the last number of each */
} Decoder;

/* What threads of GStreamer and workers know of it: they may come late. */
typedef struct {
  Decoder *decoder;
  unsigned number;
  uint32_t passed_over; /* bits of decoders */
} Attempt;

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
  g_clear_pointer (&self->workers, cw_worker_group_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static Attempt *
attempt_new (Decoder *decoder, unsigned number)
{
  Attempt *self = g_new (Attempt, 1);

  *self = (Attempt){ .decoder = decoder_ref (decoder), .number = number };
  return self;
}

static void
attempt_free (gpointer data)
{
  Attempt *self = data;

  decoder_unref (self->decoder);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Attempt, attempt_free)

/* With the lock. */
static bool
is_current (const Attempt *self)
{
  return !self->decoder->closed && self->number == self->decoder->attempt;
}

static void
fail (const Attempt *self)
{
  Decoder *decoder = self->decoder;

  g_mutex_lock (&decoder->lock);
  decoder->failed = decoder->failed || is_current (self);
  g_mutex_unlock (&decoder->lock);
  cw_waker_wake (decoder->waker);
}

static GstFlowReturn
on_sample (GstAppSink *sink, gpointer data)
{
  cw_waker_wake (((Attempt *) data)->decoder->waker);
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
configure_source (GstAppSrc *source)
{
  g_object_set (source, "format", GST_FORMAT_TIME, "max-bytes", (guint64) 0, NULL);
}

static void
configure (const Attempt *attempt, GstElement *pipeline, GstAppSrc *source, GstAppSink *sink)
{
  GstAppSinkCallbacks callbacks = { .new_sample = on_sample };
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  configure_source (source);
  g_object_set (sink, "sync", FALSE, "max-buffers", MAX_PICTURES, "qos", FALSE, NULL);
  gst_app_sink_set_callbacks (sink, &callbacks, attempt_new (attempt->decoder, attempt->number), attempt_free);
  gst_bus_set_sync_handler (bus, on_bus, attempt_new (attempt->decoder, attempt->number), attempt_free);
}

static gboolean
on_alarm (GstClock *clock, GstClockTime time, GstClockID id, gpointer data)
{
  cw_waker_wake (((Decoder *) data)->waker);
  return TRUE;
}

/* With the lock, as the next. The owner looks when the time is up. */
static void
begin_watching (Decoder *self)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();

  self->mute_from = g_get_monotonic_time ();
  self->alarm = gst_clock_new_single_shot_id (clock, gst_clock_get_time (clock) + (MAX_MUTE_US + 1000) * GST_USECOND);
  gst_clock_id_wait_async (self->alarm, on_alarm, decoder_ref (self), decoder_unref);
}

static void
stop_watching (Decoder *self)
{
  if (self->alarm)
    gst_clock_id_unschedule (self->alarm);
  g_clear_pointer (&self->alarm, gst_clock_id_unref);
  self->mute_from = 0;
}

/* Only of a pipeline that is ready, because nothing of GStreamer may be used before it is initialised. With the lock.
 */
static void
push_buffer (Decoder *self, const Frame *frame)
{
  GstBuffer *buffer = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, (gpointer) frame->data.data,
                                                   frame->data.size, 0, frame->data.size,
                                                   cw_message_ref (frame->message), (GDestroyNotify) cw_message_unref);
  g_autoptr (GstCaps) caps = cw_gst_kind_read_caps (self->kind, frame->data);

  if (!caps && !self->has_caps)
    caps = gst_caps_from_string (self->kind->caps);
  if (caps)
    gst_app_src_set_caps (self->source, caps);
  self->has_caps = true;
  if (!self->settled && self->mute_from == 0)
    begin_watching (self);
  GST_BUFFER_PTS (buffer) = frame->number * GST_MSECOND;
  gst_app_src_push_buffer (self->source, buffer);
}

/* The decoder stays. With the lock. */
static void
settle (Decoder *self)
{
  self->settled = true;
  g_queue_clear_full (&self->frames, frame_free);
  stop_watching (self);
}

/* Frames that have come meanwhile go first. FALSE: nobody wants it any more. */
static bool
hand_over (const Attempt *attempt, GstElement *pipeline, GstAppSrc *source, GstAppSink *sink)
{
  Decoder *self = attempt->decoder;
  bool wanted;

  g_mutex_lock (&self->lock);
  wanted = is_current (attempt);
  if (wanted) {
    self->pipeline = gst_object_ref (pipeline);
    self->source = source;
    self->sink = sink;
    self->has_caps = false;
    for (GList *l = self->frames.head; l; l = l->next)
      push_buffer (self, l->data);
    if (self->chosen == CW_GST_SOFTWARE)
      settle (self);
  }
  g_mutex_unlock (&self->lock);
  return wanted;
}

/* NULL: the system has nothing that decodes it. */
static GstElement *
make_pipeline (const Attempt *attempt)
{
  Decoder *self = attempt->decoder;
  unsigned chosen;

  if (!gst_init_check (NULL, NULL, NULL))
    return NULL;
  chosen = cw_gst_kind_choose (self->kind, attempt->passed_over);
  g_mutex_lock (&self->lock);
  if (is_current (attempt))
    self->chosen = chosen;
  g_mutex_unlock (&self->lock);
  return cw_gst_kind_make_pipeline (self->kind, chosen, "appsink name=sink caps=video/x-raw,format=BGRx");
}

/* On a worker. */
static void
prepare (gpointer data)
{
  g_autoptr (Attempt) attempt = data;
  GstElement *pipeline = make_pipeline (attempt);
  GstElement *source = pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "source") : NULL;
  GstElement *sink = pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "sink") : NULL;

  if (source && sink) {
    configure (attempt, pipeline, GST_APP_SRC (source), GST_APP_SINK (sink));
    if (gst_element_set_state (pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
      fail (attempt);
    if (!hand_over (attempt, pipeline, GST_APP_SRC (source), GST_APP_SINK (sink)))
      gst_element_set_state (pipeline, GST_STATE_NULL);
  } else {
    fail (attempt);
  }
  g_clear_object (&source);
  g_clear_object (&sink);
  if (pipeline)
    gst_object_unref (pipeline);
}

/* The application gets a pipeline that shows the video by itself, in a window of its own. There is no other when it
 * fails, so it is the one of software. FALSE: it does not want it. */
static bool
give_away (Decoder *self, const CwVideoParams *params)
{
  const Attempt attempt = { self, self->attempt, 0 };
  GstElement *pipeline = gst_init_check (NULL, NULL, NULL)
                             ? cw_gst_kind_make_pipeline (self->kind, CW_GST_SOFTWARE, "autovideosink sync=false")
                             : NULL;
  GstElement *source = pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "source") : NULL;

  self->shown_elsewhere = source && params->overlay (params->overlay_data, pipeline);
  if (self->shown_elsewhere) {
    configure_source (GST_APP_SRC (source));
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    hand_over (&attempt, pipeline, GST_APP_SRC (source), NULL);
  }
  g_clear_object (&source);
  if (pipeline)
    gst_object_unref (pipeline);
  return self->shown_elsewhere;
}

/* Where what is remembered of this kind begins. */
static unsigned
first_bit (const Decoder *self)
{
  return (unsigned) (self->kind - cw_gst_kinds) * CW_GST_SOFTWARE;
}

static void
begin (Decoder *self)
{
  Attempt *attempt = attempt_new (self, self->attempt);

  attempt->passed_over = *self->remembered >> first_bit (self);
  cw_worker_group_push (self->workers, CW_JOB_COMPUTES, prepare, attempt);
}

static gpointer
open_decoder (const CwGstKind *kind, const CwVideoParams *params)
{
  Decoder *self = g_new0 (Decoder, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_queue_init (&self->frames);
  self->kind = kind;
  self->top_down = params->top_down;
  self->waker = cw_waker_ref (params->waker);
  self->workers = cw_worker_group_ref (params->workers);
  self->remembered = params->remembered;
  self->attempt = 1;
  self->chosen = CW_GST_SOFTWARE;
  if (!params->overlay || !give_away (self, params))
    begin (self);
  return self;
}

static void
push (gpointer decoder, uint64_t number, CwMessage *message, CwSlice data)
{
  Decoder *self = decoder;
  const Frame frame = { number, message, data };

  self->pushed = number;
  g_mutex_lock (&self->lock);
  if (!self->settled) {
    cw_message_ref (message);
    g_queue_push_tail (&self->frames, g_memdup2 (&frame, sizeof frame));
  }
  if (self->pipeline)
    push_buffer (self, &frame);
  g_mutex_unlock (&self->lock);
}

/* The pipeline, if there is one, is the caller's then. With the lock. */
static GstElement *
let_go (Decoder *self)
{
  stop_watching (self);
  self->source = NULL;
  self->sink = NULL;
  return g_steal_pointer (&self->pipeline);
}

/* This decoder is of no use: hardware will not be asked again. FALSE: there is no other that could go on. */
static bool
try_next (Decoder *self)
{
  GstElement *pipeline = NULL;
  bool hardware, again;

  g_mutex_lock (&self->lock);
  hardware = self->chosen < CW_GST_SOFTWARE;
  if (hardware)
    *self->remembered |= 1u << (first_bit (self) + self->chosen);
  again = hardware && !self->settled;
  if (again) {
    pipeline = let_go (self);
    self->attempt++;
    self->failed = false;
    self->chosen = CW_GST_SOFTWARE;
  }
  g_mutex_unlock (&self->lock);
  if (pipeline)
    discard (pipeline);
  if (again)
    begin (self);
  return again;
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

/* The decoder that the frames have been given to says nothing to them. */
static bool
is_mute (Decoder *self)
{
  int64_t now = g_get_monotonic_time ();
  bool mute;

  g_mutex_lock (&self->lock);
  mute = self->mute_from != 0 && now - self->mute_from >= MAX_MUTE_US && self->frames.length >= MAX_MUTE_FRAMES;
  g_mutex_unlock (&self->lock);
  return mute;
}

static CwVideoTake
take_sample (Decoder *self, GstSample *sample, CwVideoPicture *picture)
{
  g_mutex_lock (&self->lock);
  settle (self);
  g_mutex_unlock (&self->lock);
  picture->number = GST_BUFFER_PTS (gst_sample_get_buffer (sample)) / GST_MSECOND;
  picture->pixels = pixels_of (sample, self->top_down);
  return CW_VIDEO_PICTURE;
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
  if (self->shown_elsewhere && self->taken < self->pushed) {
    *picture = (CwVideoPicture){ ++self->taken, NULL };
    return CW_VIDEO_PICTURE;
  }
  sample = sink && !failed ? gst_app_sink_try_pull_sample (sink, 0) : NULL;
  if (sample)
    return take_sample (self, sample, picture);
  if ((!failed && !is_mute (self)) || try_next (self))
    return CW_VIDEO_NOTHING;
  g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "video: GStreamer cannot decode %s", self->kind->caps);
  return CW_VIDEO_FAILED;
}

static void
close_decoder (gpointer decoder)
{
  Decoder *self = decoder;
  GstElement *pipeline;

  g_mutex_lock (&self->lock);
  self->closed = true;
  pipeline = let_go (self);
  g_mutex_unlock (&self->lock);
  if (pipeline)
    discard (pipeline);
  decoder_unref (self);
}

#define DECODER(name)                                                                                                  \
  static bool name##_is_available (void)                                                                               \
  {                                                                                                                    \
    return cw_gst_kind_is_available (&cw_gst_kinds[CW_GST_##name]);                                                    \
  }                                                                                                                    \
                                                                                                                       \
  static gpointer name##_open (const CwVideoParams *params, GError **error)                                            \
  {                                                                                                                    \
    return open_decoder (&cw_gst_kinds[CW_GST_##name], params);                                                        \
  }                                                                                                                    \
                                                                                                                       \
  static const CwVideoDecoder name = { .codec = CW_VIDEO_CODEC_TYPE_##name,                                            \
                                       .has_pipeline = true,                                                           \
                                       .is_available = name##_is_available,                                            \
                                       .open = name##_open,                                                            \
                                       .push = push,                                                                   \
                                       .take = take,                                                                   \
                                       .close = close_decoder };

DECODER (H264)
DECODER (VP8)
DECODER (VP9)
DECODER (H265)

const CwVideoDecoder *const cw_gst_decoders[] = { &H264, &VP8, &VP9, &H265, NULL };

GType (*const cw_channel_pipeline_type) (void) = gst_pipeline_get_type;
