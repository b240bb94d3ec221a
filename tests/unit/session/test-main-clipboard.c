/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clipboard, both ways: statements of the API's contract by their numbers (M). */
#include "main-case.h"

#include <string.h>

static char *
types_text (const guint32 *types, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, " %u", types[i]);
  return g_string_free (text, FALSE);
}

static gboolean
on_selection_grab (SpiceMainChannel *channel, guint selection, gpointer types, guint n, gpointer data)
{
  g_autofree char *text = types_text (types, n);

  main_case_tell ("selection-grab %u:%s", selection, text);
  return TRUE;
}

static gboolean
on_grab (SpiceMainChannel *channel, gpointer types, guint n, gpointer data)
{
  g_autofree char *text = types_text (types, n);

  main_case_tell ("grab:%s", text);
  return TRUE;
}

static gboolean
on_selection_request (SpiceMainChannel *channel, guint selection, guint type, gpointer data)
{
  main_case_tell ("selection-request %u %u", selection, type);
  return TRUE;
}

static gboolean
on_request (SpiceMainChannel *channel, guint type, gpointer data)
{
  main_case_tell ("request %u", type);
  return TRUE;
}

static void
on_selection (SpiceMainChannel *channel, guint selection, guint type, gpointer content, guint size, gpointer data)
{
  main_case_tell ("selection %u %u %.*s", selection, type, (int) size, (const char *) content);
}

static void
on_clipboard (SpiceMainChannel *channel, guint type, gpointer content, guint size, gpointer data)
{
  main_case_tell ("clipboard %u %.*s", type, (int) size, (const char *) content);
}

static void
on_selection_release (SpiceMainChannel *channel, guint selection, gpointer data)
{
  main_case_tell ("selection-release %u", selection);
}

static void
on_release (SpiceMainChannel *channel, gpointer data)
{
  main_case_tell ("release");
}

static void
listen_to_clipboard (SpiceMainChannel *channel)
{
  g_signal_connect (channel, "main-clipboard-selection-grab", G_CALLBACK (on_selection_grab), NULL);
  g_signal_connect (channel, "main-clipboard-grab", G_CALLBACK (on_grab), NULL);
  g_signal_connect (channel, "main-clipboard-selection-request", G_CALLBACK (on_selection_request), NULL);
  g_signal_connect (channel, "main-clipboard-request", G_CALLBACK (on_request), NULL);
  g_signal_connect (channel, "main-clipboard-selection", G_CALLBACK (on_selection), NULL);
  g_signal_connect (channel, "main-clipboard", G_CALLBACK (on_clipboard), NULL);
  g_signal_connect (channel, "main-clipboard-selection-release", G_CALLBACK (on_selection_release), NULL);
  g_signal_connect (channel, "main-clipboard-release", G_CALLBACK (on_release), NULL);
}

static void
say_grab (MainCase *self, uint8_t selection, uint32_t serial, uint32_t first, uint32_t second)
{
  const uint32_t types[] = { first, second };
  const CwAgentClipboardGrab grab = { selection, serial, 2, types };

  agent_server_say (self->server, CW_AGENT_TYPE_CLIPBOARD_GRAB, &grab);
}

static void
say_content (MainCase *self, uint8_t selection, const char *content)
{
  const CwAgentClipboard clipboard = { selection, 1, { (const uint8_t *) content, strlen (content) } };

  agent_server_say (self->server, CW_AGENT_TYPE_CLIPBOARD, &clipboard);
}

