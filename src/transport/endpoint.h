/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives the connected socket below everything else: TCP, unix socket, or a descriptor of the application. */
#pragma once

#include "transport/stage.h"

extern const CwStage cw_endpoint_stage;

/* "::1" for "[::1]"; everything else as it is. */
char *cw_host_without_brackets (const char *host);
