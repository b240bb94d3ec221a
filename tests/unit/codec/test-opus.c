/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opus there and back: which rates and channels there are, how long a frame is, and packets that are none. */
#include "base/protocol.h"
#include "codec/opus.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define N CW_AUDIO_FRAME_SAMPLES

static void
test_formats (void)
{
  static const uint32_t rates[] = { 8000, 12000, 16000, 24000, 48000 };
  static const uint32_t odd[] = { 0, 7999, 44100, 48001, 96000, UINT32_MAX };

  for (unsigned i = 0; i < G_N_ELEMENTS (rates); i++) {
    for (uint32_t channels = 0; channels < 4; channels++) {
      g_autoptr (CwOpusDecoder) decoder = cw_opus_decoder_new (rates[i], channels);
      g_autoptr (CwOpusEncoder) encoder = cw_opus_encoder_new (rates[i], channels);

      g_assert_true ((decoder != NULL) == (channels == 1 || channels == 2));
      /* 480 samples are 30 ms at 16000: no frame of Opus. */
      g_assert_true ((encoder != NULL) == (channels == 2 && rates[i] != 16000));
    }
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (odd); i++) {
    g_assert_null (cw_opus_decoder_new (odd[i], 2));
    g_assert_null (cw_opus_encoder_new (odd[i], 2));
  }
}

/* A tone on the left, silence on the right. */
static void
fill (int16_t *samples, uint32_t rate, unsigned frame)
{
  for (unsigned i = 0; i < N; i++) {
    samples[2 * i] = 10000 * sin ((frame * N + i) * 2 * G_PI * 440 / rate);
    samples[2 * i + 1] = 0;
  }
}

static double
loudness (const int16_t *samples, unsigned n, unsigned step)
{
  double sum = 0;

  for (unsigned i = 0; i < n; i++)
    sum += (double) samples[i * step] * samples[i * step];
  return sqrt (sum / n);
}

static void
test_tone (void)
{
  static const uint32_t rates[] = { 8000, 12000, 24000, 48000 };

  for (unsigned i = 0; i < G_N_ELEMENTS (rates); i++) {
    g_autoptr (CwOpusEncoder) encoder = cw_opus_encoder_new (rates[i], 2);
    g_autoptr (CwOpusDecoder) stereo = cw_opus_decoder_new (rates[i], 2);
    g_autoptr (CwOpusDecoder) mono = cw_opus_decoder_new (rates[i], 1);

    for (unsigned frame = 0; frame < 20; frame++) {
      int16_t samples[2 * N];
      uint8_t packet[4000];
      size_t size, got = 0;
      const int16_t *out;

      fill (samples, rates[i], frame);
      size = cw_opus_encode (encoder, samples, packet, sizeof packet);
      g_assert_cmpuint (size, >, 0);
      g_assert_cmpuint (size, <, sizeof samples / 2);
      out = cw_opus_decode (stereo, packet, size, &got);
      g_assert_nonnull (out);
      g_assert_cmpuint (got, ==, sizeof samples);
      if (frame >= 10) {
        g_assert_cmpfloat (loudness (out, N, 2), >, 5000);
        g_assert_cmpfloat (loudness (out, N, 2), <, 9000);
        g_assert_cmpfloat (loudness (out + 1, N, 2), <, 1500);
      }
      out = cw_opus_decode (mono, packet, size, &got);
      g_assert_nonnull (out);
      g_assert_cmpuint (got, ==, sizeof samples / 2);
    }
    /* There is always room for less than a packet. */
    g_assert_cmpuint (cw_opus_encode (encoder, (int16_t[2 * N]){ 0 }, (uint8_t[1]){ 0 }, 0), ==, 0);
  }
}

static void
test_damaged (void)
{
  g_autoptr (CwOpusEncoder) encoder = cw_opus_encoder_new (48000, 2);
  g_autoptr (CwOpusDecoder) decoder = cw_opus_decoder_new (48000, 2);
  int16_t samples[2 * N];
  uint8_t packet[4000];
  size_t size, got = 7;

  fill (samples, 48000, 0);
  size = cw_opus_encode (encoder, samples, packet, sizeof packet);
  g_assert_null (cw_opus_decode (decoder, packet, 0, &got));
  /* The count of frames in the second byte, more than 120 ms of them, or none. */
  g_assert_null (cw_opus_decode (decoder, (const uint8_t *) "\xff\x3f", 2, &got));
  g_assert_null (cw_opus_decode (decoder, (const uint8_t *) "\xff\x00", 2, &got));
  g_assert_cmpuint (got, ==, 7);
  g_assert_nonnull (cw_opus_decode (decoder, packet, size, &got));
  g_assert_cmpuint (got, ==, sizeof samples);
}

static void
test_absent (void)
{
  g_assert_null (cw_opus_decoder_new (48000, 2));
  g_assert_null (cw_opus_encoder_new (48000, 2));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (cw_opus_is_available ()) {
    g_test_add_func ("/codec/opus/formats", test_formats);
    g_test_add_func ("/codec/opus/tone", test_tone);
    g_test_add_func ("/codec/opus/damaged", test_damaged);
  } else {
    g_test_add_func ("/codec/opus/absent", test_absent);
  }
  return g_test_run ();
}
