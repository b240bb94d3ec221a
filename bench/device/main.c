/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device-server cd FILE | opus SECONDS | raw SECONDS FIFO: a SPICE server with one device, for one client. Prints
 * “ready port=PORT” and, when the client has been served, what it has found; ends with its input. */
#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  const char *what, *path;
  unsigned seconds;
} Job;

void
device_fail (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
  _exit (1);
}

void
device_say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static void
serve (PeerIo *io, gpointer data)
{
  const Job *job = data;
  const uint8_t channel[] = { g_str_equal (job->what, "cd") ? CW_CHANNEL_USBREDIR : CW_CHANNEL_PLAYBACK, 0 };
  PeerLink link = PEER_LINK_INIT;

  /* Opus where it may be; nothing compressed on USB. */
  link.channel_caps = g_str_equal (job->what, "opus") ? 1 << CW_PLAYBACK_CAP_OPUS : 0;
  if (io->channel_type == CW_CHANNEL_MAIN)
    link.channel_caps = PEER_LINK_INIT.channel_caps;
  if (!peer_link (io, &link))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN) {
    server_send_start (io, channel, 1);
    peer_drain (io);
  } else if (io->channel_type == CW_CHANNEL_USBREDIR) {
    device_read_cd (io, job->path);
  } else if (g_str_equal (job->what, "opus")) {
    device_play_opus (io, job->seconds);
  } else {
    device_play_raw (io, job->seconds, job->path);
  }
}

int
main (int argc, char **argv)
{
  Job job = { .what = argc > 1 ? argv[1] : "" };
  Server *server;
  char byte;

  if (argc == 3 && g_str_equal (job.what, "cd"))
    job.path = argv[2];
  else if (argc == 3 && g_str_equal (job.what, "opus"))
    job.seconds = (unsigned) strtoul (argv[2], NULL, 10);
  else if (argc == 4 && g_str_equal (job.what, "raw") && mkfifo (argv[3], 0600) == 0)
    job = (Job){ job.what, argv[3], (unsigned) strtoul (argv[2], NULL, 10) };
  else
    device_fail ("usage: %s cd FILE | opus SECONDS | raw SECONDS FIFO", argv[0]);
  server = server_new (serve, &job);
  device_say ("ready port=%s", server_port (server));
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
  _exit (0); /* its threads are in the midst of things */
}
