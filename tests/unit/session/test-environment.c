/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The variables of the environment that sessions and channels heed. By the public API alone, with all kinds of channels
 * that the library brings. */
#include "peer.h"

#include <glib/gstdio.h>
#include <spice-client.h>
#include <spice/protocol.h>
#include <string.h>

typedef struct {
  uint32_t common, channel; /* the first word of each */
  bool ended;
} Announced;

static uint32_t
word (const uint8_t *data)
{
  return data[0] | (uint32_t) data[1] << 8 | (uint32_t) data[2] << 16 | (uint32_t) data[3] << 24;
}

static void
read_announced (PeerIo *io, gpointer data)
{
  Announced *self = data;
  uint8_t header[16], body[256];
  size_t size;

  if (!peer_read (io, header, sizeof header))
    return;
  size = word (header + 12);
  if (size > sizeof body || size < 18 || !peer_read (io, body, size))
    return;
  /* Id, type, id of the channel; numbers of words; where they are. */
  if (word (body + 6) >= 1 && word (body + 14) + 4 <= size)
    self->common = word (body + word (body + 14));
  if (word (body + 10) >= 1 && word (body + 14) + 4 * word (body + 6) + 4 <= size)
    self->channel = word (body + word (body + 14) + 4 * word (body + 6));
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Announced *self)
{
  self->ended = true;
}

static GObject *
new_session (void)
{
  return G_OBJECT (spice_session_new ());
}

static SpiceSession *
session_of (const Peer *peer)
{
  SpiceSession *session = spice_session_new ();
  g_autofree char *port = g_strdup_printf ("%u", peer_port (peer));

  g_object_set (session, "host", "127.0.0.1", "port", port, NULL);
  return session;
}

static void
end (SpiceSession *session)
{
  spice_session_disconnect (session);
  g_object_unref (session);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* What a new channel of this type tells a server; nothing where there is no such channel. */
static Announced
announced (int type)
{
  Announced self = { 0 };
  Peer *peer = peer_new ("127.0.0.1", 0, read_announced, &self);
  SpiceSession *session;
  SpiceChannel *channel;

  peer_start (peer);
  session = session_of (peer);
  channel = spice_channel_new (session, type, 0);
  if (channel) {
    g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), &self);
    g_assert_true (spice_channel_connect (channel));
    while (!self.ended)
      g_main_context_iteration (NULL, TRUE);
  }
  end (session);
  peer_free (peer);
  return self;
}

typedef struct {
  const char *variable, *value;
  int type;
  bool common;
  unsigned bit;
} CapRow;

#define CAP(TYPE, NAME)                                                                                                \
  {                                                                                                                    \
    "SPICE_" #NAME, "0", SPICE_CHANNEL_##TYPE, false, SPICE_##NAME                                                     \
  }

static const CapRow cap_rows[] = {
  { "SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION", "0", SPICE_CHANNEL_MAIN, true,
    SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION },
  { "SPICE_COMMON_CAP_AUTH_SPICE", "0", SPICE_CHANNEL_MAIN, true, SPICE_COMMON_CAP_AUTH_SPICE },
  { "SPICE_COMMON_CAP_AUTH_SASL", "0", SPICE_CHANNEL_MAIN, true, SPICE_COMMON_CAP_AUTH_SASL },
  { "SPICE_COMMON_CAP_MINI_HEADER", "0", SPICE_CHANNEL_MAIN, true, SPICE_COMMON_CAP_MINI_HEADER },
  CAP (MAIN, MAIN_CAP_SEMI_SEAMLESS_MIGRATE),
  CAP (MAIN, MAIN_CAP_NAME_AND_UUID),
  CAP (MAIN, MAIN_CAP_AGENT_CONNECTED_TOKENS),
  CAP (MAIN, MAIN_CAP_SEAMLESS_MIGRATE),
  CAP (DISPLAY, DISPLAY_CAP_SIZED_STREAM),
  CAP (DISPLAY, DISPLAY_CAP_MONITORS_CONFIG),
  CAP (DISPLAY, DISPLAY_CAP_COMPOSITE),
  CAP (DISPLAY, DISPLAY_CAP_A8_SURFACE),
  CAP (DISPLAY, DISPLAY_CAP_LZ4_COMPRESSION),
  CAP (DISPLAY, DISPLAY_CAP_GL_SCANOUT),
  CAP (DISPLAY, DISPLAY_CAP_MULTI_CODEC),
  CAP (DISPLAY, DISPLAY_CAP_STREAM_REPORT),
  { "SPICE_DISABLE_ADAPTIVE_STREAMING", "1", SPICE_CHANNEL_DISPLAY, false, SPICE_DISPLAY_CAP_STREAM_REPORT },
  CAP (PLAYBACK, PLAYBACK_CAP_VOLUME),
  CAP (PLAYBACK, PLAYBACK_CAP_LATENCY),
  CAP (PLAYBACK, PLAYBACK_CAP_OPUS),
  { "SPICE_DISABLE_OPUS", "1", SPICE_CHANNEL_PLAYBACK, false, SPICE_PLAYBACK_CAP_OPUS },
  CAP (RECORD, RECORD_CAP_VOLUME),
  CAP (RECORD, RECORD_CAP_OPUS),
  { "SPICE_DISABLE_OPUS", "1", SPICE_CHANNEL_RECORD, false, SPICE_RECORD_CAP_OPUS },
  CAP (USBREDIR, SPICEVMC_CAP_DATA_COMPRESS_LZ4),
};

