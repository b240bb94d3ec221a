/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kinds of channels client.c's sessions have, unless a program brings a table of its own. */
#include "client.h"

#include "channel-playback.h"
#include "channel-port.h"
#include "channel-record.h"
#include "channel-usbredir.h"
#include "channel/host.h"
#include "session/registry.h"

static const CwChannelKind kinds[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_DISPLAY, spice_display_channel_get_type, NULL },
  { CW_CHANNEL_INPUTS, spice_inputs_channel_get_type, NULL },
  { CW_CHANNEL_CURSOR, spice_cursor_channel_get_type, NULL },
  { CW_CHANNEL_PLAYBACK, spice_playback_channel_get_type, "enable-audio" },
  { CW_CHANNEL_RECORD, spice_record_channel_get_type, NULL },
  { CW_CHANNEL_USBREDIR, spice_usbredir_channel_get_type, NULL },
  { CW_CHANNEL_PORT, spice_port_channel_get_type, NULL },
  { 0, NULL, NULL },
};
static const CwFeature *const features[] = { NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = g_object_get_type; /* any will do */
