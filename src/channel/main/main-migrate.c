/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/host.h"
#include "channel/main/main.h"
#include "channel/main/migrate.h"

void
cw_main_migration_reply (SpiceMainChannel *source, CwMigrationReply reply)
{
  static const uint16_t types[] = {
    [CW_MIGRATION_CONNECTED] = CW_MSGC_MAIN_MIGRATE_CONNECTED,
    [CW_MIGRATION_CONNECTED_SEAMLESS] = CW_MSGC_MAIN_MIGRATE_CONNECTED_SEAMLESS,
    [CW_MIGRATION_CONNECT_ERROR] = CW_MSGC_MAIN_MIGRATE_CONNECT_ERROR,
  };

  cw_channel_send (SPICE_CHANNEL (source), types[reply], NULL);
}

bool
cw_main_migration_ask_seamless (SpiceMainChannel *target, uint32_t version)
{
  SpiceChannel *channel = SPICE_CHANNEL (target);

  return spice_channel_test_capability (channel, CW_MAIN_CAP_SEAMLESS_MIGRATE)
         && cw_channel_send (channel, CW_MSGC_MAIN_MIGRATE_DST_DO_SEAMLESS,
                             &(CwMsgcMainMigrateDstDoSeamless){ .src_version = version });
}

void
cw_main_migration_end (SpiceMainChannel *target)
{
  cw_channel_send (SPICE_CHANNEL (target), CW_MSGC_MAIN_MIGRATE_END, NULL);
}

void
cw_main_migration_started (SpiceMainChannel *source, SpiceSession *target)
{
  g_signal_emit (source, cw_main_signals[CW_MAIN_MIGRATION_STARTED], 0, target);
}

static void
take_switch_host (const CwMainHost *host, SpiceSession *session, const CwMsgMainMigrateSwitchHost *switching)
{
  const CwWireMigrationDst dst = {
    .port = switching->port,
    .sport = switching->sport,
    .host = switching->host,
    .cert_subject = switching->cert_subject,
  };

  host->switch_host (session, &dst);
}

void
cw_main_handle_migration (SpiceChannel *channel, const CwMessage *message)
{
  SpiceSession *session = cw_channel_session (channel);
  const CwMsgMainMigrateBegin *begin = message->data;
  const CwMsgMainMigrateBeginSeamless *seamless = message->data;
  const CwMainHost *host;

  if (!session)
    return;
  host = cw_channel_main_host (channel);
  switch (message->type) {
  case CW_MSG_MAIN_MIGRATE_BEGIN:
    host->migrate_begin (session, &begin->dst, false, 0);
    break;
  case CW_MSG_MAIN_MIGRATE_BEGIN_SEAMLESS:
    host->migrate_begin (session, &seamless->dst, true, seamless->src_mig_version);
    break;
  case CW_MSG_MAIN_MIGRATE_CANCEL:
    host->migrate_cancel (session);
    break;
  case CW_MSG_MAIN_MIGRATE_END:
    host->migrate_end (session);
    break;
  case CW_MSG_MAIN_MIGRATE_SWITCH_HOST:
    take_switch_host (host, session, message->data);
    break;
  case CW_MSG_MAIN_MIGRATE_DST_SEAMLESS_ACK:
    host->migrate_reply (session, true);
    break;
  case CW_MSG_MAIN_MIGRATE_DST_SEAMLESS_NACK:
    host->migrate_reply (session, false);
    break;
  }
}
