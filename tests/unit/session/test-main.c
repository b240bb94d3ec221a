/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main channel and the guest agent, step by step: statements of the API's contract by their numbers (M). */
#include "agent-server.h"

#include <string.h>

#define OWN_CAPS 0x35077
/* What an agent of today can do, and one of old. */
#define CAPS 0x354f7
#define SPARSE (1u << CW_AGENT_CAP_SPARSE_MONITORS_CONFIG)

static GString *told; /* signals, in order */

static void tell (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
tell (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (told, format, arguments);
  va_end (arguments);
  g_string_append (told, "; ");
}

static void
expect_told (const char *expected)
{
  g_assert_cmpstr (told->str, ==, expected);
  g_string_truncate (told, 0);
}

static void
on_notify (GObject *channel, GParamSpec *pspec, gpointer data)
{
  int mode;
  gboolean connected;

  g_object_get (channel, "mouse-mode", &mode, "agent-connected", &connected, NULL);
  if (strcmp (pspec->name, "mouse-mode") == 0)
    tell ("notify mouse-mode %d", mode);
  if (strcmp (pspec->name, "agent-connected") == 0)
    tell ("notify agent-connected %d", connected);
}

static void
on_mouse_update (SpiceMainChannel *channel, gpointer data)
{
  tell ("mouse-update");
}

static void
on_agent_update (SpiceMainChannel *channel, gpointer data)
{
  tell ("agent-update");
}

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

  tell ("selection-grab %u:%s", selection, text);
  return TRUE;
}

static gboolean
on_grab (SpiceMainChannel *channel, gpointer types, guint n, gpointer data)
{
  g_autofree char *text = types_text (types, n);

  tell ("grab:%s", text);
  return TRUE;
}

static gboolean
on_selection_request (SpiceMainChannel *channel, guint selection, guint type, gpointer data)
{
  tell ("selection-request %u %u", selection, type);
  return TRUE;
}

static gboolean
on_request (SpiceMainChannel *channel, guint type, gpointer data)
{
  tell ("request %u", type);
  return TRUE;
}

static void
on_selection (SpiceMainChannel *channel, guint selection, guint type, gpointer content, guint size, gpointer data)
{
  tell ("selection %u %u %.*s", selection, type, (int) size, (const char *) content);
}

static void
on_clipboard (SpiceMainChannel *channel, guint type, gpointer content, guint size, gpointer data)
{
  tell ("clipboard %u %.*s", type, (int) size, (const char *) content);
}

static void
on_selection_release (SpiceMainChannel *channel, guint selection, gpointer data)
{
  tell ("selection-release %u", selection);
}

