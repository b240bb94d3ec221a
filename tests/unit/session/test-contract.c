/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs rely on, statement by statement; the numbers are those of docs/compatibility.md. */
#include "client.h"

#include "session/session.h"

#include <fcntl.h>
#include <libintl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

static GMutex lock;
static GString *heard; /* types of the messages that the inputs' script has read */
static uint32_t common_caps;
static unsigned n_listed; /* displays in the list */

static bool
read_message (PeerIo *io, uint16_t *type)
{
  uint8_t header[6], body[256];
  size_t size;

  if (!peer_read (io, header, sizeof header))
    return false;
  *type = (uint16_t) (header[0] | header[1] << 8);
  size = header[2] | (size_t) header[3] << 8;
  g_assert_cmpuint (size, <=, sizeof body);
  return size == 0 || peer_read (io, body, size);
}

static void
serve_main (PeerIo *io)
{
  uint8_t channels[2 * 64];

  if (n_listed == 0) {
    server_send_start (io, (const uint8_t[]){ CW_CHANNEL_INPUTS, 0 }, 1);
    server_hold (io);
    return;
  }
  for (unsigned i = 0; i < n_listed; i++) {
    channels[2 * i] = CW_CHANNEL_DISPLAY;
    channels[2 * i + 1] = (uint8_t) i;
  }
  server_send_start (io, channels, n_listed);
  server_hold (io);
}

static void
serve (PeerIo *io, gpointer data)
{
  uint16_t type;

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN) {
    serve_main (io);
  } else if (io->channel_type == CW_CHANNEL_INPUTS) {
    while (read_message (io, &type)) {
      g_mutex_lock (&lock);
      g_string_append_printf (heard, "%u ", type);
      g_mutex_unlock (&lock);
    }
  } else {
    server_hold (io);
  }
}

typedef struct {
  Server *server;
  SpiceSession *session;
  unsigned n_disconnected, n_new, n_destroyed;
} Case;

static void
count (gpointer object, unsigned *counter)
{
  (*counter)++;
}

static void
count_channel (gpointer object, SpiceChannel *channel, unsigned *counter)
{
  (*counter)++;
}

static void
case_init (Case *self)
{
  *self = (Case){ .server = server_new (serve, NULL) };
  heard = g_string_new (NULL);
  self->session = client_session (self->server);
  g_signal_connect (self->session, "disconnected", G_CALLBACK (count), &self->n_disconnected);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (count_channel), &self->n_new);
  g_signal_connect (self->session, "channel-destroy", G_CALLBACK (count_channel), &self->n_destroyed);
}

static void
case_clear (Case *self)
{
  client_end (self->session);
  server_free (self->server);
  g_string_free (heard, TRUE);
}

static SpiceInputsChannel *
inputs_of (Case *self)
{
  return SPICE_INPUTS_CHANNEL (client_channel (self->session, CW_CHANNEL_INPUTS, 0));
}

static bool
inputs_work (gpointer data)
{
  SpiceChannel *inputs = client_channel (((Case *) data)->session, CW_CHANNEL_INPUTS, 0);

  return inputs && cw_channel_is_started (inputs);
}

static void
connect_inputs (Case *self)
{
  g_assert_true (spice_session_connect (self->session));
  client_await (inputs_work, self);
}

static bool
is_disconnected (gpointer data)
{
  return ((Case *) data)->n_disconnected > 0;
}

static bool
heard_release (gpointer data)
{
  bool found;

  g_mutex_lock (&lock);
  found = strstr (heard->str, "102 ") != NULL;
  g_mutex_unlock (&lock);
  return found;
}

/* A key released after spice_session_disconnect () was called is not left down in the guest. */
static void
test_before_disconnect (void)
{
  Case c;

  case_init (&c);
  connect_inputs (&c);
  spice_inputs_channel_key_press (inputs_of (&c), 30);
  spice_session_disconnect (c.session);
  spice_inputs_channel_key_release (inputs_of (&c), 30);
  client_await (is_disconnected, &c);
  client_await (heard_release, NULL);
  case_clear (&c);
}

static void
connect_again (SpiceSession *session, SpiceChannel *channel, bool *refused)
{
  if (*refused)
    return;
  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, "*disconnecting*");
  *refused = !spice_session_connect (session);
  g_test_assert_expected_messages ();
}

