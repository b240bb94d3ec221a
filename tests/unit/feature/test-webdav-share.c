/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shared folder as a tree of files: names in it, what is listed, what it lets be done, and what it keeps out. */
#include "feature/webdav/share.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *top, *shared, *own; /* own: folders that come before the shared one */
  CwShare *share;
  GFile *root;
} Case;

static char *
make (const char *folder, const char *name, const char *content)
{
  char *path = g_build_filename (folder, name, NULL);

  if (content)
    g_assert_true (g_file_set_contents (path, content, -1, NULL));
  else
    g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  return path;
}

static void
begin (Case *self)
{
  g_autoptr (GFile) own = NULL;
  g_autofree char *link = NULL;

  self->top = g_dir_make_tmp ("caraway-share-XXXXXX", NULL);
  self->shared = make (self->top, "shared", NULL);
  self->own = make (self->top, "own", NULL);
  g_free (make (self->top, "shared-not", NULL)); /* begins like it */
  g_free (make (self->top, "shared-not/secret", "SECRET"));
  g_free (make (self->own, "own-folder", NULL));
  g_free (make (self->own, "own-folder/in-it", "own"));
  g_free (make (self->shared, "file", "content"));
  g_free (make (self->shared, "folder", NULL));
  g_free (make (self->shared, "folder/inside", "inside"));
  g_free (make (self->shared, CW_SHARE_UPLOAD "1", "half"));
  link = g_build_filename (self->shared, "link-in", NULL);
  g_assert_cmpint (symlink ("folder/inside", link), ==, 0);
  g_free (link);
  link = g_build_filename (self->shared, "link-out", NULL);
  g_assert_cmpint (symlink ("../shared-not/secret", link), ==, 0);
  g_free (link);
  link = g_build_filename (self->shared, "link-nowhere", NULL);
  g_assert_cmpint (symlink ("nothing", link), ==, 0);
  own = g_file_new_for_path (self->own);
  self->share = cw_share_new ();
  cw_share_set (self->share, self->shared, false);
  self->root = cw_share_root (self->share, own);
}

static void
end (Case *self)
{
  g_object_unref (self->root);
  cw_share_unref (self->share);
  g_assert_true (cw_share_remove_tree (self->top));
  g_assert_false (g_file_test (self->top, G_FILE_TEST_EXISTS));
  g_free (self->shared);
  g_free (self->own);
  g_free (self->top);
}

static void
test_names (void)
{
  g_autoptr (GFile) folder = NULL, inside = NULL, same = NULL, up = NULL, top = NULL, beside = NULL, copy = NULL;
  g_autofree char *name = NULL, *parse_name = NULL, *relative = NULL, *from_root = NULL, *none = NULL,
                  *root_name = NULL;
  Case c;

  begin (&c);
  folder = g_file_resolve_relative_path (c.root, "folder/");
  inside = g_file_resolve_relative_path (folder, "inside");
  same = g_file_get_child_for_display_name (folder, "inside", NULL);
  beside = g_file_resolve_relative_path (c.root, "folders");
  copy = g_file_dup (inside);
  up = g_file_get_parent (inside);
  top = g_file_get_parent (folder);
  g_assert_null (g_file_get_parent (c.root));
  g_assert_true (g_file_equal (inside, same) && g_file_equal (inside, copy)
                 && g_file_hash (inside) == g_file_hash (same));
  g_assert_true (g_file_equal (up, folder) && g_file_equal (top, c.root));
  g_assert_false (g_file_equal (inside, folder));
  name = g_file_get_basename (inside);
  g_assert_cmpstr (name, ==, "inside");
  root_name = g_file_get_basename (c.root);
  g_assert_cmpstr (root_name, ==, "/");
  parse_name = g_file_get_parse_name (inside);
  g_assert_cmpstr (parse_name, ==, "/folder/inside");
  relative = g_file_get_relative_path (folder, inside);
  g_assert_cmpstr (relative, ==, "inside");
  from_root = g_file_get_relative_path (c.root, inside);
  g_assert_cmpstr (from_root, ==, "folder/inside");
  g_assert_null (g_file_get_relative_path (folder, beside));
  g_assert_null (g_file_get_relative_path (inside, folder));
  g_assert_null (g_file_get_relative_path (c.root, c.root));
  g_assert_true (g_file_has_prefix (inside, c.root) && g_file_has_prefix (inside, folder));
  g_assert_false (g_file_has_prefix (beside, folder));
  g_assert_false (g_file_is_native (inside));
  g_assert_null (g_file_get_uri (inside));
  none = g_file_get_path (inside);
  g_assert_true (g_str_has_prefix (none, c.top) && g_str_has_suffix (none, "/shared/folder/inside"));
  g_assert_true (cw_share_owns (inside) && cw_share_owns (c.root));
  end (&c);
}

