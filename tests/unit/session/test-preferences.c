/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a display asks its server for: how pictures are compressed and videos encoded, and how videos went. */
#include "steps.h"

#include "channel/display/display.h"
#include "session/session.h"
#include "spice-client.h"

#define CAN_COMPRESS (1u << CW_DISPLAY_CAP_PREF_COMPRESSION)
#define CAN_CODECS (1u << CW_DISPLAY_CAP_PREF_VIDEO_CODEC_TYPE)
#define CAN_REPORT (1u << CW_DISPLAY_CAP_STREAM_REPORT)

static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpiceChannel *display;
} Case;

static void
begin (Case *self, uint32_t caps, void (*setup) (SpiceSession *session))
{
  self->steps = steps_new (channels, 1, caps);
  self->session = steps_session (self->steps, setup);
  self->display = client_channel (self->session, CW_CHANNEL_DISPLAY, 0);
  steps_next (self->steps, CW_CHANNEL_DISPLAY, CW_MSGC_DISPLAY_INIT);
}

static void
end (Case *self)
{
  client_end (self->session);
  steps_free (self->steps);
}

static void
expect_compression (Case *self, int compression)
{
  const CwMsgcDisplayPreferredCompression *heard
      = steps_next (self->steps, CW_CHANNEL_DISPLAY, CW_MSGC_DISPLAY_PREFERRED_COMPRESSION)->data;

  g_assert_cmpint (heard->image_compression, ==, compression);
}

static void
expect_codecs (Case *self, const uint8_t *codecs, size_t n)
{
  const CwMsgcDisplayPreferredVideoCodecType *heard
      = steps_next (self->steps, CW_CHANNEL_DISPLAY, CW_MSGC_DISPLAY_PREFERRED_VIDEO_CODEC_TYPE)->data;

  g_assert_cmpmem (heard->codecs.data, heard->codecs.size, codecs, n);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
test_compression (void)
{
  Case c;

  begin (&c, CAN_COMPRESS, NULL);
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY); /* nobody has wished for anything */
  spice_display_channel_change_preferred_compression (c.display, SPICE_IMAGE_COMPRESSION_OFF);
  expect_compression (&c, SPICE_IMAGE_COMPRESSION_OFF);
  spice_display_change_preferred_compression (c.display, SPICE_IMAGE_COMPRESSION_LZ4);
  expect_compression (&c, SPICE_IMAGE_COMPRESSION_LZ4);
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY);
  end (&c);

  begin (&c, 0, NULL);
  spice_display_channel_change_preferred_compression (c.display, SPICE_IMAGE_COMPRESSION_OFF);
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY);
  end (&c);
}

static void
wish (SpiceSession *session)
{
  g_object_set (session, "preferred-compression", SPICE_IMAGE_COMPRESSION_QUIC, NULL);
}

static void
on_opened (SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
  if (event == SPICE_CHANNEL_OPENED)
    spice_display_channel_change_preferred_compression (channel, SPICE_IMAGE_COMPRESSION_GLZ);
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  if (SPICE_IS_DISPLAY_CHANNEL (channel))
    g_signal_connect (channel, "channel-event", G_CALLBACK (on_opened), NULL);
}

static void
wish_early (SpiceSession *session)
{
  wish (session);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel), NULL);
}

/* The session's wish is told at each beginning; a handler of OPENED knows better, for this once. */
static void
test_compression_of_session (void)
{
  Case c;

  begin (&c, CAN_COMPRESS, wish);
  expect_compression (&c, SPICE_IMAGE_COMPRESSION_QUIC);
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY);
  end (&c);

  begin (&c, 0, wish);
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY);
  end (&c);

  begin (&c, CAN_COMPRESS, wish_early);
  expect_compression (&c, SPICE_IMAGE_COMPRESSION_GLZ);
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY);
  g_signal_handlers_disconnect_by_func (c.display, on_opened, NULL);
  spice_channel_disconnect (c.display, SPICE_CHANNEL_NONE);
  spice_channel_connect (c.display);
  steps_next (c.steps, CW_CHANNEL_DISPLAY, CW_MSGC_DISPLAY_INIT);
  expect_compression (&c, SPICE_IMAGE_COMPRESSION_QUIC);
  end (&c);
}

static void
test_codecs (void)
{
  const gint wanted[] = { SPICE_VIDEO_CODEC_TYPE_H265, SPICE_VIDEO_CODEC_TYPE_MJPEG };
  const uint8_t told[] = { SPICE_VIDEO_CODEC_TYPE_H265, SPICE_VIDEO_CODEC_TYPE_MJPEG };
  static const struct {
    gint codecs[2], wrong;
  } bad[] = { { { SPICE_VIDEO_CODEC_TYPE_VP8, 0 }, 0 }, { { SPICE_VIDEO_CODEC_TYPE_H265 + 1, 1 }, 6 } };
  gint many[256];
  uint8_t most[255];
  g_autoptr (GError) error = NULL;
  Case c;

  for (unsigned i = 0; i < G_N_ELEMENTS (many); i++)
    many[i] = SPICE_VIDEO_CODEC_TYPE_VP9;
  memset (most, SPICE_VIDEO_CODEC_TYPE_VP9, sizeof most);
  begin (&c, CAN_CODECS, NULL);
  g_assert_true (spice_display_channel_change_preferred_video_codec_types (c.display, wanted, 2, &error));
  g_assert_no_error (error);
  expect_codecs (&c, told, 2);
  spice_display_channel_change_preferred_video_codec_type (c.display, SPICE_VIDEO_CODEC_TYPE_MJPEG);
  expect_codecs (&c, told + 1, 1);
  spice_display_change_preferred_video_codec_type (c.display, SPICE_VIDEO_CODEC_TYPE_H265);
  expect_codecs (&c, told, 1);
  g_assert_true (spice_display_channel_change_preferred_video_codec_types (c.display, many, 255, NULL));
  expect_codecs (&c, most, 255);
  g_assert_false (spice_display_channel_change_preferred_video_codec_types (c.display, many, 256, &error));
  g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "256 video codecs are more than the 255 that can be asked for.");
  g_clear_error (&error);
  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *text = g_strdup_printf ("%d is not the number of a video codec.", bad[i].wrong);

    g_assert_false (spice_display_channel_change_preferred_video_codec_types (c.display, bad[i].codecs, 2, &error));
    g_assert_cmpstr (error->message, ==, text);
    g_clear_error (&error);
  }
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY);
  spice_channel_disconnect (c.display, SPICE_CHANNEL_NONE);
  g_assert_false (spice_display_channel_change_preferred_video_codec_types (c.display, wanted, 2, &error));
  g_assert_cmpstr (error->message, ==, "The channel is not connected.");
  g_clear_error (&error);
  end (&c);

  begin (&c, 0, NULL);
  g_assert_false (spice_display_channel_change_preferred_video_codec_types (c.display, wanted, 2, &error));
  g_assert_cmpstr (error->message, ==, "The server does not let the client choose video codecs.");
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY);
  end (&c);
}

