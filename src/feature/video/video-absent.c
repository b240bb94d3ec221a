/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/host.h"
#include "feature/video/video.h"

const CwVideoDecoder *const cw_gst_decoders[] = { NULL };

GType (*const cw_channel_pipeline_type) (void) = NULL;
