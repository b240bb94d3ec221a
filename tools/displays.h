/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The displays of a server, numbered from 0 over all its channels: a channel's monitors in the order of their ids, or
 * its whole surface when the server tells of no monitors. */
#pragma once

#include "client.h"

typedef struct {
  SpiceChannel *channel; /* borrowed */
  int number;
  int channel_id, monitor_id; /* monitor_id -1: the whole surface */
  int x, y, width, height;    /* inside what the channel shows (shown.h), pixels; cut to it */
} Display;

/* The displays of an open channel, the first with the given number; empty when it shows nothing. */
GArray *displays_of_channel (SpiceChannel *channel, int first);

/* Display channels in the order of their ids. Not referenced. */
GList *displays_list_channels (Client *client);

/* Opens display channels, as soon as they are offered, until the one that has this display. An error when there is
 * none, or when it is off. */
bool displays_find (Client *client, int number, Display *display, GError **error);

/* Opens the channel and waits until it shows something, or clearly does not. */
bool displays_open_channel (Client *client, SpiceChannel *channel, GError **error);