static void
on_release (SpiceMainChannel *channel, gpointer data)
{
  tell ("release");
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
listen (SpiceMainChannel *channel)
{
  g_string_truncate (told, 0);
  g_signal_connect (channel, "notify", G_CALLBACK (on_notify), NULL);
  g_signal_connect (channel, "main-mouse-update", G_CALLBACK (on_mouse_update), NULL);
  g_signal_connect (channel, "main-agent-update", G_CALLBACK (on_agent_update), NULL);
}

typedef struct {
  AgentServer *server;
  SpiceSession *session;
  SpiceMainChannel *main;
} Case;

/* With an agent that has said what it can do; caps 0: it has said nothing. Nothing is under way. */
static void
begin (Case *self, uint32_t caps)
{
  self->server = agent_server_new ();
  self->session = agent_server_session (self->server, true);
  self->main = agent_server_main (self->session);
  agent_server_skip_start (self->server);
  agent_server_grant (self->server, true);
  agent_server_send (self->server, CW_MSG_MAIN_AGENT_TOKEN, &(CwMsgMainAgentToken){ 10 });
  if (caps != 0)
    agent_server_announce (self->server, 0, caps);
  agent_server_skip_wishes (self->server);
  listen (self->main);
}

static void
end (Case *self)
{
  client_end (self->session);
  agent_server_free (self->server);
}

static void
ignore_critical (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  ++*(unsigned *) data;
}

/* Criticals are part of the contract. */
static void
expect_critical (void (*call) (SpiceMainChannel *main), SpiceMainChannel *main)
{
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  unsigned n = 0;
  GLogFunc before = g_log_set_default_handler (ignore_critical, &n);

  call (main);
  g_log_set_default_handler (before, NULL);
  g_log_set_always_fatal (fatal);
  g_assert_cmpuint (n, ==, 1);
}

static bool
has_mode (gpointer data)
{
  return strstr (told->str, "notify mouse-mode") != NULL;
}

static void
test_mouse_mode (void)
{
  g_autoptr (AgentServer) server = agent_server_new ();
  SpiceSession *session = agent_server_session (server, false);
  const CwMsgMainMouseMode offered
      = { .supported_modes = CW_MOUSE_MODE_SERVER | CW_MOUSE_MODE_CLIENT, .current_mode = CW_MOUSE_MODE_SERVER };
  const CwMsgMainMouseMode client = { .supported_modes = 3, .current_mode = CW_MOUSE_MODE_CLIENT };
  const Heard *heard;

  /* M1 */
  listen (agent_server_main (session));
  g_assert_true (client_run_until (20000, has_mode, NULL));
  expect_told ("mouse-update; notify mouse-mode 2; ");
  agent_server_skip_start (server);
  agent_server_send (server, CW_MSG_MAIN_MOUSE_MODE, &offered);
  heard = agent_server_next (server, CW_MSGC_MAIN_MOUSE_MODE_REQUEST, 0);
  g_assert_cmpmem (g_bytes_get_data (heard->body, NULL), g_bytes_get_size (heard->body), "\2\0", 2);
  expect_told ("mouse-update; notify mouse-mode 1; ");
  agent_server_send (server, CW_MSG_MAIN_MOUSE_MODE, &client);
  agent_server_heard_all (server);
  expect_told ("mouse-update; notify mouse-mode 2; ");

  /* M2 */
  spice_main_channel_request_mouse_mode (agent_server_main (session), CW_MOUSE_MODE_SERVER);
  agent_server_next (server, CW_MSGC_MAIN_MOUSE_MODE_REQUEST, 0);
  agent_server_send (server, CW_MSG_MAIN_MOUSE_MODE, &client);
  heard = agent_server_next (server, CW_MSGC_MAIN_MOUSE_MODE_REQUEST, 0);
  g_assert_cmpmem (g_bytes_get_data (heard->body, NULL), g_bytes_get_size (heard->body), "\1\0", 2);
  client_end (session);
}

static void
test_agent_in_init (void)
{
  g_autoptr (AgentServer) server = agent_server_new ();
  SpiceSession *session = agent_server_session (server, true);
  const CwAgentAnnounceCapabilities *announce;
  const Heard *heard;

  /* M3 */
  listen (agent_server_main (session));
  agent_server_next (server, CW_MSGC_MAIN_ATTACH_CHANNELS, 0);
  heard = agent_server_next (server, CW_MSGC_MAIN_AGENT_START, 0);
  g_assert_cmpuint (g_bytes_get_size (heard->body), ==, 4);
  announce = agent_server_next_agent (server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  g_assert_cmpuint (announce->request, ==, 1);
  g_assert_cmpuint (announce->n_caps, ==, 1);
  g_assert_cmphex (announce->caps[0], ==, OWN_CAPS);
  expect_told ("mouse-update; notify mouse-mode 2; notify agent-connected 1; agent-update; ");
  client_end (session);
}

static void
test_announcement (void)
{
  const CwAgentAnnounceCapabilities *announce;
  const CwAgentDisplayConfig *display;
  const CwAgentMaxClipboard *max;
  int caps;
  Case c;

  /* M4 */
  begin (&c, 0);
  g_object_set (c.main, "disable-wallpaper", TRUE, "disable-animation", TRUE, NULL);
  agent_server_announce (c.server, 1, CAPS);
  announce = agent_server_next_agent (c.server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  g_assert_cmpuint (announce->request, ==, 0);
  g_assert_cmphex (announce->caps[0], ==, OWN_CAPS);
  display = agent_server_next_agent (c.server, CW_AGENT_TYPE_DISPLAY_CONFIG);
  g_assert_cmpuint (display->flags, ==, 5);
  max = agent_server_next_agent (c.server, CW_AGENT_TYPE_MAX_CLIPBOARD);
  g_assert_cmpint (max->max, ==, 104857600);
  agent_server_heard_all (c.server);
  expect_told ("agent-update; ");
  g_object_get (c.main, "agent-caps-0", &caps, NULL);
  g_assert_cmphex (caps, ==, CAPS);

  /* Only once to each agent. */
  agent_server_announce (c.server, 0, 2 | 1u << CW_AGENT_CAP_DISPLAY_CONFIG);
  agent_server_heard_all (c.server);
  g_object_get (c.main, "agent-caps-0", &caps, NULL);
  g_assert_cmphex (caps, ==, 2 | 1u << CW_AGENT_CAP_DISPLAY_CONFIG);
  expect_told ("agent-update; ");
  end (&c);
}

static void
test_capability (void)
{
  int caps;
  Case c;

  /* M5 */
  begin (&c, 0);
  g_assert_false (spice_main_channel_agent_test_capability (c.main, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND));
  agent_server_announce (c.server, 0, CAPS);
  agent_server_skip_wishes (c.server);
  g_assert_true (spice_main_channel_agent_test_capability (c.main, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND));
  g_assert_false (spice_main_channel_agent_test_capability (c.main, 64));
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_heard_all (c.server);
  g_assert_false (spice_main_channel_agent_test_capability (c.main, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND));
  expect_told ("agent-update; notify agent-connected 0; agent-update; ");
  /* 24.23: what is known of an agent goes with it. */
  g_object_get (c.main, "agent-caps-0", &caps, NULL);
  g_assert_cmphex (caps, ==, 0);

  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_heard_all (c.server);
  expect_told ("agent-update; ");
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_CONNECTED, NULL);
  agent_server_next (c.server, CW_MSGC_MAIN_AGENT_START, 0);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  agent_server_heard_all (c.server);
  expect_told ("notify agent-connected 1; agent-update; ");
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_CONNECTED, NULL); /* again: a new one */
  agent_server_next (c.server, CW_MSGC_MAIN_AGENT_START, 0);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  agent_server_heard_all (c.server);
  expect_told ("agent-update; ");
  end (&c);
}

static const CwAgentMonitorsConfig *
next_config (Case *self)
{
  return agent_server_next_agent (self->server, CW_AGENT_TYPE_MONITORS_CONFIG);
}

static void
test_monitors_timing (void)
{
  const CwAgentMonitorsConfig *config;
  gint64 changed;
  Case c;

  /* M6 */
  begin (&c, SPARSE);
  spice_main_channel_update_display_enabled (c.main, 0, TRUE, FALSE);
  spice_main_channel_update_display (c.main, 0, 0, 0, 640, 480, TRUE);
  client_run (500);
  changed = g_get_monotonic_time ();
  spice_main_channel_update_display (c.main, 0, 0, 0, 800, 600, TRUE);
  config = next_config (&c);
  g_assert_cmpint (g_get_monotonic_time () - changed, >=, G_USEC_PER_SEC);
  g_assert_cmpuint (config->monitors[0].width, ==, 800);
  agent_server_heard_all (c.server);

  /* M7, with M8's message as the end of waiting */
  spice_main_channel_update_display (c.main, 0, 0, 0, 800, 600, TRUE);
  spice_main_channel_update_display_enabled (c.main, 0, TRUE, TRUE);
  client_run (1500);
  agent_server_heard_all (c.server);

  /* M8 */
  spice_main_channel_update_display (c.main, 0, 0, 0, 1024, 768, TRUE);
  changed = g_get_monotonic_time ();
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  config = next_config (&c);
  g_assert_cmpuint (config->monitors[0].width, ==, 1024);
  client_run (1500);
  agent_server_heard_all (c.server);

  /* An agent that says what it can do is told at once. */
  spice_main_channel_update_display (c.main, 0, 0, 0, 1025, 768, FALSE);
  agent_server_announce (c.server, 0, SPARSE);
  config = next_config (&c);
  g_assert_cmpuint (config->monitors[0].width, ==, 1025);
  end (&c);
}

static void
send_config (SpiceMainChannel *main)
{
  g_assert_false (spice_main_channel_send_monitor_config (main));
}

static void
bad_id (SpiceMainChannel *main)
{
  spice_main_channel_update_display (main, 16, 0, 0, 1, 1, TRUE);
}

static void
bad_size (SpiceMainChannel *main)
{
  spice_main_channel_update_display (main, 0, 0, 0, -1, 1, TRUE);
}

static void
test_monitors_content (void)
{
  const CwAgentMonitorsConfig *config;
  const Heard *heard;
  Case c;

  /* M9: the physical size only if somebody knows it */
  begin (&c, SPARSE);
  spice_main_channel_update_display_enabled (c.main, 0, TRUE, FALSE);
  spice_main_channel_update_display (c.main, 0, 5, 6, 640, 480, FALSE);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpuint (g_bytes_get_size (heard->message->body), ==, 8 + 16 * 20);
  config = heard->message->data;
  g_assert_cmpuint (config->flags, ==, 1);
  spice_main_channel_update_display_mm (c.main, 0, 300, 200, FALSE);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpuint (g_bytes_get_size (heard->message->body), ==, 8 + 16 * 24);
  config = heard->message->data;
  g_assert_cmpuint (config->flags, ==, 3);
  agent_server_announce (c.server, 0, 1);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpuint (g_bytes_get_size (heard->message->body), ==, 8 + 24);

  /* M10 */
  g_object_set (c.main, "disable-display-align", TRUE, NULL);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  config = next_config (&c);
  g_assert_cmpuint (config->flags, ==, 2);
  g_object_set (c.main, "disable-display-position", FALSE, NULL);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  config = next_config (&c);
  g_assert_cmpuint (config->flags, ==, 3);
  g_assert_cmpint (config->monitors[0].x, ==, 5);

  /* M11 */
  g_object_set (c.main, "disable-display-align", FALSE, NULL);
  spice_main_channel_update_display_enabled (c.main, 1, TRUE, FALSE);
  spice_main_channel_update_display (c.main, 1, 4000, 0, 800, 600, FALSE);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  config = next_config (&c);
  g_assert_cmpuint (config->n_monitors, ==, 2);
  g_assert_cmpint (config->monitors[0].x, ==, 0);
  g_assert_cmpint (config->monitors[1].x, ==, 640);
  expect_critical (bad_id, c.main);
  expect_critical (bad_size, c.main);
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_heard_all (c.server);
  expect_critical (send_config, c.main);
  end (&c);
}

/* 24.23: a size without a word on whether the monitor is wanted switches nothing off. */
static void
test_monitors_undecided (void)
{
  Case c;

  begin (&c, SPARSE);
  spice_main_channel_update_display (c.main, 0, 0, 0, 640, 480, TRUE);
  g_assert_false (spice_main_channel_send_monitor_config (c.main));
  client_run (1200);
  agent_server_heard_all (c.server);
  end (&c);
}

static void
say_grab (Case *self, uint8_t selection, uint32_t serial, uint32_t first, uint32_t second)
{
  const uint32_t types[] = { first, second };
  const CwAgentClipboardGrab grab = { selection, serial, 2, types };

  agent_server_say (self->server, CW_AGENT_TYPE_CLIPBOARD_GRAB, &grab);
}

static void
say_content (Case *self, uint8_t selection, const char *content)
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
  Case c;

  /* M12 */
  begin (&c, CAPS);
  listen_to_clipboard (c.main);
  say_grab (&c, 0, 0, 1, 2);
  agent_server_heard_all (c.server);
  expect_told ("selection-grab 0: 1 2; grab: 1 2; ");
  /* M13 */
  say_grab (&c, 0, 0, 1, 2);
  agent_server_heard_all (c.server);
  expect_told ("");
  spice_main_channel_clipboard_selection_request (c.main, 0, 1);
  request = agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD_REQUEST);
  g_assert_cmpuint (request->type, ==, 1);
  say_content (&c, 0, "hello");
  agent_server_heard_all (c.server);
  expect_told ("selection 0 1 hello; clipboard 1 hello; ");

  agent_server_say (c.server, CW_AGENT_TYPE_CLIPBOARD_REQUEST, &(CwAgentClipboardRequest){ 0, 1 });
  agent_server_heard_all (c.server);
  expect_told ("selection-request 0 1; request 1; ");
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
  expect_told ("selection-release 0; release; selection-grab 1: 1 2; selection 1 1 primary; selection-request 2 2; "
               "selection-release 1; ");
  end (&c);
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
  Case c;

  /* M14; 24.23: the limit itself is allowed */
  begin (&c, CAPS);
  g_object_set (c.main, "max-clipboard", 10, NULL);
  max = agent_server_next_agent (c.server, CW_AGENT_TYPE_MAX_CLIPBOARD);
  g_assert_cmpint (max->max, ==, 10);
  for (size_t size = 9; size <= 10; size++) {
    spice_main_channel_clipboard_selection_notify (c.main, 0, 1, (const guchar *) "0123456789", size);
    clipboard = agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD);
    g_assert_cmpuint (clipboard->data.size, ==, size);
  }
  expect_critical (notify_11, c.main);
  agent_server_heard_all (c.server);

  /* Without an agent */
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_heard_all (c.server);
  spice_main_channel_clipboard_selection_grab (c.main, 0, types, 1);
  spice_main_channel_clipboard_selection_release (c.main, 0);
  expect_critical (notify_no_agent, c.main);
  expect_critical (request_no_agent, c.main);
  agent_server_heard_all (c.server);
  end (&c);
}

