/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/inputs-motion.h"

void
cw_motion_add (CwMotion *self, int32_t dx, int32_t dy, uint16_t buttons)
{
  self->dx += dx;
  self->dy += dy;
  self->buttons = buttons;
}

void
cw_motion_set_position (CwMotion *self, uint32_t x, uint32_t y, uint8_t display, uint16_t buttons)
{
  self->has_position = true;
  self->x = x;
  self->y = y;
  self->display = display;
  self->buttons = buttons;
}

void
cw_motion_acknowledge (CwMotion *self)
{
  self->in_flight -= self->in_flight < CW_INPUT_MOTION_ACK_BUNCH ? self->in_flight : CW_INPUT_MOTION_ACK_BUNCH;
}

static int32_t
saturate (int64_t value)
{
  return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t) value;
}

bool
cw_motion_take_relative (CwMotion *self, bool force, CwMsgcInputsMouseMotion *out)
{
  if ((self->dx == 0 && self->dy == 0) || (!force && self->in_flight >= CW_MOTION_MAX))
    return false;
  *out = (CwMsgcInputsMouseMotion){ .dx = saturate (self->dx),
                                    .dy = saturate (self->dy),
                                    .buttons_state = self->buttons };
  self->dx = self->dy = 0;
  self->in_flight++;
  return true;
}

bool
cw_motion_take_position (CwMotion *self, bool force, CwMsgcInputsMousePosition *out)
{
  if (!self->has_position || (!force && self->in_flight >= CW_MOTION_MAX))
    return false;
  *out = (CwMsgcInputsMousePosition){
    .x = self->x, .y = self->y, .buttons_state = self->buttons, .display_id = self->display
  };
  self->has_position = false;
  self->in_flight++;
  return true;
}

void
cw_motion_not_sent (CwMotion *self)
{
  self->in_flight--;
}
