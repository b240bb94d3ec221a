/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tape-server TAPE [stay] [films]: a SPICE server that plays a recording to whoever connects, as fast as it is taken,
 * any number of times at once; with “films” each frame of a film at its time, as a film that is over before it began is
 * nobody's to see. At the end it closes the displays, or, with “stay”, leaves them open. Prints “ready port=PORT” and
 * ends with its input. bench/tape.py makes the recordings. */
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
  bool stay, films;
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

/* Of a message with a header of six bytes: a frame of a film, and when it is to be seen, in milliseconds. */
static bool
is_frame (const uint8_t *message, uint32_t *time)
{
  uint16_t type;

  memcpy (&type, message, sizeof type);
  memcpy (time, message + 6 + 4, sizeof *time);
  return type == CW_MSG_DISPLAY_STREAM_DATA || type == CW_MSG_DISPLAY_STREAM_DATA_SIZED;
}

static bool
write_in_time (PeerIo *io, const uint8_t *stream, uint32_t size)
{
  int64_t begin = g_get_monotonic_time ();
  bool in_film = false;
  uint32_t first = 0, time, body;

  for (uint32_t at = 0; at < size; at += 6 + body) {
    memcpy (&body, stream + at + 2, sizeof body);
    if (body >= 8 && is_frame (stream + at, &time)) {
      first = in_film ? first : time;
      begin = in_film ? begin : g_get_monotonic_time ();
      in_film = true;
      g_usleep ((gulong) MAX (0, begin + (time - first) * (int64_t) 1000 - g_get_monotonic_time ()));
    }
    if (!peer_write (io, stream + at, 6 + body))
      return false;
  }
  return true;
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
  if (!(tape->films ? write_in_time (io, stream, header.size) : peer_write (io, stream, header.size)))
    return;
  if (io->channel_type == CW_CHANNEL_DISPLAY && !tape->stay)
    shutdown (io->fd, SHUT_WR);
  peer_drain (io);
}

int
main (int argc, char **argv)
{
  Tape tape = { 0 };
  g_autoptr (GError) error = NULL;
  struct rlimit files;
  Server *server;
  char byte;

  if (argc < 2 || !g_file_get_contents (argv[1], (char **) &tape.data, &tape.size, &error)) {
    fprintf (stderr, "tape-server: %s\n", error ? error->message : "no recording named");
    return 1;
  }
  for (int i = 2; i < argc; i++) {
    tape.stay = tape.stay || g_str_equal (argv[i], "stay");
    tape.films = tape.films || g_str_equal (argv[i], "films");
  }
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  peer_prepare ();
  server = server_new (play, &tape);
  printf ("ready port=%s\n", server_port (server));
  fflush (stdout);
  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
  _exit (0); /* its threads are in the midst of things */
}
