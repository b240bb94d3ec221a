/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files whose way to the guest ends early, and many at once: statements of the API's contract by their numbers (M, F).
 */
#include "files-case.h"

#include <string.h>

static void
expect_status (FilesCase *self, uint32_t id, uint32_t result)
{
  const CwAgentFileXferStatus *status = agent_server_next_agent (self->server, CW_AGENT_TYPE_FILE_XFER_STATUS);

  g_assert_cmpuint (status->id, ==, id);
  g_assert_cmpuint (status->result, ==, result);
}

/* Both have been announced to the agent. */
static void
begin_two (FilesCase *self, size_t first_size, size_t second_size, GCancellable *cancellable)
{
  g_autoptr (GFile) first = NULL, second = NULL;

  files_case_begin (self, true, FILES_CASE_CAPS);
  first = files_case_make (self, "first", first_size);
  second = files_case_make (self, "second", second_size);
  files_case_copy (self, first, second, cancellable);
  agent_server_next_agent (self->server, CW_AGENT_TYPE_FILE_XFER_START);
  agent_server_next_agent (self->server, CW_AGENT_TYPE_FILE_XFER_START);
}

/* F3, F4 */
static void
test_cancel (void)
{
  FilesCase c;

  begin_two (&c, 10, 20, NULL);
  spice_file_transfer_task_cancel (files_case_task (&c, 0));
  files_case_expect_told (&c, "");
  expect_status (&c, 1, CW_FILE_XFER_STATUS_CANCELLED);
  files_case_expect_told (&c, "1 io 19; ");
  files_case_say (&c, 2, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  files_case_say (&c, 2, CW_FILE_XFER_STATUS_SUCCESS);
  files_case_wait (&c);
  g_assert_no_error (c.error); /* one was sent, none failed */
  files_case_expect_told (&c, "2 done; over; ");
  g_assert_cmpint (c.total, ==, 20);
  files_case_end (&c);
}

static void
test_cancel_all (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  FilesCase c;

  begin_two (&c, 10, 200000, cancellable);
  g_cancellable_cancel (cancellable);
  files_case_wait (&c);
  g_assert_error (c.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  files_case_end (&c);
}

/* Each by itself: nothing has failed, and nothing was sent. */
static void
test_cancel_each (void)
{
  FilesCase c;

  begin_two (&c, 10, 20, NULL);
  spice_file_transfer_task_cancel (files_case_task (&c, 0));
  spice_file_transfer_task_cancel (files_case_task (&c, 1));
  expect_status (&c, 1, CW_FILE_XFER_STATUS_CANCELLED);
  expect_status (&c, 2, CW_FILE_XFER_STATUS_CANCELLED);
  files_case_wait (&c);
  g_assert_error (c.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (c.error->message, ==, "Of 2 files, 0 were sent, 2 were cancelled, 0 failed.");
  files_case_end (&c);
}

/* M19, 24.5 */
static void
test_cancelled_before (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GFile) file = NULL;
  gpointer weak;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "file", 10);
  g_cancellable_cancel (cancellable);
  files_case_copy (&c, file, NULL, cancellable);
  files_case_expect_told (&c, "");
  files_case_wait (&c);
  g_assert_error (c.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  files_case_expect_told (&c, "1 io 19; over; ");
  agent_server_heard_all (c.server);
  weak = files_case_task (&c, 0);
  g_object_add_weak_pointer (weak, &weak);
  g_ptr_array_set_size (c.tasks, 0);
  /* A thread that had begun to open the file lets go of the task in a later turn. */
  while (weak)
    g_main_context_iteration (NULL, TRUE);
  files_case_end (&c);
}

static void
on_end (SpiceFileTransferTask *task, const GError *error, gpointer over)
{
  *(bool *) over = true;
}

static bool
is_over (gpointer over)
{
  return *(bool *) over;
}

static void
end_with_loop (SpiceFileTransferTask *task, GParamSpec *pspec, gpointer data)
{
  bool over = false;
  gulong handler = g_signal_connect (task, "finished", G_CALLBACK (on_end), &over);

  spice_file_transfer_task_cancel (task);
  client_await (is_over, &over);
  g_signal_handler_disconnect (task, handler);
}

static void
on_task (SpiceMainChannel *channel, SpiceFileTransferTask *task, gpointer data)
{
  g_signal_connect (task, "notify::total-bytes", G_CALLBACK (end_with_loop), NULL);
}

/* Files that end while their size is being told take no place from those that are opened after them. */
static void
test_cancel_when_sized (void)
{
  g_autoptr (GFile) file = NULL;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "file", 10);
  g_signal_connect (c.main, "new-file-transfer", G_CALLBACK (on_task), NULL);
  for (unsigned i = 0; i < 40; i++) { /* more than are open at a time */
    files_case_copy (&c, file, NULL, NULL);
    files_case_wait (&c);
    g_assert_error (c.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_clear_error (&c.error);
    c.over = false;
  }
  g_signal_handlers_disconnect_by_func (c.main, on_task, NULL);
  g_string_truncate (c.told, 0);
  files_case_copy (&c, file, NULL, NULL);
  files_case_allow (&c, 41);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  files_case_say (&c, 41, CW_FILE_XFER_STATUS_SUCCESS);
  files_case_wait (&c);
  files_case_expect_told (&c, "41 done; over; ");
  files_case_end (&c);
}

static void
send_new_agent (AgentServer *server, bool tokens)
{
  if (tokens)
    agent_server_send (server, CW_MSG_MAIN_AGENT_CONNECTED_TOKENS, &(CwMsgMainAgentConnectedTokens){ 10 });
  else
    agent_server_send (server, CW_MSG_MAIN_AGENT_CONNECTED, NULL);
}

/* Nobody knows of the files any more: neither when the agent has gone nor when another says so by coming. */
static void
test_agent_loss (gconstpointer data)
{
  const char *how = data;
  FilesCase c;

  begin_two (&c, 1000000, 10, NULL);
  agent_server_grant (c.server, false);
  files_case_say (&c, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  if (strcmp (how, "gone") == 0)
    agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  else
    send_new_agent (c.server, strcmp (how, "anew-with-tokens") == 0);
  files_case_wait (&c);
  g_assert_error (c.error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_nonnull (strstr (c.told->str, "1 spice 0; "));
  g_assert_nonnull (strstr (c.told->str, "2 spice 0; "));
  files_case_end (&c);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, FilesCase *self)
{
  if (event == SPICE_CHANNEL_CLOSED)
    files_case_tell (self, "closed");
}

static bool
is_closed (gpointer data)
{
  return strstr (((FilesCase *) data)->told->str, "closed") != NULL;
}

/* M20 */
static void
test_disconnect (void)
{
  g_autoptr (GFile) file = NULL;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  file = files_case_make (&c, "file", 1000000);
  files_case_copy (&c, file, NULL, NULL);
  files_case_allow (&c, 1);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_FILE_XFER_DATA);
  g_signal_connect (c.main, "channel-event", G_CALLBACK (on_event), &c);
  spice_session_disconnect (c.session);
  g_object_unref (c.session);
  client_await (is_closed, &c);
  files_case_expect_told (&c, "1 spice 0; over; closed; ");
  files_case_clear (&c);
}

/* More files than are opened at a time. */
static void
test_many (void)
{
  GFile *files[101] = { NULL };
  unsigned n_done = 0;
  FilesCase c;

  files_case_begin (&c, true, FILES_CASE_CAPS);
  for (unsigned i = 0; i < 100; i++) {
    g_autofree char *name = g_strdup_printf ("%u", i);

    files[i] = files_case_make (&c, name, 3000);
  }
  files_case_copy_all (&c, files, NULL);
  while (n_done < 100) {
    const Heard *heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, 0);

    if (heard->message->type == CW_AGENT_TYPE_FILE_XFER_START) {
      files_case_say (&c, ((const CwAgentFileXferStart *) heard->message->data)->id, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
    } else {
      files_case_say (&c, ((const CwAgentFileXferData *) heard->message->data)->id, CW_FILE_XFER_STATUS_SUCCESS);
      n_done++;
    }
  }
  files_case_wait (&c);
  g_assert_no_error (c.error);
  g_assert_cmpint (c.current, ==, 300000);
  for (unsigned i = 0; i < 100; i++)
    g_object_unref (files[i]);
  files_case_end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/files/F3-F4-cancel", test_cancel);
  g_test_add_func ("/files/cancel-each", test_cancel_each);
  g_test_add_func ("/files/M18-cancel-all", test_cancel_all);
  g_test_add_func ("/files/M19-24.5-cancelled-before", test_cancelled_before);
  g_test_add_func ("/files/cancel-when-sized", test_cancel_when_sized);
  g_test_add_data_func ("/files/M18-agent-loss", "gone", test_agent_loss);
  g_test_add_data_func ("/files/agent-anew", "anew", test_agent_loss);
  g_test_add_data_func ("/files/agent-anew-with-tokens", "anew-with-tokens", test_agent_loss);
  g_test_add_func ("/files/M20-disconnect", test_disconnect);
  g_test_add_func ("/files/many", test_many);
  return g_test_run ();
}
