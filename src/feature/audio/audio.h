/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceAudio, and the feature that brings it into a session. */
#pragma once

#include "session/feature.h"
#include "spice-audio.h"

struct _SpiceAudioPrivate {
  SpiceSession *session; /* weak */
  GMainContext *context;
};

extern const CwFeature cw_audio_feature;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceAudio, g_object_unref)

/* The back end: a subclass of SpiceAudio. G_TYPE_INVALID: the library was built without one, or it does not work. */
GType cw_audio_backend (void);
