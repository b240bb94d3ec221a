/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a display channel shows, as pixels: a content in video memory where there is one, else the primary surface. */
#pragma once

#include <spice-client.h>
#include <stdbool.h>

typedef struct {
  SpiceDisplayPrimary surface;
  GBytes *pixels; /* of the surface; NULL: they are the channel's, which go on changing */
} Shown;

bool shown_in_video_memory (SpiceChannel *channel);

/* What the channel has told of last, a guest shows: without this, whatever there is in video memory. */
void shown_turn_to (SpiceChannel *channel, bool video_memory);

/* Whether what the channel shows, whose surface the server marked at that time, is not about to be another thing. */
bool shown_is_settled (SpiceChannel *channel, gint64 marked);

/* false: the channel shows nothing. */
bool shown_get_size (SpiceChannel *channel, int *width, int *height);

/* false: it shows nothing, or what is in video memory cannot be read. What shown had goes. */
bool shown_take (Shown *shown, SpiceChannel *channel, GError **error);
void shown_clear (Shown *shown);
