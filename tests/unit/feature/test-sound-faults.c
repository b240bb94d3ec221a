/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound devices that fail, vanish, come back and take their time: what is heard, and which of them are open. */
#include "../session/steps.h"
#include "fake-sound.h"

#include "channel-playback.h"
#include "channel-record.h"
#include "channel/host.h"
#include "feature/audio/audio.h"
#include "session/registry.h"

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

#define VOLUME_CAP (1u << 1) /* of both kinds of channels */
#define PACKET 1920          /* bytes: 10 ms */

static const uint8_t channels[] = { CW_CHANNEL_PLAYBACK, 0, CW_CHANNEL_RECORD, 0 };
static const uint16_t half[] = { 32768, 32768 }, full[] = { 65535, 65535 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
} Case;

static void
want_sound (SpiceSession *session)
{
  g_assert_nonnull (spice_audio_get (session, NULL));
}

static void
begin (Case *self)
{
  fake_sound_reset ();
  self->steps = steps_new (channels, G_N_ELEMENTS (channels) / 2, VOLUME_CAP);
  self->session = steps_session (self->steps, want_sound);
}

static bool
is_closed (gpointer device)
{
  return g_atomic_int_get (&((FakeSound *) device)->n_open) == 0;
}

static void
end (Case *self)
{
  client_end (self->session);
  steps_free (self->steps);
  client_await (is_closed, &fake_speaker);
  client_await (is_closed, &fake_microphone);
}

static void
start (Case *self, uint8_t type, uint32_t n_channels)
{
  if (type == CW_CHANNEL_RECORD)
    steps_send (self->steps, type, CW_MSG_RECORD_START,
                &(CwMsgRecordStart){ .channels = n_channels, .format = CW_AUDIO_FMT_S16, .frequency = 48000 });
  else
    steps_send (self->steps, type, CW_MSG_PLAYBACK_START,
                &(CwMsgPlaybackStart){ .channels = n_channels, .format = CW_AUDIO_FMT_S16, .frequency = 48000 });
}

static void
stop (Case *self, uint8_t type)
{
  steps_send (self->steps, type, type == CW_CHANNEL_RECORD ? CW_MSG_RECORD_STOP : CW_MSG_PLAYBACK_STOP, NULL);
}

static void
play (Case *self)
{
  static const uint8_t packet[PACKET];

  steps_send (self->steps, CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_DATA,
              &(CwMsgPlaybackData){ .data = { packet, PACKET } });
  steps_heard_all (self->steps, CW_CHANNEL_PLAYBACK);
}

/* Plays or records until the device has carried so much more. */
static void
carry_on (Case *self, uint8_t type, FakeSound *device)
{
  gint n = g_atomic_int_get (&device->n_buffers) + 5;

  while (g_atomic_int_get (&device->n_buffers) < n) {
    client_run (10);
    if (type == CW_CHANNEL_PLAYBACK)
      play (self);
  }
  if (type == CW_CHANNEL_RECORD)
    steps_skip_to (self->steps, type, CW_MSGC_RECORD_DATA);
}

static uint8_t
type_of (gconstpointer device)
{
  return device == &fake_speaker ? CW_CHANNEL_PLAYBACK : CW_CHANNEL_RECORD;
}

/* A stream of which the device has been looked for so often. */
static void
begin_without (Case *self, FakeSound *device, gint n_refused)
{
  begin (self);
  g_atomic_int_set (&device->broken, 1);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "sound does not work: *");
  start (self, type_of (device), 2);
  while (g_atomic_int_get (&device->n_refused) < n_refused)
    client_run (10);
}

/* A device that is not there yet, or goes while it is used, is looked for again as long as the stream lasts; that it
 * is missing is said once. */
static void
test_vanishes (gconstpointer data)
{
  FakeSound *device = (FakeSound *) data;
  uint8_t type = type_of (device);
  Case c;

  begin_without (&c, device, 2);
  g_atomic_int_set (&device->broken, 0);
  carry_on (&c, type, device);
  g_test_assert_expected_messages ();

  stop (&c, type);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "sound does not work: the device is gone");
  start (&c, type, 2);
  carry_on (&c, type, device);
  for (int i = 0; i < 2; i++) {
    gint n = g_atomic_int_get (&device->n_opened);

    g_atomic_int_set (&device->vanishes, 1);
    while (g_atomic_int_get (&device->n_opened) == n) {
      client_run (10);
      if (type == CW_CHANNEL_PLAYBACK)
        play (&c);
    }
    carry_on (&c, type, device);
  }
  g_test_assert_expected_messages ();
  end (&c);
}

/* Nobody looks for a device when the stream is over. */
static void
test_given_up (gconstpointer data)
{
  FakeSound *device = (FakeSound *) data;
  uint8_t type = type_of (device);
  Case c;

  begin_without (&c, device, 1);
  client_run (100);
  stop (&c, type);
  steps_skip_all (c.steps, type);
  g_atomic_int_set (&device->broken, 0);
  client_run (3000);
  g_assert_cmpint (g_atomic_int_get (&device->n_opened), ==, 0);
  g_test_assert_expected_messages ();
  end (&c);
}

