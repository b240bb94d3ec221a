/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Monitors the guest is asked for: statements of the API's contract by their numbers (M). */
#include "main-case.h"

#include "channel/main/monitors.h"

#define SPARSE (1u << CW_AGENT_CAP_SPARSE_MONITORS_CONFIG)

static const CwAgentMonitorsConfig *
next_config (MainCase *self)
{
  return agent_server_next_agent (self->server, CW_AGENT_TYPE_MONITORS_CONFIG);
}

static void
test_monitors_timing (void)
{
  const CwAgentMonitorsConfig *config;
  gint64 changed;
  MainCase c;

  /* M6 */
  main_case_begin (&c, SPARSE);
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
  main_case_end (&c);
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
  MainCase c;

  /* M9: the physical size only if somebody knows it */
  main_case_begin (&c, SPARSE);
  spice_main_channel_update_display_enabled (c.main, 0, TRUE, FALSE);
  spice_main_channel_update_display (c.main, 0, 5, 6, 640, 480, FALSE);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpuint (heard->message->body.size, ==, 8 + 16 * 20);
  config = heard->message->data;
  g_assert_cmpuint (config->flags, ==, 1);
  spice_main_channel_update_display_mm (c.main, 0, 300, 200, FALSE);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpuint (heard->message->body.size, ==, 8 + 16 * 24);
  config = heard->message->data;
  g_assert_cmpuint (config->flags, ==, 3);
  agent_server_announce (c.server, 0, 1);
  agent_server_next_agent (c.server, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  heard = agent_server_next (c.server, CW_MSGC_MAIN_AGENT_DATA, CW_AGENT_TYPE_MONITORS_CONFIG);
  g_assert_cmpuint (heard->message->body.size, ==, 8 + 24);

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
  main_case_expect_critical (bad_id, c.main);
  main_case_expect_critical (bad_size, c.main);
  agent_server_send (c.server, CW_MSG_MAIN_AGENT_DISCONNECTED, &(CwMsgMainAgentDisconnected){ 0 });
  agent_server_heard_all (c.server);
  main_case_expect_critical (send_config, c.main);
  main_case_end (&c);
}

/* 24.23: a size without a word on whether the monitor is wanted switches nothing off. */
static void
test_monitors_undecided (void)
{
  MainCase c;

  main_case_begin (&c, SPARSE);
  spice_main_channel_update_display (c.main, 0, 0, 0, 640, 480, TRUE);
  g_assert_false (spice_main_channel_send_monitor_config (c.main));
  client_run (1200);
  agent_server_heard_all (c.server);
  main_case_end (&c);
}

/* Physical sizes get lost with an agent that does not know them: without an answer they are left out. */
static void
test_monitors_answer (gconstpointer answers)
{
  const CwAgentMonitorsConfig *config;
  MainCase c;

  main_case_begin (&c, SPARSE | 1u << CW_AGENT_CAP_REPLY);
  spice_main_channel_update_display_enabled (c.main, 0, TRUE, FALSE);
  spice_main_channel_update_display (c.main, 0, 0, 0, 640, 480, FALSE);
  spice_main_channel_update_display_mm (c.main, 0, 300, 200, FALSE);
  g_assert_true (spice_main_channel_send_monitor_config (c.main));
  config = next_config (&c);
  g_assert_cmpuint (config->flags, ==, CW_MONITORS_CONFIG_USE_POS | CW_MONITORS_CONFIG_PHYSICAL_SIZE);
  if (answers) {
    agent_server_say (c.server, CW_AGENT_TYPE_REPLY, &(CwAgentReply){ CW_AGENT_TYPE_MONITORS_CONFIG, 1 });
    client_run (CW_MONITORS_REPLY_TIME / 1000 + 500);
  } else {
    /* To another question. */
    agent_server_say (c.server, CW_AGENT_TYPE_REPLY, &(CwAgentReply){ CW_AGENT_TYPE_DISPLAY_CONFIG, 1 });
    config = next_config (&c);
    g_assert_cmpuint (config->flags, ==, CW_MONITORS_CONFIG_USE_POS);
    /* That says nothing of another agent, which comes in the place of this one. */
    agent_server_send (c.server, CW_MSG_MAIN_AGENT_CONNECTED, NULL);
    agent_server_announce (c.server, 0, SPARSE | 1u << CW_AGENT_CAP_REPLY);
    agent_server_skip_wishes (c.server);
    g_assert_true (spice_main_channel_send_monitor_config (c.main));
    config = next_config (&c);
    g_assert_cmpuint (config->flags, ==, CW_MONITORS_CONFIG_USE_POS | CW_MONITORS_CONFIG_PHYSICAL_SIZE);
    agent_server_say (c.server, CW_AGENT_TYPE_REPLY, &(CwAgentReply){ CW_AGENT_TYPE_MONITORS_CONFIG, 1 });
  }
  agent_server_heard_all (c.server);
  main_case_end (&c);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
test_monitors_old_names (void)
{
  const CwAgentMonitorsConfig *config;
  MainCase c;

  main_case_begin (&c, SPARSE);
  spice_main_update_display (c.main, 0, 0, 0, 640, 480, FALSE);
  spice_main_update_display_enabled (c.main, 0, TRUE, FALSE);
  g_assert_true (spice_main_send_monitor_config (c.main));
  config = next_config (&c);
  g_assert_cmpuint (config->monitors[0].width, ==, 640);
  /* These are told by themselves. */
  spice_main_set_display (c.main, 0, 0, 0, 800, 600);
  config = next_config (&c);
  g_assert_cmpuint (config->monitors[0].width, ==, 800);
  spice_main_channel_update_display (c.main, 1, 0, 0, 320, 200, FALSE);
  spice_main_set_display_enabled (c.main, 1, TRUE);
  config = next_config (&c);
  g_assert_cmpuint (config->monitors[1].width, ==, 320);
  spice_main_set_display_enabled (c.main, -1, FALSE);
  spice_main_set_display_enabled (c.main, 0, TRUE);
  config = next_config (&c);
  g_assert_cmpuint (config->monitors[0].width, ==, 800);
  g_assert_cmpuint (config->monitors[1].width, ==, 0);
  main_case_end (&c);
}

G_GNUC_END_IGNORE_DEPRECATIONS

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/main/M6-M7-M8-monitors-timing", test_monitors_timing);
  g_test_add_func ("/main/M9-M10-M11-monitors-content", test_monitors_content);
  g_test_add_func ("/main/24.23-monitors-undecided", test_monitors_undecided);
  g_test_add_data_func ("/main/monitors-answer/comes", "", test_monitors_answer);
  g_test_add_data_func ("/main/monitors-answer/does-not-come", NULL, test_monitors_answer);
  g_test_add_func ("/main/monitors-old-names", test_monitors_old_names);
  return g_test_run ();
}
