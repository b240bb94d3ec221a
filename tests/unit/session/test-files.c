/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files on their way to the guest, step by step: statements of the API's contract by their numbers (M, F). */
#include "files-case.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
test_one (void)
{
  const char *text = "[vdagent-file-xfer]\nname=big.bin\nsize=300000\n";
  const CwAgentFileXferStart *start;
  const CwAgentFileXferData *data;
  g_autoptr (GFile) file = NULL;
  size_t at = 0;
  FilesCase c;

  /* M16 */
  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "big.bin", 300000);
  files_case_copy (&c, file, NULL, NULL);
  start = agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_cmpuint (start->id, ==, 1);
  g_assert_cmpmem (start->data.data, start->data.size, text, strlen (text) + 1);
  g_assert_cmpuint (spice_file_transfer_task_get_total_bytes (files_case_task (&c, 0)), ==, 300000);
  files_case_say (&c, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  while (at < 300000) {
    const Heard *heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, CW_AGENT_TYPE_FILE_XFER_DATA);

    data = heard->message->data;
    g_assert_cmpuint (data->data.size, ==, MIN (65536, 300000 - at));
    g_assert_cmpuint (heard->n_bodies, ==, (20 + 12 + data->data.size + 2047) / 2048);
    for (size_t i = 0; i < data->data.size; i++, at++)
      g_assert_cmpuint (data->data.data[i], ==, (uint8_t) (at * 31 >> 3));
  }
  files_case_say (&c, 1, CW_FILE_XFER_STATUS_SUCCESS);
  files_case_wait (&c);
  g_assert_no_error (c.error);
  files_case_expect_told (&c, "1 done; over; ");
  g_assert_cmpfloat (c.progress, ==, 1.0);
  g_assert_cmpint (c.current, ==, 300000);
  g_assert_cmpint (c.total, ==, 300000);
  /* F2: a second end is none; F5, F6 */
  files_case_say (&c, 1, CW_FILE_XFER_STATUS_ERROR);
  agent_server_heard_all (c.server);
  files_case_expect_told (&c, "");
  g_assert_cmpuint (spice_file_transfer_task_get_transferred_bytes (files_case_task (&c, 0)), ==, 300000);
  files_case_end (&c);
}

/* 24.25 */
static void
test_properties (void)
{
  g_autoptr (GObject) channel = NULL;
  g_autoptr (GCancellable) cancellable = NULL;
  g_autoptr (GFile) file = NULL, of_task = NULL;
  g_autofree char *name = NULL;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "name.txt", 1);
  files_case_copy (&c, file, NULL, NULL);
  g_object_get (files_case_task (&c, 0), "channel", &channel, "cancellable", &cancellable, "file", &of_task, NULL);
  g_assert_true (channel == (GObject *) c.main);
  g_assert_true (G_IS_CANCELLABLE (cancellable));
  g_assert_true (g_file_equal (file, of_task));
  name = spice_file_transfer_task_get_filename (files_case_task (&c, 0));
  g_assert_cmpstr (name, ==, "name.txt");
  g_clear_object (&channel);
  spice_file_transfer_task_cancel (files_case_task (&c, 0));
  files_case_wait (&c);
  files_case_end (&c);
}

/* M17, 24.23 */
static void
test_empty (void)
{
  const CwAgentFileXferData *data;
  g_autoptr (GFile) file = NULL;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "empty", 0);
  files_case_copy (&c, file, NULL, NULL);
  files_case_allow (&c, 1);
  data = agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  g_assert_cmpuint (data->data.size, ==, 0);
  files_case_say (&c, 1, CW_FILE_XFER_STATUS_SUCCESS);
  files_case_wait (&c);
  files_case_expect_told (&c, "1 done; over; ");
  g_assert_cmpfloat (c.progress, ==, 1.0);
  agent_server_heard_all (c.server);
  files_case_end (&c);
}

typedef struct {
  const char *name;
  uint32_t result;
  CwWireFileXferError error;
  bool has_error;
  const char *told;
} StatusRow;

