/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tunnel through an HTTP proxy, which may be talked to by TLS. */
#pragma once

#include "transport/stage.h"

/* All borrowed. */
typedef struct CwProxyParams {
  const char *host; /* without brackets */
  uint16_t port;
  bool is_tls;
  const char *user; /* NULL: no credentials */
  const char *password;
} CwProxyParams;

extern const CwStage cw_proxy_stage;
