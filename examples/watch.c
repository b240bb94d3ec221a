/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects to a SPICE server and prints what its display does, for a while: watch URI [SECONDS] */
#include <spice-client.h>
#include <stdio.h>
#include <stdlib.h>

static int status = 1; /* until a picture came */
static gboolean closing;

static void
on_primary_create (SpiceChannel *channel, int format, int width, int height, int stride, int shmid, gpointer pixels,
                   GMainLoop *loop)
{
  /* pixels is readable from this context until display-primary-destroy; display-invalidate says what changed. */
  printf ("surface of %dx%d pixels, format %d, %d bytes a row\n", width, height, format, stride);
}

static void
on_invalidate (SpiceChannel *channel, int x, int y, int width, int height, GMainLoop *loop)
{
  printf ("changed: %dx%d at %d,%d\n", width, height, x, y);
}

static void
on_mark (SpiceChannel *channel, int mark, GMainLoop *loop)
{
  if (mark)
    status = 0;
  printf ("the picture is %s\n", mark ? "complete" : "not to be shown");
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, GMainLoop *loop)
{
  const GError *error = spice_channel_get_error (channel);

  if (closing || event == SPICE_CHANNEL_OPENED || event == SPICE_CHANNEL_SWITCHING)
    return;
  fprintf (stderr, "the connection ended: %s\n", error ? error->message : "closed");
  status = 1;
  g_main_loop_quit (loop);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, GMainLoop *loop)
{
  int type, id;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  printf ("channel %s %d\n", spice_channel_type_to_string (type), id);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), loop);
  if (!SPICE_IS_DISPLAY_CHANNEL (channel))
    return;
  g_signal_connect (channel, "display-primary-create", G_CALLBACK (on_primary_create), loop);
  g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_invalidate), loop);
  g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), loop);
  spice_channel_connect (channel);
}

static gboolean
on_time_out (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
on_disconnected (SpiceSession *session, GMainLoop *loop)
{
  g_main_loop_quit (loop);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  SpiceSession *session = spice_session_new ();

  if (argc < 2) {
    fprintf (stderr, "usage: watch URI [SECONDS]\n");
    return 2;
  }
  g_object_set (session, "uri", argv[1], NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), loop);
  g_signal_connect (session, "disconnected", G_CALLBACK (on_disconnected), loop);
  g_timeout_add (1000 * (argc > 2 ? strtol (argv[2], NULL, 10) : 10), on_time_out, loop);
  spice_session_connect (session);
  g_main_loop_run (loop);

  /* Close in order: the session is done when it says so. */
  closing = TRUE;
  spice_session_disconnect (session);
  g_main_loop_run (loop);
  g_object_unref (session);
  return status;
}