/* M18: what the guest says; it is not told what it said itself. */
static void
test_status (gconstpointer data)
{
  const StatusRow *row = data;
  CwAgentFileXferStatus status = { 1, row->result, row->has_error ? &row->error : NULL, NULL };
  g_autoptr (GFile) file = NULL;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "file", 500000);
  files_case_copy (&c, file, NULL, NULL);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  agent_server_say (c.server, CW_AGENT_TYPE_FILE_XFER_STATUS, &status);
  files_case_wait (&c);
  files_case_expect_told (&c, row->told);
  g_assert_error (c.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  agent_server_heard_all (c.server);
  files_case_end (&c);
}

static bool
has_told (gpointer data)
{
  return ((FilesCase *) data)->told->len > 0;
}

static void
test_missing (void)
{
  g_autoptr (GFile) missing = g_file_new_for_path ("/nowhere/at/all"), good = NULL;
  FilesCase c;

  /* M18: not told to the guest, which never heard of it */
  files_case_begin (&c, true, FILES_CASE_CAPS);
  good = files_case_make (&c, "good", 10);
  files_case_copy (&c, missing, good, NULL);
  files_case_allow (&c, 2);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  client_await (has_told, &c); /* which of the two is opened first nobody knows */
  files_case_expect_told (&c, "1 io 1; ");
  files_case_say (&c, 2, CW_FILE_XFER_STATUS_SUCCESS);
  files_case_wait (&c);
  g_assert_error (c.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  files_case_expect_told (&c, "2 done; over; ");
  agent_server_heard_all (c.server);
  files_case_end (&c);
}

/* M18, 24.39: folders, pipes, and files that say they are empty. */
static void
test_odd_sources (void)
{
  g_autoptr (GFile) folder = NULL, pipe = NULL, proc = g_file_new_for_path ("/proc/self/status"), link = NULL;
  g_autofree char *pipe_path = NULL, *link_path = NULL;
  const CwAgentFileXferStart *start;
  g_autoptr (GFile) target = NULL;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  folder = g_file_new_for_path (c.folder);
  pipe_path = g_build_filename (c.folder, "pipe", NULL);
  g_assert_cmpint (mkfifo (pipe_path, 0600), ==, 0);
  pipe = g_file_new_for_path (pipe_path);
  files_case_copy (&c, folder, NULL, NULL);
  files_case_wait (&c);
  files_case_expect_told (&c, "1 io 3; over; ");
  c.over = false;
  g_clear_error (&c.error);
  files_case_copy (&c, pipe, NULL, NULL);
  files_case_wait (&c);
  files_case_expect_told (&c, "2 spice 0; over; ");
  c.over = false;
  g_clear_error (&c.error);
  files_case_copy (&c, proc, NULL, NULL);
  files_case_wait (&c);
  files_case_expect_told (&c, "3 spice 0; over; ");
  agent_server_heard_all (c.server);

  c.over = false;
  g_clear_error (&c.error);
  target = files_case_make (&c, "target", 5);
  link_path = g_build_filename (c.folder, "the link", NULL);
  link = g_file_new_for_path (link_path);
  g_assert_true (g_file_make_symbolic_link (link, "target", NULL, NULL));
  files_case_copy (&c, link, NULL, NULL);
  start = agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_nonnull (strstr ((const char *) start->data.data, "name=the link\nsize=5\n"));
  spice_file_transfer_task_cancel (files_case_task (&c, 3));
  files_case_wait (&c);
  files_case_end (&c);
}

/* 24.39 */
static void
test_shrinking (void)
{
  g_autoptr (GFile) file = NULL;
  const Heard *heard;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "file", 200000);
  files_case_copy (&c, file, NULL, NULL);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_cmpint (truncate (g_file_peek_path (file), 100000), ==, 0);
  files_case_say (&c, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  files_case_wait (&c);
  files_case_expect_told (&c, "1 spice 0; over; ");
  do
    heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, 0);
  while (heard->message->type == CW_AGENT_TYPE_FILE_XFER_DATA);
  g_assert_cmpuint (((const CwAgentFileXferStatus *) heard->message->data)->result, ==, CW_FILE_XFER_STATUS_ERROR);
  files_case_end (&c);
}

