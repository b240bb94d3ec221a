/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway record: keeps what a server says on all channels. */
#include "commands.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

static gboolean
on_signal (gpointer data)
{
  *(bool *) data = true;
  return G_SOURCE_CONTINUE;
}

typedef struct {
  const char *path;
  GError *problem; /* why the recording did not begin */
} Begin;

static void
connect_channel (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    spice_channel_connect (channel);
}

/* Before the session connects, so that nothing is missed. */
static void
begin (SpiceSession *session, gpointer data)
{
  Begin *self = data;

  spice_session_start_recording (session, self->path, &self->problem);
  g_signal_connect (session, "channel-new", G_CALLBACK (connect_channel), NULL);
}

static bool
fail_file (GError *problem, GError **error)
{
  g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s", problem->message);
  g_error_free (problem);
  return false;
}

typedef struct {
  gint64 end_us; /* 0: none */
  bool stop;
} Wait;

static bool
is_over (gpointer data)
{
  const Wait *wait = data;

  return wait->stop || (wait->end_us > 0 && g_get_monotonic_time () >= wait->end_us);
}

/* Until the time is up, somebody stops it, or the connection ends. */
static bool
record_all (Client *client, double seconds, GError **error)
{
  Wait wait = { .end_us = seconds > 0 ? g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC) : 0 };
  guint interrupt = g_unix_signal_add (SIGINT, on_signal, &wait.stop);
  guint terminate = g_unix_signal_add (SIGTERM, on_signal, &wait.stop);
  bool ok;

  ok = client_run (client, is_over, &wait, error);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  return ok;
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  double seconds = 0;
  const GOptionEntry entries[] = {
    { "for", 'f', 0, G_OPTION_ARG_DOUBLE, &seconds, "Stop after this many seconds (default: when interrupted)",
      "SECONDS" },
    { NULL },
  };
  Begin recording = { 0 };
  SpiceSession *session;
  GError *problem = NULL;
  bool ok;

  if (!command_parse (
          &command_record, client, entries,
          "Records until it is interrupted (Ctrl-C), the time is up, or the server ends the session. Nothing\n"
          "that is sent to the server is in the file, and no password; the guest's screen is.",
          &argc, &argv, 2, 2, error))
    return false;
  recording.path = argv[2];
  client_on_session (client, begin, &recording);
  ok = client_connect (client, argv[1], error);
  if (recording.problem) {
    g_clear_error (error);
    return fail_file (recording.problem, error);
  }
  ok = ok && record_all (client, seconds, error);
  session = client_session (client);
  spice_session_disconnect (session);
  if (spice_session_stop_recording (session, &problem))
    return ok;
  g_clear_error (error);
  return fail_file (problem, error);
}

const Command command_record = {
  .name = "record",
  .arguments = "[OPTION…] URI FILE",
  .summary = "Record what the server sends into a file",
  .run = run,
};