static void
test_tokens (void)
{
  guint32 types[] = { 1 };
  Case c;

  /* M15: the announcement has taken one of ten */
  begin (&c, 0);
  agent_server_grant (c.server, false);
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_CONNECTED_TOKENS, &(CwMsgMainAgentConnectedTokens){ 10 });
  agent_server_announce (c.server, 0, 1u << CW_AGENT_CAP_CLIPBOARD_BY_DEMAND);
  agent_server_skip_wishes (c.server);
  for (types[0] = 1; types[0] <= 20; types[0]++)
    spice_main_channel_clipboard_selection_grab (c.main, 0, types, 1);
  for (unsigned i = 1; i <= 14; i++) {
    const CwAgentClipboardGrab *grab;

    if (i == 10) {
      agent_server_heard_all (c.server);
      agent_server_send (c.server, CW_MSG_MAIN_AGENT_TOKEN, &(CwMsgMainAgentToken){ 5 });
    }
    grab = agent_server_next_agent (c.server, CW_AGENT_TYPE_CLIPBOARD_GRAB);
    g_assert_cmpuint (grab->types[0], ==, i);
  }
  agent_server_heard_all (c.server);
  end (&c);
}

static void
on_any_selection (SpiceMainChannel *channel, guint selection, guint type, gpointer content, guint size, gpointer data)
{
  const uint8_t *bytes = content;
  volatile uint8_t sum = 0;

  g_assert_cmpuint (size, <=, 64);
  for (guint i = 0; i < size; i++)
    sum ^= bytes[i];
  (void) sum;
}

