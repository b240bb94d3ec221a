/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The helper that SPICE_USB_ACL_BINARY names: what it is asked, what its answers mean, and when it may end. */
#include "feature/usb/acl.h"

#include "spice-client.h"

#include <glib/gstdio.h>

typedef struct {
  const char *name;
  const char *answers; /* of the shell script, once it has read the request; NULL: there is no such program */
  bool granted, cancelled;
  const char *quoted; /* in the error's text */
} Row;

static const Row rows[] = {
  { "success", "echo SUCCESS; read rest; echo over >> \"$0.log\"", .granted = true },
  { "canceled", "echo CANCELED", .cancelled = true, .quoted = "refused" },
  { "words", "echo not for you", .quoted = "not for you" },
  { "nothing", "exit 0", .quoted = "ended" },
  { "absent", NULL, .quoted = "helper" },
};

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static char *
make_helper (const char *folder, const Row *row)
{
  char *path = g_build_filename (folder, "helper", NULL);
  g_autofree char *script
      = g_strdup_printf ("#!/bin/sh\nread request\necho \"$request\" > \"$0.log\"\n%s\n", row->answers);

  if (!row->answers)
    return path;
  g_assert_true (g_file_set_contents (path, script, -1, NULL));
  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
  return path;
}

static void
check_error (const Row *row, const GError *error)
{
  if (row->cancelled)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  else
    g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, row->quoted));
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autofree char *folder = g_dir_make_tmp ("caraway-XXXXXX", NULL), *path = make_helper (folder, row);
  g_autofree char *log = g_strconcat (path, ".log", NULL), *written = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GSubprocess *helper;

  g_setenv ("SPICE_USB_ACL_BINARY", path, TRUE);
  cw_usb_acl_open_async (3, 14, NULL, on_opened, &result);
  g_unsetenv ("SPICE_USB_ACL_BINARY");
  while (!result)
    g_main_context_iteration (NULL, TRUE);
  helper = cw_usb_acl_open_finish (result, &error);
  g_assert_cmpint (helper != NULL, ==, row->granted);
  if (helper) {
    g_object_ref (helper);
    cw_usb_acl_close (helper);
    g_assert_true (g_subprocess_wait_check (helper, NULL, NULL));
    g_object_unref (helper);
  } else {
    check_error (row, error);
  }
  if (row->answers) {
    g_assert_true (g_file_get_contents (log, &written, NULL, NULL));
    g_assert_cmpstr (written, ==, row->granted ? "3 14\nover\n" : "3 14\n");
    g_assert_cmpint (g_unlink (log), ==, 0);
    g_assert_cmpint (g_unlink (path), ==, 0);
  }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/usb/acl/SPICE_USB_ACL_BINARY/%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_row);
  }
  return g_test_run ();
}
