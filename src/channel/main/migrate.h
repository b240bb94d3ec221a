/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the main channels of both servers say and hear in a migration; the session decides (session/migration.c). */
#pragma once

#include "channel-main.h"

#include <stdbool.h>
#include <stdint.h>

/* To the source: how connecting to the target went. */
typedef enum {
  CW_MIGRATION_CONNECTED,
  CW_MIGRATION_CONNECTED_SEAMLESS,
  CW_MIGRATION_CONNECT_ERROR,
} CwMigrationReply;
void cw_main_migration_reply (SpiceMainChannel *source, CwMigrationReply reply);

/* To the target: asks for a seamless migration. False: it cannot do that. */
bool cw_main_migration_ask_seamless (SpiceMainChannel *target, uint32_t version);
/* To the target: its turn has come. */
void cw_main_migration_end (SpiceMainChannel *target);

/* Emits migration-started. */
void cw_main_migration_started (SpiceMainChannel *source, SpiceSession *target);
