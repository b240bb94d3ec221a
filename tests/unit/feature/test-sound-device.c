/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound devices of GStreamer on channels of a server: what they play and record, and what volume they tell. */
#include "../session/steps.h"

#include "channel-playback.h"
#include "channel-record.h"
#include "channel/host.h"
#include "feature/audio/audio.h"
#include "feature/audio/gst-player.h"
#include "session/registry.h"

#include <gst/gst.h>

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_PLAYBACK, spice_playback_channel_get_type, NULL },
  { CW_CHANNEL_RECORD, spice_record_channel_get_type, NULL },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { &cw_audio_feature, NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = NULL;

#define SINK "appsrc name=appsrc ! volume name=audiosink ! fakesink name=heard"
#define SOURCE "audiotestsrc is-live=true ! volume name=audiosrc ! appsink name=appsink"
#define VOLUME_CAP (1u << 1) /* of both kinds of channels */

static const uint8_t channels[] = { CW_CHANNEL_PLAYBACK, 0, CW_CHANNEL_RECORD, 0 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpiceAudio *audio;
} Case;

static void
want_sound (SpiceSession *session)
{
  g_assert_nonnull (spice_audio_get (session, NULL));
}

static void
begin (Case *self)
{
  self->steps = steps_new (channels, G_N_ELEMENTS (channels) / 2, VOLUME_CAP);
  self->session = steps_session (self->steps, want_sound);
  self->audio = spice_audio_get (self->session, NULL);
}

static void
end (Case *self)
{
  client_end (self->session);
  steps_free (self->steps);
}

/* What is asked for at once is there at once. */

static void
keep (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static bool
is_there (gpointer result)
{
  return *(GAsyncResult **) result != NULL;
}

/* -1: it is not known. */
static int
volume_of (Case *self, bool of_record, gboolean *mute)
{
  SpiceAudioClass *class = SPICE_AUDIO_GET_CLASS (self->audio);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree guint16 *volume = NULL;
  guint8 n_channels = 0;
  gboolean known;

  (of_record ? class->get_record_volume_info_async : class->get_playback_volume_info_async) (self->audio, NULL, NULL,
                                                                                             keep, &result);
  client_await (is_there, &result);
  known
      = (of_record ? class->get_record_volume_info_finish
                   : class->get_playback_volume_info_finish) (self->audio, result, mute, &n_channels, &volume, &error);
  if (!known) {
    g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
    return -1;
  }
  g_assert_no_error (error);
  g_assert_cmpuint (n_channels, ==, 2);
  g_assert_cmpuint (volume[0], ==, volume[1]);
  return volume[0];
}

static void
assert_volume (Case *self, bool of_record, int volume, gboolean mute)
{
  gboolean muted = FALSE;

  g_assert_cmpint (volume_of (self, of_record, &muted), >=, volume - 1);
  g_assert_cmpint (volume_of (self, of_record, &muted), <=, volume + 1);
  g_assert_true (muted == mute);
}

static const uint16_t half[] = { 32768, 32768 }, quarter[] = { 16384, 16384 };

static void
test_playback (void)
{
  const CwMsgPlaybackStart start = { .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 48000 };
  gboolean mute;
  Case c;

  begin (&c);
  g_assert_cmpint (volume_of (&c, false, &mute), ==, -1); /* nothing has been played */
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 2, half });
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_START, &start);
  steps_heard_all (c.steps, CW_CHANNEL_PLAYBACK);
  assert_volume (&c, false, 32768, FALSE);
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 2, quarter });
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_MUTE, &(CwMsgPlaybackMute){ 1 });
  steps_heard_all (c.steps, CW_CHANNEL_PLAYBACK);
  assert_volume (&c, false, 16384, TRUE);
  g_assert_cmpint (volume_of (&c, true, &mute), ==, -1);
  end (&c);
}