static gboolean
on_any_grab (SpiceMainChannel *channel, guint selection, gpointer types, guint n, gpointer data)
{
  volatile guint32 sum = 0;

  g_assert_cmpuint (n, <=, 6);
  for (guint i = 0; i < n; i++)
    sum ^= ((const guint32 *) types)[i];
  (void) sum;
  return TRUE;
}

static void
drop_log (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  g_assert_false (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL));
}

/* M21, 24.3: short bodies of every type do no harm, and neither does a declared size of 4 GiB. */
static void
test_hostile_agent (void)
{
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  GLogFunc before = g_log_set_default_handler (drop_log, NULL);
  uint8_t message[CW_AGENT_HEADER_SIZE + 64] = { 1 };
  Case c;

  begin (&c, CAPS);
  g_signal_connect (c.main, "main-clipboard-selection", G_CALLBACK (on_any_selection), NULL);
  g_signal_connect (c.main, "main-clipboard-selection-grab", G_CALLBACK (on_any_grab), NULL);
  for (unsigned fill = 0; fill < 256; fill += 255)
    for (uint8_t type = 0; type < 20; type++)
      for (uint8_t size = 0; size <= 64; size++) {
        if (type == CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES)
          continue;
        memset (message + CW_AGENT_HEADER_SIZE, (int) fill, size);
        message[4] = type;
        message[16] = size;
        agent_server_send_bytes (c.server, CW_MSG_MAIN_AGENT_DATA, message, CW_AGENT_HEADER_SIZE + size);
      }
  agent_server_skip_wishes (c.server);
  memset (message + 16, 0xff, 4);
  agent_server_send_bytes (c.server, CW_MSG_MAIN_AGENT_DATA, message, sizeof message);
  agent_server_skip_wishes (c.server);
  g_assert_true (cw_channel_is_ready (SPICE_CHANNEL (c.main)));
  end (&c);
  g_log_set_default_handler (before, NULL);
  g_log_set_always_fatal (fatal);
}

