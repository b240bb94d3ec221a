/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses people write: spice://, spice+tls://, spice+unix:// and proxies. Pure text, no I/O. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/* Absent parts are NULL. Ports are text, as they are in the session's properties. */
typedef struct {
  char *host; /* an IPv6 address keeps its brackets */
  char *port;
  char *tls_port;
  char *unix_path;
  char *username;
  char *password;
  bool ignored_parts; /* something was ignored: a path, or ports that do not go with the scheme */
} CwUri;

/* out is written on success only; CW_ERROR_MALFORMED says what is wrong. */
bool cw_uri_parse (const char *text, CwUri *out, GError **error);
void cw_uri_clear (CwUri *self);

/* NULL when there is nothing to connect to. Never contains user or password. */
char *cw_uri_compose (const char *host, const char *port, const char *tls_port, const char *unix_path);

typedef struct {
  char *scheme; /* "http" or "https", as written */
  char *host;   /* an IPv6 address has no brackets */
  unsigned port;
  char *user;
  char *password;
} CwProxyUri;

bool cw_proxy_uri_parse (const char *text, CwProxyUri *out, GError **error);
void cw_proxy_uri_clear (CwProxyUri *self);

/* NULL without scheme or host. */
char *cw_proxy_uri_compose (const char *scheme, const char *host, unsigned port, const char *user,
                            const char *password);

/* 1 to 65535 in decimal digits; 0 for anything else. */
unsigned cw_port_parse (const char *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CwUri, cw_uri_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CwProxyUri, cw_proxy_uri_clear)
