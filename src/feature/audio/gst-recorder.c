/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples come on a thread of GStreamer and are fetched from the main context, which is woken once however many there
 * are. Environment: SPICE_GST_AUDIOSRC, another pipeline, whose appsink is named "appsink". */
#include "feature/audio/gst-recorder.h"

#include "channel/channel.h"

#include "spice-client.h"

#include <gst/app/gstappsink.h>

#define DEFAULT_SOURCE                                                                                                 \
  "autoaudiosrc name=audiosrc ! queue ! audioconvert ! audioresample ! volume name=" CW_GST_FALLBACK                   \
  " ! appsink name=appsink"
#define MAX_BEHIND 500000 /* microseconds that sound waits for the network; what comes then is left out */
#define MAX_BUFFERS 50    /* what the main loop has not fetched meanwhile; the oldest are dropped */

struct CwGstRecorder {
  SpiceRecordChannel *channel;
  GMainContext *context;
  CwGstPipeline pipeline;
  gint n_channels, rate;
  GSource *fetch; /* ready when there are samples */
  gint64 kept_up; /* when nothing waited to be sent */
};

static void
apply_volume (CwGstRecorder *self)
{
  gpointer volume;
  guint n_channels;
  gboolean mute;

  g_object_get (self->channel, "volume", &volume, "nchannels", &n_channels, "mute", &mute, NULL);
  cw_gst_pipeline_set_volume (&self->pipeline, volume, n_channels, mute);
}

/* Any thread. */
static GstFlowReturn
on_sample (GstAppSink *sink, gpointer data)
{
  g_source_set_ready_time (data, 0);
  return GST_FLOW_OK;
}

/* Sound that waits makes all that follows late, for as long as it is recorded. */
static bool
keeps_up (CwGstRecorder *self)
{
  gint64 now = g_get_monotonic_time ();

  if (cw_channel_queued_bytes (SPICE_CHANNEL (self->channel)) == 0)
    self->kept_up = now;
  return now - self->kept_up <= MAX_BEHIND;
}

static void
send (CwGstRecorder *self, GstSample *sample)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  spice_record_channel_send_data (self->channel, map.data, map.size, (guint32) (g_get_monotonic_time () / 1000));
  gst_buffer_unmap (buffer, &map);
}

static gboolean
on_fetch (gpointer data)
{
  CwGstRecorder *self = data;
  bool keep_up = keeps_up (self);
  GstSample *sample;

  g_source_set_ready_time (self->fetch, -1);
  while (self->pipeline.end && (sample = gst_app_sink_try_pull_sample (GST_APP_SINK (self->pipeline.end), 0))) {
    if (self->pipeline.running && keep_up)
      send (self, sample);
    gst_sample_unref (sample);
  }
  return G_SOURCE_CONTINUE;
}

static void
set_format (gpointer data)
{
  CwGstRecorder *self = data;
  GstAppSinkCallbacks callbacks = { .new_sample = on_sample };
  g_autoptr (GstCaps) caps = NULL;

  caps = gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING, "S16LE", "layout", G_TYPE_STRING, "interleaved",
                              "channels", G_TYPE_INT, self->n_channels, "rate", G_TYPE_INT, self->rate, NULL);
  g_object_set (self->pipeline.end, "caps", caps, "max-buffers", MAX_BUFFERS, "drop", TRUE, "sync", FALSE, NULL);
  gst_app_sink_set_callbacks (GST_APP_SINK (self->pipeline.end), &callbacks, g_source_ref (self->fetch),
                              (GDestroyNotify) g_source_unref);
}

static bool
build (CwGstRecorder *self, gint n_channels, gint rate)
{
  const char *description = g_getenv ("SPICE_GST_AUDIOSRC");

  if (self->pipeline.running && self->n_channels == n_channels && self->rate == rate)
    return true;
  self->n_channels = n_channels;
  self->rate = rate;
  return cw_gst_pipeline_build (&self->pipeline, description ? description : DEFAULT_SOURCE, "appsink", "audiosrc",
                                self->context, set_format, self);
}

static void
on_start (CwGstRecorder *self, gint format, gint n_channels, gint rate)
{
  if (!build (self, n_channels, rate))
    return;
  apply_volume (self);
  cw_gst_pipeline_run (&self->pipeline);
}

/* The microphone is closed at once. */
static void
on_stop (CwGstRecorder *self)
{
  cw_gst_pipeline_clear (&self->pipeline);
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

CwGstRecorder *
cw_gst_recorder_new (SpiceRecordChannel *channel, GMainContext *context)
{
  static GSourceFuncs funcs = { .dispatch = dispatch };
  CwGstRecorder *self = g_new0 (CwGstRecorder, 1);

  self->channel = g_object_ref (channel);
  self->context = g_main_context_ref (context);
  self->fetch = g_source_new (&funcs, sizeof (GSource));
  g_source_set_callback (self->fetch, on_fetch, self, NULL);
  g_source_attach (self->fetch, context);
  g_signal_connect_swapped (channel, "record-start", G_CALLBACK (on_start), self);
  g_signal_connect_swapped (channel, "record-stop", G_CALLBACK (on_stop), self);
  g_signal_connect_swapped (channel, "notify::volume", G_CALLBACK (apply_volume), self);
  g_signal_connect_swapped (channel, "notify::mute", G_CALLBACK (apply_volume), self);
  return self;
}

void
cw_gst_recorder_free (CwGstRecorder *self)
{
  g_signal_handlers_disconnect_by_data (self->channel, self);
  cw_gst_pipeline_finish (&self->pipeline);
  g_source_destroy (self->fetch);
  g_source_unref (self->fetch);
  g_object_unref (self->channel);
  g_main_context_unref (self->context);
  g_free (self);
}

CwGstPipeline *
cw_gst_recorder_pipeline (CwGstRecorder *self)
{
  return &self->pipeline;
}

SpiceRecordChannel *
cw_gst_recorder_channel (CwGstRecorder *self)
{
  return self->channel;
}
