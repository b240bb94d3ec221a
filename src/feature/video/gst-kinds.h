/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GStreamer decodes each kind of video with: hardware where the system has some, best first, then software. */
#pragma once

#include "base/slice.h"

#include <gst/gst.h>
#include <stdbool.h>

enum {
  CW_GST_H264,
  CW_GST_VP8,
  CW_GST_VP9,
  CW_GST_H265,
  CW_GST_N_KINDS,
};

/* Both sides are at most this; the area of it is the largest that pixels may have. */
#define CW_GST_MAX_SIDE 8192

/* A decoder of a kind. Hardware ones are below the number of this one, which is always there. */
#define CW_GST_SOFTWARE 3

typedef struct {
  const char *caps;                      /* of what the server sends */
  const char *parser;                    /* before hardware */
  const char *hardware[CW_GST_SOFTWARE]; /* names of elements */
  const char *software;                  /* without a delay of their own: frames are shown as they come */
  const char *plugins[3];                /* of the software */
} CwGstKind;

extern const CwGstKind cw_gst_kinds[CW_GST_N_KINDS];

/* Whether the files of the software are there. Does not load GStreamer; all below wants it initialised. */
bool cw_gst_kind_is_available (const CwGstKind *self);

/* The best decoder that the system has. passed_over: bits of those that are not to be taken. */
unsigned cw_gst_kind_choose (const CwGstKind *self, uint32_t passed_over);

/* Elements called source, an appsrc, and, between them and the sink, what gives pictures in system memory. NULL: the
 * system refuses. */
GstElement *cw_gst_kind_make_pipeline (const CwGstKind *self, unsigned decoder, const char *sink);

/* What a frame says about itself and all that follow. NULL: nothing. */
GstCaps *cw_gst_kind_read_caps (const CwGstKind *self, CwSlice frame);
