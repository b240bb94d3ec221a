/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for opus.c where the library is built without Opus. */
#include "codec/opus.h"

bool
cw_opus_is_available (void)
{
  return false;
}

CwOpusDecoder *
cw_opus_decoder_new (uint32_t rate, uint32_t n_channels)
{
  return NULL;
}

void
cw_opus_decoder_free (CwOpusDecoder *self)
{
}

const void *
cw_opus_decode (CwOpusDecoder *self, const uint8_t *data, size_t size, size_t *n_bytes)
{
  return NULL;
}

CwOpusEncoder *
cw_opus_encoder_new (uint32_t rate, uint32_t n_channels)
{
  return NULL;
}

void
cw_opus_encoder_free (CwOpusEncoder *self)
{
}

size_t
cw_opus_encode (CwOpusEncoder *self, const int16_t *samples, uint8_t *data, size_t size)
{
  return 0;
}