static void
test_clipboard (void)
{
  guint32 types[] = { 1, 3 };
  const CwAgentClipboardRequest *request;
  const CwAgentClipboard *clipboard;
  const CwAgentClipboardGrab *grab;
  MainCase c;

  /* M12 */
  main_case_begin (&c, MAIN_CASE_CAPS);
  listen_to_clipboard (c.main);
  say_grab (&c, 0, 0, 1, 2);
  agent_server_heard_all (c.server);
  main_case_expect_told ("selection-grab 0: 1 2; grab: 1 2; ");
  /* M13 */
  say_grab (&c, 0, 0, 1, 2);
  agent_server_heard_all (c.server);
  main_case_expect_told ("");
  spice_main_channel_clipboard_selection_request (c.main, 0, 1);
  request = agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD_REQUEST);
  g_assert_cmpuint (request->type, ==, 1);
  say_content (&c, 0, "hello");
  agent_server_heard_all (c.server);
  main_case_expect_told ("selection 0 1 hello; clipboard 1 hello; ");

  agent_server_say (c.server, CW_AGENT_TYPE_CLIPBOARD_REQUEST, &(CwAgentClipboardRequest){ 0, 1 });
  agent_server_heard_all (c.server);
  main_case_expect_told ("selection-request 0 1; request 1; ");
  spice_main_channel_clipboard_selection_notify (c.main, 0, 1, (const guchar *) "hi", 2);
  clipboard = agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD);
  g_assert_cmpmem (clipboard->data.data, clipboard->data.size, "hi", 2);
  spice_main_channel_clipboard_selection_grab (c.main, 0, types, 2);
  grab = agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD_GRAB);
  g_assert_cmpuint (grab->serial, ==, 1);
  g_assert_cmpmem (grab->types, grab->n_types * 4, types, sizeof types);
  spice_main_channel_clipboard_selection_release (c.main, 0);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD_RELEASE);
  agent_server_say (c.server, CW_AGENT_TYPE_CLIPBOARD_RELEASE, &(CwAgentClipboardRelease){ 0 });
  say_grab (&c, 1, 0, 1, 2);
  say_content (&c, 1, "primary");
  agent_server_say (c.server, CW_AGENT_TYPE_CLIPBOARD_REQUEST, &(CwAgentClipboardRequest){ 2, 2 });
  agent_server_say (c.server, CW_AGENT_TYPE_CLIPBOARD_RELEASE, &(CwAgentClipboardRelease){ 1 });
  agent_server_heard_all (c.server);
  main_case_expect_told (
      "selection-release 0; release; selection-grab 1: 1 2; selection 1 1 primary; selection-request 2 2; "
      "selection-release 1; ");
  main_case_end (&c);
}

static uint32_t
next_serial (MainCase *self)
{
  guint32 types[] = { 1 };

  spice_main_channel_clipboard_selection_grab (self->main, 0, types, 1);
  return ((const CwAgentClipboardGrab *) agent_server_next_agent (self->server, CW_AGENT_TYPE_CLIPBOARD_GRAB))->serial;
}

/* An agent that announces itself and asks for the same has begun anew; one that does not ask only says more. */
static void
test_begun_anew (void)
{
  MainCase c;

  main_case_begin (&c, MAIN_CASE_CAPS);
  for (unsigned i = 0; i < 3; i++) {
    agent_server_announce (c.server, 0, MAIN_CASE_CAPS);
    agent_server_skip_wishes (c.server);
    g_assert_cmpuint (next_serial (&c), ==, i);
  }
  agent_server_say (c.server, CW_AGENT_TYPE_CLIPBOARD_REQUEST, &(CwAgentClipboardRequest){ 0, 1 });
  agent_server_announce (c.server, 1, MAIN_CASE_CAPS);
  agent_server_skip_wishes (c.server);
  g_assert_cmpuint (next_serial (&c), ==, 0);
  /* Which would answer the question with nothing, if it still were one. */
  say_grab (&c, 0, 1, 1, 2);
  agent_server_heard_all (c.server);
  main_case_end (&c);
}

static void
notify_11 (SpiceMainChannel *main)
{
  spice_main_channel_clipboard_selection_notify (main, 0, 1, (const guchar *) "01234567890", 11);
}

static void
notify_no_agent (SpiceMainChannel *main)
{
  spice_main_channel_clipboard_selection_notify (main, 0, 1, (const guchar *) "0", 1);
}

static void
request_no_agent (SpiceMainChannel *main)
{
  spice_main_channel_clipboard_selection_request (main, 0, 1);
}

static void
test_clipboard_limits (void)
{
  const CwAgentClipboard *clipboard;
  const CwAgentMaxClipboard *max;
  guint32 types[] = { 1 };
  MainCase c;

  /* M14; 24.23: the limit itself is allowed */
  main_case_begin (&c, MAIN_CASE_CAPS);
  g_object_set (c.main, "max-clipboard", 10, NULL);
  max = agent_server_next_agent (c.server, CW_AGENT_TYPE_MAX_CLIPBOARD);
  g_assert_cmpint (max->max, ==, 10);
  for (size_t size = 9; size <= 10; size++) {
    spice_main_channel_clipboard_selection_notify (c.main, 0, 1, (const guchar *) "0123456789", size);
    clipboard = agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD);
    g_assert_cmpuint (clipboard->data.size, ==, size);
  }
  main_case_expect_critical (notify_11, c.main);
  agent_server_heard_all (c.server);

  /* Without an agent */
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_heard_all (c.server);
  spice_main_channel_clipboard_selection_grab (c.main, 0, types, 1);
  spice_main_channel_clipboard_selection_release (c.main, 0);
  main_case_expect_critical (notify_no_agent, c.main);
  main_case_expect_critical (request_no_agent, c.main);
  agent_server_heard_all (c.server);
  main_case_end (&c);
}

