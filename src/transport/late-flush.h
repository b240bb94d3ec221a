/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer to a flush at the end of a pump comes in a later turn: whoever closes the pump is not done with it yet,
 * and the callback may do anything. */
#pragma once

#include "transport/frame-writer.h"

void cw_late_flush (GMainContext *context, CwPumpFlushFunc done, gpointer data, const GError *error);
