/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "control-port.h"

#include <gio/gio.h>

#define SEND_LIMIT (64 << 20)

static DemoPort *
find_port (DemoServer *server, DemoArgs *args, GError **error)
{
  DemoPort *port = args->noun ? demo_server_port (server, args->noun) : NULL;

  if (!port)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s: no port “%s”", args->verb, args->noun ? args->noun : "");
  return port;
}

static void
report (const DemoPort *port, GString *reply)
{
  DemoPortReport now;

  demo_port_report (port, &now);
  g_string_append_printf (reply,
                          " client=%d opened=%d received=%" G_GUINT64_FORMAT " sha256=%s waiting=%" G_GSIZE_FORMAT
                          " events=",
                          now.client, now.opened, now.received, now.sha256, now.waiting);
  for (guint i = 0; i < now.events->len; i++)
    g_string_append_printf (reply, "%s%u", i > 0 ? "," : "", g_array_index (now.events, guint8, i));
  g_free (now.sha256);
}

bool
demo_control_port (DemoServer *server, DemoArgs *args, GString *reply, GError **error)
{
  bool echo = false, sums = true, clear = false;
  const char *given_echo = demo_args_text (args, "echo"), *given_sums = demo_args_text (args, "sum");
  const char *given_room = demo_args_text (args, "room");
  int room = -1;
  DemoPort *port;

  if (!args->noun) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: a name is missing", args->verb);
    return false;
  }
  if (!demo_args_flag (args, "echo", &echo, error) || !demo_args_flag (args, "sum", &sums, error)
      || !demo_args_int (args, "room", -1, G_MAXINT, &room, error) || !demo_args_flag (args, "clear", &clear, error)
      || !demo_args_finish (args, error))
    return false;
  port = demo_server_port (server, args->noun);
  if (!port)
    port = demo_server_add_port (server, args->noun);
  if (given_echo)
    demo_port_set_echo (port, echo);
  if (given_sums)
    demo_port_set_sums (port, sums);
  if (given_room)
    demo_port_set_room (port, room);
  report (port, reply);
  if (clear)
    demo_port_clear (port);
  return true;
}

/* Byte i of a pattern is 7·i + 13·⌊i/256⌋ + seed. */
bool
demo_control_port_send (DemoServer *server, DemoArgs *args, GError **error)
{
  DemoPort *port = find_port (server, args, error);
  int size = 0, seed = 0;
  g_autofree guint8 *data = NULL;

  if (!port || !demo_args_need (args, "size", error) || !demo_args_int (args, "size", 0, SEND_LIMIT, &size, error)
      || !demo_args_int (args, "seed", 0, 255, &seed, error) || !demo_args_finish (args, error))
    return false;
  data = g_malloc (MAX (size, 1));
  for (int i = 0; i < size; i++)
    data[i] = 7 * i + 13 * (i >> 8) + seed;
  demo_port_send (port, data, size);
  return true;
}

bool
demo_control_port_event (DemoServer *server, DemoArgs *args, GError **error)
{
  DemoPort *port = find_port (server, args, error);
  int number = 0;

  if (!port || !demo_args_need (args, "number", error) || !demo_args_int (args, "number", 0, 255, &number, error)
      || !demo_args_finish (args, error))
    return false;
  demo_port_event (port, number);
  return true;
}
