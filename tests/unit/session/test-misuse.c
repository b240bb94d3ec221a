/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs do that they should not, or too early, or too late; and what is written into their logs. The numbers
 * are those of docs/compatibility.md. */
#include "steps.h"

#include "channel-port.h"
#include "channel-record.h"
#include "session/session.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0, CW_CHANNEL_CURSOR, 0, CW_CHANNEL_PORT, 0 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpiceMainChannel *main;
  SpiceInputsChannel *inputs;
  SpicePortChannel *port;
  GString *told;
} Case;

static void
begin (Case *self)
{
  *self = (Case){ .steps = steps_new (channels, 3, 0), .told = g_string_new (NULL) };
  self->session = steps_session (self->steps, NULL);
  self->main = SPICE_MAIN_CHANNEL (client_channel (self->session, CW_CHANNEL_MAIN, 0));
  self->inputs = SPICE_INPUTS_CHANNEL (client_channel (self->session, CW_CHANNEL_INPUTS, 0));
  self->port = SPICE_PORT_CHANNEL (client_channel (self->session, CW_CHANNEL_PORT, 0));
}

static void
end (Case *self)
{
  steps_end (self->steps, self->session, self->told);
}

typedef struct {
  unsigned n_criticals, n_warnings;
} Complaints;

static void
note_complaint (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  Complaints *self = data;

  if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING))
    g_assert_cmpstr (domain, ==, "GSpice");
  self->n_criticals += (level & G_LOG_LEVEL_CRITICAL) != 0;
  self->n_warnings += (level & G_LOG_LEVEL_WARNING) != 0;
}

/* How much a call complains about; nothing of it is fatal. */
static Complaints
complaints_of (void (*call) (Case *self), Case *self)
{
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  Complaints complaints = { 0, 0 };
  GLogFunc before = g_log_set_default_handler (note_complaint, &complaints);

  call (self);
  g_log_set_default_handler (before, NULL);
  g_log_set_always_fatal (fatal);
  return complaints;
}

static void
expect_complaints (void (*call) (Case *self), Case *self, unsigned n_criticals, unsigned n_warnings)
{
  Complaints complaints = complaints_of (call, self);

  g_assert_cmpuint (complaints.n_criticals, ==, n_criticals);
  g_assert_cmpuint (complaints.n_warnings, ==, n_warnings);
}

static void
note_event (SpiceChannel *channel, SpiceChannelEvent event, GString *told)
{
  g_string_append_printf (told, "event %d; ", event);
}

static void
note_notify (GObject *object, GParamSpec *pspec, GString *told)
{
  g_string_append_printf (told, "%s ", pspec->name);
}

static void
use_keys (Case *self)
{
  spice_inputs_channel_key_press (self->inputs, 30);
  spice_inputs_channel_key_release (self->inputs, 30);
  spice_inputs_channel_key_press_and_release (self->inputs, 30);
  spice_inputs_channel_motion (self->inputs, 1, 2, 0);
}

static void
use_buttons (Case *self)
{
  spice_inputs_channel_position (self->inputs, 3, 4, 0, 0);
  spice_inputs_channel_button_press (self->inputs, 1, 0);
  spice_inputs_channel_button_release (self->inputs, 1, 1);
  spice_inputs_channel_set_key_locks (self->inputs, SPICE_INPUTS_CAPS_LOCK);
}

/* I7: before the first connection, after the last, and while one is being made; what was said of the lock keys is all
 * that is remembered. */
static void
test_not_connected (void)
{
  g_autoptr (SpiceSession) other = spice_session_new ();
  Case c, never = { .session = other };
  CwSlice body;

  never.inputs = SPICE_INPUTS_CHANNEL (spice_channel_new (other, CW_CHANNEL_INPUTS, 0));
  expect_complaints (use_keys, &never, 4, 0);
  expect_complaints (use_buttons, &never, 0, 0);
  spice_session_disconnect (other);

  begin (&c);
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  steps_disconnect (SPICE_CHANNEL (c.inputs));
  expect_complaints (use_keys, &c, 4, 0);
  expect_complaints (use_buttons, &c, 0, 0);
  g_assert_true (spice_channel_connect (SPICE_CHANNEL (c.inputs)));
  expect_complaints (use_keys, &c, 0, 0);
  expect_complaints (use_buttons, &c, 0, 0);
  client_await (steps_works, c.inputs);
  body = steps_next (c.steps, CW_CHANNEL_INPUTS, CW_MSGC_INPUTS_KEY_MODIFIERS)->body;
  g_assert_cmpmem (body.data, body.size, "\4\0", 2);
  steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
  end (&c);
}

