/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a session may use of its channels, and what it owes them. Everything belongs to the owner's thread. */
#pragma once

#include "channel/host.h"
#include "channel/identity.h"

/* open-fd was emitted and not answered yet. */
bool cw_channel_awaits_fd (SpiceChannel *self);
/* There is or was a connection, or an attempt. */
bool cw_channel_was_connected (SpiceChannel *self);
/* There is the beginning of a connection. */
bool cw_channel_is_connecting (SpiceChannel *self);

/* Linked to the target of a migration, where nothing happens yet. */
bool cw_channel_is_prepared (SpiceChannel *self);
/* Its connection uses TLS. */
bool cw_channel_is_secured (SpiceChannel *self);

/* Gives up a ready connection to change to another server: SWITCHING. cw_channel_switched () follows, then a
 * connection. */
void cw_channel_switch (SpiceChannel *self);
void cw_channel_switched (SpiceChannel *self);

/* Self, which has to be started, gets the connection of peer, which has to be prepared, and forgets what its server
 * said; peer gets the old connection, which is not read any more. Self is prepared then. */
void cw_channel_take_over (SpiceChannel *self, SpiceChannel *peer);
/* The turn of a prepared channel has come: it sends its first messages and reads. */
void cw_channel_start_over (SpiceChannel *self);
/* Takes back what a seamless migration has exchanged with peer. */
void cw_channel_take_back (SpiceChannel *self, SpiceChannel *peer);

/* Handles nothing more that comes from the server, until the channel is detached. */
void cw_channel_retire (SpiceChannel *self);

/* Takes the channel out of its session and closes its connection. True: connection_ended of the host comes later. */
bool cw_channel_detach (SpiceChannel *self);
