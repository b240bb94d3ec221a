/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exchange that makes a connection a channel's (link/link.h). */
#pragma once

#include "transport/stage.h"

extern const CwStage cw_link_stage;
