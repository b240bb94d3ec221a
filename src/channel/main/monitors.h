/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The monitors that the guest is to have, and when it is told. No I/O, no main loop; time comes in as microseconds of
 * the monotonic clock. */
#pragma once

#include "channel/main/agent.h"

#define CW_MONITORS_MAX 16

/* No guest has a monitor of fewer pixels on a side: what is smaller is not told by cw_monitors_expire (). */
#define CW_MONITORS_LEAST 32

/* From the last change to the message. */
#define CW_MONITORS_DELAY G_USEC_PER_SEC
/* In which an agent that replies at all replies. */
#define CW_MONITORS_REPLY_TIME G_USEC_PER_SEC

typedef struct CwMonitors CwMonitors;

/* agent must outlive it. */
CwMonitors *cw_monitors_new (CwAgent *agent);
void cw_monitors_free (CwMonitors *self);

/* How many displays the server has. */
void cw_monitors_set_n_displays (CwMonitors *self, uint32_t n);
/* Side by side by the distance from the origin, instead of where they are said to be. */
void cw_monitors_set_align (CwMonitors *self, bool align);
/* Positions mean something even if nothing is aligned. */
void cw_monitors_set_position (CwMonitors *self, bool position);

/* True: something has changed. id: below CW_MONITORS_MAX; sizes in pixels, or millimetres with 0 for unknown. */
bool cw_monitors_set_geometry (CwMonitors *self, unsigned id, int x, int y, int width, int height);
bool cw_monitors_set_size_mm (CwMonitors *self, unsigned id, int width, int height);
bool cw_monitors_set_enabled (CwMonitors *self, unsigned id, bool enabled);
/* Of these, the ones of which nobody speaks again are left out. */
void cw_monitors_set_all_enabled (CwMonitors *self, bool enabled);

/* The guest is told by cw_monitors_expire () at that time, instead of an earlier plan. */
void cw_monitors_plan (CwMonitors *self, int64_t time);
/* The agent has said what it understands: it is told at once, unless a change is yet to be followed by others. */
void cw_monitors_announced (CwMonitors *self);

/* Tells the guest now. False: there is no agent, or no word about any monitor. */
bool cw_monitors_send (CwMonitors *self, int64_t now);

/* The agent has come or gone. */
void cw_monitors_reset (CwMonitors *self);
/* It has replied to MONITORS_CONFIG. */
void cw_monitors_replied (CwMonitors *self);

/* When cw_monitors_expire () has to be called; INT64_MAX: not at all. */
int64_t cw_monitors_due (const CwMonitors *self);
void cw_monitors_expire (CwMonitors *self, int64_t now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwMonitors, cw_monitors_free)
