/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The viewer brings its own sockets. */
#pragma once

#include <spice-client.h>

/* mode: when a channel that asks for a socket gets it: "inside" the handler, "later", "never", or "given": the first
 * one unasked, the others inside. Says "open-fd TYPE ID TLS" at each question. False: no such mode. */
gboolean viewer_fd_use (SpiceSession *session, const char *mode);

/* Connects in that way. */
gboolean viewer_fd_connect (SpiceSession *session, const char *mode);
