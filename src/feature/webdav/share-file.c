/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A GFile of the shared folder: a name below it. Each operation finds the real file anew, and leaves the work to GIO's
 * own file there. */
#include "base/i18n.h"
#include "feature/webdav/share.h"

#include <string.h>

typedef struct {
  GObject parent;
  CwShare *share;
  char *path;     /* relative to the folder, without a slash at either end */
  GFile *folders; /* of the root: what comes before; else NULL */
} CwShareFile;

typedef struct {
  GObjectClass parent_class;
} CwShareFileClass;

typedef struct {
  GFileEnumerator parent;
  CwShare *share;
  char *path;
  GFileEnumerator *real;
} CwShareList;

typedef struct {
  GFileEnumeratorClass parent_class;
} CwShareListClass;

static void init_interface (GFileIface *iface);
static GType share_file_get_type (void);
static GType share_list_get_type (void);

G_DEFINE_TYPE_WITH_CODE (CwShareFile, share_file, G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (G_TYPE_FILE, init_interface))
G_DEFINE_TYPE (CwShareList, share_list, G_TYPE_FILE_ENUMERATOR)

static GFile *
new_file (CwShare *share, const char *path)
{
  CwShareFile *self = g_object_new (share_file_get_type (), NULL);

  self->share = cw_share_ref (share);
  self->path = g_strdup (path);
  return G_FILE (self);
}

GFile *
cw_share_root (CwShare *self, GFile *folders)
{
  GFile *root = new_file (self, "");

  ((CwShareFile *) root)->folders = g_object_ref (folders);
  return root;
}

bool
cw_share_owns (GFile *file)
{
  return G_OBJECT_TYPE (file) == share_file_get_type ();
}

static char *
join (const char *folder, const char *name)
{
  return *folder && *name ? g_strconcat (folder, "/", name, NULL) : g_strdup (*name ? name : folder);
}

/* The real file; the caller unrefs it. */
static GFile *
real_file (GFile *file, CwShareWay way, GError **error)
{
  CwShareFile *self = (CwShareFile *) file;
  g_autofree char *real = cw_share_resolve (self->share, self->path, way, error);

  return real ? g_file_new_for_path (real) : NULL;
}

static bool
may_write (GFile *file, GError **error)
{
  CwShareFile *self = (CwShareFile *) file;

  if (*self->path && !cw_share_is_read_only (self->share))
    return true;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY, _ ("The folder is shared for reading only."));
  return false;
}

/* Names */

static GFile *
dup_file (GFile *file)
{
  CwShareFile *self = (CwShareFile *) file;

  return new_file (self->share, self->path);
}

static guint
hash (GFile *file)
{
  return g_str_hash (((CwShareFile *) file)->path);
}

static gboolean
equal (GFile *a, GFile *b)
{
  CwShareFile *x = (CwShareFile *) a, *y = (CwShareFile *) b;

  return x->share == y->share && g_str_equal (x->path, y->path);
}

static gboolean
is_native (GFile *file)
{
  return FALSE;
}

static gboolean
has_uri_scheme (GFile *file, const char *scheme)
{
  return FALSE;
}

static char *
no_text (GFile *file)
{
  return NULL;
}

static char *
get_basename (GFile *file)
{
  CwShareFile *self = (CwShareFile *) file;

  return *self->path ? g_path_get_basename (self->path) : g_strdup ("/");
}

static char *
get_path (GFile *file)
{
  CwShareFile *self = (CwShareFile *) file;

  return cw_share_resolve (self->share, self->path, CW_SHARE_FOLLOW, NULL);
}

static char *
get_parse_name (GFile *file)
{
  return g_strconcat ("/", ((CwShareFile *) file)->path, NULL);
}

static GFile *
get_parent (GFile *file)
{
  CwShareFile *self = (CwShareFile *) file;
  g_autofree char *folder = g_path_get_dirname (self->path);

  if (!*self->path)
    return NULL;
  return new_file (self->share, g_str_equal (folder, ".") ? "" : folder);
}

static char *
get_relative_path (GFile *parent, GFile *file)
{
  CwShareFile *self = (CwShareFile *) file;
  const char *prefix = ((CwShareFile *) parent)->path;
  size_t size = strlen (prefix);

  if (size == 0)
    return *self->path ? g_strdup (self->path) : NULL;
  return strncmp (self->path, prefix, size) == 0 && self->path[size] == '/' ? g_strdup (self->path + size + 1) : NULL;
}

static gboolean
prefix_matches (GFile *prefix, GFile *file)
{
  g_autofree char *relative = get_relative_path (prefix, file);

  return relative != NULL;
}

/* The file of that path in folders; NULL when they have none of its beginning. */
static GFile *
find_in_folders (GFile *folders, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", 2);
  g_autoptr (GFile) first = *path ? g_file_resolve_relative_path (folders, parts[0]) : NULL;

  return first && g_file_query_exists (first, NULL) ? g_file_resolve_relative_path (folders, path) : NULL;
}

