/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs see of a session's shared folders: the server behind webdav-server. By the public API alone. */
#include <spice-client.h>

static GObject *
server_of (SpiceSession *session)
{
  GObject *server;

  g_object_get (session, "webdav-server", &server, NULL);
  g_assert_nonnull (server);
  return server;
}

static void
check_read_only (SpiceSession *session, GObject *server, gboolean expected)
{
  gboolean of_session, of_server;

  g_object_get (session, "share-dir-ro", &of_session, NULL);
  g_object_get (server, "read-only", &of_server, NULL);
  g_assert_cmpint (of_session, ==, expected);
  g_assert_cmpint (of_server, ==, expected);
}

/* S26: each of both switches the other, from what the session had at first. */
static void
test_read_only (gconstpointer data)
{
  gboolean first = GPOINTER_TO_INT (data);
  SpiceSession *session = g_object_new (SPICE_TYPE_SESSION, "share-dir-ro", first, NULL);
  g_autoptr (GObject) server = server_of (session);

  check_read_only (session, server, first);
  g_object_set (session, "share-dir-ro", !first, NULL);
  check_read_only (session, server, !first);
  g_object_set (server, "read-only", first, NULL);
  check_read_only (session, server, first);
  /* It outlives the session. */
  g_object_unref (session);
  g_object_set (server, "read-only", !first, NULL);
}

/* S27, also without a folder. */
static void
test_server (void)
{
  SpiceSession *session = g_object_new (SPICE_TYPE_SESSION, "shared-dir", NULL, NULL);
  g_autoptr (GObject) server = server_of (session), again = server_of (session);
  g_autoptr (GFile) root = NULL, clipboard = NULL, other = NULL;

  g_assert_true (server == again);
  g_object_get (server, "root-file", &root, NULL);
  clipboard = g_file_resolve_relative_path (root, SPICE_WEBDAV_CLIPBOARD_FOLDER_PATH);
  other = g_file_resolve_relative_path (root, "/other");
  g_assert_cmpint (g_file_query_file_type (clipboard, G_FILE_QUERY_INFO_NONE, NULL), ==, G_FILE_TYPE_DIRECTORY);
  g_assert_false (other && g_file_query_exists (other, NULL));
  g_object_unref (session);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/folders/S26-writable", GINT_TO_POINTER (FALSE), test_read_only);
  g_test_add_data_func ("/folders/S26-read-only", GINT_TO_POINTER (TRUE), test_read_only);
  g_test_add_func ("/folders/S27-server", test_server);
  return g_test_run ();
}
