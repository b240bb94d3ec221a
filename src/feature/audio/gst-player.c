/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets are stamped with the time at which they are to be heard, by the device's clock, and pushed at once. The
 * device is opened when sound begins, and closed when there has been none for a while.
 *
 * Environment: SPICE_GST_AUDIOSINK, another pipeline; its appsrc is named "appsrc", what obeys the volume may be named
 * "audiosink". */
#include "feature/audio/gst-player.h"

#include "feature/audio/jitter.h"

#include "spice-client.h"

#include <gst/app/gstappsrc.h>
#include <gst/audio/audio.h>
#include <gst/base/gstbasesink.h>

#define DEFAULT_SINK                                                                                                   \
  "appsrc name=appsrc ! audioconvert ! audioresample ! volume name=" CW_GST_FALLBACK " ! autoaudiosink name=audiosink"
#define REST_MS 5000              /* a stream often begins again soon, at every sound of the system */
#define MAX_WAITING (4096 * 1024) /* bytes that wait for a device that does not take them */
#define SAMPLE_SIZE 2

struct CwGstPlayer {
  SpicePlaybackChannel *channel;
  GMainContext *context;
  CwGstPipeline pipeline;
  gint n_channels, rate;
  CwJitter jitter;
  GSource *rest;
};

static void
drop_rest (CwGstPlayer *self)
{
  if (self->rest)
    g_source_destroy (self->rest);
  g_clear_pointer (&self->rest, g_source_unref);
}

static void
apply_volume (CwGstPlayer *self)
{
  gpointer volume;
  guint n_channels;
  gboolean mute;

  g_object_get (self->channel, "volume", &volume, "nchannels", &n_channels, "mute", &mute, NULL);
  cw_gst_pipeline_set_volume (&self->pipeline, volume, n_channels, mute);
}

/* What the guest plays, unless the pipeline is made for something else. */
static void
set_format (gpointer data)
{
  CwGstPlayer *self = data;
  g_autoptr (GstCaps) caps = NULL, set = NULL;

  cw_jitter_start (&self->jitter);
  g_object_get (self->pipeline.end, "caps", &set, NULL);
  if (!set) {
    caps = gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING, "S16LE", "layout", G_TYPE_STRING, "interleaved",
                                "channels", G_TYPE_INT, self->n_channels, "rate", G_TYPE_INT, self->rate, NULL);
    if (self->n_channels > 2) /* which is which the guest does not tell */
      gst_caps_set_simple (caps, "channel-mask", GST_TYPE_BITMASK,
                           (guint64) gst_audio_channel_get_fallback_mask (self->n_channels), NULL);
    g_object_set (self->pipeline.end, "caps", caps, NULL);
  }
  g_object_set (self->pipeline.end, "format", GST_FORMAT_TIME, "is-live", TRUE, "block", FALSE, NULL);
}

static bool
build (CwGstPlayer *self, gint n_channels, gint rate)
{
  const char *description = g_getenv ("SPICE_GST_AUDIOSINK");

  if (self->pipeline.running && self->n_channels == n_channels && self->rate == rate)
    return true;
  self->n_channels = n_channels;
  self->rate = rate;
  return cw_gst_pipeline_build (&self->pipeline, description ? description : DEFAULT_SINK, "appsrc", "audiosink",
                                self->context, set_format, self);
}

static void
on_start (CwGstPlayer *self, gint format, gint n_channels, gint rate)
{
  drop_rest (self);
  cw_jitter_start (&self->jitter);
  cw_jitter_set_minimum (&self->jitter, 0);
  if (!build (self, n_channels, rate))
    return;
  apply_volume (self);
  cw_gst_pipeline_run (&self->pipeline);
}

static gboolean
on_rest (gpointer data)
{
  CwGstPlayer *self = data;

  drop_rest (self);
  cw_gst_pipeline_clear (&self->pipeline);
  return G_SOURCE_REMOVE;
}

static void
on_stop (CwGstPlayer *self)
{
  if (!self->pipeline.running)
    cw_gst_pipeline_clear (&self->pipeline);
  if (self->rest || !self->pipeline.running)
    return;
  self->rest = g_timeout_source_new (REST_MS);
  g_source_set_callback (self->rest, on_rest, self, NULL);
  g_source_attach (self->rest, self->context);
}

