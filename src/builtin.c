/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library is made of: the only file that sees every layer. A channel, a feature: one row. */
#include "channel-cursor.h"
#include "channel-display.h"
#include "channel-inputs.h"
#include "channel-main.h"
#include "channel-port.h"
#include "session/tables.h"
#include "wire/messages.h"

static const CwChannelKind channels[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_DISPLAY, spice_display_channel_get_type, NULL },
  { CW_CHANNEL_INPUTS, spice_inputs_channel_get_type, NULL },
  { CW_CHANNEL_CURSOR, spice_cursor_channel_get_type, NULL },
  { CW_CHANNEL_PORT, spice_port_channel_get_type, NULL },
  { 0, NULL, NULL },
};

static const CwFeature features[] = {
  { NULL },
};

static const CwSessionTables tables = { channels, features };

/* Runs when the library is loaded, after GObject. The session's type has to be known before the class of any channel
 * is made: a property of the channels is of that type. */
__attribute__ ((constructor)) static void
register_builtin (void)
{
  cw_session_use_tables (&tables);
  g_type_ensure (SPICE_TYPE_SESSION);
}
