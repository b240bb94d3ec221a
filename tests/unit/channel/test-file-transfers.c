/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/main/file-transfers.h"

#include "guest.h"
#include "spice-client.h"

#include <string.h>

typedef struct {
  Guest *guest;
  CwFileTransfers *transfers;
  GString *log;
  GQueue reads; /* (id, size) pairs, asked for and not answered */
  size_t outstanding;
} Client;

static void
on_read (gpointer data, uint32_t id, size_t size)
{
  Client *self = data;

  g_assert_cmpuint (size, >, 0);
  g_assert_cmpuint (size, <=, CW_FILE_READ);
  g_queue_push_tail (&self->reads, GUINT_TO_POINTER (id));
  g_queue_push_tail (&self->reads, GSIZE_TO_POINTER (size));
  self->outstanding += size;
}

static void
on_progress (gpointer data, uint32_t id, uint64_t bytes)
{
  g_string_append_printf (((Client *) data)->log, "%u at %" G_GUINT64_FORMAT "; ", id, bytes);
}

static void
on_finished (gpointer data, uint32_t id, const GError *error)
{
  g_string_append_printf (((Client *) data)->log, "%u %s; ", id, error ? error->message : "done");
}

static void
on_message (gpointer data, const CwMessage *message)
{
  if (message->type == CW_AGENT_TYPE_FILE_XFER_STATUS)
    cw_file_transfers_status (((Client *) data)->transfers, message->data);
}

static void
on_sent (gpointer data, uint32_t tag)
{
  cw_file_transfers_sent (((Client *) data)->transfers, tag);
}

static void
on_low (gpointer data)
{
  cw_file_transfers_low (((Client *) data)->transfers);
}

static Client *
client_new (void)
{
  static const CwFileTransfersObserver observer = { on_read, on_progress, on_finished };
  Client *self = g_new0 (Client, 1);

  self->guest = guest_new ();
  self->guest->message = on_message;
  self->guest->sent = on_sent;
  self->guest->low = on_low;
  self->guest->data = self;
  self->log = g_string_new (NULL);
  self->transfers = cw_file_transfers_new (self->guest->agent, &observer, self);
  return self;
}

static void
client_free (Client *self)
{
  guest_heard_all (self->guest);
  cw_file_transfers_free (self->transfers);
  guest_free (self->guest);
  g_queue_clear (&self->reads);
  g_string_free (self->log, TRUE);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Client, client_free)

static void
expect (Client *self, const char *log)
{
  g_assert_cmpstr (self->log->str, ==, log);
  g_string_truncate (self->log, 0);
}

static void
say (Client *self, uint32_t id, uint32_t result)
{
  const CwAgentFileXferStatus status = { .id = id, .result = result };

  guest_say (self->guest, CW_AGENT_TYPE_FILE_XFER_STATUS, &status);
}

/* Answers the oldest read with that many bytes of those asked for. False: none is asked for. */
static bool
answer_read (Client *self, size_t most)
{
  g_autofree uint8_t *bytes = NULL;
  g_autoptr (GBytes) block = NULL;
  uint32_t id;
  size_t size;

  if (g_queue_is_empty (&self->reads))
    return false;
  id = GPOINTER_TO_UINT (g_queue_pop_head (&self->reads));
  size = GPOINTER_TO_SIZE (g_queue_pop_head (&self->reads));
  self->outstanding -= size;
  bytes = g_malloc0 (size);
  block = g_bytes_new (bytes, MIN (size, most));
  cw_file_transfers_take (self->transfers, id, block);
  return true;
}

static void
expect_data (Client *self, uint32_t id, size_t size)
{
  const CwAgentFileXferData *data = guest_next (self->guest, CW_AGENT_TYPE_FILE_XFER_DATA);

  g_assert_cmpuint (data->id, ==, id);
  g_assert_cmpuint (data->data.size, ==, size);
}

static void
expect_status (Client *self, uint32_t id, uint32_t result)
{
  const CwAgentFileXferStatus *status = guest_next (self->guest, CW_AGENT_TYPE_FILE_XFER_STATUS);

  g_assert_cmpuint (status->id, ==, id);
  g_assert_cmpuint (status->result, ==, result);
}

static void
offer (Client *self, uint32_t id, uint64_t size)
{
  g_assert_true (cw_file_transfers_offer (self->transfers, id, "name", size));
  guest_next (self->guest, CW_AGENT_TYPE_FILE_XFER_START);
}

static void
test_start (void)
{
  g_autoptr (Client) client = client_new ();
  const CwAgentFileXferStart *start;
  const char *text = "[vdagent-file-xfer]\nname=a\\nb [c] = \\\\d; \xc3\xa4\nsize=18446744073709551615\n";

  g_assert_true (cw_file_transfers_offer (client->transfers, 9, "a\nb [c] = \\d; \xc3\xa4", UINT64_MAX));
  start = guest_next (client->guest, CW_AGENT_TYPE_FILE_XFER_START);
  g_assert_cmpuint (start->id, ==, 9);
  g_assert_cmpmem (start->data.data, start->data.size, text, strlen (text) + 1);
}

