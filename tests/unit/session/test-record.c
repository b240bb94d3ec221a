/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sound for the guest: when it is sent, cut into frames, and announced once. */
#include "steps.h"

#include "channel-record.h"
#include "channel/sound/mixer.h"
#include "codec/opus.h"

#include <string.h>

#define FRAME ((size_t) CW_AUDIO_FRAME_SAMPLES * 2 * 2)

static const uint8_t channels[] = { CW_CHANNEL_RECORD, 0 };
static uint8_t samples[3 * FRAME];

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpiceRecordChannel *record;
  GString *told;
} Case;

static void
on_start (SpiceRecordChannel *record, int format, int n_channels, int rate, Case *self)
{
  g_string_append_printf (self->told, "start %d %d %d; ", format, n_channels, rate);
}

static void
on_stop (SpiceRecordChannel *record, Case *self)
{
  g_string_append (self->told, "stop; ");
}

static void
on_notify (SpiceRecordChannel *record, GParamSpec *pspec, Case *self)
{
  const guint16 *volume;
  guint n;
  gboolean mute;

  g_object_get (record, "volume", &volume, "nchannels", &n, "mute", &mute, NULL);
  if (g_str_equal (pspec->name, "volume"))
    g_string_append_printf (self->told, "volume %u %u %u; ", n, volume[0], volume[n - 1]);
  if (g_str_equal (pspec->name, "mute"))
    g_string_append_printf (self->told, "mute %d; ", mute);
}

static void
begin (Case *self, uint32_t caps, void (*setup) (SpiceSession *session))
{
  *self = (Case){ .steps = steps_new (channels, 1, caps), .told = g_string_new (NULL) };
  self->session = steps_session (self->steps, setup);
  self->record = SPICE_RECORD_CHANNEL (client_channel (self->session, CW_CHANNEL_RECORD, 0));
  g_signal_connect (self->record, "record-start", G_CALLBACK (on_start), self);
  g_signal_connect (self->record, "record-stop", G_CALLBACK (on_stop), self);
  g_signal_connect (self->record, "notify", G_CALLBACK (on_notify), self);
}

static void
end (Case *self)
{
  steps_end (self->steps, self->session, self->told);
}

static void
send_start (Case *self)
{
  steps_send (self->steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_START,
              &(CwMsgRecordStart){ .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 48000 });
}

static void
expect_told (Case *self, const char *expected)
{
  steps_expect_told (self->steps, CW_CHANNEL_RECORD, self->told, expected);
}

static void
expect_mark (Case *self, uint16_t mode, uint32_t time)
{
  const CwMsgcRecordMode *heard = steps_next (self->steps, CW_CHANNEL_RECORD, CW_MSGC_RECORD_MODE)->data;
  const CwMsgcRecordStartMark *mark;

  g_assert_cmpuint (heard->mode, ==, mode);
  g_assert_cmpuint (heard->time, ==, time);
  mark = steps_next (self->steps, CW_CHANNEL_RECORD, CW_MSGC_RECORD_START_MARK)->data;
  g_assert_cmpuint (mark->time, ==, time);
}

static void
expect_frame (Case *self, size_t at, uint32_t time)
{
  const CwMsgcRecordData *heard = steps_next (self->steps, CW_CHANNEL_RECORD, CW_MSGC_RECORD_DATA)->data;

  g_assert_cmpuint (heard->time, ==, time);
  g_assert_cmpmem (heard->data.data, heard->data.size, samples + at, FRAME);
}

static void
test_frames (void)
{
  Case c;

  begin (&c, 0, NULL);
  /* Nobody wants it yet. */
  spice_record_channel_send_data (c.record, samples, FRAME, 1);
  send_start (&c);
  expect_told (&c, "start 1 2 48000; ");
  spice_record_channel_send_data (c.record, NULL, 0, 5);
  steps_heard_all (c.steps, CW_CHANNEL_RECORD);
  spice_record_channel_send_data (c.record, samples, 100, 10);
  expect_mark (&c, CW_AUDIO_DATA_MODE_RAW, 10);
  steps_heard_all (c.steps, CW_CHANNEL_RECORD);
  spice_record_channel_send_data (c.record, samples + 100, FRAME - 101, 20);
  steps_heard_all (c.steps, CW_CHANNEL_RECORD);
  spice_record_channel_send_data (c.record, samples + FRAME - 1, FRAME + 2, 30);
  expect_frame (&c, 0, 30);
  expect_frame (&c, FRAME, 30);
  steps_heard_all (c.steps, CW_CHANNEL_RECORD);
  steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_STOP, NULL);
  expect_told (&c, "stop; ");
  spice_record_channel_send_data (c.record, samples, FRAME, 40);
  steps_heard_all (c.steps, CW_CHANNEL_RECORD);
  /* Announced anew; what was left of the first stream is no part of the second. */
  send_start (&c);
  expect_told (&c, "start 1 2 48000; ");
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  spice_record_send_data (c.record, samples, FRAME, 50);
  G_GNUC_END_IGNORE_DEPRECATIONS
  expect_mark (&c, CW_AUDIO_DATA_MODE_RAW, 50);
  expect_frame (&c, 0, 50);
  steps_heard_all (c.steps, CW_CHANNEL_RECORD);
  spice_channel_disconnect (SPICE_CHANNEL (c.record), SPICE_CHANNEL_NONE);
  client_run (20);
  g_assert_cmpstr (c.told->str, ==, "stop; ");
  end (&c);
}

