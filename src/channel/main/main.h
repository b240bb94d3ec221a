/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the main channel. Each subject of it (mouse and time, guest agent, clipboard, monitors, file transfer,
 * migration) is a file of its own that adds its rows to the handler table in main.c. */
#pragma once

#include "channel-main.h"
#include "channel/channel.h"
#include "channel/main/agent.h"

struct _SpiceMainChannelPrivate {
  int mouse_mode;
  int wanted_mouse_mode;
  CwAgent *agent;
  bool draining; /* the channel's queue, before the agent's may go on */
  bool disable_wallpaper, disable_font_smooth, disable_animation;
  bool disable_display_position, disable_display_align;
  int max_clipboard;
};

/* mouse.c */
void cw_main_mouse_mode (SpiceMainChannel *self, uint32_t supported, uint32_t current);

/* main-agent.c */
void cw_main_agent_init (SpiceMainChannel *self);
void cw_main_agent_connected (SpiceMainChannel *self);
void cw_main_agent_disconnected (SpiceMainChannel *self);
void cw_main_agent_reset (SpiceMainChannel *self);
void cw_main_agent_data (SpiceMainChannel *self, GBytes *body);
