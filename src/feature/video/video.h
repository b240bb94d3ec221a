/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoders of video that are not built into the render. */
#pragma once

#include "render/video.h"

/* By GStreamer; ends with NULL. Empty where the library is built without it. What is not installed is not available. */
extern const CwVideoDecoder *const cw_gst_decoders[];
