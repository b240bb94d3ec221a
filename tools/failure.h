/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What made a command fail: an exit status, and for a person what happened and what could help. */
#pragma once

#include <spice-client.h>

/* Exit statuses, part of the command's interface (caraway(1), EXIT STATUS). */
typedef enum {
  STATUS_OK = 0,
  STATUS_FAILED = 1,        /* anything not named below */
  STATUS_USAGE = 2,         /* the command line is wrong; nothing was sent */
  STATUS_CONNECT = 3,       /* no connection: refused, unreachable, no such socket */
  STATUS_UNTRUSTED = 4,     /* the certificate is not trusted */
  STATUS_AUTH = 5,          /* the server refused the password */
  STATUS_PROTOCOL = 6,      /* the connection broke, or the server refused a channel */
  STATUS_TIMEOUT = 7,       /* the time limit passed */
  STATUS_FILE = 8,          /* a local file could not be read or written */
  STATUS_UNSUPPORTED = 9,   /* this server cannot do that (no such display, no absolute pointer, …) */
  STATUS_UNKNOWN_HOST = 10, /* the host's name has no address */
  STATUS_WANTS_TLS = 11,    /* the server says, or the session wants, that TLS has to be used */
  STATUS_TLS_PORT = 12,     /* without TLS at what answers like a port for it */
  STATUS_PLAIN_PORT = 13,   /* with TLS at a port without it */
  STATUS_TLS = 14,          /* TLS failed in another way */
  STATUS_WRONG_PEER = 15,   /* the certificate is another host's, has another subject or another key */
  STATUS_NO_PASSWORD = 16,  /* the server wants a password and none was given */
  STATUS_NOT_SPICE = 17,    /* what answers speaks another protocol */
  STATUS_CLOSED = 18,       /* the server closed the connection, as when another client takes over */
  STATUS_DISPLAY_OFF = 19,  /* the display shows nothing */
  STATUS_NO_CHANNELS = 20,  /* the server offers no channels */
} Status;

#define STATUS_ERROR (status_error_quark ())
GQuark status_error_quark (void);

/* What ended a connection: an event of a channel that is neither OPENED nor SWITCHING. */
GError *failure_of (SpiceSession *session, SpiceChannel *channel, SpiceChannelEvent event);