/* G7: connecting while a disconnection is carried out. One “disconnected” comes. */
static void
test_connect_in_destroy (void)
{
  Case c;
  bool refused = false;

  case_init (&c);
  connect_inputs (&c);
  g_signal_connect (c.session, "channel-destroy", G_CALLBACK (connect_again), &refused);
  spice_session_disconnect (c.session);
  client_await (is_disconnected, &c);
  client_settle (c.server, 200);
  g_assert_true (refused);
  g_assert_cmpuint (c.n_disconnected, ==, 1);
  g_assert_null (c.session->priv->channels);
  case_clear (&c);
}

/* G7: between spice_session_disconnect () and its execution. */
static void
test_connect_too_early (void)
{
  Case c;

  case_init (&c);
  connect_inputs (&c);
  spice_session_disconnect (c.session);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, "*disconnecting*");
  g_assert_false (spice_session_connect (c.session));
  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, "*disconnecting*");
  g_assert_false (spice_session_open_fd (c.session, -1));
  g_test_assert_expected_messages ();
  client_await (is_disconnected, &c);
  g_assert_cmpuint (c.n_disconnected, ==, 1);
  case_clear (&c);
}

static bool
is_closed (gpointer data)
{
  return !cw_channel_is_running (data);
}

/* The main channel alone, closed and connected again: the other channels come anew. */
static void
test_main_again (void)
{
  Case c;
  SpiceChannel *main;
  gpointer old;

  case_init (&c);
  connect_inputs (&c);
  main = client_channel (c.session, CW_CHANNEL_MAIN, 0);
  old = inputs_of (&c);
  g_object_add_weak_pointer (old, &old);
  spice_channel_disconnect (main, SPICE_CHANNEL_NONE);
  client_await (is_closed, main);
  g_assert_cmpuint (c.n_destroyed, ==, 0);
  g_assert_true (spice_channel_connect (main));
  while (old)
    g_main_context_iteration (NULL, TRUE);
  client_await (inputs_work, &c);
  g_assert_true (client_channel (c.session, CW_CHANNEL_MAIN, 0) == main);
  g_assert_cmpuint (c.n_destroyed, ==, 1);
  case_clear (&c);
}

/* I7: between spice_channel_disconnect () and CLOSED nothing complains, and nothing is sent. */
static void
test_inputs_after_disconnect (void)
{
  Case c;
  SpiceInputsChannel *inputs;

  case_init (&c);
  connect_inputs (&c);
  inputs = inputs_of (&c);
  spice_inputs_channel_position (inputs, 3, 4, -1, 0);
  spice_channel_disconnect (SPICE_CHANNEL (inputs), SPICE_CHANNEL_NONE);
  spice_inputs_channel_key_press (inputs, 30);
  spice_inputs_channel_key_release (inputs, 30);
  spice_inputs_channel_key_press_and_release (inputs, 30);
  spice_inputs_channel_motion (inputs, 1, 1, 0);
  spice_inputs_channel_position (inputs, 1, 1, 0, 0);
  spice_inputs_channel_button_press (inputs, 1, 0);
  spice_inputs_channel_button_release (inputs, 1, 0);
  spice_inputs_channel_set_key_locks (inputs, 1);
  client_await (is_closed, inputs);
  client_settle (c.server, 200);
  g_assert_cmpstr (heard->str, ==, "");

  /* G7: afterwards they do. */
  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, "*cw_channel_is_running*");
  spice_inputs_channel_key_press (inputs, 30);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, "*cw_channel_is_running*");
  spice_inputs_channel_motion (inputs, 1, 1, 0);
  g_test_assert_expected_messages ();
  spice_inputs_channel_position (inputs, 1, 1, 0, 0);
  spice_inputs_channel_button_press (inputs, 1, 0);
  case_clear (&c);
}

static bool
has_sixteen (gpointer data)
{
  return ((Case *) data)->n_new >= 17;
}

static void
test_many_displays (void)
{
  Case c;

  n_listed = 40;
  case_init (&c);
  g_assert_true (spice_session_connect (c.session));
  client_await (has_sixteen, &c);
  client_settle (c.server, 200);
  g_assert_cmpuint (c.n_new, ==, 17);
  case_clear (&c);
  n_listed = 0;
}

