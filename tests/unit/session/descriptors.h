/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What servers send beside the bytes of a unix socket, and what is left of it. */
#pragma once

#include "../transport/peer.h"

/* Open in this process, without the events by which GLib wakes threads, made once and kept. */
int descriptors_count (void);

/* How many more there are than before, once what is closing has closed, or 20 s have passed. */
int descriptors_left (int before);

/* The byte behind a message, with so many descriptors, which stay the caller's. false: the client went away. */
bool descriptors_send (PeerIo *io, const int *fds, unsigned n);

/* Shared memory of so many bytes, all 0. */
int descriptors_memory (size_t size);