static void
test_one (void)
{
  g_autoptr (Client) client = client_new ();

  offer (client, 1, 300000);
  g_assert_true (g_queue_is_empty (&client->reads)); /* nothing is read before the guest agrees */
  say (client, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  expect (client, "1 at 0; ");
  while (answer_read (client, SIZE_MAX))
    ;
  for (unsigned i = 0; i < 4; i++)
    expect_data (client, 1, 65536);
  expect_data (client, 1, 37856);
  expect (client, "1 at 65536; 1 at 131072; 1 at 196608; 1 at 262144; 1 at 300000; ");
  say (client, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA); /* once more: means nothing */
  say (client, 1, CW_FILE_XFER_STATUS_SUCCESS);
  say (client, 1, CW_FILE_XFER_STATUS_SUCCESS);
  say (client, 77, CW_FILE_XFER_STATUS_ERROR);
  expect (client, "1 done; ");
}

static void
test_empty (void)
{
  g_autoptr (Client) client = client_new ();

  offer (client, 1, 0);
  say (client, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  expect_data (client, 1, 0);
  say (client, 1, CW_FILE_XFER_STATUS_SUCCESS);
  expect (client, "1 at 0; 1 at 0; 1 done; ");
}

/* Reads that bring less than was asked for are no end. */
static void
test_small_reads (void)
{
  g_autoptr (Client) client = client_new ();
  size_t total = 0;

  offer (client, 1, 100000);
  say (client, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  while (answer_read (client, 777))
    ;
  for (; total < 100000; total += MIN (777, 100000 - total))
    expect_data (client, 1, MIN (777, 100000 - total));
  say (client, 1, CW_FILE_XFER_STATUS_SUCCESS);
  g_assert_nonnull (strstr (client->log->str, "1 at 100000; 1 done; "));
}

/* Files take turns; a file that is not read yet loses its turn only. */
static void
test_turns (void)
{
  g_autoptr (Client) client = client_new ();
  uint32_t order[12];

  client->guest->deaf = true;
  for (uint32_t id = 1; id <= 3; id++) {
    g_assert_true (cw_file_transfers_offer (client->transfers, id, "name", CW_FILE_READ));
    say (client, id, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  }
  while (answer_read (client, SIZE_MAX))
    ;
  client->guest->deaf = false;
  cw_agent_resume (client->guest->agent);
  for (unsigned i = 0; i < 3; i++)
    guest_next (client->guest, CW_AGENT_TYPE_FILE_XFER_START);
  for (unsigned i = 0; i < 12; i++)
    order[i] = ((const CwAgentFileXferData *) guest_next (client->guest, CW_AGENT_TYPE_FILE_XFER_DATA))->id;
  /* The first was alone while the first pieces were given away. */
  for (unsigned i = 4; i < 12; i++)
    g_assert_cmpuint (order[i], !=, order[i - 1]);
}

/* What is read ahead of what the guest takes is bounded, for all files together. */
static void
test_read_ahead (void)
{
  g_autoptr (Client) client = client_new ();
  size_t answered = 0;

  for (uint32_t id = 1; id <= 100; id++) {
    offer (client, id, 1 << 30);
    say (client, id, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  }
  g_assert_cmpuint (client->outstanding, ==, CW_FILE_READ_AHEAD);
  client->guest->deaf = true;
  while (answer_read (client, SIZE_MAX))
    answered += CW_FILE_READ;
  g_assert_cmpuint (answered, <=, CW_FILE_READ_AHEAD + CW_AGENT_LOW_WATER + CW_FILE_READ);
  g_assert_cmpuint (cw_agent_waiting_bytes (client->guest->agent), <, CW_AGENT_LOW_WATER + 2 * CW_FILE_BLOCK);
  for (uint32_t id = 1; id <= 100; id++)
    say (client, id, CW_FILE_XFER_STATUS_CANCELLED);
  /* All of it is given back. */
  client->outstanding = 0;
  g_queue_clear (&client->reads);
  client->guest->deaf = false;
  cw_agent_resume (client->guest->agent);
  offer (client, 200, 1 << 30);
  say (client, 200, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  g_assert_cmpuint (client->outstanding, ==, CW_FILE_READ);
  for (uint32_t id = 201; id <= 300; id++) {
    offer (client, id, 1 << 30);
    say (client, id, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  }
  g_assert_cmpuint (client->outstanding, ==, CW_FILE_READ_AHEAD);
}

/* What has not begun goes with its transfer; the client's word comes at once. */
static void
test_cancel (void)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
  g_autoptr (GError) other = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "broken");

  offer (client, 1, 1 << 20);
  offer (client, 2, 100);
  cw_file_transfers_fail (client->transfers, 2, error);
  expect_status (client, 2, CW_FILE_XFER_STATUS_CANCELLED);
  expect (client, "2 cancelled; ");
  client->guest->deaf = true;
  say (client, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  answer_read (client, SIZE_MAX);
  answer_read (client, SIZE_MAX);
  cw_file_transfers_fail (client->transfers, 1, other);
  cw_file_transfers_fail (client->transfers, 1, other);
  expect (client, "1 at 0; 1 broken; ");
  client->guest->deaf = false;
  cw_agent_resume (client->guest->agent);
  expect_status (client, 1, CW_FILE_XFER_STATUS_ERROR);
  while (answer_read (client, SIZE_MAX)) /* comes too late */
    ;
  expect (client, "");
}

static void
test_shrinking (void)
{
  g_autoptr (Client) client = client_new ();

  offer (client, 1, 100);
  say (client, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  answer_read (client, 60);
  expect_data (client, 1, 60);
  answer_read (client, 0);
  expect_status (client, 1, CW_FILE_XFER_STATUS_ERROR);
  expect (client, "1 at 0; 1 at 60; 1 The file ended after 60 of 100 bytes: it has become shorter.; ");
}

static void
test_statuses (void)
{
  g_autoptr (Client) client = client_new ();
  static const struct {
    uint32_t result;
    const char *text;
  } rows[] = {
    { CW_FILE_XFER_STATUS_CANCELLED, "The guest cancelled the transfer." },
    { CW_FILE_XFER_STATUS_ERROR, "The guest could not store the file." },
    { CW_FILE_XFER_STATUS_SUCCESS, "The guest ended the transfer before the whole file was sent." },
    { CW_FILE_XFER_STATUS_NOT_ENOUGH_SPACE, "The guest's disk has not enough space for the file of 5 bytes." },
    { CW_FILE_XFER_STATUS_SESSION_LOCKED, "The guest's session is locked." },
    { CW_FILE_XFER_STATUS_VDAGENT_NOT_CONNECTED, "Nobody is logged in to the guest." },
    { CW_FILE_XFER_STATUS_DISABLED, "The guest does not allow file transfers." },
    { 4711, "The guest ended the transfer with status 4711." },
  };

  for (uint32_t i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *log = g_strdup_printf ("%u %s; ", i + 1, rows[i].text);

    offer (client, i + 1, 5);
    say (client, i + 1, rows[i].result);
    expect (client, log); /* and the guest is not told what it said */
  }
}

static void
test_details (void)
{
  g_autoptr (Client) client = client_new ();
  CwWireFileXferError detail = { CW_FILE_XFER_ERROR_TYPE_GLIB_IO, G_IO_ERROR_PERMISSION_DENIED };
  const CwWireFileXferSpace space = { 3 };
  const CwAgentFileXferStatus error = { 1, CW_FILE_XFER_STATUS_ERROR, &detail, NULL };
  const CwAgentFileXferStatus full = { 1, CW_FILE_XFER_STATUS_NOT_ENOUGH_SPACE, NULL, &space };

  offer (client, 1, 1234567);
  guest_say (client->guest, CW_AGENT_TYPE_FILE_XFER_STATUS, &error);
  expect (client, "1 The guest could not store the file: permission denied.; ");
  offer (client, 1, 1234567);
  detail.code = 4711;
  guest_say (client->guest, CW_AGENT_TYPE_FILE_XFER_STATUS, &error);
  expect (client, "1 The guest could not store the file: error 4711.; ");
  offer (client, 1, 1234567);
  detail.code = G_IO_ERROR_INVALID_FILENAME;
  guest_say (client->guest, CW_AGENT_TYPE_FILE_XFER_STATUS, &error);
  expect (client, "1 The guest does not allow this file name.; ");
  offer (client, 1, 1234567);
  guest_say (client->guest, CW_AGENT_TYPE_FILE_XFER_STATUS, &full);
  g_assert_nonnull (strstr (client->log->str, "3 bytes are free, the file has 1.2"));
}

static void
test_loss (void)
{
  g_autoptr (Client) client = client_new ();
  g_autoptr (GError) error = g_error_new_literal (SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "gone");

  offer (client, 1, 1 << 20);
  say (client, 1, CW_FILE_XFER_STATUS_CAN_SEND_DATA);
  cw_agent_disconnect (client->guest->agent);
  cw_file_transfers_fail_all (client->transfers, error);
  expect (client, "1 at 0; 1 gone; ");
  while (answer_read (client, SIZE_MAX))
    ;
  g_assert_false (cw_file_transfers_offer (client->transfers, 2, "name", 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file-transfers/start", test_start);
  g_test_add_func ("/file-transfers/one", test_one);
  g_test_add_func ("/file-transfers/empty", test_empty);
  g_test_add_func ("/file-transfers/small-reads", test_small_reads);
  g_test_add_func ("/file-transfers/turns", test_turns);
  g_test_add_func ("/file-transfers/read-ahead", test_read_ahead);
  g_test_add_func ("/file-transfers/cancel", test_cancel);
  g_test_add_func ("/file-transfers/shrinking", test_shrinking);
  g_test_add_func ("/file-transfers/statuses", test_statuses);
  g_test_add_func ("/file-transfers/details", test_details);
  g_test_add_func ("/file-transfers/loss", test_loss);
  return g_test_run ();
}
