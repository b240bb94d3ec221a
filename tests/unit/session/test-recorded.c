/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session that keeps what its server says: the file, and the ways in which there is none. */
#include "steps.h"

#include "recording/inspect.h"
#include "recording/reader.h"
#include "spice-client.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const uint8_t channels[] = { CW_CHANNEL_CURSOR, 0 };

static char *folder, *path;

static void
start (SpiceSession *session)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (spice_session_start_recording (session, path, &error));
  g_assert_no_error (error);
}

/* What the recording has, for people. */
static char *
read_all (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (CwRecording) recording = cw_recording_open (path, &error);
  g_autoptr (CwInspector) inspector = cw_inspector_new ();
  g_auto (CwRecordIter) iter;
  GString *text = g_string_new (NULL);
  CwRecord record;

  g_assert_no_error (error);
  cw_record_iter_init (&iter, recording);
  while (cw_record_iter_next (&iter, &record, &error))
    cw_inspector_add (inspector, &record, text);
  g_assert_no_error (error);
  return g_string_free (text, FALSE);
}

static void
test_recorded (void)
{
  Steps *steps = steps_new (channels, 1, 0);
  SpiceSession *session = steps_session (steps, start);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  steps_send (steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_INIT,
              &(CwMsgCursorInit){ .cursor = { .flags = CW_CURSOR_FLAG_NONE } });
  steps_send (steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 4321, 2 });
  steps_heard_all (steps, CW_CHANNEL_CURSOR);
  g_assert_true (spice_session_stop_recording (session, &error));
  g_assert_no_error (error);
  steps_send (steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 1234, 2 });
  steps_heard_all (steps, CW_CHANNEL_CURSOR);
  text = read_all ();
  g_assert_nonnull (strstr (text, "main"));
  g_assert_nonnull (strstr (text, "x = 4321\n"));
  g_assert_null (strstr (text, "x = 1234\n"));
  /* There is none any more, which is no failure. */
  g_assert_true (spice_session_stop_recording (session, &error));
  client_end (session);
  steps_free (steps);
}

/* The file is whole when the session has gone, and when another recording begins. */
static void
test_ended (void)
{
  Steps *steps = steps_new (channels, 1, 0);
  SpiceSession *session = steps_session (steps, start);
  g_autofree char *text = NULL, *other = g_build_filename (folder, "other", NULL);

  steps_heard_all (steps, CW_CHANNEL_CURSOR);
  g_assert_true (spice_session_start_recording (session, other, NULL));
  text = read_all ();
  g_assert_nonnull (strstr (text, "main"));
  client_end (session);
  steps_free (steps);
  g_assert_true (g_file_test (other, G_FILE_TEST_IS_REGULAR));
  g_remove (other);
}

/* A channel's end is in it too. */
static void
test_closed (void)
{
  Steps *steps = steps_new (channels, 1, 0);
  SpiceSession *session = steps_session (steps, start);
  g_autofree char *text = NULL;

  steps_heard_all (steps, CW_CHANNEL_CURSOR);
  spice_channel_disconnect (client_channel (session, CW_CHANNEL_CURSOR, 0), SPICE_CHANNEL_CLOSED);
  while (cw_channel_is_ready (client_channel (session, CW_CHANNEL_CURSOR, 0)))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (spice_session_stop_recording (session, NULL));
  text = read_all ();
  g_assert_nonnull (strstr (text, "closed"));
  client_end (session);
  steps_free (steps);
}

/* Two PINGs, as a message of their own: a list of them, whose header may be a full one. */
static void
send_list (PeerIo *io, bool full)
{
  static const uint8_t header[18] = { 1, 0, 0, 0, 0, 0, 0, 0, CW_MSG_LIST, 0, 46 };
  uint8_t list[46] = { 2, 0, 10, 0, 0, 0, 28 };

  for (unsigned at = 10; at <= 28; at += 18) {
    list[at] = CW_MSG_PING;
    list[at + 2] = 12;
  }
  if (full && peer_write (io, header, sizeof header))
    peer_write (io, list, sizeof list);
  else if (!full)
    server_send_bytes (io, CW_MSG_LIST, list, sizeof list);
}

