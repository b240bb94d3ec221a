/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of a session: what was set can be read, a URI stands for several, and what a migration takes along. */
#include "steps.h"

#include "session/session.h"

#include <string.h>

static const char *const strings[] = {
  "host",    "port",         "tls-port",     "username",   "password",
  "ca-file", "cert-subject", "smartcard-db", "shared-dir", "ciphers",
};
static const char *const switches[] = { "read-only",    "enable-audio", "enable-usbredir", "enable-smartcard",
                                        "share-dir-ro", "gl-scanout",   "client-sockets",  "inhibit-keyboard-grab" };
static const char *const lists[] = { "secure-channels", "disable-effects", "smartcard-certificates" };

static void
test_round_trip (void)
{
  static const char *const words[] = { "main", "all", NULL };
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);

  for (unsigned i = 0; i < G_N_ELEMENTS (strings); i++) {
    g_autofree char *value = NULL, *none = NULL, *wanted = g_strdup_printf ("%u", i);

    g_object_set (session, strings[i], wanted, NULL);
    g_object_get (session, strings[i], &value, NULL);
    g_assert_cmpstr (value, ==, wanted);
    g_object_set (session, strings[i], NULL, NULL);
    g_object_get (session, strings[i], &none, NULL);
    g_assert_null (none);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (switches); i++)
    for (gboolean wanted = FALSE; wanted <= TRUE; wanted++) {
      gboolean value = !wanted;

      g_object_set (session, switches[i], wanted, NULL);
      g_object_get (session, switches[i], &value, NULL);
      g_assert_cmpint (value, ==, wanted);
    }
  for (unsigned i = 0; i < G_N_ELEMENTS (lists); i++) {
    g_auto (GStrv) value = NULL;

    g_object_set (session, lists[i], words, NULL);
    g_object_get (session, lists[i], &value, NULL);
    g_assert_cmpstrv (value, words);
  }
}

static void
test_numbers (void)
{
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new (), ca = NULL, pubkey = NULL;
  int cache, window, protocol, depth, compression;
  guint verify, state;
  gpointer uuid;

  g_byte_array_append (bytes, (const guint8 *) "some", 4);
  g_object_set (session, "cache-size", 5, "glz-window-size", 6, "preferred-compression", SPICE_IMAGE_COMPRESSION_LZ,
                "verify", SPICE_SESSION_VERIFY_SUBJECT, "ca", bytes, NULL);
  g_object_get (session, "cache-size", &cache, "glz-window-size", &window, "preferred-compression", &compression,
                "verify", &verify, "ca", &ca, "pubkey", &pubkey, "protocol", &protocol, "color-depth", &depth,
                "migration-state", &state, "uuid", &uuid, NULL);
  g_assert_cmpint (cache, ==, 5);
  g_assert_cmpint (window, ==, 6);
  g_assert_cmpint (compression, ==, SPICE_IMAGE_COMPRESSION_LZ);
  g_assert_cmpuint (verify, ==, SPICE_SESSION_VERIFY_SUBJECT);
  g_assert_cmpmem (ca->data, ca->len, "some", 4);
  g_assert_null (pubkey);
  g_assert_cmpint (protocol, ==, 2);
  g_assert_cmpint (depth, ==, 0);
  g_assert_cmpuint (state, ==, SPICE_SESSION_MIGRATION_NONE);
  g_assert_cmpmem (uuid, 16, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);

  g_object_set (session, "pubkey", bytes, "color-depth", 16, "protocol", 2, NULL);
  g_object_get (session, "pubkey", &pubkey, "verify", &verify, "color-depth", &depth, NULL);
  g_assert_cmpmem (pubkey->data, pubkey->len, "some", 4);
  g_assert_cmpuint (verify, ==, SPICE_SESSION_VERIFY_SUBJECT | SPICE_SESSION_VERIFY_PUBKEY);
  g_assert_cmpint (depth, ==, 0);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*version 1 of the protocol*");
  g_object_set (session, "protocol", 1, NULL);
  g_test_assert_expected_messages ();
  g_object_get (session, "protocol", &protocol, NULL);
  g_assert_cmpint (protocol, ==, 1);
}

typedef struct {
  const char *uri, *host, *port, *tls_port, *unix_path, *username, *password, *again;
  const char *warning; /* or NULL */
} UriRow;

