/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound channels against a scripted server: statements of the API's contract by their numbers (P, R, A). */
#include "../session/server.h"

#include "channel-main.h"
#include "channel-playback.h"
#include "channel-record.h"
#include "channel/host.h"
#include "codec/opus.h"
#include "feature/audio/audio.h"
#include "session/registry.h"
#include "session/session.h"
#include "spice-client.h"
#include "wire/messages.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_PLAYBACK, spice_playback_channel_get_type, "enable-audio" },
  { CW_CHANNEL_RECORD, spice_record_channel_get_type, "enable-audio" },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { &cw_audio_feature, NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;

/* What the script of a sound channel does, and what the client sent to it. */
typedef struct {
  void (*script) (PeerIo *io, gpointer data);
  uint8_t type, n_channels; /* how many of the type */
  uint32_t caps;
  GMutex lock;
  GString *received; /* "type:size " */
} Service;

typedef struct {
  Service service;
  Server *server;
  SpiceSession *session;
  GString *log;
  unsigned n_times; /* mm-time-reset */
  bool disconnected;
} Case;

static void
serve (PeerIo *io, gpointer data)
{
  Service *service = data;
  PeerLink link = PEER_LINK_INIT;
  g_autofree uint8_t *list = g_new (uint8_t, (gsize) 2 * service->n_channels);

  link.channel_caps = service->caps;
  for (uint8_t i = 0; i < service->n_channels; i++) {
    list[2 * i] = service->type;
    list[2 * i + 1] = i;
  }
  if (!peer_link (io, &link))
    return;
  if (io->channel_type != CW_CHANNEL_MAIN) {
    service->script (io, service);
    return;
  }
  server_send_start (io, list, service->n_channels);
  peer_drain (io);
}

static void log_line (Case *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
log_line (Case *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (self->log, format, arguments);
  va_end (arguments);
  g_string_append (self->log, "; ");
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Case *self)
{
  log_line (self,
            event == SPICE_CHANNEL_OPENED   ? "opened"
            : event == SPICE_CHANNEL_CLOSED ? "closed"
                                            : "error %d",
            event);
}

static void
on_start (SpiceChannel *channel, int format, int n_channels, int rate, Case *self)
{
  log_line (self, "start %d %d %d", format, n_channels, rate);
}

static void
on_data (SpiceChannel *channel, gpointer data, int size, Case *self)
{
  log_line (self, "data %d", size);
}

static void
on_stop (SpiceChannel *channel, Case *self)
{
  log_line (self, "stop");
}

static void
on_get_delay (SpiceChannel *channel, Case *self)
{
  log_line (self, "delay?");
}

static void
on_notify (SpiceChannel *channel, GParamSpec *pspec, Case *self)
{
  const guint16 *volume;
  guint n_channels, latency = 0;
  gboolean mute;

  if (g_strcmp0 (pspec->name, "socket") == 0)
    return;
  g_object_get (channel, "volume", &volume, "nchannels", &n_channels, "mute", &mute, NULL);
  if (SPICE_IS_PLAYBACK_CHANNEL (channel))
    g_object_get (channel, "min-latency", &latency, NULL);
  if (g_strcmp0 (pspec->name, "volume") == 0)
    log_line (self, "volume %u: %u %u", n_channels, volume[0], volume[n_channels - 1]);
  else if (g_strcmp0 (pspec->name, "mute") == 0)
    log_line (self, "mute %d", mute);
  else
    log_line (self, "%s %u", pspec->name, latency);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  bool playback = SPICE_IS_PLAYBACK_CHANNEL (channel);

  if (SPICE_IS_MAIN_CHANNEL (channel))
    return;
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  g_signal_connect (channel, "notify", G_CALLBACK (on_notify), self);
  g_signal_connect (channel, playback ? "playback-start" : "record-start", G_CALLBACK (on_start), self);
  g_signal_connect (channel, playback ? "playback-stop" : "record-stop", G_CALLBACK (on_stop), self);
  if (playback) {
    g_signal_connect (channel, "playback-data", G_CALLBACK (on_data), self);
    g_signal_connect (channel, "playback-get-delay", G_CALLBACK (on_get_delay), self);
  }
}

static void
on_disconnected (SpiceSession *session, Case *self)
{
  self->disconnected = true;
}

static void
begin (Case *self, uint8_t type, void (*script) (PeerIo *io, gpointer data))
{
  *self = (Case){ .service = { .script = script, .type = type, .n_channels = 1 } };
  g_mutex_init (&self->service.lock);
  self->service.received = g_string_new (NULL);
  self->log = g_string_new (NULL);
  self->server = server_new (serve, &self->service);
  self->session = spice_session_new ();
  g_object_set (self->session, "host", "127.0.0.1", "port", server_port (self->server), NULL);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_signal_connect (self->session, "disconnected", G_CALLBACK (on_disconnected), self);
}

static void
end (Case *self)
{
  spice_session_disconnect (self->session);
  while (!self->disconnected)
    g_main_context_iteration (NULL, TRUE);
  g_object_unref (self->session);
  server_free (self->server);
  g_string_free (self->log, TRUE);
  g_string_free (self->service.received, TRUE);
  g_mutex_clear (&self->service.lock);
}

static gboolean
on_overdue (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_REMOVE;
}

/* Runs the loop until the log ends so. */
static void
wait_log (Case *self, const char *end_of_log)
{
  bool overdue = false;
  guint timer = g_timeout_add_seconds (120, on_overdue, &overdue);

  while (!g_str_has_suffix (self->log->str, end_of_log) && !overdue)
    g_main_context_iteration (NULL, TRUE);
  if (overdue)
    g_error ("the log ends with “%s”, not with “%s”", self->log->str, end_of_log);
  g_source_remove (timer);
}

static SpiceChannel *
find_channel (Case *self, int type)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  for (GList *at = channels; at; at = at->next) {
    int its;

    g_object_get (at->data, "channel-type", &its, NULL);
    if (its == type)
      return at->data;
  }
  return NULL;
}

/* Connects what there is, by the application. */
static void
connect_all (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    spice_channel_connect (channel);
}

static void
run_session (Case *self, const char *end_of_log)
{
  g_signal_connect (self->session, "channel-new", G_CALLBACK (connect_all), NULL);
  g_assert_true (spice_session_connect (self->session));
  wait_log (self, end_of_log);
}

/* Playback */

static const uint8_t pcm[1920];

static void
send_data (PeerIo *io, uint32_t time, const void *data, size_t size)
{
  server_send (io, CW_MSG_PLAYBACK_DATA, &(CwMsgPlaybackData){ .time = time, .data = { data, size } });
}

static void
send_start (PeerIo *io, uint32_t n_channels, uint16_t format, uint32_t rate)
{
  server_send (io, CW_MSG_PLAYBACK_START, &(CwMsgPlaybackStart){ n_channels, format, rate, 1000 });
}

static void
play_everything (PeerIo *io, gpointer data)
{
  static const uint16_t volume[] = { 100, 65535 };

  send_data (io, 0, pcm, 8); /* before there is a stream */
  server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .mode = CW_AUDIO_DATA_MODE_RAW });
  send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  for (uint32_t i = 0; i < 102; i++)
    send_data (io, 1000 + i * 10, pcm, i == 0 ? 200 : 1920);
  server_send (io, CW_MSG_PLAYBACK_LATENCY, &(CwMsgPlaybackLatency){ 350 });
  server_send (io, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 0, volume });
  server_send (io, CW_MSG_PLAYBACK_VOLUME, &(CwMsgPlaybackVolume){ 2, volume });
  server_send (io, CW_MSG_PLAYBACK_MUTE, &(CwMsgPlaybackMute){ 1 });
  server_send (io, CW_MSG_PLAYBACK_STOP, NULL);
  send_data (io, 0, pcm, 8);
}