static void
test_growing (void)
{
  g_autoptr (GFile) file = NULL;
  const CwAgentFileXferData *data;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "file", 100);
  files_case_copy (&c, file, NULL, NULL);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_cmpint (truncate (g_file_peek_path (file), 1000), ==, 0);
  files_case_say (&c, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  data = agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  g_assert_cmpuint (data->data.size, ==, 100);
  files_case_say (&c, 1, CW_FILE_XFER_STATUS_SUCCESS);
  files_case_wait (&c);
  files_case_expect_told (&c, "1 done; over; ");
  files_case_end (&c);
}

static void
test_no_agent (void)
{
  g_autoptr (GFile) file = NULL;
  FilesCase c;

  /* M18: the task ends at once, the operation later */
  files_case_begin (&c, false, 0);
  file = files_case_make (&c, "file", 1);
  files_case_copy (&c, file, NULL, NULL);
  files_case_expect_told (&c, "1 spice 0; ");
  files_case_wait (&c);
  g_assert_error (c.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  files_case_end (&c);
  g_clear_object (&file);

  files_case_begin (&c, true, FILES_CASE_CAPS | 1u << CW_AGENT_CAP_FILE_XFER_DISABLED);
  g_clear_object (&file);
  file = files_case_make (&c, "file", 1);
  files_case_copy (&c, file, NULL, NULL);
  files_case_expect_told (&c, "1 spice 0; ");
  files_case_wait (&c);
  agent_server_heard_all (c.server);
  files_case_end (&c);
}

static const StatusRow status_rows[] = {
  { "cancelled", CW_FILE_XFER_STATUS_CANCELLED, { 0 }, false, "1 spice 0; over; " },
  { "error", CW_FILE_XFER_STATUS_ERROR, { 0 }, false, "1 spice 0; over; " },
  { "error-name", CW_FILE_XFER_STATUS_ERROR, { 0, G_IO_ERROR_INVALID_FILENAME }, true, "1 io 10; over; " },
  { "error-permission", CW_FILE_XFER_STATUS_ERROR, { 0, G_IO_ERROR_PERMISSION_DENIED }, true, "1 spice 0; over; " },
  { "no-space", CW_FILE_XFER_STATUS_NOT_ENOUGH_SPACE, { 0 }, false, "1 spice 0; over; " },
  { "locked", CW_FILE_XFER_STATUS_SESSION_LOCKED, { 0 }, false, "1 spice 0; over; " },
  { "no-session-agent", CW_FILE_XFER_STATUS_VDAGENT_NOT_CONNECTED, { 0 }, false, "1 spice 0; over; " },
  { "disabled", CW_FILE_XFER_STATUS_DISABLED, { 0 }, false, "1 spice 0; over; " },
  { "unknown", 99, { 0 }, false, "1 spice 0; over; " },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/files/M16-F1-F2-F5-F6-one", test_one);
  g_test_add_func ("/files/24.25-properties", test_properties);
  g_test_add_func ("/files/M17-empty", test_empty);
  for (unsigned i = 0; i < G_N_ELEMENTS (status_rows); i++) {
    g_autofree char *path = g_strdup_printf ("/files/M18-status/%s", status_rows[i].name);

    g_test_add_data_func (path, &status_rows[i], test_status);
  }
  g_test_add_func ("/files/M18-missing", test_missing);
  g_test_add_func ("/files/M18-24.39-odd-sources", test_odd_sources);
  g_test_add_func ("/files/24.39-shrinking", test_shrinking);
  g_test_add_func ("/files/growing", test_growing);
  g_test_add_func ("/files/M18-G9-no-agent", test_no_agent);
  return g_test_run ();
}
