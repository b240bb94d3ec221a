/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Debugging and small helpers. */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

gboolean spice_util_get_debug (void);
void spice_util_set_debug (gboolean enabled);
const gchar *spice_util_get_version_string (void);
gulong spice_g_signal_connect_object (gpointer instance, const gchar *detailed_signal, GCallback c_handler,
                                      gpointer gobject, GConnectFlags connect_flags);
gchar *spice_uuid_to_string (const guint8 uuid[16]);

#define SPICE_DEBUG(fmt, ...)                                                                                          \
  do {                                                                                                                 \
    if (G_UNLIKELY (spice_util_get_debug ()))                                                                          \
      g_debug (G_STRLOC " " fmt, ##__VA_ARGS__);                                                                       \
  } while (0)

/* May stand beside reserved members of structures; it is nothing. */
#define SPICE_RESERVED_PADDING

G_END_DECLS
