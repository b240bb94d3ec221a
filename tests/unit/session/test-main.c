/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main channel and the guest agent, step by step: statements of the API's contract by their numbers (M). */
#include "channel/main/volume.h"
#include "main-case.h"

#include <string.h>

#define OWN_CAPS 0x35077

static bool
has_mode (gpointer data)
{
  return main_case_has_told ("notify mouse-mode");
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
  main_case_listen (agent_server_main (session));
  client_await (has_mode, NULL);
  main_case_expect_told ("mouse-update; notify mouse-mode 2; ");
  agent_server_skip_start (server);
  agent_server_send (server, CW_MSG_MAIN_MOUSE_MODE, &offered);
  heard = agent_server_next (server, CW_MSGC_MAIN_MOUSE_MODE_REQUEST, 0);
  g_assert_cmpmem (g_bytes_get_data (heard->body, NULL), g_bytes_get_size (heard->body), "\2\0", 2);
  main_case_expect_told ("mouse-update; notify mouse-mode 1; ");
  agent_server_send (server, CW_MSG_MAIN_MOUSE_MODE, &client);
  agent_server_heard_all (server);
  main_case_expect_told ("mouse-update; notify mouse-mode 2; ");

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
  main_case_listen (agent_server_main (session));
  agent_server_next (server, CW_MSGC_MAIN_ATTACH_CHANNELS, 0);
  heard = agent_server_next (server, CW_MSGC_MAIN_AGENT_START, 0);
  g_assert_cmpuint (g_bytes_get_size (heard->body), ==, 4);
  announce = agent_server_next_agent (server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  g_assert_cmpuint (announce->request, ==, 1);
  g_assert_cmpuint (announce->n_caps, ==, 1);
  g_assert_cmphex (announce->caps[0], ==, OWN_CAPS);
  main_case_expect_told ("mouse-update; notify mouse-mode 2; notify agent-connected 1; agent-update; ");
  client_end (session);
}

static void
test_announcement (void)
{
  const CwAgentAnnounceCapabilities *announce;
  const CwAgentDisplayConfig *display;
  const CwAgentMaxClipboard *max;
  int caps;
  MainCase c;

  /* M4 */
  main_case_begin (&c, 0);
  g_object_set (c.main, "disable-wallpaper", TRUE, "disable-animation", TRUE, NULL);
  agent_server_announce (c.server, 1, MAIN_CASE_CAPS);
  announce = agent_server_next_agent (c.server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  g_assert_cmpuint (announce->request, ==, 0);
  g_assert_cmphex (announce->caps[0], ==, OWN_CAPS);
  display = agent_server_next_agent (c.server, CW_AGENT_TYPE_DISPLAY_CONFIG);
  g_assert_cmpuint (display->flags, ==, 5);
  max = agent_server_next_agent (c.server, CW_AGENT_TYPE_MAX_CLIPBOARD);
  g_assert_cmpint (max->max, ==, 104857600);
  agent_server_heard_all (c.server);
  main_case_expect_told ("agent-update; ");
  g_object_get (c.main, "agent-caps-0", &caps, NULL);
  g_assert_cmphex (caps, ==, MAIN_CASE_CAPS);

  /* Only once to each agent. */
  agent_server_announce (c.server, 0, 2 | 1u << CW_AGENT_CAP_DISPLAY_CONFIG);
  agent_server_heard_all (c.server);
  g_object_get (c.main, "agent-caps-0", &caps, NULL);
  g_assert_cmphex (caps, ==, 2 | 1u << CW_AGENT_CAP_DISPLAY_CONFIG);
  main_case_expect_told ("agent-update; ");
  main_case_end (&c);
}

static void
test_capability (void)
{
  int caps;
  MainCase c;

  /* M5 */
  main_case_begin (&c, 0);
  g_assert_false (spice_main_channel_agent_test_capability (c.main, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND));
  agent_server_announce (c.server, 0, MAIN_CASE_CAPS);
  agent_server_skip_wishes (c.server);
  g_assert_true (spice_main_channel_agent_test_capability (c.main, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND));
  g_assert_false (spice_main_channel_agent_test_capability (c.main, 64));
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_heard_all (c.server);
  g_assert_false (spice_main_channel_agent_test_capability (c.main, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND));
  main_case_expect_told ("agent-update; notify agent-connected 0; agent-update; ");
  /* 24.23: what is known of an agent goes with it. */
  g_object_get (c.main, "agent-caps-0", &caps, NULL);
  g_assert_cmphex (caps, ==, 0);

  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_heard_all (c.server);
  main_case_expect_told ("agent-update; ");
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_CONNECTED, NULL);
  agent_server_next (c.server, CW_MSGC_MAIN_AGENT_START, 0);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  agent_server_heard_all (c.server);
  main_case_expect_told ("notify agent-connected 1; agent-update; ");
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_CONNECTED, NULL); /* again: a new one */
  agent_server_next (c.server, CW_MSGC_MAIN_AGENT_START, 0);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  agent_server_heard_all (c.server);
  main_case_expect_told ("agent-update; ");
  main_case_end (&c);
}

