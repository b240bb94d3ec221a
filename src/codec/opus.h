/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opus packets ↔ samples: signed 16 bit, interleaved. Source: the sound messages of the protocol, RFC 6716 by libopus.
 * Without that library nothing can be made, and cw_opus_is_available () says so. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct CwOpusDecoder CwOpusDecoder;
typedef struct CwOpusEncoder CwOpusEncoder;

bool cw_opus_is_available (void);

/* NULL: not a rate or number of channels that Opus knows (1 or 2), or no memory. */
CwOpusDecoder *cw_opus_decoder_new (uint32_t rate, uint32_t n_channels);
void cw_opus_decoder_free (CwOpusDecoder *self);

/* The samples of a packet, which are valid until the next call: *n_bytes of them. NULL: the packet is damaged, and the
 * decoder as it was. */
const void *cw_opus_decode (CwOpusDecoder *self, const uint8_t *data, size_t size, size_t *n_bytes);

/* An encoder for frames of CW_AUDIO_FRAME_SAMPLES samples. NULL: Opus has no frames of this length at this rate, other
 * than two channels, or no memory. */
CwOpusEncoder *cw_opus_encoder_new (uint32_t rate, uint32_t n_channels);
void cw_opus_encoder_free (CwOpusEncoder *self);

/* Encodes a frame into at most size bytes; 0 on failure. */
size_t cw_opus_encode (CwOpusEncoder *self, const int16_t *samples, uint8_t *data, size_t size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwOpusDecoder, cw_opus_decoder_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwOpusEncoder, cw_opus_encoder_free)
