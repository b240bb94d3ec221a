/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a channel needs from the session it belongs to. The session implements it; channels know no more of it than
 * this table and a GObject. All functions belong to the owner's thread. */
#pragma once

#include "channel/sync.h"
#include "render/render.h"
#include "spice-channel.h"
#include "transport/connect.h"

typedef struct {
  unsigned wallpaper : 1;
  unsigned font_smooth : 1;
  unsigned animation : 1;
} CwDisabledEffects;

typedef struct {
  /* Where all sources of the session go. Borrowed. */
  GMainContext *(*context) (GObject *session);
  CwSync *(*sync) (GObject *session);

  /* A channel was constructed: the session takes its first reference and announces it. */
  void (*channel_added) (GObject *session, SpiceChannel *channel);
  /* The connection of a channel that had been detached while it was connected has sent its last event. The channel may
   * be gone: only its address counts. */
  void (*connection_ended) (GObject *session, gpointer channel);

  /* Connecting. */
  bool (*asks_for_fd) (GObject *session);
  bool (*needs_tls) (GObject *session, int channel_type);
  /* Fills endpoint, TLS (params->tls points to *tls then) and link.connection_id and password of params, all borrowed
   * until control returns to the main loop. *secured may be set when only the TLS port is there. False: there is no
   * way to connect; the error says why. */
  bool (*target) (GObject *session, int channel_type, bool *secured, CwConnectParams *params, CwTlsParams *tls,
                  GError **error);
  bool (*read_only) (GObject *session);

  /* What the main channel learns. */
  void (*server_init) (GObject *session, const CwMsgMainInit *init);
  void (*server_name) (GObject *session, CwSlice name);
  void (*server_uuid) (GObject *session, const uint8_t uuid[16]);
  void (*server_time) (GObject *session, uint32_t mm_time);
  void (*server_channels) (GObject *session, const CwMsgMainChannelsList *list);
  CwDisabledEffects (*disabled_effects) (GObject *session);

  /* What display channels share. */
  CwRenderShared *(*render_shared) (GObject *session);
  void (*display_budgets) (GObject *session, uint32_t *cache_pixels, uint32_t *glz_window_pixels);
  int (*preferred_compression) (GObject *session); /* 0: none */
} CwChannelHost;

/* The table is attached to the session object by this, once, when it is made. */
void cw_channel_host_attach (GObject *session, const CwChannelHost *host);
const CwChannelHost *cw_channel_host_of (GObject *session);
