/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which channel it is and whether it works: what everybody may ask. */
#pragma once

#include "spice-channel.h"

#include <stdbool.h>

int cw_channel_type (SpiceChannel *self);
int cw_channel_id (SpiceChannel *self);

/* NULL when the channel is out of its session. Borrowed. */
SpiceSession *cw_channel_session (SpiceChannel *self);

/* There is a connection, or the beginning of one. */
bool cw_channel_is_active (SpiceChannel *self);
/* Likewise, or there was one whose last event is still to come. */
bool cw_channel_is_running (SpiceChannel *self);
/* Messages can be sent. */
bool cw_channel_is_ready (SpiceChannel *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceChannel, g_object_unref)
