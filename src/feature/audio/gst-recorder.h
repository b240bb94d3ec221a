/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records for one record channel, while the guest wants it. */
#pragma once

#include "channel-record.h"
#include "feature/audio/gst-pipeline.h"

typedef struct CwGstRecorder CwGstRecorder;

CwGstRecorder *cw_gst_recorder_new (SpiceRecordChannel *channel, GMainContext *context);
void cw_gst_recorder_free (CwGstRecorder *self);

CwGstPipeline *cw_gst_recorder_pipeline (CwGstRecorder *self);
SpiceRecordChannel *cw_gst_recorder_channel (CwGstRecorder *self);
