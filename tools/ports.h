/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of a server by their names. */
#pragma once

#include "client.h"

/* Connects the port of this name and waits until it is open; the others are left alone again. on_data, a handler of
 * port-data, or NULL, hears the port from its first byte on. Borrowed. */
SpicePortChannel *ports_open (Client *client, const char *name, GCallback on_data, gpointer data, GError **error);