/* What every agent is told, and the number that its first grab has. */
static void
expect_wishes (MainCase *self)
{
  static const guint32 type = CW_CLIPBOARD_TYPE_UTF8_TEXT;
  const CwAgentClipboardGrab *grab;
  const CwAgentAudioVolumeSync *volume;
  const CwAgentDisplayConfig *display;

  display = agent_server_next_agent (self->server, CW_AGENT_TYPE_DISPLAY_CONFIG);
  g_assert_cmpuint (display->flags, ==, CW_DISPLAY_CONFIG_DISABLE_WALLPAPER);
  volume = agent_server_next_agent (self->server, CW_AGENT_TYPE_AUDIO_VOLUME_SYNC);
  g_assert_true (volume->is_playback);
  g_assert_cmpuint (volume->volume[0], ==, 77);
  agent_server_next_agent (self->server, CW_AGENT_TYPE_MAX_CLIPBOARD);
  agent_server_heard_all (self->server);
  for (unsigned i = 0; i < 2; i++) {
    spice_main_channel_clipboard_selection_grab (self->main, 0, (guint32 *) &type, 1);
    grab = agent_server_next_agent (self->server, CW_AGENT_TYPE_CLIPBOARD_GRAB);
    g_assert_cmpuint (grab->serial, ==, i);
  }
}

/* What was between us and one agent is nothing to the next, whether the first has gone or another comes in its place.
 */
static void
test_next_agent (gconstpointer gone)
{
  const uint32_t caps = MAIN_CASE_CAPS | 1u << CW_AGENT_CAP_AUDIO_VOLUME_SYNC;
  const uint32_t types[] = { CW_CLIPBOARD_TYPE_UTF8_TEXT };
  MainCase c;

  main_case_begin (&c, 0);
  g_object_set (c.main, "disable-wallpaper", TRUE, NULL);
  cw_main_channel_set_volume (c.main, true, false, &(const uint16_t){ 77 }, 1);
  agent_server_announce (c.server, 0, caps);
  expect_wishes (&c);
  agent_server_say (c.server, CW_AGENT_TYPE_CLIPBOARD_REQUEST, &(CwAgentClipboardRequest){ 0, types[0] });

  if (gone)
    agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_CONNECTED, NULL);
  agent_server_next (c.server, CW_MSGC_MAIN_AGENT_START, 0);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  agent_server_announce (c.server, 0, caps);
  expect_wishes (&c);
  /* Which would answer the question, had this agent asked it. */
  agent_server_say (c.server, CW_AGENT_TYPE_CLIPBOARD_GRAB, &(CwAgentClipboardGrab){ 0, 2, 1, types });
  agent_server_heard_all (c.server);
  main_case_end (&c);
}

static void
test_tokens (void)
{
  guint32 types[] = { 1 };
  MainCase c;

  /* M15: the announcement has taken one of ten */
  main_case_begin (&c, 0);
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
  main_case_end (&c);
}

/* What waits for one agent's tokens does not go out on the next one's. */
static void
test_tokens_of_another (void)
{
  guint32 types[] = { CW_CLIPBOARD_TYPE_UTF8_TEXT };
  MainCase c;

  main_case_begin (&c, MAIN_CASE_CAPS);
  agent_server_grant (c.server, false);
  for (unsigned i = 0; i < 100; i++)
    spice_main_channel_clipboard_selection_grab (c.main, 0, types, 1);
  agent_server_skip_wishes (c.server);
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_CONNECTED_TOKENS, &(CwMsgMainAgentConnectedTokens){ 10 });
  agent_server_next (c.server, CW_MSGC_MAIN_AGENT_START, 0);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_ANNOUNCE_CAPABILITIES);
  agent_server_heard_all (c.server);
  main_case_end (&c);
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
  MainCase c;

  main_case_begin (&c, MAIN_CASE_CAPS);
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
  main_case_end (&c);
  g_log_set_default_handler (before, NULL);
  g_log_set_always_fatal (fatal);
}