typedef struct {
  SpiceChannel parent;
} Derived;
typedef struct {
  SpiceChannelClass parent_class;
} DerivedClass;
static GType derived_get_type (void);
G_DEFINE_TYPE (Derived, derived, SPICE_TYPE_CHANNEL)

static void
derived_class_init (DerivedClass *class)
{
  g_assert_nonnull (((SpiceChannelClass *) class)->priv);
}

static void
derived_init (Derived *self)
{
}

/* A program's own class of channels. */
static void
test_derived_class (void)
{
  g_autoptr (SpiceSession) session = spice_session_new ();
  SpiceChannel *channel
      = g_object_new (derived_get_type (), "spice-session", session, "channel-type", 9, "channel-id", 1, NULL);

  g_assert_cmpint (cw_channel_type (channel), ==, 9);
  spice_session_disconnect (session);
}

static void
read_caps (PeerIo *io, gpointer data)
{
  uint8_t header[16], body[512];
  size_t size;

  if (!peer_read (io, header, sizeof header))
    return;
  size = header[12] | (size_t) header[13] << 8;
  if (size > sizeof body || !peer_read (io, body, size))
    return;
  g_mutex_lock (&lock);
  common_caps = body[18] | (uint32_t) body[19] << 8;
  g_mutex_unlock (&lock);
}

static void
set_flag (SpiceChannel *channel, SpiceChannelEvent event, bool *flag)
{
  *flag = true;
}

static bool
is_set (gpointer data)
{
  return *(bool *) data;
}

static uint32_t
announced_caps (void)
{
  Server *server = server_new (read_caps, NULL);
  SpiceSession *session = client_session (server);
  bool failed = false;

  g_assert_true (spice_session_connect (session));
  g_signal_connect (client_channel (session, CW_CHANNEL_MAIN, 0), "channel-event", G_CALLBACK (set_flag), &failed);
  client_await (is_set, &failed);
  client_end (session);
  server_free (server);
  return common_caps;
}

/* G10 */
static void
test_environment_of_caps (void)
{
  g_assert_cmphex (announced_caps () & 8, ==, 8);
  g_setenv ("SPICE_COMMON_CAP_MINI_HEADER", "1", TRUE);
  g_assert_cmphex (announced_caps () & 8, ==, 8);
  g_setenv ("SPICE_COMMON_CAP_MINI_HEADER", "0", TRUE);
  g_assert_cmphex (announced_caps () & 8, ==, 0);
  g_unsetenv ("SPICE_COMMON_CAP_MINI_HEADER");
}

/* G7: what is only read or was never connected. */
static void
test_misuse (void)
{
  g_autoptr (SpiceSession) session = spice_session_new ();
  SpiceChannel *main = spice_channel_new (session, CW_CHANNEL_MAIN, 0);
  g_autofree char *uri = NULL, *proxy = NULL;

  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, "*fd >= -1*");
  g_assert_false (spice_session_open_fd (session, -2));
  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, "*fd >= -1*");
  g_assert_false (spice_channel_open_fd (main, -2));
  g_test_assert_expected_messages ();
  spice_channel_disconnect (main, SPICE_CHANNEL_ERROR_IO);
  g_object_get (session, "uri", &uri, "proxy", &proxy, NULL);
  g_assert_null (uri);
  g_assert_null (proxy);
  g_assert_null (spice_channel_new (session, 77, 0));
  g_assert_null (spice_channel_get_error (main));
  g_assert_false (spice_channel_test_capability (main, 0));
  g_assert_false (spice_channel_test_common_capability (main, 3));
  spice_session_disconnect (session);
}

static bool
is_main_started (gpointer data)
{
  SpiceChannel *channel = client_channel (((Case *) data)->session, CW_CHANNEL_MAIN, 0);

  return channel && cw_channel_is_started (channel);
}

/* A program that has closed its standard input may get a socket of that number. */
static void
test_descriptor_zero (void)
{
  Case c;
  int kept = dup (0), fd;

  case_init (&c);
  fd = server_socket (c.server);
  g_assert_cmpint (dup2 (fd, 0), ==, 0);
  close (fd);
  g_assert_true (spice_session_open_fd (c.session, 0));
  client_await (is_main_started, &c);
  case_clear (&c);
  g_assert_cmpint (fcntl (0, F_GETFD), ==, -1);
  dup2 (kept, 0);
  close (kept);
}

