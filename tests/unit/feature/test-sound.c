/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound channels against a scripted server: statements of the API's contract by their numbers (P, R). */
#include "sound-case.h"

#include "channel-playback.h"
#include "channel-record.h"
#include "codec/opus.h"
#include "session/session.h"

#include <string.h>

/* Playback */

static void
play_everything (PeerIo *io, gpointer data)
{
  static const uint16_t volume[] = { 100, 65535 };

  sound_send_data (io, 0, sound_pcm, 8); /* before there is a stream */
  server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .mode = CW_AUDIO_DATA_MODE_RAW });
  sound_send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  for (uint32_t i = 0; i < 102; i++)
    sound_send_data (io, 1000 + i * 10, sound_pcm, i == 0 ? 200 : 1920);
  server_send (io, CW_MSG_PLAYBACK_LATENCY, &(CwMsgPlaybackLatency){ 350 });
  server_send (io, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 0, volume });
  server_send (io, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 2, volume });
  server_send (io, CW_MSG_PLAYBACK_MUTE, &(CwMsgPlaybackMute){ 1 });
  server_send (io, CW_MSG_PLAYBACK_STOP, NULL);
  sound_send_data (io, 0, sound_pcm, 8);
}

static void
test_playback (void)
{
  g_autoptr (GString) expected = g_string_new ("opened; start 1 2 48000; data 200; delay?; ");
  SpiceChannel *channel;
  SoundCase self;
  guint latency, n_channels;
  gpointer volume;

  sound_begin (&self, CW_CHANNEL_PLAYBACK, play_everything);
  sound_run (&self, "stop; closed; ");
  for (unsigned i = 1; i < 102; i++)
    g_string_append (expected, i == 100 ? "data 1920; delay?; " : "data 1920; ");
  g_string_append (expected, "min-latency 350; volume 2: 100 65535; mute 1; stop; stop; closed; ");
  g_assert_cmpstr (self.log->str, ==, expected->str);

  channel = sound_find (&self, CW_CHANNEL_PLAYBACK);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*invalid property id*");
  g_object_set (channel, "min-latency", 5, NULL);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*invalid property id*");
  g_object_set (channel, "nchannels", 5, NULL);
  g_test_assert_expected_messages ();
  g_object_set (channel, "mute", FALSE, "volume", NULL, NULL);
  g_object_get (channel, "min-latency", &latency, "nchannels", &n_channels, "volume", &volume, NULL);
  g_assert_cmpuint (latency, ==, 350);
  g_assert_cmpuint (n_channels, ==, 2);
  g_assert_nonnull (volume);
  sound_end (&self);
}

static void
play_once (PeerIo *io, gpointer data)
{
  sound_send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  sound_send_data (io, 5000, sound_pcm, sizeof sound_pcm);
  server_hold (io);
}

/* P8: what is heard is the clock of the session. */
static void
test_playback_delay (void)
{
  const CwClock *clock;
  int64_t before;
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_PLAYBACK, play_once);
  sound_run (&self, "data 1920; delay?; ");
  before = g_get_monotonic_time ();
  spice_playback_channel_set_delay (SPICE_PLAYBACK_CHANNEL (sound_find (&self, CW_CHANNEL_PLAYBACK)), 100);
  clock = &self.session->priv->media.clock;
  g_assert_cmpuint (cw_clock_time (clock, before), <=, 4900);
  g_assert_cmpuint (cw_clock_time (clock, g_get_monotonic_time ()), >=, 4900);
  sound_end (&self);
}

static void
test_playback_odd (void)
{
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_PLAYBACK, sound_play_odd);
  for (unsigned i = 0; i < 3; i++)
    g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*is passed over*");
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*mode 2 cannot be played*");
  sound_run (&self, "closed; ");
  g_test_assert_expected_messages ();
  g_assert_cmpstr (self.log->str, ==, "opened; start 1 2 48000; stop; stop; closed; ");
  sound_end (&self);
}

