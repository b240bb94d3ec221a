/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files as bodies of answers. libsoup is given memory for a part of a file in which nothing is yet: the stream that
 * this is written to finds the file behind it, and has it filled only where bytes have to be seen. In the server's
 * thread. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* The largest part. */
#define CW_WEBDAV_PART (240 * 1024)

typedef struct CwWebdavBody CwWebdavBody;
typedef struct CwWebdavBodies CwWebdavBodies;

CwWebdavBodies *cw_webdav_bodies_new (void);
CwWebdavBodies *cw_webdav_bodies_ref (CwWebdavBodies *self);
void cw_webdav_bodies_unref (CwWebdavBodies *self);

/* The body with this memory, and where in its file that is; NULL: it is just memory. */
CwWebdavBody *cw_webdav_bodies_find (CwWebdavBodies *self, const void *bytes, size_t size, goffset *at);

/* Takes the descriptor. No part of it will be larger than size. */
CwWebdavBody *cw_webdav_body_new (CwWebdavBodies *owner, int fd, size_t size);
void cw_webdav_body_unref (CwWebdavBody *self);

/* The next part of the file; nobody needs the one before any more. */
GBytes *cw_webdav_body_part (CwWebdavBody *self, goffset at, size_t size);

/* Something that cannot be written, so that the connection ends: what else is promised does not come. */
GBytes *cw_webdav_body_broken (CwWebdavBodies *owner);

int cw_webdav_body_fd (const CwWebdavBody *self);

/* Reads the part into its memory. false: the file has not that much. */
bool cw_webdav_body_fill (CwWebdavBody *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwWebdavBodies, cw_webdav_bodies_unref)
