/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Debugging and small helpers of the public API. */
#include "spice-util.h"

#include "spice-version.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* -1: the environment has not been asked. */
static gint debug_enabled = -1;

/* Standard output is for what a program is for, and GLib's writer would put debug messages there. Where that writer
 * drops them they go the usual way as well, for an application's own writer. */
static void
write_debug (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  const GLogField fields[] = { { "MESSAGE", message, -1 }, { "GLIB_DOMAIN", domain, -1 } };
  g_autofree char *line = NULL;

  if (!spice_util_get_debug () || g_log_writer_default_would_drop (level, domain))
    g_log_default_handler (domain, level, message, NULL);
  if (!spice_util_get_debug ())
    return;
  line = g_log_writer_format_fields (level, fields, G_N_ELEMENTS (fields), g_log_writer_supports_color (STDERR_FILENO));
  fprintf (stderr, "%s\n", line);
}

/* When the library is loaded: of several handlers for a domain the last has it, which is to be the application's. */
static void __attribute__ ((constructor)) direct_debug (void)
{
  if (!g_getenv ("SPICE_DEBUG"))
    return;
  g_log_set_handler (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO, write_debug, NULL);
  g_atomic_int_set (&debug_enabled, 1);
}

static void
add_debug_domain (void)
{
  const char *domains = g_getenv ("G_MESSAGES_DEBUG");
  g_autofree char *more = NULL;

  if (!domains) {
    g_setenv ("G_MESSAGES_DEBUG", G_LOG_DOMAIN, TRUE);
  } else if (strcmp (domains, "all") != 0 && !strstr (domains, G_LOG_DOMAIN)) {
    more = g_strconcat (domains, " ", G_LOG_DOMAIN, NULL);
    g_setenv ("G_MESSAGES_DEBUG", more, TRUE);
  }
}

/**
 * spice_util_set_debug:
 * @enabled: whether to print what happens
 *
 * Switches debugging messages on or off. Switched on here they are of the level that GLib writes to standard output;
 * with the environment's SPICE_DEBUG, to standard error.
 */
void
spice_util_set_debug (gboolean enabled)
{
  if (enabled)
    add_debug_domain ();
  g_atomic_int_set (&debug_enabled, enabled ? 1 : 0);
}

/**
 * spice_util_get_debug:
 *
 * Whether debug messages are written.
 *
 * Returns: whether debugging messages are printed
 */
gboolean
spice_util_get_debug (void)
{
  if (g_atomic_int_get (&debug_enabled) == -1)
    spice_util_set_debug (g_getenv ("SPICE_DEBUG") != NULL);
  return g_atomic_int_get (&debug_enabled) == 1;
}

/**
 * spice_util_get_version_string:
 *
 * The version of the API, such as "0.42".
 *
 * Returns: (transfer none): the version of the interface
 */
const gchar *
spice_util_get_version_string (void)
{
  return SPICE_CLIENT_VERSION;
}

/**
 * spice_uuid_to_string:
 * @uuid: (array fixed-size=16): 16 bytes
 *
 * Writes 16 bytes as a UUID.
 *
 * Returns: (transfer full): the usual notation
 */
gchar *
spice_uuid_to_string (const guint8 uuid[16])
{
  g_return_val_if_fail (uuid != NULL, NULL);

  return g_strdup_printf ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", uuid[0], uuid[1],
                          uuid[2], uuid[3], uuid[4], uuid[5], uuid[6], uuid[7], uuid[8], uuid[9], uuid[10], uuid[11],
                          uuid[12], uuid[13], uuid[14], uuid[15]);
}

/**
 * spice_g_signal_connect_object: (skip)
 * @instance: the object to listen to
 * @detailed_signal: the signal's name
 * @c_handler: the handler
 * @gobject: the object passed to the handler
 * @connect_flags: %G_CONNECT_AFTER and %G_CONNECT_SWAPPED are heeded
 *
 * Connects a handler that is disconnected when either object goes.
 *
 * Returns: the handler's id
 */
gulong
spice_g_signal_connect_object (gpointer instance, const gchar *detailed_signal, GCallback c_handler, gpointer gobject,
                               GConnectFlags connect_flags)
{
  g_return_val_if_fail (instance != NULL, 0);
  g_return_val_if_fail (detailed_signal != NULL, 0);
  g_return_val_if_fail (c_handler != NULL, 0);
  g_return_val_if_fail (G_IS_OBJECT (gobject), 0);

  return g_signal_connect_object (instance, detailed_signal, c_handler, gobject,
                                  connect_flags & (G_CONNECT_AFTER | G_CONNECT_SWAPPED));
}
