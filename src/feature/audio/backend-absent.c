/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for gst-audio.c where the library is built without GStreamer. */
#include "feature/audio/audio.h"

GType
cw_audio_backend (void)
{
  return G_TYPE_INVALID;
}
