/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A GStreamer pipeline between an application's end and a device: its state is changed beside the main loop, as devices
 * take their time to open and close. Everything else belongs to the owner's thread. */
#pragma once

#include <gst/gst.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  GstElement *pipeline;
  GstElement *end;    /* the appsrc or appsink */
  GstElement *volume; /* what obeys volume and mute, or NULL */
  GSource *bus;
  bool failed; /* a device is missing: said once, and silent until the next stream */
  bool running;
} CwGstPipeline;

/* Builds description; the end has the name end, what obeys the volume may have the name device. False: it was said. */
bool cw_gst_pipeline_build (CwGstPipeline *self, const char *description, const char *end, const char *device,
                            GMainContext *context);
/* Closes the device, when it has been opened. Safe on zeros. */
void cw_gst_pipeline_clear (CwGstPipeline *self);

/* Open and close the device, later. */
void cw_gst_pipeline_run (CwGstPipeline *self);
void cw_gst_pipeline_rest (CwGstPipeline *self);

/* As the guest has it: the first channel's counts, on a cubic scale. */
void cw_gst_pipeline_set_volume (CwGstPipeline *self, const guint16 *volume, guint n_channels, bool mute);
/* As the device has it. False: it has none. */
bool cw_gst_pipeline_get_volume (CwGstPipeline *self, guint16 *volume, bool *mute);

/* Microseconds since the device began; -1 while it has not. */
int64_t cw_gst_pipeline_time (CwGstPipeline *self);
