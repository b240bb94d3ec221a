/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which socket a channel gets. */
#include "channel/target.h"

#include "wire/messages.h"

#include <string.h>

#define HOST .host = "host"
#define PORT .port = "5900"
#define TLS_PORT .tls_port = "5901"

static const char *const only_main[] = { "main", NULL };
static const char *const all[] = { "playback", "all", NULL };

static const struct {
  const char *name;
  CwTarget target;
  int type;
  bool secured; /* demanded by the server */
  int fd;
  int port; /* the result; -1: refused */
  bool tls;
} rows[] = {
  { "plain", { HOST, PORT }, CW_CHANNEL_MAIN, false, -1, 5900, false },
  { "plain-first", { HOST, PORT, TLS_PORT }, CW_CHANNEL_MAIN, false, -1, 5900, false },
  { "tls-only", { HOST, TLS_PORT }, CW_CHANNEL_MAIN, false, -1, 5901, true },
  { "demanded", { HOST, PORT, TLS_PORT }, CW_CHANNEL_MAIN, true, -1, 5901, true },
  { "demanded-without-port", { HOST, PORT }, CW_CHANNEL_MAIN, true, -1, -1, false },
  { "named", { HOST, PORT, TLS_PORT, .secure_channels = only_main }, CW_CHANNEL_MAIN, false, -1, 5901, true },
  { "not-named", { HOST, PORT, TLS_PORT, .secure_channels = only_main }, CW_CHANNEL_INPUTS, false, -1, 5900, false },
  { "all", { HOST, PORT, TLS_PORT, .secure_channels = all }, CW_CHANNEL_CURSOR, false, -1, 5901, true },
  { "named-without-port", { HOST, PORT, .secure_channels = all }, CW_CHANNEL_MAIN, false, -1, -1, false },
  { "no-port", { HOST }, CW_CHANNEL_MAIN, false, -1, -1, false },
  { "no-host", { PORT }, CW_CHANNEL_MAIN, false, -1, -1, false },
  { "unix", { HOST, PORT, .unix_path = "/s" }, CW_CHANNEL_MAIN, false, -1, 0, false },
  { "unix-secured", { .unix_path = "/s" }, CW_CHANNEL_MAIN, true, -1, -1, false },
  { "given", { HOST, PORT, .given_sockets = true }, CW_CHANNEL_MAIN, false, 7, 0, false },
  { "given-secured", { HOST, PORT, .given_sockets = true }, CW_CHANNEL_MAIN, true, 7, 0, true },
  { "not-given", { HOST, PORT, .given_sockets = true }, CW_CHANNEL_MAIN, false, -1, -1, false },
  { "unusable", { HOST, PORT, .unusable = "Not today." }, CW_CHANNEL_MAIN, false, -1, -1, false },
};

static void
test_row (gconstpointer data)
{
  unsigned at = GPOINTER_TO_UINT (data);
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  g_autoptr (GError) error = NULL;
  bool resolved;

  params.fd = rows[at].fd;
  resolved = cw_target_resolve (&rows[at].target, rows[at].type, rows[at].secured, &params, &error);
  g_assert_true (resolved == (rows[at].port >= 0));
  g_assert_true (resolved == (error == NULL));
  if (!resolved)
    return;
  g_assert_cmpint (params.port, ==, rows[at].port);
  g_assert_cmpstr (params.host, ==, rows[at].port > 0 ? "host" : NULL);
  g_assert_true ((params.tls != NULL) == rows[at].tls);
  g_assert_cmpstr (params.unix_path, ==, rows[at].target.given_sockets ? NULL : rows[at].target.unix_path);
}

static void
test_bad_port (gconstpointer text)
{
  const CwTarget target = { HOST, .port = text, TLS_PORT };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*is not the number of a port");
  g_assert_true (cw_target_resolve (&target, CW_CHANNEL_MAIN, false, &params, NULL));
  g_test_assert_expected_messages ();
  g_assert_cmpint (params.port, ==, 5901);
}

/* Of a port for plain connections that is set, and no use, the program is not told that there is none. */
static void
test_lack (void)
{
  const CwTarget target = { HOST, PORT, .secure_channels = only_main };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;
  g_autoptr (GError) error = NULL;

  g_assert_false (cw_target_resolve (&target, CW_CHANNEL_MAIN, false, &params, &error));
  g_assert_nonnull (strstr (error->message, "No usable port for TLS"));
  g_clear_error (&error);
  g_assert_false (cw_target_resolve (&target, CW_CHANNEL_DISPLAY, true, &params, &error));
  g_assert_nonnull (strstr (error->message, "No usable port for TLS"));
  g_clear_error (&error);
  g_assert_false (cw_target_resolve (&(CwTarget){ HOST }, CW_CHANNEL_DISPLAY, false, &params, &error));
  g_assert_null (strstr (error->message, "TLS"));
}

static void
test_link (void)
{
  const CwTarget target = { HOST, PORT, .connection_id = 5, .main_connection_id = 3 };
  CwConnectParams params = CW_CONNECT_PARAMS_INIT;

  g_assert_true (cw_target_resolve (&target, CW_CHANNEL_MAIN, false, &params, NULL));
  g_assert_cmpuint (params.link.connection_id, ==, 3);
  g_assert_true (cw_target_resolve (&target, CW_CHANNEL_DISPLAY, false, &params, NULL));
  g_assert_cmpuint (params.link.connection_id, ==, 5);
  g_assert_false (cw_target_needs_tls (&target, CW_CHANNEL_MAIN));
  g_assert_true (cw_target_needs_tls (&(CwTarget){ TLS_PORT }, CW_CHANNEL_MAIN));
  g_assert_true (cw_target_needs_tls (&(CwTarget){ PORT, .secure_channels = only_main }, CW_CHANNEL_MAIN));
}

int
main (int argc, char **argv)
{
  static const char *const bad_ports[] = { "0", "65536", "-1", "", " 1", "1x", "99999999999999999999" };

  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/target/%s", rows[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_row);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (bad_ports); i++) {
    g_autofree char *path = g_strdup_printf ("/target/bad-port/%u", i);

    g_test_add_data_func (path, bad_ports[i], test_bad_port);
  }
  g_test_add_func ("/target/lack", test_lack);
  g_test_add_func ("/target/link", test_link);
  return g_test_run ();
}
