/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceRecordChannel: sound for the guest, when it wants some. It is cut into frames of a fixed number of samples. */
#include "channel-record.h"

#include "channel/sound/mixer.h"
#include "codec/opus.h"

#include "spice-client.h"

#include <string.h>

#define MAX_FRAME (CW_AUDIO_FRAME_SAMPLES * CW_SOUND_MAX_CHANNELS * sizeof (int16_t))

struct _SpiceRecordChannelPrivate {
  CwMixer mixer;
  bool recording; /* between START and STOP */
  bool marked;    /* the first data has been announced */
  uint32_t n_channels, rate;
  CwOpusEncoder *encoder; /* NULL: raw */
  uint8_t frame[MAX_FRAME];
  size_t n_frame; /* bytes in it */
};

enum {
  START,
  STOP,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/**
 * SpiceRecordChannel:
 *
 * Sound from here for the guest.
 *
 * What is said of threads at #SpiceChannel holds here too.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceRecordChannel, spice_record_channel, SPICE_TYPE_CHANNEL)

static SpiceRecordChannelPrivate *
private_of (SpiceChannel *channel)
{
  return SPICE_RECORD_CHANNEL (channel)->priv;
}

static void
stop (SpiceRecordChannelPrivate *priv)
{
  priv->recording = priv->marked = false;
  priv->n_frame = 0;
  g_clear_pointer (&priv->encoder, cw_opus_encoder_free);
}

static void
handle_start (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgRecordStart *start = message->data;
  SpiceRecordChannelPrivate *priv = private_of (channel);

  stop (priv);
  if (!cw_sound_check (channel, start->format, start->channels, start->frequency))
    return;
  priv->recording = true;
  priv->n_channels = start->channels;
  priv->rate = start->frequency;
  if (spice_channel_test_capability (channel, CW_RECORD_CAP_OPUS) && !g_getenv ("SPICE_DISABLE_OPUS"))
    priv->encoder = cw_opus_encoder_new (start->frequency, start->channels);
  g_signal_emit (channel, signals[START], 0, (gint) start->format, (gint) start->channels, (gint) start->frequency);
}

static void
handle_stop (SpiceChannel *channel, const CwMessage *message)
{
  stop (private_of (channel));
  g_signal_emit (channel, signals[STOP], 0);
}

static void
handle_volume (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgRecordVolume *volume = message->data;

  cw_mixer_set_volume (&private_of (channel)->mixer, channel, volume->volume, volume->n_volume);
}

static void
handle_mute (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgRecordMute *mute = message->data;

  cw_mixer_set_mute (&private_of (channel)->mixer, channel, mute->mute != 0);
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_RECORD_START, handle_start },
  { CW_MSG_RECORD_STOP, handle_stop },
  { CW_MSG_RECORD_VOLUME, handle_volume },
  { CW_MSG_RECORD_MUTE, handle_mute },
  { 0, NULL },
};

static const CwChannelCap caps[] = {
  { CW_RECORD_CAP_VOLUME, "SPICE_RECORD_CAP_VOLUME" },
  CW_CHANNEL_CAP_END,
};

static SpiceChannelClassPrivate record_class = {
  .handlers = handlers,
  .caps = caps,
};

static void
channel_reset (SpiceChannel *channel, gboolean migrating)
{
  stop (private_of (channel));
  g_signal_emit (channel, signals[STOP], 0);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (!cw_mixer_get_property (&SPICE_RECORD_CHANNEL (object)->priv->mixer, id, value))
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
  SpiceRecordChannelPrivate *priv = SPICE_RECORD_CHANNEL (object)->priv;

  stop (priv);
  cw_mixer_clear (&priv->mixer);
  G_OBJECT_CLASS (spice_record_channel_parent_class)->finalize (object);
}

static void
spice_record_channel_class_init (SpiceRecordChannelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GType type = G_OBJECT_CLASS_TYPE (class);

  object_class->get_property = get_property;
  object_class->set_property = set_property;
  object_class->finalize = finalize;
  SPICE_CHANNEL_CLASS (class)->channel_reset = channel_reset;
  SPICE_CHANNEL_CLASS (class)->priv = &record_class;
  cw_mixer_install_properties (object_class);
  /**
   * SpiceRecordChannel::record-start:
   * @channel: the channel
   * @format: 1: signed 16 bit, little-endian, interleaved
   * @channels: how many samples are of one time
   * @rate: samples of each channel in a second
   *
   * The guest wants sound: call spice_record_channel_send_data() with it until #SpiceRecordChannel::record-stop.
   */
  signals[START]
      = g_signal_new ("record-start", type, G_SIGNAL_RUN_FIRST, G_STRUCT_OFFSET (SpiceRecordChannelClass, record_start),
                      NULL, NULL, NULL, G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT);
  /**
   * SpiceRecordChannel::record-stop:
   * @channel: the channel
   *
   * The guest wants no more sound. Also emitted when the connection ends.
   */
  signals[STOP]
      = g_signal_new ("record-stop", type, G_SIGNAL_RUN_FIRST, G_STRUCT_OFFSET (SpiceRecordChannelClass, record_stop),
                      NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
spice_record_channel_init (SpiceRecordChannel *self)
{
  self->priv = spice_record_channel_get_instance_private (self);
  cw_sound_announce_opus (SPICE_CHANNEL (self), CW_RECORD_CAP_OPUS, "SPICE_RECORD_CAP_OPUS");
}

static void
announce (SpiceChannel *channel, uint32_t time)
{
  SpiceRecordChannelPrivate *priv = private_of (channel);
  uint16_t mode = priv->encoder ? CW_AUDIO_DATA_MODE_OPUS : CW_AUDIO_DATA_MODE_RAW;

  cw_channel_send (channel, CW_MSGC_RECORD_MODE, &(CwMsgcRecordMode){ .time = time, .mode = mode });
  cw_channel_send (channel, CW_MSGC_RECORD_START_MARK, &(CwMsgcRecordStartMark){ .time = time });
  priv->marked = true;
}

static void
send_frame (SpiceChannel *channel, uint32_t time)
{
  SpiceRecordChannelPrivate *priv = private_of (channel);
  uint8_t packet[CW_AUDIO_MAX_COMPRESSED_FRAME];
  CwSlice data = { priv->frame, priv->n_frame };

  if (priv->encoder) {
    data.data = packet;
    data.size = cw_opus_encode (priv->encoder, (const int16_t *) (const void *) priv->frame, packet, sizeof packet);
  }
  if (data.size > 0)
    cw_channel_send (channel, CW_MSGC_RECORD_DATA, &(CwMsgcRecordData){ .time = time, .data = data });
  priv->n_frame = 0;
}

/**
 * spice_record_channel_send_data:
 * @channel: the channel
 * @data: (nullable): samples, as #SpiceRecordChannel::record-start wanted them
 * @bytes: their size
 * @time: when they were recorded, in milliseconds of any clock
 *
 * Sends sound to the guest. What does not fill a frame waits for the next call. Nothing is sent unless the guest wants
 * sound, or in a read-only session.
 */
void
spice_record_channel_send_data (SpiceRecordChannel *channel, gpointer data, gsize bytes, guint32 time)
{
  SpiceRecordChannelPrivate *priv;
  const uint8_t *at = data;
  size_t frame;

  g_return_if_fail (SPICE_IS_RECORD_CHANNEL (channel));
  g_return_if_fail (data != NULL || bytes == 0);

  priv = channel->priv;
  if (!priv->recording || bytes == 0)
    return;
  if (!priv->marked)
    announce (SPICE_CHANNEL (channel), time);
  frame = CW_AUDIO_FRAME_SAMPLES * priv->n_channels * sizeof (int16_t);
  while (bytes > 0) {
    size_t n = MIN (bytes, frame - priv->n_frame);

    memcpy (priv->frame + priv->n_frame, at, n);
    priv->n_frame += n;
    at += n;
    bytes -= n;
    if (priv->n_frame == frame)
      send_frame (SPICE_CHANNEL (channel), time);
  }
}

/**
 * spice_record_send_data:
 * @channel: the channel
 * @data: (nullable): samples
 * @bytes: their size
 * @time: when they were recorded
 *
 * The older name of spice_record_channel_send_data().
 *
 * Deprecated: 0.35: use spice_record_channel_send_data()
 */
void
spice_record_send_data (SpiceRecordChannel *channel, gpointer data, gsize bytes, guint32 time)
{
  spice_record_channel_send_data (channel, data, bytes, time);
}