/* The agent counts grabs, and takes none that is ahead: those that were not sent are not counted. */
static void
test_clipboard_read_only (void)
{
  const CwAgentClipboardGrab *grab;
  guint32 types[] = { 1 };
  MainCase c;

  main_case_begin (&c, MAIN_CASE_CAPS | 1u << CW_AGENT_CAP_CLIPBOARD_GRAB_SERIAL);
  g_object_set (c.session, "read-only", TRUE, NULL);
  for (unsigned i = 0; i < 3; i++)
    spice_main_channel_clipboard_selection_grab (c.main, 0, types, 1);
  agent_server_heard_all (c.server);
  g_object_set (c.session, "read-only", FALSE, NULL);
  spice_main_channel_clipboard_selection_grab (c.main, 0, types, 1);
  grab = agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD_GRAB);
  g_assert_cmpuint (grab->serial, ==, 0);
  agent_server_heard_all (c.server);
  main_case_end (&c);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static uint32_t
next_type_of_grab (MainCase *self, uint8_t selection)
{
  const CwAgentClipboardGrab *grab = agent_server_next_agent (self->server, CW_AGENT_TYPE_CLIPBOARD_GRAB);

  g_assert_cmpuint (grab->selection, ==, selection);
  g_assert_cmpuint (grab->n_types, ==, 1);
  return grab->types[0];
}

static void
check_content (MainCase *self, uint8_t selection, const char *expected)
{
  const CwAgentClipboard *clipboard = agent_server_next_agent (self->server, CW_AGENT_TYPE_CLIPBOARD);

  g_assert_cmpuint (clipboard->selection, ==, selection);
  g_assert_cmpmem (clipboard->data.data, clipboard->data.size, expected, strlen (expected));
}

static void
check_release (MainCase *self, uint8_t selection)
{
  const CwAgentClipboardRelease *release = agent_server_next_agent (self->server, CW_AGENT_TYPE_CLIPBOARD_RELEASE);

  g_assert_cmpuint (release->selection, ==, selection);
}

static void
check_request (MainCase *self, uint8_t selection, uint32_t type)
{
  const CwAgentClipboardRequest *request = agent_server_next_agent (self->server, CW_AGENT_TYPE_CLIPBOARD_REQUEST);

  g_assert_cmpuint (request->selection, ==, selection);
  g_assert_cmpuint (request->type, ==, type);
}

/* Each does what the newer one does; the oldest know no selection but the first. */
static void
test_old_names (void)
{
  guint32 types[] = { 3 };
  MainCase c;

  main_case_begin (&c, MAIN_CASE_CAPS);
  spice_main_clipboard_selection_grab (c.main, 1, types, 1);
  g_assert_cmpuint (next_type_of_grab (&c, 1), ==, 3);
  spice_main_clipboard_selection_notify (c.main, 1, 3, (const guchar *) "first", 5);
  check_content (&c, 1, "first");
  spice_main_clipboard_selection_release (c.main, 1);
  check_release (&c, 1);
  spice_main_clipboard_selection_request (c.main, 1, 2);
  check_request (&c, 1, 2);
  spice_main_clipboard_grab (c.main, types, 1);
  g_assert_cmpuint (next_type_of_grab (&c, 0), ==, 3);
  spice_main_clipboard_notify (c.main, 3, (const guchar *) "second", 6);
  check_content (&c, 0, "second");
  spice_main_clipboard_release (c.main);
  check_release (&c, 0);
  spice_main_clipboard_request (c.main, 4);
  check_request (&c, 0, 4);
  agent_server_heard_all (c.server);
  main_case_end (&c);
}

G_GNUC_END_IGNORE_DEPRECATIONS

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/main/M12-M13-clipboard", test_clipboard);
  g_test_add_func ("/main/clipboard-begun-anew", test_begun_anew);
  g_test_add_func ("/main/M14-clipboard-limits", test_clipboard_limits);
  g_test_add_func ("/main/clipboard-read-only", test_clipboard_read_only);
  g_test_add_func ("/main/clipboard-old-names", test_old_names);
  return g_test_run ();
}
