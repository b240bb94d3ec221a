/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands before the WebDAV server of libphodav. It is made for guests that mean well: whatever has a body, or
 * could lead out of the folder, is answered here, and files are read and written here. Everything belongs to the thread
 * that runs the server. */
#pragma once

#include "feature/webdav/body.h"
#include "feature/webdav/share.h"

#include <libphodav/phodav.h>

/* Bytes of the body of a request other than PUT. */
#define CW_WEBDAV_MAX_BODY (1024 * 1024)

typedef struct CwWebdavRequests CwWebdavRequests;

/* To be freed after the server. */
CwWebdavRequests *cw_webdav_requests_new (PhodavServer *server, CwShare *share, GFile *root, CwWebdavBodies *bodies);
void cw_webdav_requests_free (CwWebdavRequests *self);

/* locks.c. allow: whether the request may change what has this path. */
typedef struct CwWebdavLocks CwWebdavLocks;
CwWebdavLocks *cw_webdav_locks_new (void);
void cw_webdav_locks_free (CwWebdavLocks *self);
bool cw_webdav_locks_allow (CwWebdavLocks *self, SoupServerMessage *message, const char *path);
void cw_webdav_lock (CwWebdavLocks *self, SoupServerMessage *message, const char *path, const char *real);
void cw_webdav_unlock (CwWebdavLocks *self, SoupServerMessage *message, const char *path);

/* conditions.c: what the request's conditions say of this file; SOUP_STATUS_NONE when nothing stands against it. */
guint cw_webdav_condition (SoupServerMessage *message, const char *real);

/* properties.c */
/* What tells two contents of a file apart, the same in a header as in a property; with its quotes. */
char *cw_webdav_entity_tag (guint64 size, guint64 seconds, unsigned microseconds);
void cw_webdav_propfind (SoupServerMessage *message, const char *path, GFile *file, CwWebdavBodies *bodies);
void cw_webdav_proppatch (SoupServerMessage *message, const char *path);

/* download.c, upload.c: answer GET, HEAD and PUT of the file of this real path. The end of an upload is answered when
 * all of it has come; false when the message is none. */
void cw_webdav_download (SoupServerMessage *message, const char *real, CwWebdavBodies *bodies);
void cw_webdav_upload (SoupServerMessage *message, const char *real);
bool cw_webdav_upload_end (SoupServerMessage *message);
