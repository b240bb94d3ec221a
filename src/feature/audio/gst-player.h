/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays what one playback channel brings. */
#pragma once

#include "channel-playback.h"
#include "feature/audio/gst-pipeline.h"

typedef struct CwGstPlayer CwGstPlayer;

/* Listens to the channel as long as it lives. */
CwGstPlayer *cw_gst_player_new (SpicePlaybackChannel *channel, GMainContext *context);
void cw_gst_player_free (CwGstPlayer *self);

CwGstPipeline *cw_gst_player_pipeline (CwGstPlayer *self);
SpicePlaybackChannel *cw_gst_player_channel (CwGstPlayer *self);
