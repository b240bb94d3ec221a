/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "migration.h"

struct DemoMigration {
  SpiceMigrateInstance instance; /* the first: callbacks have nothing else */
  SpiceServer *server;
  const char *state;
  bool is_added; /* the instance: a server that has one does not switch */
};

static void
on_connected (SpiceMigrateInstance *instance)
{
  ((DemoMigration *) instance)->state = "connected";
}

static void
on_ended (SpiceMigrateInstance *instance)
{
  ((DemoMigration *) instance)->state = "over";
}

static const SpiceMigrateInterface interface = {
  .base = { SPICE_INTERFACE_MIGRATION, "migration", SPICE_INTERFACE_MIGRATION_MAJOR, SPICE_INTERFACE_MIGRATION_MINOR },
  .migrate_connect_complete = on_connected,
  .migrate_end_complete = on_ended,
};

DemoMigration *
demo_migration_new (SpiceServer *server)
{
  DemoMigration *self = g_new0 (DemoMigration, 1);

  self->instance.base.sif = &interface.base;
  self->server = server;
  self->state = "none";
  return self;
}

void
demo_migration_free (DemoMigration *self)
{
  g_free (self);
}

bool
demo_migration_announce (DemoMigration *self, const DemoDestination *to)
{
  if (!self->is_added)
    spice_server_add_interface (self->server, &self->instance.base);
  self->is_added = true;
  self->state = "announced";
  return spice_server_migrate_connect (self->server, to->host, to->port, to->tls_port, to->subject) == 0;
}

void
demo_migration_end (DemoMigration *self, bool completed)
{
  self->state = "leaving";
  spice_server_migrate_start (self->server);
  if (completed)
    spice_server_vm_stop (self->server);
  spice_server_migrate_end (self->server, completed);
}

void
demo_migration_switch (DemoMigration *self, const DemoDestination *to)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  spice_server_migrate_info (self->server, to->host, to->port, to->tls_port, to->subject);
  spice_server_migrate_switch (self->server);
  G_GNUC_END_IGNORE_DEPRECATIONS
}

const char *
demo_migration_state (const DemoMigration *self)
{
  return self->state;
}