G_GNUC_END_IGNORE_DEPRECATIONS

static void
test_report (void)
{
  const CwMsgcDisplayStreamReport report = { .stream_id = 3, .unique_id = 4, .num_frames = 5, .num_drops = 6 };
  const CwMsgcDisplayStreamReport *heard;
  Case c;

  begin (&c, CAN_REPORT, NULL);
  cw_display_stream_report (c.display, &report);
  heard = steps_next (c.steps, CW_CHANNEL_DISPLAY, CW_MSGC_DISPLAY_STREAM_REPORT)->data;
  g_assert_cmpuint (heard->stream_id, ==, 3);
  g_assert_cmpuint (heard->num_drops, ==, 6);
  end (&c);
  begin (&c, 0, NULL);
  cw_display_stream_report (c.display, &report);
  steps_heard_all (c.steps, CW_CHANNEL_DISPLAY);
  end (&c);
}

/* The time by which videos are shown is the session's. */
static void
test_video (void)
{
  CwMediaTime media;
  Case c;

  begin (&c, 0, NULL);
  cw_session_server_time (c.session, 77000000);
  media = cw_display_media_time (c.display);
  g_assert_cmpuint (media.time - 77000000, <, 600000);
  g_assert_false (media.sound);
  cw_session_set_playing (c.session, c.display, true);
  media = cw_display_media_time (c.display);
  g_assert_true (media.sound);
  cw_session_set_playing (c.session, c.display, false);
  end (&c);
}

static gboolean
on_overlay (SpiceDisplayChannel *channel, gpointer pipeline, gpointer heard)
{
  g_ptr_array_add (heard, pipeline);
  return TRUE;
}

/* A program that shows videos by itself is asked; without a pipeline there is nothing that it could show. */
static void
test_overlay (void)
{
  g_autoptr (GObject) pipeline = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GPtrArray) heard = g_ptr_array_new ();
  Case c;

  begin (&c, 0, NULL);
  g_assert_false (cw_display_video_overlay (c.display, pipeline));
  g_signal_connect (c.display, "gst-video-overlay", G_CALLBACK (on_overlay), heard);
  g_assert_true (cw_display_video_overlay (c.display, pipeline));
  g_assert_false (cw_display_video_overlay (c.display, NULL));
  g_assert_cmpuint (heard->len, ==, 2);
  g_assert_true (heard->pdata[0] == pipeline);
  g_assert_null (heard->pdata[1]);
  end (&c);
}

static bool
announces (Case *self, uint32_t cap)
{
  return (steps_client_caps (self->steps, CW_CHANNEL_DISPLAY) & 1u << cap) != 0;
}

/* What the client says of itself: a codec it has, and reports unless the environment forbids them. */
static void
test_announced (void)
{
  static const char *const forbidding[][2]
      = { { "SPICE_DISABLE_ADAPTIVE_STREAMING", "1" }, { "SPICE_DISPLAY_CAP_STREAM_REPORT", "0" } };
  Case c;

  begin (&c, 0, NULL);
  g_assert_true (announces (&c, CW_DISPLAY_CAP_CODEC_MJPEG));
  g_assert_false (announces (&c, CW_DISPLAY_CAP_CODEC_VP8)); /* here nobody decodes it */
  g_assert_true (announces (&c, CW_DISPLAY_CAP_STREAM_REPORT));
  end (&c);
  for (unsigned i = 0; i < G_N_ELEMENTS (forbidding); i++) {
    g_setenv (forbidding[i][0], forbidding[i][1], TRUE);
    begin (&c, 0, NULL);
    g_assert_false (announces (&c, CW_DISPLAY_CAP_STREAM_REPORT));
    g_assert_true (announces (&c, CW_DISPLAY_CAP_CODEC_MJPEG));
    end (&c);
    g_unsetenv (forbidding[i][0]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/preferences/compression", test_compression);
  g_test_add_func ("/preferences/compression-of-session", test_compression_of_session);
  g_test_add_func ("/preferences/D9-codecs", test_codecs);
  g_test_add_func ("/preferences/report", test_report);
  g_test_add_func ("/preferences/video", test_video);
  g_test_add_func ("/preferences/overlay", test_overlay);
  g_test_add_func ("/preferences/announced", test_announced);
  return g_test_run ();
}
