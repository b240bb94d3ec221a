/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands need that speak with the guest's agent. */
#pragma once

#include "client.h"

/* Waits until the guest agent has said what it can do; fails with STATUS_UNSUPPORTED when that does not include
 * capability (-1: anything). what names it in the message. */
bool guest_wait (Client *client, int capability, const char *what, GError **error);