static const UriRow uris[] = {
  { "spice://h:1", "h", "1", NULL, NULL, NULL, NULL, "spice://h:1", NULL },
  { "spice://h?port=1&tls-port=2", "h", "1", "2", NULL, NULL, NULL, "spice://h?port=1&tls-port=2", NULL },
  { "spice+tls://h:3", "h", NULL, "3", NULL, NULL, NULL, "spice+tls://h:3", NULL },
  { "spice+unix:///run/s", NULL, NULL, NULL, "/run/s", NULL, NULL, "spice+unix:///run/s", NULL },
  { "spice://me@h:1?password=secret", "h", "1", NULL, NULL, "me", "secret", "spice://h:1",
    "*password in a SPICE URI*" },
  { "spice://h:1/path", "h", "1", NULL, NULL, NULL, NULL, "spice://h:1", "*is ignored*" },
};

static void
check_string (GObject *session, const char *name, const char *expected)
{
  g_autofree char *value = NULL;

  g_object_get (session, name, &value, NULL);
  g_assert_cmpstr (value, ==, expected);
}

/* A URI stands for all of them: what it does not say is unset. */
static void
test_uri (gconstpointer data)
{
  const UriRow *row = data;
  g_autoptr (GObject) session
      = g_object_new (SPICE_TYPE_SESSION, "port", "9", "tls-port", "9", "unix-path", "/x", "username", "x", NULL);

  if (row->warning)
    g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, row->warning);
  g_object_set (session, "uri", row->uri, NULL);
  g_test_assert_expected_messages ();
  check_string (session, "host", row->host);
  check_string (session, "port", row->port);
  check_string (session, "tls-port", row->tls_port);
  check_string (session, "unix-path", row->unix_path);
  check_string (session, "username", row->username);
  check_string (session, "password", row->password);
  check_string (session, "uri", row->again);
}

/* A migration's target is another session: it has to know and to demand what the first did, and is reached elsewhere.
 */
