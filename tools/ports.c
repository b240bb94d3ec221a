/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ports.h"

#include <string.h>

#define TRIED "caraway-tried"

static bool
has_name (gpointer data)
{
  g_autofree char *name = NULL;

  g_object_get (data, "port-name", &name, NULL);
  return name != NULL;
}

static bool
is_opened (gpointer data)
{
  gboolean opened;

  g_object_get (data, "port-opened", &opened, NULL);
  return opened;
}

typedef struct {
  const char *name;
  GCallback on_data;
  gpointer data;
} Wanted;

/* The name comes before the first byte. */
static void
on_port_data (SpicePortChannel *port, gpointer bytes, gint size, const Wanted *wanted)
{
  g_autofree char *name = NULL;

  g_object_get (port, "port-name", &name, NULL);
  if (g_strcmp0 (name, wanted->name) == 0)
    ((void (*) (SpicePortChannel *, gpointer, gint, gpointer)) wanted->on_data) (port, bytes, size, wanted->data);
}

static bool
learn_name (Client *client, SpiceChannel *port, const Wanted *wanted, char **name, GError **error)
{
  gulong handler = g_signal_connect (port, "port-data", G_CALLBACK (on_port_data), (gpointer) wanted);
  int id;
  bool ok;

  if (!wanted->on_data)
    g_signal_handler_block (port, handler);
  g_object_get (port, "channel-id", &id, NULL);
  ok = client_open_channel (client, SPICE_CHANNEL_PORT, id, error)
       && client_wait (client, has_name, port, "the name of a port", error);
  if (ok)
    g_object_get (port, "port-name", name, NULL);
  if (ok && g_str_equal (*name, wanted->name)) {
    ok = client_wait (client, is_opened, port, "the other end of the port to open it", error);
    if (ok && wanted->on_data)
      g_signal_connect (port, "port-data", wanted->on_data, wanted->data);
  }
  g_signal_handler_disconnect (port, handler);
  return ok;
}

/* A server tells the name of a port only to who connects it. */
static bool
find_port (Client *client, const Wanted *wanted, SpiceChannel **found, GString *others, GError **error)
{
  g_autoptr (GList) channels = g_list_reverse (spice_session_get_channels (client_session (client)));

  for (GList *l = channels; l && !*found; l = l->next) {
    g_autofree char *port_name = NULL;
    int type;

    g_object_get (l->data, "channel-type", &type, NULL);
    if (type != SPICE_CHANNEL_PORT || g_object_get_data (l->data, TRIED))
      continue;
    g_object_set_data (l->data, TRIED, client);
    if (!learn_name (client, l->data, wanted, &port_name, error))
      return false;
    if (strcmp (port_name, wanted->name) == 0) {
      *found = l->data;
    } else {
      g_string_append_printf (others, "%s\"%s\"", others->len > 0 ? ", " : "", port_name);
      client_close_channel (client, l->data);
    }
  }
  return true;
}

static bool
has_ports (gpointer client)
{
  g_autoptr (GList) channels = spice_session_get_channels (client_session (client));

  for (GList *l = channels; l; l = l->next)
    if (SPICE_IS_PORT_CHANNEL (l->data))
      return true;
  return client_has_channels (client);
}

SpicePortChannel *
ports_open (Client *client, const char *name, GCallback on_data, gpointer data, GError **error)
{
  const Wanted wanted = { name, on_data, data };
  GString *others = g_string_new (NULL);
  SpiceChannel *found = NULL;
  bool ok = client_wait (client, has_ports, client, "the port", error)
            && find_port (client, &wanted, &found, others, error);

  if (ok && !found)
    ok = client_wait_channels (client, error) && find_port (client, &wanted, &found, others, error);

  if (ok && !found) {
    g_autofree char *what
        = g_strdup_printf ("port \"%s\"; it offers: %s", name, others->len > 0 ? others->str : "none");

    g_propagate_error (error, client_lacks (client, what));
  }
  g_string_free (others, TRUE);
  return found ? SPICE_PORT_CHANNEL (found) : NULL;
}
