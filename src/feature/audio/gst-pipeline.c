/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/audio/gst-pipeline.h"

#include <gst/audio/streamvolume.h>

#define FULL_VOLUME 65535.0

/* A device may be of any kind; what has these properties is to wait no longer than this, in microseconds. */
#define DEVICE_BUFFER 40000
#define DEVICE_PERIOD 10000

/* Seconds until a missing device is looked for again: doubled each time, as some back ends say each time that there is
 * none. */
#define FIRST_RETRY 1
#define LAST_RETRY 64

/* What autodetection puts in the place of devices that it did not find, without a word. */
static const char *const substitutes[] = { "fake-audio-sink", "fake-audio-src", "fake-auto-audio-src" };

/* Runs on a thread that opened an element inside; it only sets properties. */
static void
on_element_added (GstBin *pipeline, GstBin *bin, GstElement *element, gpointer data)
{
  GObjectClass *class = G_OBJECT_GET_CLASS (element);

  if (g_object_class_find_property (class, "buffer-time") && g_object_class_find_property (class, "latency-time"))
    g_object_set (element, "buffer-time", (gint64) DEVICE_BUFFER, "latency-time", (gint64) DEVICE_PERIOD, NULL);
}

/* The element that was named, or what it found for itself, or what stands in for it. */
static GstElement *
find_volume (CwGstPipeline *self)
{
  GObjectClass *class = self->volume ? G_OBJECT_GET_CLASS (self->volume) : NULL;
  g_autoptr (GstIterator) all = NULL;
  g_auto (GValue) value = G_VALUE_INIT;

  if (!self->pipeline)
    return NULL;
  if (class && g_object_class_find_property (class, "volume") && g_object_class_find_property (class, "mute"))
    return gst_object_ref (self->volume);
  all = gst_bin_iterate_all_by_interface (GST_BIN (self->pipeline), GST_TYPE_STREAM_VOLUME);
  while (gst_iterator_next (all, &value) == GST_ITERATOR_OK) {
    if (g_value_get_object (&value) != (gpointer) self->fallback)
      return g_value_dup_object (&value);
    g_value_reset (&value);
  }
  return self->fallback ? gst_object_ref (self->fallback) : NULL;
}

static void
set_level (GstElement *element, double level, bool mute)
{
  if (level >= 0 && GST_IS_STREAM_VOLUME (element))
    gst_stream_volume_set_volume (GST_STREAM_VOLUME (element), GST_STREAM_VOLUME_FORMAT_CUBIC, level);
  else if (level >= 0)
    g_object_set (element, "volume", level * level * level, NULL);
  g_object_set (element, "mute", mute, NULL);
}

/* One of them obeys: both together would do it twice. */
static void
apply_volume (CwGstPipeline *self)
{
  g_autoptr (GstElement) element = find_volume (self);

  if (!element)
    return;
  set_level (element, self->has_volume ? self->level : -1, self->mute);
  if (self->fallback && element != self->fallback)
    set_level (self->fallback, 1, false);
}

void
cw_gst_pipeline_set_volume (CwGstPipeline *self, const guint16 *volume, guint n_channels, bool mute)
{
  self->has_volume = volume && n_channels > 0;
  self->level = self->has_volume ? volume[0] / FULL_VOLUME : 1;
  self->mute = mute;
  apply_volume (self);
}

bool
cw_gst_pipeline_get_volume (CwGstPipeline *self, guint16 *volume, bool *mute)
{
  g_autoptr (GstElement) element = find_volume (self);
  double value;
  gboolean muted;

  if (!element || element == self->fallback || !GST_IS_STREAM_VOLUME (element))
    return false;
  value = gst_stream_volume_get_volume (GST_STREAM_VOLUME (element), GST_STREAM_VOLUME_FORMAT_CUBIC);
  g_object_get (element, "mute", &muted, NULL);
  *volume = (guint16) (CLAMP (value, 0, 1) * FULL_VOLUME);
  *mute = muted;
  return true;
}

typedef struct {
  GstElement *pipeline; /* strong */
  GstState state;
} Change;

static void
change_state (gpointer data, gpointer unused)
{
  g_autofree Change *change = data;

  gst_element_set_state (change->pipeline, change->state);
  gst_object_unref (change->pipeline);
}

static void
set_state (CwGstPipeline *self, GstState state)
{
  Change *change = g_new (Change, 1);

  *change = (Change){ gst_object_ref (self->pipeline), state };
  if (!self->states)
    self->states = g_thread_pool_new (change_state, NULL, 1, FALSE, NULL);
  g_thread_pool_push (self->states, change, NULL);
}

static void
drop_retry (CwGstPipeline *self)
{
  if (self->retry)
    g_source_destroy (self->retry);
  g_clear_pointer (&self->retry, g_source_unref);
}

