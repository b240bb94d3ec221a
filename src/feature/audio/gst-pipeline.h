/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A GStreamer pipeline between an application's end and a device: its state is changed beside the main loop, as devices
 * take their time to open and close, in the order in which it was asked for. Everything else belongs to the owner's
 * thread. A device that is missing is said once, and looked for again as long as the pipeline is to run. */
#pragma once

#include <gst/gst.h>
#include <stdbool.h>
#include <stdint.h>

/* The name of an element that obeys volume and mute when no device does. */
#define CW_GST_FALLBACK "fallback"

typedef struct {
  char *description;
  const char *end_name, *device_name;
  void (*built) (gpointer owner); /* the end is new and has no caps yet */
  gpointer owner;
  GMainContext *context;
  GstElement *pipeline;
  GstElement *end;      /* the appsrc or appsink */
  GstElement *volume;   /* what is named to obey volume and mute, or NULL */
  GstElement *fallback; /* obeys them when no device does, or NULL */
  GSource *bus;
  GSource *retry; /* it has failed, and is opened anew then */
  unsigned n_retries;
  GThreadPool *states; /* one change at a time */
  bool running;
  bool complained;
  bool has_volume, mute; /* as the guest wants it */
  double level;
} CwGstPipeline;

/* Builds description; the end has the name end, what obeys the volume may have the name device. built () is called for
 * each pipeline that is made of it, at once for the first. False: it was said. */
bool cw_gst_pipeline_build (CwGstPipeline *self, const char *description, const char *end, const char *device,
                            GMainContext *context, void (*built) (gpointer owner), gpointer owner);
/* Closes the device, when it has been opened. Safe on zeros. */
void cw_gst_pipeline_clear (CwGstPipeline *self);
/* Likewise, at the end of self. */
void cw_gst_pipeline_finish (CwGstPipeline *self);

/* Opens the device, later. */
void cw_gst_pipeline_run (CwGstPipeline *self);

/* As the guest has it: the first channel's counts, on a cubic scale. It is heeded by devices that are opened later. */
void cw_gst_pipeline_set_volume (CwGstPipeline *self, const guint16 *volume, guint n_channels, bool mute);
/* As the device has it. False: it has none. */
bool cw_gst_pipeline_get_volume (CwGstPipeline *self, guint16 *volume, bool *mute);

/* Microseconds since the device began; -1 while it has not. */
int64_t cw_gst_pipeline_time (CwGstPipeline *self);
