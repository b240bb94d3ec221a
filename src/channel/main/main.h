/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the main channel. Each subject of it (mouse and time, guest agent, clipboard, monitors, file transfer,
 * migration) is a file of its own that adds its rows to the handler table in main.c. */
#pragma once

#include "channel-main.h"
#include "channel/channel.h"
#include "channel/main/agent.h"
#include "channel/main/clipboard.h"
#include "channel/main/display-config.h"
#include "channel/main/file-transfers.h"
#include "channel/main/monitors.h"
#include "channel/main/volume-sync.h"

struct _SpiceMainChannelPrivate {
  int mouse_mode;
  int wanted_mouse_mode;
  CwAgent *agent;
  CwClipboard *clipboard;
  CwMonitors *monitors;
  CwFileTransfers *file_transfers;
  CwDisplayConfig display_config;
  CwVolumeSync volume_sync;
  GSource *timer;            /* of clipboard and monitors, or NULL */
  GHashTable *running_files; /* of main-files.c, by their ids */
  GQueue files_to_open;
  unsigned n_open_files;
  uint32_t last_file; /* id */
  bool draining;      /* the channel's queue, before the agent's may go on */
  bool disable_display_position, disable_display_align;
  int max_clipboard;
};

/* main-signals.c */
typedef enum {
  CW_MAIN_MOUSE_UPDATE,
  CW_MAIN_AGENT_UPDATE,
  CW_MAIN_CLIPBOARD_SELECTION,
  CW_MAIN_CLIPBOARD_SELECTION_GRAB,
  CW_MAIN_CLIPBOARD_SELECTION_REQUEST,
  CW_MAIN_CLIPBOARD_SELECTION_RELEASE,
  CW_MAIN_CLIPBOARD,
  CW_MAIN_CLIPBOARD_GRAB,
  CW_MAIN_CLIPBOARD_REQUEST,
  CW_MAIN_CLIPBOARD_RELEASE,
  CW_MAIN_NEW_FILE_TRANSFER,
  CW_MAIN_MIGRATION_STARTED,
  CW_MAIN_N_SIGNALS,
} CwMainSignal;
extern guint cw_main_signals[CW_MAIN_N_SIGNALS];
void cw_main_install_signals (SpiceMainChannelClass *class);

/* main-migrate.c */
void cw_main_handle_migration (SpiceChannel *channel, const CwMessage *message);

/* mouse.c */
void cw_main_mouse_mode (SpiceMainChannel *self, uint32_t supported, uint32_t current);

/* main-agent.c */
void cw_main_agent_init (SpiceMainChannel *self);
void cw_main_agent_connected (SpiceMainChannel *self);
void cw_main_agent_disconnected (SpiceMainChannel *self);
void cw_main_agent_reset (SpiceMainChannel *self);
void cw_main_agent_data (SpiceMainChannel *self, GBytes *body);
/* What is due for clipboard or monitors may have changed. */
void cw_main_schedule (SpiceMainChannel *self);

/* Nothing that alters the guest is sent. */
bool cw_main_is_read_only (SpiceMainChannel *self);
void cw_main_stop_timer (SpiceMainChannel *self);

/* main-clipboard.c */
void cw_main_clipboard_init (SpiceMainChannel *self);

/* main-files.c */
void cw_main_files_init (SpiceMainChannel *self);
void cw_main_files_clear (SpiceMainChannel *self);
void cw_main_files_fail_all (SpiceMainChannel *self, const char *text);
