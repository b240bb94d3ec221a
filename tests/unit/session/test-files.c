/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files on their way to the guest, step by step: statements of the API's contract by their numbers (M, F). */
#include "agent-server.h"

#include "spice-file-transfer-task.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define CAPS 0x354f7

typedef struct {
  AgentServer *server;
  SpiceSession *session;
  SpiceMainChannel *main;
  char *folder;
  GString *told;
  GPtrArray *tasks; /* borrowed or not: see keep */
  GError *error;    /* of the operation */
  bool over;
  goffset current, total; /* of the progress callback */
  double progress;        /* of the first task, so far */
} Case;

static void
begin (Case *self, bool agent, uint32_t caps)
{
  *self = (Case){ .server = agent_server_new () };
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

static void
clear (Case *self)
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

static void
end (Case *self)
{
  client_end (self->session);
  clear (self);
}

static void tell (Case *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
tell (Case *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (self->told, format, arguments);
  va_end (arguments);
  g_string_append (self->told, "; ");
}

static void
expect_told (Case *self, const char *expected)
{
  g_assert_cmpstr (self->told->str, ==, expected);
  g_string_truncate (self->told, 0);
}

static GFile *
make_file (Case *self, const char *name, size_t size)
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
on_finished (SpiceFileTransferTask *task, const GError *error, Case *self)
{
  if (!error)
    tell (self, "%u done", id_of (task));
  else
    tell (self, "%u %s %d", id_of (task), error->domain == G_IO_ERROR ? "io" : "spice", error->code);
}

static void
on_progress (SpiceFileTransferTask *task, GParamSpec *pspec, Case *self)
{
  double progress = spice_file_transfer_task_get_progress (task);

  /* F1 */
  g_assert_cmpfloat (progress, >=, self->progress);
  g_assert_cmpfloat (progress, <=, 1.0);
  self->progress = progress;
}

static void
on_new_task (SpiceMainChannel *channel, SpiceFileTransferTask *task, Case *self)
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
  Case *self = data;

  g_assert_cmpint (current, <=, total);
  self->current = current;
  self->total = total;
}

static void
on_over (GObject *channel, GAsyncResult *result, gpointer data)
{
  Case *self = data;
  gboolean good = spice_main_channel_file_copy_finish (SPICE_MAIN_CHANNEL (channel), result, &self->error);

  g_assert_false (self->over);
  g_assert_true (good == !self->error);
  self->over = true;
  tell (self, "over");
}

static void
copy (Case *self, GFile *first, GFile *second, GCancellable *cancellable)
{
  GFile *files[] = { first, second, NULL };

  if (self->tasks->len == 0)
    g_signal_connect (self->main, "new-file-transfer", G_CALLBACK (on_new_task), self);
  spice_main_channel_file_copy_async (self->main, files, G_FILE_COPY_NONE, cancellable, on_all_progress, self, on_over,
                                      self);
  g_assert_false (self->over);
}

static SpiceFileTransferTask *
task (Case *self, unsigned index)
{
  g_assert_cmpuint (index, <, self->tasks->len);
  return self->tasks->pdata[index];
}

static bool
is_over (gpointer data)
{
  return ((Case *) data)->over;
}

static void
wait_until_over (Case *self)
{
  g_assert_true (client_run_until (20000, is_over, self));
}

static void
say (Case *self, uint32_t id, uint32_t result)
{
  const CwAgentFileXferStatus status = { .id = id, .result = result };

  agent_server_say (self->server, CW_AGENT_TYPE_FILE_XFER_STATUS, &status);
}

static void
allow (Case *self, uint32_t id)
{
  const CwAgentFileXferStart *start = agent_server_next_agent (self->server, CW_AGENT_TYPE_FILE_XFER_START);

  g_assert_cmpuint (start->id, ==, id);
  say (self, id, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
}

static void
expect_status (Case *self, uint32_t id, uint32_t result)
{
  const CwAgentFileXferStatus *status = agent_server_next_agent (self->server, CW_AGENT_TYPE_FILE_XFER_STATUS);

  g_assert_cmpuint (status->id, ==, id);
  g_assert_cmpuint (status->result, ==, result);
}

static void
test_one (void)
{
  const char *text = "[vdagent-file-xfer]\nname=big.bin\nsize=300000\n";
  const CwAgentFileXferStart *start;
  const CwAgentFileXferData *data;
  g_autoptr (GFile) file = NULL;
  size_t at = 0;
  Case c;

  /* M16 */
  begin (&c, true, CAPS);
  file = make_file (&c, "big.bin", 300000);
  copy (&c, file, NULL, NULL);
  start = agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_cmpuint (start->id, ==, 1);
  g_assert_cmpmem (start->data.data, start->data.size, text, strlen (text) + 1);
  g_assert_cmpuint (spice_file_transfer_task_get_total_bytes (task (&c, 0)), ==, 300000);
  say (&c, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  while (at < 300000) {
    const Heard *heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, CW_AGENT_TYPE_FILE_XFER_DATA);

    data = heard->message->data;
    g_assert_cmpuint (data->data.size, ==, MIN (65536, 300000 - at));
    g_assert_cmpuint (heard->n_bodies, ==, (20 + 12 + data->data.size + 2047) / 2048);
    for (size_t i = 0; i < data->data.size; i++, at++)
      g_assert_cmpuint (data->data.data[i], ==, (uint8_t) (at * 31 >> 3));
  }
  say (&c, 1, CW_FILE_XFER_STATUS_SUCCESS);
  wait_until_over (&c);
  g_assert_no_error (c.error);
  expect_told (&c, "1 done; over; ");
  g_assert_cmpfloat (c.progress, ==, 1.0);
  g_assert_cmpint (c.current, ==, 300000);
  g_assert_cmpint (c.total, ==, 300000);
  /* F2: a second end is none; F5, F6 */
  say (&c, 1, CW_FILE_XFER_STATUS_ERROR);
  agent_server_heard_all (c.server);
  expect_told (&c, "");
  g_assert_cmpuint (spice_file_transfer_task_get_transferred_bytes (task (&c, 0)), ==, 300000);
  end (&c);
}

/* 24.25 */
static void
test_properties (void)
{
  g_autoptr (GObject) channel = NULL;
  g_autoptr (GCancellable) cancellable = NULL;
  g_autoptr (GFile) file = NULL, of_task = NULL;
  g_autofree char *name = NULL;
  Case c;

  begin (&c, true, CAPS);
  file = make_file (&c, "name.txt", 1);
  copy (&c, file, NULL, NULL);
  g_object_get (task (&c, 0), "channel", &channel, "cancellable", &cancellable, "file", &of_task, NULL);
  g_assert_true (channel == (GObject *) c.main);
  g_assert_true (G_IS_CANCELLABLE (cancellable));
  g_assert_true (g_file_equal (file, of_task));
  name = spice_file_transfer_task_get_filename (task (&c, 0));
  g_assert_cmpstr (name, ==, "name.txt");
  g_clear_object (&channel);
  spice_file_transfer_task_cancel (task (&c, 0));
  wait_until_over (&c);
  end (&c);
}

/* M17, 24.23 */
static void
test_empty (void)
{
  const CwAgentFileXferData *data;
  g_autoptr (GFile) file = NULL;
  Case c;

  begin (&c, true, CAPS);
  file = make_file (&c, "empty", 0);
  copy (&c, file, NULL, NULL);
  allow (&c, 1);
  data = agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  g_assert_cmpuint (data->data.size, ==, 0);
  say (&c, 1, CW_FILE_XFER_STATUS_SUCCESS);
  wait_until_over (&c);
  expect_told (&c, "1 done; over; ");
  g_assert_cmpfloat (c.progress, ==, 1.0);
  agent_server_heard_all (c.server);
  end (&c);
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
  Case c;

  begin (&c, true, CAPS);
  file = make_file (&c, "file", 500000);
  copy (&c, file, NULL, NULL);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  agent_server_say (c.server, CW_AGENT_TYPE_FILE_XFER_STATUS, &status);
  wait_until_over (&c);
  expect_told (&c, row->told);
  g_assert_error (c.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  agent_server_heard_all (c.server);
  end (&c);
}

static void
test_missing (void)
{
  g_autoptr (GFile) missing = g_file_new_for_path ("/nowhere/at/all"), good = NULL;
  Case c;

  /* M18: not told to the guest, which never heard of it */
  begin (&c, true, CAPS);
  good = make_file (&c, "good", 10);
  copy (&c, missing, good, NULL);
  allow (&c, 2);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  expect_told (&c, "1 io 1; ");
  say (&c, 2, CW_FILE_XFER_STATUS_SUCCESS);
  wait_until_over (&c);
  g_assert_error (c.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  expect_told (&c, "2 done; over; ");
  agent_server_heard_all (c.server);
  end (&c);
}

/* M18, 24.39: folders, pipes, and files that say they are empty. */
static void
test_odd_sources (void)
{
  g_autoptr (GFile) folder = NULL, pipe = NULL, proc = g_file_new_for_path ("/proc/self/status"), link = NULL;
  g_autofree char *pipe_path = NULL, *link_path = NULL;
  const CwAgentFileXferStart *start;
  g_autoptr (GFile) target = NULL;
  Case c;

  begin (&c, true, CAPS);
  folder = g_file_new_for_path (c.folder);
  pipe_path = g_build_filename (c.folder, "pipe", NULL);
  g_assert_cmpint (mkfifo (pipe_path, 0600), ==, 0);
  pipe = g_file_new_for_path (pipe_path);
  copy (&c, folder, NULL, NULL);
  wait_until_over (&c);
  expect_told (&c, "1 io 3; over; ");
  c.over = false;
  g_clear_error (&c.error);
  copy (&c, pipe, NULL, NULL);
  wait_until_over (&c);
  expect_told (&c, "2 spice 0; over; ");
  c.over = false;
  g_clear_error (&c.error);
  copy (&c, proc, NULL, NULL);
  wait_until_over (&c);
  expect_told (&c, "3 spice 0; over; ");
  agent_server_heard_all (c.server);

  c.over = false;
  g_clear_error (&c.error);
  target = make_file (&c, "target", 5);
  link_path = g_build_filename (c.folder, "the link", NULL);
  link = g_file_new_for_path (link_path);
  g_assert_true (g_file_make_symbolic_link (link, "target", NULL, NULL));
  copy (&c, link, NULL, NULL);
  start = agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_nonnull (strstr ((const char *) start->data.data, "name=the link\nsize=5\n"));
  spice_file_transfer_task_cancel (task (&c, 3));
  wait_until_over (&c);
  end (&c);
}

/* 24.39 */
static void
test_shrinking (void)
{
  g_autoptr (GFile) file = NULL;
  const Heard *heard;
  Case c;

  begin (&c, true, CAPS);
  file = make_file (&c, "file", 200000);
  copy (&c, file, NULL, NULL);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_cmpint (truncate (g_file_peek_path (file), 100000), ==, 0);
  say (&c, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  wait_until_over (&c);
  expect_told (&c, "1 spice 0; over; ");
  do
    heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, 0);
  while (heard->message->type == CW_AGENT_TYPE_FILE_XFER_DATA);
  g_assert_cmpuint (((const CwAgentFileXferStatus *) heard->message->data)->result, ==, CW_FILE_XFER_STATUS_ERROR);
  end (&c);
}

static void
test_growing (void)
{
  g_autoptr (GFile) file = NULL;
  const CwAgentFileXferData *data;
  Case c;

  begin (&c, true, CAPS);
  file = make_file (&c, "file", 100);
  copy (&c, file, NULL, NULL);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_cmpint (truncate (g_file_peek_path (file), 1000), ==, 0);
  say (&c, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  data = agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  g_assert_cmpuint (data->data.size, ==, 100);
  say (&c, 1, CW_FILE_XFER_STATUS_SUCCESS);
  wait_until_over (&c);
  expect_told (&c, "1 done; over; ");
  end (&c);
}

static void
test_no_agent (void)
{
  g_autoptr (GFile) file = NULL;
  Case c;

  /* M18: the task ends at once, the operation later */
  begin (&c, false, 0);
  file = make_file (&c, "file", 1);
  copy (&c, file, NULL, NULL);
  expect_told (&c, "1 spice 0; ");
  wait_until_over (&c);
  g_assert_error (c.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  end (&c);
  g_clear_object (&file);

  begin (&c, true, CAPS | 1u << CW_AGENT_CAP_FILE_XFER_DISABLED);
  g_clear_object (&file);
  file = make_file (&c, "file", 1);
  copy (&c, file, NULL, NULL);
  expect_told (&c, "1 spice 0; ");
  wait_until_over (&c);
  agent_server_heard_all (c.server);
  end (&c);
}

/* F3, F4 */
static void
test_cancel (void)
{
  g_autoptr (GFile) first = NULL, second = NULL;
  Case c;

  begin (&c, true, CAPS);
  first = make_file (&c, "first", 10);
  second = make_file (&c, "second", 20);
  copy (&c, first, second, NULL);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  spice_file_transfer_task_cancel (task (&c, 0));
  expect_told (&c, "");
  expect_status (&c, 1, CW_FILE_XFER_STATUS_CANCELLED);
  expect_told (&c, "1 io 19; ");
  say (&c, 2, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  say (&c, 2, CW_FILE_XFER_STATUS_SUCCESS);
  wait_until_over (&c);
  g_assert_no_error (c.error); /* one was sent, none failed */
  expect_told (&c, "2 done; over; ");
  g_assert_cmpint (c.total, ==, 20);
  end (&c);
}

static void
test_cancel_all (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GFile) first = NULL, second = NULL;
  Case c;

  begin (&c, true, CAPS);
  first = make_file (&c, "first", 10);
  second = make_file (&c, "second", 200000);
  copy (&c, first, second, cancellable);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  g_cancellable_cancel (cancellable);
  wait_until_over (&c);
  g_assert_error (c.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  end (&c);
}

/* M19, 24.5 */
static void
test_cancelled_before (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GFile) file = NULL;
  gpointer weak;
  Case c;

  begin (&c, true, CAPS);
  file = make_file (&c, "file", 10);
  g_cancellable_cancel (cancellable);
  copy (&c, file, NULL, cancellable);
  expect_told (&c, "");
  wait_until_over (&c);
  g_assert_error (c.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  expect_told (&c, "1 io 19; over; ");
  agent_server_heard_all (c.server);
  weak = task (&c, 0);
  g_object_add_weak_pointer (weak, &weak);
  g_ptr_array_set_size (c.tasks, 0);
  /* A thread that had begun to open the file lets go of the task in a later turn. */
  while (weak)
    g_main_context_iteration (NULL, TRUE);
  end (&c);
}

static void
test_agent_loss (void)
{
  g_autoptr (GFile) first = NULL, second = NULL;
  Case c;

  begin (&c, true, CAPS);
  first = make_file (&c, "first", 1000000);
  second = make_file (&c, "second", 10);
  copy (&c, first, second, NULL);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_START);
  agent_server_grant (c.server, false);
  say (&c, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  wait_until_over (&c);
  g_assert_error (c.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_nonnull (strstr (c.told->str, "1 spice 0; "));
  g_assert_nonnull (strstr (c.told->str, "2 spice 0; "));
  end (&c);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Case *self)
{
  if (event == SPICE_CHANNEL_CLOSED)
    tell (self, "closed");
}

static bool
is_closed (gpointer data)
{
  return strstr (((Case *) data)->told->str, "closed") != NULL;
}

/* M20 */
static void
test_disconnect (void)
{
  g_autoptr (GFile) file = NULL;
  Case c;

  begin (&c, true, CAPS);
  file = make_file (&c, "file", 1000000);
  copy (&c, file, NULL, NULL);
  allow (&c, 1);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  g_signal_connect (c.main, "channel-event", G_CALLBACK (on_event), &c);
  spice_session_disconnect (c.session);
  g_object_unref (c.session);
  g_assert_true (client_run_until (20000, is_closed, &c));
  expect_told (&c, "1 spice 0; over; closed; ");
  clear (&c);
}

/* More files than are opened at a time. */
static void
test_many (void)
{
  GFile *files[101] = { NULL };
  unsigned n_done = 0;
  Case c;

  begin (&c, true, CAPS);
  for (unsigned i = 0; i < 100; i++) {
    g_autofree char *name = g_strdup_printf ("%u", i);

    files[i] = make_file (&c, name, 3000);
  }
  g_signal_connect (c.main, "new-file-transfer", G_CALLBACK (on_new_task), &c);
  spice_main_channel_file_copy_async (c.main, files, G_FILE_COPY_NONE, NULL, on_all_progress, &c, on_over, &c);
  while (n_done < 100) {
    const Heard *heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, 0);

    if (heard->message->type == CW_AGENT_TYPE_FILE_XFER_START) {
      say (&c, ((const CwAgentFileXferStart *) heard->message->data)->id, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
    } else {
      say (&c, ((const CwAgentFileXferData *) heard->message->data)->id, CW_FILE_XFER_STATUS_SUCCESS);
      n_done++;
    }
  }
  wait_until_over (&c);
  g_assert_no_error (c.error);
  g_assert_cmpint (c.current, ==, 300000);
  for (unsigned i = 0; i < 100; i++)
    g_object_unref (files[i]);
  end (&c);
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
  g_test_add_func ("/files/M18-no-agent", test_no_agent);
  g_test_add_func ("/files/F3-F4-cancel", test_cancel);
  g_test_add_func ("/files/M18-cancel-all", test_cancel_all);
  g_test_add_func ("/files/M19-24.5-cancelled-before", test_cancelled_before);
  g_test_add_func ("/files/M18-agent-loss", test_agent_loss);
  g_test_add_func ("/files/M20-disconnect", test_disconnect);
  g_test_add_func ("/files/many", test_many);
  return g_test_run ();
}
