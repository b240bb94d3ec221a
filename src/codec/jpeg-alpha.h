/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "codec/codec.h"

/* A JPEG file for the colours followed by an LZ plane for alpha; see CwCodecDecode. Gives BGRA. */
bool cw_jpeg_alpha_decode (const CwCodecInput *in, CwPixels **out, GError **error);
