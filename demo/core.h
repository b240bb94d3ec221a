/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server library's timers and descriptor watches, on the default GLib main context. */
#pragma once

#include <spice.h>

/* `channel_event` is called on the main thread whenever a client's channel comes or goes. */
void demo_core_init (SpiceCoreInterface *core, void (*channel_event) (int event, SpiceChannelEventInfo *info));
