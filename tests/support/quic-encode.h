/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plain QUIC encoder, written for clarity and without the decoder's tables so that it can check them. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum { CW_QUIC_GRAY = 1, CW_QUIC_RGB16, CW_QUIC_RGB24, CW_QUIC_RGB32, CW_QUIC_RGBA } CwQuicType;

/* A whole payload from 0xAARRGGBB pixels, top row first. GRAY takes the blue byte; RGB16 takes five bits of each
 * colour, the upper ones. */
GByteArray *cw_quic_encode (CwQuicType type, const uint32_t *pixels, uint32_t width, uint32_t height);

/* The bits that value takes in code number code of bpc (8 or 5) bits per component. */
unsigned cw_quic_code_length (unsigned bpc, unsigned code, unsigned value);
