/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is meant for the guest agent, while the server listens to nothing: little of it waits in the connection, and it
 * comes whole and in order once the server listens again. */
#include "steps.h"

#include "channel/private.h"

#include <string.h>

#define SIZE ((size_t) 1024 * 1024)
#define MAX_QUEUED ((size_t) 512 * 1024) /* the limit, a message beyond it, and what the queue costs */

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpiceMainChannel *main;
  uint8_t *content;
} Case;

static bool
has_agent (gpointer main)
{
  gboolean connected;

  g_object_get (main, "agent-connected", &connected, NULL);
  return connected && spice_main_channel_agent_test_capability (main, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND);
}

static void
say_agent (Case *self)
{
  static const uint8_t announce[28]
      = { 1, 0, 0, 0, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES,   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0,
          0, 0, 0, 0, 1u << CW_AGENT_CAP_CLIPBOARD_BY_DEMAND };

  steps_send (self->steps, CW_CHANNEL_MAIN, CW_MSG_MAIN_AGENT_CONNECTED_TOKENS,
              &(CwMsgMainAgentConnectedTokens){ 1000000 });
  steps_send_bytes (self->steps, CW_CHANNEL_MAIN, CW_MSG_MAIN_AGENT_DATA, announce, sizeof announce);
}

static void
begin (Case *self)
{
  self->steps = steps_new (NULL, 0, 0);
  self->session = steps_session (self->steps, NULL);
  steps_await_link (self->steps, CW_CHANNEL_MAIN, 1);
  self->main = SPICE_MAIN_CHANNEL (client_channel (self->session, CW_CHANNEL_MAIN, 0));
  self->content = g_malloc (SIZE);
  for (size_t i = 0; i < SIZE; i++)
    self->content[i] = (uint8_t) (i * 7 >> 5);
  say_agent (self);
  client_await (has_agent, self->main);
  steps_next (self->steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_ATTACH_CHANNELS);
  steps_next (self->steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_AGENT_START);
  steps_next (self->steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_AGENT_DATA); /* its announcement */
  steps_heard_all (self->steps, CW_CHANNEL_MAIN);
}

static void
end (Case *self)
{
  client_end (self->session);
  steps_free (self->steps);
  g_free (self->content);
}

/* Twice, the second one turned round. */
static void
give_content (Case *self)
{
  spice_main_channel_clipboard_selection_notify (self->main, 0, 1, self->content, SIZE);
  for (size_t i = 0; i < SIZE / 2; i++) {
    uint8_t other = self->content[i];

    self->content[i] = self->content[SIZE - 1 - i];
    self->content[SIZE - 1 - i] = other;
  }
  spice_main_channel_clipboard_selection_notify (self->main, 0, 1, self->content, SIZE);
}

static void
hear_bodies (Case *self, GByteArray *heard, size_t size)
{
  while (heard->len < size) {
    CwSlice body = steps_next (self->steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_AGENT_DATA)->body;

    g_byte_array_append (heard, body.data, (guint) body.size);
  }
}

/* A header of 20 bytes, a type of 4, the content. */
static void
test_in_order (void)
{
  g_autoptr (GByteArray) heard = g_byte_array_new ();
  Case c;

  begin (&c);
  steps_set_deaf (c.steps, CW_CHANNEL_MAIN, true);
  give_content (&c);
  for (unsigned i = 0; i < 3; i++) {
    client_run (10);
    g_assert_cmpuint (cw_channel_queued_bytes (SPICE_CHANNEL (c.main)), <, MAX_QUEUED);
  }
  steps_set_deaf (c.steps, CW_CHANNEL_MAIN, false);
  hear_bodies (&c, heard, 2 * (24 + SIZE));
  g_assert_cmpuint (heard->len, ==, 2 * (24 + SIZE));
  g_assert_cmpint (memcmp (heard->data + 48 + SIZE, c.content, SIZE), ==, 0);
  for (size_t i = 0; i < SIZE; i++)
    if (heard->data[24 + i] != c.content[SIZE - 1 - i])
      g_error ("the content differs at byte %zu", i);
  steps_heard_all (c.steps, CW_CHANNEL_MAIN);
  end (&c);
}

/* What waited is forgotten with the connection, and holds nothing up on the next one. */
static void
test_anew (void)
{
  Case c;

  begin (&c);
  steps_set_deaf (c.steps, CW_CHANNEL_MAIN, true);
  give_content (&c);
  client_run (10);
  spice_channel_disconnect (SPICE_CHANNEL (c.main), SPICE_CHANNEL_NONE);
  spice_channel_connect (SPICE_CHANNEL (c.main));
  steps_set_deaf (c.steps, CW_CHANNEL_MAIN, false);
  steps_await_link (c.steps, CW_CHANNEL_MAIN, 2);
  say_agent (&c);
  client_await (has_agent, c.main);
  spice_main_channel_request_mouse_mode (c.main, CW_MOUSE_MODE_SERVER);
  spice_main_channel_clipboard_selection_notify (c.main, 0, 1, c.content, 4);
  steps_skip_to (c.steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_MOUSE_MODE_REQUEST);
  g_assert_cmpuint (steps_next (c.steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_AGENT_DATA)->body.size, ==, 28);
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/main/deaf/in-order", test_in_order);
  g_test_add_func ("/main/deaf/anew", test_anew);
  return g_test_run ();
}
