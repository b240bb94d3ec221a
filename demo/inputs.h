/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keyboard, mouse and tablet: remembers what arrived, in order, as lines of text. */
#pragma once

#include <glib.h>
#include <spice.h>
#include <stdbool.h>

typedef struct DemoInputs DemoInputs;

/* With a tablet the server offers client mouse mode. */
DemoInputs *demo_inputs_new (SpiceServer *server, bool tablet);
void demo_inputs_free (DemoInputs *self);
void demo_inputs_set_tablet (DemoInputs *self, bool tablet);
/* Tells clients that the guest's lock keys changed (SpiceKeyboardModifierFlags). */
void demo_inputs_set_leds (DemoInputs *self, int leds);
/* What arrived since the last clear; the lines stay the object's. At most 65536 are kept, later ones are counted. */
const GPtrArray *demo_inputs_log (DemoInputs *self, guint64 *lost);
void demo_inputs_clear (DemoInputs *self);
