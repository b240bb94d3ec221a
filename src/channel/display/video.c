/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a display channel announces, knows and tells about video; decoding and showing it is the render's. */
#include "channel/display/display.h"
#include "channel/host.h"

#define DISABLE_REPORTS "SPICE_DISABLE_ADAPTIVE_STREAMING"

static const struct {
  uint8_t codec;
  uint8_t capability;
} codecs[] = {
  { CW_VIDEO_CODEC_TYPE_MJPEG, CW_DISPLAY_CAP_CODEC_MJPEG }, { CW_VIDEO_CODEC_TYPE_VP8, CW_DISPLAY_CAP_CODEC_VP8 },
  { CW_VIDEO_CODEC_TYPE_H264, CW_DISPLAY_CAP_CODEC_H264 },   { CW_VIDEO_CODEC_TYPE_VP9, CW_DISPLAY_CAP_CODEC_VP9 },
  { CW_VIDEO_CODEC_TYPE_H265, CW_DISPLAY_CAP_CODEC_H265 },
};

void
cw_display_video_announce (SpiceDisplayChannel *self)
{
  SpiceChannel *channel = SPICE_CHANNEL (self);
  CwRenderGroup *group;

  if (!cw_channel_session (channel))
    return;
  group = cw_channel_display_host (channel)->render_group (cw_channel_session (channel));
  for (size_t i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (cw_render_group_can_decode (group, codecs[i].codec))
      cw_channel_add_capability (channel, codecs[i].capability);
  }
  if (!g_getenv (DISABLE_REPORTS) && g_strcmp0 (g_getenv ("SPICE_DISPLAY_CAP_STREAM_REPORT"), "0") != 0)
    cw_channel_add_capability (channel, CW_DISPLAY_CAP_STREAM_REPORT);
}

/**
 * SpiceDisplayChannel::gst-video-overlay:
 * @display: the channel
 * @pipeline: (nullable): a #GstPipeline that has not been started; %NULL: the video is drawn on the surface
 *
 * A video begins on a surface that shows nothing else. A handler that returns %TRUE has the pipeline's window shown
 * by the application, and nothing of this video is drawn on the surface.
 *
 * Returns: whether the application shows the video
 */
void
cw_display_video_install_signals (GType type)
{
  /* Programs connect to it whatever the library was built with. */
  GType pipeline = cw_channel_pipeline_type ? cw_channel_pipeline_type () : G_TYPE_OBJECT;

  g_signal_new ("gst-video-overlay", type, 0, 0, NULL, NULL, NULL, G_TYPE_BOOLEAN, 1, pipeline);
}

bool
cw_display_video_overlay (gpointer data, gpointer pipeline)
{
  gboolean taken = FALSE;

  if (cw_channel_pipeline_type)
    g_signal_emit_by_name (data, "gst-video-overlay", pipeline, &taken);
  return pipeline && taken;
}

CwMediaTime
cw_display_media_time (gpointer data)
{
  SpiceChannel *channel = data;

  if (!cw_channel_session (channel))
    return (CwMediaTime){ 0 };
  return cw_channel_display_host (channel)->media_time (cw_channel_session (channel));
}

void
cw_display_stream_report (gpointer data, const CwMsgcDisplayStreamReport *report)
{
  SpiceChannel *channel = data;

  if (spice_channel_test_capability (channel, CW_DISPLAY_CAP_STREAM_REPORT))
    cw_channel_send (channel, CW_MSGC_DISPLAY_STREAM_REPORT, report);
}