static void
test_playback (void)
{
  g_autoptr (GString) expected = g_string_new ("opened; start 1 2 48000; data 200; delay?; ");
  SpiceChannel *channel;
  Case self;
  guint latency, n_channels;
  gpointer volume;

  begin (&self, CW_CHANNEL_PLAYBACK, play_everything);
  run_session (&self, "stop; closed; ");
  for (unsigned i = 1; i < 102; i++)
    g_string_append (expected, i == 100 ? "data 1920; delay?; " : "data 1920; ");
  g_string_append (expected, "min-latency 350; volume 2: 100 65535; mute 1; stop; stop; closed; ");
  g_assert_cmpstr (self.log->str, ==, expected->str);

  channel = find_channel (&self, CW_CHANNEL_PLAYBACK);
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
  end (&self);
}

static void
play_once (PeerIo *io, gpointer data)
{
  send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  send_data (io, 5000, pcm, sizeof pcm);
  server_hold (io);
}

/* P8: what is heard is the clock of the session. */
static void
test_playback_delay (void)
{
  const CwClock *clock;
  int64_t before;
  Case self;

  begin (&self, CW_CHANNEL_PLAYBACK, play_once);
  run_session (&self, "data 1920; delay?; ");
  before = g_get_monotonic_time ();
  spice_playback_channel_set_delay (SPICE_PLAYBACK_CHANNEL (find_channel (&self, CW_CHANNEL_PLAYBACK)), 100);
  clock = &self.session->priv->media.clock;
  g_assert_cmpuint (cw_clock_time (clock, before), <=, 4900);
  g_assert_cmpuint (cw_clock_time (clock, g_get_monotonic_time ()), >=, 4900);
  end (&self);
}

