/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/webdav/share.h"
#include "base/i18n.h"

#include <stdlib.h>
#include <string.h>

struct CwShare {
  gatomicrefcount refs;
  GMutex lock;
  char *folder; /* or NULL */
  bool read_only;
};

CwShare *
cw_share_new (void)
{
  CwShare *self = g_new0 (CwShare, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  return self;
}

CwShare *
cw_share_ref (CwShare *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
cw_share_unref (CwShare *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_mutex_clear (&self->lock);
  g_free (self->folder);
  g_free (self);
}

void
cw_share_set (CwShare *self, const char *folder, bool read_only)
{
  g_mutex_lock (&self->lock);
  g_free (self->folder);
  self->folder = g_strdup (folder);
  self->read_only = read_only;
  g_mutex_unlock (&self->lock);
}

bool
cw_share_is_read_only (CwShare *self)
{
  bool read_only;

  g_mutex_lock (&self->lock);
  read_only = self->read_only;
  g_mutex_unlock (&self->lock);
  return read_only;
}

bool
cw_share_is_plain (const char *path)
{
  g_auto (GStrv) parts = NULL;

  if (*path == '\0')
    return true;
  parts = g_strsplit (path, "/", -1);
  for (char **part = parts; *part; part++) {
    if (**part == '\0' || g_str_equal (*part, ".") || g_str_equal (*part, ".."))
      return false;
  }
  return true;
}

static bool
is_inside (const char *root, const char *path)
{
  size_t size = strlen (root);

  if (g_str_equal (root, "/"))
    return true;
  return strncmp (root, path, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* The path without links of a name that need not exist in a folder that must. */
static char *
resolve_name (const char *root, const char *full, CwShareWay way)
{
  g_autofree char *folder = g_path_get_dirname (full), *name = g_path_get_basename (full), *joined = NULL;
  char *real_folder = realpath (folder, NULL), *real = NULL;

  if (real_folder && is_inside (root, real_folder))
    joined = g_build_filename (real_folder, name, NULL);
  free (real_folder);
  if (!joined || way == CW_SHARE_NO_FOLLOW)
    return g_steal_pointer (&joined);
  real = realpath (joined, NULL);
  /* A link that leads nowhere is not a name to be made: it would be made where the link leads. */
  if (!real && !g_file_test (joined, G_FILE_TEST_IS_SYMLINK))
    return g_steal_pointer (&joined);
  g_free (joined);
  joined = real && is_inside (root, real) ? g_strdup (real) : NULL;
  free (real);
  return g_steal_pointer (&joined);
}

char *
cw_share_resolve (CwShare *self, const char *path, CwShareWay way, GError **error)
{
  g_autofree char *folder = NULL, *full = NULL;
  char *root, *real = NULL;

  g_mutex_lock (&self->lock);
  folder = g_strdup (self->folder);
  g_mutex_unlock (&self->lock);
  root = folder && cw_share_is_plain (path) ? realpath (folder, NULL) : NULL;
  if (root && *path == '\0') {
    real = g_strdup (root);
  } else if (root) {
    full = g_build_filename (root, path, NULL);
    real = resolve_name (root, full, way);
  }
  free (root);
  if (!real)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("There is no “%s” in the shared folder."), path);
  return real;
}

char *
cw_share_partial_name (const char *real)
{
  g_autofree char *folder = g_path_get_dirname (real);
  g_autofree char *name = g_strdup_printf ("%s%08x%08x", CW_SHARE_UPLOAD, g_random_int (), g_random_int ());

  return g_build_filename (folder, name, NULL);
}
