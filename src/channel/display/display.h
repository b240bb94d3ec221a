/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the display channel: type and life cycle (display.c), drawing (screen.c), monitors (monitors.c), what
 * the client prefers (preferences.c), video memory (scanout.c) and reading it (readback.c), video streams (video.c). */
#pragma once

#include "channel-display.h"
#include "channel/channel.h"
#include "channel/display/host.h"
#include "render/render.h"
#include "transport/turn.h"

/* How a picture lies in video memory: rows one after the other, or nobody has told. Others are the drivers' own. */
#define CW_DRM_MODIFIER_LINEAR UINT64_C (0)
#define CW_DRM_MODIFIER_UNKNOWN UINT64_C (0x00ffffffffffffff)

struct _SpiceDisplayChannelPrivate {
  /* screen.c */
  CwRender *render;      /* from the first connection on */
  CwTurnTask *step_task; /* draws */
  GSource *unmark_timer; /* or NULL */
  GSource *quiet_timer;  /* while something is drawn now and then, or NULL */
  bool stepped;          /* since it last fired */
  CwSurfaceInfo primary; /* data NULL: none */
  bool marked;
  bool stepping;      /* handlers may be running */
  GError *failure;    /* of the render, to be told after the step */
  GSource *end_timer; /* or NULL: the stream has not ended */
  GError *end_reason; /* NULL for an orderly end */
  bool end_overdue;

  /* monitors.c */
  GArray *monitors; /* of SpiceDisplayMonitorConfig; replaced, never changed */
  unsigned monitors_max;

  /* scanout.c */
  GQueue announced;       /* SpiceGlPlanes or NULL: what messages brought whose turn has not come */
  SpiceGlPlanes *planes;  /* with their descriptors; NULL: nothing in video memory */
  SpiceGlScanout scanout; /* the same, its descriptor theirs; -1: it cannot be said so, or there is nothing */
  bool knows_planes;      /* the program has asked for them */
  unsigned n_gl_draws;    /* that wait for an answer */

  /* preferences.c */
  int wanted_compression; /* asked for before the channel was up; 0: none */
};

/* screen.c */
void cw_display_screen_start (SpiceDisplayChannel *self);
void cw_display_screen_reset (SpiceDisplayChannel *self, bool migrating);
void cw_display_screen_dispose (SpiceDisplayChannel *self);
void cw_display_push (SpiceChannel *channel, const CwMessage *message);
bool cw_display_drain (SpiceChannel *channel, GError *reason);
uint64_t cw_display_processed (SpiceChannel *channel, uint64_t received);

/* video.c */
void cw_display_video_install_signals (GType type);
void cw_display_video_announce (SpiceDisplayChannel *self);
bool cw_display_video_overlay (gpointer channel, gpointer pipeline);
CwMediaTime cw_display_media_time (gpointer channel);
void cw_display_stream_report (gpointer channel, const CwMsgcDisplayStreamReport *report);

/* scanout.c */
void cw_display_scanout_announce (SpiceDisplayChannel *self);
void cw_display_scanout_init (SpiceDisplayChannel *self);
void cw_display_handle_scanout (SpiceChannel *channel, const CwMessage *message);
void cw_display_handle_planes (SpiceChannel *channel, const CwMessage *message);
void cw_display_video_memory (gpointer channel, const CwMessage *message);
/* More descriptors are kept than should be. */
bool cw_display_scanout_is_full (const SpiceDisplayChannel *self);
void cw_display_scanout_reset (SpiceDisplayChannel *self);
void cw_display_scanout_clear (SpiceDisplayChannel *self);

/* monitors.c */
void cw_display_monitors_init (SpiceDisplayChannel *self);
void cw_display_monitors_set (SpiceDisplayChannel *self, const CwMsgDisplayMonitorsConfig *config);
/* One monitor as large as the primary surface, for servers that do not speak of monitors. */
void cw_display_monitors_synthesise (SpiceDisplayChannel *self);

/* preferences.c */
void cw_display_preferences_up (SpiceDisplayChannel *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpiceDisplayChannel, g_object_unref)