static void
play_odd (PeerIo *io, gpointer data)
{
  send_start (io, 2, 7, 48000);                /* an unknown format */
  send_start (io, 0, CW_AUDIO_FMT_S16, 48000); /* nothing to hear */
  send_start (io, UINT32_MAX, CW_AUDIO_FMT_S16, UINT32_MAX);
  send_data (io, 0, pcm, 8);
  server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .mode = CW_AUDIO_DATA_MODE_CELT_0_5_1 });
  send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  send_data (io, 0, pcm, 8);
  server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .mode = 99 });
  send_data (io, 0, pcm, 8);
  server_send (io, CW_MSG_PLAYBACK_STOP, NULL);
}

static void
test_playback_odd (void)
{
  Case self;

  begin (&self, CW_CHANNEL_PLAYBACK, play_odd);
  for (unsigned i = 0; i < 3; i++)
    g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*is passed over*");
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*mode 2 cannot be played*");
  run_session (&self, "closed; ");
  g_test_assert_expected_messages ();
  g_assert_cmpstr (self.log->str, ==, "opened; start 1 2 48000; stop; stop; closed; ");
  end (&self);
}

static void
play_opus (PeerIo *io, gpointer data)
{
  g_autoptr (CwOpusEncoder) encoder = cw_opus_encoder_new (48000, 2);
  int16_t samples[960] = { 1, 2, 3 };
  uint8_t packet[480];
  size_t size = cw_opus_encode (encoder, samples, packet, sizeof packet);

  server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .mode = CW_AUDIO_DATA_MODE_OPUS });
  send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  send_data (io, 0, packet, size);
  memset (samples, 0xff, sizeof samples);
  send_data (io, 10, samples, sizeof samples); /* no packet */
  send_data (io, 10, packet, 0);
  send_data (io, 20, packet, size);
}

static void
test_playback_opus (void)
{
  Case self;

  begin (&self, CW_CHANNEL_PLAYBACK, play_opus);
  run_session (&self, "closed; ");
  g_assert_cmpstr (self.log->str, ==, "opened; start 1 2 48000; data 1920; delay?; data 1920; stop; closed; ");
  end (&self);
}

/* Recording */

