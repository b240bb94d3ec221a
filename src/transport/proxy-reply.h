/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP's CONNECT without I/O: the request, and the proxy's answer as a state machine on bytes. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#define CW_PROXY_MAX_REPLY (16 * 1024) /* bytes of status line and headers */

/* "[::1]:80" where host is an address of IPv6; user NULL: without credentials. */
char *cw_proxy_request (const char *host, uint16_t port, const char *user, const char *password);

/* Zero-initialised = nothing has come. */
typedef struct {
  unsigned n;      /* bytes taken */
  char line[64];   /* the beginning of the status line */
  unsigned n_line; /* bytes in it */
  bool has_status; /* the status line is complete */
  bool in_line;    /* something stands in the present line */
  bool has_end;    /* the headers are complete */
  unsigned status; /* 200 and the like, once has_status */
} CwProxyReply;

/* How many bytes may be read without touching what comes after the headers; 0 when has_end. */
size_t cw_proxy_reply_wanted (const CwProxyReply *self);

/* At most so many. False: this is no answer of a proxy, or one without an end (G_IO_ERROR_PROXY_FAILED). */
bool cw_proxy_reply_feed (CwProxyReply *self, const char *data, size_t size, GError **error);

/* After has_end: whether the tunnel is there. False with the code that programs know: PROXY_NEED_AUTH,
 * PROXY_AUTH_FAILED (if credentials were sent), PROXY_NOT_ALLOWED, PROXY_FAILED. */
bool cw_proxy_reply_check (const CwProxyReply *self, bool had_credentials, GError **error);
