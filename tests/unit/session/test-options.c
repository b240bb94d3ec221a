/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command-line options, and the utilities of the public API. */
#include "channel/host.h"
#include "session/options.h"
#include "session/registry.h"
#include "spice-client.h"

#include <glib/gstdio.h>
#include <stdbool.h>

static const CwChannelKind kinds[] = { { 0, NULL, NULL } };
static const CwFeature *const features[] = { NULL };
const CwRegistry cw_registry = { kinds, features };
GType (*const cw_channel_session_type) (void) = spice_session_get_type;
GType (*const cw_channel_pipeline_type) (void) = NULL;

static bool
parse (const char *option, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_auto (GStrv) arguments = g_new0 (char *, 3);

  arguments[0] = g_strdup ("program");
  arguments[1] = g_strdup (option);
  g_option_context_add_group (context, spice_get_option_group ());
  return g_option_context_parse_strv (context, &arguments, error);
}

static void
test_refused (void)
{
  static const char *const options[] = {
    "--spice-secure-channels=main,nonsense",
    "--spice-disable-effects=sound",
    "--spice-preferred-compression=zip",
  };
  static const char *const texts[] = {
    "--spice-secure-channels does not know 'nonsense'",
    "--spice-disable-effects does not know 'sound'",
    "--spice-preferred-compression does not know 'zip'",
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (options); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (parse (options[i], &error));
    g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED);
    g_assert_cmpstr (error->message, ==, texts[i]);
  }
}

static void
test_untouched (void)
{
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
  g_auto (GStrv) secure = NULL;
  gboolean audio;
  int cache;

  spice_set_session_option (SPICE_SESSION (session));
  g_object_get (session, "secure-channels", &secure, "enable-audio", &audio, "cache-size", &cache, NULL);
  g_assert_null (secure);
  g_assert_true (audio);
  g_assert_cmpint (cache, ==, 0);
}

static void
test_applied (void)
{
  static const char *const options[] = {
    "--spice-secure-channels=main,all",
    "--spice-disable-effects=wallpaper",
    "--spice-ca-file=/nowhere/ca.pem",
    "--spice-host-subject=CN=x",
    "--spice-disable-audio",
    "--spice-disable-usbredir",
    "--spice-cache-size=4096",
    "--spice-glz-window-size=8192",
    "--spice-shared-dir=/nowhere",
    "--spice-preferred-compression=lz",
    "--spice-smartcard-db=/nowhere/db",
  };
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
  g_auto (GStrv) secure = NULL, effects = NULL;
  g_autofree char *ca = NULL, *subject = NULL, *folder = NULL, *database = NULL;
  gboolean audio, usb;
  int cache, window, compression;
  guint verify;

  for (unsigned i = 0; i < G_N_ELEMENTS (options); i++)
    g_assert_true (parse (options[i], NULL));
  spice_set_session_option (SPICE_SESSION (session));
  g_object_get (session, "secure-channels", &secure, "disable-effects", &effects, "ca-file", &ca, "cert-subject",
                &subject, "enable-audio", &audio, "enable-usbredir", &usb, "cache-size", &cache, "glz-window-size",
                &window, "shared-dir", &folder, "preferred-compression", &compression, "smartcard-db", &database,
                "verify", &verify, NULL);
  g_assert_cmpstr (secure[1], ==, "all");
  g_assert_cmpstr (effects[0], ==, "wallpaper");
  g_assert_cmpstr (ca, ==, "/nowhere/ca.pem");
  g_assert_cmpstr (subject, ==, "CN=x");
  g_assert_cmpuint (verify, ==, SPICE_SESSION_VERIFY_HOSTNAME | SPICE_SESSION_VERIFY_SUBJECT);
  g_assert_false (audio);
  g_assert_false (usb);
  g_assert_cmpint (cache, ==, 4096);
  g_assert_cmpint (window, ==, 8192);
  g_assert_cmpstr (folder, ==, "/nowhere");
  g_assert_cmpint (compression, ==, SPICE_IMAGE_COMPRESSION_LZ);
  /* Only with --spice-smartcard. */
  g_assert_null (database);
}

static void
check_compression (const char *name, int expected)
{
  g_autofree char *option = g_strconcat ("--spice-preferred-compression=", name, NULL);
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
  int compression;

  g_assert_true (parse (option, NULL));
  spice_set_session_option (SPICE_SESSION (session));
  g_object_get (session, "preferred-compression", &compression, NULL);
  g_assert_cmpint (compression, ==, expected);
}

