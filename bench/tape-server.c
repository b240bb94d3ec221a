/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tape-server TAPE [stay]: a SPICE server that plays a recording to whoever connects, as fast as it is taken, any
 * number of times at once. At the end it closes the displays, or, with “stay”, leaves them open. Prints “ready
 * port=PORT” and ends with its input. bench/tape.py makes the recordings. */
#include "server.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of each channel: this header, all numbers little-endian, and what the server said after the link. */
typedef struct {
  uint8_t type, id, unused[2];
  uint32_t channel_caps, size;
} TrackHeader;

typedef struct {
  uint8_t *data;
  gsize size;
  bool stay;
} Tape;

static bool
find_track (const Tape *self, uint8_t type, uint8_t id, TrackHeader *header, const uint8_t **stream)
{
  for (gsize at = 0; at + sizeof *header <= self->size; at += sizeof *header + header->size) {
    memcpy (header, self->data + at, sizeof *header);
    *stream = self->data + at + sizeof *header;
    if (header->type == type && header->id == id)
      return true;
  }
  return false;
}

static uint32_t
channel_caps (const PeerIo *io, gpointer data)
{
  TrackHeader header;
  const uint8_t *stream;

  return find_track (data, io->channel_type, io->channel_id, &header, &stream) ? header.channel_caps : 0;
}

static void
play (PeerIo *io, gpointer data)
{
  const Tape *tape = data;
  PeerLink link = PEER_LINK_INIT;
  TrackHeader header;
  const uint8_t *stream;

  link.channel_caps_of = channel_caps;
  link.data = data;
  if (!peer_link (io, &link) || !find_track (tape, io->channel_type, io->channel_id, &header, &stream))
    return;
  if (!peer_write (io, stream, header.size))
    return;
  if (io->channel_type == CW_CHANNEL_DISPLAY && !tape->stay)
    shutdown (io->fd, SHUT_WR);
  peer_drain (io);
}

int
main (int argc, char **argv)
{
  Tape tape = { .stay = argc > 2 && g_str_equal (argv[2], "stay") };
  g_autoptr (GError) error = NULL;
  struct rlimit files;
  Server *server;
  char byte;

  if (argc < 2 || !g_file_get_contents (argv[1], (char **) &tape.data, &tape.size, &error)) {
    fprintf (stderr, "tape-server: %s\n", error ? error->message : "no recording named");
    return 1;
  }
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  server = server_new (play, &tape);
  printf ("ready port=%s\n", server_port (server));
  fflush (stdout);
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
  _exit (0); /* its threads are in the midst of things */
}