static void
test_record (void)
{
  const CwMsgRecordStart start = { .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 48000 };
  const CwMsgRecordStart other = { .channels = 1, .format = CW_AUDIO_FMT_S16, .frequency = 44100 };
  gboolean mute;
  Case c;

  begin (&c);
  g_assert_cmpint (volume_of (&c, true, &mute), ==, -1);
  steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_VOLUME, &(CwMsgRecordVolume){ 2, half });
  for (unsigned i = 0; i < 3; i++) {
    steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_START, i == 1 ? &other : &start);
    steps_skip_to (c.steps, CW_CHANNEL_RECORD, CW_MSGC_RECORD_START_MARK);
    for (unsigned n = 0; n < 3; n++)
      steps_skip_to (c.steps, CW_CHANNEL_RECORD, CW_MSGC_RECORD_DATA);
    assert_volume (&c, true, 32768, FALSE);
    steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_STOP, NULL);
    steps_skip_all (c.steps, CW_CHANNEL_RECORD);
    client_run (100);
    steps_heard_all (c.steps, CW_CHANNEL_RECORD); /* nothing of the microphone any more */
  }
  g_assert_cmpint (volume_of (&c, true, &mute), ==, -1);
  steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_MUTE, &(CwMsgRecordMute){ 1 });
  steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_START, &start);
  steps_skip_all (c.steps, CW_CHANNEL_RECORD);
  assert_volume (&c, true, 32768, TRUE);
  end (&c);
}

static bool
is_resting (gpointer player)
{
  return !cw_gst_player_pipeline (player)->running;
}

/* A device is let go of some time after the last sound, if there was no other. */
static void
test_rest (void)
{
  const CwMsgPlaybackStart start = { .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 48000 };
  CwGstPlayer *player;
  Case c;

  begin (&c);
  player = cw_gst_player_new (SPICE_PLAYBACK_CHANNEL (client_channel (c.session, CW_CHANNEL_PLAYBACK, 0)),
                              g_main_context_default ());
  g_assert_true (is_resting (player));
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_START, &start);
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_STOP, NULL);
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_START, &start);
  steps_heard_all (c.steps, CW_CHANNEL_PLAYBACK);
  g_assert_false (is_resting (player));
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_STOP, NULL);
  client_await (is_resting, player);
  cw_gst_player_free (player);
  end (&c);
}

typedef struct {
  const char *variable, *description, *said;
} Unusable;

static const Unusable unusable[] = {
  { "SPICE_GST_AUDIOSINK", "appsrc name=appsrc ! caraway-no-such-element", "*caraway-no-such-element*" },
  { "SPICE_GST_AUDIOSINK", "appsrc name=other ! fakesink", "sound does not work: *no end of the right name" },
  { "SPICE_GST_AUDIOSINK", "appsrc name=appsrc", "sound does not work: *no end of the right name" },
  { "SPICE_GST_AUDIOSRC", "caraway-no-such-element ! appsink name=appsink", "*caraway-no-such-element*" },
  { "SPICE_GST_AUDIOSRC", "audiotestsrc ! appsink name=other", "sound does not work: *no end of the right name" },
};

/* What cannot be built is said at each start of a stream, until it can be. */
static void
test_unusable (gconstpointer data)
{
  const CwMsgPlaybackStart playback = { .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 48000 };
  const CwMsgRecordStart record = { .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 48000 };
  static const uint8_t packet[1920];
  const Unusable *row = data;
  bool of_record = g_str_has_suffix (row->variable, "SRC");
  uint8_t type = of_record ? CW_CHANNEL_RECORD : CW_CHANNEL_PLAYBACK;
  gboolean mute;
  Case c;

  begin (&c);
  for (unsigned i = 0; i < 3; i++) {
    g_setenv (row->variable, i < 2 ? row->description : of_record ? SOURCE : SINK, TRUE);
    if (i < 2)
      g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, row->said);
    if (of_record) {
      steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_START, &record);
    } else {
      steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_START, &playback);
      steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_DATA,
                  &(CwMsgPlaybackData){ .data = { packet, sizeof packet } });
    }
    steps_skip_all (c.steps, type);
    g_test_assert_expected_messages ();
    g_assert_cmpint (volume_of (&c, of_record, &mute) >= 0, ==, i == 2);
    steps_send (c.steps, type, of_record ? CW_MSG_RECORD_STOP : CW_MSG_PLAYBACK_STOP, NULL);
    steps_skip_all (c.steps, type);
  }
  end (&c);
}

static GstPadProbeReturn
take_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer heard)
{
  g_async_queue_push (heard, gst_buffer_ref (GST_PAD_PROBE_INFO_BUFFER (info)));
  return GST_PAD_PROBE_OK;
}

static bool
has_three (gpointer heard)
{
  return g_async_queue_length (heard) == 3;
}