static void
play_opus (PeerIo *io, gpointer data)
{
  g_autoptr (CwOpusEncoder) encoder = cw_opus_encoder_new (48000, 2);
  int16_t samples[960] = { 1, 2, 3 };
  uint8_t packet[480];
  size_t size = cw_opus_encode (encoder, samples, packet, sizeof packet);

  server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .mode = CW_AUDIO_DATA_MODE_OPUS });
  sound_send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  sound_send_data (io, 0, packet, size);
  memset (samples, 0xff, sizeof samples);
  sound_send_data (io, 10, samples, sizeof samples); /* no packet */
  sound_send_data (io, 10, packet, 0);
  sound_send_data (io, 20, packet, size);
}

static void
test_playback_opus (void)
{
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_PLAYBACK, play_opus);
  sound_run (&self, "closed; ");
  g_assert_cmpstr (self.log->str, ==, "opened; start 1 2 48000; data 1920; delay?; data 1920; stop; closed; ");
  sound_end (&self);
}

/* Recording */

/* Notes what the client sends, until it has been `last` messages in all. */
static void
note (PeerIo *io, SoundService *service, unsigned n)
{
  for (unsigned i = 0; i < n; i++) {
    uint8_t header[6], body[65536];
    uint32_t size;
    uint16_t type;

    if (!peer_read (io, header, sizeof header))
      return;
    memcpy (&type, header, 2);
    memcpy (&size, header + 2, 4);
    type = GUINT16_FROM_LE (type);
    size = GUINT32_FROM_LE (size);
    g_assert_cmpuint (size, <=, sizeof body);
    if (!peer_read (io, body, size))
      return;
    g_mutex_lock (&service->lock);
    if (type == CW_MSGC_RECORD_MODE)
      g_string_append_printf (service->received, "mode %u at %u; ", body[4], body[0]);
    else if (type == CW_MSGC_RECORD_START_MARK)
      g_string_append_printf (service->received, "mark at %u; ", body[0]);
    else
      g_string_append_printf (service->received, "%u:%u; ", type, size);
    g_mutex_unlock (&service->lock);
    g_main_context_wakeup (NULL);
  }
}

static void
record (PeerIo *io, gpointer data)
{
  server_send (io, CW_MSG_RECORD_START, &(CwMsgRecordStart){ 2, CW_AUDIO_FMT_S16, 48000 });
  note (io, data, 7);
  server_send (io, CW_MSG_RECORD_STOP, NULL);
  server_send (io, CW_MSG_RECORD_START, &(CwMsgRecordStart){ 2, 9, 48000 });
  server_send (io, CW_MSG_RECORD_START, &(CwMsgRecordStart){ 1, CW_AUDIO_FMT_S16, 16000 });
  note (io, data, 3);
}

static void
test_record (void)
{
  g_autofree uint8_t *data = g_malloc0 (5000);
  SpiceRecordChannel *channel;
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_RECORD, record);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*is passed over*");
  sound_run (&self, "start 1 2 48000; ");
  channel = SPICE_RECORD_CHANNEL (sound_find (&self, CW_CHANNEL_RECORD));
  spice_record_channel_send_data (channel, data, 5000, 7);
  sound_wait_received (&self, "mode 1 at 7; mark at 7; 101:1924; 101:1924; ");
  spice_record_channel_send_data (channel, data, 5000, 8);
  sound_wait_log (&self, "stop; start 1 1 16000; ");
  g_assert_cmpstr (self.service.received->str, ==,
                   "mode 1 at 7; mark at 7; 101:1924; 101:1924; 101:1924; 101:1924; 101:1924; ");
  /* What was left of the first stream is none of the second's. */
  spice_record_channel_send_data (channel, data, 960, 9);
  sound_wait_received (&self, "mode 1 at 9; mark at 9; 101:964; ");
  sound_wait_log (&self, "stop; closed; ");
  spice_record_channel_send_data (channel, data, 960, 9); /* nobody wants it any more */
  g_test_assert_expected_messages ();
  sound_end (&self);
}

