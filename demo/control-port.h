/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control commands for ports; their noun is the port's name. */
#pragma once

#include "args.h"
#include "server.h"

/* Makes the port if there is none of this name, sets what is given, and reports. */
bool demo_control_port (DemoServer *server, DemoArgs *args, GString *reply, GError **error);
bool demo_control_port_send (DemoServer *server, DemoArgs *args, GError **error);
bool demo_control_port_event (DemoServer *server, DemoArgs *args, GError **error);
