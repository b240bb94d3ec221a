/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this layer asks of streams beyond GIO. A connection is a socket with layers around it (layer.h); to wait for one
 * of them, no source is made: all that is waited for is the socket. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <sys/uio.h>

/* The socket below all layers. Borrowed. */
GSocket *cw_stream_socket (GIOStream *stream);

/* No layer around the socket. */
bool cw_stream_is_bare (GIOStream *stream);

/* What the socket must have before reading (writing) is worth a try; 0: nothing. */
GIOCondition cw_stream_awaits (GIOStream *stream, bool writing);

/* Writes what it can of the vectors, without blocking. -1 without error: it would block. */
gssize cw_stream_write (GIOStream *stream, const struct iovec *vectors, int n, GError **error);

/* Likewise, to a socket without layers that more is written to at once. */
gssize cw_stream_write_more (GIOStream *stream, const struct iovec *vectors, int n, GError **error);

/* Likewise, of what is in a pipe, which is no less than size. */
gssize cw_stream_splice (GIOStream *stream, int pipe, size_t size, GError **error);
