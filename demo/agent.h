/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest agent as a machine would have one, that does everything at once and keeps nothing but a clipboard: it takes
 * files and counts their bytes, asks for what a client copies, and then owns that itself, so that the client can have
 * it back. */
#pragma once

#include <glib.h>
#include <spice.h>

typedef struct DemoAgent DemoAgent;

DemoAgent *demo_agent_new (SpiceServer *server);
/* To be called when the server is gone. */
void demo_agent_free (DemoAgent *self);
