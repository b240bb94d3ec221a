/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the demo shows when nobody tells it what to draw: a still, and then things that move on it. */
#pragma once

#include "device.h"

typedef struct DemoScene DemoScene;

/* Draws the still at once. `title` appears in the heading. */
DemoScene *demo_scene_new (DemoDevice *device, const char *title);
void demo_scene_free (DemoScene *self);
/* One frame of the animation; does nothing while the server has not taken the last ones. */
void demo_scene_step (DemoScene *self);