/* --- 2.6 misuse ------------------------------------------------------------------------------------------------- */

static void
connect_while_disconnecting (Case *self)
{
  g_assert_false (spice_session_connect (self->session));
  g_assert_false (spice_session_open_fd (self->session, -1));
}

static void
count (gpointer object, unsigned *counter)
{
  (*counter)++;
}

static bool
is_counted (gpointer counter)
{
  return *(unsigned *) counter > 0;
}

static void
misuse_connect (Case *self)
{
  unsigned n_disconnected = 0;

  g_signal_connect (self->session, "disconnected", G_CALLBACK (count), &n_disconnected);
  spice_session_disconnect (self->session);
  expect_complaints (connect_while_disconnecting, self, 2, 0);
  client_await (is_counted, &n_disconnected);
  client_run (20);
  g_assert_cmpuint (n_disconnected, ==, 1);
}

static void
give_bad_descriptors (Case *self)
{
  g_assert_false (spice_session_open_fd (self->session, -2));
  g_assert_false (spice_channel_open_fd (SPICE_CHANNEL (self->inputs), -2));
}

static void
misuse_bad_descriptor (Case *self)
{
  expect_complaints (give_bad_descriptors, self, 2, 0);
}

static int pair[2];

static void
give_descriptor (Case *self)
{
  g_assert_false (spice_channel_open_fd (SPICE_CHANNEL (self->inputs), pair[1]));
}

static void
expect_caller_owns (int fd)
{
  g_assert_cmpint (fcntl (fd, F_GETFD), !=, -1);
  close (fd);
}

static void
misuse_second_descriptor (Case *self)
{
  steps_disconnect (SPICE_CHANNEL (self->inputs));
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
  g_assert_true (spice_channel_open_fd (SPICE_CHANNEL (self->inputs), pair[0]));
  expect_complaints (give_descriptor, self, 1, 0);
  expect_caller_owns (pair[1]);
}

static void
misuse_late_descriptor (Case *self)
{
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
  expect_complaints (give_descriptor, self, 0, 1);
  expect_caller_owns (pair[0]);
  expect_caller_owns (pair[1]);
  steps_heard_all (self->steps, CW_CHANNEL_INPUTS);
}

static void
connect_again (Case *self)
{
  g_assert_true (spice_channel_connect (SPICE_CHANNEL (self->inputs)));
}

static void
misuse_connected_already (Case *self)
{
  g_signal_connect (self->inputs, "channel-event", G_CALLBACK (note_event), self->told);
  expect_complaints (connect_again, self, 0, 0);
  steps_expect_told (self->steps, CW_CHANNEL_INPUTS, self->told, "");
}

static void
disconnect_with_reason (Case *self)
{
  spice_channel_disconnect (SPICE_CHANNEL (self->inputs), SPICE_CHANNEL_ERROR_IO);
}

static void
misuse_disconnected_already (Case *self)
{
  steps_disconnect (SPICE_CHANNEL (self->inputs));
  g_signal_connect (self->inputs, "channel-event", G_CALLBACK (note_event), self->told);
  expect_complaints (disconnect_with_reason, self, 0, 0);
  client_run (20);
  g_assert_cmpstr (self->told->str, ==, "");
}

static void
ask_absent_agent (Case *self)
{
  g_assert_false (spice_main_channel_send_monitor_config (self->main));
  spice_main_channel_clipboard_selection_request (self->main, 0, 1);
  spice_main_channel_clipboard_selection_notify (self->main, 0, 1, (const guchar *) "x", 1);
}

