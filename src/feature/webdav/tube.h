/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection between a channel and the server inside this process: two queues of bytes, each with a bound. Files go
 * by way of a pipe where they may, so that nobody copies them; the rest needs no calls of the system. The channel's end
 * belongs to the thread of its context, the server's to its own. */
#pragma once

#include "base/piped.h"
#include "base/slice.h"
#include "feature/webdav/body.h"

#include <gio/gio.h>
#include <stdbool.h>

typedef struct CwWebdavTube CwWebdavTube;

/* ready is called in the channel's context when there is something to take, when what was given is gone again, and when
 * the server has closed its end. The caller owns the channel's end; server is the context of the other. */
CwWebdavTube *cw_webdav_tube_new (GMainContext *channel, GMainContext *server, GSourceFunc ready, gpointer data);

/* --- The channel's end ---------------------------------------------------------------------------------------- */

/* Closes it; what was given can still be read. */
void cw_webdav_tube_free (CwWebdavTube *self);

/* As that, but the server's reading is still told of. */
void cw_webdav_tube_hang_up (CwWebdavTube *self);

/* Bytes for the server; how much waits for it then. Nothing is refused: the caller looks whether it is too much. */
size_t cw_webdav_tube_give (CwWebdavTube *self, CwSlice bytes);
size_t cw_webdav_tube_waiting (CwWebdavTube *self);

/* ready is called again. */
void cw_webdav_tube_wake (CwWebdavTube *self);

/* The channel takes what is piped, too. */
void cw_webdav_tube_allow_pipe (CwWebdavTube *self);

/* What the server has written, as a frame of that id; NULL: nothing more, for now or, if over, for ever. What is piped
 * belongs to the frame, and is the caller's. */
GBytes *cw_webdav_tube_take (CwWebdavTube *self, gint64 id, CwPiped *piped, bool *over);

/* --- The server's end ----------------------------------------------------------------------------------------- */

/* In the server's thread, whose context it is. Reading and writing never wait. bodies: what is written may be one of
 * those; or NULL. */
GIOStream *cw_webdav_tube_stream (CwWebdavTube *self, GMainContext *context, CwWebdavBodies *bodies);

/* A number of bytes; 0: the channel has closed; negative: none yet. */
gssize cw_webdav_tube_read (CwWebdavTube *self, void *buffer, size_t size);
/* Likewise; negative: there is no room yet. */
gssize cw_webdav_tube_write (CwWebdavTube *self, const void *buffer, size_t size);
/* A write of a part of a file. */
typedef enum {
  CW_WEBDAV_SPLICED,
  CW_WEBDAV_BLOCKED,  /* there is no room yet */
  CW_WEBDAV_CANNOT,   /* it has to be read and written */
  CW_WEBDAV_TOO_SHORT /* the file ends before */
} CwWebdavSplice;

/* *size: what there is; then, what of that has been written. */
CwWebdavSplice cw_webdav_tube_splice (CwWebdavTube *self, int fd, goffset at, size_t *size);

/* Whether a read or a write would do something. */
bool cw_webdav_tube_is_ready (CwWebdavTube *self, GIOCondition condition);
/* Tells the channel of what was written. */
void cw_webdav_tube_flush (CwWebdavTube *self);
void cw_webdav_tube_close (CwWebdavTube *self);

CwWebdavTube *cw_webdav_tube_ref (CwWebdavTube *self);
void cw_webdav_tube_unref (CwWebdavTube *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwWebdavTube, cw_webdav_tube_unref)