static void
test_mixer (void)
{
  const uint16_t volume[] = { 100, 65535 };
  Case c;

  begin (&c, 0, NULL);
  steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_VOLUME, &(CwMsgRecordVolume){ 2, volume });
  expect_told (&c, "volume 2 100 65535; ");
  steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_MUTE, &(CwMsgRecordMute){ 1 });
  expect_told (&c, "mute 1; ");
  steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_MUTE, &(CwMsgRecordMute){ 0 });
  expect_told (&c, "mute 0; ");
  end (&c);
}

static void
make_read_only (SpiceSession *session)
{
  g_object_set (session, "read-only", TRUE, NULL);
}

/* Nothing is heard in a session that only looks. */
static void
test_read_only (void)
{
  Case c;

  begin (&c, 0, make_read_only);
  send_start (&c);
  expect_told (&c, "start 1 2 48000; ");
  spice_record_channel_send_data (c.record, samples, FRAME, 1);
  steps_heard_all (c.steps, CW_CHANNEL_RECORD);
  end (&c);
}

static void
test_opus (gconstpointer forbidden)
{
  const CwMsgcRecordData *heard;
  Case c;

  if (forbidden)
    g_setenv ("SPICE_DISABLE_OPUS", "1", TRUE);
  begin (&c, 1u << CW_RECORD_CAP_OPUS, NULL);
  send_start (&c);
  expect_told (&c, "start 1 2 48000; ");
  spice_record_channel_send_data (c.record, samples, FRAME, 1);
  if (forbidden || !cw_opus_is_available ()) {
    expect_mark (&c, CW_AUDIO_DATA_MODE_RAW, 1);
    expect_frame (&c, 0, 1);
  } else {
    expect_mark (&c, CW_AUDIO_DATA_MODE_OPUS, 1);
    heard = steps_next (c.steps, CW_CHANNEL_RECORD, CW_MSGC_RECORD_DATA)->data;
    g_assert_cmpuint (heard->data.size, >, 0);
    g_assert_cmpuint (heard->data.size, <, FRAME / 2);
  }
  end (&c);
  g_unsetenv ("SPICE_DISABLE_OPUS");
}

/* What nothing can be made of is no start, and ends what was before. */
static void
test_odd_format (void)
{
  Case c;

  begin (&c, 0, NULL);
  send_start (&c);
  expect_told (&c, "start 1 2 48000; ");
  steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_START,
              &(CwMsgRecordStart){ .channels = 2, .format = CW_AUDIO_FMT_S16, .frequency = 0 });
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*2 channels and 0 Hz is passed over");
  expect_told (&c, "");
  g_test_assert_expected_messages ();
  spice_record_channel_send_data (c.record, samples, FRAME, 1);
  steps_heard_all (c.steps, CW_CHANNEL_RECORD);
  end (&c);
}

/* At the edges of what can be recorded. */
static void
test_limits (void)
{
  static const struct {
    uint32_t channels, rate;
    const char *told; /* or NULL: it is passed over */
  } rows[] = {
    { 1, 8000, "start 1 1 8000; " },
    { 8, 192000, "start 1 8 192000; " },
    { 1, 7999, NULL },
    { 1, 192001, NULL },
    { 9, 48000, NULL },
    { 0, 48000, NULL },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *warning
        = g_strdup_printf ("*%u channels and %u Hz is passed over", rows[i].channels, rows[i].rate);
    Case c;

    begin (&c, 0, NULL);
    if (!rows[i].told)
      g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, warning);
    steps_send (c.steps, CW_CHANNEL_RECORD, CW_MSG_RECORD_START,
                &(CwMsgRecordStart){ rows[i].channels, CW_AUDIO_FMT_S16, rows[i].rate });
    expect_told (&c, rows[i].told ? rows[i].told : "");
    g_test_assert_expected_messages ();
    end (&c);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  for (size_t i = 0; i < sizeof samples; i++)
    samples[i] = (uint8_t) (i * 3 >> 4);
  g_test_add_func ("/record/frames", test_frames);
  g_test_add_func ("/record/mixer", test_mixer);
  g_test_add_func ("/record/read-only", test_read_only);
  g_test_add_data_func ("/record/opus/used", NULL, test_opus);
  g_test_add_data_func ("/record/opus/forbidden", "", test_opus);
  g_test_add_func ("/record/odd-format", test_odd_format);
  g_test_add_func ("/record/limits", test_limits);
  return g_test_run ();
}
