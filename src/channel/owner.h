/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session may use of its channels, and what it owes them. Everything belongs to the owner's thread. */
#pragma once

#include "channel/host.h"
#include "channel/identity.h"

/* open-fd was emitted and not answered yet. */
bool cw_channel_awaits_fd (SpiceChannel *self);
/* There is the beginning of a connection. */
bool cw_channel_is_connecting (SpiceChannel *self);

/* Handles nothing more that comes from the server, until the channel is detached. */
void cw_channel_retire (SpiceChannel *self);

/* Takes the channel out of its session and closes its connection. True: connection_ended of the host comes later. */
bool cw_channel_detach (SpiceChannel *self);
