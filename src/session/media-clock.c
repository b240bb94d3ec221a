/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multimedia time: the server's, until sound plays; then what is heard is the clock. Of several playback channels the
 * one that has played longest counts. */
#include "session/session.h"

/* A step forward beyond this makes the users of the clock start anew, as one back does. */
#define JUMP_MS 500

static void
set_time (SpiceSession *self, uint32_t time)
{
  CwClock *clock = &self->priv->media.clock;
  int64_t now = g_get_monotonic_time ();
  int32_t step = (int32_t) (time - cw_clock_time (clock, now));

  clock->offset = (uint32_t) (now / 1000) - time;
  if (step < 0 || step > JUMP_MS)
    g_signal_emit (self, cw_session_signals[CW_SESSION_MM_TIME_RESET], 0);
}

void
cw_session_server_time (SpiceSession *self, uint32_t time)
{
  CwMediaClock *media = &self->priv->media;

  if (media->playing.length > 0) { /* it counts again when the sound ends */
    media->server_us = g_get_monotonic_time ();
    media->server_time = time;
    media->has_server_time = true;
    return;
  }
  set_time (self, time);
}

static void
resume_server_time (SpiceSession *self)
{
  CwMediaClock *media = &self->priv->media;

  if (!media->has_server_time)
    return;
  media->has_server_time = false;
  set_time (self, media->server_time + (uint32_t) ((g_get_monotonic_time () - media->server_us) / 1000));
}

void
cw_session_set_playing (SpiceSession *self, SpiceChannel *channel, bool playing)
{
  CwMediaClock *media = &self->priv->media;

  if (playing == (g_queue_find (&media->playing, channel) != NULL))
    return;
  if (playing) {
    g_queue_push_tail (&media->playing, channel);
    return;
  }
  if (channel == media->playing.head->data)
    media->audio_delay = 0;
  g_queue_remove (&media->playing, channel);
  if (media->playing.length == 0)
    resume_server_time (self);
}

void
cw_session_heard (SpiceSession *self, SpiceChannel *channel, uint32_t time, uint32_t delay_ms)
{
  CwMediaClock *media = &self->priv->media;

  if (media->playing.length > 0 && media->playing.head->data != channel)
    return;
  media->audio_delay = delay_ms;
  set_time (self, time - delay_ms);
}
