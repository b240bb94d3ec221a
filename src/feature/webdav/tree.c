/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of the share as a whole. */
#include "feature/webdav/share.h"

#include <errno.h>
#include <fts.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Entries of a folder that is copied, moved or removed. */
#define MAX_TREE 100000

static FTS *
open_tree (const char *real)
{
  char *const paths[] = { (char *) real, NULL };

  return fts_open (paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
}

bool
cw_share_is_tree (const char *real)
{
  FTS *walk = open_tree (real);
  FTSENT *entry;
  bool ok = walk != NULL;
  unsigned n = 0;

  while (ok && (entry = fts_read (walk))) {
    ok = ++n <= MAX_TREE;
    if (entry->fts_info == FTS_SL && g_file_test (entry->fts_path, G_FILE_TEST_IS_DIR))
      ok = false;
  }
  if (walk)
    fts_close (walk);
  return ok;
}

bool
cw_share_remove_tree (const char *real)
{
  FTS *walk = open_tree (real);
  FTSENT *entry;
  bool ok = walk != NULL;

  while (walk && (entry = fts_read (walk))) {
    /* A folder after what is in it. */
    if (entry->fts_info == FTS_D)
      continue;
    ok = ok && g_remove (entry->fts_path) == 0;
  }
  if (walk)
    fts_close (walk);
  return ok;
}

static bool
copy_entry (const FTSENT *entry, const char *to)
{
  g_autoptr (GFile) from_file = NULL, to_file = NULL;

  if (entry->fts_info == FTS_D)
    return g_mkdir (to, 0777) == 0;
  /* Links may lead out, and what is neither file nor folder is not shared. */
  if (entry->fts_info != FTS_F)
    return entry->fts_info != FTS_DNR && entry->fts_info != FTS_ERR && entry->fts_info != FTS_NS;
  from_file = g_file_new_for_path (entry->fts_path);
  to_file = g_file_new_for_path (to);
  return g_file_copy (from_file, to_file, G_FILE_COPY_NOFOLLOW_SYMLINKS, NULL, NULL, NULL, NULL);
}

bool
cw_share_copy_tree (const char *real, const char *to, bool deep)
{
  FTS *walk = open_tree (real);
  FTSENT *entry;
  bool ok = walk != NULL;

  while (ok && (entry = fts_read (walk)) && (deep || entry->fts_level == 0)) {
    g_autofree char *target = g_strconcat (to, entry->fts_path + strlen (real), NULL);

    ok = copy_entry (entry, target);
  }
  if (walk)
    fts_close (walk);
  return ok;
}
