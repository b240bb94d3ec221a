/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of channel types and the library's error domain. */
#include "spice-channel.h"
#include "spice-client.h"
#include "wire/messages.h"

/* clang-format off */
G_DEFINE_QUARK (spice-client-error-quark, spice_client_error)
/* clang-format on */

static const char *const names[] = {
  [CW_CHANNEL_MAIN] = "main",     [CW_CHANNEL_DISPLAY] = "display",     [CW_CHANNEL_INPUTS] = "inputs",
  [CW_CHANNEL_CURSOR] = "cursor", [CW_CHANNEL_PLAYBACK] = "playback",   [CW_CHANNEL_RECORD] = "record",
  [CW_CHANNEL_TUNNEL] = "tunnel", [CW_CHANNEL_SMARTCARD] = "smartcard", [CW_CHANNEL_USBREDIR] = "usbredir",
  [CW_CHANNEL_PORT] = "port",     [CW_CHANNEL_WEBDAV] = "webdav",
};

/**
 * spice_channel_type_to_string:
 * @type: a channel type
 *
 * Returns: the name of the type, "unknown" if there is none
 */
const gchar *
spice_channel_type_to_string (gint type)
{
  if (type < 0 || type >= (int) G_N_ELEMENTS (names) || !names[type])
    return "unknown";
  return names[type];
}

/**
 * spice_channel_string_to_type:
 * @str: the name of a channel type
 *
 * Returns: the type, -1 if the name is none
 */
gint
spice_channel_string_to_type (const gchar *str)
{
  g_return_val_if_fail (str != NULL, -1);

  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i] && strcmp (names[i], str) == 0)
      return (gint) i;
  return -1;
}
