/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-migration.h"

#include <gio/gio.h>

static bool
read_destination (DemoArgs *args, DemoDestination *to, GError **error)
{
  *to = (DemoDestination){
    .host = demo_args_text (args, "host"), .subject = demo_args_text (args, "subject"), .port = -1, .tls_port = -1
  };
  return demo_args_int (args, "port", 1, 65535, &to->port, error)
         && demo_args_int (args, "tls-port", 1, 65535, &to->tls_port, error) && demo_args_finish (args, error);
}

bool
demo_control_migration (DemoServer *server, DemoArgs *args, GString *reply, GError **error)
{
  DemoDestination to;

  if (!read_destination (args, &to, error))
    return false;
  if (to.host && !demo_migration_announce (server->migration, &to)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: the server does not have it", args->verb);
    return false;
  }
  g_string_append_printf (reply, " state=%s", demo_migration_state (server->migration));
  return true;
}

bool
demo_control_migration_end (DemoServer *server, DemoArgs *args, GError **error)
{
  bool completed = true;

  if (!demo_args_flag (args, "completed", &completed, error) || !demo_args_finish (args, error))
    return false;
  demo_migration_end (server->migration, completed);
  return true;
}

bool
demo_control_migration_switch (DemoServer *server, DemoArgs *args, GError **error)
{
  DemoDestination to;

  if (!demo_args_need (args, "host", error) || !read_destination (args, &to, error))
    return false;
  if (!g_str_equal (demo_migration_state (server->migration), "none")) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: not after a migration", args->verb);
    return false;
  }
  demo_migration_switch (server->migration, &to);
  return true;
}