static GFile *
resolve_relative_path (GFile *file, const char *relative)
{
  CwShareFile *self = (CwShareFile *) file;
  g_autofree char *path = join (self->path, relative);
  size_t size = strlen (path);
  GFile *found;

  while (size > 0 && path[size - 1] == '/')
    path[--size] = '\0';
  if (self->folders && (found = find_in_folders (self->folders, path)))
    return found;
  return new_file (self->share, path);
}

static GFile *
get_child_for_display_name (GFile *file, const char *name, GError **error)
{
  return resolve_relative_path (file, name);
}

/* Reading */

static GFileInfo *
query_info (GFile *file, const char *attributes, GFileQueryInfoFlags flags, GCancellable *cancellable, GError **error)
{
  bool itself = (flags & G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS) != 0;
  g_autoptr (GFile) real = real_file (file, itself ? CW_SHARE_NO_FOLLOW : CW_SHARE_FOLLOW, error);

  return real ? g_file_query_info (real, attributes, flags, cancellable, error) : NULL;
}

static GFileInfo *
query_filesystem_info (GFile *file, const char *attributes, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) real = real_file (file, CW_SHARE_FOLLOW, error);

  return real ? g_file_query_filesystem_info (real, attributes, cancellable, error) : NULL;
}

static GFileInputStream *
read_file (GFile *file, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) real = real_file (file, CW_SHARE_FOLLOW, error);

  return real ? g_file_read (real, cancellable, error) : NULL;
}

static gboolean
measure_disk_usage (GFile *file, GFileMeasureFlags flags, GCancellable *cancellable,
                    GFileMeasureProgressCallback progress, gpointer data, guint64 *usage, guint64 *n_folders,
                    guint64 *n_files, GError **error)
{
  g_autoptr (GFile) real = real_file (file, CW_SHARE_FOLLOW, error);

  return real && g_file_measure_disk_usage (real, flags, cancellable, progress, data, usage, n_folders, n_files, error);
}

static GFileEnumerator *
enumerate_children (GFile *file, const char *attributes, GFileQueryInfoFlags flags, GCancellable *cancellable,
                    GError **error)
{
  CwShareFile *self = (CwShareFile *) file;
  g_autoptr (GFile) real = real_file (file, CW_SHARE_FOLLOW, error);
  GFileEnumerator *list = real ? g_file_enumerate_children (real, attributes, flags, cancellable, error) : NULL;
  CwShareList *wrapper;

  if (!list)
    return NULL;
  wrapper = g_object_new (share_list_get_type (), "container", file, NULL);
  wrapper->share = cw_share_ref (self->share);
  wrapper->path = g_strdup (self->path);
  wrapper->real = list;
  return G_FILE_ENUMERATOR (wrapper);
}

/* What leads out of the folder, or nowhere, or is neither file nor folder, is not listed. */
static bool
is_listed (CwShareList *self, GFileInfo *info)
{
  g_autofree char *path = join (self->path, g_file_info_get_name (info));
  g_autofree char *real = cw_share_resolve (self->share, path, CW_SHARE_FOLLOW, NULL);

  if (g_str_has_prefix (g_file_info_get_name (info), CW_SHARE_UPLOAD))
    return false;
  return real && (g_file_test (real, G_FILE_TEST_IS_REGULAR) || g_file_test (real, G_FILE_TEST_IS_DIR));
}

static GFileInfo *
next_file (GFileEnumerator *list, GCancellable *cancellable, GError **error)
{
  CwShareList *self = (CwShareList *) list;
  GError *failure = NULL;
  GFileInfo *info;

  while ((info = g_file_enumerator_next_file (self->real, cancellable, &failure)) && !is_listed (self, info))
    g_object_unref (info);
  /* The end of a folder that is gone, or not shared any more, is not the end of what was in it. */
  if (!info && !failure)
    g_free (cw_share_resolve (self->share, self->path, CW_SHARE_FOLLOW, &failure));
  if (failure)
    g_propagate_error (error, failure);
  return info;
}

static gboolean
close_list (GFileEnumerator *list, GCancellable *cancellable, GError **error)
{
  CwShareList *self = (CwShareList *) list;

  /* Its last reference closes it once more. */
  return !self->real || g_file_enumerator_close (self->real, cancellable, error);
}

/* Writing */

static GFile *
writable_file (GFile *file, CwShareWay way, GError **error)
{
  return may_write (file, error) ? real_file (file, way, error) : NULL;
}

static GFileOutputStream *
create (GFile *file, GFileCreateFlags flags, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) real = writable_file (file, CW_SHARE_FOLLOW, error);

  return real ? g_file_create (real, flags, cancellable, error) : NULL;
}

