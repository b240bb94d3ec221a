/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The back end by GStreamer: a player for each playback channel, a recorder for each record channel. */
#include "base/i18n.h"
#include "feature/audio/audio.h"
#include "feature/audio/gst-player.h"
#include "feature/audio/gst-recorder.h"

#include "channel/channel.h"

#include "spice-client.h"

#define CW_TYPE_GST_AUDIO (cw_gst_audio_get_type ())
G_DECLARE_FINAL_TYPE (CwGstAudio, cw_gst_audio, CW, GST_AUDIO, SpiceAudio)

struct _CwGstAudio {
  SpiceAudio parent;
  GPtrArray *players, *recorders; /* in the order of their channels */
};

G_DEFINE_FINAL_TYPE (CwGstAudio, cw_gst_audio, SPICE_TYPE_AUDIO)

static void
forget (CwGstAudio *self, SpiceChannel *channel)
{
  for (guint i = 0; i < self->players->len; i++)
    if ((gpointer) cw_gst_player_channel (self->players->pdata[i]) == (gpointer) channel) {
      g_ptr_array_remove_index (self->players, i);
      return;
    }
  for (guint i = 0; i < self->recorders->len; i++)
    if ((gpointer) cw_gst_recorder_channel (self->recorders->pdata[i]) == (gpointer) channel) {
      g_ptr_array_remove_index (self->recorders, i);
      return;
    }
}

static bool
is_known (CwGstAudio *self, SpiceChannel *channel)
{
  for (guint i = 0; i < self->players->len; i++)
    if ((gpointer) cw_gst_player_channel (self->players->pdata[i]) == (gpointer) channel)
      return true;
  for (guint i = 0; i < self->recorders->len; i++)
    if ((gpointer) cw_gst_recorder_channel (self->recorders->pdata[i]) == (gpointer) channel)
      return true;
  return false;
}

static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, CwGstAudio *self)
{
  forget (self, channel);
}

static gboolean
connect_channel (SpiceAudio *audio, SpiceChannel *channel)
{
  CwGstAudio *self = CW_GST_AUDIO (audio);
  GMainContext *context = cw_channel_context (channel);

  if (is_known (self, channel))
    return TRUE;
  if (SPICE_IS_PLAYBACK_CHANNEL (channel))
    g_ptr_array_add (self->players, cw_gst_player_new (SPICE_PLAYBACK_CHANNEL (channel), context));
  else if (SPICE_IS_RECORD_CHANNEL (channel))
    g_ptr_array_add (self->recorders, cw_gst_recorder_new (SPICE_RECORD_CHANNEL (channel), context));
  else
    return FALSE;
  return TRUE;
}

static void
get_playback_volume_info_async (SpiceAudio *audio, GCancellable *cancellable, SpiceMainChannel *main_channel,
                                GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (audio, cancellable, callback, data);

  g_task_return_boolean (task, TRUE);
}

static gboolean
give_volume (CwGstPipeline *pipeline, gboolean *mute, guint8 *n_channels, guint16 **volume, GError **error)
{
  guint16 value;
  bool muted;

  if (!pipeline || !cw_gst_pipeline_get_volume (pipeline, &value, &muted)) {
    g_set_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("The volume is not known."));
    return FALSE;
  }
  *mute = muted;
  *n_channels = 2;
  *volume = g_new (guint16, 2);
  (*volume)[0] = (*volume)[1] = value;
  return TRUE;
}

static gboolean
get_playback_volume_info_finish (SpiceAudio *audio, GAsyncResult *result, gboolean *mute, guint8 *n_channels,
                                 guint16 **volume, GError **error)
{
  CwGstAudio *self = CW_GST_AUDIO (audio);
  CwGstPipeline *pipeline = self->players->len > 0 ? cw_gst_player_pipeline (self->players->pdata[0]) : NULL;

  return g_task_propagate_boolean (G_TASK (result), error) && give_volume (pipeline, mute, n_channels, volume, error);
}

static gboolean
get_record_volume_info_finish (SpiceAudio *audio, GAsyncResult *result, gboolean *mute, guint8 *n_channels,
                               guint16 **volume, GError **error)
{
  CwGstAudio *self = CW_GST_AUDIO (audio);
  CwGstPipeline *pipeline = self->recorders->len > 0 ? cw_gst_recorder_pipeline (self->recorders->pdata[0]) : NULL;

  return g_task_propagate_boolean (G_TASK (result), error) && give_volume (pipeline, mute, n_channels, volume, error);
}

static void
constructed (GObject *object)
{
  G_OBJECT_CLASS (cw_gst_audio_parent_class)->constructed (object);
  if (SPICE_AUDIO (object)->priv->session)
    g_signal_connect_object (SPICE_AUDIO (object)->priv->session, "channel-destroy", G_CALLBACK (on_channel_destroy),
                             object, 0);
}

static void
dispose (GObject *object)
{
  CwGstAudio *self = CW_GST_AUDIO (object);

  g_ptr_array_set_size (self->players, 0);
  g_ptr_array_set_size (self->recorders, 0);
  G_OBJECT_CLASS (cw_gst_audio_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  g_ptr_array_unref (CW_GST_AUDIO (object)->players);
  g_ptr_array_unref (CW_GST_AUDIO (object)->recorders);
  G_OBJECT_CLASS (cw_gst_audio_parent_class)->finalize (object);
}

static void
cw_gst_audio_class_init (CwGstAudioClass *class)
{
  SpiceAudioClass *audio_class = SPICE_AUDIO_CLASS (class);

  G_OBJECT_CLASS (class)->constructed = constructed;
  G_OBJECT_CLASS (class)->dispose = dispose;
  G_OBJECT_CLASS (class)->finalize = finalize;
  audio_class->connect_channel = connect_channel;
  audio_class->get_playback_volume_info_async = get_playback_volume_info_async;
  audio_class->get_playback_volume_info_finish = get_playback_volume_info_finish;
  audio_class->get_record_volume_info_async = get_playback_volume_info_async;
  audio_class->get_record_volume_info_finish = get_record_volume_info_finish;
}

static void
cw_gst_audio_init (CwGstAudio *self)
{
  self->players = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_gst_player_free);
  self->recorders = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_gst_recorder_free);
}

GType
cw_audio_backend (void)
{
  g_autoptr (GError) error = NULL;

  if (gst_init_check (NULL, NULL, &error))
    return CW_TYPE_GST_AUDIO;
  g_warning ("sound does not work: %s", error ? error->message : "GStreamer cannot be used");
  return G_TYPE_INVALID;
}
