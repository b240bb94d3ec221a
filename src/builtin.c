/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library is made of: the only file that sees every layer. A channel, a feature: one row. */
#include "channel-cursor.h"
#include "channel-display.h"
#include "channel-inputs.h"
#include "channel-main.h"
#include "channel-playback.h"
#include "channel-port.h"
#include "channel-record.h"
#include "channel-smartcard.h"
#include "channel-usbredir.h"
#include "channel-webdav.h"
#include "channel/host.h"
#include "feature/audio/audio.h"
#include "feature/usb/manager.h"
#include "feature/video/video.h"
#include "feature/webdav/webdav.h"
#include "session/registry.h"
#include "wire/messages.h"

static const CwChannelKind channels[] = {
  { CW_CHANNEL_MAIN, spice_main_channel_get_type, NULL },
  { CW_CHANNEL_DISPLAY, spice_display_channel_get_type, NULL },
  { CW_CHANNEL_INPUTS, spice_inputs_channel_get_type, NULL },
  { CW_CHANNEL_CURSOR, spice_cursor_channel_get_type, NULL },
  { CW_CHANNEL_PLAYBACK, spice_playback_channel_get_type, "enable-audio" },
  { CW_CHANNEL_RECORD, spice_record_channel_get_type, "enable-audio" },
  { CW_CHANNEL_PORT, spice_port_channel_get_type, NULL },
  { CW_CHANNEL_SMARTCARD, spice_smartcard_channel_get_type, "enable-smartcard" },
  { CW_CHANNEL_USBREDIR, spice_usbredir_channel_get_type, "enable-usbredir" },
  { CW_CHANNEL_WEBDAV, spice_webdav_channel_get_type, NULL },
  { 0, NULL, NULL },
};

static const CwFeature *const features[] = {
  &cw_audio_feature,
  &cw_usb_feature,
  &cw_webdav_feature,
  NULL,
};

const CwRegistry cw_registry = { channels, features, cw_gst_decoders, cw_webdav_server_type, cw_webdav_server_object };

GType (*const cw_channel_session_type) (void) = spice_session_get_type;