static GFileOutputStream *
replace (GFile *file, const char *etag, gboolean backup, GFileCreateFlags flags, GCancellable *cancellable,
         GError **error)
{
  g_autoptr (GFile) real = writable_file (file, CW_SHARE_FOLLOW, error);

  return real ? g_file_replace (real, etag, backup, flags, cancellable, error) : NULL;
}

static gboolean
delete_file (GFile *file, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) real = writable_file (file, CW_SHARE_NO_FOLLOW, error);

  return real && g_file_delete (real, cancellable, error);
}

static gboolean
make_directory (GFile *file, GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) real = writable_file (file, CW_SHARE_FOLLOW, error);

  return real && g_file_make_directory (real, cancellable, error);
}

static gboolean
copy (GFile *from, GFile *to, GFileCopyFlags flags, GCancellable *cancellable, GFileProgressCallback progress,
      gpointer data, GError **error)
{
  g_autoptr (GFile) real_from = NULL, real_to = NULL;

  if (!cw_share_owns (from) || !cw_share_owns (to)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, _ ("Only within the shared folder."));
    return FALSE;
  }
  real_from = real_file (from, CW_SHARE_FOLLOW, error);
  real_to = real_from ? writable_file (to, CW_SHARE_FOLLOW, error) : NULL;
  return real_to && g_file_copy (real_from, real_to, flags, cancellable, progress, data, error);
}

static gboolean
move (GFile *from, GFile *to, GFileCopyFlags flags, GCancellable *cancellable, GFileProgressCallback progress,
      gpointer data, GError **error)
{
  g_autoptr (GFile) real_from = NULL, real_to = NULL;

  if (!cw_share_owns (from) || !cw_share_owns (to)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, _ ("Only within the shared folder."));
    return FALSE;
  }
  real_from = writable_file (from, CW_SHARE_NO_FOLLOW, error);
  real_to = real_from ? writable_file (to, CW_SHARE_NO_FOLLOW, error) : NULL;
  return real_to && g_file_move (real_from, real_to, flags, cancellable, progress, data, error);
}

static gboolean
set_attribute (GFile *file, const char *attribute, GFileAttributeType type, gpointer value, GFileQueryInfoFlags flags,
               GCancellable *cancellable, GError **error)
{
  g_autoptr (GFile) real = writable_file (file, CW_SHARE_FOLLOW, error);

  /* Properties of the guest's; not what decides who may do what. */
  if (real && !g_str_has_prefix (attribute, "xattr::")) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "“%s” cannot be set.", attribute);
    return FALSE;
  }
  return real && g_file_set_attribute (real, attribute, type, value, flags, cancellable, error);
}

static void
init_interface (GFileIface *iface)
{
  iface->dup = dup_file;
  iface->hash = hash;
  iface->equal = equal;
  iface->is_native = is_native;
  iface->has_uri_scheme = has_uri_scheme;
  iface->get_uri_scheme = no_text;
  iface->get_uri = no_text;
  iface->get_basename = get_basename;
  iface->get_path = get_path;
  iface->get_parse_name = get_parse_name;
  iface->get_parent = get_parent;
  iface->prefix_matches = prefix_matches;
  iface->get_relative_path = get_relative_path;
  iface->resolve_relative_path = resolve_relative_path;
  iface->get_child_for_display_name = get_child_for_display_name;
  iface->query_info = query_info;
  iface->query_filesystem_info = query_filesystem_info;
  iface->enumerate_children = enumerate_children;
  iface->read_fn = read_file;
  iface->measure_disk_usage = measure_disk_usage;
  iface->create = create;
  iface->replace = replace;
  iface->delete_file = delete_file;
  iface->make_directory = make_directory;
  iface->copy = copy;
  iface->move = move;
  iface->set_attribute = set_attribute;
}

static void
finalize_file (GObject *object)
{
  CwShareFile *self = (CwShareFile *) object;

  cw_share_unref (self->share);
  g_clear_object (&self->folders);
  g_free (self->path);
  G_OBJECT_CLASS (share_file_parent_class)->finalize (object);
}

static void
share_file_class_init (CwShareFileClass *class)
{
  G_OBJECT_CLASS (class)->finalize = finalize_file;
}

static void
share_file_init (CwShareFile *self)
{
}

static void
finalize_list (GObject *object)
{
  CwShareList *self = (CwShareList *) object;

  g_clear_object (&self->real);
  cw_share_unref (self->share);
  g_free (self->path);
  G_OBJECT_CLASS (share_list_parent_class)->finalize (object);
}

static void
share_list_class_init (CwShareListClass *class)
{
  G_OBJECT_CLASS (class)->finalize = finalize_list;
  G_FILE_ENUMERATOR_CLASS (class)->next_file = next_file;
  G_FILE_ENUMERATOR_CLASS (class)->close_fn = close_list;
}

static void
share_list_init (CwShareList *self)
{
}
