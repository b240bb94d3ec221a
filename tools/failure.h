/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What made a command fail: an exit status, and for a person what happened and what could help. */
#pragma once

#include <spice-client.h>

/* Exit statuses, part of the command's interface (caraway(1), EXIT STATUS). */
typedef enum {
  STATUS_OK = 0,
  STATUS_FAILED = 1,      /* anything not named below */
  STATUS_USAGE = 2,       /* the command line is wrong; nothing was sent */
  STATUS_CONNECT = 3,     /* no connection: refused, unreachable, unknown host */
  STATUS_TLS = 4,         /* TLS failed or the certificate was not accepted */
  STATUS_AUTH = 5,        /* the server refused the password, or wants one */
  STATUS_PROTOCOL = 6,    /* not a SPICE server, or the connection broke */
  STATUS_TIMEOUT = 7,     /* the time limit passed */
  STATUS_FILE = 8,        /* a local file could not be read or written */
  STATUS_UNSUPPORTED = 9, /* this server cannot do that (no such display, no absolute pointer, …) */
} Status;

#define STATUS_ERROR (status_error_quark ())
GQuark status_error_quark (void);

/* What ended a connection: an event of a channel that is neither OPENED nor SWITCHING. */
GError *failure_of (SpiceSession *session, SpiceChannel *channel, SpiceChannelEvent event);