/* Folders of our own hide what the shared one has under their names, whole. */
static void
test_own (void)
{
  g_autoptr (GFile) in_it = NULL, not_there = NULL;
  g_autofree char *content = NULL;
  Case c;

  begin (&c);
  in_it = g_file_resolve_relative_path (c.root, "own-folder/in-it");
  g_assert_false (cw_share_owns (in_it));
  g_assert_true (g_file_load_contents (in_it, NULL, &content, NULL, NULL, NULL));
  g_assert_cmpstr (content, ==, "own");
  not_there = g_file_resolve_relative_path (c.root, "own-folder/other");
  g_assert_false (cw_share_owns (not_there));
  end (&c);
}

static int
compare (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static void
test_listed (void)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GFileEnumerator) list = NULL;
  g_autofree char *text = NULL;
  GFileInfo *info;
  Case c;

  begin (&c);
  list = g_file_enumerate_children (c.root, G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NONE, NULL, NULL);
  g_assert_true (g_file_enumerator_get_container (list) == c.root);
  while ((info = g_file_enumerator_next_file (list, NULL, NULL))) {
    g_ptr_array_add (names, g_strdup (g_file_info_get_name (info)));
    g_object_unref (info);
  }
  g_ptr_array_sort (names, compare);
  g_ptr_array_add (names, NULL);
  text = g_strjoinv (" ", (char **) names->pdata);
  g_assert_cmpstr (text, ==, "file folder link-in");
  g_assert_true (g_file_enumerator_close (list, NULL, NULL));
  end (&c);
}

static void
assert_content (Case *self, const char *path, const char *expected)
{
  g_autoptr (GFile) file = g_file_resolve_relative_path (self->root, path);
  g_autoptr (GError) error = NULL;
  g_autofree char *content = NULL;

  if (g_file_load_contents (file, NULL, &content, NULL, NULL, &error))
    g_assert_cmpstr (content, ==, expected);
  else
    g_assert_null (expected);
  if (!expected)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_inside (void)
{
  static const char *const plain[] = { "", "a", "a/b", "...", "a/.b", "..a" };
  static const char *const wrong[] = { "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/..", "../a" };
  Case c;

  for (unsigned i = 0; i < G_N_ELEMENTS (plain); i++)
    g_assert_true (cw_share_is_plain (plain[i]));
  for (unsigned i = 0; i < G_N_ELEMENTS (wrong); i++)
    g_assert_false (cw_share_is_plain (wrong[i]));
  begin (&c);
  assert_content (&c, "file", "content");
  assert_content (&c, "link-in", "inside");
  assert_content (&c, "link-out", NULL);
  assert_content (&c, "link-nowhere", NULL);
  assert_content (&c, "folder/../../shared-not/secret", NULL);
  assert_content (&c, "nothing", NULL);
  cw_share_set (c.share, NULL, false);
  assert_content (&c, "file", NULL);
  cw_share_set (c.share, c.shared, true);
  assert_content (&c, "file", "content");
  end (&c);
}

/* Each of these either does what it says, or fails with that. */
static void
write_all (Case *self, int code)
{
  g_autoptr (GFile) file = g_file_resolve_relative_path (self->root, "new");
  g_autoptr (GFile) folder = g_file_resolve_relative_path (self->root, "new-folder");
  g_autoptr (GFile) from = g_file_resolve_relative_path (self->root, "file");
  g_autoptr (GFile) to = g_file_resolve_relative_path (self->root, "new-folder/copy");
  g_autoptr (GFile) moved = g_file_resolve_relative_path (self->root, "moved");
  g_autoptr (GFileOutputStream) created = NULL, replaced = NULL;
  GError *errors[7] = { NULL };
  bool ok[7];

  ok[0] = (created = g_file_create (file, G_FILE_CREATE_NONE, NULL, &errors[0])) != NULL;
  ok[1] = (replaced = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_NONE, NULL, &errors[1])) != NULL;
  if (replaced)
    g_assert_true (g_output_stream_close (G_OUTPUT_STREAM (replaced), NULL, NULL));
  ok[2] = g_file_make_directory (folder, NULL, &errors[2]);
  ok[3] = g_file_copy (from, to, G_FILE_COPY_NONE, NULL, NULL, NULL, &errors[3]);
  ok[4] = g_file_move (from, moved, G_FILE_COPY_NONE, NULL, NULL, NULL, &errors[4]);
  ok[5] = g_file_delete (file, NULL, &errors[5]);
  ok[6] = g_file_delete (to, NULL, &errors[6]);
  for (unsigned i = 0; i < G_N_ELEMENTS (ok); i++) {
    g_assert_true (ok[i] == (code < 0));
    if (code < 0)
      g_assert_no_error (errors[i]);
    else
      g_assert_error (errors[i], G_IO_ERROR, code);
    g_clear_error (&errors[i]);
  }
}