static void
tell_absent_agent (Case *self)
{
  guint32 types[] = { 1 };

  spice_main_channel_clipboard_selection_grab (self->main, 0, types, 1);
  spice_main_channel_clipboard_selection_release (self->main, 0);
}

static void
misuse_no_agent (Case *self)
{
  steps_skip_all (self->steps, CW_CHANNEL_MAIN);
  expect_complaints (ask_absent_agent, self, 3, 0);
  expect_complaints (tell_absent_agent, self, 0, 0);
  steps_heard_all (self->steps, CW_CHANNEL_MAIN);
}

static void
update_bad_displays (Case *self)
{
  spice_main_channel_update_display (self->main, 16, 0, 0, 640, 480, TRUE);
  spice_main_channel_update_display (self->main, -1, 0, 0, 640, 480, TRUE);
  spice_main_channel_update_display (self->main, 0, -1, 0, 640, 480, TRUE);
  spice_main_channel_update_display (self->main, 0, 0, -1, 640, 480, TRUE);
  spice_main_channel_update_display (self->main, 0, 0, 0, -1, 480, TRUE);
  spice_main_channel_update_display (self->main, 0, 0, 0, 640, -1, TRUE);
  spice_main_channel_update_display_mm (self->main, 16, 300, 200, TRUE);
  spice_main_channel_update_display_enabled (self->main, 16, TRUE, TRUE);
  spice_main_channel_update_display_enabled (self->main, -2, TRUE, TRUE);
}

static void
update_all_displays (Case *self)
{
  spice_main_channel_update_display_enabled (self->main, -1, FALSE, FALSE);
}

static void
misuse_displays (Case *self)
{
  expect_complaints (update_bad_displays, self, 9, 0);
  expect_complaints (update_all_displays, self, 0, 0);
}

static void
tell_server_events (Case *self)
{
  spice_port_channel_event (self->port, 0);
  spice_port_channel_event (self->port, 1);
}

static void
note_failed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  Case *self = data;

  if (SPICE_IS_PORT_CHANNEL (source))
    g_assert_cmpint (spice_port_channel_write_finish (SPICE_PORT_CHANNEL (source), result, &error), ==, -1);
  else
    g_assert_false (spice_channel_flush_finish (SPICE_CHANNEL (source), result, &error));
  g_string_append_printf (self->told, "%s %d; ", g_quark_to_string (error->domain), error->code);
}

static void
write_and_flush (Case *self)
{
  spice_port_channel_write_async (self->port, "x", 1, NULL, note_failed, self);
  spice_channel_flush_async (SPICE_CHANNEL (self->inputs), NULL, note_failed, self);
  g_assert_cmpstr (self->told->str, ==, "");
}

#define FAILED_TOLD "spice-client-error-quark 0; "

static bool
have_both_failed (gpointer data)
{
  return g_str_equal (((Case *) data)->told->str, FAILED_TOLD FAILED_TOLD);
}

static void
misuse_port (Case *self)
{
  expect_complaints (tell_server_events, self, 2, 0);
  steps_heard_all (self->steps, CW_CHANNEL_PORT);
  steps_disconnect (SPICE_CHANNEL (self->inputs));
  expect_complaints (write_and_flush, self, 0, 0);
  client_await (have_both_failed, self);
  g_string_truncate (self->told, 0);
  steps_heard_all (self->steps, CW_CHANNEL_PORT);
}

static void
read_unset (Case *self)
{
  g_autoptr (SpiceSession) session = spice_session_new ();
  g_autofree char *uri = NULL, *proxy = NULL;

  g_object_get (session, "uri", &uri, "proxy", &proxy, NULL);
  g_assert_null (uri);
  g_assert_null (proxy);
  spice_session_disconnect (session);
}

static void
misuse_unset (Case *self)
{
  expect_complaints (read_unset, self, 0, 0);
}

static void
set_read_only (Case *self)
{
  SpiceChannel *record = spice_channel_new (self->session, CW_CHANNEL_RECORD, 0);
  guint n_channels;

  g_object_set (record, "nchannels", 7, NULL);
  g_object_get (record, "nchannels", &n_channels, NULL);
  g_assert_cmpuint (n_channels, !=, 7);
  g_signal_connect (record, "notify", G_CALLBACK (note_notify), self->told);
  g_object_set (record, "mute", TRUE, NULL);
  g_object_set (record, "volume", NULL, NULL);
  g_assert_cmpstr (self->told->str, ==, "mute volume ");
  g_string_truncate (self->told, 0);
  spice_channel_disconnect (record, SPICE_CHANNEL_NONE);
}

