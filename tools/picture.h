/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pixels of a display that are worked on before they are saved. */
#pragma once

#include <spice-client.h>
#include <stdbool.h>

typedef struct {
  int width, height;
  guint8 *rgb; /* rows of red, green, blue, without gaps */
} Picture;

/* A rectangle of the primary surface, which lies inside it. */
bool picture_init (Picture *self, const SpiceDisplayPrimary *primary, int x, int y, int width, int height,
                   GError **error);
void picture_clear (Picture *self);

/* Draws the pointer with its hot spot at x, y, as far as it lies in the picture. */
void picture_draw_cursor (Picture *self, const SpiceCursorShape *shape, int x, int y);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Picture, picture_clear)
