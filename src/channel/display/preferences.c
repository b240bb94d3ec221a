/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the client would like the server to send. */
#include "base/i18n.h"
#include "channel/display/display.h"

#include "spice-client.h"

static void
send_compression (SpiceDisplayChannel *self, int compression)
{
  if (spice_channel_test_capability (SPICE_CHANNEL (self), CW_DISPLAY_CAP_PREF_COMPRESSION))
    cw_channel_send (SPICE_CHANNEL (self), CW_MSGC_DISPLAY_PREFERRED_COMPRESSION,
                     &(CwMsgcDisplayPreferredCompression){ .image_compression = (uint8_t) compression });
}

void
cw_display_preferences_up (SpiceDisplayChannel *self)
{
  SpiceChannel *channel = SPICE_CHANNEL (self);
  int compression = self->priv->wanted_compression;

  if (compression == 0 && cw_channel_session (channel))
    compression = cw_channel_display_host (channel)->preferred_compression (cw_channel_session (channel));
  self->priv->wanted_compression = 0;
  if (compression != 0)
    send_compression (self, compression);
}

/**
 * spice_display_channel_change_preferred_compression: (method)
 * @channel: (type SpiceDisplayChannel): a display channel
 * @compression: a #SpiceImageCompression
 *
 * Asks the server to compress pictures in a certain way. Nothing happens if the server cannot be asked, as long as the
 * channel is not connected among others.
 */
void
spice_display_channel_change_preferred_compression (SpiceChannel *channel, gint compression)
{
  g_return_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel));
  g_return_if_fail (compression > CW_IMAGE_COMPRESSION_INVALID && compression <= CW_IMAGE_COMPRESSION_LZ4);

  if (cw_channel_is_started (channel))
    send_compression (SPICE_DISPLAY_CHANNEL (channel), compression);
  else if (cw_channel_is_ready (channel))
    SPICE_DISPLAY_CHANNEL (channel)->priv->wanted_compression = compression; /* DISPLAY_INIT has to be first */
}

/**
 * spice_display_change_preferred_compression: (method)
 * @channel: (type SpiceDisplayChannel): a display channel
 * @compression: a #SpiceImageCompression
 *
 * The older name of spice_display_channel_change_preferred_compression().
 *
 * Deprecated: 0.35: use spice_display_channel_change_preferred_compression()
 */
void
spice_display_change_preferred_compression (SpiceChannel *channel, gint compression)
{
  spice_display_channel_change_preferred_compression (channel, compression);
}

/**
 * spice_display_channel_change_preferred_video_codec_types: (method)
 * @channel: (type SpiceDisplayChannel): a display channel
 * @codecs: (array length=ncodecs): #SpiceVideoCodecType values, the best first
 * @ncodecs: how many
 * @err: why it failed
 *
 * Asks the server to encode videos in a certain way.
 *
 * The error is %SPICE_CLIENT_ERROR_FAILED: the channel is not connected, the server cannot be asked, a number is none
 * of a codec, or there are more than 255.
 *
 * Returns: whether the server has been asked; %FALSE with @err if not
 */
gboolean
spice_display_channel_change_preferred_video_codec_types (SpiceChannel *channel, const gint *codecs, gsize ncodecs,
                                                          GError **err)
{
  g_autofree uint8_t *types = NULL;

  g_return_val_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel), FALSE);
  g_return_val_if_fail (codecs != NULL && ncodecs != 0, FALSE);

  if (ncodecs > UINT8_MAX) {
    g_set_error (err, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                 _ ("%zu video codecs are more than the %d that can be asked for."), ncodecs, UINT8_MAX);
    return FALSE;
  }
  types = g_new (uint8_t, ncodecs);
  for (gsize i = 0; i < ncodecs; i++) {
    if (codecs[i] < CW_VIDEO_CODEC_TYPE_MJPEG || codecs[i] > CW_VIDEO_CODEC_TYPE_H265) {
      g_set_error (err, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("%d is not the number of a video codec."),
                   codecs[i]);
      return FALSE;
    }
    types[i] = (uint8_t) codecs[i];
  }
  if (!cw_channel_is_ready (channel)) { /* what servers can is known afterwards */
    g_set_error_literal (err, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, _ ("The channel is not connected."));
    return FALSE;
  }
  if (!spice_channel_test_capability (channel, CW_DISPLAY_CAP_PREF_VIDEO_CODEC_TYPE)) {
    g_set_error (err, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                 _ ("The server does not let the client choose video codecs."));
    return FALSE;
  }
  cw_channel_send (channel, CW_MSGC_DISPLAY_PREFERRED_VIDEO_CODEC_TYPE,
                   &(CwMsgcDisplayPreferredVideoCodecType){ .codecs = { types, ncodecs } });
  return TRUE;
}

/**
 * spice_display_channel_change_preferred_video_codec_type: (method)
 * @channel: (type SpiceDisplayChannel): a display channel
 * @codec_type: a #SpiceVideoCodecType
 *
 * Asks the server to encode videos in a certain way. Nothing happens if the server cannot be asked.
 *
 * Deprecated: 0.38: use spice_display_channel_change_preferred_video_codec_types()
 */
void
spice_display_channel_change_preferred_video_codec_type (SpiceChannel *channel, gint codec_type)
{
  g_return_if_fail (SPICE_IS_DISPLAY_CHANNEL (channel));
  g_return_if_fail (codec_type >= CW_VIDEO_CODEC_TYPE_MJPEG && codec_type <= CW_VIDEO_CODEC_TYPE_H265);

  spice_display_channel_change_preferred_video_codec_types (channel, &codec_type, 1, NULL);
}

/**
 * spice_display_change_preferred_video_codec_type: (method)
 * @channel: (type SpiceDisplayChannel): a display channel
 * @codec_type: a #SpiceVideoCodecType
 *
 * The older name of spice_display_channel_change_preferred_video_codec_types(), for one codec.
 *
 * Deprecated: 0.35: use spice_display_channel_change_preferred_video_codec_types()
 */
void
spice_display_change_preferred_video_codec_type (SpiceChannel *channel, gint codec_type)
{
  spice_display_channel_change_preferred_video_codec_type (channel, codec_type);
}
