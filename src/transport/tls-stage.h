/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts TLS around the connection, where params ask for it. */
#pragma once

#include "transport/stage.h"

extern const CwStage cw_tls_stage;
