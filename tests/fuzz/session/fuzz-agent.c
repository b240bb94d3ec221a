/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest agent says, in bodies of any size: a byte for the size of each, and for turns of the agent's life. The
 * client shares its clipboard, takes little, answers most questions, and has files to send. */
#include "channel/main/clipboard.h"
#include "channel/main/file-transfers.h"
#include "fuzz/fuzz.h"

#define LIMIT 3000
#define FILE_SIZE 100000
#define N_FILES 4

typedef struct {
  unsigned n_sent, n_answers;
  CwAgent *agent;
  CwClipboard *clipboard;
  CwFileTransfers *files;
  uint32_t reading; /* an id, or 0 */
  size_t asked;
  uint64_t under_way[N_FILES + 1];
} Client;

static bool
send_bodies (gpointer data, GBytes *bytes)
{
  Client *self = data;

  g_assert_cmpuint (g_bytes_get_size (bytes), >, 0);
  g_assert_cmpuint (g_bytes_get_size (bytes), <=, CW_AGENT_BURST * CW_AGENT_MAX_DATA_SIZE);
  return ++self->n_sent % 7 != 0;
}

static void
take_message (gpointer data, const CwMessage *message)
{
  Client *self = data;

  g_assert_cmpuint (message->body.size, <=, CW_AGENT_MAX_MESSAGE);
  if (message->type == CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES)
    cw_agent_announce (self->agent, false);
  else if (message->type == CW_AGENT_TYPE_FILE_XFER_STATUS)
    cw_file_transfers_status (self->files, message->data);
  else
    cw_clipboard_handle (self->clipboard, message, self->n_sent);
}

static void
take_part (gpointer data, size_t size, CwSlice so_far)
{
  g_assert_cmpuint (so_far.size, <, size);
  g_assert_cmpuint (size, <=, LIMIT + 8);
  cw_clipboard_part (((Client *) data)->clipboard, so_far);
}

static void
on_grab (gpointer data, unsigned selection, const uint32_t *types, unsigned n_types)
{
  g_assert_cmpuint (selection, <, CW_CLIPBOARD_N_SELECTIONS);
  g_assert_cmpuint (n_types, <=, CW_CLIPBOARD_TYPE_FILE_LIST);
  if (n_types > 0)
    cw_clipboard_request (((Client *) data)->clipboard, selection, types[n_types - 1]);
}

static void
on_request (gpointer data, unsigned selection, uint32_t type)
{
  Client *self = data;

  g_assert_cmpuint (selection, <, CW_CLIPBOARD_N_SELECTIONS);
  if (++self->n_answers % 3 != 0)
    cw_clipboard_answer (self->clipboard, selection, self->n_answers % 5 == 0 ? 0 : type, (CwSlice){ NULL, 0 });
}

static void
on_content (gpointer data, unsigned selection, uint32_t type, CwSlice content)
{
  g_assert_cmpuint (selection, <, CW_CLIPBOARD_N_SELECTIONS);
  g_assert_cmpuint (content.size, <=, LIMIT);
  for (size_t at = 0; type == CW_CLIPBOARD_TYPE_UTF8_TEXT && at < content.size; at++) {
    const char *end, *text = (const char *) content.data;

    /* Valid between its NULs. */
    g_utf8_validate_len (text + at, content.size - at, &end);
    at = (size_t) (end - text);
    g_assert_true (at == content.size || *end == '\0');
  }
}

static void
on_release (gpointer data, unsigned selection)
{
  g_assert_cmpuint (selection, <, CW_CLIPBOARD_N_SELECTIONS);
}

static void
on_sent (gpointer data, uint32_t tag)
{
  cw_file_transfers_sent (((Client *) data)->files, tag);
}

static void
on_low (gpointer data)
{
  cw_file_transfers_low (((Client *) data)->files);
}

/* Of reads that wait, the last one is answered; the others never are. */
static void
on_read (gpointer data, uint32_t id, size_t size)
{
  Client *self = data;

  g_assert_cmpuint (id, <=, N_FILES);
  g_assert_cmpuint (size, >, 0);
  g_assert_cmpuint (size, <=, FILE_SIZE);
  self->reading = id;
  self->asked = size;
}

static void
answer_read (Client *self, unsigned turn)
{
  g_autoptr (GBytes) bytes
      = g_bytes_new_take (g_malloc0 (self->asked), turn % 8 == 7 ? 0 : self->asked / (1 + turn % 3));
  uint32_t id = self->reading;

  self->reading = 0;
  if (id != 0)
    cw_file_transfers_take (self->files, id, bytes);
}

static void
on_progress (gpointer data, uint32_t id, uint64_t bytes)
{
  Client *self = data;

  g_assert_cmpuint (bytes, >=, self->under_way[id]);
  g_assert_cmpuint (bytes, <=, FILE_SIZE);
  self->under_way[id] = bytes;
}

static void
on_finished (gpointer data, uint32_t id, const GError *error)
{
  Client *self = data;

  if (!error)
    g_assert_cmpuint (self->under_way[id], ==, FILE_SIZE);
  self->under_way[id] = UINT64_MAX; /* nothing more comes of it */
  if (self->reading == id)
    self->reading = 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const CwAgentObserver observer = { send_bodies, take_message, take_part, on_sent, on_low };
  static const CwClipboardObserver clipboard_observer = { on_grab, on_request, on_content, on_release };
  static const CwFileTransfersObserver file_observer = { on_read, on_progress, on_finished };
  Client client = { 0 };
  g_autoptr (CwAgent) agent = cw_agent_new (&observer, &client);
  g_autoptr (CwClipboard) clipboard = cw_clipboard_new (agent, &clipboard_observer, &client);

  g_autoptr (CwFileTransfers) files = cw_file_transfers_new (agent, &file_observer, &client);

  client.agent = agent;
  client.files = files;
  client.clipboard = clipboard;
  cw_clipboard_set_max (clipboard, LIMIT);
  cw_agent_connect (agent);
  for (uint32_t id = 1; id <= N_FILES; id++)
    g_assert_true (cw_file_transfers_offer (files, id, "name", FILE_SIZE));
  while (size > 0) {
    size_t part = MIN ((size_t) *data * 16, size - 1);
    g_autoptr (GBytes) body = g_bytes_new (data + 1, part);

    if (*data == 0)
      cw_agent_disconnect (agent);
    if (*data < 2)
      cw_agent_connect (agent);
    if (*data % 4 == 0)
      cw_agent_resume (agent);
    if (*data % 16 == 1)
      cw_clipboard_expire (clipboard, client.n_sent + (*data & 16 ? CW_CLIPBOARD_PATIENCE : 0));
    if (*data % 3 == 0)
      answer_read (&client, *data);
    cw_agent_add_credit (agent, *data);
    if (!cw_agent_receive (agent, body, NULL))
      break;
    data += 1 + part;
    size -= 1 + part;
  }
  return 0;
}
