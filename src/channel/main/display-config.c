/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/display-config.h"

void
cw_display_config_reset (CwDisplayConfig *self)
{
  self->asked = false;
}

void
cw_display_config_ask (CwDisplayConfig *self, CwAgent *agent)
{
  const CwAgentDisplayConfig config = {
    .flags = (self->disable_wallpaper ? CW_DISPLAY_CONFIG_DISABLE_WALLPAPER : 0)
             | (self->disable_font_smooth ? CW_DISPLAY_CONFIG_DISABLE_FONT_SMOOTH : 0)
             | (self->disable_animation ? CW_DISPLAY_CONFIG_DISABLE_ANIMATION : 0),
  };

  if (!self->asked && cw_agent_can (agent, CW_AGENT_CAP_DISPLAY_CONFIG))
    self->asked = cw_agent_send (agent, CW_AGENT_TYPE_DISPLAY_CONFIG, &config, 0);
}