static void
close_pipeline (CwGstPipeline *self)
{
  drop_retry (self);
  if (self->bus)
    g_source_destroy (self->bus);
  g_clear_pointer (&self->bus, g_source_unref);
  gst_clear_object (&self->end);
  gst_clear_object (&self->volume);
  gst_clear_object (&self->fallback);
  if (self->pipeline && self->running)
    set_state (self, GST_STATE_NULL);
  gst_clear_object (&self->pipeline);
  self->running = false;
}

static void
play (CwGstPipeline *self)
{
  if (self->pipeline && !self->running)
    set_state (self, GST_STATE_PLAYING);
  self->running = self->pipeline != NULL;
}

static bool open_pipeline (CwGstPipeline *self);

/* All anew, so that another default device is found too. */
static gboolean
on_retry (gpointer data)
{
  CwGstPipeline *self = data;

  drop_retry (self);
  if (open_pipeline (self))
    play (self);
  return G_SOURCE_REMOVE;
}

static void
fail (CwGstPipeline *self, const char *why)
{
  if (self->complained)
    g_debug ("sound still does not work: %s", why);
  else
    g_warning ("sound does not work: %s", why);
  self->complained = true;
  close_pipeline (self);
  self->retry = g_timeout_source_new_seconds (MIN (FIRST_RETRY << MIN (self->n_retries, 10), LAST_RETRY));
  self->n_retries++;
  g_source_set_callback (self->retry, on_retry, self, NULL);
  g_source_attach (self->retry, self->context);
}

static bool
has_substitute (CwGstPipeline *self)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (substitutes); i++) {
    g_autoptr (GstElement) found = gst_bin_get_by_name (GST_BIN (self->pipeline), substitutes[i]);

    if (found)
      return true;
  }
  return false;
}

/* A device is there when the pipeline is ready, and works when it plays. */
static void
take_state (CwGstPipeline *self, GstMessage *message)
{
  GstState before, now;

  gst_message_parse_state_changed (message, &before, &now, NULL);
  if (now == GST_STATE_PLAYING)
    self->n_retries = 0;
  if (before != GST_STATE_NULL || now != GST_STATE_READY)
    return;
  if (has_substitute (self))
    fail (self, "there is no device");
  else
    apply_volume (self);
}

static gboolean
on_bus_message (GstBus *bus, GstMessage *message, gpointer data)
{
  CwGstPipeline *self = data;
  g_autoptr (GError) error = NULL;

  if (!self->running)
    return G_SOURCE_CONTINUE;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STATE_CHANGED
      && GST_MESSAGE_SRC (message) == GST_OBJECT (self->pipeline))
    take_state (self, message);
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR)
    return G_SOURCE_CONTINUE;
  gst_message_parse_error (message, &error, NULL);
  fail (self, error ? error->message : "the device fails");
  return G_SOURCE_CONTINUE;
}

static bool
open_pipeline (CwGstPipeline *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBus) bus = NULL;

  self->pipeline = gst_parse_launch (self->description, &error);
  if (self->pipeline && GST_IS_BIN (self->pipeline))
    self->end = gst_bin_get_by_name (GST_BIN (self->pipeline), self->end_name);
  if (!self->end) {
    g_warning ("sound does not work: %s", error ? error->message : "the pipeline has no end of the right name");
    close_pipeline (self);
    return false;
  }
  self->volume = gst_bin_get_by_name (GST_BIN (self->pipeline), self->device_name);
  self->fallback = gst_bin_get_by_name (GST_BIN (self->pipeline), CW_GST_FALLBACK);
  g_signal_connect (self->pipeline, "deep-element-added", G_CALLBACK (on_element_added), NULL);
  bus = gst_element_get_bus (self->pipeline);
  self->bus = gst_bus_create_watch (bus);
  g_source_set_callback (self->bus, G_SOURCE_FUNC (on_bus_message), self, NULL);
  g_source_attach (self->bus, self->context);
  self->built (self->owner);
  apply_volume (self);
  return true;
}

bool
cw_gst_pipeline_build (CwGstPipeline *self, const char *description, const char *end, const char *device,
                       GMainContext *context, void (*built) (gpointer owner), gpointer owner)
{
  cw_gst_pipeline_clear (self);
  self->description = g_strdup (description);
  self->end_name = end;
  self->device_name = device;
  self->context = context;
  self->built = built;
  self->owner = owner;
  return open_pipeline (self);
}

void
cw_gst_pipeline_clear (CwGstPipeline *self)
{
  close_pipeline (self);
  g_clear_pointer (&self->description, g_free);
  self->n_retries = 0;
  self->complained = false;
}

void
cw_gst_pipeline_finish (CwGstPipeline *self)
{
  cw_gst_pipeline_clear (self);
  /* What is to be done yet is done. */
  if (self->states)
    g_thread_pool_free (self->states, FALSE, FALSE);
  self->states = NULL;
}

void
cw_gst_pipeline_run (CwGstPipeline *self)
{
  self->complained = false;
  play (self);
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
