/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest agent says, in bodies of any size: a byte for the size of each, and for turns of the agent's life. The
 * client shares its clipboard, takes little, and answers most questions. */
#include "channel/main/clipboard.h"
#include "fuzz/fuzz.h"

#define LIMIT 3000

typedef struct {
  unsigned n_sent, n_answers;
  CwAgent *agent;
  CwClipboard *clipboard;
} Client;

static bool
send_body (gpointer data, GBytes *body)
{
  Client *self = data;

  g_assert_cmpuint (g_bytes_get_size (body), >, 0);
  g_assert_cmpuint (g_bytes_get_size (body), <=, CW_AGENT_MAX_DATA_SIZE);
  return ++self->n_sent % 7 != 0;
}

static void
take_message (gpointer data, const CwMessage *message)
{
  Client *self = data;

  g_assert_cmpuint (g_bytes_get_size (message->body), <=, CW_AGENT_MAX_MESSAGE);
  if (message->type == CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES)
    cw_agent_announce (self->agent, false);
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
  g_assert_cmpuint (n_types, >, 0);
  g_assert_cmpuint (n_types, <=, CW_CLIPBOARD_TYPE_FILE_LIST);
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

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const CwAgentObserver observer = { .send = send_body, .message = take_message, .part = take_part };
  static const CwClipboardObserver clipboard_observer = { on_grab, on_request, on_content, on_release };
  Client client = { 0 };
  g_autoptr (CwAgent) agent = cw_agent_new (&observer, &client);
  g_autoptr (CwClipboard) clipboard = cw_clipboard_new (agent, &clipboard_observer, &client);

  client.agent = agent;
  client.clipboard = clipboard;
  cw_clipboard_set_max (clipboard, LIMIT);
  cw_agent_connect (agent);
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
    cw_agent_add_credit (agent, *data);
    if (!cw_agent_receive (agent, body, NULL))
      break;
    data += 1 + part;
    size -= 1 + part;
  }
  return 0;
}
