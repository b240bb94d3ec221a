/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection to a SPICE server through the public API, measured: prints the time from the call to the first
 * complete picture and the memory of the process once it idles. bench/connect.py runs it on this library and on another
 * one of the same name. */
#include <spice-client.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  GMainLoop *loop;
  gint64 start;
  gint64 picture;
} Probe;

static void
fail (const char *what)
{
  fprintf (stderr, "connect-probe: %s\n", what);
  exit (1);
}

static gboolean
on_idle_done (gpointer data)
{
  g_main_loop_quit (((Probe *) data)->loop);
  return G_SOURCE_REMOVE;
}

static void
on_mark (SpiceChannel *channel, int mark, Probe *probe)
{
  if (!mark || probe->picture != 0)
    return;
  probe->picture = g_get_monotonic_time ();
  g_timeout_add (500, on_idle_done, probe);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Probe *probe)
{
  if (event != SPICE_CHANNEL_OPENED)
    fail ("the connection failed");
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Probe *probe)
{
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), probe);
  if (SPICE_IS_DISPLAY_CHANNEL (channel))
    g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), probe);
  if (SPICE_IS_DISPLAY_CHANNEL (channel) || SPICE_IS_INPUTS_CHANNEL (channel) || SPICE_IS_CURSOR_CHANNEL (channel))
    spice_channel_connect (channel);
}

static gboolean
on_time_out (gpointer data)
{
  fail ("no picture within 60 s");
  return G_SOURCE_REMOVE;
}

/* Memory of this process alone, in KiB. */
static long
private_kib (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  long sum = 0;

  if (!g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL))
    fail ("no /proc/self/smaps_rollup");
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++)
    if (g_str_has_prefix (*line, "Private_"))
      sum += strtol (strchr (*line, ':') + 1, NULL, 10);
  return sum;
}

int
main (int argc, char **argv)
{
  SpiceSession *session = spice_session_new ();
  Probe probe = { .loop = g_main_loop_new (NULL, FALSE) };

  if (argc != 2)
    fail ("usage: connect-probe URI");
  g_object_set (session, "uri", argv[1], NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), &probe);
  g_timeout_add_seconds (60, on_time_out, NULL);
  probe.start = g_get_monotonic_time ();
  spice_session_connect (session);
  g_main_loop_run (probe.loop);
  printf ("picture_ms=%.2f private_kib=%ld\n", (probe.picture - probe.start) / 1000.0, private_kib ());
  return 0;
}