static void
test_compressions (void)
{
  check_compression ("auto-glz", SPICE_IMAGE_COMPRESSION_AUTO_GLZ);
  check_compression ("auto-lz", SPICE_IMAGE_COMPRESSION_AUTO_LZ);
  check_compression ("quic", SPICE_IMAGE_COMPRESSION_QUIC);
  check_compression ("glz", SPICE_IMAGE_COMPRESSION_GLZ);
  check_compression ("lz4", SPICE_IMAGE_COMPRESSION_LZ4);
  check_compression ("off", SPICE_IMAGE_COMPRESSION_OFF);
  check_compression ("lz", SPICE_IMAGE_COMPRESSION_LZ);
}

/* After those that are applied: options stay. */
static void
test_smartcard (void)
{
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
  g_autofree char *database = NULL;
  g_auto (GStrv) certificates = NULL;
  gboolean cards;

  g_assert_true (parse ("--spice-smartcard", NULL));
  g_assert_true (parse ("--spice-smartcard-certificates=none", NULL));
  g_assert_true (parse ("--spice-smartcard-certificates=one,two,three", NULL));
  spice_set_session_option (SPICE_SESSION (session));
  g_object_get (session, "enable-smartcard", &cards, "smartcard-db", &database, "smartcard-certificates", &certificates,
                NULL);
  g_assert_true (cards);
  g_assert_cmpstr (database, ==, "/nowhere/db");
  g_assert_cmpuint (g_strv_length (certificates), ==, 3);
  g_assert_cmpstr (certificates[0], ==, "one");
  g_assert_cmpstr (certificates[2], ==, "three");
}

/* Accepted without effect, and said so. Here nothing serves USB devices. */
static void
test_without_effect (void)
{
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
  CwUsbOptions usb;

  g_assert_true (parse ("--spice-color-depth=16", NULL));
  g_assert_true (parse ("--spice-usbredir-auto-redirect-filter=0,1", NULL));
  g_assert_true (parse ("--spice-usbredir-redirect-on-connect=2,3", NULL));
  g_assert_true (parse ("--spice-share-cd=/nowhere/cd", NULL));
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "options for USB devices have no effect*");
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "the color depth cannot be chosen*");
  spice_set_session_option (SPICE_SESSION (session));
  g_test_assert_expected_messages ();
  usb = cw_usb_options ();
  g_assert_cmpstr (usb.usb_auto_filter, ==, "0,1");
  g_assert_cmpstr (usb.usb_connect_filter, ==, "2,3");
  g_assert_cmpstr (usb.shared_cds[0], ==, "/nowhere/cd");
  cw_usb_options_shared ();
  g_assert_null (cw_usb_options ().shared_cds);
}

static void
test_debug (void)
{
  gboolean before = spice_util_get_debug ();

  spice_util_set_debug (FALSE);
  g_assert_false (spice_util_get_debug ());
  g_assert_true (parse ("--spice-debug", NULL));
  g_assert_true (spice_util_get_debug ());
  spice_util_set_debug (before);
}

static void
test_version (void)
{
  if (g_test_subprocess ()) {
    parse ("--spice-gtk-version", NULL);
    g_assert_not_reached ();
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*Caraway, with the interface of spice-gtk 0.42*");
}

/* The directory of a person, and what was put there for an older client. */
static void
test_trust_store (void)
{
  g_autofree char *home = NULL, *folder = NULL, *store = NULL;

  if (g_test_subprocess ()) {
    g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
    g_autofree char *ca = NULL;

    spice_set_session_option (SPICE_SESSION (session));
    g_object_get (session, "ca-file", &ca, NULL);
    g_assert_true (g_str_has_prefix (ca, g_getenv ("TEST_HOME")));
    g_assert_true (g_str_has_suffix (ca, "/.spicec/spice_truststore.pem"));
    return;
  }
  home = g_dir_make_tmp ("caraway-options-XXXXXX", NULL);
  folder = g_build_filename (home, ".spicec", NULL);
  store = g_build_filename (folder, "spice_truststore.pem", NULL);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (store, "", 0, NULL));
  g_setenv ("TEST_HOME", home, TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_unsetenv ("TEST_HOME");
  g_test_trap_assert_passed ();
  g_unlink (store);
  g_rmdir (folder);
  g_rmdir (home);
}

static void
test_rejected_uri (void)
{
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, "port", "1", NULL);
  g_autofree char *uri = NULL, *proxy = NULL;

  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*not used*");
  g_object_set (session, "uri", "spice://other", NULL);
  g_test_assert_expected_messages ();
  g_object_set (session, "uri", NULL, NULL);
  g_object_get (session, "uri", &uri, "proxy", &proxy, NULL);
  g_assert_cmpstr (uri, ==, "spice://localhost:1");
  g_assert_null (proxy);

  g_object_set (session, "proxy", "p:1", NULL);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*not used*");
  g_object_set (session, "proxy", "ftp://p:1", NULL);
  g_test_assert_expected_messages ();
  g_object_get (session, "proxy", &proxy, NULL);
  g_assert_cmpstr (proxy, ==, "http://p:1");
  g_assert_cmpuint (spice_uri_get_port (spice_session_get_proxy_uri (SPICE_SESSION (session))), ==, 1);
  g_object_set (session, "proxy", "", NULL);
  g_assert_null (spice_session_get_proxy_uri (SPICE_SESSION (session)));
}

