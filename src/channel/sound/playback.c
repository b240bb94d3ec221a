/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpicePlaybackChannel: sound of the guest. Servers may send data before the beginning of its stream, or behind its
 * end: what has no stream is dropped. */
#include "channel-playback.h"

#include "channel/sound/host.h"
#include "channel/sound/mixer.h"
#include "codec/opus.h"

#include "spice-client.h"

#define DEFAULT_MIN_LATENCY_MS 200
#define PACKETS_PER_DELAY 100 /* between two questions how late the sound is heard */

struct _SpicePlaybackChannelPrivate {
  CwMixer mixer;
  guint min_latency; /* ms */
  uint16_t mode;
  bool playing, mode_complained;
  CwOpusDecoder *decoder; /* of the stream that plays, in mode OPUS */
  uint32_t last_time;     /* of the last packet, in multimedia time */
  unsigned n_packets;
};

enum {
  PROP_MIN_LATENCY = CW_MIXER_N_PROPS,
};

enum {
  START,
  DATA,
  STOP,
  GET_DELAY,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/**
 * SpicePlaybackChannel:
 *
 * The guest's sound, as samples to be played.
 *
 * What is said of threads at #SpiceChannel holds here too.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpicePlaybackChannel, spice_playback_channel, SPICE_TYPE_CHANNEL)

static SpicePlaybackChannelPrivate *
private_of (SpiceChannel *channel)
{
  return SPICE_PLAYBACK_CHANNEL (channel)->priv;
}

static void
set_playing (SpiceChannel *channel, bool playing)
{
  SpicePlaybackChannelPrivate *priv = private_of (channel);

  if (priv->playing == playing)
    return;
  priv->playing = playing;
  if (cw_channel_session (channel))
    cw_channel_sound_host (channel)->set_playing (cw_channel_session (channel), channel, playing);
}

static void
handle_mode (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgPlaybackMode *mode = message->data;
  SpicePlaybackChannelPrivate *priv = private_of (channel);

  priv->mode = (uint16_t) mode->mode;
  if (priv->mode == CW_AUDIO_DATA_MODE_RAW || priv->mode == CW_AUDIO_DATA_MODE_OPUS || priv->mode_complained)
    return;
  priv->mode_complained = true;
  g_warning ("playback:%d: sound of mode %u cannot be played", cw_channel_id (channel), priv->mode);
}

static void
handle_start (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgPlaybackStart *start = message->data;
  SpicePlaybackChannelPrivate *priv = private_of (channel);

  g_clear_pointer (&priv->decoder, cw_opus_decoder_free);
  if (!cw_sound_check (channel, start->format, start->channels, start->frequency)) {
    set_playing (channel, false);
    return;
  }
  if (priv->mode == CW_AUDIO_DATA_MODE_OPUS)
    priv->decoder = cw_opus_decoder_new (start->frequency, start->channels);
  priv->n_packets = 0;
  priv->last_time = start->time;
  priv->min_latency = DEFAULT_MIN_LATENCY_MS;
  set_playing (channel, true);
  g_signal_emit (channel, signals[START], 0, (gint) start->format, (gint) start->channels, (gint) start->frequency);
}

static const void *
samples_of (SpicePlaybackChannelPrivate *priv, CwSlice data, size_t *size)
{
  if (priv->mode == CW_AUDIO_DATA_MODE_OPUS)
    return priv->decoder ? cw_opus_decode (priv->decoder, data.data, data.size, size) : NULL;
  if (priv->mode != CW_AUDIO_DATA_MODE_RAW || data.size == 0)
    return NULL;
  *size = data.size;
  return data.data;
}

static void
handle_data (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgPlaybackData *data = message->data;
  SpicePlaybackChannelPrivate *priv = private_of (channel);
  unsigned attempt = cw_channel_attempt (channel);
  const void *samples;
  size_t size;

  if (!priv->playing)
    return;
  samples = samples_of (priv, data->data, &size);
  if (!samples)
    return;
  priv->last_time = data->time;
  g_signal_emit (channel, signals[DATA], 0, samples, (gint) size);
  if (attempt == cw_channel_attempt (channel) && priv->n_packets++ % PACKETS_PER_DELAY == 0)
    g_signal_emit (channel, signals[GET_DELAY], 0);
}

static void
handle_stop (SpiceChannel *channel, const CwMessage *message)
{
  set_playing (channel, false);
  g_signal_emit (channel, signals[STOP], 0);
}

static void
handle_volume (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgPlaybackVolume *volume = message->data;

  cw_mixer_set_volume (&private_of (channel)->mixer, channel, volume->volume, volume->n_volume);
}

static void
handle_mute (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgPlaybackMute *mute = message->data;

  cw_mixer_set_mute (&private_of (channel)->mixer, channel, mute->mute != 0);
}

static void
handle_latency (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgPlaybackLatency *latency = message->data;

  private_of (channel)->min_latency = latency->latency_ms;
  g_object_notify (G_OBJECT (channel), "min-latency");
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_PLAYBACK_DATA, handle_data },       { CW_MSG_PLAYBACK_MODE, handle_mode },
  { CW_MSG_PLAYBACK_START, handle_start },     { CW_MSG_PLAYBACK_STOP, handle_stop },
  { CW_MSG_PLAYBACK_VOLUME, handle_volume },   { CW_MSG_PLAYBACK_MUTE, handle_mute },
  { CW_MSG_PLAYBACK_LATENCY, handle_latency }, { 0, NULL },
};

static const CwChannelCap caps[] = {
  { CW_PLAYBACK_CAP_VOLUME, "SPICE_PLAYBACK_CAP_VOLUME" },
  { CW_PLAYBACK_CAP_LATENCY, "SPICE_PLAYBACK_CAP_LATENCY" },
  CW_CHANNEL_CAP_END,
};

static SpiceChannelClassPrivate playback_class = {
  .handlers = handlers,
  .caps = caps,
};

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  set_playing (channel, false);
  g_clear_pointer (&private_of (channel)->decoder, cw_opus_decoder_free);
  g_signal_emit (channel, signals[STOP], 0);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpicePlaybackChannelPrivate *priv = SPICE_PLAYBACK_CHANNEL (object)->priv;

  if (id == PROP_MIN_LATENCY)
    g_value_set_uint (value, priv->min_latency);
  else if (!cw_mixer_get_property (&priv->mixer, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (!cw_mixer_accepts_property (id))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
finalize (GObject *object)
{
  SpicePlaybackChannelPrivate *priv = SPICE_PLAYBACK_CHANNEL (object)->priv;

  cw_mixer_clear (&priv->mixer);
  g_clear_pointer (&priv->decoder, cw_opus_decoder_free);
  G_OBJECT_CLASS (spice_playback_channel_parent_class)->finalize (object);
}

static void
install_signals (SpicePlaybackChannelClass *class)
{
  GType type = G_OBJECT_CLASS_TYPE (class);

  /**
   * SpicePlaybackChannel::playback-start:
   * @channel: the channel
   * @format: 1: signed 16 bit, little-endian, interleaved
   * @channels: how many samples are of one time
   * @rate: samples of each channel in a second
   *
   * Sound begins.
   */
  signals[START] = g_signal_new ("playback-start", type, G_SIGNAL_RUN_FIRST,
                                 G_STRUCT_OFFSET (SpicePlaybackChannelClass, playback_start), NULL, NULL, NULL,
                                 G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT);
  /**
   * SpicePlaybackChannel::playback-data:
   * @channel: the channel
   * @data: samples, valid during the emission; the volume is not applied to them
   * @size: in bytes
   *
   * More of the sound.
   */
  signals[DATA] = g_signal_new ("playback-data", type, G_SIGNAL_RUN_FIRST,
                                G_STRUCT_OFFSET (SpicePlaybackChannelClass, playback_data), NULL, NULL, NULL,
                                G_TYPE_NONE, 2, G_TYPE_POINTER, G_TYPE_INT);
  /**
   * SpicePlaybackChannel::playback-stop:
   * @channel: the channel
   *
   * The sound ends. Also emitted when the connection ends, whether or not anything played.
   */
  signals[STOP]
      = g_signal_new ("playback-stop", type, G_SIGNAL_RUN_FIRST,
                      G_STRUCT_OFFSET (SpicePlaybackChannelClass, playback_stop), NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * SpicePlaybackChannel::playback-get-delay:
   * @channel: the channel
   *
   * Whoever plays the sound is asked to call spice_playback_channel_set_delay().
   */
  signals[GET_DELAY]
      = g_signal_new ("playback-get-delay", type, G_SIGNAL_RUN_FIRST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spice_playback_channel_class_init (SpicePlaybackChannelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->finalize = finalize;
  SPICE_CHANNEL_CLASS (class)->channel_reset = channel_reset;
  SPICE_CHANNEL_CLASS (class)->priv = &playback_class;
  cw_mixer_install_properties (object_class);
  /**
   * SpicePlaybackChannel:min-latency:
   *
   * How late the sound is to be heard at least, in milliseconds, so that it does not break off: the server says it; 200
   * at first.
   */
  g_object_class_install_property (object_class, PROP_MIN_LATENCY,
                                   g_param_spec_uint ("min-latency", "Least latency",
                                                      "How late the sound is to be heard at least, in milliseconds", 0,
                                                      G_MAXUINT32, DEFAULT_MIN_LATENCY_MS,
                                                      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  install_signals (class);
}

static void
spice_playback_channel_init (SpicePlaybackChannel *self)
{
  self->priv = spice_playback_channel_get_instance_private (self);
  cw_sound_announce_opus (SPICE_CHANNEL (self), CW_PLAYBACK_CAP_OPUS, "SPICE_PLAYBACK_CAP_OPUS");
  self->priv->mode = CW_AUDIO_DATA_MODE_RAW;
}

/**
 * spice_playback_channel_set_delay:
 * @channel: the channel
 * @delay_ms: how late sound that comes now is going to be heard, in milliseconds
 *
 * Tells how late the sound is, so that pictures come with it.
 */
void
spice_playback_channel_set_delay (SpicePlaybackChannel *channel, guint32 delay_ms)
{
  SpiceSession *session;

  g_return_if_fail (SPICE_IS_PLAYBACK_CHANNEL (channel));

  session = cw_channel_session (SPICE_CHANNEL (channel));
  if (session)
    cw_channel_sound_host (SPICE_CHANNEL (channel))
        ->heard (session, SPICE_CHANNEL (channel), channel->priv->last_time, delay_ms);
}
