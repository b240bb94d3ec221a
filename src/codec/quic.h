/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QUIC images. Format: QUIC as used by SPICE (derived from SFALIC). */
#pragma once

#include "codec/codec.h"

/* Decodes a whole payload into new pixels: GRAY to CW_PIXELS_GRAY8, RGB16 to CW_PIXELS_X1R5G5B5, RGB24 and RGB32 to
 * CW_PIXELS_BGRX (X = 0), RGBA to CW_PIXELS_BGRA. Any thread. CW_ERROR_MALFORMED, CW_ERROR_LIMIT, CW_ERROR_MEMORY. */
bool cw_quic_decode (const CwCodecInput *in, CwPixels **out, GError **error);

/* The same on given kernels, to compare them. */
typedef struct CwQuicKernels CwQuicKernels;
bool cw_quic_decode_with (const CwQuicKernels *kernels, const CwCodecInput *in, CwPixels **out, GError **error);