static void
test_writing (void)
{
  Case c;

  begin (&c);
  cw_share_set (c.share, c.shared, true);
  g_assert_true (cw_share_is_read_only (c.share));
  write_all (&c, G_IO_ERROR_READ_ONLY);
  cw_share_set (c.share, c.shared, false);
  g_assert_false (cw_share_is_read_only (c.share));
  write_all (&c, -1);
  assert_content (&c, "moved", "content");
  assert_content (&c, "file", NULL);
  g_assert_false (g_file_delete (c.root, NULL, NULL));
  end (&c);
}

/* What is asked of a file is asked of the real one. */
static void
test_asked (void)
{
  g_autoptr (GFile) folder = NULL, link = NULL, outside = NULL;
  g_autoptr (GFileInfo) followed = NULL, itself = NULL, system = NULL;
  guint64 size = 0, n_folders = 0, n_files = 0;
  Case c;

  begin (&c);
  folder = g_file_resolve_relative_path (c.root, "folder//");
  link = g_file_resolve_relative_path (c.root, "link-in");
  outside = g_file_resolve_relative_path (c.root, "link-out");
  followed = g_file_query_info (link, "standard::*", G_FILE_QUERY_INFO_NONE, NULL, NULL);
  g_assert_cmpint (g_file_info_get_file_type (followed), ==, G_FILE_TYPE_REGULAR);
  itself = g_file_query_info (link, "standard::*", G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
  g_assert_cmpint (g_file_info_get_file_type (itself), ==, G_FILE_TYPE_SYMBOLIC_LINK);
  system = g_file_query_filesystem_info (folder, G_FILE_ATTRIBUTE_FILESYSTEM_SIZE, NULL, NULL);
  g_assert_true (system && g_file_info_has_attribute (system, G_FILE_ATTRIBUTE_FILESYSTEM_SIZE));
  g_assert_null (g_file_query_filesystem_info (outside, G_FILE_ATTRIBUTE_FILESYSTEM_SIZE, NULL, NULL));
  g_assert_true (g_file_measure_disk_usage (folder, G_FILE_MEASURE_APPARENT_SIZE, NULL, NULL, NULL, &size, &n_folders,
                                            &n_files, NULL));
  g_assert_cmpuint (n_files, ==, 1);
  g_assert_false (g_file_measure_disk_usage (outside, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
  g_assert_null (g_file_enumerate_children (outside, "standard::*", G_FILE_QUERY_INFO_NONE, NULL, NULL));
  g_assert_false (g_file_has_uri_scheme (folder, "file"));
  g_assert_null (g_file_get_uri_scheme (folder));
  end (&c);
}

static bool
set_mode (GFile *file, int *code)
{
  g_autoptr (GError) error = NULL;
  bool ok = g_file_set_attribute_uint32 (file, G_FILE_ATTRIBUTE_UNIX_MODE, 0777, G_FILE_QUERY_INFO_NONE, NULL, &error);

  *code = error ? error->code : -1;
  return ok;
}

/* Who may do what is not the guest's to say; properties of its own are, where the file system has room for them. */
static void
test_attributes (void)
{
  g_autoptr (GFile) file = NULL, real = NULL;
  g_autofree char *path = NULL;
  bool has_room;
  int code;
  Case c;

  begin (&c);
  file = g_file_resolve_relative_path (c.root, "file");
  path = g_file_get_path (file);
  real = g_file_new_for_path (path);
  has_room = g_file_set_attribute_string (real, "xattr::a", "1", G_FILE_QUERY_INFO_NONE, NULL, NULL);
  g_assert_true (g_file_set_attribute_string (file, "xattr::b", "2", G_FILE_QUERY_INFO_NONE, NULL, NULL) == has_room);
  g_assert_false (set_mode (file, &code));
  g_assert_cmpint (code, ==, G_IO_ERROR_NOT_SUPPORTED);
  cw_share_set (c.share, c.shared, true);
  g_assert_false (set_mode (file, &code));
  g_assert_cmpint (code, ==, G_IO_ERROR_READ_ONLY);
  g_assert_false (g_file_set_attribute_string (file, "xattr::b", "3", G_FILE_QUERY_INFO_NONE, NULL, NULL));
  end (&c);
}

/* Nothing is copied or moved over the border of the share, in neither direction. */
static void
test_border (void)
{
  g_autoptr (GFile) inside = NULL, own = NULL, to = NULL, to_own = NULL;
  g_autoptr (GError) error = NULL;
  Case c;

  begin (&c);
  inside = g_file_resolve_relative_path (c.root, "file");
  own = g_file_resolve_relative_path (c.root, "own-folder/in-it");
  to = g_file_resolve_relative_path (c.root, "new");
  to_own = g_file_resolve_relative_path (c.root, "own-folder/new");
  g_assert_false (G_FILE_GET_IFACE (inside)->copy (own, to, 0, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (G_FILE_GET_IFACE (inside)->copy (inside, to_own, 0, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (G_FILE_GET_IFACE (inside)->move (own, to, 0, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (G_FILE_GET_IFACE (inside)->move (inside, to_own, 0, NULL, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  assert_content (&c, "new", NULL);
  assert_content (&c, "file", "content");
  end (&c);
}

/* Whole folders: links in them are no part of them, and one to a folder makes them none that is walked. */
static void
test_trees (void)
{
  g_autofree char *copy = NULL, *shallow = NULL, *pipe = NULL, *link = NULL, *nothing = NULL, *name = NULL;
  Case c;

  begin (&c);
  copy = g_build_filename (c.top, "copy", NULL);
  shallow = g_build_filename (c.top, "shallow", NULL);
  nothing = g_build_filename (c.top, "nothing", NULL);
  pipe = g_build_filename (c.shared, "pipe", NULL);
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_true (cw_share_is_tree (c.shared));
  g_assert_true (cw_share_copy (c.shared, copy, true));
  g_free (pipe);
  pipe = g_build_filename (copy, "pipe", NULL);
  link = g_build_filename (copy, "link-in", NULL);
  name = g_build_filename (copy, "folder", "inside", NULL);
  g_assert_true (g_file_test (name, G_FILE_TEST_IS_REGULAR));
  g_assert_cmpint (access (pipe, F_OK), ==, -1);
  g_assert_false (g_file_test (link, G_FILE_TEST_IS_SYMLINK) || g_file_test (link, G_FILE_TEST_EXISTS));
  g_assert_cmpint (symlink ("folder", link), ==, 0);
  g_assert_false (cw_share_is_tree (copy));
  g_assert_true (cw_share_copy (c.shared, shallow, false));
  g_assert_cmpint (g_rmdir (shallow), ==, 0); /* there was nothing in it */
  g_assert_false (cw_share_copy (nothing, shallow, true));
  g_assert_false (cw_share_copy (nothing, copy, true));
  g_assert_true (g_file_test (name, G_FILE_TEST_IS_REGULAR));
  g_assert_true (cw_share_copy (c.shared, copy, false));
  g_assert_cmpint (g_rmdir (copy), ==, 0); /* neither any more */
  g_assert_true (cw_share_copy (c.shared, copy, true));
  g_assert_false (cw_share_remove_tree (nothing));
  g_assert_true (cw_share_remove_tree (copy));
  g_assert_false (g_file_test (copy, G_FILE_TEST_EXISTS));
  assert_content (&c, "folder/inside", "inside");
  end (&c);
}

/* All that the machine has may be shared. */
static void
test_everything (void)
{
  g_autofree char *real = NULL;
  Case c;

  begin (&c);
  cw_share_set (c.share, "/", true);
  real = cw_share_resolve (c.share, c.shared + 1, CW_SHARE_FOLLOW, NULL);
  g_assert_nonnull (real);
  g_assert_true (g_str_has_suffix (real, "/shared"));
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webdav-share/names", test_names);
  g_test_add_func ("/webdav-share/own", test_own);
  g_test_add_func ("/webdav-share/listed", test_listed);
  g_test_add_func ("/webdav-share/inside", test_inside);
  g_test_add_func ("/webdav-share/writing", test_writing);
  g_test_add_func ("/webdav-share/asked", test_asked);
  g_test_add_func ("/webdav-share/attributes", test_attributes);
  g_test_add_func ("/webdav-share/border", test_border);
  g_test_add_func ("/webdav-share/trees", test_trees);
  g_test_add_func ("/webdav-share/everything", test_everything);
  return g_test_run ();
}
