/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the main channel tells its session and asks it for. The session implements it. */
#pragma once

#include "spice-types.h"
#include "wire/messages.h"

#include <stdbool.h>

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

  /* Migration: what the source says … */
  void (*migrate_begin) (SpiceSession *session, const CwWireMigrationDst *dst, bool seamless, uint32_t version);
  void (*migrate_cancel) (SpiceSession *session);
  void (*migrate_end) (SpiceSession *session);
  void (*switch_host) (SpiceSession *session, const CwWireMigrationDst *dst);
  /* … and the target, to the session that was made for it. */
  void (*migrate_reply) (SpiceSession *session, bool seamless);
  /* INIT has come. True: it ended a migration; the channels are there already, and there is no list to ask for. */
  bool (*migrate_finish) (SpiceSession *session);
} CwMainHost;
