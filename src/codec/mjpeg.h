/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of an MJPEG video stream: JPEG files that may lack their Huffman tables, decoded for speed. */
#pragma once

#include "codec/codec.h"

/* A frame on its own; see CwCodecDecode. One without Huffman tables gets the standard ones. */
bool cw_mjpeg_decode (const CwCodecInput *in, CwPixels **out, GError **error);

/* What a stream's frames hand on: tables that a frame brings along stay in force for later ones. Servers use the
 * standard tables throughout, but other senders need not. One thread at a time uses a stream. */
typedef struct CwMjpegStream CwMjpegStream;

CwMjpegStream *cw_mjpeg_stream_new (void);
void cw_mjpeg_stream_free (CwMjpegStream *self);

/* As cw_mjpeg_decode(); in->width and height may be 0, since frames say it themselves. A frame that fails is just lost:
 * drop it and go on with the next. */
bool cw_mjpeg_stream_decode (CwMjpegStream *self, const CwCodecInput *in, CwPixels **out, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwMjpegStream, cw_mjpeg_stream_free)