/* Waits until it is closed and nobody is about to open it. */
static void
await_rest (FakeSound *device)
{
  gint n_opened;

  do {
    client_await (is_closed, device);
    n_opened = g_atomic_int_get (&device->n_opened);
    client_run (300);
  } while (!is_closed (device) || g_atomic_int_get (&device->n_opened) != n_opened);
}

/* However fast streams come and go, the device is at last as the last of them wants it; it is never opened by two. */
static void
test_storm (gconstpointer data)
{
  FakeSound *device = (FakeSound *) data;
  uint8_t type = type_of (device);
  Case c;

  begin (&c);
  g_atomic_int_set (&device->slow, 20000);
  for (unsigned round = 0; round < 10; round++) {
    for (unsigned i = 0; i < 5; i++) {
      start (&c, type, 1 + i % 2);
      stop (&c, type);
    }
    if (type == CW_CHANNEL_RECORD) {
      steps_skip_all (c.steps, type);
      await_rest (device);
    }
    start (&c, type, 2);
    steps_skip_all (c.steps, type);
    carry_on (&c, type, device);
    stop (&c, type);
  }
  g_assert_false (g_atomic_int_get (&device->shared));
  end (&c);
}

/* After the stream a device is let go of, so that other programs have it and the next one finds the default anew. */
static void
test_let_go (gconstpointer data)
{
  FakeSound *device = (FakeSound *) data;
  uint8_t type = type_of (device);
  Case c;

  begin (&c);
  for (unsigned i = 0; i < 2; i++) {
    start (&c, type, 2);
    carry_on (&c, type, device);
    g_assert_false (is_closed (device));
    stop (&c, type);
    steps_skip_all (c.steps, type);
    client_await (is_closed, device);
  }
  end (&c);
}

typedef struct {
  FakeSound *device;
  gint volume, mute;
} Level;

static bool
has_level (gpointer data)
{
  const Level *level = data;

  return g_atomic_int_get (&level->device->volume) == level->volume
         && g_atomic_int_get (&level->device->mute) == level->mute;
}

/* The device obeys volume and mute from the first stream on, and nothing beside it does again. */
static void
test_volume (gconstpointer data)
{
  Level level = { (FakeSound *) data, 13, 1 };
  uint8_t type = type_of (data);
  bool of_record = type == CW_CHANNEL_RECORD;
  Case c;

  begin (&c);
  if (of_record)
    steps_send (c.steps, type, CW_MSG_RECORD_VOLUME, &(CwMsgRecordVolume){ 2, half });
  else
    steps_send (c.steps, type, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 2, half });
  if (of_record)
    steps_send (c.steps, type, CW_MSG_RECORD_MUTE, &(CwMsgRecordMute){ 1 });
  else
    steps_send (c.steps, type, CW_MSG_PLAYBACK_MUTE, &(CwMsgPlaybackMute){ 1 });
  start (&c, type, 2);
  carry_on (&c, type, level.device);
  client_await (has_level, &level);
  if (of_record)
    steps_send (c.steps, type, CW_MSG_RECORD_VOLUME, &(CwMsgRecordVolume){ 2, full });
  else
    steps_send (c.steps, type, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 2, full });
  level.volume = 100;
  client_await (has_level, &level);
  end (&c);
}

/* What the network does not take is left out: sound that waited would make all that follows late. */
static void
test_slow_network (void)
{
  SpiceChannel *channel;
  Case c;

  begin (&c);
  channel = client_channel (c.session, CW_CHANNEL_RECORD, 0);
  start (&c, CW_CHANNEL_RECORD, 2);
  carry_on (&c, CW_CHANNEL_RECORD, &fake_microphone);
  steps_set_deaf (c.steps, CW_CHANNEL_RECORD, true);
  for (gint n = g_atomic_int_get (&fake_microphone.n_buffers) + 600; g_atomic_int_get (&fake_microphone.n_buffers) < n;)
    client_run (10);
  g_assert_cmpuint (cw_channel_queued_bytes (channel), >, 0);
  g_assert_cmpuint (cw_channel_queued_bytes (channel), <, 300 * PACKET);
  steps_set_deaf (c.steps, CW_CHANNEL_RECORD, false);
  while (cw_channel_queued_bytes (channel) > 0)
    client_run (10);
  steps_skip_all (c.steps, CW_CHANNEL_RECORD);
  carry_on (&c, CW_CHANNEL_RECORD, &fake_microphone);
  end (&c);
}

static void
add (const char *name, FakeSound *device, GTestDataFunc func)
{
  g_autofree char *path
      = g_strdup_printf ("/sound-faults/%s/%s", name, device == &fake_speaker ? "playback" : "record");

  g_test_add_data_func (path, device, func);
}

int
main (int argc, char **argv)
{
  FakeSound *const devices[] = { &fake_speaker, &fake_microphone };

  g_test_init (&argc, &argv, NULL);
  fake_sound_register ();
  for (unsigned i = 0; i < G_N_ELEMENTS (devices); i++) {
    add ("vanishes", devices[i], test_vanishes);
    add ("given-up", devices[i], test_given_up);
    add ("storm", devices[i], test_storm);
    add ("let-go", devices[i], test_let_go);
    add ("volume", devices[i], test_volume);
  }
  g_test_add_func ("/sound-faults/slow-network", test_slow_network);
  return g_test_run ();
}
