/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends the clients of a server to another one, as a machine's migration does: they are told of it, and follow when it
 * ends. */
#pragma once

#include <glib.h>
#include <spice.h>
#include <stdbool.h>

typedef struct DemoMigration DemoMigration;

typedef struct {
  const char *host, *subject; /* subject may be NULL */
  int port, tls_port;         /* -1: none */
} DemoDestination;

DemoMigration *demo_migration_new (SpiceServer *server);
void demo_migration_free (DemoMigration *self);

/* Clients connect to the destination; false: the server does not have it. */
bool demo_migration_announce (DemoMigration *self, const DemoDestination *to);
/* They go there, or stay. */
void demo_migration_end (DemoMigration *self, bool completed);
/* They go there at once, without having been told before. Only of a server that has announced nothing. */
void demo_migration_switch (DemoMigration *self, const DemoDestination *to);

/* "none", "announced", "connected" (or not: the client has answered), "leaving", "over". */
const char *demo_migration_state (const DemoMigration *self);
