/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints what is to be seen of a film, whenever it changes, on any library of the name: the monotonic time in
 * microseconds and the colours of sixteen points. video-probe URI LEFT,TOP,WIDTH,HEIGHT; the end of the input ends it,
 * and then "cpu MICROSECONDS" is printed. */
#include <glib-unix.h>
#include <spice-client.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define POINTS 4 /* a side */

static int left, top, width, height;

static void
on_invalidate (SpiceChannel *channel, int x, int y, int w, int h)
{
  SpiceDisplayPrimary primary;

  if (x > left || y > top || x + w < left + width || y + h < top + height
      || !spice_display_channel_get_primary (channel, 0, &primary) || left + width > primary.width
      || top + height > primary.height)
    return;
  printf ("%" G_GINT64_FORMAT, g_get_monotonic_time ());
  for (int i = 0; i < POINTS * POINTS; i++) {
    int px = left + width * (2 * (i % POINTS) + 1) / (2 * POINTS);
    int py = top + height * (2 * (i / POINTS) + 1) / (2 * POINTS);
    const guint8 *pixel = (const guint8 *) primary.data + (gsize) py * primary.stride + px * 4;

    printf (" %02x%02x%02x", pixel[2], pixel[1], pixel[0]);
  }
  printf ("\n");
  fflush (stdout);
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel)
{
  if (SPICE_IS_DISPLAY_CHANNEL (channel))
    g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_invalidate), NULL);
  spice_channel_connect (channel);
}

static gboolean
on_input (gint fd, GIOCondition condition, gpointer loop)
{
  char byte;

  if (read (fd, &byte, 1) <= 0)
    g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  SpiceSession *session = spice_session_new ();
  struct rusage usage;

  if (argc != 3 || sscanf (argv[2], "%d,%d,%d,%d", &left, &top, &width, &height) != 4) {
    fprintf (stderr, "usage: video-probe URI LEFT,TOP,WIDTH,HEIGHT\n");
    return 2;
  }
  g_object_set (session, "uri", argv[1], NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel), NULL);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, loop);
  if (!spice_session_connect (session))
    return 1;
  g_main_loop_run (loop);
  getrusage (RUSAGE_SELF, &usage);
  printf ("cpu %ld\n",
          (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  spice_session_disconnect (session);
  g_object_unref (session);
  return 0;
}
