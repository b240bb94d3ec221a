/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest agent says, in bodies of any size: a byte for the size of each, 0 for a turn of the agent's life.
 * Messages are handled as by a client with a small limit, which answers each of them. */
#include "channel/main/agent.h"
#include "fuzz/fuzz.h"

#define LIMIT 3000

static bool
send_body (gpointer data, GBytes *body)
{
  g_assert_cmpuint (g_bytes_get_size (body), >, 0);
  g_assert_cmpuint (g_bytes_get_size (body), <=, CW_AGENT_MAX_DATA_SIZE);
  return ++*(unsigned *) data % 7 != 0;
}

typedef struct {
  unsigned n_sent;
  CwAgent *agent;
} Client;

static void
take_message (gpointer data, const CwMessage *message)
{
  Client *self = data;

  g_assert_cmpuint (g_bytes_get_size (message->body), <=, CW_AGENT_MAX_MESSAGE);
  if (message->type == CW_AGENT_TYPE_CLIPBOARD) {
    const CwAgentClipboard *clipboard = message->data;

    g_assert_cmpuint (clipboard->data.size, <=, LIMIT);
  }
  cw_agent_announce (self->agent, false);
}

static void
take_part (gpointer data, size_t size, CwSlice so_far)
{
  g_assert_cmpuint (so_far.size, <, size);
  g_assert_cmpuint (size, <=, LIMIT + 8);
}

static const CwAgentObserver observer = { .send = send_body, .message = take_message, .part = take_part };

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Client client = { 0 };
  g_autoptr (CwAgent) agent = cw_agent_new (&observer, &client);

  client.agent = agent;
  cw_agent_set_max_clipboard (agent, LIMIT);
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
    cw_agent_add_credit (agent, *data);
    if (!cw_agent_receive (agent, body, NULL))
      break;
    data += 1 + part;
    size -= 1 + part;
  }
  return 0;
}