/* When a packet is to be heard, and for how long, is told to the device in nanoseconds. */
static void
test_times (void)
{
  const CwMsgPlaybackStart start = { .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 48000 };
  static const uint8_t packet[4 * 481]; /* 10020 µs */
  GAsyncQueue *heard = g_async_queue_new ();
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) pad = NULL;
  CwGstPlayer *player;
  GstClockTime next = 0;
  Case c;

  begin (&c);
  player = cw_gst_player_new (SPICE_PLAYBACK_CHANNEL (client_channel (c.session, CW_CHANNEL_PLAYBACK, 0)),
                              g_main_context_default ());
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_START, &start);
  steps_heard_all (c.steps, CW_CHANNEL_PLAYBACK);
  sink = gst_bin_get_by_name (GST_BIN (cw_gst_player_pipeline (player)->pipeline), "heard");
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, take_buffer, heard, NULL);
  for (unsigned i = 0; i < 3; i++)
    steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_DATA,
                &(CwMsgPlaybackData){ .time = i * 10, .data = { packet, sizeof packet } });
  client_await (has_three, heard);
  for (unsigned i = 0; i < 3; i++) {
    GstBuffer *buffer = g_async_queue_pop (heard);

    if (i == 0)
      g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, 0);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), >=, next);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer) % 1000, ==, 0);
    g_assert_cmpuint (GST_BUFFER_DURATION (buffer), ==, 10020000);
    next = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
    gst_buffer_unref (buffer);
  }
  cw_gst_player_free (player);
  end (&c);
  g_async_queue_unref (heard);
}

static unsigned
n_listeners (gpointer channel, const char *name)
{
  const GSignalMatchType match = G_SIGNAL_MATCH_ID | G_SIGNAL_MATCH_UNBLOCKED;
  unsigned signal = g_signal_lookup (name, G_OBJECT_TYPE (channel)), n = 0;
  gulong found[4];

  while (n < G_N_ELEMENTS (found) && (found[n] = g_signal_handler_find (channel, match, signal, 0, NULL, NULL, NULL)))
    g_signal_handler_block (channel, found[n++]);
  for (unsigned i = 0; i < n; i++)
    g_signal_handler_unblock (channel, found[i]);
  return n;
}

/* A channel has one device, however often it is offered; others have none, and one that goes takes its own along. */
static void
test_channels (void)
{
  SpiceChannel *playback, *record;
  SpiceAudioClass *class;
  gboolean mute;
  Case c;

  begin (&c);
  class = SPICE_AUDIO_GET_CLASS (c.audio);
  playback = client_channel (c.session, CW_CHANNEL_PLAYBACK, 0);
  record = client_channel (c.session, CW_CHANNEL_RECORD, 0);
  for (unsigned i = 0; i < 2; i++) {
    g_assert_cmpuint (n_listeners (playback, "playback-start"), ==, 1);
    g_assert_cmpuint (n_listeners (record, "record-start"), ==, 1);
    g_assert_true (class->connect_channel (c.audio, playback));
    g_assert_true (class->connect_channel (c.audio, record));
  }
  g_assert_false (class->connect_channel (c.audio, client_channel (c.session, CW_CHANNEL_MAIN, 0)));
  steps_send (c.steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_START,
              &(CwMsgPlaybackStart){ .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 48000 });
  steps_heard_all (c.steps, CW_CHANNEL_PLAYBACK);
  g_assert_cmpint (volume_of (&c, false, &mute), >, 0);
  g_object_ref (playback);
  g_object_ref (record);
  spice_session_disconnect (c.session);
  while (client_channel (c.session, CW_CHANNEL_PLAYBACK, 0) || client_channel (c.session, CW_CHANNEL_RECORD, 0))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (volume_of (&c, false, &mute), ==, -1);
  g_assert_cmpuint (n_listeners (playback, "playback-start"), ==, 0);
  g_assert_cmpuint (n_listeners (record, "record-start"), ==, 0);
  g_object_unref (playback);
  g_object_unref (record);
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("SPICE_GST_AUDIOSINK", SINK, TRUE);
  g_setenv ("SPICE_GST_AUDIOSRC", SOURCE, TRUE);
  g_test_add_func ("/sound-device/playback", test_playback);
  g_test_add_func ("/sound-device/record", test_record);
  g_test_add_func ("/sound-device/channels", test_channels);
  g_test_add_func ("/sound-device/rest", test_rest);
  g_test_add_func ("/sound-device/times", test_times);
  for (unsigned i = 0; i < G_N_ELEMENTS (unusable); i++) {
    g_autofree char *path = g_strdup_printf ("/sound-device/unusable/%u", i);

    g_test_add_data_func (path, &unusable[i], test_unusable);
  }
  return g_test_run ();
}
