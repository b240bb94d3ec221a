/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sound of a session, by its own back end: statements A of the API's contract. */
#include "sound-case.h"

#include "feature/audio/audio.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

typedef struct {
  char *path;
  double level; /* of the guest's volume */
  bool mute;
} Played;

#define N_TONE 50 /* packets */

static void
play_tone (PeerIo *io, gpointer data)
{
  static const uint16_t volume[] = { 32768, 65535 };
  int16_t samples[960];

  server_send (io, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 2, volume });
  sound_send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  for (unsigned i = 0; i < N_TONE; i++) {
    for (unsigned k = 0; k < 480; k++)
      samples[2 * k] = samples[2 * k + 1] = (int16_t) (20000 * sin ((i * 480 + k) * 2 * G_PI * 1000 / 48000));
    sound_send_data (io, i * 10, samples, sizeof samples);
  }
  server_hold (io);
}

static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Whole packets reach the device, in order, at the guest's volume: 32768 is an eighth of the amplitude. */
static void
test_audio (void)
{
  g_autofree char *folder = g_dir_make_tmp ("caraway-sound-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "pcm", NULL);
  g_autofree char *sink
      = g_strdup_printf ("appsrc name=appsrc ! volume name=audiosink ! filesink buffer-mode=2 location=%s", path);
  int64_t limit = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  guint ticker = g_timeout_add (20, tick, NULL);
  gsize size = 0;
  int loudest = 0;
  SoundCase self;

  g_setenv ("SPICE_GST_AUDIOSINK", sink, TRUE);
  sound_begin (&self, CW_CHANNEL_PLAYBACK, play_tone);
  g_assert_nonnull (spice_audio_get (self.session, NULL));
  g_assert_true (spice_audio_get (self.session, NULL) == spice_audio_get (self.session, g_main_context_default ()));
  g_assert_true (spice_session_connect (self.session));
  while (size < N_TONE * 1920 && g_get_monotonic_time () < limit) {
    GStatBuf status;

    g_main_context_iteration (NULL, TRUE);
    size = g_stat (path, &status) == 0 ? (gsize) status.st_size : 0;
  }
  g_source_remove (ticker);
  {
    g_autofree char *content = NULL;
    const int16_t *samples;

    g_assert_true (g_file_get_contents (path, &content, &size, NULL));
    g_assert_cmpuint (size, ==, N_TONE * 1920);
    samples = (const int16_t *) (const void *) content;
    for (gsize i = 0; i < size / 2; i++) {
      int wanted = (int) (20000 * sin ((double) (i / 2) * 2 * G_PI * 1000 / 48000)) / 8;

      g_assert_cmpint (ABS (samples[i] - wanted), <=, 2);
      loudest = MAX (loudest, samples[i]);
    }
    g_assert_cmpint (loudest, >, 2400);
  }
  sound_end (&self);
  g_unlink (path);
  g_rmdir (folder);
  g_unsetenv ("SPICE_GST_AUDIOSINK");
}

/* Nothing is connected before somebody asks, and channels that are there already afterwards. */
static void
test_audio_on_request (void)
{
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_PLAYBACK, sound_play_odd);
  g_setenv ("SPICE_GST_AUDIOSINK", "appsrc name=appsrc ! fakesink", TRUE);
  g_assert_true (spice_session_connect (self.session));
  while (!sound_find (&self, CW_CHANNEL_PLAYBACK))
    g_main_context_iteration (NULL, TRUE);
  for (unsigned i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (self.log->str, ==, "");
  for (unsigned i = 0; i < 3; i++)
    g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*is passed over*");
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*mode 2 cannot be played*");
  g_assert_nonnull (spice_audio_get (self.session, NULL));
  sound_wait_log (&self, "closed; ");
  g_test_assert_expected_messages ();
  sound_end (&self);
  g_unsetenv ("SPICE_GST_AUDIOSINK");
}

static void
hold (PeerIo *io, gpointer data)
{
  sound_send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  sound_send_data (io, 5, sound_pcm, 1920);
  server_hold (io);
}

/* Several channels of one kind, each with its own stream. */
static void
test_audio_two (void)
{
  SoundCase self;
  SpiceAudio *audio;

  sound_begin (&self, CW_CHANNEL_PLAYBACK, hold);
  self.service.n_channels = 2;
  g_setenv ("SPICE_GST_AUDIOSINK", "appsrc name=appsrc ! fakesink", TRUE);
  audio = spice_audio_get (self.session, NULL);
  g_object_add_weak_pointer (G_OBJECT (audio), (gpointer *) &audio);
  g_assert_true (spice_session_connect (self.session));
  while (!strstr (self.log->str, "data") || !strstr (strstr (self.log->str, "data") + 1, "data"))
    g_main_context_iteration (NULL, TRUE);
  sound_end (&self);
  g_assert_null (audio); /* A4: it goes with the session */
  g_unsetenv ("SPICE_GST_AUDIOSINK");
}

static void
test_audio_disabled (void)
{
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_PLAYBACK, hold);
  g_object_set (self.session, "enable-audio", FALSE, NULL);
  spice_audio_get (self.session, NULL);
  g_assert_true (spice_session_connect (self.session));
  while (!server_is_idle (self.server))
    g_main_context_iteration (NULL, FALSE);
  for (unsigned i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (sound_find (&self, CW_CHANNEL_PLAYBACK));
  sound_end (&self);
}

/* A device that cannot be had: one warning, and the session lives. */
static void
test_audio_broken (void)
{
  SoundCase self;

  sound_begin (&self, CW_CHANNEL_PLAYBACK, hold);
  g_setenv ("SPICE_GST_AUDIOSINK", "appsrc name=appsrc ! filesink location=/no/such/folder/file", TRUE);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "sound does not work: *");
  spice_audio_get (self.session, NULL);
  g_assert_true (spice_session_connect (self.session));
  sound_wait_log (&self, "delay?; ");
  while (g_main_context_iteration (NULL, FALSE) || !server_is_idle (self.server))
    ;
  for (int64_t limit = g_get_monotonic_time () + G_USEC_PER_SEC / 2; g_get_monotonic_time () < limit;)
    g_main_context_iteration (NULL, FALSE);
  g_test_assert_expected_messages ();
  sound_end (&self);
  g_unsetenv ("SPICE_GST_AUDIOSINK");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sound-session/A1-tone", test_audio);
  g_test_add_func ("/sound-session/A2-A6-on-request", test_audio_on_request);
  g_test_add_func ("/sound-session/24.43-A4-two", test_audio_two);
  g_test_add_func ("/sound-session/A3-disabled", test_audio_disabled);
  g_test_add_func ("/sound-session/A5-broken", test_audio_broken);
  return g_test_run ();
}
