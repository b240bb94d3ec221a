/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Put TLS around the connection, where params ask for it: to the proxy, and to the server. */
#pragma once

#include "transport/stage.h"

extern const CwStage cw_proxy_tls_stage;
extern const CwStage cw_tls_stage;