static void
test_verify_follows (void)
{
  g_autoptr (GObject) session = g_object_new (SPICE_TYPE_SESSION, NULL);
  g_autoptr (GByteArray) key = g_byte_array_new ();
  guint verify;

  g_byte_array_append (key, (const guint8 *) "key", 3);
  g_object_set (session, "pubkey", key, "cert-subject", "CN=x", NULL);
  g_object_get (session, "verify", &verify, NULL);
  g_assert_cmpuint (verify, ==, 7);
  g_object_set (session, "pubkey", NULL, "cert-subject", NULL, NULL);
  g_object_get (session, "verify", &verify, NULL);
  g_assert_cmpuint (verify, ==, SPICE_SESSION_VERIFY_HOSTNAME);
}

static void
test_utilities (void)
{
  static const guint8 uuid[16]
      = { 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff };
  g_autofree char *text = spice_uuid_to_string (uuid);

  g_assert_cmpstr (text, ==, "f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff");
  g_assert_cmpstr (spice_util_get_version_string (), ==, "0.42");
  g_assert_cmpstr (spice_channel_type_to_string (7), ==, "tunnel");
  g_assert_cmpstr (spice_channel_type_to_string (12), ==, "unknown");
  g_assert_cmpstr (spice_channel_type_to_string (-1), ==, "unknown");
  g_assert_cmpint (spice_channel_string_to_type ("webdav"), ==, 11);
  g_assert_cmpint (spice_channel_string_to_type ("MAIN"), ==, -1);
  g_assert_cmpstr (g_quark_to_string (SPICE_CLIENT_ERROR), ==, "spice-client-error-quark");
}

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  g_object_set_data (data, "heard", GINT_TO_POINTER (GPOINTER_TO_INT (g_object_get_data (data, "heard")) + 1));
}

/* O8: a handler goes with either of the two objects. */
static void
test_connect_object (void)
{
  GObject *session = g_object_new (SPICE_TYPE_SESSION, NULL), *other = g_object_new (G_TYPE_OBJECT, NULL);
  gulong id = spice_g_signal_connect_object (session, "notify::username", G_CALLBACK (count_notify), other, 0);

  g_assert_true (g_signal_handler_is_connected (session, id));
  g_object_set (session, "username", "a", NULL);
  g_assert_cmpint (GPOINTER_TO_INT (g_object_get_data (other, "heard")), ==, 1);
  g_object_unref (other);
  g_assert_false (g_signal_handler_is_connected (session, id));
  g_object_set (session, "username", "b", NULL);

  other = g_object_new (G_TYPE_OBJECT, NULL);
  spice_g_signal_connect_object (session, "notify::username", G_CALLBACK (count_notify), other, 0);
  g_object_add_weak_pointer (session, (gpointer *) &session);
  g_object_unref (session);
  g_assert_null (session);
  g_assert_null (g_object_get_data (other, "heard"));
  g_object_unref (other);
}

int
main (int argc, char **argv)
{
  /* Nobody's trust store, and no proxy. */
  g_setenv ("HOME", g_getenv ("TEST_HOME") ? g_getenv ("TEST_HOME") : "/nowhere", TRUE);
  g_unsetenv ("SPICE_PROXY");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/options/O2-refused", test_refused);
  g_test_add_func ("/options/O5-untouched", test_untouched);
  g_test_add_func ("/options/O1-O6-applied", test_applied);
  g_test_add_func ("/options/compressions", test_compressions);
  g_test_add_func ("/options/O3-smartcard", test_smartcard);
  g_test_add_func ("/options/without-effect", test_without_effect);
  g_test_add_func ("/options/debug", test_debug);
  g_test_add_func ("/options/version", test_version);
  g_test_add_func ("/options/trust-store", test_trust_store);
  g_test_add_func ("/options/S3-rejected-uri", test_rejected_uri);
  g_test_add_func ("/options/verify-follows", test_verify_follows);
  g_test_add_func ("/options/O7-utilities", test_utilities);
  g_test_add_func ("/options/O8-connect-object", test_connect_object);
  return g_test_run ();
}
