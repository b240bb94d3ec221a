/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to a SPICE server for commands that do one thing and end: opens it, waits for conditions under one time
 * limit, and turns every failure into a GError whose code is the exit status. */
#pragma once

#include "failure.h"

#include <spice-client.h>
#include <stdbool.h>

typedef struct Client Client;

/* What an option for seconds is before it is given. */
#define NO_SECONDS (-G_MAXDOUBLE)

Client *client_new (void);
void client_free (Client *self);

/* The options common to all commands, as connection_entries() has them. */
GOptionEntry *client_entries (Client *self);

/* Whether these options are what a command can begin with, once they are read. */
bool client_check_options (Client *self, GError **error);

/* Leaves time for what takes that long: the time limit is twice as much at least, unless it is given. False: the given
 * one is no longer than that. */
bool client_leave_time (Client *self, double seconds);

/* The guest's lock keys (SpiceInputsLock); servers tell them a moment after the channel is open. */
bool client_read_locks (Client *self, SpiceInputsChannel *inputs, int *locks, GError **error);

/* Connects the session and its main channel and waits until the server has listed its channels. Asks for a password
 * on the terminal if one is needed and there is a terminal. uri: as connection_apply() takes it. */
bool client_connect (Client *self, const char *uri, GError **error);

/* Called when the session is made, before it connects; false with error: it does not. */
typedef bool (*ClientSessionFunc) (SpiceSession *session, gpointer data, GError **error);
void client_on_session (Client *self, ClientSessionFunc func, gpointer data);

/* For who connects all channels as they come: but main, which is connected, and what the connection file leaves out. */
void client_connect_new (SpiceSession *session, SpiceChannel *channel);

/* Waits for the channel to be offered, connects it and waits until it is open. Borrowed. */
SpiceChannel *client_open_channel (Client *self, int type, int id, GError **error);

/* The error that the server has none of these; its own when it offers no channels at all. */
GError *client_lacks (Client *self, const char *what);

/* The parts of that, for commands that begin as soon as what they need is there. */
bool client_connect_main (Client *self, const char *uri, GError **error);
bool client_wait_display (Client *self, GError **error);
bool client_wait_channels (Client *self, GError **error);

/* Whether the server has listed its channels. */
bool client_has_channels (Client *self);

/* Both at once, without waiting for the rest of the list. */
SpiceChannel *client_connect_channel (Client *self, const char *uri, int type, int id, GError **error);

/* Likewise, for commands that only send input. Borrowed. */
SpiceInputsChannel *client_connect_inputs (Client *self, const char *uri, GError **error);

/* Once connected. Borrowed. */
SpiceInputsChannel *client_connected_inputs (Client *self, GError **error);

/* Runs the main loop until done (data) or failure or the time limit, which begins anew here; what names the awaited
 * thing in the message. */
bool client_wait (Client *self, bool (*done) (gpointer data), gpointer data, const char *what, GError **error);

/* Likewise, without a time limit and a message. */
bool client_run (Client *self, bool (*done) (gpointer data), gpointer data, GError **error);

/* Closes a channel that is not needed any more. */
void client_close_channel (Client *self, SpiceChannel *channel);

/* Runs the main loop for that long; fails if the connection does. */
bool client_sleep (Client *self, unsigned ms, GError **error);

/* Waits until the system has taken everything that is queued on the channel: it stops when the server does not read. */
bool client_flush (Client *self, SpiceChannel *channel, GError **error);

/* Waits until the server has read everything and closed the channel: servers forget what they have not read when the
 * main channel goes. */
bool client_shut_down (Client *self, SpiceChannel *channel, GError **error);

/* Waits until everything written to the channel has left and was read, then closes the session in order. */
bool client_finish (Client *self, SpiceChannel *channel, GError **error);

SpiceSession *client_session (Client *self);
SpiceMainChannel *client_main (Client *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)
