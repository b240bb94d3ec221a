/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control commands that send clients to another server. */
#pragma once

#include "args.h"
#include "server.h"

/* With a host: tells clients of it; without: reports. */
bool demo_control_migration (DemoServer *server, DemoArgs *args, GString *reply, GError **error);
bool demo_control_migration_end (DemoServer *server, DemoArgs *args, GError **error);
bool demo_control_migration_switch (DemoServer *server, DemoArgs *args, GError **error);
