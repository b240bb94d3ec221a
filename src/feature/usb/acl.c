/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "feature/usb/acl.h"

#include "base/i18n.h"
#include "spice-client.h"

#include <string.h>

#ifndef CW_USB_ACL_HELPER
#  define CW_USB_ACL_HELPER "/usr/libexec/spice-client-glib-usb-acl-helper"
#endif

/* Ending its input is what the helper waits for. */
void
cw_usb_acl_close (GSubprocess *helper)
{
  if (!helper)
    return;
  g_output_stream_close (g_subprocess_get_stdin_pipe (helper), NULL, NULL);
  g_object_unref (helper);
}

static void
fail (GTask *task, const char *reason)
{
  g_task_return_new_error (task, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED,
                           _ ("The permission to use the device could not be got: %s"), reason);
}

static void
on_line (GObject *stream, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GSubprocess *helper = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autofree char *line
      = g_data_input_stream_read_line_finish_utf8 (G_DATA_INPUT_STREAM (stream), result, NULL, &error);

  if (g_strcmp0 (line, "SUCCESS") == 0) {
    g_task_return_pointer (task, g_object_ref (helper), (GDestroyNotify) cw_usb_acl_close);
    return;
  }
  /* Whatever it has said, it may still wait for that. */
  g_output_stream_close (g_subprocess_get_stdin_pipe (helper), NULL, NULL);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (g_strcmp0 (line, "CANCELED") == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                             _ ("The permission to use the device was refused."));
  else
    fail (task, error ? error->message : line ? line : "the helper ended.");
}

void
cw_usb_acl_open_async (int bus, int address, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  const char *program = g_getenv ("SPICE_USB_ACL_BINARY");
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) lines = NULL;
  g_autofree char *request = g_strdup_printf ("%d %d\n", bus, address);
  GSubprocess *helper;

  g_task_set_source_tag (task, cw_usb_acl_open_async);
  helper = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                             program ? program : CW_USB_ACL_HELPER, NULL);
  if (!helper) {
    fail (task, error->message);
    return;
  }
  g_task_set_task_data (task, helper, g_object_unref);
  /* A few bytes into an empty pipe. */
  if (!g_output_stream_write_all (g_subprocess_get_stdin_pipe (helper), request, strlen (request), NULL, NULL,
                                  &error)) {
    fail (task, error->message);
    return;
  }
  lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (helper));
  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, cancellable, on_line, g_steal_pointer (&task));
}

GSubprocess *
cw_usb_acl_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