/* Nobody asked for sound: no agent makes it come (24.22). */
static void
test_no_audio (void)
{
  MainCase c;

  main_case_begin (&c, MAIN_CASE_CAPS | 1u << CW_AGENT_CAP_AUDIO_VOLUME_SYNC);
  agent_server_announce (c.server, 1, MAIN_CASE_CAPS | 1u << CW_AGENT_CAP_AUDIO_VOLUME_SYNC);
  agent_server_skip_wishes (c.server);
  g_assert_cmpuint (g_type_from_name ("SpiceAudio"), ==, 0);
  main_case_end (&c);
}

/* What a program may set is what it gets; the colours of a guest are its own. */
static void
test_properties (void)
{
  static const char *const flags[] = { "disable-wallpaper", "disable-font-smooth", "disable-animation",
                                       "disable-display-position", "disable-display-align" };
  static const gboolean initial[] = { FALSE, FALSE, FALSE, TRUE, FALSE };
  const CwAgentMaxClipboard *max;
  gboolean on, off;
  guint depth;
  int most;
  MainCase c;

  main_case_begin (&c, MAIN_CASE_CAPS);
  for (unsigned i = 0; i < G_N_ELEMENTS (flags); i++) {
    g_object_get (c.main, flags[i], &on, NULL);
    g_assert_cmpint (on, ==, initial[i]);
    g_object_set (c.main, flags[i], TRUE, NULL);
    g_object_get (c.main, flags[i], &on, NULL);
    g_object_set (c.main, flags[i], FALSE, NULL);
    g_object_get (c.main, flags[i], &off, NULL);
    g_assert_true (on && !off);
  }
  g_object_set (c.main, "color-depth", 16, NULL);
  g_object_get (c.main, "color-depth", &depth, "max-clipboard", &most, NULL);
  g_assert_cmpuint (depth, ==, 32);
  g_assert_cmpint (most, ==, 104857600);
  /* The environment is stronger. */
  g_setenv ("SPICE_MAX_CLIPBOARD", "77", TRUE);
  g_object_set (c.main, "max-clipboard", 10, NULL);
  g_object_get (c.main, "max-clipboard", &most, NULL);
  g_unsetenv ("SPICE_MAX_CLIPBOARD");
  g_assert_cmpint (most, ==, 77);
  max = agent_server_next_agent (c.server, CW_AGENT_TYPE_MAX_CLIPBOARD);
  g_assert_cmpint (max->max, ==, 77);
  main_case_end (&c);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
test_old_names (void)
{
  const Heard *heard;
  MainCase c;

  main_case_begin (&c, MAIN_CASE_CAPS);
  g_assert_true (spice_main_agent_test_capability (c.main, CW_AGENT_CAP_CLIPBOARD_BY_DEMAND));
  g_assert_false (spice_main_agent_test_capability (c.main, 64));
  spice_main_request_mouse_mode (c.main, CW_MOUSE_MODE_SERVER);
  heard = agent_server_next (c.server, CW_MSGC_MAIN_MOUSE_MODE_REQUEST, 0);
  g_assert_cmpmem (g_bytes_get_data (heard->body, NULL), g_bytes_get_size (heard->body), "\1\0", 2);
  main_case_end (&c);
}

G_GNUC_END_IGNORE_DEPRECATIONS

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/main/M1-M2-mouse-mode", test_mouse_mode);
  g_test_add_func ("/main/M3-agent-in-init", test_agent_in_init);
  g_test_add_func ("/main/M4-announcement", test_announcement);
  g_test_add_func ("/main/M5-capability", test_capability);
  g_test_add_data_func ("/main/next-agent/in-its-place", NULL, test_next_agent);
  g_test_add_data_func ("/main/next-agent/after-it", "", test_next_agent);
  g_test_add_func ("/main/M15-tokens", test_tokens);
  g_test_add_func ("/main/tokens-of-another", test_tokens_of_another);
  g_test_add_func ("/main/M21-hostile-agent", test_hostile_agent);
  g_test_add_func ("/main/24.22-no-audio", test_no_audio);
  g_test_add_func ("/main/properties", test_properties);
  g_test_add_func ("/main/old-names", test_old_names);
  return g_test_run ();
}