static void
test_copied (void)
{
  static const char *const words[] = { "inputs", NULL };
  g_autoptr (GObject) from = g_object_new (SPICE_TYPE_SESSION, NULL), to = g_object_new (SPICE_TYPE_SESSION, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new (), ca = NULL, pubkey = NULL;
  g_auto (GStrv) secure = NULL, certificates = NULL;
  guint verify;

  g_byte_array_append (bytes, (const guint8 *) "some", 4);
  for (unsigned i = 0; i < G_N_ELEMENTS (strings); i++)
    g_object_set (from, strings[i], strings[i], NULL);
  g_object_set (from, "ca", bytes, "pubkey", bytes, "verify", SPICE_SESSION_VERIFY_PUBKEY, "secure-channels", words,
                "smartcard-certificates", words, "unix-path", "/x", "proxy", "http://p:1", NULL);
  for (gboolean on = FALSE; on <= TRUE; on++) {
    for (unsigned i = 0; i < 4; i++)
      g_object_set (from, switches[i], on, NULL);
    cw_session_copy_settings (SPICE_SESSION (to), SPICE_SESSION (from));
    for (unsigned i = 0; i < 4; i++) {
      gboolean value = !on;

      g_object_get (to, switches[i], &value, NULL);
      g_assert_cmpint (value, ==, on);
    }
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (strings); i++)
    check_string (to, strings[i], strings[i]);
  check_string (to, "unix-path", NULL);
  check_string (to, "proxy", "http://p:1");
  g_object_get (to, "ca", &ca, "pubkey", &pubkey, "verify", &verify, "secure-channels", &secure,
                "smartcard-certificates", &certificates, NULL);
  g_assert_cmpmem (ca->data, ca->len, "some", 4);
  g_assert_cmpmem (pubkey->data, pubkey->len, "some", 4);
  g_assert_cmpuint (verify, ==, SPICE_SESSION_VERIFY_PUBKEY);
  g_assert_cmpstrv (secure, words);
  g_assert_cmpstrv (certificates, words);
}

/* Where a certificate is looked at, a subject that a server names is demanded too. */
static void
test_demanded (void)
{
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
  guint verify;

  cw_session_demand_subject (SPICE_SESSION (session), NULL);
  check_string (session, "cert-subject", NULL);
  cw_session_demand_subject (SPICE_SESSION (session), "CN=x");
  check_string (session, "cert-subject", "CN=x");
  g_object_get (session, "verify", &verify, NULL);
  g_assert_cmpuint (verify, ==, SPICE_SESSION_VERIFY_HOSTNAME | SPICE_SESSION_VERIFY_SUBJECT);
  g_object_set (session, "verify", 0, NULL);
  cw_session_demand_subject (SPICE_SESSION (session), "CN=y");
  check_string (session, "cert-subject", "CN=y");
  g_object_get (session, "verify", &verify, NULL);
  g_assert_cmpuint (verify, ==, 0);
}

static void
test_functions (void)
{
  SpiceSession *session = spice_session_new ();

  g_assert_false (spice_session_get_read_only (session));
  g_object_set (session, "read-only", TRUE, NULL);
  g_assert_true (spice_session_get_read_only (session));
  g_assert_false (spice_session_is_for_migration (session));
  session->priv->migration_state = SPICE_SESSION_MIGRATION_CONNECTING;
  g_assert_true (spice_session_is_for_migration (session));
  session->priv->migration_state = SPICE_SESSION_MIGRATION_MIGRATING;
  g_assert_false (spice_session_is_for_migration (session));
  g_object_unref (session);
}

/* --- what the server tells of itself ----------------------------------------------------------------------------- */

static bool
has_uuid (gpointer session)
{
  uint8_t *uuid;

  g_object_get (session, "uuid", &uuid, NULL);
  return uuid[15] == 16;
}

static bool
has_no_name (gpointer session)
{
  g_autofree char *name = NULL;

  g_object_get (session, "name", &name, NULL);
  return !name;
}

static void
test_server (void)
{
  Steps *steps = steps_new (NULL, 0, 0);
  SpiceSession *session = steps_session (steps, NULL);
  CwMsgMainUuid uuid = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } };
  uint8_t *told;

  steps_await_link (steps, CW_CHANNEL_MAIN, 1);
  steps_send (steps, CW_CHANNEL_MAIN, CW_MSG_MAIN_NAME, &(CwMsgMainName){ { (const uint8_t *) "host\xff\0rest", 10 } });
  steps_send (steps, CW_CHANNEL_MAIN, CW_MSG_MAIN_UUID, &uuid);
  client_await (has_uuid, session);
  check_string (G_OBJECT (session), "name", "host\xef\xbf\xbd");
  g_object_get (session, "uuid", &told, NULL);
  g_assert_cmpmem (told, 16, uuid.uuid, 16);
  /* It is forgotten with the connection. */
  spice_session_disconnect (session);
  client_await (has_no_name, session);
  g_object_get (session, "uuid", &told, NULL);
  g_assert_cmpuint (told[15], ==, 0);
  client_end (session);
  steps_free (steps);
}

static SpiceSession *
session_with_main (void)
{
  SpiceSession *session = spice_session_new ();

  g_assert_nonnull (spice_channel_new (session, CW_CHANNEL_MAIN, 0));
  return session;
}

static bool
has_name_of (SpiceSession *session, char letter, size_t length)
{
  g_autofree char *name = NULL, *wanted = g_strnfill (length, letter);

  g_object_get (session, "name", &name, NULL);
  return g_strcmp0 (name, wanted) == 0;
}

static bool
is_named_b (gpointer session)
{
  return has_name_of (session, 'b', 4096);
}

static bool
is_named_c (gpointer session)
{
  return has_name_of (session, 'c', 4096);
}

/* Of a name that is longer, the beginning counts. */
static void
test_long_name (void)
{
  Steps *steps = steps_new (NULL, 0, 0);
  SpiceSession *session = steps_session (steps, NULL);
  g_autofree char *fits = g_strnfill (4096, 'b'), *longer = g_strnfill (4097, 'c');

  steps_await_link (steps, CW_CHANNEL_MAIN, 1);
  steps_send (steps, CW_CHANNEL_MAIN, CW_MSG_MAIN_NAME, &(CwMsgMainName){ { (const uint8_t *) fits, 4096 } });
  client_await (is_named_b, session);
  steps_send (steps, CW_CHANNEL_MAIN, CW_MSG_MAIN_NAME, &(CwMsgMainName){ { (const uint8_t *) longer, 4097 } });
  client_await (is_named_c, session);
  client_end (session);
  steps_free (steps);
}

