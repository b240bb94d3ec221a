/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* S28: which effects of its desktop the guest is asked to do without. */
#include "agent-server.h"

typedef struct {
  const char *name;
  const char *effects[4];
  uint32_t flags; /* of DISPLAY_CONFIG */
} Row;

static const Row rows[] = {
  { "wallpaper", { "wallpaper" }, 1 },
  { "font-smooth", { "font-smooth" }, 2 },
  { "animation", { "animation" }, 4 },
  { "two", { "animation", "wallpaper" }, 5 },
  { "all", { "all" }, 7 },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  AgentServer *server = agent_server_new ();
  SpiceSession *session = agent_server_session_without (server, true, row->effects);
  const CwAgentDisplayConfig *config;

  agent_server_skip_start (server);
  agent_server_grant (server, true);
  agent_server_send (server, CW_MSG_MAIN_AGENT_TOKEN, &(CwMsgMainAgentToken){ 10 });
  agent_server_announce (server, 0, 1u << CW_AGENT_CAP_DISPLAY_CONFIG);
  config = agent_server_next_agent (server, CW_AGENT_TYPE_DISPLAY_CONFIG);
  g_assert_cmphex (config->flags, ==, row->flags);
  client_end (session);
  agent_server_free (server);
}

int
main (int argc, char **argv)
{
  g_unsetenv ("SPICE_PROXY");
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/effects/S28-%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_row);
  }
  return g_test_run ();
}
