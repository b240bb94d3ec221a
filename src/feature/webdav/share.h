/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shared folder as a tree of GFiles that nothing leads out of: neither "..", nor links, nor any encoding of them.
 * Where the folder is and whether it may be written may change at any time, from any thread. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

/* How the names of files and folders begin that are not complete yet; they are not listed. */
#define CW_SHARE_UPLOAD ".caraway-upload-"

typedef struct CwShare CwShare;

CwShare *cw_share_new (void);
CwShare *cw_share_ref (CwShare *self);
void cw_share_unref (CwShare *self);

/* folder NULL: nothing is shared. */
void cw_share_set (CwShare *self, const char *folder, bool read_only);
bool cw_share_is_read_only (CwShare *self);

/* Whether path, relative to the folder, is one that a request may name: no empty, "." or ".." part, no byte that names
 * cannot have. "" is the folder itself. */
bool cw_share_is_plain (const char *path);

typedef enum {
  CW_SHARE_FOLLOW,    /* what the name leads to, which need not exist yet */
  CW_SHARE_NO_FOLLOW, /* the name itself, for removing and renaming it */
} CwShareWay;

/* The real path behind a plain path; NULL with G_IO_ERROR_NOT_FOUND when it, or a folder above it, is not there or
 * leads out of the shared folder. CW_SHARE_FOLLOW gives a path without links. */
char *cw_share_resolve (CwShare *self, const char *path, CwShareWay way, GError **error);

/* Whether what stands under this real folder holds no link to another folder, so that it can be walked. */
bool cw_share_is_tree (const char *real);

/* Such a name beside a real path, which it can be renamed to. */
char *cw_share_partial_name (const char *real);

/* Copies a real file, or a folder that is a tree, to a real path: what stands there, a file or a tree, stays until the
 * copy is complete, and for good when it fails. Links are left out. deep: with what is in it. */
bool cw_share_copy (const char *real, const char *to, bool deep);
bool cw_share_remove_tree (const char *real);

/* The root of the tree; what stands in folders (not NULL, by a function of GFile) comes before the shared folder. All
 * functions of GFile work that a WebDAV server uses; those that write fail with G_IO_ERROR_READ_ONLY when the share is
 * read-only. */
GFile *cw_share_root (CwShare *self, GFile *folders);

/* Whether this file of the tree stands in the shared folder, not in folders. */
bool cw_share_owns (GFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwShare, cw_share_unref)
