/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/opus.h"

#include "base/protocol.h"

#include <opus.h>

#define LONGEST_MS 120 /* of one packet, as RFC 6716 has it */
#define MAX_CHANNELS 2

struct CwOpusDecoder {
  OpusDecoder *opus;
  uint32_t n_channels;
  int room; /* samples of each channel */
  int16_t *samples;
};

struct CwOpusEncoder {
  OpusEncoder *opus;
};

bool
cw_opus_is_available (void)
{
  return true;
}

CwOpusDecoder *
cw_opus_decoder_new (uint32_t rate, uint32_t n_channels)
{
  CwOpusDecoder *self;
  OpusDecoder *opus;

  if (n_channels < 1 || n_channels > MAX_CHANNELS || rate > 48000)
    return NULL;
  opus = opus_decoder_create ((opus_int32) rate, (int) n_channels, NULL);
  if (!opus)
    return NULL;
  self = g_new0 (CwOpusDecoder, 1);
  self->opus = opus;
  self->n_channels = n_channels;
  self->room = (int) rate * LONGEST_MS / 1000;
  self->samples = g_new (int16_t, (gsize) self->room * n_channels);
  return self;
}

void
cw_opus_decoder_free (CwOpusDecoder *self)
{
  if (!self)
    return;
  opus_decoder_destroy (self->opus);
  g_free (self->samples);
  g_free (self);
}

const void *
cw_opus_decode (CwOpusDecoder *self, const uint8_t *data, size_t size, size_t *n_bytes)
{
  int n;

  if (size == 0 || size > INT32_MAX) /* nothing stands for a lost packet there */
    return NULL;
  n = opus_decode (self->opus, data, (opus_int32) size, self->samples, self->room, 0);
  if (n <= 0)
    return NULL;
  *n_bytes = (size_t) n * self->n_channels * sizeof *self->samples;
  return self->samples;
}

/* The length of a frame is one of those that Opus has: 2.5, 5, 10, 20, 40 or 60 ms. */
static bool
has_frames (uint32_t rate)
{
  return rate == 48000 || rate == 24000 || rate == 12000 || rate == 8000;
}

CwOpusEncoder *
cw_opus_encoder_new (uint32_t rate, uint32_t n_channels)
{
  CwOpusEncoder *self;
  OpusEncoder *opus;

  if (!has_frames (rate) || n_channels != 2)
    return NULL;
  opus = opus_encoder_create ((opus_int32) rate, (int) n_channels, OPUS_APPLICATION_AUDIO, NULL);
  if (!opus)
    return NULL;
  self = g_new (CwOpusEncoder, 1);
  self->opus = opus;
  return self;
}

void
cw_opus_encoder_free (CwOpusEncoder *self)
{
  if (!self)
    return;
  opus_encoder_destroy (self->opus);
  g_free (self);
}

size_t
cw_opus_encode (CwOpusEncoder *self, const int16_t *samples, uint8_t *data, size_t size)
{
  opus_int32 n = opus_encode (self->opus, samples, CW_AUDIO_FRAME_SAMPLES, data, (opus_int32) size);

  return n > 0 ? (size_t) n : 0;
}
