/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/audio/gst-pipeline.h"

#include <gst/audio/streamvolume.h>

#define FULL_VOLUME 65535.0

/* A device may be of any kind; what has these properties is to wait no longer than this, in microseconds. */
#define DEVICE_BUFFER 40000
#define DEVICE_PERIOD 10000

static gboolean
on_bus_message (GstBus *bus, GstMessage *message, gpointer data)
{
  CwGstPipeline *self = data;
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR || self->failed)
    return G_SOURCE_CONTINUE;
  gst_message_parse_error (message, &error, NULL);
  g_warning ("sound does not work: %s", error->message);
  self->failed = true;
  cw_gst_pipeline_rest (self);
  return G_SOURCE_CONTINUE;
}

/* Runs on a thread that opened an element inside; it only sets properties. */
static void
on_element_added (GstBin *pipeline, GstBin *bin, GstElement *element, gpointer data)
{
  GObjectClass *class = G_OBJECT_GET_CLASS (element);

  if (g_object_class_find_property (class, "buffer-time") && g_object_class_find_property (class, "latency-time"))
    g_object_set (element, "buffer-time", (gint64) DEVICE_BUFFER, "latency-time", (gint64) DEVICE_PERIOD, NULL);
}

bool
cw_gst_pipeline_build (CwGstPipeline *self, const char *description, const char *end, const char *device,
                       GMainContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBus) bus = NULL;

  cw_gst_pipeline_clear (self);
  self->pipeline = gst_parse_launch (description, &error);
  if (self->pipeline && GST_IS_BIN (self->pipeline))
    self->end = gst_bin_get_by_name (GST_BIN (self->pipeline), end);
  if (!self->end) {
    g_warning ("sound does not work: %s", error ? error->message : "the pipeline has no end of the right name");
    cw_gst_pipeline_clear (self);
    return false;
  }
  self->volume = gst_bin_get_by_name (GST_BIN (self->pipeline), device);
  g_signal_connect (self->pipeline, "deep-element-added", G_CALLBACK (on_element_added), NULL);
  bus = gst_element_get_bus (self->pipeline);
  self->bus = gst_bus_create_watch (bus);
  g_source_set_callback (self->bus, G_SOURCE_FUNC (on_bus_message), self, NULL);
  g_source_attach (self->bus, context);
  return true;
}

static void
set_playing (GstElement *pipeline, gpointer data)
{
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
}

static void
set_ready (GstElement *pipeline, gpointer data)
{
  gst_element_set_state (pipeline, GST_STATE_READY);
}

static void
set_null (GstElement *pipeline, gpointer data)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

void
cw_gst_pipeline_clear (CwGstPipeline *self)
{
  if (self->bus)
    g_source_destroy (self->bus);
  g_clear_pointer (&self->bus, g_source_unref);
  gst_clear_object (&self->end);
  gst_clear_object (&self->volume);
  if (self->pipeline)
    gst_element_call_async (self->pipeline, set_null, NULL, NULL);
  gst_clear_object (&self->pipeline);
  self->failed = self->running = false;
}

void
cw_gst_pipeline_run (CwGstPipeline *self)
{
  self->failed = false;
  if (self->pipeline && !self->running)
    gst_element_call_async (self->pipeline, set_playing, NULL, NULL);
  self->running = self->pipeline != NULL;
}

void
cw_gst_pipeline_rest (CwGstPipeline *self)
{
  if (self->pipeline && self->running)
    gst_element_call_async (self->pipeline, set_ready, NULL, NULL);
  self->running = false;
}

/* The element that was named, or what it found for itself. */
static GstElement *
find_volume (CwGstPipeline *self)
{
  GObjectClass *class = self->volume ? G_OBJECT_GET_CLASS (self->volume) : NULL;

  if (!self->pipeline)
    return NULL;
  if (class && g_object_class_find_property (class, "volume") && g_object_class_find_property (class, "mute"))
    return gst_object_ref (self->volume);
  return gst_bin_get_by_interface (GST_BIN (self->pipeline), GST_TYPE_STREAM_VOLUME);
}

void
cw_gst_pipeline_set_volume (CwGstPipeline *self, const guint16 *volume, guint n_channels, bool mute)
{
  g_autoptr (GstElement) element = find_volume (self);
  double value = volume && n_channels > 0 ? volume[0] / FULL_VOLUME : 1;

  if (!element)
    return;
  if (volume && GST_IS_STREAM_VOLUME (element))
    gst_stream_volume_set_volume (GST_STREAM_VOLUME (element), GST_STREAM_VOLUME_FORMAT_CUBIC, value);
  else if (volume)
    g_object_set (element, "volume", value * value * value, NULL);
  g_object_set (element, "mute", mute, NULL);
}

bool
cw_gst_pipeline_get_volume (CwGstPipeline *self, guint16 *volume, bool *mute)
{
  g_autoptr (GstElement) element = find_volume (self);
  double value;
  gboolean muted;

  if (!element || !GST_IS_STREAM_VOLUME (element))
    return false;
  value = gst_stream_volume_get_volume (GST_STREAM_VOLUME (element), GST_STREAM_VOLUME_FORMAT_CUBIC);
  g_object_get (element, "mute", &muted, NULL);
  *volume = (guint16) (CLAMP (value, 0, 1) * FULL_VOLUME);
  *mute = muted;
  return true;
}

int64_t
cw_gst_pipeline_time (CwGstPipeline *self)
{
  g_autoptr (GstClock) clock = NULL;
  GstClockTime base;

  if (!self->running || GST_STATE (self->pipeline) != GST_STATE_PLAYING)
    return -1;
  clock = gst_element_get_clock (self->pipeline);
  base = gst_element_get_base_time (self->pipeline);
  return clock && gst_clock_get_time (clock) >= base ? (int64_t) ((gst_clock_get_time (clock) - base) / 1000) : -1;
}
