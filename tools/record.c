/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway record: keeps what a server says on all channels. */
#include "commands.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

typedef struct {
  const char *path;
  SpiceSession *session; /* NULL: the recording has not begun */
  gint64 end_us;         /* 0: none */
  bool stop;
  guint signals[2];
} Recording;

/* As long as the server has listed no channel there is nothing to keep, and the signal does what it does otherwise. */
static void
interrupt (Recording *self, int number)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  self->stop = true;
  if (channels && channels->next)
    return;
  signal (number, SIG_DFL);
  raise (number);
}

static gboolean
on_interrupt (gpointer data)
{
  interrupt (data, SIGINT);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_terminate (gpointer data)
{
  interrupt (data, SIGTERM);
  return G_SOURCE_CONTINUE;
}

static void
connect_channel (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    spice_channel_connect (channel);
}

static bool
fail_file (GError *problem, GError **error)
{
  g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s", problem->message);
  g_error_free (problem);
  return false;
}

/* Before the session connects, so that nothing is missed, and nothing is asked of the server for a file that cannot be
 * written. */
static bool
begin (SpiceSession *session, gpointer data, GError **error)
{
  Recording *self = data;
  GError *problem = NULL;

  if (!spice_session_start_recording (session, self->path, &problem))
    return fail_file (problem, error);
  self->session = session;
  self->signals[0] = g_unix_signal_add (SIGINT, on_interrupt, self);
  self->signals[1] = g_unix_signal_add (SIGTERM, on_terminate, self);
  g_signal_connect (session, "channel-new", G_CALLBACK (connect_channel), NULL);
  return true;
}

static bool
is_over (gpointer data)
{
  const Recording *self = data;

  return self->stop || (self->end_us > 0 && g_get_monotonic_time () >= self->end_us);
}

static bool
run (int argc, char **argv, GError **error)
{
  g_autoptr (Client) client = client_new ();
  double seconds = NO_SECONDS;
  const GOptionEntry entries[] = {
    { "for", 'f', 0, G_OPTION_ARG_DOUBLE, &seconds, "Stop after this many seconds (default: when interrupted)",
      "SECONDS" },
    { NULL },
  };
  Recording recording = { 0 };
  SpiceSession *session;
  GError *problem = NULL;
  bool ok;

  if (!command_parse (
          &command_record, client, entries,
          "Records until it is interrupted (Ctrl-C), the time is up, or the server ends the session. Nothing\n"
          "that is sent to the server is in the file, and no password; the guest's screen is.",
          &argc, &argv, 2, 2, error)
      || !command_check_seconds ("--for", seconds, error))
    return false;
  recording.path = argv[2];
  client_on_session (client, begin, &recording);
  ok = client_connect (client, argv[1], error);
  if (!recording.session)
    return false;
  if (seconds != NO_SECONDS)
    recording.end_us = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
  ok = ok && client_run (client, is_over, &recording, error);
  for (unsigned i = 0; i < G_N_ELEMENTS (recording.signals); i++)
    g_source_remove (recording.signals[i]);
  session = client_session (client);
  spice_session_disconnect (session);
  if (spice_session_stop_recording (session, &problem))
    return ok;
  g_clear_error (error);
  return fail_file (problem, error);
}

const Command command_record = {
  .name = "record",
  .arguments = "URI FILE",
  .summary = "Record what the server sends into a file",
  .example = "caraway record --for=2 spice://127.0.0.1:5930 session.rec",
  .run = run,
};