static bool
is_built (const CapRow *row)
{
  if (strstr (row->variable, "OPUS"))
    return HAVE_OPUS;
  return HAVE_SASL || !strstr (row->variable, "SASL");
}

/* What the library was built without is announced to nobody, whatever is set. */
static void
test_absent (gconstpointer data)
{
  static const char *const values[] = { NULL, "0", "1" };
  const CapRow *row = data;

  for (unsigned i = 0; i < G_N_ELEMENTS (values); i++) {
    Announced with;

    if (values[i])
      g_setenv (row->variable, values[i], TRUE);
    with = announced (row->type);
    g_assert_cmphex ((row->common ? with.common : with.channel) & 1u << row->bit, ==, 0);
  }
  g_unsetenv (row->variable);
}

/* G10, for each capability: the one that is named goes, and no other. */
static void
test_capability (gconstpointer data)
{
  const CapRow *row = data;
  uint32_t bit = 1u << row->bit;
  Announced before = announced (row->type), without, again;

  g_assert_cmphex ((row->common ? before.common : before.channel) & bit, ==, bit);
  g_setenv (row->variable, row->value, TRUE);
  without = announced (row->type);
  g_assert_cmphex (without.common, ==, before.common & ~(row->common ? bit : 0));
  g_assert_cmphex (without.channel, ==, before.channel & ~(row->common ? 0 : bit));
  if (strcmp (row->value, "0") == 0) {
    g_setenv (row->variable, "00", TRUE);
    again = announced (row->type);
    g_assert_cmphex (again.common, ==, before.common);
    g_assert_cmphex (again.channel, ==, before.channel);
  }
  g_unsetenv (row->variable);
}

static int answered; /* atomic */

