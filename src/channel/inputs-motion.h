/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mouse motion under way: at most CW_MOTION_MAX messages are unacknowledged; more motion is merged into one. */
#pragma once

#include "wire/messages.h"

#include <stdbool.h>

#define CW_MOTION_MAX (2 * CW_INPUT_MOTION_ACK_BUNCH)

/* Zero-initialised = nothing to send. */
typedef struct {
  unsigned in_flight;
  int64_t dx, dy;
  bool has_position;
  uint32_t x, y;
  uint8_t display;
  uint16_t buttons;
} CwMotion;

void cw_motion_add (CwMotion *self, int32_t dx, int32_t dy, uint16_t buttons);
void cw_motion_set_position (CwMotion *self, uint32_t x, uint32_t y, uint8_t display, uint16_t buttons);
void cw_motion_acknowledge (CwMotion *self);

/* True: out is to be sent now. force: also when too many are in flight, before a button. */
bool cw_motion_take_relative (CwMotion *self, bool force, CwMsgcInputsMouseMotion *out);
bool cw_motion_take_position (CwMotion *self, bool force, CwMsgcInputsMousePosition *out);

/* What was taken could not be sent: no acknowledgement will come for it. */
void cw_motion_not_sent (CwMotion *self);