static void
serve_list (PeerIo *io, gpointer full)
{
  PeerLink link = PEER_LINK_INIT;

  if (full)
    link.common_caps = 0x03;
  if (peer_link (io, &link))
    send_list (io, full != NULL);
}

static bool
has_ended (gpointer session)
{
  return !cw_channel_is_active (client_channel (session, CW_CHANNEL_MAIN, 0));
}

static unsigned
count (const char *text, const char *what)
{
  unsigned n = 0;

  for (; (text = strstr (text, what)); text++)
    n++;
  return n;
}

/* Each message once: a list with what is in it, or only that. */
static void
test_list (gconstpointer full)
{
  Server *server = server_new (serve_list, (gpointer) full);
  SpiceSession *session = client_session (server);
  g_autofree char *text = NULL;

  start (session);
  g_assert_true (spice_session_connect (session));
  client_await (has_ended, session);
  g_assert_true (spice_session_stop_recording (session, NULL));
  text = read_all ();
  g_test_message ("%s", text);
  g_assert_cmpuint (count (text, " list, "), ==, full ? 0 : 1);
  g_assert_cmpuint (count (text, " ping, "), ==, 2);
  client_end (session);
  server_free (server);
}

static void
test_refused (void)
{
  SpiceSession *session = spice_session_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *nowhere = g_build_filename (folder, "no", "file", NULL);

  g_assert_false (spice_session_start_recording (session, nowhere, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_true (spice_session_stop_recording (session, NULL));
  g_object_unref (session);
}

static struct rlimit usual_limit;

static void
fill_disk (SpiceSession *session)
{
  struct rlimit limit;

  start (session);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &usual_limit), ==, 0);
  limit = usual_limit;
  limit.rlim_cur = 1;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* A disk that is full is told: by stopping, or when the session goes. */
static void
test_full_disk (gconstpointer stops)
{
  Steps *steps = steps_new (channels, 1, 0);
  SpiceSession *session = steps_session (steps, fill_disk);
  g_autoptr (GError) error = NULL;

  steps_heard_all (steps, CW_CHANNEL_CURSOR);
  if (stops) {
    g_assert_false (spice_session_stop_recording (session, &error));
    g_assert_nonnull (error);
    g_assert_true (g_str_has_prefix (error->message, "The recording cannot be written"));
    client_end (session);
  } else {
    g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "The recording cannot be written*");
    client_end (session);
    g_test_assert_expected_messages ();
  }
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &usual_limit), ==, 0);
  steps_free (steps);
}

static gint refuses_memory;

/* In the place of GLib's, for what is linked into this program. */
gpointer
g_try_malloc (gsize size)
{
  return g_atomic_int_get (&refuses_memory) ? NULL : malloc (size);
}

/* What a program is told is of a domain that it knows. */
static void
test_no_memory (void)
{
  Steps *steps = steps_new (channels, 1, 0);
  SpiceSession *session = steps_session (steps, start);
  g_autoptr (GError) error = NULL;

  steps_heard_all (steps, CW_CHANNEL_CURSOR);
  g_atomic_int_set (&refuses_memory, 1);
  g_assert_false (spice_session_stop_recording (session, &error));
  g_atomic_int_set (&refuses_memory, 0);
  g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_true (g_str_has_prefix (error->message, "The recording: no memory"));
  client_end (session);
  steps_free (steps);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  signal (SIGXFSZ, SIG_IGN);
  folder = g_dir_make_tmp ("caraway-recorded-XXXXXX", NULL);
  path = g_build_filename (folder, "file", NULL);
  g_test_add_func ("/recorded/recorded", test_recorded);
  g_test_add_func ("/recorded/ended", test_ended);
  g_test_add_func ("/recorded/closed", test_closed);
  g_test_add_data_func ("/recorded/list/mini-headers", NULL, test_list);
  g_test_add_data_func ("/recorded/list/full-headers", "", test_list);
  g_test_add_func ("/recorded/refused", test_refused);
  g_test_add_func ("/recorded/no-memory", test_no_memory);
  g_test_add_data_func ("/recorded/full-disk/stopped", "", test_full_disk);
  g_test_add_data_func ("/recorded/full-disk/dropped", NULL, test_full_disk);
  result = g_test_run ();
  g_remove (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  g_free (path);
  g_free (folder);
  return result;
}
