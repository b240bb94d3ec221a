/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program for tests: opens all channels of a session and runs the main loop until something is so. */
#pragma once

#include "server.h"

#include "channel-cursor.h"
#include "channel-display.h"
#include "channel-inputs.h"
#include "channel-main.h"
#include "channel/channel.h"
#include "spice-client.h"

/* A session for the server, of main, display, inputs, cursor, record, USB and port channels, which connect as they
 * come. context: NULL for the default one. */
SpiceSession *client_session (const Server *server);

/* Likewise, on socket pairs that the program gives when it is asked, with send buffers of so many bytes (0: any). */
SpiceSession *client_session_fd (Server *server, int send_buffer);

/* NULL: not there. Borrowed. */
SpiceChannel *client_channel (SpiceSession *session, int type, int id);

/* Runs the loop until done () is true; false: it never was. */
typedef bool (*ClientDone) (gpointer data);
bool client_run_until (unsigned ms, ClientDone done, gpointer data);
void client_run (unsigned ms);

/* What is sure to come takes as long as a busy machine needs; only what hangs is given up. */
#define CLIENT_PATIENCE 120000 /* ms */
#define client_await(...) g_assert_true (client_run_until (CLIENT_PATIENCE, __VA_ARGS__))

/* Runs the loop until nothing happens any more, in it nor in the server: at most so long. */
void client_settle (Server *server, unsigned ms);

/* Disconnects, and waits until the session, whose reference it takes, and all that belongs to it are gone. */
void client_end (SpiceSession *session);