/* KEY_MODIFIERS, then PING, both in mini headers: whoever answers the second has had the first. */
static void
serve_inputs (PeerIo *io, gpointer data)
{
  static const uint8_t messages[] = { 102, 0, 2, 0, 0, 0, 7, 0, 4, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
  const PeerLink link = PEER_LINK_INIT;
  uint8_t header[6], body[256];

  if (!peer_link (io, &link) || !peer_write (io, messages, sizeof messages))
    return;
  while (peer_read (io, header, sizeof header) && word (header + 2) <= sizeof body
         && peer_read (io, body, word (header + 2))) {
    if (header[0] == SPICE_MSGC_PONG)
      g_atomic_int_set (&answered, 1);
  }
}

static int
modifiers_that_come (void)
{
  Peer *peer = peer_new ("127.0.0.1", 0, serve_inputs, NULL);
  SpiceSession *session;
  SpiceChannel *inputs;
  int modifiers = -1;

  g_atomic_int_set (&answered, 0);
  peer_start (peer);
  session = session_of (peer);
  inputs = spice_channel_new (session, SPICE_CHANNEL_INPUTS, 0);
  g_assert_true (spice_channel_connect (inputs));
  /* Looked at again and again, as it is another thread that hears the answer. */
  while (!g_atomic_int_get (&answered)) {
    g_main_context_iteration (NULL, FALSE);
    g_usleep (500);
  }
  g_object_get (inputs, "key-modifiers", &modifiers, NULL);
  end (session);
  peer_free (peer);
  return modifiers;
}

static void
test_disabled_channels (void)
{
  g_assert_cmpint (modifiers_that_come (), ==, 7);
  g_setenv ("SPICE_DISABLE_CHANNELS", "display,cursor", TRUE);
  g_assert_cmpint (modifiers_that_come (), ==, 7);
  g_setenv ("SPICE_DISABLE_CHANNELS", "display,inputs", TRUE);
  g_assert_cmpint (modifiers_that_come (), ==, 0);
  g_unsetenv ("SPICE_DISABLE_CHANNELS");
}

static void
test_max_clipboard (void)
{
  g_autoptr (GObject) session = new_session ();
  SpiceChannel *main = spice_channel_new (SPICE_SESSION (session), SPICE_CHANNEL_MAIN, 0);
  int max;

  g_object_set (main, "max-clipboard", 1000, NULL);
  g_setenv ("SPICE_MAX_CLIPBOARD", "77", TRUE);
  g_object_get (main, "max-clipboard", &max, NULL);
  g_assert_cmpint (max, ==, 77);
  g_object_set (main, "max-clipboard", 2000, NULL);
  g_object_get (main, "max-clipboard", &max, NULL);
  g_assert_cmpint (max, ==, 77);
  g_setenv ("SPICE_MAX_CLIPBOARD", "-1", TRUE);
  g_object_get (main, "max-clipboard", &max, NULL);
  g_assert_cmpint (max, ==, -1);
  g_unsetenv ("SPICE_MAX_CLIPBOARD");
  g_object_get (main, "max-clipboard", &max, NULL);
  g_assert_cmpint (max, ==, 2000);
  spice_session_disconnect (SPICE_SESSION (session));
}

static char *
proxy_of (GObject *session)
{
  char *proxy;

  g_object_get (session, "proxy", &proxy, NULL);
  return proxy;
}

static void
test_proxy (void)
{
  g_autoptr (GObject) before = new_session (), with = NULL, empty = NULL;
  g_autofree char *none = proxy_of (before), *first = NULL, *own = NULL, *reset = NULL, *emptied = NULL;

  g_assert_null (none);
  g_setenv ("SPICE_PROXY", "http://proxy.example:3128", TRUE);
  with = new_session ();
  first = proxy_of (with);
  g_assert_cmpstr (first, ==, "http://proxy.example:3128");
  g_object_set (with, "proxy", "http://own.example:1", NULL);
  own = proxy_of (with);
  g_assert_cmpstr (own, ==, "http://own.example:1");
  g_object_set (with, "proxy", NULL, NULL);
  reset = proxy_of (with);
  g_assert_cmpstr (reset, ==, "http://proxy.example:3128");
  g_setenv ("SPICE_PROXY", "", TRUE);
  empty = new_session ();
  emptied = proxy_of (empty);
  g_assert_null (emptied);
  g_unsetenv ("SPICE_PROXY");
}

/* What is read once in a process gets a process of its own. */
static void
in_child (const char *path)
{
  g_test_trap_subprocess (path, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
child_without_scanout (void)
{
  g_autoptr (GObject) session = new_session ();
  gboolean scanout;

  g_object_get (session, "gl-scanout", &scanout, NULL);
  g_assert_false (scanout);
  g_assert_cmphex (announced (SPICE_CHANNEL_DISPLAY).channel & 1u << SPICE_DISPLAY_CAP_GL_SCANOUT, ==, 0);
}

static void
test_scanout (void)
{
  g_autoptr (GObject) session = new_session ();
  gboolean scanout;

  g_object_get (session, "gl-scanout", &scanout, NULL);
  g_assert_true (scanout);
  g_setenv ("SPICE_DISABLE_GL_SCANOUT", "1", TRUE);
  in_child ("/environment/2.8-SPICE_DISABLE_GL_SCANOUT/subprocess/off");
  g_unsetenv ("SPICE_DISABLE_GL_SCANOUT");
}

static void
child_with_debug (void)
{
  g_assert_true (spice_util_get_debug ());
  /* Looked at once. */
  g_unsetenv ("SPICE_DEBUG");
  g_assert_true (spice_util_get_debug ());
  spice_util_set_debug (FALSE);
  g_setenv ("SPICE_DEBUG", "1", TRUE);
  g_assert_false (spice_util_get_debug ());
}

static void
child_without_debug (void)
{
  g_assert_false (spice_util_get_debug ());
  g_assert_null (g_getenv ("G_MESSAGES_DEBUG"));
  g_setenv ("SPICE_DEBUG", "1", TRUE);
  g_assert_false (spice_util_get_debug ());
}

/* By the program itself, before it uses the library. */
static void
child_with_late_debug (void)
{
  g_setenv ("SPICE_DEBUG", "1", TRUE);
  g_assert_true (spice_util_get_debug ());
}

static void
say_both (void)
{
  g_log ("GSpice", G_LOG_LEVEL_DEBUG, "of the library");
  g_log ("Other", G_LOG_LEVEL_DEBUG, "of another");
}

static void
print_handled (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  g_print ("handled: %s\n", message);
}

static GLogWriterOutput
print_written (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0)
      g_print ("written: %s\n", (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

static void
child_all (void)
{
  g_setenv ("G_MESSAGES_DEBUG", "all", TRUE);
  say_both ();
}

static void
child_handler (void)
{
  g_log_set_handler ("GSpice", G_LOG_LEVEL_MASK, print_handled, NULL);
  say_both ();
}

static void
child_writer (void)
{
  g_log_set_writer_func (print_written, NULL, NULL);
  say_both ();
}

static void
child_switched_off (void)
{
  spice_util_set_debug (FALSE);
  say_both ();
}

/* Wherever GLib would put it, and whatever the application has. */
static void
test_debug_streams (void)
{
  g_autofree char *domains = g_strdup (g_getenv ("G_MESSAGES_DEBUG"));
  static const char *const others[] = { "Other", "Other GSpice", "Other" };

  g_setenv ("SPICE_DEBUG", "1", TRUE);
  for (unsigned i = 0; i < G_N_ELEMENTS (others); i++) {
    g_setenv ("G_MESSAGES_DEBUG", others[i], TRUE);
    g_test_trap_subprocess (i < 2 ? "/environment/2.7-debug-streams/subprocess/plain"
                                  : "/environment/2.7-debug-streams/subprocess/all",
                            0, 0);
    g_test_trap_assert_passed ();
    g_test_trap_assert_stderr ("*GSpice-DEBUG: *of the library\n*");
    g_test_trap_assert_stdout_unmatched ("*of the library*");
    g_test_trap_assert_stdout ("*Other-DEBUG: *of another*");
    g_test_trap_assert_stderr_unmatched ("*of another*");
  }
  g_setenv ("G_MESSAGES_DEBUG", "Other", TRUE);
  g_test_trap_subprocess ("/environment/2.7-debug-streams/subprocess/off", 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr_unmatched ("*of the library*");
  g_test_trap_subprocess ("/environment/2.7-debug-streams/subprocess/handler", 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*handled: of the library\n*");
  g_test_trap_assert_stderr_unmatched ("*of the library*");
  g_test_trap_subprocess ("/environment/2.7-debug-streams/subprocess/writer", 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*written: of the library\n*written: of another\n*");
  g_unsetenv ("SPICE_DEBUG");
  if (domains)
    g_setenv ("G_MESSAGES_DEBUG", domains, TRUE);
  else
    g_unsetenv ("G_MESSAGES_DEBUG");
}

/* Any value, even none. */
static void
test_debug (void)
{
  static const char *const values[] = { "1", "0", "" };
  g_autofree char *domains = g_strdup (g_getenv ("G_MESSAGES_DEBUG"));

  g_unsetenv ("G_MESSAGES_DEBUG");
  g_unsetenv ("SPICE_DEBUG");
  in_child ("/environment/2.7-SPICE_DEBUG/subprocess/off");
  in_child ("/environment/2.7-SPICE_DEBUG/subprocess/late");
  for (unsigned i = 0; i < G_N_ELEMENTS (values); i++) {
    g_setenv ("SPICE_DEBUG", values[i], TRUE);
    in_child ("/environment/2.7-SPICE_DEBUG/subprocess/on");
  }
  g_unsetenv ("SPICE_DEBUG");
  if (domains)
    g_setenv ("G_MESSAGES_DEBUG", domains, TRUE);
}

static char *
ca_file_by_options (void)
{
  g_autoptr (GObject) session = new_session ();
  char *file;

  spice_set_session_option (SPICE_SESSION (session));
  g_object_get (session, "ca-file", &file, NULL);
  return file;
}

static void
child_with_store (void)
{
  g_autofree char *file = ca_file_by_options ();
  g_autofree char *wanted = g_build_filename (g_getenv ("HOME"), ".spicec/spice_truststore.pem", NULL);

  g_assert_cmpstr (file, ==, wanted);
}

static void
child_without_store (void)
{
  g_autofree char *file = ca_file_by_options ();

  g_assert_null (file);
}

static void
test_trust_store (void)
{
  g_autofree char *home = g_dir_make_tmp ("caraway-XXXXXX", NULL), *old = g_strdup (g_getenv ("HOME"));
  g_autofree char *folder = g_build_filename (home, ".spicec", NULL);
  g_autofree char *store = g_build_filename (folder, "spice_truststore.pem", NULL);

  g_setenv ("HOME", home, TRUE);
  in_child ("/environment/2.8-HOME/subprocess/none");
  g_assert_cmpint (g_mkdir_with_parents (store, 0700), ==, 0); /* a folder of that name is none */
  in_child ("/environment/2.8-HOME/subprocess/none");
  g_assert_cmpint (g_rmdir (store), ==, 0);
  g_assert_true (g_file_set_contents (store, "", 0, NULL));
  in_child ("/environment/2.8-HOME/subprocess/there");
  if (old)
    g_setenv ("HOME", old, TRUE);
  else
    g_unsetenv ("HOME");
  g_assert_cmpint (g_remove (store), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_assert_cmpint (g_rmdir (home), ==, 0);
}

static char *
shared_folder (void)
{
  g_autoptr (GObject) session = new_session ();
  char *folder;

  g_object_get (session, "shared-dir", &folder, NULL);
  return folder;
}

static void
child_with_folder (void)
{
  g_autofree char *folder = shared_folder ();

  g_assert_cmpstr (folder, ==, "/somewhere/public");
}

/* GLib's public folder is the one that is shared. */
static void
test_public_folder (void)
{
  g_autofree char *config = g_dir_make_tmp ("caraway-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (config, "user-dirs.dirs", NULL);
  g_autofree char *old = g_strdup (g_getenv ("XDG_CONFIG_HOME"));

  g_assert_true (g_file_set_contents (file, "XDG_PUBLICSHARE_DIR=\"/somewhere/public\"\n", -1, NULL));
  g_setenv ("XDG_CONFIG_HOME", config, TRUE);
  in_child ("/environment/2.8-XDG/subprocess/there");
  if (old)
    g_setenv ("XDG_CONFIG_HOME", old, TRUE);
  else
    g_unsetenv ("XDG_CONFIG_HOME");
  g_assert_cmpint (g_remove (file), ==, 0);
  g_assert_cmpint (g_rmdir (config), ==, 0);
}

int
main (int argc, char **argv)
{
  g_unsetenv ("SPICE_PROXY");
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (cap_rows); i++) {
    bool built = is_built (&cap_rows[i]);
    g_autofree char *path
        = g_strdup_printf ("/environment/%s/%u-%s", built ? "G10-capability" : "not-built", i, cap_rows[i].variable);

    g_test_add_data_func (path, &cap_rows[i], built ? test_capability : test_absent);
  }
  g_test_add_func ("/environment/2.8-SPICE_DISABLE_CHANNELS", test_disabled_channels);
  g_test_add_func ("/environment/2.8-SPICE_MAX_CLIPBOARD", test_max_clipboard);
  g_test_add_func ("/environment/2.8-SPICE_PROXY", test_proxy);
  g_test_add_func ("/environment/2.8-SPICE_DISABLE_GL_SCANOUT", test_scanout);
  g_test_add_func ("/environment/2.8-SPICE_DISABLE_GL_SCANOUT/subprocess/off", child_without_scanout);
  g_test_add_func ("/environment/2.7-debug-streams", test_debug_streams);
  g_test_add_func ("/environment/2.7-debug-streams/subprocess/plain", say_both);
  g_test_add_func ("/environment/2.7-debug-streams/subprocess/all", child_all);
  g_test_add_func ("/environment/2.7-debug-streams/subprocess/off", child_switched_off);
  g_test_add_func ("/environment/2.7-debug-streams/subprocess/handler", child_handler);
  g_test_add_func ("/environment/2.7-debug-streams/subprocess/writer", child_writer);
  g_test_add_func ("/environment/2.7-SPICE_DEBUG", test_debug);
  g_test_add_func ("/environment/2.7-SPICE_DEBUG/subprocess/on", child_with_debug);
  g_test_add_func ("/environment/2.7-SPICE_DEBUG/subprocess/off", child_without_debug);
  g_test_add_func ("/environment/2.7-SPICE_DEBUG/subprocess/late", child_with_late_debug);
  g_test_add_func ("/environment/2.8-HOME", test_trust_store);
  g_test_add_func ("/environment/2.8-HOME/subprocess/there", child_with_store);
  g_test_add_func ("/environment/2.8-HOME/subprocess/none", child_without_store);
  g_test_add_func ("/environment/2.8-XDG", test_public_folder);
  g_test_add_func ("/environment/2.8-XDG/subprocess/there", child_with_folder);
  return g_test_run ();
}