static void
on_data (CwGstPlayer *self, gpointer data, gint size)
{
  int64_t now = cw_gst_pipeline_time (&self->pipeline), due, duration;
  GstBuffer *buffer;

  if (!self->pipeline.running || gst_app_src_get_current_level_bytes (GST_APP_SRC (self->pipeline.end)) > MAX_WAITING)
    return;
  /* Until the device is open, packets follow each other from the beginning on, and no more than it can catch up. */
  if (now < 0 && self->jitter.next > CW_JITTER_MAX_TARGET * 2)
    return;
  duration = (int64_t) size * 1000000 / (SAMPLE_SIZE * self->n_channels * self->rate);
  due = now < 0 ? self->jitter.next : cw_jitter_schedule (&self->jitter, now, duration);
  if (now < 0)
    self->jitter.next += duration;
  if (due == CW_JITTER_DROP)
    return;
  buffer = gst_buffer_new_memdup (data, (gsize) size);
  GST_BUFFER_PTS (buffer) = (GstClockTime) due * 1000;
  GST_BUFFER_DURATION (buffer) = (GstClockTime) duration * 1000;
  gst_app_src_push_buffer (GST_APP_SRC (self->pipeline.end), buffer);
}

/* A sink that keeps no time, such as a file, has no delay. */
static bool
keeps_time (CwGstPlayer *self)
{
  g_autoptr (GstIterator) sinks = gst_bin_iterate_sinks (GST_BIN (self->pipeline.pipeline));
  g_auto (GValue) value = G_VALUE_INIT;
  gboolean sync = FALSE;

  if (gst_iterator_next (sinks, &value) == GST_ITERATOR_OK) {
    GObject *sink = g_value_get_object (&value);

    if (g_object_class_find_property (G_OBJECT_GET_CLASS (sink), "sync"))
      g_object_get (sink, "sync", &sync, NULL);
  }
  return sync;
}

static int64_t
device_latency (CwGstPlayer *self)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  GstClockTime least = 0;

  if (!gst_element_query (self->pipeline.pipeline, query))
    return 0;
  gst_query_parse_latency (query, NULL, &least, NULL);
  return (int64_t) (least / 1000);
}

static void
on_get_delay (CwGstPlayer *self)
{
  int64_t now = cw_gst_pipeline_time (&self->pipeline), delay = 0;

  if (now >= 0 && keeps_time (self))
    delay = cw_jitter_delay (&self->jitter, now) + device_latency (self);
  if (now >= 0) {
    g_debug ("playback: %" G_GINT64_FORMAT " ms are aimed at, sound is heard after %" G_GINT64_FORMAT " ms",
             self->jitter.target / 1000, delay / 1000);
    spice_playback_channel_set_delay (self->channel, (guint32) (delay / 1000));
  }
}

static void
on_min_latency (CwGstPlayer *self)
{
  guint latency;

  g_object_get (self->channel, "min-latency", &latency, NULL);
  cw_jitter_set_minimum (&self->jitter, (int64_t) latency * 1000);
}

CwGstPlayer *
cw_gst_player_new (SpicePlaybackChannel *channel, GMainContext *context)
{
  CwGstPlayer *self = g_new0 (CwGstPlayer, 1);
  static const struct {
    const char *signal;
    GCallback callback;
  } rows[] = {
    { "playback-start", G_CALLBACK (on_start) },
    { "playback-data", G_CALLBACK (on_data) },
    { "playback-stop", G_CALLBACK (on_stop) },
    { "playback-get-delay", G_CALLBACK (on_get_delay) },
    { "notify::volume", G_CALLBACK (apply_volume) },
    { "notify::mute", G_CALLBACK (apply_volume) },
    { "notify::min-latency", G_CALLBACK (on_min_latency) },
  };

  self->channel = g_object_ref (channel);
  self->context = g_main_context_ref (context);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    g_signal_connect_swapped (channel, rows[i].signal, rows[i].callback, self);
  return self;
}

void
cw_gst_player_free (CwGstPlayer *self)
{
  g_signal_handlers_disconnect_by_data (self->channel, self);
  drop_rest (self);
  cw_gst_pipeline_finish (&self->pipeline);
  g_object_unref (self->channel);
  g_main_context_unref (self->context);
  g_free (self);
}

CwGstPipeline *
cw_gst_player_pipeline (CwGstPlayer *self)
{
  return &self->pipeline;
}

SpicePlaybackChannel *
cw_gst_player_channel (CwGstPlayer *self)
{
  return self->channel;
}