/* U2 and the defaults of S1. */
static void
test_defaults (void)
{
  g_autoptr (SpiceSession) session = spice_session_new ();
  g_autofree char *host = NULL, *port = NULL, *tls_port = NULL;
  gboolean audio, usb, smartcard;
  guint verify;
  int protocol;

  g_object_get (session, "host", &host, "port", &port, "tls-port", &tls_port, "verify", &verify, "protocol", &protocol,
                "enable-audio", &audio, "enable-usbredir", &usb, "enable-smartcard", &smartcard, NULL);
  g_assert_cmpstr (host, ==, "localhost");
  g_assert_null (port);
  g_assert_null (tls_port);
  g_assert_cmpuint (verify, ==, SPICE_SESSION_VERIFY_HOSTNAME);
  g_assert_cmpint (protocol, ==, 2);
  g_assert_true (audio && usb && !smartcard);
}

/* S25: what the library has chosen is to be read after INIT, and stays. */
static void
test_caches (void)
{
  Case c;
  int cache, window;

  case_init (&c);
  connect_inputs (&c);
  g_object_get (c.session, "cache-size", &cache, "glz-window-size", &window, NULL);
  g_assert_cmpint (cache, ==, 80 * 1024 * 1024);
  g_assert_cmpint (window, ==, 12 * 1024 * 1024);
  case_clear (&c);
}

/* C14: the bytes read are counted over all connections of a channel. */
static void
test_bytes (void)
{
  Case c;
  SpiceChannel *main;
  gulong before, after;

  case_init (&c);
  connect_inputs (&c);
  main = client_channel (c.session, CW_CHANNEL_MAIN, 0);
  g_object_get (main, "total-read-bytes", &before, NULL);
  g_assert_cmpuint (before, >, 0);
  spice_channel_disconnect (main, SPICE_CHANNEL_NONE);
  g_object_get (main, "total-read-bytes", &after, NULL);
  g_assert_cmpuint (after, ==, before);
  client_await (is_closed, main);
  g_assert_true (spice_channel_connect (main));
  while (!cw_channel_is_started (main))
    g_main_context_iteration (NULL, TRUE);
  g_object_get (main, "total-read-bytes", &after, NULL);
  g_assert_cmpuint (after, >, before);
  case_clear (&c);
}

static void
count_notify (GObject *object, GParamSpec *pspec, unsigned *counter)
{
  (*counter)++;
}

/* Z3, Z4: the address of a proxy as an object. */
static void
test_proxy_object (void)
{
  g_autoptr (SpiceSession) session = spice_session_new ();
  g_autofree char *text = NULL, *no_password = NULL, *nobody = NULL, *nothing = NULL;
  unsigned n_notified = 0, port = 0;
  SpiceURI *uri;

  g_assert_null (spice_session_get_proxy_uri (session));
  g_object_set (session, "proxy", "https://us%20er:pw@[::1]", NULL);
  uri = spice_session_get_proxy_uri (session);
  /* Its own text may be given back. */
  spice_uri_set_hostname (uri, spice_uri_get_hostname (uri));
  g_signal_connect (uri, "notify", G_CALLBACK (count_notify), &n_notified);
  g_assert_cmpstr (spice_uri_get_scheme (uri), ==, "https");
  g_assert_cmpstr (spice_uri_get_hostname (uri), ==, "::1");
  g_assert_cmpuint (spice_uri_get_port (uri), ==, 3129);
  g_object_get (uri, "port", &port, NULL);
  g_assert_cmpuint (port, ==, 3129);
  g_assert_cmpstr (spice_uri_get_user (uri), ==, "us er");
  g_assert_cmpstr (spice_uri_get_password (uri), ==, "pw");
  text = spice_uri_to_string (uri);
  g_assert_cmpstr (text, ==, "https://us%20er:pw@[::1]:3129");
  spice_uri_set_scheme (uri, "http");
  spice_uri_set_hostname (uri, "h");
  spice_uri_set_port (uri, 8080);
  spice_uri_set_user (uri, "u");
  spice_uri_set_password (uri, NULL);
  g_assert_cmpuint (n_notified, ==, 5);
  no_password = spice_uri_to_string (uri);
  g_assert_cmpstr (no_password, ==, "http://u@h:8080");
  spice_uri_set_user (uri, NULL);
  nobody = spice_uri_to_string (uri);
  g_assert_cmpstr (nobody, ==, "http://h:8080");
  spice_uri_set_hostname (uri, NULL);
  nothing = spice_uri_to_string (uri);
  g_assert_null (nothing);
  g_test_expect_message ("GSpice", G_LOG_LEVEL_CRITICAL, "*SPICE_IS_URI*");
  g_assert_null (spice_uri_get_user (NULL));
  g_test_assert_expected_messages ();
}

