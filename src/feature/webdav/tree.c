/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders of the share as a whole, however much is in them: each is read as it is walked. */
#include "feature/webdav/share.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors of a walk; of folders deeper than that the names are kept. */
#define MAX_OPEN 16

typedef struct Walk Walk;

struct Walk {
  /* false ends it */
  bool (*visit) (Walk *self, const char *path, const struct stat *status, int type);
  const char *from, *to; /* of a copy */
  bool ok;
};

/* nftw () tells its callback nothing of who called. */
static _Thread_local Walk *walking;

static int
on_entry (const char *path, const struct stat *status, int type, struct FTW *place)
{
  return walking->visit (walking, path, status, type) ? FTW_CONTINUE : FTW_STOP;
}

static bool
walk (Walk *self, const char *real, int flags)
{
  walking = self;
  self->ok &= nftw (real, on_entry, MAX_OPEN, FTW_PHYS | FTW_ACTIONRETVAL | flags) == 0;
  walking = NULL;
  return self->ok;
}

static bool
is_no_way_out (Walk *self, const char *path, const struct stat *status, int type)
{
  return type != FTW_SL || !g_file_test (path, G_FILE_TEST_IS_DIR);
}

bool
cw_share_is_tree (const char *real)
{
  Walk self = { .visit = is_no_way_out, .ok = true };

  return walk (&self, real, 0);
}

static bool
remove_entry (Walk *self, const char *path, const struct stat *status, int type)
{
  self->ok &= g_remove (path) == 0;
  return true;
}

bool
cw_share_remove_tree (const char *real)
{
  Walk self = { .visit = remove_entry, .ok = true };

  /* A folder after what is in it. */
  return walk (&self, real, FTW_DEPTH);
}

static bool
copy_entry (Walk *self, const char *path, const struct stat *status, int type)
{
  g_autofree char *to = g_strconcat (self->to, path + strlen (self->from), NULL);
  g_autoptr (GFile) from_file = NULL, to_file = NULL;

  if (type == FTW_D)
    return g_mkdir (to, 0777) == 0;
  /* Links may lead out, and what is neither file nor folder is not shared. */
  if (type != FTW_F || !S_ISREG (status->st_mode))
    return type == FTW_F || type == FTW_SL;
  from_file = g_file_new_for_path (path);
  to_file = g_file_new_for_path (to);
  return g_file_copy (from_file, to_file, G_FILE_COPY_NOFOLLOW_SYMLINKS, NULL, NULL, NULL, NULL);
}

static bool
copy_all (const char *real, const char *to, bool deep)
{
  Walk self = { .visit = copy_entry, .from = real, .to = to, .ok = true };

  if (!deep && g_file_test (real, G_FILE_TEST_IS_DIR))
    return g_mkdir (to, 0777) == 0;
  return walk (&self, real, 0);
}

static bool
take_place (const char *partial, const char *to)
{
  /* Of what is neither file nor folder there is no copy. */
  if (access (partial, F_OK) != 0)
    return false;
  if (g_file_test (partial, G_FILE_TEST_IS_REGULAR) && !g_file_test (to, G_FILE_TEST_IS_DIR))
    return g_rename (partial, to) == 0;
  return (access (to, F_OK) != 0 || cw_share_remove_tree (to)) && g_rename (partial, to) == 0;
}

bool
cw_share_copy (const char *real, const char *to, bool deep)
{
  g_autofree char *partial = cw_share_partial_name (to);

  if (copy_all (real, partial, deep) && take_place (partial, to))
    return true;
  if (access (partial, F_OK) == 0)
    cw_share_remove_tree (partial);
  return false;
}
