/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kinds made from ports use of them. */
#pragma once

#include "channel-port.h"
#include "channel/spicevmc.h"

/* The bytes of this port are not the application's: while it is open they go to received () instead of the signal, and
 * room () tells when the pipe can take more. Data to a closed port is passed over. events must outlive the port. */
void cw_port_channel_divert (SpicePortChannel *self, const CwSpicevmcEvents *events);

CwSpicevmc *cw_port_channel_pipe (SpicePortChannel *self);
