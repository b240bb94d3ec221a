/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of channel types and the library's error domain. */
#include "spice-channel.h"
#include "spice-client.h"
#include "wire/types.h"

/**
 * spice_client_error_quark:
 *
 * The domain of the library's errors, SPICE_CLIENT_ERROR.
 *
 * Returns: the quark
 */
GQuark
spice_client_error_quark (void)
{
  return g_quark_from_static_string ("spice-client-error-quark");
}

/**
 * spice_channel_type_to_string:
 * @type: a channel type
 *
 * Names a type of channel, such as "display".
 *
 * Returns: the name of the type, "unknown" if there is none
 */
const gchar *
spice_channel_type_to_string (gint type)
{
  const char *name = type < 0 ? NULL : cw_channel_type_name ((unsigned) type);

  return name ? name : "unknown";
}

/**
 * spice_channel_string_to_type:
 * @str: the name of a channel type
 *
 * Finds the type of channel of that name, such as "display".
 *
 * Returns: the type, -1 if the name is none
 */
gint
spice_channel_string_to_type (const gchar *str)
{
  g_return_val_if_fail (str != NULL, -1);

  for (unsigned i = 0; i < cw_values_channel_type.n_values; i++)
    if (strcmp (cw_values_channel_type.values[i].name, str) == 0)
      return (gint) cw_values_channel_type.values[i].value;
  return -1;
}
