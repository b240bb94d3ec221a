/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest's desktop is asked to do without. No I/O. */
#pragma once

#include "channel/main/agent.h"

/* Zero-initialised = the agent has not been asked, and need not do without anything. */
typedef struct {
  bool disable_wallpaper, disable_font_smooth, disable_animation;
  bool asked;
} CwDisplayConfig;

/* The agent has come or gone. */
void cw_display_config_reset (CwDisplayConfig *self);
/* Asks an agent that can, once. */
void cw_display_config_ask (CwDisplayConfig *self, CwAgent *agent);