/* Notes what the client sends, until it has been `last` messages in all. */
static void
note (PeerIo *io, Service *service, unsigned n)
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
wait_received (Case *self, const char *received)
{
  bool overdue = false, done = false;
  guint timer = g_timeout_add_seconds (120, on_overdue, &overdue);

  while (!done && !overdue) {
    g_mutex_lock (&self->service.lock);
    done = g_str_has_suffix (self->service.received->str, received);
    g_mutex_unlock (&self->service.lock);
    if (!done)
      g_main_context_iteration (NULL, TRUE);
  }
  if (overdue)
    g_error ("received were “%s”, not “%s”", self->service.received->str, received);
  g_source_remove (timer);
}

static void
test_record (void)
{
  g_autofree uint8_t *data = g_malloc0 (5000);
  SpiceRecordChannel *channel;
  Case self;

  begin (&self, CW_CHANNEL_RECORD, record);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*is passed over*");
  run_session (&self, "start 1 2 48000; ");
  channel = SPICE_RECORD_CHANNEL (find_channel (&self, CW_CHANNEL_RECORD));
  spice_record_channel_send_data (channel, data, 5000, 7);
  wait_received (&self, "mode 1 at 7; mark at 7; 101:1924; 101:1924; ");
  spice_record_channel_send_data (channel, data, 5000, 8);
  wait_log (&self, "stop; start 1 1 16000; ");
  g_assert_cmpstr (self.service.received->str, ==,
                   "mode 1 at 7; mark at 7; 101:1924; 101:1924; 101:1924; 101:1924; 101:1924; ");
  /* What was left of the first stream is none of the second's. */
  spice_record_channel_send_data (channel, data, 960, 9);
  wait_received (&self, "mode 1 at 9; mark at 9; 101:964; ");
  wait_log (&self, "stop; closed; ");
  spice_record_channel_send_data (channel, data, 960, 9); /* nobody wants it any more */
  g_test_assert_expected_messages ();
  end (&self);
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
  Case self;

  begin (&self, CW_CHANNEL_RECORD, record_opus);
  self.service.caps = 1 << CW_RECORD_CAP_OPUS;
  run_session (&self, "start 1 2 48000; ");
  spice_record_channel_send_data (SPICE_RECORD_CHANNEL (find_channel (&self, CW_CHANNEL_RECORD)), data, 1920, 7);
  wait_log (&self, "stop; closed; ");
  g_assert_true (g_str_has_prefix (self.service.received->str, "mode 3 at 7; mark at 7; 101:"));
  g_assert_false (g_str_has_suffix (self.service.received->str, ":1924; "));
  end (&self);
}

static void
test_record_read_only (void)
{
  g_autofree uint8_t *data = g_malloc0 (1920);
  Case self;

  begin (&self, CW_CHANNEL_RECORD, record_opus);
  g_object_set (self.session, "read-only", TRUE, NULL);
  run_session (&self, "start 1 2 48000; ");
  spice_record_channel_send_data (SPICE_RECORD_CHANNEL (find_channel (&self, CW_CHANNEL_RECORD)), data, 1920, 7);
  end (&self);
}

/* The sound of the session */

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
  send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  for (unsigned i = 0; i < N_TONE; i++) {
    for (unsigned k = 0; k < 480; k++)
      samples[2 * k] = samples[2 * k + 1] = (int16_t) (20000 * sin ((i * 480 + k) * 2 * G_PI * 1000 / 48000));
    send_data (io, i * 10, samples, sizeof samples);
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
  Case self;

  g_setenv ("SPICE_GST_AUDIOSINK", sink, TRUE);
  begin (&self, CW_CHANNEL_PLAYBACK, play_tone);
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
  end (&self);
  g_unlink (path);
  g_rmdir (folder);
  g_unsetenv ("SPICE_GST_AUDIOSINK");
}

