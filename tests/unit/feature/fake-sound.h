/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A loudspeaker and a microphone, which GStreamer prefers to all others, and which fail, take their time and have a
 * volume as a test wants it. */
#pragma once

#include <glib.h>

typedef struct {
  /* What happens; to be set at any time. */
  gint broken;   /* it cannot be opened */
  gint vanishes; /* it is lost at the next sound */
  gint slow;     /* microseconds to open and to close */
  /* What has happened. */
  gint n_opened, n_closed, n_refused;
  gint n_buffers; /* of sound */
  gint n_open;    /* at this time */
  gint shared;    /* it was opened while it was open */
  /* As GStreamer set it: 0 to 100, linear. */
  gint volume, mute;
} FakeSound;

extern FakeSound fake_speaker, fake_microphone;

/* Makes both known to GStreamer. */
void fake_sound_register (void);
/* Both as at the beginning. */
void fake_sound_reset (void);
