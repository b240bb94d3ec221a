/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scripted server of whole sessions: any number of connections, a thread and a run of the script for each. */
#pragma once

#include "../transport/peer.h"

#include "wire/message.h"

typedef struct Server Server;

/* script runs with a connection that is not linked yet. */
Server *server_new (PeerFunc script, gpointer data);

/* Ends all connections and waits for the scripts. */
void server_free (Server *self);

const char *server_port (const Server *self);

/* One end of a new connection, for programs that bring their own sockets. */
int server_socket (Server *self);

/* Nothing is on its way from or to a plain client: every script has ended or waits for bytes nobody has sent. */
bool server_is_idle (Server *self);

/* A message of the channel that io is linked to; data is its struct, or NULL when it is empty. */
bool server_send (PeerIo *io, uint16_t type, const void *data);
bool server_send_message (PeerIo *io, const CwMessage *message);
bool server_send_bytes (PeerIo *io, uint16_t type, const void *body, size_t size);

/* Reads the client's messages up to one of a type. false: it is gone, or sends longer ones than 256 bytes. */
bool server_hear (PeerIo *io, uint16_t type);

/* Waits until the client is gone, without reading. */
void server_hold (PeerIo *io);

/* INIT, and a list of channels: pairs of type and id. */
bool server_send_start (PeerIo *io, const uint8_t *channels, uint32_t n_channels);

/* Links; on the main channel sends that start and reads until the client is gone. true: another channel, the script's.
 */
bool server_begin (PeerIo *io, const PeerLink *link, const uint8_t *channels, uint32_t n_channels);
