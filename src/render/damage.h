/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has changed on the primary since it was last reported, as a few disjoint rectangles. */
#pragma once

#include "base/geometry.h"

#include <pixman.h>

/* More pieces than this become one. */
#define CW_DAMAGE_MAX_RECTS 16

typedef struct {
  pixman_region32_t region;
} CwDamage;

void cw_damage_init (CwDamage *self);
void cw_damage_clear (CwDamage *self);

/* Adds box as far as it lies within a surface of width × height. */
void cw_damage_add (CwDamage *self, const CwRect *box, uint32_t width, uint32_t height);

/* Moves out all rectangles; returns how many, 0 if nothing changed. */
int cw_damage_take (CwDamage *self, CwRect rects[CW_DAMAGE_MAX_RECTS]);
