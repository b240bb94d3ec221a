/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LZ4 images as used by SPICE: linked LZ4 blocks of unpadded rows. */
#pragma once

#include "codec/codec.h"

/* See CwCodecDecode. Gives X1R5G5B5, BGRX (X = 0), BGRA or A8 as the payload says. */
bool cw_lz4_decode (const CwCodecInput *in, CwPixels **out, GError **error);