static void
misuse_sound (Case *self)
{
  expect_complaints (set_read_only, self, 0, 1);
}

typedef struct {
  const char *path;
  void (*call) (Case *self);
} Misuse;

static const Misuse misuses[] = {
  { "connect-while-disconnecting", misuse_connect },
  { "descriptor-below", misuse_bad_descriptor },
  { "descriptor-twice", misuse_second_descriptor },
  { "descriptor-connected", misuse_late_descriptor },
  { "connected-already", misuse_connected_already },
  { "disconnected-already", misuse_disconnected_already },
  { "no-agent", misuse_no_agent },
  { "displays", misuse_displays },
  { "port", misuse_port },
  { "unset", misuse_unset },
  { "sound", misuse_sound },
};

static void
test_misuse (gconstpointer data)
{
  const Misuse *misuse = data;
  Case c;

  begin (&c);
  misuse->call (&c);
  end (&c);
}

/* --- 2.7 logging ------------------------------------------------------------------------------------------------ */

/* What G_MESSAGES_DEBUG is after debugging was switched on, and off again. */
static void
check_domains (const char *before, const char *expected)
{
  if (before)
    g_setenv ("G_MESSAGES_DEBUG", before, TRUE);
  else
    g_unsetenv ("G_MESSAGES_DEBUG");
  spice_util_set_debug (TRUE);
  g_assert_true (spice_util_get_debug ());
  g_assert_cmpstr (g_getenv ("G_MESSAGES_DEBUG"), ==, expected);
  spice_util_set_debug (FALSE);
  g_assert_false (spice_util_get_debug ());
  g_assert_cmpstr (g_getenv ("G_MESSAGES_DEBUG"), ==, expected);
}

static void
test_debug_domains (void)
{
  if (!g_test_subprocess ()) {
    g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed ();
    return;
  }
  check_domains (NULL, "GSpice");
  check_domains ("all", "all");
  check_domains ("Other", "Other GSpice");
  check_domains ("Other GSpice", "Other GSpice");
}

/* A password in a URI may be read by others: the program is told, and not what it is. */
static void
note_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  g_assert_cmpstr (domain, ==, "GSpice");
  g_assert_cmpint (level & G_LOG_LEVEL_MASK, ==, G_LOG_LEVEL_WARNING);
  g_assert_null (strstr (message, "open-sesame"));
  ++*(unsigned *) data;
}

static void
test_password_warning (void)
{
  g_autoptr (SpiceSession) session = spice_session_new ();
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  unsigned n = 0;
  GLogFunc before = g_log_set_default_handler (note_warning, &n);

  g_object_set (session, "uri", "spice://h:1?password=open-sesame", NULL);
  g_log_set_default_handler (before, NULL);
  g_log_set_always_fatal (fatal);
  g_assert_cmpuint (n, ==, 1);
  spice_session_disconnect (session);
}

static void
send_much_nonsense (Case *self)
{
  SpiceChannel *inputs = SPICE_CHANNEL (self->inputs);

  for (unsigned i = 0; i < 1000; i++) {
    steps_send_bytes (self->steps, CW_CHANNEL_INPUTS, CW_MSG_NOTIFY, "x", 1);         /* damaged */
    steps_send_bytes (self->steps, CW_CHANNEL_INPUTS, (uint16_t) (2000 + i), "x", 1); /* unknown */
    steps_send_bytes (self->steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_SET, "x", 1);
    if (i % 50 == 0) {
      steps_skip_all (self->steps, CW_CHANNEL_INPUTS);
      steps_skip_all (self->steps, CW_CHANNEL_CURSOR);
    }
  }
  steps_send_bytes (self->steps, CW_CHANNEL_INPUTS, CW_MSG_WAIT_FOR_CHANNELS, "\377", 1);
  client_await (steps_is_closed, inputs);
}

