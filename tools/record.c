/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* caraway record: keeps what a server says on all channels. */
#include "commands.h"
#include "output.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  Output *output;        /* NULL: the recording has the name that it shall have */
  SpiceSession *session; /* NULL: the recording has not begun */
  gint64 end_us;         /* 0: none */
  bool stop;
  GError *error; /* the file cannot have its name */
  guint signals[2];
} Recording;

/* As long as the server has listed no channel there is nothing to wait for, and the signal does what it does
 * otherwise. */
static void
interrupt (Recording *self, int number)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  self->stop = true;
  if (channels && channels->next)
    return;
  spice_session_stop_recording (self->session, NULL);
  g_clear_pointer (&self->output, output_free);
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

/* There is something to keep: it gets its name now, so that whatever ends the recording leaves what came before. */
static void
on_main_event (SpiceChannel *channel, SpiceChannelEvent event, Recording *self)
{
  if (event != SPICE_CHANNEL_OPENED || !self->output)
    return;
  self->stop = !output_commit (self->output, &self->error);
  g_clear_pointer (&self->output, output_free);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Recording *self)
{
  if (SPICE_IS_MAIN_CHANNEL (channel))
    g_signal_connect (channel, "channel-event", G_CALLBACK (on_main_event), self);
  else
    client_connect_new (session, channel);
}

static bool
fail_file (GError *problem, GError **error)
{
  g_clear_error (error);
  g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s", problem->message);
  g_error_free (problem);
  return false;
}

/* Before the session connects, so that nothing is missed. */
static bool
begin (SpiceSession *session, gpointer data, GError **error)
{
  Recording *self = data;
  GError *problem = NULL;

  if (!spice_session_start_recording (session, output_path (self->output), &problem))
    return fail_file (problem, error);
  self->session = session;
  self->signals[0] = g_unix_signal_add (SIGINT, on_interrupt, self);
  self->signals[1] = g_unix_signal_add (SIGTERM, on_terminate, self);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), self);
  return true;
}

static bool
is_over (gpointer data)
{
  const Recording *self = data;

  return self->stop || (self->end_us > 0 && g_get_monotonic_time () >= self->end_us);
}

static bool
end (Recording *self, GError **error)
{
  GError *problem = NULL;

  for (unsigned i = 0; i < G_N_ELEMENTS (self->signals); i++)
    g_source_remove (self->signals[i]);
  g_signal_handlers_disconnect_by_data (self->session, self);
  spice_session_disconnect (self->session);
  if (!spice_session_stop_recording (self->session, &problem) && !self->error)
    return fail_file (problem, error);
  g_clear_error (&problem);
  return !self->error || fail_file (g_steal_pointer (&self->error), error);
}

static bool
record (Recording *self, Client *client, const char *uri, double seconds, GError **error)
{
  bool ok;

  client_on_session (client, begin, self);
  ok = client_connect (client, uri, error);
  if (!self->session)
    return false;
  if (seconds != NO_SECONDS)
    self->end_us = g_get_monotonic_time () + (gint64) (seconds * G_USEC_PER_SEC);
  ok = ok && client_run (client, is_over, self, error);
  return end (self, error) && ok;
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
  bool ok;

  if (!command_parse (
          &command_record, client, entries,
          "Records until it is interrupted (Ctrl-C), the time is up, or the server ends the session. Nothing\n"
          "that is sent to the server is in the file, and no password; the guest's screen is. A file that is there\n"
          "is replaced once the server lets us in.",
          &argc, &argv, 2, 2, error)
      || !command_check_seconds ("--for", seconds, error))
    return false;
  if (strcmp (argv[2], "-") == 0) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE,
                 "a recording goes into a file, not to standard output; name one (for a pipe: /dev/stdout)");
    return false;
  }
  /* Before anything is asked of the server. */
  recording.output = output_open (argv[2], 0600, error);
  ok = recording.output && record (&recording, client, argv[1], seconds, error);
  g_clear_pointer (&recording.output, output_free);
  return ok;
}

const Command command_record = {
  .name = "record",
  .arguments = "URI FILE",
  .summary = "Record what the server sends into a file",
  .example = "caraway record --for=2 spice://127.0.0.1:5930 session.rec",
  .run = run,
};
