/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files-case.h"

#include <glib/gstdio.h>
#include <string.h>

void
files_case_begin (FilesCase *self, bool agent, uint32_t caps)
{
  *self = (FilesCase){ .server = agent_server_new () };
  self->session = agent_server_session (self->server, agent);
  self->main = agent_server_main (self->session);
  self->folder = g_dir_make_tmp ("caraway-files-XXXXXX", NULL);
  self->told = g_string_new (NULL);
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  agent_server_skip_start (self->server);
  agent_server_grant (self->server, true);
  agent_server_send (self->server, CW_MSG_MAIN_AGENT_TOKEN, &(CwMsgMainAgentToken){ 10 });
  if (caps != 0)
    agent_server_announce (self->server, 0, caps);
  agent_server_skip_wishes (self->server);
}

void
files_case_clear (FilesCase *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (self->folder, name, NULL);

    g_assert_cmpint (g_remove (path), ==, 0);
  }
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->folder);
  agent_server_free (self->server);
  g_string_free (self->told, TRUE);
  g_ptr_array_unref (self->tasks);
  g_clear_error (&self->error);
}

void
files_case_end (FilesCase *self)
{
  client_end (self->session);
  files_case_clear (self);
}

void
files_case_tell (FilesCase *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (self->told, format, arguments);
  va_end (arguments);
  g_string_append (self->told, "; ");
}

void
files_case_expect_told (FilesCase *self, const char *expected)
{
  g_assert_cmpstr (self->told->str, ==, expected);
  g_string_truncate (self->told, 0);
}

GFile *
files_case_make (FilesCase *self, const char *name, size_t size)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *content = g_malloc (size + 1);

  for (size_t i = 0; i < size; i++)
    content[i] = (char) (i * 31 >> 3);
  g_assert_true (g_file_set_contents (path, content, (gssize) size, NULL));
  return g_file_new_for_path (path);
}

static guint
id_of (SpiceFileTransferTask *task)
{
  guint id;

  g_object_get (task, "id", &id, NULL);
  return id;
}

static void
on_finished (SpiceFileTransferTask *task, const GError *error, FilesCase *self)
{
  if (!error)
    files_case_tell (self, "%u done", id_of (task));
  else
    files_case_tell (self, "%u %s %d", id_of (task), error->domain == G_IO_ERROR ? "io" : "spice", error->code);
}

static void
on_progress (SpiceFileTransferTask *task, GParamSpec *pspec, FilesCase *self)
{
  double progress = spice_file_transfer_task_get_progress (task);

  /* F1 */
  g_assert_cmpfloat (progress, >=, self->progress);
  g_assert_cmpfloat (progress, <=, 1.0);
  self->progress = progress;
}

static void
on_new_task (SpiceMainChannel *channel, SpiceFileTransferTask *task, FilesCase *self)
{
  g_assert_cmpuint (spice_file_transfer_task_get_total_bytes (task), ==, 0);
  g_ptr_array_add (self->tasks, g_object_ref (task));
  g_signal_connect (task, "finished", G_CALLBACK (on_finished), self);
  if (self->tasks->len == 1)
    g_signal_connect (task, "notify::progress", G_CALLBACK (on_progress), self);
}

static void
on_all_progress (goffset current, goffset total, gpointer data)
{
  FilesCase *self = data;

  g_assert_cmpint (current, <=, total);
  self->current = current;
  self->total = total;
}

static void
on_over (GObject *channel, GAsyncResult *result, gpointer data)
{
  FilesCase *self = data;
  gboolean good = spice_main_channel_file_copy_finish (SPICE_MAIN_CHANNEL (channel), result, &self->error);

  g_assert_false (self->over);
  g_assert_true (g_task_is_valid (result, channel));
  g_assert_true (good == !self->error);
  self->over = true;
  files_case_tell (self, "over");
}

void
files_case_copy_all (FilesCase *self, GFile **files, GCancellable *cancellable)
{
  if (self->tasks->len == 0)
    g_signal_connect (self->main, "new-file-transfer", G_CALLBACK (on_new_task), self);
  spice_main_channel_file_copy_async (self->main, files, G_FILE_COPY_NONE, cancellable, on_all_progress, self, on_over,
                                      self);
  g_assert_false (self->over);
}

void
files_case_copy (FilesCase *self, GFile *first, GFile *second, GCancellable *cancellable)
{
  GFile *files[] = { first, second, NULL };

  files_case_copy_all (self, files, cancellable);
}

SpiceFileTransferTask *
files_case_task (FilesCase *self, unsigned index)
{
  g_assert_cmpuint (index, <, self->tasks->len);
  return self->tasks->pdata[index];
}

static bool
is_over (gpointer data)
{
  return ((FilesCase *) data)->over;
}

void
files_case_wait (FilesCase *self)
{
  client_await (is_over, self);
}

void
files_case_say (FilesCase *self, uint32_t id, uint32_t result)
{
  const CwAgentFileXferStatus status = { .id = id, .result = result };

  agent_server_say (self->server, CW_AGENT_TYPE_FILE_XFER_STATUS, &status);
}

void
files_case_allow (FilesCase *self, uint32_t id)
{
  const CwAgentFileXferStart *start = agent_server_next_agent (self->server, CW_AGENT_TYPE_FILE_XFER_START);

  g_assert_cmpuint (start->id, ==, id);
  files_case_say (self, id, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
}