/* However much a server sends that makes no sense. */
static void
test_bounded_log (void)
{
  Complaints complaints;
  Case c;

  begin (&c);
  complaints = complaints_of (send_much_nonsense, &c);
  g_assert_cmpuint (complaints.n_criticals, ==, 0);
  g_assert_cmpuint (complaints.n_warnings, <=, 10);
  end (&c);
}

/* Disposing of channels by force, as the collectors of some languages do it. */

static void
connect_when_closed (SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
  if (event == SPICE_CHANNEL_CLOSED)
    spice_channel_connect (channel);
}

static void
note_disconnected (SpiceSession *session, unsigned *n)
{
  ++*n;
}

static bool
is_told (gpointer n)
{
  return *(unsigned *) n > 0;
}

typedef enum { WHILE_CONNECTING, WHILE_CONNECTED, CONNECTED_AGAIN } When;

static void
dispose_of_all (SpiceSession *session)
{
  GList *all = spice_session_get_channels (session);

  for (GList *at = all; at; at = at->next) {
    g_object_run_dispose (at->data);
    g_assert_true (steps_is_closed (at->data));
    g_assert_false (spice_channel_connect (at->data));
  }
  g_list_free (all);
}

/* Connections end at once, and the session's end is told as ever. */
static void
test_disposed (gconstpointer data)
{
  static const uint8_t all[] = { CW_CHANNEL_DISPLAY, 0, CW_CHANNEL_INPUTS,   0, CW_CHANNEL_CURSOR, 0,
                                 CW_CHANNEL_RECORD,  0, CW_CHANNEL_USBREDIR, 0, CW_CHANNEL_PORT,   0 };
  When when = (When) GPOINTER_TO_INT (data);
  g_autoptr (GString) told = g_string_new (NULL);
  Steps *steps = steps_new (all, G_N_ELEMENTS (all) / 2, 0);
  SpiceSession *session = steps_session (steps, NULL);
  SpiceChannel *main = client_channel (session, CW_CHANNEL_MAIN, 0);
  unsigned n_disconnected = 0;

  g_signal_connect (session, "disconnected", G_CALLBACK (note_disconnected), &n_disconnected);
  if (when == WHILE_CONNECTING) {
    GList *list = spice_session_get_channels (session);

    for (GList *at = list; at; at = at->next)
      if (at->data != main) {
        steps_disconnect (at->data);
        g_assert_true (spice_channel_connect (at->data));
      }
    g_list_free (list);
  } else {
    g_signal_connect (main, "channel-event", G_CALLBACK (note_event), told);
    if (when == CONNECTED_AGAIN)
      g_signal_connect (main, "channel-event", G_CALLBACK (connect_when_closed), NULL);
  }
  dispose_of_all (session);
  if (when != WHILE_CONNECTING)
    g_assert_cmpstr (told->str, ==, "event 12; ");
  client_run (50);
  spice_session_disconnect (session);
  client_await (is_told, &n_disconnected);
  g_assert_cmpuint (n_disconnected, ==, 1);
  steps_end (steps, session, g_string_new (NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/misuse/I7-not-connected", test_not_connected);
  for (unsigned i = 0; i < G_N_ELEMENTS (misuses); i++) {
    g_autofree char *path = g_strdup_printf ("/misuse/2.6-G7/%s", misuses[i].path);

    g_test_add_data_func (path, &misuses[i], test_misuse);
  }
  g_test_add_data_func ("/misuse/disposed/connecting", GINT_TO_POINTER (WHILE_CONNECTING), test_disposed);
  g_test_add_data_func ("/misuse/disposed/connected", GINT_TO_POINTER (WHILE_CONNECTED), test_disposed);
  g_test_add_data_func ("/misuse/disposed/connected-again", GINT_TO_POINTER (CONNECTED_AGAIN), test_disposed);
  g_test_add_func ("/misuse/2.7-domains", test_debug_domains);
  g_test_add_func ("/misuse/2.7-password", test_password_warning);
  g_test_add_func ("/misuse/2.7-bounded", test_bounded_log);
  return g_test_run ();
}
