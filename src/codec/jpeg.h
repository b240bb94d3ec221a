/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "codec/codec.h"

/* A JPEG image; see CwCodecDecode. Accurate inverse DCT, smooth chroma upsampling. */
bool cw_jpeg_decode (const CwCodecInput *in, CwPixels **out, GError **error);