static GAsyncQueue *starting;

static void
record_later (PeerIo *io, gpointer data)
{
  static const uint16_t volume[] = { 100, 65535 };

  server_send (io, CW_MSG_RECORD_VOLUME, &(CwMsgRecordVolume){ 0, volume });
  server_send (io, CW_MSG_RECORD_VOLUME, &(CwMsgRecordVolume){ 2, volume });
  server_send (io, CW_MSG_RECORD_MUTE, &(CwMsgRecordMute){ 1 });
  g_async_queue_pop (starting);
  server_send (io, CW_MSG_RECORD_START, &(CwMsgRecordStart){ 2, CW_AUDIO_FMT_S16, 48000 });
  note (io, data, 3);
}

/* R1, R6 */
static void
test_record_before_start (void)
{
  SpiceRecordChannel *channel;
  SoundCase self;

  starting = g_async_queue_new ();
  sound_begin (&self, CW_CHANNEL_RECORD, record_later);
  sound_run (&self, "mute 1; ");
  g_assert_cmpstr (self.log->str, ==, "opened; volume 2: 100 65535; mute 1; ");
  channel = SPICE_RECORD_CHANNEL (sound_find (&self, CW_CHANNEL_RECORD));
  spice_record_channel_send_data (channel, (gpointer) sound_pcm, SOUND_PCM, 5);
  g_async_queue_push (starting, &self);
  sound_wait_log (&self, "start 1 2 48000; ");
  spice_record_channel_send_data (channel, (gpointer) sound_pcm, SOUND_PCM, 7);
  sound_wait_log (&self, "stop; closed; ");
  g_assert_cmpstr (self.service.received->str, ==, "mode 1 at 7; mark at 7; 101:1924; ");
  sound_end (&self);
  g_async_queue_unref (starting);
}

static void
record_opus (PeerIo *io, gpointer data)
{
  server_send (io, CW_MSG_RECORD_START, &(CwMsgRecordStart){ 2, CW_AUDIO_FMT_S16, 48000 });
  note (io, data, 3);
}

static void
test_record_opus (void)
{
  g_autofree uint8_t *data = g_malloc0 (1920);
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_RECORD, record_opus);
  self.service.caps = 1 << CW_RECORD_CAP_OPUS;
  sound_run (&self, "start 1 2 48000; ");
  spice_record_channel_send_data (SPICE_RECORD_CHANNEL (sound_find (&self, CW_CHANNEL_RECORD)), data, 1920, 7);
  sound_wait_log (&self, "stop; closed; ");
  g_assert_true (g_str_has_prefix (self.service.received->str, "mode 3 at 7; mark at 7; 101:"));
  g_assert_false (g_str_has_suffix (self.service.received->str, ":1924; "));
  sound_end (&self);
}

static void
test_record_read_only (void)
{
  g_autofree uint8_t *data = g_malloc0 (1920);
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_RECORD, record_opus);
  g_object_set (self.session, "read-only", TRUE, NULL);
  sound_run (&self, "start 1 2 48000; ");
  spice_record_channel_send_data (SPICE_RECORD_CHANNEL (sound_find (&self, CW_CHANNEL_RECORD)), data, 1920, 7);
  sound_end (&self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sound/P1-P2-P3-P6-P7-P9-playback", test_playback);
  g_test_add_func ("/sound/P5-odd", test_playback_odd);
  g_test_add_func ("/sound/P8-delay", test_playback_delay);
  if (cw_opus_is_available ()) {
    g_test_add_func ("/sound/P4-opus", test_playback_opus);
    g_test_add_func ("/sound/record-opus", test_record_opus);
  }
  g_test_add_func ("/sound/R2-R3-R4-R5-R8-record", test_record);
  g_test_add_func ("/sound/R1-R6-before-start", test_record_before_start);
  g_test_add_func ("/sound/R7-read-only", test_record_read_only);
  return g_test_run ();
}
