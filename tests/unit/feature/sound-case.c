/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound-case.h"

#include "channel-main.h"
#include "channel-playback.h"
#include "channel-record.h"
#include "channel/host.h"
#include "feature/audio/audio.h"
#include "session/registry.h"
#include "session/session.h"

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_PLAYBACK, spice_playback_channel_get_type, "enable-audio" },
  { CW_CHANNEL_RECORD, spice_record_channel_get_type, "enable-audio" },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { &cw_audio_feature, NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;

static void
serve (PeerIo *io, gpointer data)
{
  SoundService *service = data;
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

static void log_line (SoundCase *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
log_line (SoundCase *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (self->log, format, arguments);
  va_end (arguments);
  g_string_append (self->log, "; ");
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, SoundCase *self)
{
  log_line (self,
            event == SPICE_CHANNEL_OPENED   ? "opened"
            : event == SPICE_CHANNEL_CLOSED ? "closed"
                                            : "error %d",
            event);
}

static void
on_start (SpiceChannel *channel, int format, int n_channels, int rate, SoundCase *self)
{
  log_line (self, "start %d %d %d", format, n_channels, rate);
}

static void
on_data (SpiceChannel *channel, gpointer data, int size, SoundCase *self)
{
  log_line (self, "data %d", size);
}

static void
on_stop (SpiceChannel *channel, SoundCase *self)
{
  log_line (self, "stop");
}

static void
on_get_delay (SpiceChannel *channel, SoundCase *self)
{
  log_line (self, "delay?");
}

static void
on_notify (SpiceChannel *channel, GParamSpec *pspec, SoundCase *self)
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
on_channel_new (SpiceSession *session, SpiceChannel *channel, SoundCase *self)
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
on_disconnected (SpiceSession *session, SoundCase *self)
{
  self->disconnected = true;
}

void
sound_begin (SoundCase *self, uint8_t type, void (*script) (PeerIo *io, gpointer data))
{
  *self = (SoundCase){ .service = { .script = script, .type = type, .n_channels = 1 } };
  g_mutex_init (&self->service.lock);
  self->service.received = g_string_new (NULL);
  self->log = g_string_new (NULL);
  self->server = server_new (serve, &self->service);
  self->session = spice_session_new ();
  g_object_set (self->session, "host", "127.0.0.1", "port", server_port (self->server), NULL);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_signal_connect (self->session, "disconnected", G_CALLBACK (on_disconnected), self);
}

void
sound_end (SoundCase *self)
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
void
sound_wait_log (SoundCase *self, const char *end_of_log)
{
  bool overdue = false;
  guint timer = g_timeout_add_seconds (120, on_overdue, &overdue);

  while (!g_str_has_suffix (self->log->str, end_of_log) && !overdue)
    g_main_context_iteration (NULL, TRUE);
  if (overdue)
    g_error ("the log ends with “%s”, not with “%s”", self->log->str, end_of_log);
  g_source_remove (timer);
}

/* Likewise what the server has received. */
void
sound_wait_received (SoundCase *self, const char *received)
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

SpiceChannel *
sound_find (SoundCase *self, int type)
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

void
sound_run (SoundCase *self, const char *end_of_log)
{
  g_signal_connect (self->session, "channel-new", G_CALLBACK (connect_all), NULL);
  g_assert_true (spice_session_connect (self->session));
  sound_wait_log (self, end_of_log);
}

const uint8_t sound_pcm[SOUND_PCM];

void
sound_send_data (PeerIo *io, uint32_t time, const void *data, size_t size)
{
  server_send (io, CW_MSG_PLAYBACK_DATA, &(CwMsgPlaybackData){ .time = time, .data = { data, size } });
}

void
sound_send_start (PeerIo *io, uint32_t n_channels, uint16_t format, uint32_t rate)
{
  server_send (io, CW_MSG_PLAYBACK_START, &(CwMsgPlaybackStart){ n_channels, format, rate, 1000 });
}

void
sound_play_odd (PeerIo *io, gpointer data)
{
  sound_send_start (io, 2, 7, 48000);                /* an unknown format */
  sound_send_start (io, 0, CW_AUDIO_FMT_S16, 48000); /* nothing to hear */
  sound_send_start (io, UINT32_MAX, CW_AUDIO_FMT_S16, UINT32_MAX);
  sound_send_data (io, 0, sound_pcm, 8);
  server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .mode = CW_AUDIO_DATA_MODE_CELT_0_5_1 });
  sound_send_start (io, 2, CW_AUDIO_FMT_S16, 48000);
  sound_send_data (io, 0, sound_pcm, 8);
  server_send (io, CW_MSG_PLAYBACK_MODE, &(CwMsgPlaybackMode){ .mode = 99 });
  sound_send_data (io, 0, sound_pcm, 8);
  server_send (io, CW_MSG_PLAYBACK_STOP, NULL);
}