/* Nobody asked for sound: no agent makes it come (24.22). */
static void
test_no_audio (void)
{
  Case c;

  begin (&c, CAPS | 1u << CW_AGENT_CAP_AUDIO_VOLUME_SYNC);
  agent_server_announce (c.server, 1, CAPS | 1u << CW_AGENT_CAP_AUDIO_VOLUME_SYNC);
  agent_server_skip_wishes (c.server);
  g_assert_cmpuint (g_type_from_name ("SpiceAudio"), ==, 0);
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  told = g_string_new (NULL);
  g_test_add_func ("/main/M1-M2-mouse-mode", test_mouse_mode);
  g_test_add_func ("/main/M3-agent-in-init", test_agent_in_init);
  g_test_add_func ("/main/M4-announcement", test_announcement);
  g_test_add_func ("/main/M5-capability", test_capability);
  g_test_add_func ("/main/M6-M8-monitors-timing", test_monitors_timing);
  g_test_add_func ("/main/M9-M11-monitors-content", test_monitors_content);
  g_test_add_func ("/main/24.23-monitors-undecided", test_monitors_undecided);
  g_test_add_func ("/main/M12-M13-clipboard", test_clipboard);
  g_test_add_func ("/main/M14-clipboard-limits", test_clipboard_limits);
  g_test_add_func ("/main/M15-tokens", test_tokens);
  g_test_add_func ("/main/M21-hostile-agent", test_hostile_agent);
  g_test_add_func ("/main/24.22-no-audio", test_no_audio);
  return g_test_run ();
}