static void
serve_damaged_list (PeerIo *io, gpointer data)
{
  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  server_send_bytes (io, CW_MSG_MAIN_CHANNELS_LIST, "\xff\xff", 2);
  server_hold (io);
}

static void
keep_error (SpiceChannel *channel, SpiceChannelEvent event, GError **error)
{
  if (event == SPICE_CHANNEL_ERROR_IO)
    *error = g_error_copy (spice_channel_get_error (channel));
}

static bool
has_error (gpointer data)
{
  return *(GError **) data != NULL;
}

/* G: errors are sentences fit for a dialog, with what is known behind them. */
static void
test_error_text (void)
{
  Server *server = server_new (serve_damaged_list, NULL);
  SpiceSession *session = client_session (server);
  g_autoptr (GError) error = NULL;

  g_assert_true (spice_session_connect (session));
  g_signal_connect (client_channel (session, CW_CHANNEL_MAIN, 0), "channel-event", G_CALLBACK (keep_error), &error);
  client_await (has_error, &error);
  g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_true (g_str_has_prefix (error->message, "The server sent a damaged message. (main: channels-list"));
  client_end (session);
  server_free (server);
}

static void
expect_error (const char *beginning)
{
  Server *server = server_new (serve_damaged_list, NULL);
  SpiceSession *session = client_session (server);
  g_autoptr (GError) error = NULL;

  g_assert_true (spice_session_connect (session));
  g_signal_connect (client_channel (session, CW_CHANNEL_MAIN, 0), "channel-event", G_CALLBACK (keep_error), &error);
  client_await (has_error, &error);
  g_assert_true (g_str_has_prefix (error->message, beginning));
  client_end (session);
  server_free (server);
}

/* In the language of the program, from texts of the library's own domain, whatever the program's is. */
static void
test_translated (void)
{
  if (!g_test_subprocess ()) {
    g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed ();
    return;
  }
  expect_error ("The server sent a damaged message. (main: channels-list");
  g_assert_cmpstr (bindtextdomain ("caraway", NULL), ==, CW_LOCALE_DIR);
  bindtextdomain ("caraway", TRANSLATIONS);
  textdomain ("another");
  g_setenv ("LANGUAGE", "de", TRUE);
  g_assert_nonnull (setlocale (LC_ALL, "C.UTF-8"));
  expect_error ("Der Server hat eine beschädigte Nachricht geschickt. (main: channels-list");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_setenv ("LC_ALL", "C", TRUE);
  g_test_add_func ("/contract/before-disconnect", test_before_disconnect);
  g_test_add_func ("/contract/G7/connect-in-destroy", test_connect_in_destroy);
  g_test_add_func ("/contract/G7/connect-too-early", test_connect_too_early);
  g_test_add_func ("/contract/G7/misuse", test_misuse);
  g_test_add_func ("/contract/G10/environment-of-caps", test_environment_of_caps);
  g_test_add_func ("/contract/S1/defaults", test_defaults);
  g_test_add_func ("/contract/S25/caches", test_caches);
  g_test_add_func ("/contract/Z3-Z4/proxy", test_proxy_object);
  g_test_add_func ("/contract/C14/bytes", test_bytes);
  g_test_add_func ("/contract/G/error-text", test_error_text);
  g_test_add_func ("/contract/G/error-translated", test_translated);
  g_test_add_func ("/contract/main-again", test_main_again);
  g_test_add_func ("/contract/I7/inputs-after-disconnect", test_inputs_after_disconnect);
  g_test_add_func ("/contract/descriptor-zero", test_descriptor_zero);
  g_test_add_func ("/contract/many-displays", test_many_displays);
  g_test_add_func ("/contract/derived-class", test_derived_class);
  return g_test_run ();
}