/* As many as two hundred and fifty-six channels, main among the others. */
static void
test_many_channels (void)
{
  SpiceSession *session = session_with_main ();
  CwWireChannelId ids[256];

  for (unsigned i = 0; i < 255; i++)
    ids[i] = (CwWireChannelId){ CW_CHANNEL_PORT, (uint8_t) i };
  ids[255] = (CwWireChannelId){ CW_CHANNEL_INPUTS, 0 };
  cw_session_create_listed (session, &(CwMsgMainChannelsList){ 256, ids });
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_nonnull (client_channel (session, CW_CHANNEL_PORT, 254));
  g_assert_null (client_channel (session, CW_CHANNEL_INPUTS, 0));
  g_assert_cmpuint (g_list_length (session->priv->channels), ==, 256);
  spice_session_disconnect (session);
  client_end (session);
}

/* Sixteen displays, and a pointer for each, in one list or in two. */
static void
test_many_displays (void)
{
  static const uint8_t types[] = { CW_CHANNEL_DISPLAY, CW_CHANNEL_CURSOR };
  SpiceSession *session = session_with_main ();
  CwWireChannelId ids[2 * 17];

  for (unsigned i = 0; i < 34; i++)
    ids[i] = (CwWireChannelId){ types[i % 2], (uint8_t) (i / 2) };
  cw_session_create_listed (session, &(CwMsgMainChannelsList){ 30, ids });
  cw_session_create_listed (session, &(CwMsgMainChannelsList){ 4, ids + 30 });
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (unsigned k = 0; k < 2; k++) {
    g_assert_nonnull (client_channel (session, types[k], 15));
    g_assert_null (client_channel (session, types[k], 16));
  }
  spice_session_disconnect (session);
  client_end (session);
}

/* What a program may ask for. */
static void
test_largest_window (void)
{
  GObjectClass *class = g_type_class_ref (SPICE_TYPE_SESSION);
  const GParamSpecInt *spec = G_PARAM_SPEC_INT (g_object_class_find_property (class, "glz-window-size"));

  g_assert_cmpint (spec->minimum, ==, 0);
  g_assert_cmpint (spec->maximum, ==, 134217728);
  g_type_class_unref (class);
}

/* How far a server may refer back depends on its video memory, within limits; it is told in pixels. */
static void
test_window (void)
{
  static const struct {
    uint32_t ram;
    int window;
  } rows[] = { { 0, 12 << 20 }, { 48 << 20, 24 << 20 }, { (128 << 20) + 2, 64 << 20 }, { UINT32_MAX, 64 << 20 } };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    SpiceSession *session = session_with_main ();
    const CwMsgMainInit init = { .session_id = 1, .ram_hint = rows[i].ram };
    uint32_t cache, pixels;
    int window;

    cw_session_server_init (session, &init);
    g_object_get (session, "glz-window-size", &window, NULL);
    g_assert_cmpint (window, ==, rows[i].window);
    cw_session_host.display->budgets (session, &cache, &pixels);
    g_assert_cmpuint (pixels, ==, rows[i].window / 4);
    g_assert_cmpuint (cache, ==, (80 << 20) / 4);
    client_end (session);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/settings/round-trip", test_round_trip);
  g_test_add_func ("/settings/numbers", test_numbers);
  for (unsigned i = 0; i < G_N_ELEMENTS (uris); i++) {
    g_autofree char *path = g_strdup_printf ("/settings/uri/%u", i);

    g_test_add_data_func (path, &uris[i], test_uri);
  }
  g_test_add_func ("/settings/copied", test_copied);
  g_test_add_func ("/settings/demanded", test_demanded);
  g_test_add_func ("/settings/functions", test_functions);
  g_test_add_func ("/settings/server", test_server);
  g_test_add_func ("/settings/long-name", test_long_name);
  g_test_add_func ("/settings/many-channels", test_many_channels);
  g_test_add_func ("/settings/many-displays", test_many_displays);
  g_test_add_func ("/settings/largest-window", test_largest_window);
  g_test_add_func ("/settings/window", test_window);
  return g_test_run ();
}
