/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QMP through the ports of the viewer:
 *
 *   qmp ID              gets the object → qmp ID READY SAME (as before: 0 or 1), then qmp-ready, qmp-event lines
 *   qmp-status ID       asks → qmp-status N …    qmp-status-lost ID: and lets go of the object right away
 *   qmp-status-cancel ID  and cancels            qmp-action ID NUMBER → qmp-action N …
 *   qmp-quiet ID NUMBER an action without a callback
 *   qmp-drop ID         drops the first reference → qmp-gone when the object dies */
#pragma once

#include <spice-client.h>
#include <stdbool.h>

/* True: the command was one of these. */
bool port_qmp_run (SpicePortChannel *channel, int id, const char *verb, int number);
