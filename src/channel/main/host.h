/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the main channel tells its session and asks it for. The session implements it. */
#pragma once

#include "spice-types.h"
#include "wire/messages.h"

typedef struct {
  unsigned wallpaper : 1;
  unsigned font_smooth : 1;
  unsigned animation : 1;
} CwDisabledEffects;

typedef struct CwMainHost {
  void (*server_init) (SpiceSession *session, const CwMsgMainInit *init);
  void (*server_name) (SpiceSession *session, CwSlice name);
  void (*server_uuid) (SpiceSession *session, const uint8_t uuid[16]);
  void (*server_time) (SpiceSession *session, uint32_t mm_time);
  void (*server_channels) (SpiceSession *session, const CwMsgMainChannelsList *list);
  CwDisabledEffects (*disabled_effects) (SpiceSession *session);
} CwMainHost;