/* Nothing is connected before somebody asks, and channels that are there already afterwards. */
static void
test_audio_on_request (void)
{
  Case self;

  begin (&self, CW_CHANNEL_PLAYBACK, play_odd);
  g_setenv ("SPICE_GST_AUDIOSINK", "appsrc name=appsrc ! fakesink", TRUE);
  g_assert_true (spice_session_connect (self.session));
  while (!find_channel (&self, CW_CHANNEL_PLAYBACK))
    g_main_context_iteration (NULL, TRUE);
  for (unsigned i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpstr (self.log->str, ==, "");
  for (unsigned i = 0; i < 3; i++)
    g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*is passed over*");
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*mode 2 cannot be played*");
  g_assert_nonnull (spice_audio_get (self.session, NULL));
  wait_log (&self, "closed; ");
  g_test_assert_expected_messages ();
  end (&self);
  g_unsetenv ("SPICE_GST_AUDIOSINK");
}

static void
hold (PeerIo *io, gpointer data)
{
  send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  send_data (io, 5, pcm, 1920);
  server_hold (io);
}

/* Several channels of one kind, each with its own stream. */
static void
test_audio_two (void)
{
  Case self;
  SpiceAudio *audio;

  begin (&self, CW_CHANNEL_PLAYBACK, hold);
  self.service.n_channels = 2;
  g_setenv ("SPICE_GST_AUDIOSINK", "appsrc name=appsrc ! fakesink", TRUE);
  audio = spice_audio_get (self.session, NULL);
  g_object_add_weak_pointer (G_OBJECT (audio), (gpointer *) &audio);
  g_assert_true (spice_session_connect (self.session));
  while (!strstr (self.log->str, "data") || !strstr (strstr (self.log->str, "data") + 1, "data"))
    g_main_context_iteration (NULL, TRUE);
  end (&self);
  g_assert_null (audio); /* A4: it goes with the session */
  g_unsetenv ("SPICE_GST_AUDIOSINK");
}

static void
test_audio_disabled (void)
{
  Case self;

  begin (&self, CW_CHANNEL_PLAYBACK, hold);
  g_object_set (self.session, "enable-audio", FALSE, NULL);
  spice_audio_get (self.session, NULL);
  g_assert_true (spice_session_connect (self.session));
  while (!server_is_idle (self.server))
    g_main_context_iteration (NULL, FALSE);
  for (unsigned i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (find_channel (&self, CW_CHANNEL_PLAYBACK));
  end (&self);
}

/* A device that cannot be had: one warning, and the session lives. */
static void
test_audio_broken (void)
{
  Case self;

  begin (&self, CW_CHANNEL_PLAYBACK, hold);
  g_setenv ("SPICE_GST_AUDIOSINK", "appsrc name=appsrc ! filesink location=/no/such/folder/file", TRUE);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "sound does not work: *");
  spice_audio_get (self.session, NULL);
  g_assert_true (spice_session_connect (self.session));
  wait_log (&self, "delay?; ");
  while (g_main_context_iteration (NULL, FALSE) || !server_is_idle (self.server))
    ;
  for (int64_t limit = g_get_monotonic_time () + G_USEC_PER_SEC / 2; g_get_monotonic_time () < limit;)
    g_main_context_iteration (NULL, FALSE);
  g_test_assert_expected_messages ();
  end (&self);
  g_unsetenv ("SPICE_GST_AUDIOSINK");
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
  g_test_add_func ("/sound/R1-R2-R3-R4-R5-R8-record", test_record);
  g_test_add_func ("/sound/R7-read-only", test_record_read_only);
  if (cw_audio_backend () != G_TYPE_INVALID) {
    g_test_add_func ("/sound/A1-tone", test_audio);
    g_test_add_func ("/sound/A2-A6-on-request", test_audio_on_request);
    g_test_add_func ("/sound/24.43-A4-two", test_audio_two);
    g_test_add_func ("/sound/A3-disabled", test_audio_disabled);
    g_test_add_func ("/sound/A5-broken", test_audio_broken);
  }
  return g_test_run ();
}
